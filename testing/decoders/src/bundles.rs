//! Proof bundles: files that anybody may hand to `chancery verify`.

use std::{collections::BTreeMap, sync::LazyLock};

use alloy_primitives::{Address, Bytes, U256, address};
use chancery_light::{AccountState, ChainEssentials, ProofBundle, TrustedChain, VerifiedBundle};
use serde::Deserialize;

use crate::{certificates, patches, state_proofs};

#[derive(Deserialize)]
struct Vectors {
    chain: ChainEssentials,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    expect: String,
    proof: ProofBundle,
}

/// The contract of the vectors' chain, and what its slots hold.
const CONTRACT: Address = address!("C4A0000000000000000000000000000000000006");

struct Known {
    chain: TrustedChain,
    bundles: Vec<ProofBundle>,
    true_ones: Vec<VerifiedBundle>,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let vectors: Vectors = serde_json::from_str(include_str!("../../../crates/light/vectors/bundle.json")).unwrap();
    let chain = TrustedChain::new(vectors.chain).unwrap();
    let bundles: Vec<_> = vectors.cases.into_iter().filter(|case| case.expect == "ok").map(|case| case.proof).collect();
    let true_ones = bundles.iter().map(|bundle| bundle.verify(&chain).unwrap()).collect();
    Known { chain, bundles, true_ones }
});

/// A bundle is read as it is written, and whatever a changed one proves is true.
pub fn check(data: &[u8]) {
    let bundle = if data.first() == Some(&patches::JSON_START) {
        let Ok(bundle) = ProofBundle::from_json(data) else { return };
        let written = serde_json::to_vec(&bundle).unwrap();
        assert_eq!(ProofBundle::from_json(&written).unwrap(), bundle);
        bundle
    } else {
        let Some((case, changes)) = data.split_first() else { return };
        let mut bundle = KNOWN.bundles[usize::from(*case) % KNOWN.bundles.len()].clone();
        patches::apply(changes, &mut parts(&mut bundle));
        bundle
    };
    let Ok(proven) = bundle.verify(&KNOWN.chain) else { return };
    let is_true = |known: &&VerifiedBundle| {
        known.header == proven.header && known.transaction == proven.transaction && known.receipt == proven.receipt
    };
    assert!(KNOWN.true_ones.iter().any(|known| is_true(&known)), "a bundle proves what is not so");
    if let Some((at, account)) = &proven.state {
        let mut known =
            KNOWN.true_ones.iter().flat_map(|known| [Some(&known.header), known.state.as_ref().map(|(at, _)| at)]);
        assert!(known.any(|known| known == Some(at)), "a block of the state is proven final that is not");
        assert_state(account);
    }
}

fn assert_state(found: &AccountState) {
    let slots = BTreeMap::from(
        [(7, U256::ONE), (1, U256::from(5)), (2, U256::MAX)].map(|(slot, value)| (U256::from(slot), value)),
    );
    let byte = found.address[0];
    if found.address == CONTRACT {
        assert_eq!((found.nonce, found.balance), (1, U256::ZERO));
        for (slot, value) in &found.storage {
            assert_eq!(slots.get(slot).copied().unwrap_or_default(), *value, "slot {slot}");
        }
    } else if (1..=5).contains(&byte) && found.address == Address::repeat_byte(byte) {
        assert_eq!((found.nonce, found.balance), (u64::from(byte), U256::from(1000)));
        state_proofs::assert_without_code_and_storage(found);
    } else {
        state_proofs::assert_absent(found);
    }
}

pub(crate) fn parts(bundle: &mut ProofBundle) -> Vec<&mut Bytes> {
    let mut parts = certificates::parts(&mut bundle.finality);
    parts.push(&mut bundle.transaction.transaction);
    parts.extend(&mut bundle.transaction.proof);
    parts.push(&mut bundle.receipt.receipt);
    parts.extend(&mut bundle.receipt.proof);
    if let Some(state) = &mut bundle.state {
        parts.extend(&mut state.account.account_proof);
        parts.extend(state.account.storage_proof.iter_mut().flat_map(|slot| &mut slot.proof));
        parts.extend(state.finality.iter_mut().flat_map(certificates::parts));
    }
    parts
}

/// All bundles of the vectors, the forged ones too, and changes of the good ones.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let file: serde_json::Value =
        serde_json::from_str(include_str!("../../../crates/light/vectors/bundle.json")).unwrap();
    let whole = file["cases"].as_array().unwrap().iter().map(|case| case["proof"].to_string().into_bytes());
    let changed = patches::seeds(12).into_iter().map(|changes| [&[0][..], &changes].concat());
    whole.chain(changed).collect()
}
