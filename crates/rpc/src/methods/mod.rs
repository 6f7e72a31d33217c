//! Every method the server answers, in one table, and the functions behind them by theme.
//!
//! A function reads its parameters, asks [`Api`], and serializes the result where it runs: it is never on a network thread
//! unless it only looks at memory.

pub(crate) mod blocks;
pub(crate) mod calls;
pub(crate) mod chancery;
pub(crate) mod fees;
pub(crate) mod identity;
pub(crate) mod logs;
pub(crate) mod membership;
pub(crate) mod permissions;
pub(crate) mod proof;
pub(crate) mod reports;
pub(crate) mod simulate;
pub(crate) mod state;
pub(crate) mod submission;
pub(crate) mod trace;
pub(crate) mod transactions;
pub(crate) mod txpool;

use jsonrpsee::core::JsonRawValue;

use crate::{api::Api, error::RpcError, params::Args, tokens::RpcGroup};

/// A serialized result.
pub(crate) type Reply = Box<JsonRawValue>;

/// Answers one call.
pub(crate) type Handler = fn(&Api, &Args<'_>) -> Result<Reply, RpcError>;

/// Where a method runs and what limits it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Run {
    /// On the network thread: looks at memory only.
    Direct(Handler),
    /// On a blocking thread, `max_concurrent_calls` at a time: reads the store or executes.
    Blocking(Handler),
    /// On a blocking thread, `max_concurrent_traces` at a time: executes much or keeps much.
    Tracing(Handler),
    /// On a blocking thread, `max_concurrent_submissions` at a time: recovers senders.
    Submitting(Handler),
    /// Like [`Run::Submitting`], then waits for the receipt (EIP-7966).
    SubmittingAndWaiting,
}

/// One method.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Method {
    /// Its name on the wire.
    pub(crate) name: &'static str,
    /// How many parameters it takes at most.
    pub(crate) arguments: usize,
    /// How it is run.
    pub(crate) run: Run,
}

impl Method {
    /// Which tokens reach it.
    pub(crate) fn group(&self) -> RpcGroup {
        match self.run {
            Run::Submitting(_) | Run::SubmittingAndWaiting => RpcGroup::Send,
            Run::Tracing(_) => RpcGroup::Trace,
            Run::Direct(_) | Run::Blocking(_) if OF_THE_NODE.contains(&self.name) => RpcGroup::Admin,
            Run::Direct(_) | Run::Blocking(_) => RpcGroup::Read,
        }
    }
}

/// What is said of this node and its peers, not of the chain.
const OF_THE_NODE: [&str; 2] = ["chancery_status", "chancery_getEvidence"];

const fn direct(name: &'static str, arguments: usize, handler: Handler) -> Method {
    Method { name, arguments, run: Run::Direct(handler) }
}

const fn blocking(name: &'static str, arguments: usize, handler: Handler) -> Method {
    Method { name, arguments, run: Run::Blocking(handler) }
}

const fn tracing(name: &'static str, arguments: usize, handler: Handler) -> Method {
    Method { name, arguments, run: Run::Tracing(handler) }
}

/// The methods, subscriptions aside.
pub(crate) const METHODS: &[Method] = &[
    // Who and what this node is.
    direct("web3_clientVersion", 0, identity::client_version),
    direct("web3_sha3", 1, identity::sha3),
    direct("net_version", 0, identity::network_version),
    direct("net_listening", 0, identity::listening),
    direct("net_peerCount", 0, identity::peer_count),
    direct("rpc_modules", 0, identity::modules),
    direct("eth_chainId", 0, identity::chain_id),
    direct("eth_syncing", 0, identity::syncing),
    direct("eth_accounts", 0, identity::accounts),
    direct("eth_protocolVersion", 0, identity::protocol_version),
    direct("eth_config", 0, identity::config),
    // Fees.
    direct("eth_gasPrice", 0, fees::zero),
    direct("eth_maxPriorityFeePerGas", 0, fees::zero),
    direct("eth_blobBaseFee", 0, fees::blob_base_fee),
    direct("eth_baseFee", 0, fees::zero),
    blocking("eth_feeHistory", 3, fees::history),
    // Blocks.
    direct("eth_blockNumber", 0, blocks::number),
    blocking("eth_getBlockByNumber", 2, blocks::by_number),
    blocking("eth_getBlockByHash", 2, blocks::by_hash),
    blocking("eth_getHeaderByNumber", 1, blocks::header_by_number),
    blocking("eth_getHeaderByHash", 1, blocks::header_by_hash),
    blocking("eth_getBlockReceipts", 1, blocks::receipts),
    blocking("eth_getBlockTransactionCountByNumber", 1, blocks::transaction_count_by_number),
    blocking("eth_getBlockTransactionCountByHash", 1, blocks::transaction_count_by_hash),
    blocking("eth_getUncleCountByBlockNumber", 1, blocks::uncle_count_by_number),
    blocking("eth_getUncleCountByBlockHash", 1, blocks::uncle_count_by_hash),
    blocking("eth_getUncleByBlockNumberAndIndex", 2, blocks::uncle_by_number),
    blocking("eth_getUncleByBlockHashAndIndex", 2, blocks::uncle_by_hash),
    blocking("debug_getRawHeader", 1, blocks::raw_header),
    blocking("debug_getRawBlock", 1, blocks::raw_block),
    blocking("debug_getRawReceipts", 1, blocks::raw_receipts),
    // State.
    blocking("eth_getBalance", 2, state::balance),
    blocking("eth_getCode", 2, state::code),
    blocking("eth_getStorageAt", 3, state::storage),
    blocking("eth_getTransactionCount", 2, state::transaction_count),
    blocking("eth_getProof", 3, proof::proof),
    // Transactions.
    blocking("eth_getTransactionByHash", 1, transactions::by_hash),
    blocking("eth_getTransactionByBlockNumberAndIndex", 2, transactions::by_number_and_index),
    blocking("eth_getTransactionByBlockHashAndIndex", 2, transactions::by_hash_and_index),
    blocking("eth_getRawTransactionByHash", 1, transactions::raw_by_hash),
    blocking("eth_getRawTransactionByBlockNumberAndIndex", 2, transactions::raw_by_number_and_index),
    blocking("eth_getRawTransactionByBlockHashAndIndex", 2, transactions::raw_by_hash_and_index),
    blocking("debug_getRawTransaction", 1, transactions::raw_by_hash),
    blocking("eth_getTransactionReceipt", 1, transactions::receipt),
    Method { name: submission::SEND_RAW_TRANSACTION, arguments: 1, run: Run::Submitting(submission::send) },
    Method { name: "eth_sendRawTransactionSync", arguments: 2, run: Run::SubmittingAndWaiting },
    // Execution.
    blocking("eth_call", 4, calls::call),
    blocking("eth_estimateGas", 4, calls::estimate_gas),
    blocking("eth_createAccessList", 3, calls::create_access_list),
    tracing("eth_simulateV1", 2, simulate::simulate),
    tracing("debug_traceTransaction", 2, trace::transaction),
    tracing("debug_traceBlockByNumber", 2, trace::block_by_number),
    tracing("debug_traceBlockByHash", 2, trace::block_by_hash),
    tracing("debug_traceCall", 3, trace::call),
    // Logs and filters.
    blocking("eth_getLogs", 1, logs::logs),
    direct("eth_newFilter", 1, logs::new_filter),
    direct("eth_newBlockFilter", 0, logs::new_block_filter),
    direct("eth_newPendingTransactionFilter", 1, logs::new_pending_transaction_filter),
    blocking("eth_getFilterChanges", 1, logs::filter_changes),
    blocking("eth_getFilterLogs", 1, logs::filter_logs),
    direct("eth_uninstallFilter", 1, logs::uninstall_filter),
    // The pool.
    direct("txpool_status", 0, txpool::status),
    blocking("txpool_content", 0, txpool::content),
    blocking("txpool_contentFrom", 1, txpool::content_from),
    blocking("txpool_inspect", 0, txpool::inspect),
    // Finality, and who takes part.
    blocking("chancery_getFinality", 2, chancery::finality),
    blocking("chancery_validators", 1, membership::validators),
    blocking("chancery_getHandovers", 1, membership::handovers),
    blocking("chancery_permissions", 0, permissions::permissions),
    direct("chancery_genesis", 0, chancery::genesis),
    // How this node is, and whom it has caught.
    blocking("chancery_status", 0, reports::status),
    blocking("chancery_getEvidence", 0, reports::evidence),
];

/// Well-known methods that this node does not offer, and what to do instead.
const NOT_OFFERED: &[(&str, &str)] = &[
    ("eth_sendTransaction", HOLDS_NO_KEYS),
    ("eth_signTransaction", HOLDS_NO_KEYS),
    ("eth_sign", HOLDS_NO_KEYS),
    ("eth_signTypedData", HOLDS_NO_KEYS),
    ("eth_signTypedData_v4", HOLDS_NO_KEYS),
    ("personal_sign", HOLDS_NO_KEYS),
    ("eth_coinbase", "blocks are made by validators: see chancery_validators"),
    ("eth_mining", "blocks are made by validators: see chancery_validators"),
    ("eth_hashrate", "blocks are made by validators: see chancery_validators"),
    ("eth_getWork", "blocks are made by validators: see chancery_validators"),
    ("eth_submitWork", "blocks are made by validators: see chancery_validators"),
];
const HOLDS_NO_KEYS: &str = "this node holds no keys: sign with a wallet and call eth_sendRawTransaction";

/// What to do instead of calling `method`, where that is known.
pub(crate) fn instead_of(method: &str) -> Option<&'static str> {
    NOT_OFFERED.iter().find(|(name, _)| *name == method).map(|(_, hint)| *hint)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_distinct_and_not_also_refused() {
        let names: HashSet<_> = METHODS.iter().map(|method| method.name).collect();
        assert_eq!(names.len(), METHODS.len());
        assert!(NOT_OFFERED.iter().all(|(name, _)| !names.contains(name)));
    }

    #[test]
    fn what_sends_traces_or_shows_the_node_is_in_a_group_of_its_own() {
        for method in METHODS {
            let expected = match method.name {
                "chancery_status" | "chancery_getEvidence" => RpcGroup::Admin,
                "eth_simulateV1" => RpcGroup::Trace,
                name if name.starts_with("debug_trace") => RpcGroup::Trace,
                name if name.starts_with("eth_send") => RpcGroup::Send,
                _ => RpcGroup::Read,
            };
            assert_eq!(method.group(), expected, "{}", method.name);
        }
    }
}
