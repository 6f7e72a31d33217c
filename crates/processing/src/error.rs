use chancery_ledger::{LedgerError, RevertReason};
use chancery_reference_points::{Code, DoorError, application::ContractRefusal};

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
        LedgerError::SubmissionRefused { .. } | LedgerError::NotSigned { .. } | LedgerError::Broken { .. } => {
            DoorError::internal(error)
        }
    }
}

fn unreachable(chain: &str, what: &str) -> DoorError {
    DoorError::new(Code::ChainUnreachable, format!("chain {chain}: {what}")).with("chain", chain)
}

fn refused(chain: &str, reason: &RevertReason) -> DoorError {
    DoorError::new(Code::TransactionRefused, format!("a contract of {chain} refuses: {reason}"))
        .with("chain", chain)
        .with("reason", reason.name.as_str())
}

/// A contract's refusal in the terms of the applications.
pub(crate) fn contract_refusal(reason: &RevertReason) -> ContractRefusal {
    ContractRefusal { name: reason.name.clone(), arguments: reason.arguments.clone() }
}
