//! The wrappers through which consensus is overheard. They pass everything on unchanged.

use std::num::NonZeroUsize;

use alloy_primitives::FixedBytes;
use chancery_light::{ConflictingVotes, EVIDENCE_VERSION, SignedVote, VoteKind, VotedBlock};
use chancery_rpc::{EvidenceRecord, LastVote};
use commonware_actor::Feedback;
use commonware_codec::{Decode as _, Encode};
use commonware_consensus::{
    Reporter,
    marshal::Update,
    simplex::{
        elector::{self, Elector as _, RoundRobin},
        types::{Activity, Attributable as _, Finalize, Notarize, Nullify, Proposal},
    },
    types::{Epoch, Participant, Round},
};
use commonware_cryptography::{certificate::Scheme as _, sha256::Sha256};
use commonware_p2p::{Message, Receiver};

use super::{Electorate, EndedView, RECENT_VIEWS, Witness, unix_ms};
use crate::{BlockDigest, ConsensusBlock, ConsensusScheme, PeerKey, block::hash};

/// What peers send, with a note of who sent.
#[derive(Debug)]
pub(crate) struct Hearing<R> {
    inner: R,
    witness: Witness,
}

impl<R: Receiver<PublicKey = PeerKey>> Receiver for Hearing<R> {
    type Error = R::Error;
    type PublicKey = PeerKey;

    fn capacity(&self) -> NonZeroUsize {
        self.inner.capacity()
    }

    async fn recv(&mut self) -> Result<Message<PeerKey>, Self::Error> {
        let message = self.inner.recv().await?;
        let now = self.witness.now();
        self.witness.heard().last_heard.insert(message.0.clone(), now);
        Ok(message)
    }
}

/// What marshal reports, with a note of how far the chain is final.
#[derive(Clone)]
pub(crate) struct Tips<R> {
    inner: R,
    witness: Witness,
}

impl<R: Reporter<Activity = Update<ConsensusBlock>>> Reporter for Tips<R> {
    type Activity = R::Activity;

    fn report(&mut self, update: Self::Activity) -> Feedback {
        match &update {
            Update::Tip(_, height, _) => self.witness.note_final(height.get()),
            Update::Block(block, _) => self.witness.note_final(block.inner().block().height()),
        }
        self.inner.report(update)
    }
}

/// What the consensus of one epoch reports, with a note of votes, views and contradictions.
#[derive(Clone)]
pub(crate) struct Listening<R> {
    inner: R,
    witness: Witness,
    electorate: Electorate,
    scheme: ConsensusScheme,
}

impl<R: Reporter<Activity = Activity<ConsensusScheme, BlockDigest>>> Reporter for Listening<R> {
    type Activity = R::Activity;

    fn report(&mut self, activity: Self::Activity) -> Feedback {
        self.note(&activity);
        self.inner.report(activity)
    }
}

impl Witness {
    /// Notes who sends what `receiver` receives.
    pub(crate) fn hearing<R>(&self, receiver: R) -> Hearing<R> {
        Hearing { inner: receiver, witness: self.clone() }
    }

    /// Notes what marshal says to `reporter`.
    pub(crate) fn tips<R>(&self, reporter: R) -> Tips<R> {
        Tips { inner: reporter, witness: self.clone() }
    }

    /// Notes what the consensus of one epoch says to `reporter`; `scheme` and `electorate` are that epoch's.
    pub(crate) fn listening<R>(&self, reporter: R, scheme: &ConsensusScheme, electorate: Electorate) -> Listening<R> {
        let mut heard = self.heard();
        heard.members = electorate.peers.clone();
        heard.organizations = electorate.peers.iter().cloned().zip(electorate.organizations.iter().cloned()).collect();
        heard.epoch = Epoch::new(electorate.epoch);
        heard.reports.retain(|peer, _| electorate.peers.contains(peer));
        // Each epoch counts its views from one.
        heard.view = 0;
        heard.final_view = 0;
        heard.recent_views.clear();
        drop(heard);
        Listening { inner: reporter, witness: self.clone(), electorate, scheme: scheme.clone() }
    }
}

impl<R> Listening<R> {
    fn note(&self, activity: &Activity<ConsensusScheme, BlockDigest>) {
        match activity {
            Activity::Notarize(vote) => self.note_vote(vote.signer(), VoteKind::Notarize, vote.proposal.round),
            Activity::Nullify(vote) => self.note_vote(vote.signer(), VoteKind::Nullify, vote.round),
            Activity::Finalize(vote) => self.note_vote(vote.signer(), VoteKind::Finalize, vote.proposal.round),
            Activity::Notarization(certificate) => self.note_ended(certificate.proposal.round, false),
            Activity::Nullification(certificate) => self.note_ended(certificate.round, true),
            Activity::Finalization(certificate) => {
                let mut heard = self.witness.heard();
                heard.final_view = heard.final_view.max(certificate.proposal.round.view().get());
            }
            Activity::Certification(_) => {}
            Activity::ConflictingNotarize(pair) => {
                if let Ok((one, two)) = <(NotarizeVote, NotarizeVote)>::decode_cfg(pair.encode(), &((), ())) {
                    self.accuse(one.signer(), one.proposal.round, [notarize(&one), notarize(&two)]);
                }
            }
            Activity::ConflictingFinalize(pair) => {
                if let Ok((one, two)) = <(FinalizeVote, FinalizeVote)>::decode_cfg(pair.encode(), &((), ())) {
                    self.accuse(one.signer(), one.proposal.round, [finalize(&one), finalize(&two)]);
                }
            }
            Activity::NullifyFinalize(pair) => {
                if let Ok((one, two)) = <(NullifyVote, FinalizeVote)>::decode_cfg(pair.encode(), &((), ())) {
                    self.accuse(one.signer(), one.round, [nullify(&one), finalize(&two)]);
                }
            }
        }
    }

    fn note_vote(&self, signer: Participant, kind: VoteKind, round: Round) {
        let Some(peer) = self.electorate.peer(signer) else { return };
        let view = round.view().get();
        let now = self.witness.now();
        let mut heard = self.witness.heard();
        heard.epoch = round.epoch();
        heard.view = heard.view.max(view);
        heard.last_votes.insert(peer.clone(), LastVote { kind, view, at_ms: unix_ms(now) });
        heard.last_heard.insert(peer.clone(), now);
    }

    fn note_ended(&self, round: Round, given_up: bool) {
        let rotation = RoundRobin::<Sha256>::default();
        let elector = elector::Config::<ConsensusScheme>::build(rotation, self.scheme.participants());
        let Some(leader) = self.electorate.peer(elector.elect(round, ())).cloned() else { return };
        let view = round.view().get();
        let mut heard = self.witness.heard();
        heard.view = heard.view.max(view);
        match heard.recent_views.iter_mut().find(|ended| ended.view == view) {
            // A view may have both: then there is a block.
            Some(ended) => ended.given_up &= given_up,
            None => {
                heard.recent_views.push_back(EndedView { view, leader, given_up });
                if heard.recent_views.len() > RECENT_VIEWS {
                    heard.recent_views.pop_front();
                }
            }
        }
    }

    fn accuse(&self, signer: Participant, round: Round, votes: [SignedVote; 2]) {
        let (Some(organization), Some(validator)) = (self.electorate.organization(signer), self.electorate.key(signer))
        else {
            return;
        };
        let evidence = ConflictingVotes {
            version: EVIDENCE_VERSION,
            chain: self.witness.0.reference,
            epoch: round.epoch().get(),
            view: round.view().get(),
            validator,
            votes,
        };
        let Ok(misconduct) = evidence.misconduct() else { return };
        self.witness.accuse(EvidenceRecord {
            organization: organization.clone(),
            misconduct,
            heard_at_ms: unix_ms(self.witness.now()),
            evidence,
            membership: None,
        });
    }
}

type NotarizeVote = Notarize<ConsensusScheme, BlockDigest>;
type FinalizeVote = Finalize<ConsensusScheme, BlockDigest>;
type NullifyVote = Nullify<ConsensusScheme>;

fn notarize(vote: &NotarizeVote) -> SignedVote {
    signed(VoteKind::Notarize, Some(&vote.proposal), &vote.attestation.signature)
}

fn finalize(vote: &FinalizeVote) -> SignedVote {
    signed(VoteKind::Finalize, Some(&vote.proposal), &vote.attestation.signature)
}

fn nullify(vote: &NullifyVote) -> SignedVote {
    signed(VoteKind::Nullify, None, &vote.attestation.signature)
}

fn signed(kind: VoteKind, proposal: Option<&Proposal<BlockDigest>>, signature: &impl Encode) -> SignedVote {
    let block =
        proposal.map(|proposal| VotedBlock { parent_view: proposal.parent.get(), hash: hash(proposal.payload) });
    SignedVote { kind, block, signature: FixedBytes::from_slice(&signature.encode()) }
}
