//! Validators that break the rules: real nodes that say something else than they mean.

use std::collections::BTreeMap;

use chancery_chain::{BlockDigest, ConsensusBlock, ConsensusScheme, PeerKey, PeerTracker, ValidatorKeys, ValidatorSet};
use commonware_codec::{Decode as _, DecodeExt as _, Encode as _};
use commonware_consensus::simplex::types::{Finalize, Notarize, Nullify, Proposal, Vote};
use commonware_p2p::utils::mux;
use commonware_runtime::IoBuf;
use rand::{Rng as _, RngExt as _, SeedableRng as _, rngs::StdRng, seq::IteratorRandom as _};

use super::{
    channel::{SharedLiar, Topic},
    false_claims,
    forgeries::{Forgery, other_body, sibling},
};

/// One in so many messages of a validator that garbles is damaged.
const GARBLED_ONE_IN: u32 = 4;

/// How a validator breaks the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lie {
    /// Hears everything and says nothing.
    Silent,
    /// Proposes and votes, but keeps its blocks to itself.
    WithholdsBlocks,
    /// Each block, vote and certificate goes to some of the others only.
    TellsSome,
    /// Proposes one valid block to some and another to the rest, and votes for both.
    ProposesTwo,
    /// Proposes blocks that are not valid.
    ProposesInvalid(Forgery),
    /// Each vote for a block is followed by one for another block of the same view.
    DoubleVotes,
    /// Notarizes and finalizes whatever anybody votes for.
    VotesForEverything,
    /// Gives up each view that it votes in.
    GivesUpEverything,
    /// Bytes of what it says are changed, whatever it is.
    Garbles,
    /// Gives some a block's header with the transactions of none: the hash is right, the block is not.
    SwapsBodies,
    /// Says that transactions are from others than those who signed them, differently to each.
    FalseClaims,
    /// Two machines with the same keys, each connected with some of the others.
    Twins,
}

impl Lie {
    /// One of all.
    pub fn draw(random: &mut StdRng) -> Self {
        match random.random_range(0..11) {
            0 => Self::Silent,
            1 => Self::WithholdsBlocks,
            2 => Self::TellsSome,
            3 => Self::ProposesTwo,
            4 => Self::ProposesInvalid(Forgery::draw(random)),
            5 => Self::DoubleVotes,
            6 => Self::VotesForEverything,
            7 => Self::GivesUpEverything,
            8 => Self::Garbles,
            // Both by one number, so that no other seed tells another story than it did.
            9 => [Self::SwapsBodies, Self::FalseClaims][random.random_range(0..2)],
            _ => Self::Twins,
        }
    }

    /// The class of the lie, as it is counted.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::WithholdsBlocks => "withholds blocks",
            Self::TellsSome => "tells some only",
            Self::ProposesTwo => "proposes two blocks",
            Self::ProposesInvalid(forgery) => forgery.name(),
            Self::DoubleVotes => "votes twice",
            Self::VotesForEverything => "votes for everything",
            Self::GivesUpEverything => "gives up what it finalizes",
            Self::Garbles => "garbles",
            Self::SwapsBodies => "swaps bodies",
            Self::FalseClaims => "claims other senders",
            Self::Twins => "two machines with one key",
        }
    }

    /// Whether everybody hears both of two votes that contradict each other.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::DoubleVotes | Self::GivesUpEverything)
    }
}

type TestVote = Vote<ConsensusScheme, BlockDigest>;
/// A message and who is to get it.
type Addressed = (Vec<PeerKey>, IoBuf);

/// A valid block that stands for another.
struct Replacement {
    digest: BlockDigest,
    recipients: Vec<PeerKey>,
}

/// One liar: what it knows, and how it lies.
pub struct Liar {
    lie: Lie,
    keys: ValidatorKeys,
    random: StdRng,
    /// As whom it votes, epoch by epoch.
    schemes: BTreeMap<u64, ConsensusScheme>,
    others: Vec<PeerKey>,
    /// What it proposes instead of what its node built.
    replaced: BTreeMap<BlockDigest, Vec<Replacement>>,
}

impl Liar {
    pub fn new(lie: Lie, keys: ValidatorKeys, others: Vec<PeerKey>, seed: u64) -> Self {
        Self {
            lie,
            keys,
            random: StdRng::seed_from_u64(seed),
            schemes: BTreeMap::new(),
            others,
            replaced: BTreeMap::new(),
        }
    }

    /// What is sent instead of a message.
    pub fn says(&mut self, topic: Topic, recipients: Vec<PeerKey>, message: IoBuf) -> Vec<Addressed> {
        match (self.lie, topic) {
            (Lie::Silent, _) | (Lie::WithholdsBlocks, Topic::Blocks | Topic::Backfill) => vec![],
            (Lie::TellsSome, Topic::Blocks | Topic::Votes | Topic::Certificates) => {
                let count = self.random.random_range(0..=recipients.len());
                vec![(recipients.into_iter().sample(&mut self.random, count), message)]
            }
            (Lie::Garbles, _) if self.random.random_range(0..GARBLED_ONE_IN) == 0 => {
                vec![(recipients, self.garbled(&message))]
            }
            (Lie::FalseClaims, _) => {
                let falsified = false_claims::falsified(topic, &recipients, &message, &mut self.random);
                falsified.unwrap_or_else(|| vec![(recipients, message)])
            }
            (Lie::SwapsBodies, Topic::Blocks) => self.swaps_body(recipients, message),
            (Lie::ProposesTwo | Lie::ProposesInvalid(_), Topic::Blocks) => self.proposes(recipients, message),
            (Lie::ProposesTwo | Lie::ProposesInvalid(_) | Lie::DoubleVotes | Lie::GivesUpEverything, Topic::Votes) => {
                self.votes(recipients, message)
            }
            _ => vec![(recipients, message)],
        }
    }

    /// What is sent at once when something is heard.
    pub fn answers(&mut self, topic: Topic, message: &IoBuf) -> Vec<Addressed> {
        if self.lie != Lie::VotesForEverything || topic != Topic::Votes {
            return vec![];
        }
        let Some((epoch, vote)) = parse(message) else { return vec![] };
        let Some(proposal) = proposal(&vote) else { return vec![] };
        let others = self.others.clone();
        let votes = [self.notarize(epoch, proposal), self.finalize(epoch, proposal)];
        votes.into_iter().flatten().map(|vote| (others.clone(), encode(epoch, &vote))).collect()
    }

    fn garbled(&mut self, message: &IoBuf) -> IoBuf {
        let mut bytes = message.as_ref().to_vec();
        if bytes.is_empty() || self.random.random_range(0..4) == 0 {
            bytes.truncate(self.random.random_range(0..=bytes.len()));
        } else {
            let index = self.random.random_range(0..bytes.len());
            bytes[index] ^= 1 << self.random.random_range(0..8);
        }
        IoBuf::from(bytes)
    }

    fn swaps_body(&mut self, recipients: Vec<PeerKey>, message: IoBuf) -> Vec<Addressed> {
        let Ok(block) = ConsensusBlock::decode_cfg(message.clone(), &()) else { return vec![(recipients, message)] };
        // Few, so that the block is decided on without them.
        let (deceived, others) = recipients.into_iter().partition::<Vec<_>, _>(|_| self.random.random_range(0..4) == 0);
        let forged = ConsensusBlock::from(other_body(block.block())).encode();
        vec![(others, message), (deceived, IoBuf::from(forged))]
    }

    /// Other blocks instead of one that its node has built. A block of somebody else is passed on.
    fn proposes(&mut self, recipients: Vec<PeerKey>, message: IoBuf) -> Vec<Addressed> {
        let Ok(block) = ConsensusBlock::decode_cfg(message.clone(), &()) else { return vec![(recipients, message)] };
        let Ok(context) = block.block().context() else { return vec![(recipients, message)] };
        let digest = BlockDigest::decode(block.block().hash().to_vec()).unwrap();
        let mine = self.leads(u64::from(context.epoch), context.view);
        if !mine {
            return vec![(recipients, message)];
        }
        let blocks = match self.lie {
            Lie::ProposesInvalid(forgery) => {
                let forged = forgery.forge(block.block(), &mut self.random);
                vec![(forged, self.others.clone())]
            }
            _ => {
                // Now and then everybody hears both.
                let openly = self.random.random_range(0..4) == 0;
                let (one, two) = self.others.iter().cloned().partition(|_| self.random.random());
                let (one, two) = if openly { (self.others.clone(), self.others.clone()) } else { (one, two) };
                vec![(block.block().clone(), one), (sibling(block.block()), two)]
            }
        };
        let mut said = Vec::new();
        let mut replacements = Vec::new();
        for (block, recipients) in blocks {
            let digest = BlockDigest::decode(block.hash().to_vec()).unwrap();
            said.push((recipients.clone(), IoBuf::from(ConsensusBlock::from(block).encode())));
            replacements.push(Replacement { digest, recipients });
        }
        self.replaced.entry(digest).or_insert(replacements);
        said
    }

    fn votes(&mut self, recipients: Vec<PeerKey>, message: IoBuf) -> Vec<Addressed> {
        let honestly = vec![(recipients.clone(), message.clone())];
        let Some((epoch, vote)) = parse(&message) else { return honestly };
        let Some(voted) = proposal(&vote).cloned() else { return honestly };
        let encoded = |vote: Option<TestVote>| vote.map(|vote| encode(epoch, &vote));
        match self.lie {
            Lie::DoubleVotes => {
                let other = Proposal::new(voted.round, voted.parent, self.any_digest());
                let other = match vote {
                    Vote::Notarize(_) => self.notarize(epoch, &other),
                    _ => self.finalize(epoch, &other),
                };
                [Some(message), encoded(other)].into_iter().flatten().map(|vote| (recipients.clone(), vote)).collect()
            }
            Lie::GivesUpEverything => {
                let given_up =
                    self.schemes.get(&epoch).and_then(|scheme| Nullify::sign::<BlockDigest>(scheme, voted.round));
                [Some(message), encoded(given_up.map(Vote::Nullify))]
                    .into_iter()
                    .flatten()
                    .map(|vote| (recipients.clone(), vote))
                    .collect()
            }
            _ => {
                let Some(replacements) = self.replaced.get(&voted.payload) else { return honestly };
                let mut said = Vec::new();
                for Replacement { digest, recipients } in replacements {
                    let proposal = Proposal::new(voted.round, voted.parent, *digest);
                    let vote = match vote {
                        Vote::Notarize(_) => self.notarize(epoch, &proposal),
                        _ => self.finalize(epoch, &proposal),
                    };
                    said.extend(encoded(vote).map(|vote| (recipients.clone(), vote)));
                }
                said
            }
        }
    }

    fn any_digest(&mut self) -> BlockDigest {
        let mut digest = [0; 32];
        self.random.fill_bytes(&mut digest);
        BlockDigest::decode(digest.to_vec()).unwrap()
    }

    fn leads(&self, epoch: u64, view: u64) -> bool {
        use commonware_consensus::{
            simplex::elector::{self, Elector as _, RoundRobin},
            types::{Epoch, Round, View},
        };
        use commonware_cryptography::{certificate::Scheme as _, sha256::Sha256};
        let Some(scheme) = self.schemes.get(&epoch) else { return false };
        let elector = elector::Config::<ConsensusScheme>::build(RoundRobin::<Sha256>::default(), scheme.participants());
        let leader = elector.elect(Round::new(Epoch::new(epoch), View::new(view)), ());
        scheme.me().and_then(|me| me.signer()) == Some(leader)
    }

    fn notarize(&self, epoch: u64, proposal: &Proposal<BlockDigest>) -> Option<TestVote> {
        Notarize::sign(self.schemes.get(&epoch)?, proposal.clone()).map(Vote::Notarize)
    }

    fn finalize(&self, epoch: u64, proposal: &Proposal<BlockDigest>) -> Option<TestVote> {
        Finalize::sign(self.schemes.get(&epoch)?, proposal.clone()).map(Vote::Finalize)
    }
}

/// Tells a liar who decides.
pub struct Informs(pub SharedLiar);

impl PeerTracker for Informs {
    fn track(&mut self, validators: &ValidatorSet) {
        let mut liar = self.0.lock().unwrap();
        let scheme = validators.scheme(&liar.keys);
        liar.schemes.insert(validators.epoch(), scheme);
    }
}

/// A vote and the epoch that stands before it.
fn parse(message: &IoBuf) -> Option<(u64, TestVote)> {
    let (epoch, vote) = mux::parse(message.clone()).ok()?;
    Some((epoch, TestVote::decode(vote).ok()?))
}

fn encode(epoch: u64, vote: &TestVote) -> IoBuf {
    use commonware_codec::{Write as _, varint::UInt};
    let mut bytes = Vec::new();
    UInt(epoch).write(&mut bytes);
    bytes.extend_from_slice(vote.encode().as_ref());
    IoBuf::from(bytes)
}

const fn proposal(vote: &TestVote) -> Option<&Proposal<BlockDigest>> {
    match vote {
        Vote::Notarize(vote) => Some(&vote.proposal),
        Vote::Finalize(vote) => Some(&vote.proposal),
        Vote::Nullify(_) => None,
    }
}

/// Votes for the same proposal and for another of the same view.
pub fn conflicting(scheme: &ConsensusScheme, vote: &TestVote, other: BlockDigest) -> Vec<TestVote> {
    let proposals =
        |proposal: &Proposal<BlockDigest>| [proposal.clone(), Proposal::new(proposal.round, proposal.parent, other)];
    match vote {
        Vote::Notarize(notarize) => proposals(&notarize.proposal)
            .into_iter()
            .filter_map(|proposal| Notarize::sign(scheme, proposal).map(Vote::Notarize))
            .collect(),
        Vote::Finalize(finalize) => proposals(&finalize.proposal)
            .into_iter()
            .filter_map(|proposal| Finalize::sign(scheme, proposal).map(Vote::Finalize))
            .collect(),
        Vote::Nullify(_) => vec![],
    }
}
