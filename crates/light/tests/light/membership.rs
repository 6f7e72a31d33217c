//! Evidence against a validator that was voted in after the genesis: whose the key is follows from the registry's state, and from nothing else.
use crate::support::{CHAIN_ID, Digest, TestChain, Validators, extra_data, proposal, rlp, trie};
use alloy_consensus::Header;
use alloy_primitives::{B256, FixedBytes, U256, keccak256};
use alloy_trie::TrieAccount;
use chancery_light::{
    AccountProof, ChainReference, ConflictingVotes, EVIDENCE_VERSION, EvidenceError, FinalityProof, Member, Membership,
    Misconduct, SignedVote, StorageProof, TrustedChain, ValidatorKey, VoteKind, VotedBlock, finality_namespace,
};
use chancery_primitives::validator_registry::{EPOCH_LENGTH_SLOT, VALIDATOR_REGISTRY, record_slot};
use commonware_codec::{DecodeExt as _, Encode as _};
use commonware_consensus::{
    simplex::types::{Notarize, Proposal},
    types::{Epoch, Round, View},
};

const EPOCH_LENGTH: u64 = 10;
/// The epoch from which on the newcomer decides.
const EPOCH: u64 = 1;
const VIEW: u64 = 4;
const PEER_KEY: B256 = B256::repeat_byte(0x77);

fn organization() -> B256 {
    let mut name = B256::ZERO;
    name[..10].copy_from_slice(b"Ministry E");
    name
}

/// Four validators of the genesis, and one that they voted in.
struct World {
    chain: TestChain,
    trusted: TrustedChain,
    newcomer: Validators,
}

impl World {
    fn new() -> Self {
        let chain = TestChain::new(CHAIN_ID, 4);
        let trusted = TrustedChain::new(chain.essentials.clone()).unwrap();
        Self { chain, trusted, newcomer: Validators::new(1, 900) }
    }

    fn key(&self) -> ValidatorKey {
        self.newcomer.keys[0]
    }

    /// The slots of the registry as they are, in the order of the proof.
    fn slots(&self) -> Vec<(U256, U256)> {
        let (record, key) = (record_slot(PEER_KEY), self.key());
        let end = U256::from_be_slice(&key[32..]);
        vec![
            (EPOCH_LENGTH_SLOT, U256::from(EPOCH_LENGTH)),
            (record, U256::from_be_bytes(organization().0)),
            (record + U256::from(1), U256::from_be_slice(&key[..32])),
            (record + U256::from(2), end),
        ]
    }

    /// The proof that the block with this number has a registry with these slots, of which those asked for are shown.
    fn membership(&self, number: u64, stored: &[(U256, U256)], shown: &[(U256, U256)]) -> Membership {
        let hashed = |slot: &U256| keccak256(slot.to_be_bytes::<32>());
        let leaves = stored.iter().filter(|(_, value)| !value.is_zero());
        let leaves = leaves.map(|(slot, value)| (hashed(slot), alloy_rlp::encode(value))).collect();
        let targets: Vec<_> = shown.iter().map(|(slot, _)| hashed(slot)).collect();
        let (storage_root, proofs) = trie(leaves, &targets);
        let account = TrieAccount { nonce: 1, balance: U256::ZERO, storage_root, code_hash: keccak256("code") };
        let place = keccak256(VALIDATOR_REGISTRY);
        let (state_root, mut account_proof) = trie(vec![(place, alloy_rlp::encode(account))], &[place]);
        let header = Header {
            number,
            state_root,
            extra_data: extra_data(0, number, number - 1, 0),
            ..self.chain.blocks[2].clone()
        };
        let namespace = self.chain.namespace();
        let voted = proposal(number, number - 1, header.hash_slow());
        let certificate = self.chain.validators.finalize(&namespace, &voted, &[0, 1, 3]).encode();
        Membership {
            finality: FinalityProof {
                header: rlp(&header),
                certificate: certificate.to_vec().into(),
                descendants: vec![],
                handovers: vec![],
            },
            peer_public_key: PEER_KEY,
            registry: AccountProof {
                address: VALIDATOR_REGISTRY,
                balance: U256::ZERO,
                code_hash: account.code_hash,
                nonce: 1,
                storage_hash: storage_root,
                account_proof: account_proof.remove(0),
                storage_proof: shown
                    .iter()
                    .zip(proofs)
                    .map(|((key, value), proof)| StorageProof { key: *key, value: *value, proof })
                    .collect(),
            },
        }
    }

    fn good(&self) -> Membership {
        self.membership(EPOCH_LENGTH - 1, &self.slots(), &self.slots())
    }

    /// Two votes of the newcomer for two blocks of one view.
    fn evidence(&self, epoch: u64) -> ConflictingVotes {
        let namespace = finality_namespace(CHAIN_ID, self.chain.essentials.genesis_hash);
        let scheme = self.newcomer.scheme(&namespace, 0);
        let vote = |byte| {
            let round = Round::new(Epoch::new(epoch), View::new(VIEW));
            let voted = Proposal::new(round, View::new(VIEW - 1), Digest::decode(vec![byte; 32]).unwrap());
            let signature = Notarize::sign(&scheme, voted).unwrap().attestation.signature.encode();
            SignedVote {
                kind: VoteKind::Notarize,
                block: Some(VotedBlock { parent_view: VIEW - 1, hash: B256::repeat_byte(byte) }),
                signature: FixedBytes::from_slice(&signature),
            }
        };
        ConflictingVotes {
            version: EVIDENCE_VERSION,
            chain: ChainReference { chain_id: CHAIN_ID, genesis_hash: self.chain.essentials.genesis_hash },
            epoch,
            view: VIEW,
            validator: self.key(),
            votes: [vote(1), vote(2)],
        }
    }

    fn refused(&self, membership: &Membership) -> &'static str {
        self.trusted.verify_conflict_of_member(&self.evidence(EPOCH), membership).unwrap_err().check()
    }
}

// EVIDENCE-7
#[test]
fn a_validator_that_was_voted_in_is_named_by_the_registry() {
    let world = World::new();
    let evidence = world.evidence(EPOCH);
    assert_eq!(world.trusted.verify_conflict(&evidence).unwrap_err().check(), "UnknownValidator");
    let membership: Membership = serde_json::from_value(serde_json::to_value(world.good()).unwrap()).unwrap();
    let member = Member { organization: organization(), key: world.key(), epoch: EPOCH };
    let proven = world.trusted.verify_conflict_of_member(&evidence, &membership);
    assert_eq!(proven, Ok((member, Misconduct::NotarizedTwo)));
}

// EVIDENCE-7
#[test]
fn nobody_is_blamed_for_votes_of_another_epoch_chain_or_key() {
    let world = World::new();
    let refused =
        |evidence: &ConflictingVotes| world.trusted.verify_conflict_of_member(evidence, &world.good()).unwrap_err();
    assert_eq!(refused(&world.evidence(2)), EvidenceError::OtherEpoch { votes: 2, proven: 1 });
    let mut other = world.evidence(EPOCH);
    other.validator = world.chain.essentials.validators[0];
    assert_eq!(refused(&other), EvidenceError::OtherMember { key: other.validator });
    let mut elsewhere = world.evidence(EPOCH);
    elsewhere.chain.chain_id += 1;
    assert_eq!(refused(&elsewhere).check(), "WrongChain");
    let mut altered = world.evidence(EPOCH);
    altered.votes[1].block = Some(VotedBlock { parent_view: VIEW - 1, hash: B256::repeat_byte(9) });
    assert_eq!(refused(&altered), EvidenceError::Signature { vote: 2 });
}

// EVIDENCE-7
#[test]
fn a_forged_membership_is_refused_with_the_check_that_failed() {
    let world = World::new();
    let slots = world.slots();
    let forge = |change: fn(&mut Membership)| {
        let mut membership = world.good();
        change(&mut membership);
        world.refused(&membership)
    };
    assert_eq!(forge(|it| it.registry.storage_proof[1].value = U256::from(1) << 248), "StorageNotProven");
    assert_eq!(forge(|it| it.registry.nonce = 2), "AccountNotProven");
    assert_eq!(forge(|it| it.registry.address = VALIDATOR_REGISTRY.create(0)), "AccountNotProven");
    assert_eq!(forge(|it| it.peer_public_key = B256::repeat_byte(1)), "MembershipMalformed");
    assert_eq!(forge(|it| it.registry.storage_proof.swap(1, 2)), "MembershipMalformed");
    assert_eq!(forge(|it| drop(it.registry.storage_proof.pop())), "MembershipMalformed");
    assert_eq!(forge(|it| it.finality.certificate = vec![0; 40].into()), "CertificateMalformed");

    let in_the_middle = world.membership(EPOCH_LENGTH - 2, &slots, &slots);
    assert_eq!(world.refused(&in_the_middle), "MembershipMalformed", "the set may still change in the epoch");
    let gone: Vec<_> = slots
        .iter()
        .map(|(slot, value)| (*slot, if *slot == EPOCH_LENGTH_SLOT { *value } else { U256::ZERO }))
        .collect();
    assert_eq!(world.refused(&world.membership(EPOCH_LENGTH - 1, &gone, &gone)), "MembershipMalformed", "it has left");
    let mut unending = slots.clone();
    unending[0].1 = U256::ZERO;
    assert_eq!(world.refused(&world.membership(EPOCH_LENGTH - 1, &unending, &unending)), "MembershipMalformed");
}
