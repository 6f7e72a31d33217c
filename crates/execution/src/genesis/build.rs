//! From the file to block 0.

use std::{collections::BTreeSet, sync::Arc};

use alloy_consensus::Header;
use alloy_eips::eip2935::{HISTORY_STORAGE_ADDRESS, HISTORY_STORAGE_CODE};
use alloy_genesis::GenesisAccount;
use alloy_primitives::{Address, KECCAK256_EMPTY, Sealable, Sealed, U256, map::B256Map};
use chancery_primitives::extra_data::validator_set_hash;
use revm::bytecode::Bytecode;

use super::{GenesisConfig, GenesisError, MAX_VALIDATORS, deploy::deploy};
use crate::{
    AccountProof, Block, StateError, StateView, TRANSACTION_GAS_LIMIT_CAP,
    executor::fixed_fields,
    registry::registered_validators,
    state::{AccountChange, Overlay, PendingLayer, StateChanges, transition},
};

/// Longest name of a chain, in bytes.
const MAX_NAME_BYTES: usize = 32;

/// Block 0 and the state after it.
#[derive(Clone, Debug)]
pub struct Genesis {
    pub(crate) config: Arc<GenesisConfig>,
    pub(crate) block: Block,
    pub(crate) overlay: Arc<Overlay>,
}

impl Genesis {
    /// Block 0; its `extraData` is the hash of the validator set.
    pub fn block(&self) -> &Block {
        &self.block
    }

    /// The header of block 0.
    pub fn header(&self) -> &Sealed<Header> {
        self.block.header()
    }

    /// Merkle-Patricia proof of an account of the state after block 0, against the root in its header.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn proof(&self, address: Address) -> Result<AccountProof, StateError> {
        let layer = PendingLayer { height: 0, hash: self.block.hash(), overlay: Arc::clone(&self.overlay) };
        StateView::empty().with_overlays(vec![layer]).proof(address, &[])
    }

    /// The file it was made from.
    pub fn config(&self) -> &Arc<GenesisConfig> {
        &self.config
    }
}

impl GenesisConfig {
    /// Runs the constructors and hashes the state. Deterministic: the same file gives the same hash everywhere.
    ///
    /// Besides what the file names, the state has the block-hash history contract of EIP-2935.
    ///
    /// # Errors
    /// [`GenesisError`].
    pub fn build(&self) -> Result<Genesis, GenesisError> {
        self.check()?;
        let mut header = fixed_fields(Header {
            timestamp: self.timestamp,
            gas_limit: self.gas_limit,
            extra_data: validator_set_hash(&self.bls_public_keys()).to_vec().into(),
            ..Header::default()
        });
        let mut alloc = self.alloc.clone();
        let history = GenesisAccount::default().with_nonce(Some(1)).with_code(Some(HISTORY_STORAGE_CODE.clone()));
        alloc.entry(HISTORY_STORAGE_ADDRESS).or_insert(history);
        deploy(self, &header, &mut alloc)?;
        let broken = |error: StateError| GenesisError::Field { field: "alloc", problem: error.to_string() };
        let overlay = transition(&StateView::empty(), changes(alloc.iter())).map_err(broken)?;
        header.state_root = overlay.state_root;
        let block = Block::from_sealed(header.seal_slow(), Vec::new());
        let overlay = Arc::new(overlay);
        self.check_registry(&block, &overlay)?;
        Ok(Genesis { config: Arc::new(self.clone()), block, overlay })
    }

    /// A registry that disagrees with the file would give epoch 1 other validators than everybody has agreed on.
    fn check_registry(&self, block: &Block, overlay: &Arc<Overlay>) -> Result<(), GenesisError> {
        let layer = PendingLayer { height: 0, hash: block.hash(), overlay: overlay.clone() };
        let wrong = |problem: String| GenesisError::Field { field: "predeploys", problem };
        let registered = registered_validators(&StateView::empty().with_overlays(vec![layer]))
            .map_err(|error| wrong(error.to_string()))?;
        let Some(registered) = registered else { return Ok(()) };
        let same = registered.len() == self.validators.len()
            && registered.iter().zip(&self.validators).all(|(registered, validator)| {
                registered.peer_public_key == validator.peer_public_key
                    && registered.bls_public_key == validator.bls_public_key
            });
        if same { Ok(()) } else { Err(wrong("the validator registry has other validators than this file".into())) }
    }

    /// The BLS public keys in the order of the set.
    pub fn bls_public_keys(&self) -> Vec<[u8; 48]> {
        self.validators.iter().map(|validator| validator.bls_public_key.0).collect()
    }

    fn check(&self) -> Result<(), GenesisError> {
        let wrong = |field, problem: &str| Err(GenesisError::Field { field, problem: problem.into() });
        let character = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if self.name.is_empty() || self.name.len() > MAX_NAME_BYTES || !self.name.chars().all(character) {
            return wrong("name", "use 1 to 32 lower-case ASCII letters, digits and hyphens");
        }
        if self.chain_id == 0 {
            return wrong("chainId", "use a number above 0");
        }
        if self.gas_limit < TRANSACTION_GAS_LIMIT_CAP {
            return wrong("gasLimit", "a block must hold the largest transaction (16777216 gas, EIP-7825)");
        }
        if self.validators.is_empty() || self.validators.len() > MAX_VALIDATORS {
            return wrong("validators", "name 1 to 256 validators");
        }
        let distinct = |keys: BTreeSet<&[u8]>| keys.len() == self.validators.len();
        if !distinct(self.validators.iter().map(|validator| validator.bls_public_key.as_slice()).collect()) {
            return wrong("validators", "two validators have the same blsPublicKey");
        }
        if !distinct(self.validators.iter().map(|validator| validator.peer_public_key.as_slice()).collect()) {
            return wrong("validators", "two validators have the same peerPublicKey");
        }
        for account in self.alloc.values() {
            let storage = account.storage.as_ref().is_some_and(|storage| !storage.is_empty());
            let stays =
                account.nonce.unwrap_or_default() > 0 || account.code.as_ref().is_some_and(|code| !code.is_empty());
            if storage && !stays {
                return wrong("alloc", "an account with storage needs code or a nonce, or EIP-161 would remove it");
            }
            if account.code.as_ref().is_some_and(|code| Bytecode::new_raw_checked(code.clone()).is_err()) {
                return wrong(
                    "alloc",
                    "code that begins with 0xef01 is a delegation (EIP-7702): 0xef0100 and an address",
                );
            }
        }
        Ok(())
    }
}

/// The accounts that exist, as changes of the empty state.
fn changes<'a>(alloc: impl Iterator<Item = (&'a Address, &'a GenesisAccount)>) -> StateChanges {
    let mut codes = B256Map::default();
    let accounts = alloc
        .filter_map(|(address, account)| {
            let mut code_hash = KECCAK256_EMPTY;
            if let Some(code) = account.code.as_ref().filter(|code| !code.is_empty()) {
                let code = Bytecode::new_raw(code.clone());
                code_hash = code.hash_slow();
                codes.insert(code_hash, code);
            }
            let nonce = account.nonce.unwrap_or_default();
            let exists = nonce > 0 || !account.balance.is_zero() || code_hash != KECCAK256_EMPTY;
            let slots = account
                .storage
                .iter()
                .flatten()
                .map(|(slot, value)| (U256::from_be_bytes(slot.0), U256::ZERO, U256::from_be_bytes(value.0)));
            exists.then(|| AccountChange {
                address: *address,
                before: None,
                after: Some((nonce, account.balance, code_hash)),
                slots: slots.collect(),
            })
        })
        .collect();
    StateChanges { accounts, codes }
}
