//! Who runs each chain and how it is, as the nodes of this process hear it: for `GET /v1/chains` (S-SVC).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::{Duration, Instant},
};

use chancery_chain::{NodeHandle, Severity, diagnose};
use chancery_gateway::doors::{ChainPeers, PeerSeen, PeerView};
use chancery_rpc::NodeStatus;

use super::nodes::CityNodes;

/// How long an answer is kept: anybody may ask, and a status costs a look at everything that a node measures.
const KEPT: Duration = Duration::from_secs(2);
/// What a validator elsewhere has told is news for so long.
const TOLD_WITHIN_MS: u64 = 10_000;

/// Looks at the nodes of a city. It keeps none of them alive.
pub(super) struct NodePeers {
    chains: HashMap<&'static str, Vec<Weak<NodeHandle>>>,
    kept: Mutex<HashMap<String, (Instant, ChainPeers)>>,
}

impl NodePeers {
    pub(super) fn of(nodes: &[CityNodes]) -> Self {
        let chains = nodes.iter().map(|nodes| (nodes.chain.name, nodes.all().iter().map(Arc::downgrade).collect()));
        Self { chains: chains.collect(), kept: Mutex::default() }
    }

    fn look(&self, name: &str) -> Option<ChainPeers> {
        let statuses: Vec<NodeStatus> =
            self.chains.get(name)?.iter().filter_map(Weak::upgrade).map(|node| node.status()).collect();
        seen(&statuses)
    }
}

impl PeerView for NodePeers {
    fn of_chain(&self, name: &str) -> Option<ChainPeers> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((since, peers)) = kept.get(name)
            && since.elapsed() < KEPT
        {
            return Some(peers.clone());
        }
        let peers = self.look(name)?;
        kept.insert(name.to_owned(), (Instant::now(), peers.clone()));
        Some(peers)
    }
}

/// What the nodes of one chain say, the first of them of all validators, each of them of itself.
pub(super) fn seen(statuses: &[NodeStatus]) -> Option<ChainPeers> {
    let first = statuses.first()?;
    let heights: HashMap<&str, u64> = statuses
        .iter()
        .filter_map(|status| Some((status.validators.iter().find(|one| one.is_me)?, status.head.height)))
        .map(|(validator, height)| (validator.peer_key.as_str(), height))
        .collect();
    let final_height = statuses.iter().map(|status| status.final_height).max().unwrap_or(first.final_height);
    let peers = first.validators.iter().map(|validator| {
        // One that runs elsewhere has told what it has.
        let told = validator.report.as_ref().filter(|told| first.now_ms.saturating_sub(told.at_ms) <= TOLD_WITHIN_MS);
        let own = heights.get(validator.peer_key.as_str()).copied();
        PeerSeen {
            organization: validator.organization.clone(),
            is_connected: validator.is_me || validator.connected_since_ms.is_some(),
            last_heard_ms: if validator.is_me { Some(first.now_ms) } else { validator.last_heard_ms },
            height: own.or(told.map(|told| told.height)),
            blocks_behind: match own {
                Some(height) => Some(final_height.saturating_sub(height)),
                None => told.map(|told| told.blocks_behind),
            },
        }
    });
    let diagnosis = diagnose(first, None);
    Some(ChainPeers {
        final_height,
        epoch: first.epoch,
        view: first.view,
        waiting_transactions: first.waiting_transactions,
        is_sick: diagnosis.severity() == Some(Severity::Sick),
        // Their names alone: their texts are for whoever runs the node, and name folders.
        findings: diagnosis.findings.iter().map(|finding| name_of(finding).to_owned()).collect(),
        peers: peers.collect(),
    })
}

/// The name that `chancery doctor --json` gives a finding, with dashes.
fn name_of(finding: &chancery_chain::Finding) -> &'static str {
    use chancery_chain::Finding;
    match finding {
        Finding::NoQuorum { .. } => "no-quorum",
        Finding::Partitioned { .. } => "partitioned",
        Finding::Cut { .. } => "cut",
        Finding::OthersBehind { .. } => "others-behind",
        Finding::NotVoting { .. } => "not-voting",
        Finding::CutOff { .. } => "cut-off",
        Finding::NotPermitted { .. } => "not-permitted",
        Finding::Stalled { .. } => "stalled",
        Finding::Behind { .. } => "behind",
        Finding::Silent { .. } => "silent",
        Finding::OwnClock { .. } | Finding::OthersClock { .. } | Finding::AskersClock { .. } => "clock-differs",
        Finding::BehindOwnHead { .. } => "clock-behind-head",
        Finding::ClockSet { .. } => "clock-set",
        Finding::DiskNearlyFull { .. } => "disk-nearly-full",
        Finding::Abstaining { .. } => "abstaining",
        Finding::LosingLeader { .. } => "losing-leader",
        Finding::Accused { .. } => "accused",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use chancery_rpc::{HeadStatus, ReportedStatus, TimingStatus, ValidatorStatus};

    use super::*;

    const NOW_MS: u64 = 1_800_000_000_000;

    /// What validator `me` of three says: it hears those of `heard`.
    fn status(me: usize, height: u64, heard: &[usize]) -> NodeStatus {
        let validator = |at: usize| ValidatorStatus {
            organization: format!("city {at}"),
            peer_key: format!("{at:064x}"),
            is_me: at == me,
            connected_since_ms: heard.contains(&at).then_some(NOW_MS - 60_000),
            last_heard_ms: heard.contains(&at).then_some(NOW_MS - 100),
            last_vote: None,
            clock_ahead_ms: None,
            report: None,
        };
        NodeStatus {
            chain: "main".into(),
            chain_id: 7100,
            is_validator: true,
            may_connect: true,
            now_ms: NOW_MS,
            started_at_ms: NOW_MS - 600_000,
            head: HeadStatus { height, time_ms: NOW_MS - 500, last_final_at_ms: Some(NOW_MS - 400) },
            final_height: height,
            epoch: 3,
            view: 90,
            timing: TimingStatus { heartbeat_ms: 1000, certification_timeout_ms: 2000, inactivity_timeout_ms: 10_000 },
            validators: (0..3).map(validator).collect(),
            recent_views: Vec::new(),
            waiting_transactions: 2,
            disk: None,
            clock_set: None,
            abstains_through: None,
            accused: Vec::new(),
        }
    }

    // S-SVC
    #[test]
    fn every_validator_is_told_with_whether_it_is_connected_and_how_far_behind() {
        let peers = seen(&[status(0, 50, &[1]), status(1, 47, &[0])]).unwrap();
        let told: Vec<_> = peers.peers.iter().map(|one| (one.is_connected, one.height, one.blocks_behind)).collect();
        // The third runs elsewhere: what it has is not known here.
        assert_eq!(told, [(true, Some(50), Some(0)), (true, Some(47), Some(3)), (false, None, None)]);
        assert_eq!(peers.peers[2].organization, "city 2");
        assert_eq!((peers.final_height, peers.epoch, peers.waiting_transactions), (50, 3, 2));
        assert_eq!((peers.peers[0].last_heard_ms, peers.peers[2].last_heard_ms), (Some(NOW_MS), None));
    }

    // S-SVC
    #[test]
    fn a_validator_elsewhere_is_told_of_as_it_tells_and_not_when_that_is_old() {
        let told = |at_ms: u64| {
            let mut node = status(0, 50, &[1, 2]);
            node.validators[2].report = Some(ReportedStatus {
                at_ms,
                up_since_ms: NOW_MS - 60_000,
                epoch: 3,
                view: 70,
                final_view: 68,
                height: 10,
                final_height: 49,
                blocks_behind: 39,
                abstains_through: None,
                heard_ms: vec![Some(NOW_MS - 100); 3],
            });
            let peers = seen(&[node]).unwrap();
            (peers.peers[2].height, peers.peers[2].blocks_behind, peers.findings)
        };
        assert_eq!(told(NOW_MS - 1_000), (Some(10), Some(39), vec!["others-behind".to_owned()]));
        assert_eq!(told(NOW_MS - 20_000), (None, None, vec![]));
    }

    // S-SVC, bad input: no node of the chain runs here
    #[test]
    fn nothing_is_told_of_a_chain_that_no_node_runs() {
        assert_eq!(seen(&[]), None);
        assert_eq!(NodePeers::of(&[]).of_chain("main"), None);
    }

    // S-SVC: a text would name a folder of the machine to anybody.
    #[test]
    fn a_finding_is_told_by_its_name_alone() {
        let mut node = status(0, 50, &[1, 2]);
        node.may_connect = false;
        let peers = seen(&[node]).unwrap();
        assert!(peers.is_sick);
        assert!(peers.findings.contains(&"not-permitted".to_owned()), "{:?}", peers.findings);
    }
}
