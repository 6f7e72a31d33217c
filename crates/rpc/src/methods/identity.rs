//! Who and what this node is: `web3_`, `net_`, `rpc_modules`, and the constants of `eth_`.

use std::collections::BTreeMap;

use alloy_primitives::{Address, Bytes, U64, keccak256};
use serde_json::json;

use super::{METHODS, Reply};
use crate::{api::Api, error::RpcError, params::Args};

/// Ethereum wire protocol version; no peer of this chain speaks it, but old clients ask.
const PROTOCOL_VERSION: u64 = 68;

/// `web3_clientVersion`
pub(crate) fn client_version(api: &Api, _: &Args<'_>) -> Result<Reply, RpcError> {
    api.reply(&api.client_version())
}

/// `web3_sha3(data)`: keccak256.
pub(crate) fn sha3(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    let data: Bytes = args.hex(0, "data")?;
    api.reply(&keccak256(data))
}

/// `net_version`: the chain id in decimal.
pub(crate) fn network_version(api: &Api, _: &Args<'_>) -> Result<Reply, RpcError> {
    api.reply(&api.chain_id().to_string())
}

/// `net_listening`
pub(crate) fn listening(api: &Api, _: &Args<'_>) -> Result<Reply, RpcError> {
    api.reply(&true)
}

/// `net_peerCount`: the other validators of the genesis. Who of them is reachable, consensus knows and shows in its metrics.
pub(crate) fn peer_count(api: &Api, _: &Args<'_>) -> Result<Reply, RpcError> {
    let others = api.genesis().validators.len().saturating_sub(1);
    api.reply(&U64::from(others))
}

/// `rpc_modules`: the namespaces, all of version 1.0.
pub(crate) fn modules(api: &Api, _: &Args<'_>) -> Result<Reply, RpcError> {
    let modules: BTreeMap<_, _> =
        METHODS.iter().filter_map(|method| method.name.split_once('_')).map(|(module, _)| (module, "1.0")).collect();
    api.reply(&modules)
}

/// `eth_chainId`
pub(crate) fn chain_id(api: &Api, _: &Args<'_>) -> Result<Reply, RpcError> {
    api.reply(&U64::from(api.chain_id()))
}

/// `eth_syncing`: false. What this node answers is final; how far it is behind the others only they know.
pub(crate) fn syncing(api: &Api, _: &Args<'_>) -> Result<Reply, RpcError> {
    api.reply(&false)
}

/// `eth_accounts`: none, this node holds no keys.
pub(crate) fn accounts(api: &Api, _: &Args<'_>) -> Result<Reply, RpcError> {
    api.reply(&[Address::ZERO; 0])
}

/// `eth_protocolVersion`
pub(crate) fn protocol_version(api: &Api, _: &Args<'_>) -> Result<Reply, RpcError> {
    api.reply(&U64::from(PROTOCOL_VERSION))
}

/// `eth_config` (EIP-7910): Osaka rules since genesis, no fork ahead.
pub(crate) fn config(api: &Api, _: &Args<'_>) -> Result<Reply, RpcError> {
    let current = json!({
        "activationTime": 0,
        // No blobs on this chain: nothing may be carried, nothing is charged.
        "blobSchedule": { "baseFeeUpdateFraction": 5_007_716, "max": 0, "target": 0 },
        "chainId": U64::from(api.chain_id()),
        "forkId": api.fork_id(),
        "precompiles": precompiles(),
        "systemContracts": system_contracts(),
    });
    api.reply(&json!({ "current": current, "next": null, "last": null }))
}

fn precompiles() -> BTreeMap<String, Address> {
    use revm::precompile::{PrecompileSpecId, Precompiles};
    Precompiles::new(PrecompileSpecId::OSAKA)
        .inner()
        .iter()
        .map(|(address, precompile)| (precompile.id().name().to_owned(), *address))
        .collect()
}

fn system_contracts() -> BTreeMap<&'static str, Address> {
    use alloy_eips::{eip2935, eip4788, eip7002, eip7251};
    BTreeMap::from([
        ("BEACON_ROOTS_ADDRESS", eip4788::BEACON_ROOTS_ADDRESS),
        ("CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS", eip7251::CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS),
        ("HISTORY_STORAGE_ADDRESS", eip2935::HISTORY_STORAGE_ADDRESS),
        ("WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS", eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS),
    ])
}
