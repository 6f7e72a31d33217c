//! What must hold for every input, not only for the vectors.
use crate::support::{CHAIN_ID, TestChain, rlp};
use alloy_primitives::{B256, Bytes, U256, keccak256};
use chancery_light::{
    AccountProof, ChainEssentials, FinalityCertificate, FinalityProof, MAX_LINKING_HEADERS, MAX_PROOF_NODES,
    ProofBundle, TrustError, TrustedChain, ValidatorKey, VerifyError, finality_namespace, ordered_trie_root,
    prove_inclusion, quorum, verify_inclusion,
};
use proptest::{prelude::*, sample::Index};

fn items(count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|index| [&[0x02; 40][..], &index.to_be_bytes()].concat()).collect()
}

fn refusal() -> VerifyError {
    VerifyError::TransactionMalformed
}

fn changed(bytes: &[u8], changes: &[(Index, u8)]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (at, mask) in changes {
        let at = at.index(bytes.len());
        bytes[at] ^= mask;
    }
    bytes
}

proptest! {
    // FINALITY-2: a certificate has one encoding, and reading garbage neither panics nor is taken for one.
    #[test]
    fn whatever_decodes_encodes_to_the_same_bytes(bytes in prop::collection::vec(any::<u8>(), 0..260)) {
        if let Ok(certificate) = FinalityCertificate::decode(&bytes) {
            prop_assert_eq!(certificate.encode(), Bytes::from(bytes));
        }
    }

    // FINALITY-2: our reading of a certificate and the consensus library's are the same reading.
    #[test]
    fn a_damaged_certificate_is_read_as_the_library_reads_it(
        changes in prop::collection::vec((any::<Index>(), 1..=255u8), 0..4), cut in 0..3usize,
    ) {
        let valid = TestChain::new(CHAIN_ID, 9).certificate(1, &[0, 1, 2, 3, 4, 5, 8]);
        let mut bytes = changed(&valid, &changes);
        bytes.truncate(bytes.len() - cut);
        let ours = FinalityCertificate::decode(&bytes);
        let theirs = crate::support::decode_with_the_library(&bytes, chancery_light::MAX_VALIDATORS);
        match (ours, theirs) {
            (Ok(ours), Ok(theirs)) => {
                prop_assert_eq!(ours.block_hash.as_slice(), theirs.proposal.payload.as_ref());
                prop_assert_eq!(ours.view, theirs.proposal.round.view().get());
                prop_assert_eq!(ours.signers.count(), theirs.certificate.signers.count());
            }
            // They refuse nobody's signature when they read, we when we verify (BelowQuorum).
            (Ok(ours), Err(_)) => prop_assert_eq!(ours.signers.count(), 0),
            (Err(error), Ok(_)) => prop_assert!(false, "only ours refuses: {}", error),
            (Err(_), Err(_)) => {}
        }
    }

    // FINALITY-4: no change to a certificate is accepted.
    #[test]
    fn no_changed_certificate_verifies(changes in prop::collection::vec((any::<Index>(), 1..=255u8), 1..3)) {
        let chain = TestChain::new(CHAIN_ID, 4);
        let trusted = TrustedChain::new(chain.essentials.clone()).unwrap();
        let valid = chain.finality(1);
        let bytes = changed(&valid.certificate, &changes);
        prop_assume!(bytes != valid.certificate);
        let forged = FinalityProof { certificate: bytes.into(), ..valid };
        prop_assert!(trusted.verify_finality(&forged).is_err());
    }

    // FINALITY-9: an item is provable at its own index and nowhere else.
    #[test]
    fn inclusion_holds_for_exactly_the_item_and_index(count in 1..300usize, at: Index, other: Index) {
        let items = items(count);
        let (index, other) = (at.index(count), other.index(count));
        let root = ordered_trie_root(&items);
        let proof = prove_inclusion(&items, index).unwrap();
        prop_assert!(verify_inclusion(root, index as u64, &items[index], &proof, refusal()).is_ok());
        if other != index {
            prop_assert!(verify_inclusion(root, other as u64, &items[index], &proof, refusal()).is_err());
            prop_assert!(verify_inclusion(root, index as u64, &items[other], &proof, refusal()).is_err());
        }
        prop_assert!(prove_inclusion(&items, count).is_none());
    }

    // FINALITY-9: damaged proof nodes neither panic nor prove anything else.
    #[test]
    fn no_changed_proof_proves_another_item(
        count in 1..200usize, at: Index, node: Index, changes in prop::collection::vec((any::<Index>(), 1..=255u8), 1..4),
        forged in prop::collection::vec(any::<u8>(), 1..64),
    ) {
        let items = items(count);
        let index = at.index(count);
        let root = ordered_trie_root(&items);
        let mut proof = prove_inclusion(&items, index).unwrap();
        let node = node.index(proof.len());
        proof[node] = changed(&proof[node], &changes).into();
        prop_assume!(proof != prove_inclusion(&items, index).unwrap());
        prop_assert!(verify_inclusion(root, index as u64, &items[index], &proof, refusal()).is_err());
        prop_assert!(verify_inclusion(root, index as u64, &forged, &proof, refusal()).is_err());
    }

    #[test]
    fn random_nodes_prove_nothing(nodes in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..5), item in prop::collection::vec(any::<u8>(), 1..40)) {
        let root = nodes.first().map_or(B256::ZERO, keccak256);
        let proof: Vec<Bytes> = nodes.into_iter().map(Bytes::from).collect();
        let _ = verify_inclusion(root, 0, &item, &proof, refusal());
    }

    #[test]
    fn reading_a_bundle_never_panics(json in ".{0,200}") {
        let _ = ProofBundle::from_json(json.as_bytes());
    }
}

#[test]
fn the_ordered_trie_is_ethereums() {
    for count in [0, 1, 2, 127, 128, 129, 300] {
        let items = items(count);
        let expected =
            alloy_trie::root::ordered_trie_root_with_encoder(&items, |item, out| out.extend_from_slice(item));
        assert_eq!(ordered_trie_root(&items), expected, "{count}");
    }
}

#[test]
fn an_overlong_proof_is_refused_by_its_size() {
    let proof = vec![Bytes::new(); MAX_PROOF_NODES + 1];
    let refused = verify_inclusion(B256::ZERO, 0, &[1], &proof, refusal()).unwrap_err();
    assert_eq!(refused.check(), "ProofTooLarge");
}

#[test]
fn too_many_linking_headers_are_refused_before_they_are_read() {
    let chain = TestChain::new(CHAIN_ID, 4);
    let trusted = TrustedChain::new(chain.essentials.clone()).unwrap();
    let proof = FinalityProof { descendants: vec![Bytes::new(); MAX_LINKING_HEADERS + 1], ..chain.finality(1) };
    assert_eq!(trusted.verify_finality(&proof).unwrap_err().check(), "TooManyHeaders");
}

#[test]
fn a_quorum_is_more_than_two_thirds() {
    let quorums: Vec<_> = (1..=10).map(quorum).collect();
    assert_eq!(quorums, [1, 2, 3, 3, 4, 5, 5, 6, 7, 7]);
}

// FINALITY-1
#[test]
fn the_namespace_names_chain_and_genesis() {
    let namespace = finality_namespace(7100, B256::repeat_byte(0xAB));
    let text = String::from_utf8(namespace).unwrap();
    assert_eq!(text, format!("chancery-7100-0x{}", "ab".repeat(32)));
}

// FINALITY-7
#[test]
fn a_genesis_file_is_held_against_its_hash() {
    let chain = TestChain::new(CHAIN_ID, 4);
    let genesis = rlp(&chain.genesis);
    let header = TrustedChain::new(chain.essentials.clone()).unwrap().verify_genesis(&genesis).unwrap();
    assert_eq!((header.number(), header.hash()), (0, chain.essentials.genesis_hash));

    let mut other_keys = chain.essentials.clone();
    other_keys.validators.swap(0, 1);
    let refused = TrustedChain::new(other_keys).unwrap().verify_genesis(&genesis).unwrap_err();
    assert_eq!(refused.check(), "GenesisValidatorsMismatch");

    let other_hash = ChainEssentials { genesis_hash: B256::ZERO, ..chain.essentials };
    let refused = TrustedChain::new(other_hash).unwrap().verify_genesis(&genesis).unwrap_err();
    assert_eq!(refused.check(), "GenesisHashMismatch");
}

#[test]
fn essentials_that_make_no_validator_set_are_refused() {
    let chain = TestChain::new(CHAIN_ID, 4);
    let with = |validators: Vec<ValidatorKey>| {
        TrustedChain::new(ChainEssentials { validators, ..chain.essentials.clone() }).unwrap_err()
    };
    let keys = &chain.essentials.validators;
    assert_eq!(with(vec![]), TrustError::ValidatorCount(0));
    assert_eq!(with(vec![keys[0]; 257]), TrustError::ValidatorCount(257));
    assert_eq!(with(vec![keys[0], keys[1], keys[0]]), TrustError::DuplicateKey(2));
    assert_eq!(with(vec![keys[0], ValidatorKey::ZERO]), TrustError::MalformedKey(1));
    let mut infinity = ValidatorKey::ZERO;
    infinity[0] = 0xc0;
    assert_eq!(with(vec![infinity]), TrustError::MalformedKey(0));
}

// FINALITY-4: a chain of one validator has a quorum of one, the same code.
#[test]
fn one_validator_finalises_alone() {
    let chain = TestChain::new(CHAIN_ID, 1);
    let proof = FinalityProof {
        header: rlp(&chain.blocks[0]),
        certificate: chain.certificate(1, &[0]),
        descendants: vec![],
        handovers: vec![],
    };
    let header = TrustedChain::new(chain.essentials).unwrap().verify_finality(&proof).unwrap();
    assert_eq!(header.time_ms(), (crate::support::GENESIS_TIME_SECONDS + 1) * 1000 + 250);
}

#[test]
fn a_bundle_of_another_version_or_with_unknown_members_is_refused() {
    let bundle = TestChain::new(CHAIN_ID, 4).bundle(0);
    let mut json = serde_json::to_value(&bundle).unwrap();
    json["version"] = 2.into();
    let refused = ProofBundle::from_json(json.to_string().as_bytes()).unwrap_err();
    assert_eq!(refused.check(), "BundleMalformed");
    json["version"] = 1.into();
    json["trusted"] = true.into();
    assert_eq!(ProofBundle::from_json(json.to_string().as_bytes()).unwrap_err().check(), "BundleMalformed");
}

#[test]
fn an_account_proof_is_read_from_the_answer_of_eth_get_proof() {
    let json = r#"{"address":"0xc4a0000000000000000000000000000000000006","balance":"0x0",
        "codeHash":"0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470","nonce":"0x2a",
        "storageHash":"0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421",
        "accountProof":["0x80"],"storageProof":[{"key":"0x7","value":"0x1","proof":[]}]}"#;
    let proof: AccountProof = serde_json::from_str(json).unwrap();
    assert_eq!((proof.nonce, proof.storage_proof[0].key), (42, U256::from(7)));
}
