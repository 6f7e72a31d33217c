//! Where a contract comes from: the transaction that made it, of our code and with arguments that are looked at. What stands there now does not say it: any creation code can
//! leave our code behind with words of its own in the storage, keys that sign for a chain, or weights.

use std::sync::Arc;

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::{SolConstructor, SolEvent as _, SolValue as _};
use chancery_contracts::{Alliance, Anchor, RequirementRegistry, predeploys};
use chancery_ledger::{Call, Chain, EventFilter, LedgerError, ProvenTransaction, SubmitterKey};

use super::{EstablishError, NoArguments};
use crate::contracts::{AllianceContract, view};

/// For how long before its members have to accept an alliance may have been proposed: `chancery alliance require` lets a requirement stand for a year.
const MAX_OPEN_S: u64 = 366 * 86_400;

/// A contract, and the transaction that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    /// Where it stands.
    pub address: Address,
    /// Hash of the transaction.
    pub transaction: B256,
}

/// Makes a contract, and waits until it is final.
pub(super) async fn make(
    chain: &Chain,
    key: &Arc<SubmitterKey>,
    code: &Bytes,
    arguments: &impl SolConstructor,
) -> Result<Made, LedgerError> {
    let sent = chain.submit(key, Call { to: None, data: creation(code, arguments).into() }).await?;
    let made = chain.transaction(sent.tx_hash, Some(sent.block.number)).await?;
    let address = made.created.ok_or_else(|| LedgerError::ProofRefused {
        chain: chain.name().to_owned(),
        check: "TransactionMalformed".to_owned(),
    })?;
    Ok(Made { address, transaction: sent.tx_hash })
}

/// That a registry of requirements is one, and was empty when it was made.
///
/// # Errors
/// `StrangeContract`; an unreachable chain.
pub async fn check_registry(home: &Chain, registry: Made) -> Result<(), EstablishError> {
    let expected = creation(&RequirementRegistry::BYTECODE, &NoArguments);
    check(home, registry, &expected)
        .await?
        .ok_or_else(|| EstablishError::StrangeContract { what: "registry of requirements", address: registry.address })
}

/// An anchor that has begun with nothing but the hash of the genesis of the chain that it follows.
pub(super) async fn check_anchor(
    home: &Chain,
    anchor: Made,
    member: B256,
    (chain_id, genesis_hash): (u64, B256),
) -> Result<(), EstablishError> {
    let expected = creation(&Anchor::BYTECODE, &anchor_arguments(chain_id, genesis_hash));
    let strange = || EstablishError::StrangeAnchor { member, anchor: anchor.address };
    check(home, anchor, &expected).await?.ok_or_else(strange)
}

/// An `Alliance` that was made of requirements of this registry. Its constructor logs `Proposed`, and nothing else does.
pub(super) async fn check_alliance(alliance: &AllianceContract, registry: Address) -> Result<(), EstablishError> {
    let (chain, address) = (&alliance.chain, alliance.address);
    let strange = || EstablishError::StrangeContract { what: "alliance of this registry", address };
    let accept_until = view(chain, address, &Alliance::acceptUntilCall {}).await.map_err(|error| {
        // Nothing stands there, or something else.
        if error.is_temporary() { error.into() } else { strange() }
    })?;
    let since_ms = accept_until.saturating_sub(MAX_OPEN_S).saturating_mul(1000);
    let filter = EventFilter {
        contracts: vec![address],
        topics: [vec![Alliance::Proposed::SIGNATURE_HASH], Vec::new(), Vec::new(), Vec::new()],
        from_block: chain.first_block_at(since_ms).await?,
        to_block: None,
    };
    let proposed = chain.latest_events(&filter, 1).await?;
    let event = proposed.first().ok_or_else(strange)?;
    let transaction = chain.transaction(event.tx_hash, Some(event.block_number)).await?;
    let arguments = transaction.input.strip_prefix(&Alliance::BYTECODE[..]).ok_or_else(strange)?;
    let decoded = <(Address, Vec<U256>, Vec<Address>)>::abi_decode_params(arguments);
    let is_of_registry = decoded.is_ok_and(|(requirements, _, _)| requirements == registry);
    if is_of_registry && has_made(&transaction, address) { Ok(()) } else { Err(strange()) }
}

/// `None`: it was made otherwise.
async fn check(chain: &Chain, made: Made, expected: &[u8]) -> Result<Option<()>, EstablishError> {
    let transaction = chain.transaction(made.transaction, None).await?;
    let is_ours = has_made(&transaction, made.address) && transaction.input[..] == *expected;
    Ok(is_ours.then_some(()))
}

fn has_made(transaction: &ProvenTransaction, address: Address) -> bool {
    transaction.succeeded && transaction.to.is_none() && transaction.created == Some(address)
}

pub(super) const fn anchor_arguments(chain_id: u64, genesis_hash: B256) -> Anchor::constructorCall {
    Anchor::constructorCall { registry: predeploys::VALIDATOR_REGISTRY, chainId: chain_id, genesisHash: genesis_hash }
}

fn creation(code: &Bytes, arguments: &impl SolConstructor) -> Vec<u8> {
    [code.to_vec(), arguments.abi_encode()].concat()
}
