//! Networks whose validators change: organizations that vote, and a verifier that follows the chain from its genesis.

use std::{collections::BTreeMap, num::NonZeroU64};

use alloy::{
    consensus::TxEip1559,
    primitives::{Address, B256, Bytes},
    sol_types::SolCall,
};
use chancery_chain::ValidatorKeys;
use chancery_contracts::{
    Seat, ValidatorRegistry, organization_name, predeploys::VALIDATOR_REGISTRY, uncompressed_g1, uncompressed_g2,
    validator_registry,
};
use chancery_execution::{Blockchain, GenesisConfig, PredeployConfig, changed_epochs, registered_validators};
use chancery_light::{AccountProof, FinalityCertificate, Handover, StorageProof, TrustedChain};
use chancery_primitives::validator_registry::{EPOCH_LENGTH_SLOT, SET_HASH_SLOT};

use super::{account, finality, genesis, signed, simulation::Simulation};

/// Blocks of an epoch in these tests: as few as the registry takes.
pub const EPOCH: NonZeroU64 = NonZeroU64::new(8).unwrap();
/// The accounts that vote come after those that send transfers.
const FIRST_VOTER: u8 = 10;
const VOTE_GAS: u64 = 3_000_000;

/// The account that votes for the organization of the node with this index.
pub const fn voter(node: usize) -> u8 {
    FIRST_VOTER + node as u8
}

pub fn organization(node: usize) -> B256 {
    organization_name(&format!("organization {node}")).unwrap()
}

/// A chain that begins with the first `validators` of these nodes. The keys are in the order of the set.
pub fn changing_genesis(keys: &[ValidatorKeys], validators: usize) -> GenesisConfig {
    let mut config = genesis(&keys[..validators]);
    let seats: Vec<_> = config
        .validators
        .iter()
        .enumerate()
        .map(|(index, validator)| Seat {
            organization: organization(index),
            peer_public_key: validator.peer_public_key,
            bls_public_key: validator.bls_public_key,
            voting_account: account(voter(index)).address(),
        })
        .collect();
    let registry = validator_registry(EPOCH, &seats);
    config.predeploys =
        vec![PredeployConfig { address: registry.address, init_code: registry.init_code, deployer: Address::ZERO }];
    config
}

/// Proposes the node as a validator of an organization of its own.
pub fn addition(keys: &ValidatorKeys, node: usize) -> Bytes {
    let public = keys.public("");
    let call = ValidatorRegistry::proposeAdditionCall {
        organization: organization(node),
        peerKey: public.peer_public_key,
        blsKey: uncompressed_g1(public.bls_public_key.as_slice()).unwrap(),
        possession: uncompressed_g2(public.proof_of_possession.as_slice()).unwrap(),
        voter: account(voter(node)).address(),
    };
    call.abi_encode().into()
}

pub fn removal(keys: &ValidatorKeys) -> Bytes {
    ValidatorRegistry::proposeRemovalCall { peerKey: keys.peer_public_key_bytes() }.abi_encode().into()
}

pub fn vote(id: u64) -> Bytes {
    ValidatorRegistry::voteCall { id: alloy::primitives::U256::from(id) }.abi_encode().into()
}

/// The transaction that an organization sends to the registry.
pub fn to_registry(node: usize, nonce: u64, input: Bytes) -> Bytes {
    signed(
        voter(node),
        TxEip1559 { nonce, gas_limit: VOTE_GAS, to: VALIDATOR_REGISTRY.into(), input, ..Default::default() },
    )
}

impl Simulation {
    /// Sends a call of an organization to the registry, given to a node, and waits until it is final everywhere and has succeeded.
    pub async fn registry(&self, node: usize, organization: usize, input: Bytes) {
        let nonce = self.nonce(node, voter(organization));
        let transaction = to_registry(organization, nonce, input);
        let hash = alloy::primitives::keccak256(&transaction);
        let results = self.nodes[node].chain().pool().add(vec![transaction]);
        results.into_iter().for_each(|result| assert!(result.is_ok(), "{result:?}"));
        self.until_nonces(voter(organization), nonce + 1).await;
        let chain = self.nodes[node].chain();
        let place = chain.transaction(hash).unwrap().unwrap();
        let receipts = chain.receipts(place.height).unwrap().unwrap();
        let receipt = &receipts[place.index as usize];
        assert!(
            alloy::consensus::TxReceipt::status(receipt),
            "the registry refused a call of organization {organization}"
        );
    }

    /// Sends transfers, one a block, until every running node is in the epoch.
    pub async fn until_epoch(&self, node: usize, from: u8, epoch: u64) {
        while self.running().any(|node| self.nodes[node].height() < EPOCH.get() * epoch) {
            let nonce = self.nonce(node, from);
            let _ = self.nodes[node].chain().pool().add(vec![super::transfer(from, nonce)]);
            super::until(&self.context, || self.nonce(node, from) > nonce).await;
        }
    }
}

/// The chain in each epoch up to the head's, as its own state says who decides.
pub fn trusted_by_epoch(chain: &Blockchain, genesis: &TrustedChain) -> BTreeMap<u64, TrustedChain> {
    let epochs = chain.epochs();
    let mut trusted = BTreeMap::from([(0, genesis.clone())]);
    for epoch in 1..=epochs.of(chain.head().block().height()) {
        let state = chain.state_at(epochs.last(epoch - 1)).unwrap();
        let keys = registered_validators(&state).unwrap().unwrap();
        let keys = keys.into_iter().map(|validator| validator.bls_public_key).collect();
        trusted.insert(epoch, TrustedChain::at_epoch(genesis.essentials().clone(), epoch, keys).unwrap());
    }
    trusted
}

/// The hashes of all final blocks, each proven by the validators of its epoch.
pub fn verified_across_epochs(chain: &Blockchain, genesis: &TrustedChain) -> Vec<B256> {
    let trusted = trusted_by_epoch(chain, genesis);
    let mut hashes = vec![genesis.genesis_hash()];
    for height in 1..=chain.head().block().height() {
        let Some(proof) = finality(chain, height) else { break };
        let epoch = chain.epochs().of(height);
        assert_eq!(FinalityCertificate::decode(&proof.certificate).unwrap().epoch, epoch, "block {height}");
        let header = trusted[&epoch].verify_finality(&proof).unwrap();
        assert_eq!(header.header().parent_hash, hashes[height as usize - 1]);
        hashes.push(header.hash());
    }
    hashes
}

/// Positions in the set of those who ever signed a final block of an epoch.
pub fn signers(chain: &Blockchain, epoch: u64) -> Vec<usize> {
    let epochs = chain.epochs();
    let mut signers: Vec<usize> = (epochs.first(epoch).max(1)..=epochs.last(epoch))
        .filter_map(|height| chain.certificate(height).unwrap())
        .flat_map(|certificate| {
            FinalityCertificate::decode(&certificate).unwrap().signers.signers().collect::<Vec<_>>()
        })
        .collect();
    signers.sort_unstable();
    signers.dedup();
    signers
}

/// What `chancery_getHandovers` would answer.
pub fn handovers(chain: &Blockchain) -> Vec<Handover> {
    let epochs = chain.epochs();
    let current = epochs.of(chain.head().block().height() + 1);
    let changed = changed_epochs(&chain.head_state(), 0, 100).unwrap();
    changed.into_iter().filter(|epoch| *epoch < current).map(|epoch| handover_at(chain, epochs.last(epoch))).collect()
}

/// What would be handed over after a block, whether it is the last of its epoch or not.
pub fn handover_at(chain: &Blockchain, height: u64) -> Handover {
    let proven = chain.proof(VALIDATOR_REGISTRY, &[SET_HASH_SLOT, EPOCH_LENGTH_SLOT], height).unwrap();
    let account = proven.account.unwrap();
    let slots = proven.storage.into_iter();
    Handover {
        header: alloy::rlp::encode(chain.header(height).unwrap().unwrap().inner()).into(),
        certificate: chain.certificate(height).unwrap().unwrap(),
        registry: AccountProof {
            address: VALIDATOR_REGISTRY,
            balance: account.balance,
            code_hash: account.code_hash,
            nonce: account.nonce,
            storage_hash: account.storage_root,
            account_proof: proven.proof,
            storage_proof: slots
                .map(|slot| StorageProof { key: slot.slot, value: slot.value, proof: slot.proof })
                .collect(),
        },
        validators: registered_validators(&chain.state_at(height).unwrap())
            .unwrap()
            .unwrap()
            .into_iter()
            .map(|validator| validator.bls_public_key)
            .collect(),
    }
}
