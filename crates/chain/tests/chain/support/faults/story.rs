//! What a seed says: who lies and how, whether the validators change, which classes of faults happen.

use std::{collections::BTreeMap, time::Duration};

use rand::{
    RngExt as _,
    rngs::StdRng,
    seq::{IndexedRandom as _, IteratorRandom as _, SliceRandom as _},
};

use super::lies::Lie;

/// Fewest and most faults of one run.
const FAULTS: std::ops::RangeInclusive<usize> = 7..=11;

/// Classes of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// One is killed, at any await.
    Crash,
    /// Several are killed at once, perhaps more than f.
    CrashSeveral,
    /// All are killed and start again.
    CrashAll,
    /// One is killed, and what execution keeps is lost.
    ExecutionLost,
    /// Two sides that do not reach one another.
    Partition,
    /// One that nobody reaches and that reaches nobody.
    Isolation,
    /// Links that carry in one direction alone.
    OneWay,
    /// Messages are lost.
    Loss,
    /// Messages take long, on each link in its own way.
    Delay,
    /// Messages come twice, late, and in another order.
    Disorder,
    /// A clock is set, ahead or back.
    ClockStep,
}

const ALL: [Fault; 11] = [
    Fault::Crash,
    Fault::CrashSeveral,
    Fault::CrashAll,
    Fault::ExecutionLost,
    Fault::Partition,
    Fault::Isolation,
    Fault::OneWay,
    Fault::Loss,
    Fault::Delay,
    Fault::Disorder,
    Fault::ClockStep,
];

impl Fault {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crash => "crash of one",
            Self::CrashSeveral => "crash of several",
            Self::CrashAll => "crash of all",
            Self::ExecutionLost => "execution data lost",
            Self::Partition => "partition",
            Self::Isolation => "isolation of one",
            Self::OneWay => "links in one direction",
            Self::Loss => "loss",
            Self::Delay => "delay",
            Self::Disorder => "duplication and reordering",
            Self::ClockStep => "clock step",
        }
    }
}

/// How the validators change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// They do not, and there is one endless epoch.
    None,
    /// A follower is voted in.
    Join,
    /// An honest validator is voted out.
    Leave(usize),
    /// A follower is voted in, then an honest validator out.
    Exchange(usize),
    /// A liar is voted out.
    LiarLeaves(usize),
}

impl Change {
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "no change of validators",
            Self::Join => "one joins",
            Self::Leave(_) => "one leaves",
            Self::Exchange(_) => "one joins, one leaves",
            Self::LiarLeaves(_) => "a liar is voted out",
        }
    }

    /// Whether there is a follower that is to be voted in.
    pub const fn has_candidate(self) -> bool {
        matches!(self, Self::Join | Self::Exchange(_))
    }
}

/// Everything that is drawn before the run begins.
#[derive(Clone, Debug)]
pub struct Story {
    pub liars: BTreeMap<usize, Lie>,
    pub change: Change,
    /// Validators whose execution data may be lost. One that has lost them may abstain for long, since its record of votes tells of a folder that
    /// was put back (CHAIN-7), so there are no more of them and liars than the smallest set bears.
    pub losers: Vec<usize>,
    /// In the order in which they happen; each class that was drawn is among them.
    pub faults: Vec<Fault>,
    pub heartbeat: Duration,
    /// How often transactions are sent.
    pub pace: Duration,
    /// Whether who is blocked is disconnected too, as on a real network.
    pub disconnects: bool,
}

/// How many liars so many validators bear.
const fn tolerated(validators: usize) -> usize {
    (validators - 1) / 3
}

impl Story {
    pub fn draw(random: &mut StdRng, validators: usize) -> Self {
        let count = random.random_range(0..=tolerated(validators));
        let liars: BTreeMap<usize, Lie> =
            (0..validators).sample(random, count).into_iter().map(|index| (index, Lie::draw(random))).collect();
        let change = Self::draw_change(random, validators, &liars);
        let leaves = matches!(change, Change::Leave(_) | Change::LiarLeaves(_));
        let most = tolerated(validators - usize::from(leaves)).saturating_sub(liars.len());
        let losers = (0..validators).filter(|index| !liars.contains_key(index)).sample(random, most);
        let classes = random.random_range(4..=7);
        let classes: Vec<Fault> = ALL.sample(random, classes).copied().collect();
        let most = random.random_range(FAULTS);
        let more = (classes.len()..most).map(|_| *classes.choose(random).unwrap()).collect::<Vec<_>>();
        let mut faults = [classes, more].concat();
        faults.shuffle(random);
        Self {
            liars,
            change,
            losers,
            faults,
            heartbeat: Duration::from_millis(*[300, 500, 1_000].choose(random).unwrap()),
            pace: Duration::from_millis(random.random_range(150..600)),
            disconnects: random.random(),
        }
    }

    /// The same with one liar alone, the first validator, among validators of whom none leaves or loses data: as many faults as four bear.
    pub fn of_one_liar(self, lie: Lie) -> Self {
        let change = if self.change == Change::Join { Change::Join } else { Change::None };
        Self { liars: BTreeMap::from([(0, lie)]), change, losers: Vec::new(), ..self }
    }

    /// A change that leaves no epoch with more liars than it bears.
    fn draw_change(random: &mut StdRng, validators: usize, liars: &BTreeMap<usize, Lie>) -> Change {
        let honest = (0..validators).filter(|index| !liars.contains_key(index)).choose(random).unwrap();
        let one_less = tolerated(validators - 1);
        match random.random_range(0..6) {
            0 | 1 => Change::None,
            2 => Change::Join,
            3 if liars.len() <= one_less => Change::Leave(honest),
            4 => Change::Exchange(honest),
            _ => match liars.keys().next() {
                Some(liar) if liars.len() - 1 <= one_less => Change::LiarLeaves(*liar),
                _ => Change::Join,
            },
        }
    }
}
