//! Validators that sign with the consensus library itself.
#![allow(dead_code, clippy::unwrap_used, missing_docs, unreachable_pub)]

use chancery_light::ValidatorKey;
use commonware_codec::{DecodeExt, Encode};
use commonware_consensus::simplex::{
    scheme::bls12381_multisig::Scheme,
    types::{Finalization, Finalize, Proposal},
};
use commonware_cryptography::{
    Signer,
    bls12381::primitives::{
        group::Private,
        ops::{self, aggregate},
        variant::{MinPk, Variant},
    },
    ed25519, sha256,
};
use commonware_math::algebra::Random;
use commonware_parallel::Sequential;
use commonware_utils::{iter::NonEmpty, ordered::BiMap};
use rand::{SeedableRng, rngs::StdRng};

pub type TestScheme = Scheme<ed25519::PublicKey, MinPk>;
pub type Digest = sha256::Digest;
pub type TestFinalization = Finalization<TestScheme, Digest>;

/// Validators with their signing schemes, in the order of the set.
pub struct Validators {
    pub keys: Vec<ValidatorKey>,
    participants: BiMap<ed25519::PublicKey, <MinPk as Variant>::Public>,
    privates: Vec<Private>,
}

impl Validators {
    pub fn new(count: u64, seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut members: Vec<_> = (0..count)
            .map(|index| {
                let peer = ed25519::PrivateKey::from_seed(seed + index).public_key();
                (peer, Private::random(&mut rng))
            })
            .collect();
        members.sort_by(|a, b| a.0.cmp(&b.0));
        let publics: Vec<_> = members.iter().map(|(_, private)| ops::compute_public::<MinPk>(private)).collect();
        let keys = publics.iter().map(|key| ValidatorKey::from_slice(&key.encode())).collect();
        let pairs: Vec<_> = members.iter().map(|(peer, _)| peer.clone()).zip(publics).collect();
        Self {
            keys,
            participants: BiMap::try_from(pairs).unwrap(),
            privates: members.into_iter().map(|(_, private)| private).collect(),
        }
    }

    pub fn scheme(&self, namespace: &[u8], index: usize) -> TestScheme {
        Scheme::signer(namespace, self.participants.clone(), self.privates[index].clone()).unwrap()
    }

    /// The certificate that these signers make together, through the consensus library.
    pub fn finalize(&self, namespace: &[u8], proposal: &Proposal<Digest>, signers: &[usize]) -> TestFinalization {
        let votes: Vec<_> = signers
            .iter()
            .map(|index| Finalize::sign(&self.scheme(namespace, *index), proposal.clone()).unwrap())
            .collect();
        let scheme = self.scheme(namespace, 0);
        Finalization::from_finalizes(&scheme, NonEmpty::try_new(votes.iter()).unwrap(), &Sequential).unwrap()
    }

    /// The sum of these signers' signatures of one kind of vote, compressed: what a forger can make of votes that he has seen.
    pub fn signature(&self, namespace: &[u8], vote: &str, proposal: &Proposal<Digest>, signers: &[usize]) -> Vec<u8> {
        let namespace = [namespace, vote.as_bytes()].concat();
        let sign = |index: &usize| {
            ops::sign_message::<MinPk>(&self.privates[*index], &namespace, &proposal.encode()).encode().to_vec()
        };
        Self::sum(&signers.iter().map(sign).collect::<Vec<_>>())
    }

    /// The sum of compressed signatures, compressed.
    pub fn sum(signatures: &[Vec<u8>]) -> Vec<u8> {
        let points: Vec<_> =
            signatures.iter().map(|bytes| <MinPk as Variant>::Signature::decode(bytes.clone()).unwrap()).collect();
        aggregate::combine_signatures::<MinPk, _>(NonEmpty::try_new(points.iter()).unwrap()).encode().to_vec()
    }
}
