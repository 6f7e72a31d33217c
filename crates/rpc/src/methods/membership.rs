//! Who decides, epoch by epoch, and the proofs that light clients follow (`docs/specs/finality.md`, "Membership").

use alloy::rpc::types::serde_helpers::JsonStorageKey;
use alloy_primitives::{B256, Bytes, FixedBytes, U64, U256};
use chancery_execution::{
    AccountProof, RegisteredValidator, RegistryError, StateError, changed_epochs, registered_validators,
};
use chancery_light::{HANDOVERS_PER_ANSWER, Membership, ValidatorKey};
use chancery_primitives::validator_registry::{EPOCH_LENGTH_SLOT, VALIDATOR_REGISTRY, record_slot};
use serde::Serialize;

use super::{
    Reply,
    proof::{ProvenAccount, proven, proven_account},
    state::StorageKey,
};
use crate::{api::Api, error::RpcError, params::Args};

/// A validator, in the order of the signer bitmap.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Validator {
    /// The organization's name.
    name: String,
    bls_public_key: FixedBytes<48>,
    peer_public_key: FixedBytes<32>,
    /// As in the genesis file; the registry checked it of validators that came later.
    #[serde(skip_serializing_if = "Option::is_none")]
    proof_of_possession: Option<FixedBytes<96>>,
}

impl From<RegisteredValidator> for Validator {
    fn from(registered: RegisteredValidator) -> Self {
        let name = registered.organization_name();
        let RegisteredValidator { peer_public_key, bls_public_key, .. } = registered;
        Self { name, bls_public_key, peer_public_key, proof_of_possession: None }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Validators {
    epoch: u64,
    /// The first and the last block of the epoch; absent where the set never changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_block: Option<U64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_block: Option<U64>,
    validators: Vec<Validator>,
}

/// The evidence that other validators decide from an epoch on, as `chancery-light` reads it.
#[derive(Serialize)]
pub(crate) struct Handover {
    header: Bytes,
    certificate: Bytes,
    registry: ProvenAccount,
    validators: Vec<FixedBytes<48>>,
}

/// `chancery_validators(epoch)`: who decides in an epoch, in the order of the signer bitmap; without one, in that of the next block.
pub(crate) fn validators(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    let epochs = api.chain().epochs();
    let current = epochs.of(api.head_height().saturating_add(1));
    let epoch = args.optional::<U64>(0, "epoch")?.map_or(current, |epoch| epoch.to());
    if epoch > current {
        return Err(RpcError::invalid_params(format!("epoch {epoch} has not begun; the current one is {current}")));
    }
    let (first, last) = (epochs.first(epoch), epochs.last(epoch));
    let bound = |height| epochs.change().then(|| U64::from(height));
    api.reply(&Validators {
        epoch,
        first_block: bound(first),
        last_block: bound(last),
        validators: validators_of(api, epoch)?,
    })
}

fn validators_of(api: &Api, epoch: u64) -> Result<Vec<Validator>, RpcError> {
    match api.chain().validators_of(epoch) {
        Ok(Some(registered)) => return Ok(registered.into_iter().map(Validator::from).collect()),
        Ok(None) => {}
        Err(RegistryError::Unknown { epoch }) => {
            let (height, earliest) = (api.chain().epochs().first(epoch), api.chain().earliest_block()?);
            return Err(RpcError::HistoryPruned { height, earliest });
        }
        Err(error) => return Err(RpcError::internal(error)),
    }
    let genesis = api.genesis().validators.iter().map(|validator| Validator {
        name: validator.name.clone(),
        bls_public_key: validator.bls_public_key,
        peer_public_key: validator.peer_public_key,
        proof_of_possession: Some(validator.proof_of_possession),
    });
    Ok(genesis.collect())
}

/// `chancery_getHandovers(fromEpoch)`: the changes of the validator set after an epoch's, at most 64, oldest first. Whoever knows the validators
/// of `fromEpoch` (without one: those of the genesis) can follow them.
pub(crate) fn handovers(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    let from = args.optional::<U64>(0, "fromEpoch")?.map_or(0, |epoch| epoch.to());
    api.reply(&handovers_between(api, from, u64::MAX, HANDOVERS_PER_ANSWER)?)
}

/// The handovers that lead from the validators of one epoch to those of another, the newest possible where that has not begun; `most` of them.
pub(crate) fn handovers_between(api: &Api, from: u64, to: u64, most: usize) -> Result<Vec<Handover>, RpcError> {
    let epochs = api.chain().epochs();
    if !epochs.change() {
        return Ok(Vec::new());
    }
    let over = epochs.of(api.head_height().saturating_add(1));
    let changed = changed_epochs(&api.chain().head_state(), from, most)?;
    changed.into_iter().filter(|epoch| *epoch < over.min(to)).map(|epoch| handover(api, epoch)).collect()
}

/// The proof that a validator that was voted in after the genesis has this key in an epoch, and whose it is (`docs/specs/finality.md`, EVIDENCE-7).
/// `None`: the genesis names it, or the state that would prove it is not kept here.
pub(crate) fn proven_member(api: &Api, epoch: u64, key: &ValidatorKey) -> Result<Option<Membership>, RpcError> {
    let of_genesis = api.genesis().validators.iter().any(|validator| validator.bls_public_key == *key);
    let (false, Some(previous)) = (of_genesis, epoch.checked_sub(1)) else { return Ok(None) };
    let height = api.chain().epochs().last(previous);
    let state = match api.chain().state_at(height) {
        Err(StateError::Pruned { .. } | StateError::Future { .. }) => return Ok(None),
        state => state?,
    };
    let member = registered_validators(&state)
        .map_err(RpcError::internal)?
        .and_then(|set| set.into_iter().find(|member| member.bls_public_key == *key));
    let (Some(member), Some(certificate)) = (member, api.chain().certificate(height)?) else { return Ok(None) };
    let record = record_slot(member.peer_public_key);
    let slots = [EPOCH_LENGTH_SLOT, record, record.wrapping_add(U256::ONE), record.wrapping_add(U256::from(2))];
    let slots = slots.map(|slot| StorageKey(JsonStorageKey::Hash(B256::from(slot)))).to_vec();
    let proof = serde_json::json!({
        "finality": {
            "header": Bytes::from(alloy_rlp::encode(api.header(height)?.inner())),
            "certificate": certificate,
            "handovers": handovers_between(api, 0, previous, chancery_light::MAX_HANDOVERS)?,
        },
        "peerPublicKey": member.peer_public_key,
        "registry": proven_account(api, VALIDATOR_REGISTRY, slots, height)?,
    });
    // What this server shows of accounts and handovers is what the light client reads.
    serde_json::from_value(proof).map(Some).map_err(RpcError::internal)
}

/// From an epoch to the next one.
fn handover(api: &Api, epoch: u64) -> Result<Handover, RpcError> {
    let height = api.chain().epochs().last(epoch);
    let missing = |what: &str| RpcError::internal(format!("block {height} ends epoch {epoch} and has no {what}"));
    let certificate = api.chain().certificate(height)?.ok_or_else(|| missing("finality certificate"))?;
    let record = api.chain().registry_record(epoch)?.ok_or_else(|| missing("record of the validator registry"))?;
    Ok(Handover {
        header: alloy_rlp::encode(api.header(height)?.inner()).into(),
        certificate,
        registry: shown(record.registry),
        validators: record.keys,
    })
}

/// The registry as `eth_getProof` shows it: the slots are those that a light client wants proven.
fn shown(proof: AccountProof) -> ProvenAccount {
    let keys = proof.storage.iter().map(|slot| StorageKey(JsonStorageKey::Hash(B256::from(slot.slot)))).collect();
    proven(proof, keys)
}
