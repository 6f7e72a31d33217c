//! What this node has heard of the others: who voted when, which views were given up, whose votes contradict each other.
//!
//! ```text
//! p2p --votes--> Hearing --> simplex --activity--> Listening --> application
//!                   |                                  |
//!                   +-----------> Witness <------------+----- conflicting votes --> keeper --> evidence file
//!                                    |
//!                                    +--> status, evidence (RPC)
//! ```
//!
//! Place: a wrapper around what consensus receives and reports. It never answers consensus and never delays it: whatever is slow (verifying
//! evidence, writing it) happens in a task of its own.

mod evidence;
mod keeper;
mod listening;
mod machine;
mod reports;
mod status;

use std::{
    collections::{BTreeMap, VecDeque},
    fmt, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use chancery_execution::{Blockchain, GenesisConfig};
use chancery_light::{ChainReference, ValidatorKey};
use chancery_rpc::{ClockSet, EvidenceRecord, LastVote};
use commonware_consensus::types::{Epoch, Participant};
use tokio::sync::mpsc;

pub(crate) use evidence::parse as parse_evidence;
pub use evidence::read_evidence;
pub(crate) use machine::disk_full;
pub use machine::{free_bytes, is_locked};
pub(crate) use status::own_metrics;

use self::evidence::EvidenceFile;
use crate::{ConsensusTiming, PeerKey, ValidatorSet};

/// Views that are remembered.
const RECENT_VIEWS: usize = 64;
/// Pieces of evidence that wait to be verified; a liar that sends more is known already.
const MAX_WAITING_EVIDENCE: usize = 64;

/// Reads a clock.
type Now = Arc<dyn Fn() -> SystemTime + Send + Sync>;
/// Gives the runtime's metrics as text.
type Metrics = Arc<dyn Fn() -> String + Send + Sync>;

/// What a node has heard. Clones share it.
#[derive(Clone)]
pub struct Witness(Arc<Shared>);

struct Shared {
    now: Now,
    metrics: Metrics,
    started_at: SystemTime,
    timing: ConsensusTiming,
    me: PeerKey,
    chain: Blockchain,
    data_dir: PathBuf,
    reference: ChainReference,
    /// Peer key -> organization, as the genesis has it.
    names: BTreeMap<PeerKey, String>,
    heard: Mutex<Heard>,
    evidence: Mutex<EvidenceFile>,
    waiting: mpsc::Sender<EvidenceRecord>,
    /// Taken by the keeper when it starts.
    to_keep: Mutex<Option<mpsc::Receiver<EvidenceRecord>>>,
}

/// What changes with every message.
#[derive(Default)]
struct Heard {
    epoch: Epoch,
    view: u64,
    /// The last of the epoch that is final.
    final_view: u64,
    final_height: u64,
    last_final_at: Option<SystemTime>,
    members: Vec<PeerKey>,
    /// The organizations that run the epoch's validators.
    organizations: BTreeMap<PeerKey, String>,
    last_heard: BTreeMap<PeerKey, SystemTime>,
    last_votes: BTreeMap<PeerKey, LastVote>,
    /// The newest that each validator of the epoch has told of itself.
    reports: BTreeMap<PeerKey, reports::Received>,
    clock_ahead_ms: BTreeMap<PeerKey, i64>,
    recent_views: VecDeque<EndedView>,
    clock_set: Option<ClockSet>,
    abstains_through: Option<u64>,
}

struct EndedView {
    view: u64,
    leader: PeerKey,
    given_up: bool,
}

impl fmt::Debug for Witness {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Witness").field("data_dir", &self.0.data_dir).finish_non_exhaustive()
    }
}

impl Witness {
    /// A witness that has heard nothing yet, with the evidence of earlier runs.
    ///
    /// `now` is the clock of consensus, `metrics` gives the runtime's metrics as text, from which connections are read.
    ///
    /// # Errors
    /// When the evidence cannot be read.
    pub fn new(
        chain: Blockchain,
        me: PeerKey,
        timing: ConsensusTiming,
        data_dir: &Path,
        now: impl Fn() -> SystemTime + Send + Sync + 'static,
        metrics: impl Fn() -> String + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let (waiting, to_keep) = mpsc::channel(MAX_WAITING_EVIDENCE);
        let genesis = chain.genesis_config();
        let head = chain.head().block().height();
        Ok(Self(Arc::new(Shared {
            started_at: now(),
            now: Arc::new(now),
            metrics: Arc::new(metrics),
            timing,
            me,
            reference: ChainReference { chain_id: genesis.chain_id, genesis_hash: chain.genesis_hash() },
            names: names(genesis),
            heard: Mutex::new(Heard { final_height: head, ..Heard::default() }),
            evidence: Mutex::new(EvidenceFile::open(data_dir)?),
            waiting,
            to_keep: Mutex::new(Some(to_keep)),
            data_dir: data_dir.to_owned(),
            chain,
        })))
    }

    /// Where the chain's data are.
    pub(crate) fn data_dir(&self) -> &Path {
        &self.0.data_dir
    }

    /// The evidence that is kept, oldest first.
    #[must_use]
    pub fn evidence(&self) -> Vec<EvidenceRecord> {
        self.kept().records().to_vec()
    }

    /// Notes that marshal knows a block to be final.
    pub(crate) fn note_final(&self, height: u64) {
        let now = self.now();
        let mut heard = self.heard();
        if height > heard.final_height {
            heard.final_height = height;
            heard.last_final_at = Some(now);
        }
    }

    /// Notes how far the time of a proposal lay ahead when it arrived; consensus asks about proposals of this moment alone.
    pub(crate) fn note_proposal_time(&self, leader: &PeerKey, time_ms: u64) {
        let ahead = signed_difference(time_ms, unix_ms(self.now()));
        self.heard().clock_ahead_ms.insert(leader.clone(), ahead);
    }

    /// Notes that the machine's clock was set.
    pub(crate) fn note_clock_set(&self, by_ms: i64) {
        let at_ms = unix_ms(self.now());
        self.heard().clock_set = Some(ClockSet { at_ms, by_ms });
    }

    /// Notes that this validator does not vote before the view after this one, or that it may vote.
    pub(crate) fn note_abstaining(&self, through: Option<u64>) {
        self.heard().abstains_through = through;
    }

    /// Whether a peer has not been silent yet for as long as makes consensus skip it. Who was never heard has been silent since this node's start.
    pub(crate) fn may_be_active(&self, peer: &PeerKey) -> bool {
        let silent_since = self.heard().last_heard.get(peer).copied().unwrap_or(self.0.started_at);
        // A clock that was put back says nothing.
        self.now().duration_since(silent_since).map_or(true, |silent| silent < self.0.timing.inactivity_timeout)
    }

    fn now(&self) -> SystemTime {
        (self.0.now)()
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.0.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self) -> MutexGuard<'_, EvidenceFile> {
        self.0.evidence.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The organization behind a peer key, as the epoch has it or else the genesis; the key where neither names it.
    fn name(&self, peer: &PeerKey, heard: &Heard) -> String {
        let named = heard.organizations.get(peer).or_else(|| self.0.names.get(peer));
        named.cloned().unwrap_or_else(|| format!("0x{peer}"))
    }
}

/// One epoch's validators, by their position in signatures.
#[derive(Clone, Debug)]
pub(crate) struct Electorate {
    epoch: u64,
    peers: Vec<PeerKey>,
    keys: Vec<ValidatorKey>,
    organizations: Vec<String>,
}

impl Electorate {
    pub(crate) fn new(validators: &ValidatorSet) -> Self {
        Self {
            epoch: validators.epoch(),
            peers: validators.peers().iter().cloned().collect(),
            keys: validators.trusted().validators().to_vec(),
            organizations: validators.organizations().to_vec(),
        }
    }

    fn peer(&self, signer: Participant) -> Option<&PeerKey> {
        self.peers.get(usize::try_from(signer.get()).ok()?)
    }

    fn organization(&self, signer: Participant) -> Option<&String> {
        self.organizations.get(usize::try_from(signer.get()).ok()?)
    }

    fn key(&self, signer: Participant) -> Option<ValidatorKey> {
        self.keys.get(usize::try_from(signer.get()).ok()?).copied()
    }
}

fn names(genesis: &GenesisConfig) -> BTreeMap<PeerKey, String> {
    let named = genesis.validators.iter().filter_map(|validator| {
        let peer = PeerKey::try_from(validator.peer_public_key.as_slice()).ok()?;
        Some((peer, validator.name.clone()))
    });
    named.collect()
}

fn unix_ms(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn signed_difference(later: u64, earlier: u64) -> i64 {
    i64::try_from(i128::from(later) - i128::from(earlier)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use alloy_primitives::B256;
    use chancery_execution::RegisteredValidator;

    use super::*;
    use crate::ValidatorKeys;

    // EVIDENCE-7
    #[test]
    fn a_validator_that_was_voted_in_is_named_as_the_registry_has_it() {
        let keys = [1, 2].map(ValidatorKeys::from_seed);
        let config = GenesisConfig {
            name: "main".to_owned(),
            chain_id: 7100,
            timestamp: 1_700_000_000,
            gas_limit: 100_000_000,
            validators: vec![keys[0].public("Ministry A")],
            alloc: BTreeMap::new(),
            predeploys: Vec::new(),
        };
        let genesis = ValidatorSet::new(&config, B256::ZERO).unwrap();
        let mut organization = B256::ZERO;
        organization[..10].copy_from_slice(b"Ministry E");
        let newcomer = RegisteredValidator {
            organization,
            peer_public_key: keys[1].peer_public_key_bytes(),
            bls_public_key: keys[1].bls_public_key(),
        };
        let electorate = Electorate::new(&genesis.in_epoch(1, &[newcomer]).unwrap());
        let first = Participant::new(0);
        assert_eq!(electorate.organization(first).map(String::as_str), Some("Ministry E"));
        assert_eq!(electorate.key(first), Some(keys[1].bls_public_key()));
        assert_eq!(electorate.peer(first), Some(&keys[1].peer_public_key()));
        assert_eq!(electorate.organization(Participant::new(1)), None);
    }
}
