//! Merkle-Patricia proofs: accounts and slots (EIP-1186) under a state root, items of a block under theirs (FINALITY-9).

use std::{collections::BTreeMap, sync::LazyLock};

use alloy::{
    consensus::constants::{EMPTY_ROOT_HASH, KECCAK_EMPTY},
    genesis::GenesisAccount,
};
use alloy_primitives::{Address, B256, Bytes, U256};
use chancery_chain::chain_essentials;
use chancery_execution::{Blockchain, ExecutionConfig};
use chancery_light::{
    AccountProof, AccountState, FinalHeader, TrustedChain, VerifyError, ordered_trie_root, prove_inclusion,
    verify_inclusion,
};

use crate::{genesis, patches};

/// A genesis whose whole state is known, and proofs of some of it.
struct Known {
    header: FinalHeader,
    accounts: BTreeMap<Address, GenesisAccount>,
    proofs: Vec<AccountProof>,
    items: Vec<Vec<u8>>,
    item_proofs: Vec<Vec<Bytes>>,
}

fn accounts() -> BTreeMap<Address, GenesisAccount> {
    let plain = (1..40u8).map(|byte| {
        (
            Address::repeat_byte(byte),
            GenesisAccount::default().with_balance(U256::from(byte)).with_nonce(Some(byte.into())),
        )
    });
    let storage: BTreeMap<_, _> =
        (1..30u64).map(|slot| (B256::from(U256::from(slot)), B256::from(U256::from(slot * 3)))).collect();
    let contract =
        GenesisAccount::default().with_code(Some(vec![0x5b, 0x60, 0, 0x56].into())).with_storage(Some(storage));
    plain.chain([(Address::repeat_byte(0xc4), contract)]).collect()
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let mut config = genesis::small();
    config.alloc = accounts();
    let built = config.build().unwrap();
    let trusted = TrustedChain::new(chain_essentials(&config, built.header().hash())).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let chain = Blockchain::open(directory.path(), &built, ExecutionConfig::default()).unwrap();
    let asked = [(0xc4, vec![1, 2, 200]), (1, vec![]), (39, vec![0]), (0x77, vec![1])];
    let proofs = asked.map(|(byte, slots)| {
        let slots: Vec<_> = slots.into_iter().map(U256::from).collect();
        let proof = chain.proof(Address::repeat_byte(byte), &slots, 0).unwrap();
        AccountProof {
            address: Address::repeat_byte(byte),
            balance: proof.account.map_or(U256::ZERO, |account| account.balance),
            code_hash: proof.account.map_or(KECCAK_EMPTY, |account| account.code_hash),
            nonce: proof.account.map_or(0, |account| account.nonce),
            storage_hash: proof.account.map_or(EMPTY_ROOT_HASH, |account| account.storage_root),
            account_proof: proof.proof,
            storage_proof: proof
                .storage
                .into_iter()
                .map(|slot| chancery_light::StorageProof { key: slot.slot, value: slot.value, proof: slot.proof })
                .collect(),
        }
    });
    let items: Vec<Vec<u8>> = (0..200u8).map(|byte| vec![byte; 1 + usize::from(byte % 60)]).collect();
    Known {
        header: trusted.verify_genesis(&alloy_rlp::encode(built.header().inner())).unwrap(),
        accounts: accounts(),
        proofs: proofs.into(),
        item_proofs: (0..items.len()).map(|index| prove_inclusion(&items, index).unwrap()).collect(),
        items,
    }
});

/// Whatever a changed proof proves of the state, or of the items of a block, is so.
pub fn check(data: &[u8]) {
    if data.first() == Some(&patches::JSON_START) {
        if let Ok(proof) = serde_json::from_slice::<AccountProof>(data) {
            let written = serde_json::to_vec(&proof).unwrap();
            assert_eq!(serde_json::from_slice::<AccountProof>(&written).unwrap(), proof);
            verify(&proof);
        }
        return;
    }
    let Some(([case, index, key], changes)) = data.split_first_chunk::<3>() else { return };
    let mut proof = KNOWN.proofs[usize::from(*case) % KNOWN.proofs.len()].clone();
    if *index % 4 == 1 {
        proof.address[usize::from(*key) % 20] ^= 1;
    }
    if let Some(slot) = proof.storage_proof.first_mut().filter(|_| *index % 4 == 2) {
        slot.key = U256::from(*key);
    }
    if *index % 4 == 3 {
        proof.nonce = u64::from(*key);
    }
    let mut parts: Vec<_> = proof.account_proof.iter_mut().collect();
    parts.extend(proof.storage_proof.iter_mut().flat_map(|slot| &mut slot.proof));
    patches::apply(changes, &mut parts);
    verify(&proof);

    let claimed = usize::from(*key) % KNOWN.items.len();
    let mut item = Bytes::from(KNOWN.items[usize::from(*case) % KNOWN.items.len()].clone());
    let mut nodes = KNOWN.item_proofs[usize::from(*index) % KNOWN.items.len()].clone();
    let mut parts: Vec<_> = nodes.iter_mut().chain([&mut item]).collect();
    patches::apply(changes, &mut parts);
    let root = ordered_trie_root(&KNOWN.items);
    if verify_inclusion(root, claimed as u64, &item, &nodes, VerifyError::TransactionMalformed).is_ok() {
        assert_eq!(item.as_ref(), KNOWN.items[claimed], "another item stands at {claimed}");
    }
}

fn verify(proof: &AccountProof) {
    let Ok(found) = KNOWN.header.verify_account(proof) else { return };
    let Some(account) = KNOWN.accounts.get(&found.address) else {
        // The contract of EIP-2935 is in every genesis.
        if found.address != alloy::eips::eip2935::HISTORY_STORAGE_ADDRESS {
            assert_absent(&found);
        }
        return;
    };
    assert_eq!((found.nonce, found.balance), (account.nonce.unwrap_or_default(), account.balance));
    for (slot, value) in &found.storage {
        let stored = account.storage.as_ref().and_then(|storage| storage.get(&B256::from(*slot)));
        assert_eq!(stored.map_or(U256::ZERO, |value| U256::from_be_bytes(value.0)), *value, "slot {slot}");
    }
    if account.code.is_none() {
        assert_without_code_and_storage(&found);
    }
}

/// An account that does not exist.
pub(crate) fn assert_absent(found: &AccountState) {
    assert_eq!((found.nonce, found.balance), (0, U256::ZERO), "an account is proven that does not exist");
    assert_without_code_and_storage(found);
}

/// Neither code nor a slot.
pub(crate) fn assert_without_code_and_storage(found: &AccountState) {
    assert!([KECCAK_EMPTY, B256::ZERO].contains(&found.code_hash), "code is proven that does not exist");
    assert!(found.storage.iter().all(|(_, value)| value.is_zero()), "a slot is proven that does not exist");
}

/// Proofs as `eth_getProof` gives them, and changes of them.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let whole = KNOWN.proofs.iter().map(|proof| serde_json::to_vec(proof).unwrap());
    let changed = patches::seeds(6)
        .into_iter()
        .flat_map(|changes| (0..4u8).map(move |case| [&[case, case, case][..], &changes].concat()));
    whole.chain(changed).collect()
}
