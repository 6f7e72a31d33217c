//! What is believed of an answer about a holder, and which check names what is not (C-CHAINS).
#![allow(clippy::unwrap_used)]

use alloy_consensus::{Eip658Value, Header, Receipt, ReceiptEnvelope};
use alloy_eips::Encodable2718 as _;
use alloy_primitives::{Bytes, Log, keccak256};
use alloy_trie::TrieAccount;
use chancery_contracts::predeploys;
use chancery_light::{
    AccountProof, ChainEssentials, StorageProof, finality_namespace, ordered_trie_root, prove_inclusion,
};

use super::*;
use crate::{
    recorded_city::BEFORE,
    verify::tests::chain::{CHAIN_ID, Validator, child, genesis, trie},
};

mod vectors;

const HOLDER: Address = Address::repeat_byte(0xa1);
const HELD: Address = Address::repeat_byte(0x02);
const ANCHOR: Address = Address::repeat_byte(0x01);
const FOLLOWED_ID: u64 = 7104;
const FOLLOWED_GENESIS: B256 = B256::repeat_byte(0x74);
const NUMBER: u64 = 41;
const MAX_AGE_S: u64 = 900;
/// The second block is of this time.
const AGREED_AT: UnixSeconds = UnixSeconds(BEFORE.0 + 1);

/// What the host says.
struct Said {
    holder: Address,
    kind: CertificateKind,
    status: CertificateStatus,
    emitter: Address,
    time: u64,
    until: u64,
    follows: B256,
    conflict: u64,
    anchored_at: u64,
    held_code: &'static str,
    succeeded: bool,
}

impl Said {
    fn truth() -> Self {
        Self {
            holder: HOLDER,
            kind: CertificateKind::DEGREE,
            status: CertificateStatus::Valid,
            emitter: HELD,
            time: BEFORE.0 - 60,
            until: BEFORE.0 + 86_400,
            follows: FOLLOWED_GENESIS,
            conflict: 0,
            anchored_at: BEFORE.0 - 60,
            held_code: "held",
            succeeded: true,
        }
    }

    fn receipt(&self) -> Vec<u8> {
        let event = HeldCertificates::CertificateShown {
            holder: self.holder,
            kind: self.kind.to_bytes32(),
            number: NUMBER,
            time: self.time,
            status: self.status.code(),
        };
        let log = Log { address: self.emitter, data: event.encode_log_data() };
        let receipt =
            Receipt { status: Eip658Value::Eip658(self.succeeded), cumulative_gas_used: 50_000, logs: vec![log] };
        ReceiptEnvelope::Eip1559(receipt.with_bloom()).encoded_2718()
    }

    fn accounts(&self) -> [(TrieAccount, AccountProof); 2] {
        let consent = [(consent_slot(self.holder, self.kind), U256::from(self.until))];
        let [chain, genesis, conflict, generation, record, times] = anchor_slots(3, NUMBER);
        let anchor = [
            // Beside the id, the first epoch; beside the generation, the newest number; beside the time, its millisecond.
            (chain, U256::from(FOLLOWED_ID) | (U256::from(5) << 64)),
            (genesis, U256::from_be_bytes(self.follows.0)),
            (conflict, U256::from(self.conflict)),
            (generation, U256::from(3) | (U256::from(77) << 32)),
            (record, U256::from(0xfeed)),
            (times, U256::from(self.anchored_at) | (U256::from(250) << 64)),
        ];
        [account(HELD, self.held_code, &consent), account(ANCHOR, "anchor", &anchor)]
    }

    fn told(&self) -> (TrustedChain, ShownProof) {
        let validator = Validator::new();
        let receipts = [self.receipt()];
        let [(held, mut held_proof), (anchor, mut anchor_proof)] = self.accounts();
        let targets = [keccak256(HELD), keccak256(ANCHOR)];
        let leaves = vec![(targets[0], alloy_rlp::encode(held)), (targets[1], alloy_rlp::encode(anchor))];
        let (state_root, mut paths) = trie(leaves, &targets);
        anchor_proof.account_proof = paths.remove(1);
        held_proof.account_proof = paths.remove(0);
        let first = genesis(&validator);
        let genesis_hash = first.hash_slow();
        let showing = Header { receipts_root: ordered_trie_root(&receipts), ..child(&first, 1) };
        let agreeing = Header { state_root, ..child(&showing, 2) };
        let namespace = finality_namespace(CHAIN_ID, genesis_hash);
        let later = validator.finalize(&namespace, &agreeing);
        let proof = ShownProof {
            version: SHOWN_PROOF_VERSION,
            chain: ChainReference { chain_id: CHAIN_ID, genesis_hash },
            follows: ChainReference { chain_id: FOLLOWED_ID, genesis_hash: FOLLOWED_GENESIS },
            finality: validator.finalize(&namespace, &showing),
            receipt: ReceiptInclusion {
                index: 0,
                receipt: Bytes::from(receipts[0].clone()),
                proof: prove_inclusion(&receipts, 0).unwrap(),
            },
            consent: ProvenState { finality: later.clone(), account: held_proof },
            anchor: ProvenState { finality: later, account: anchor_proof },
        };
        (trusted(CHAIN_ID, genesis_hash), proof)
    }

    /// What somebody finds out who asks for the degrees of the holder.
    fn found(&self, now: UnixSeconds) -> Result<VerifiedKind, VerificationFailure> {
        let (host, proof) = self.told();
        asked(&host, &proof, HOLDER, now)
    }

    fn refused(&self) -> &'static str {
        self.found(AGREED_AT).unwrap_err().check
    }
}

fn trusted(chain_id: u64, genesis_hash: B256) -> TrustedChain {
    TrustedChain::new(ChainEssentials { chain_id, genesis_hash, validators: vec![Validator::new().key] }).unwrap()
}

fn asked(
    host: &TrustedChain,
    proof: &ShownProof,
    holder: Address,
    now: UnixSeconds,
) -> Result<VerifiedKind, VerificationFailure> {
    let followed = trusted(FOLLOWED_ID, FOLLOWED_GENESIS);
    let kind = CertificateKind::DEGREE;
    let asked = Asked { host, followed: &followed, holder, kind, max_age_s: MAX_AGE_S, now };
    proof.verify(&asked, |by, found| {
        let codes = CodeHashes { anchor: keccak256("anchor"), held: keccak256("held") };
        let is_known = (by, found) == (ShownBy { anchor: ANCHOR, held: HELD }, codes);
        require("shown-by", is_known, || "others".to_owned())
    })
}

/// An account without its path in the state, and another slot beside those that are shown.
fn account(address: Address, code: &str, slots: &[(B256, U256)]) -> (TrieAccount, AccountProof) {
    let kept = slots.iter().filter(|(_, value)| !value.is_zero());
    let mut leaves: Vec<_> = kept.map(|(slot, value)| (keccak256(slot), alloy_rlp::encode(value))).collect();
    leaves.push((keccak256("another"), alloy_rlp::encode(U256::from(7))));
    let targets: Vec<_> = slots.iter().map(|(slot, _)| keccak256(slot)).collect();
    let (storage_root, proofs) = trie(leaves, &targets);
    let account = TrieAccount { nonce: 1, balance: U256::ZERO, storage_root, code_hash: keccak256(code) };
    let shown = slots.iter().zip(proofs);
    let proof = AccountProof {
        address,
        balance: account.balance,
        code_hash: account.code_hash,
        nonce: account.nonce,
        storage_hash: storage_root,
        account_proof: Vec::new(),
        storage_proof: shown
            .map(|((slot, value), proof)| StorageProof { key: U256::from_be_bytes(slot.0), value: *value, proof })
            .collect(),
    };
    (account, proof)
}

// SHOWN-1
#[test]
fn a_kind_that_a_chain_shows_is_believed_without_its_gateway() {
    let verified = Said::truth().found(AGREED_AT).unwrap();
    let said = Said::truth();
    assert_eq!(verified.as_of, UnixSeconds(said.time));
    assert_eq!((verified.age_s, verified.agreed_at, verified.agreed_until.0), (61, AGREED_AT, said.until));
}

// SHOWN-1: what was never shown, of somebody else, of another kind, of a certificate that is lost, or by somebody else's contract.
#[test]
fn a_kind_that_is_added_is_not_believed() {
    let other = Address::repeat_byte(0xb2);
    // The consent is the other's as well.
    assert_eq!(Said { holder: other, ..Said::truth() }.refused(), "consent-stands");
    assert_eq!(Said { kind: CertificateKind::MARRIAGE, ..Said::truth() }.refused(), "consent-stands");
    assert_eq!(Said { status: CertificateStatus::Revoked, ..Said::truth() }.refused(), "shown-of-holder");
    assert_eq!(Said { emitter: other, ..Said::truth() }.refused(), "shown-of-holder");
    assert_eq!(Said { succeeded: false, ..Said::truth() }.refused(), "shown-of-holder");
    assert_eq!(Said { held_code: "another", ..Said::truth() }.refused(), "shown-by");
    // The consent of the one with what was shown of the other.
    let (host, mut mixed) = Said::truth().told();
    let (_, others) = Said { holder: other, ..Said::truth() }.told();
    (mixed.finality, mixed.receipt) = (others.finality, others.receipt);
    assert_eq!(asked(&host, &mixed, HOLDER, AGREED_AT).unwrap_err().check, "shown-of-holder");
    let (host, honest) = Said::truth().told();
    assert_eq!(asked(&host, &honest, other, AGREED_AT).unwrap_err().check, "consent-stands");
}

// SHOWN-2
#[test]
fn a_consent_that_was_withdrawn_or_is_over_shows_nothing() {
    assert_eq!(Said { until: 0, ..Said::truth() }.refused(), "consent-stands");
    let short = Said { until: AGREED_AT.0, ..Said::truth() };
    assert!(short.found(AGREED_AT).is_ok(), "its last second");
    assert_eq!(short.found(AGREED_AT.saturating_add(1)).unwrap_err().check, "consent-stands");
}

// SHOWN-3
#[test]
fn an_old_block_is_not_told_as_a_new_one() {
    let said = Said::truth();
    assert!(said.found(AGREED_AT.saturating_add(MAX_ONLINE_AGE_S)).is_ok());
    assert_eq!(said.found(AGREED_AT.saturating_add(MAX_ONLINE_AGE_S + 1)).unwrap_err().check, "shown-fresh");
    assert_eq!(said.found(UnixSeconds(AGREED_AT.0 - MAX_CLOCK_SKEW_S - 1)).unwrap_err().check, "time-not-ahead");
    let time = AGREED_AT.0 - MAX_AGE_S;
    assert!(Said { time, anchored_at: time, ..Said::truth() }.found(AGREED_AT).is_ok());
    assert_eq!(Said { time: time - 1, anchored_at: time - 1, ..Said::truth() }.refused(), "shown-lapsed");
}

// SHOWN-4
#[test]
fn an_anchor_of_another_chain_or_a_frozen_one_or_without_the_block_shows_nothing() {
    assert_eq!(Said { follows: B256::repeat_byte(0x75), ..Said::truth() }.refused(), "anchor-follows");
    assert_eq!(Said { conflict: 9, ..Said::truth() }.refused(), "anchor-not-frozen");
    assert_eq!(Said { anchored_at: BEFORE.0, ..Said::truth() }.refused(), "shown-anchored");
    let (host, mut proof) = Said::truth().told();
    proof.anchor.account.storage_proof.pop();
    assert_eq!(asked(&host, &proof, HOLDER, AGREED_AT).unwrap_err().check, "shown-anchored");
}

// SHOWN-5
#[test]
fn a_proof_of_another_genesis_is_none() {
    let (_, proof) = Said::truth().told();
    let stranger = trusted(CHAIN_ID, B256::repeat_byte(9));
    assert_eq!(asked(&stranger, &proof, HOLDER, AGREED_AT).unwrap_err().check, "WrongChain");
    let (host, mut proof) = Said::truth().told();
    proof.follows.chain_id = 7105;
    assert_eq!(asked(&host, &proof, HOLDER, AGREED_AT).unwrap_err().check, "WrongChain");
    proof.follows.chain_id = FOLLOWED_ID;
    proof.version = 2;
    assert_eq!(asked(&host, &proof, HOLDER, AGREED_AT).unwrap_err().check, "shown-version");
}

// SHOWN-6: the codes are those that the genesis has at the places of the two contracts, and nothing else of it is believed.
#[test]
fn codes_are_those_of_the_genesis_by_its_hash_alone() {
    let validator = Validator::new();
    let by = |number| ShownBy { anchor: predeploys::side_anchor(number), held: predeploys::held_certificates(number) };
    let founded = |place: ShownBy| {
        let (anchor, mut anchor_proof) = account(place.anchor, "anchor", &[]);
        let (held, mut held_proof) = account(place.held, "held", &[]);
        let targets = [keccak256(place.anchor), keccak256(place.held)];
        let leaves = vec![(targets[0], alloy_rlp::encode(anchor)), (targets[1], alloy_rlp::encode(held))];
        let (state_root, mut paths) = trie(leaves, &targets);
        held_proof.account_proof = paths.remove(1);
        anchor_proof.account_proof = paths.remove(0);
        let header = Header { state_root, ..genesis(&validator) };
        let host = trusted(CHAIN_ID, header.hash_slow());
        let header = alloy_rlp::encode(&header).into();
        (host, GenesisCodes { header, anchor: anchor_proof, held: held_proof })
    };
    let (host, codes) = founded(by(1));
    let expected = CodeHashes { anchor: keccak256("anchor"), held: keccak256("held") };
    assert_eq!(codes.codes(&host, by(1)).unwrap(), expected);
    let refused = |host: &TrustedChain, codes: &GenesisCodes, by: ShownBy| codes.codes(host, by).unwrap_err().check;
    assert_eq!(refused(&host, &codes, by(2)), "shown-by");
    // Places of two chains, and a place of nobody's, whatever stands there.
    let mixed = ShownBy { held: by(2).held, ..by(1) };
    let (other, elsewhere) = founded(mixed);
    assert_eq!(refused(&other, &elsewhere, mixed), "shown-by");
    assert_eq!(refused(&host, &elsewhere, mixed), "GenesisHashMismatch");
    let mut forged = codes.clone();
    forged.held.code_hash = keccak256("another");
    assert_eq!(refused(&host, &forged, by(1)), "AccountNotProven");
}
