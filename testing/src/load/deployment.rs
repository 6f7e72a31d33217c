//! The contract that storage writes go to.

use alloy::{
    network::{EthereumWallet, TransactionBuilder},
    providers::{Provider, ProviderBuilder},
    rpc::types::TransactionRequest,
    signers::local::PrivateKeySigner,
};
use alloy_primitives::Address;
use anyhow::{Context, Result};

use super::STORE_INIT_CODE;

/// Deploys a contract with this init code; the chain's id and the contract's address.
///
/// # Errors
/// When the endpoint refuses.
pub async fn deploy(url: &str, deployer: PrivateKeySigner, init_code: &[u8]) -> Result<(u64, Address)> {
    let provider = ProviderBuilder::new().wallet(EthereumWallet::from(deployer)).connect_http(url.parse()?);
    let chain_id = provider.get_chain_id().await?;
    let deployment = TransactionRequest::default()
        .with_deploy_code(init_code.to_vec())
        .with_gas_limit(200_000)
        .with_max_fee_per_gas(0)
        .with_max_priority_fee_per_gas(0);
    let receipt = provider.send_transaction(deployment).await?.get_receipt().await?;
    Ok((chain_id, receipt.contract_address.context("the contract was not deployed")?))
}

/// Deploys [`STORE_INIT_CODE`]; the chain's id and the contract's address.
///
/// # Errors
/// When the endpoint refuses.
pub async fn deploy_store(url: &str, deployer: PrivateKeySigner) -> Result<(u64, Address)> {
    deploy(url, deployer, &STORE_INIT_CODE).await
}

/// The next nonce of each account.
///
/// # Errors
/// When the endpoint refuses.
pub async fn next_nonces(url: &str, signers: &[PrivateKeySigner]) -> Result<Vec<u64>> {
    let provider = ProviderBuilder::new().connect_http(url.parse()?);
    let mut nonces = Vec::with_capacity(signers.len());
    for signer in signers {
        nonces.push(provider.get_transaction_count(signer.address()).await?);
    }
    Ok(nonces)
}
