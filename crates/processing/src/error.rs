use chancery_ledger::{LedgerError, RevertReason};
use chancery_reference_points::{Code, DoorError, application::ContractRefusal};

/// By which name the registry of organizations says that it keeps as much as it takes.
const HISTORY_FULL: &str = "HistoryFull";
/// When a token that was gone is asked again at the earliest.
const KEY_RETRY_AFTER_MS: u64 = 2000;

/// What a ledger's error is at a door. Exhaustive: a new error has to find its place here.
pub(crate) fn door_error(error: LedgerError) -> DoorError {
    match &error {
        LedgerError::UnknownChain { chain } => {
            DoorError::new(Code::UnknownChain, format!("there is no chain `{chain}`")).with("chain", chain.as_str())
        }
        LedgerError::Reverted { chain, reason, .. } => refused(chain, reason),
        LedgerError::NotFinalYet { chain, tx_hash } => {
            DoorError::new(Code::NotFinalYet, format!("transaction {tx_hash} of {chain} is sent but not final yet"))
                .with("chain", chain.as_str())
                .with("txHash", tx_hash.to_string())
        }
        LedgerError::NotPermitted { chain, account, .. } => DoorError::new(
            Code::TransactionRefused,
            format!(
                "the organizations that run {chain} do not let this platform's account {account} send this: its operator asks one of them to propose it (`chancery network propose-permit`)"
            ),
        )
        .with("chain", chain.as_str())
        .with("reason", "NotPermitted")
        .caused_by(error),
        LedgerError::Busy { chain, retry_after } => {
            let wait_ms = u64::try_from(retry_after.as_millis()).unwrap_or(u64::MAX);
            DoorError::new(Code::TooManyRequests, format!("too much is being recorded on {chain}"))
                .with("retryAfterMs", wait_ms)
        }
        LedgerError::UnknownTransaction { chain, tx_hash } => {
            DoorError::new(Code::UnknownTransaction, format!("{chain} has no final transaction {tx_hash} there"))
        }
        LedgerError::UnknownBlock { chain, number } => {
            DoorError::new(Code::UnknownTransaction, format!("{chain} has no final block {number}"))
        }
        LedgerError::TooManyEvents { limit, .. } => {
            crate::processing::malformed(format!("more than {limit} events match: narrow the query"))
        }
        LedgerError::TooManySlots { limit } => {
            crate::processing::malformed(format!("more than {limit} storage slots: ask for fewer"))
        }
        // A node that lies or talks nonsense is a chain that cannot be asked: nothing may be concluded from it.
        LedgerError::ProofRefused { chain, check } => {
            unreachable(chain, &format!("the answer of its node does not verify ({check})")).caused_by(error)
        }
        LedgerError::ChainUnreachable { chain, .. } => unreachable(chain, "it does not answer").caused_by(error),
        LedgerError::WrongChainId { chain, .. }
        | LedgerError::WrongGenesis { chain, .. }
        | LedgerError::GenesisUnusable { chain, .. } => {
            unreachable(chain, "its endpoint is of another chain").caused_by(error)
        }
        LedgerError::InClear { chain } => unreachable(chain, "its endpoint would be asked in clear").caused_by(error),
        LedgerError::MalformedAnswer { chain, .. } | LedgerError::RequestRefused { chain, .. } => {
            unreachable(chain, "its node does not answer as it should").caused_by(error)
        }
        // Nothing was sent, and the key is the city's own: whatever keeps it from signing, no operation is to blame, and none is refused for it.
        LedgerError::NotSigned { chain, .. } => {
            let what = format!("nothing was sent to {chain}: the key with which the city sends is not at hand");
            unavailable(what).caused_by(error)
        }
        // The same of the account, which has no funds or whose key somebody else uses, and of a node that takes nothing of it.
        LedgerError::NoncesLost { chain, .. } | LedgerError::SubmissionRefused { chain, is_for_call: false, .. } => {
            unavailable(format!("{chain} takes nothing from the account with which the city sends")).caused_by(error)
        }
        LedgerError::SubmissionRefused { .. } | LedgerError::RowTooLong { .. } => DoorError::internal(error),
    }
}

/// What the city itself has to mend, and is tried again meanwhile.
fn unavailable(what: String) -> DoorError {
    DoorError::new(Code::EntityUnavailable, what).with("entity", "processing").with("retryAfterMs", KEY_RETRY_AFTER_MS)
}

fn unreachable(chain: &str, what: &str) -> DoorError {
    DoorError::new(Code::ChainUnreachable, format!("chain {chain}: {what}")).with("chain", chain)
}

fn refused(chain: &str, reason: &RevertReason) -> DoorError {
    if reason.name == HISTORY_FULL {
        let limit = reason.argument("maximum").and_then(|maximum| maximum.parse().ok());
        return history_full(chain, "its history", limit);
    }
    DoorError::new(Code::TransactionRefused, format!("a contract of {chain} refuses: {reason}"))
        .with("chain", chain)
        .with("reason", reason.name.as_str())
}

/// The contract keeps so many of something, and takes no more.
pub(crate) fn history_full(chain: &str, of_what: &str, limit: Option<u64>) -> DoorError {
    let many = limit.map_or_else(|| "as many as it takes".to_owned(), |limit| limit.to_string());
    let detail = format!("chain {chain}: {of_what} is full, with {many} entries, which stay for ever");
    let error = DoorError::new(Code::HistoryFull, detail).with("chain", chain);
    match limit {
        Some(limit) => error.with("limit", limit),
        None => error,
    }
}

/// A contract's refusal in the terms of the applications.
pub(crate) fn contract_refusal(reason: &RevertReason) -> ContractRefusal {
    ContractRefusal { name: reason.name.clone(), arguments: reason.arguments.clone() }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::Bytes;
    use chancery_ledger::KeyFailure;
    use chancery_reference_points::Class;
    use serde_json::json;

    use super::*;

    // M-CON-3, STANDING-5
    #[test]
    fn a_full_history_is_a_problem_of_its_own_and_other_reasons_are_named() {
        let reason = |name: &str| RevertReason {
            name: name.to_owned(),
            arguments: vec![("maximum".to_owned(), "64".to_owned())],
            data: Bytes::new(),
        };
        let full = refused("main", &reason("HistoryFull"));
        assert_eq!(full.code(), Code::HistoryFull);
        assert_eq!((&full.members()["limit"], &full.members()["chain"]), (&json!(64), &json!("main")));
        let other = refused("main", &reason("RightMalformed"));
        assert_eq!((other.code(), &other.members()["reason"]), (Code::TransactionRefused, &json!("RightMalformed")));
    }

    // PROCESSING-6, M-SEC: what the city's own key does not sign is sent later; no operation is refused for it.
    #[test]
    fn a_key_that_is_not_at_hand_is_temporary_whatever_is_wrong_with_it() {
        let failures = [
            KeyFailure::Unavailable("the token is gone".to_owned()),
            KeyFailure::Refused("token `city` refuses the PIN".to_owned()),
            KeyFailure::WrongSignature,
        ];
        for failure in failures {
            let told = door_error(LedgerError::NotSigned { chain: "main".to_owned(), failure });
            assert_eq!((told.code(), told.class()), (Code::EntityUnavailable, Class::Temporary));
            assert_eq!(told.members()["entity"], "processing");
            // Where the key is kept is for the log alone.
            assert!(!told.to_string().contains("token") && told.cause().is_some(), "{told}");
        }
    }

    // PROCESSING-6: an account without funds, or whose nonces somebody else spends, is the city's own matter; a call that no node takes is not tried for ever.
    #[test]
    fn what_a_node_does_not_take_of_the_account_is_temporary_and_what_it_does_not_take_of_the_call_is_not() {
        let chain = || "main".to_owned();
        let refused = |is_for_call| LedgerError::SubmissionRefused {
            chain: chain(),
            reason: "insufficient funds: 0x51".to_owned(),
            is_for_call,
        };
        let lost = LedgerError::NoncesLost { chain: chain(), account: alloy_primitives::Address::ZERO };
        for error in [refused(false), lost] {
            let told = door_error(error);
            assert_eq!((told.code(), told.class()), (Code::EntityUnavailable, Class::Temporary));
            assert!(!told.to_string().contains("0x") && told.cause().is_some(), "{told}");
        }
        assert_eq!(door_error(refused(true)).class(), Class::Broken);
        let long = LedgerError::RowTooLong { chain: chain(), calls: 65, limit: 64 };
        assert_eq!(door_error(long).class(), Class::Broken);
    }
}
