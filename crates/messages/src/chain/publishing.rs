//! An organization's key publishes its encryption key: a transaction of its own to `EthereumDIDRegistry` (ERC-1056).

use std::sync::Arc;

use alloy_primitives::{B256, Bytes, U256};
use alloy_sol_types::SolCall as _;
use chancery_certificates::{keys::EncryptionPublicKey, registry::ATTRIBUTE_ENCRYPTION};
use chancery_contracts::{EthereumDIDRegistry, predeploys};
use chancery_ledger::{Call, Chain, FinalTransaction, SubmitterKey};

use super::LookupError;

/// Publishes an encryption key for the account that sends, for so many seconds, and waits until that is final. Zero ends it.
///
/// # Errors
/// [`LookupError::Chain`].
pub async fn publish(
    chain: &Chain,
    key: &Arc<SubmitterKey>,
    encryption: &EncryptionPublicKey,
    validity_s: u64,
) -> Result<FinalTransaction, LookupError> {
    let (identity, name) = (key.address(), B256::right_padding_from(ATTRIBUTE_ENCRYPTION.as_bytes()));
    let value = Bytes::copy_from_slice(&encryption.0);
    // An end of zero is over at every clock; the end of a validity of zero is the block's own second.
    let data = if validity_s == 0 {
        EthereumDIDRegistry::revokeAttributeCall { identity, name, value }.abi_encode()
    } else {
        EthereumDIDRegistry::setAttributeCall { identity, name, value, validity: U256::from(validity_s) }.abi_encode()
    };
    let call = Call { to: Some(predeploys::ETHEREUM_DID_REGISTRY), data: data.into() };
    Ok(chain.submit(key, call).await?)
}
