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
    let call = EthereumDIDRegistry::setAttributeCall {
        identity: key.address(),
        name: B256::right_padding_from(ATTRIBUTE_ENCRYPTION.as_bytes()),
        value: Bytes::copy_from_slice(&encryption.0),
        validity: U256::from(validity_s),
    };
    let call = Call { to: Some(predeploys::ETHEREUM_DID_REGISTRY), data: call.abi_encode().into() };
    Ok(chain.submit(key, call).await?)
}
