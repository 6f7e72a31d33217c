//! Our contracts on a foreign development node, at the addresses where they stand in our genesis.

use alloy_primitives::{Address, Bytes, address};
use anyhow::{Context, Result, bail};
use chancery_contracts::Predeploy;
use serde_json::{Value, json};

/// The first account of the public development phrase, unlocked on anvil.
pub const FIRST_ACCOUNT: Address = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
/// Its key, which is public.
pub const FIRST_KEY: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

/// Sends one JSON-RPC request.
///
/// # Errors
/// When the node does not answer, or answers with an error.
pub async fn rpc(url: &str, method: &str, params: Value) -> Result<Value> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let mut answer: Value = client.post(url).json(&request).send().await?.json().await?;
    match answer.get("error") {
        Some(error) => bail!("{method}: {error}"),
        None => Ok(answer["result"].take()),
    }
}

/// Puts contracts where they stand in our genesis. A constructor runs in the context of its address when the creation code stands there as
/// code and is called: then its storage is written, and what it returns is the code to be put there.
///
/// # Errors
/// When the node refuses.
pub async fn install(url: &str, contracts: &[Predeploy]) -> Result<()> {
    for contract in contracts {
        let at = contract.address;
        rpc(url, "anvil_setCode", json!([at, contract.init_code])).await?;
        let call = json!({ "from": FIRST_ACCOUNT, "to": at, "gas": "0xf00000" });
        let code: Bytes = serde_json::from_value(rpc(url, "eth_call", json!([call, "latest"])).await?)?;
        let sent = rpc(url, "eth_sendTransaction", json!([call])).await?;
        rpc(url, "evm_mine", json!([])).await?;
        let receipt = rpc(url, "eth_getTransactionReceipt", json!([sent])).await?;
        let status = receipt["status"].as_str().with_context(|| format!("{} was not run", contract.name))?;
        if status != "0x1" || code.is_empty() {
            bail!("the constructor of {} failed", contract.name);
        }
        rpc(url, "anvil_setCode", json!([at, code])).await?;
    }
    Ok(())
}
