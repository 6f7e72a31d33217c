//! What validators say to one another: votes, certificates, conflicting votes. The decoders are the consensus library's, with this chain's types; and
//! the light client reads the same certificates by itself.

use bytes::Bytes;
use chancery_chain::{BlockDigest, ConsensusScheme, ValidatorKeys, ValidatorSet, wire::decode_self_report};
use chancery_execution::GenesisConfig;
use chancery_light::{FinalityCertificate, MAX_VALIDATORS};
use commonware_codec::{Decode, DecodeExt as _, Encode};
use commonware_consensus::{
    simplex::types::{Activity, Certificate, Finalization, Finalize, Notarization, Notarize, Nullify, Proposal, Vote},
    types::{Epoch, Round, View},
};
use commonware_parallel::Sequential;
use commonware_utils::iter::NonEmpty;

use crate::genesis;

/// A message has one encoding, and the light client reads each finality certificate that consensus reads, and as the same.
pub fn check(data: &[u8]) {
    let Some((kind, data)) = data.split_first() else { return };
    match kind % 6 {
        0 => one_encoding::<Vote<ConsensusScheme, BlockDigest>>(data, &()),
        1 => one_encoding::<Certificate<ConsensusScheme, BlockDigest>>(data, &MAX_VALIDATORS),
        2 => one_encoding::<Activity<ConsensusScheme, BlockDigest>>(data, &MAX_VALIDATORS),
        3 => one_encoding::<Proposal<BlockDigest>>(data, &()),
        4 => finality(data),
        _ => self_report(data),
    }
}

fn one_encoding<T: Decode + Encode>(data: &[u8], config: &T::Cfg) {
    if let Ok(message) = T::decode_cfg(Bytes::copy_from_slice(data), config) {
        assert_eq!(message.encode().as_ref(), data, "a message has two encodings");
    }
}

fn self_report(data: &[u8]) {
    if let Ok(again) = decode_self_report(Bytes::copy_from_slice(data)) {
        assert_eq!(again.as_ref(), data, "a report has two encodings");
    }
}

fn finality(data: &[u8]) {
    let ours = FinalityCertificate::decode(data);
    let theirs =
        Finalization::<ConsensusScheme, BlockDigest>::decode_cfg(Bytes::copy_from_slice(data), &MAX_VALIDATORS);
    let Ok(theirs) = theirs else { return };
    assert_eq!(theirs.encode().as_ref(), data);
    let ours = ours.expect("consensus reads a certificate that the light client refuses");
    assert_eq!(ours.encode().as_ref(), data);
    let proposal = &theirs.proposal;
    assert_eq!((ours.epoch, ours.view), (proposal.round.epoch().get(), proposal.round.view().get()));
    assert_eq!((ours.parent_view, ours.block_hash.0), (proposal.parent.get(), proposal.payload.0));
}

/// Four validators' signing schemes, in the order of the set.
fn schemes() -> Vec<ConsensusScheme> {
    let mut keys: Vec<_> = (0..4).map(ValidatorKeys::from_seed).collect();
    keys.sort_by_key(ValidatorKeys::peer_public_key);
    let validators = keys.iter().map(|keys| keys.public("validator")).collect();
    let config = GenesisConfig { validators, ..genesis::small() };
    let set = ValidatorSet::new(&config, config.build().unwrap().header().hash()).unwrap();
    keys.iter().map(|keys| set.scheme(keys)).collect()
}

/// Every kind of vote and certificate.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let schemes = schemes();
    let digest = |byte| BlockDigest::decode(Bytes::from(vec![byte; 32])).unwrap();
    let proposal = |byte| Proposal::new(Round::new(Epoch::new(1), View::new(300)), View::new(299), digest(byte));
    let notarizes: Vec<_> = schemes.iter().map(|scheme| Notarize::sign(scheme, proposal(1)).unwrap()).collect();
    let finalizes: Vec<_> = schemes.iter().map(|scheme| Finalize::sign(scheme, proposal(1)).unwrap()).collect();
    let nullify = Nullify::sign::<BlockDigest>(&schemes[0], proposal(1).round).unwrap();
    let some = |count| NonEmpty::try_new(notarizes[..count].iter()).unwrap();
    let notarization = Notarization::from_notarizes(&schemes[0], some(3), &Sequential).unwrap();
    let finalized = NonEmpty::try_new(finalizes[1..].iter()).unwrap();
    let finalization = Finalization::from_finalizes(&schemes[0], finalized, &Sequential).unwrap();
    let tagged = |kind: u8, bytes: Bytes| [&[kind][..], &bytes].concat();
    type OwnVote = Vote<ConsensusScheme, BlockDigest>;
    type OwnActivity = Activity<ConsensusScheme, BlockDigest>;
    vec![
        tagged(0, OwnVote::Notarize(notarizes[0].clone()).encode()),
        tagged(0, OwnVote::Finalize(finalizes[0].clone()).encode()),
        tagged(0, OwnVote::Nullify(nullify.clone()).encode()),
        tagged(1, Certificate::Notarization(notarization.clone()).encode()),
        tagged(1, Certificate::Finalization(finalization.clone()).encode()),
        tagged(2, OwnActivity::Notarize(notarizes[0].clone()).encode()),
        tagged(2, OwnActivity::Nullify(nullify).encode()),
        tagged(2, OwnActivity::Notarization(notarization).encode()),
        tagged(2, OwnActivity::Finalization(finalization.clone()).encode()),
        tagged(3, proposal(2).encode()),
        tagged(4, finalization.encode()),
        // Version, five numbers, seconds, nothing abstained from, four validators.
        tagged(5, Bytes::from_static(&[1, 3, 0xac, 2, 7, 9, 9, 60, 0, 4, 1, 2, 0, 6])),
        tagged(5, Bytes::from_static(&[1, 0, 1, 0, 1, 1, 1, 1, 0xff, 1, 0])),
    ]
}
