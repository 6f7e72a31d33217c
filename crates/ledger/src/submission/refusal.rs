use alloy::rpc::json_rpc::ErrorPayload;

/// What a node's refusal of a raw transaction means. The texts are the nodes' own (geth, reth, anvil, Besu, ours): there is no code for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The node has this very transaction already.
    AlreadyKnown,
    /// The chain is past this nonce.
    NonceSpent,
    /// Another transaction with this nonce waits in the pool.
    NonceTaken,
    /// The nonce is further ahead than the node keeps.
    NonceAhead,
    /// The fees are too low by now.
    Underpriced,
    /// The chain does not let our account send it.
    NotPermitted,
    /// The pool is full for the moment.
    PoolFull,
    /// Something in the node has failed (JSON-RPC -32603): whether it has the transaction is not known.
    Fault,
    /// The account cannot pay for it.
    OfAccount,
    /// For good: as far as is known, because of the call.
    OfCall,
}

/// "Internal error" of JSON-RPC 2.0.
const INTERNAL_ERROR: i64 = -32603;

const TEXTS: [(&str, Refusal); 29] = [
    ("already known", Refusal::AlreadyKnown),
    ("already imported", Refusal::AlreadyKnown),
    ("known transaction", Refusal::AlreadyKnown),
    ("already in the pool", Refusal::AlreadyKnown),
    ("nonce too low", Refusal::NonceSpent),
    ("nonce below", Refusal::NonceSpent),
    ("nonce is too low", Refusal::NonceSpent),
    ("replacement", Refusal::NonceTaken),
    ("nonce already", Refusal::NonceTaken),
    ("nonce too high", Refusal::NonceAhead),
    ("nonce too distant", Refusal::NonceAhead),
    ("nonce gap", Refusal::NonceAhead),
    ("gapped", Refusal::NonceAhead),
    ("exceeds next nonce", Refusal::NonceAhead),
    ("underpriced", Refusal::Underpriced),
    ("less than block base fee", Refusal::Underpriced),
    ("gas price below", Refusal::Underpriced),
    ("gas price too low", Refusal::Underpriced),
    ("not permitted to", Refusal::NotPermitted),
    ("not authorized to send", Refusal::NotPermitted),
    ("pool is full", Refusal::PoolFull),
    ("txpool is full", Refusal::PoolFull),
    ("pool limit", Refusal::PoolFull),
    ("too many transactions", Refusal::PoolFull),
    ("insufficient funds", Refusal::OfAccount),
    ("insufficient balance", Refusal::OfAccount),
    ("not enough funds", Refusal::OfAccount),
    ("lack of funds", Refusal::OfAccount),
    ("exceeds account balance", Refusal::OfAccount),
];

impl Refusal {
    pub(super) fn of(payload: &ErrorPayload) -> Self {
        let message = payload.message.to_lowercase();
        let unknown = if payload.code == INTERNAL_ERROR { Self::Fault } else { Self::OfCall };
        TEXTS.iter().find(|(text, _)| message.contains(text)).map_or(unknown, |(_, refusal)| *refusal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(message: &str) -> Refusal {
        Refusal::of(&ErrorPayload { code: -32000, message: message.to_owned().into(), data: None })
    }

    #[test]
    fn the_words_of_the_nodes_are_understood() {
        assert_eq!(of("already known"), Refusal::AlreadyKnown);
        assert_eq!(of("transaction already imported"), Refusal::AlreadyKnown);
        assert_eq!(of("nonce too low: next nonce 5, tx nonce 4"), Refusal::NonceSpent);
        assert_eq!(of("Nonce too low"), Refusal::NonceSpent);
        assert_eq!(of("replacement transaction underpriced"), Refusal::NonceTaken);
        assert_eq!(of("Nonce too distant from current sender nonce"), Refusal::NonceAhead);
        assert_eq!(of("max fee per gas less than block base fee"), Refusal::Underpriced);
        assert_eq!(of("txpool is full"), Refusal::PoolFull);
        assert_eq!(of("not permitted to send: on this chain only ..."), Refusal::NotPermitted);
        assert_eq!(of("Sender account not authorized to send transactions"), Refusal::NotPermitted);
        assert_eq!(of("insufficient funds for gas * price + value"), Refusal::OfAccount);
        assert_eq!(of("oversized data: transaction size 131073, limit 131072"), Refusal::OfCall);
        let failed =
            |message: &str| Refusal::of(&ErrorPayload { code: -32603, message: message.to_owned().into(), data: None });
        assert_eq!(failed("the store does not answer"), Refusal::Fault);
        assert_eq!(failed("nonce too low"), Refusal::NonceSpent, "whatever the code, words that are known count");
    }
}
