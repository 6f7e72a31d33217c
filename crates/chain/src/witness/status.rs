//! What the witness answers to whoever asks.

use std::collections::BTreeMap;

use chancery_rpc::{EvidenceRecord, HeadStatus, NodeReports, NodeStatus, TimingStatus, ValidatorStatus, ViewStatus};

use commonware_runtime::Metrics;

use super::{Heard, Witness, machine, millis, unix_ms};
use crate::{PeerKey, PermittedNodes};

/// The end of the name of the network's gauge of connections.
const CONNECTED_GAUGE: &str = "_connected{";

impl NodeReports for Witness {
    fn status(&self) -> NodeStatus {
        let shared = &self.0;
        let head = shared.chain.head();
        let connected = connections(&(shared.metrics)());
        let disk = machine::disk(&shared.data_dir).ok();
        let mut accused: Vec<_> = self.kept().records().iter().map(|record| record.organization.clone()).collect();
        accused.sort();
        accused.dedup();
        let timing = &shared.timing;
        let heard = self.heard();
        NodeStatus {
            chain: shared.chain.genesis_config().name.clone(),
            chain_id: shared.reference.chain_id,
            is_validator: heard.members.contains(&shared.me),
            // What cannot be read is no reason to say that somebody may not.
            may_connect: heard.members.contains(&shared.me)
                || PermittedNodes::at_head(&shared.chain).map_or(true, |permitted| permitted.permits(&shared.me)),
            now_ms: unix_ms(self.now()),
            started_at_ms: unix_ms(shared.started_at),
            head: HeadStatus {
                height: head.block().height(),
                time_ms: head.block().time_ms(),
                last_final_at_ms: heard.last_final_at.map(unix_ms),
            },
            final_height: heard.final_height.max(head.block().height()),
            epoch: heard.epoch.get(),
            view: heard.view,
            timing: TimingStatus {
                heartbeat_ms: millis(timing.heartbeat),
                certification_timeout_ms: millis(timing.certification_timeout),
                inactivity_timeout_ms: millis(timing.inactivity_timeout),
            },
            validators: heard.members.iter().map(|peer| self.validator(peer, &heard, &connected)).collect(),
            recent_views: self.views(&heard),
            waiting_transactions: shared.chain.pool().status().pending as u64,
            disk,
            clock_set: heard.clock_set,
            abstains_through: heard.abstains_through,
            accused,
        }
    }

    fn evidence(&self) -> Vec<EvidenceRecord> {
        Self::evidence(self)
    }
}

impl Witness {
    fn validator(&self, peer: &PeerKey, heard: &Heard, connected: &BTreeMap<String, u64>) -> ValidatorStatus {
        let is_me = *peer == self.0.me;
        let peer_key = peer.to_string();
        ValidatorStatus {
            organization: self.name(peer, heard),
            connected_since_ms: if is_me { None } else { connected.get(&peer_key).copied() },
            peer_key,
            is_me,
            last_heard_ms: heard.last_heard.get(peer).copied().map(unix_ms),
            last_vote: heard.last_votes.get(peer).copied(),
            clock_ahead_ms: if is_me { None } else { heard.clock_ahead_ms.get(peer).copied() },
            report: self.reported(peer, heard),
        }
    }

    fn views(&self, heard: &Heard) -> Vec<ViewStatus> {
        let ended = heard.recent_views.iter();
        ended
            .map(|view| ViewStatus { view: view.view, leader: self.name(&view.leader, heard), given_up: view.given_up })
            .collect()
    }
}

/// The lines of the runtime's metrics that belong to the node of this context: several nodes of one process are told apart by their attributes.
pub(crate) fn own_metrics<E: Metrics>(context: E) -> impl Fn() -> String + Send + Sync + 'static {
    let attributes: Vec<_> =
        context.name().attributes.into_iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
    move || {
        let all = context.encode();
        let own = all.lines().filter(|line| attributes.iter().all(|attribute| line.contains(attribute)));
        own.collect::<Vec<_>>().join("\n")
    }
}

/// Since when each peer is connected, from the text of the runtime's metrics: the network tells nobody in another way.
fn connections(metrics: &str) -> BTreeMap<String, u64> {
    metrics
        .lines()
        .filter_map(|line| {
            let (_, rest) = line.split_once(CONNECTED_GAUGE)?;
            let (labels, value) = rest.split_once('}')?;
            let peer = labels.split(',').find_map(|label| label.strip_prefix("peer=\"")?.strip_suffix('"'))?;
            Some((peer.to_owned(), value.trim().parse().ok()?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_read_from_their_gauge_and_from_no_other() {
        let text = "# HELP a_network_tracker_connected Unix timestamp\n\
            a_network_tracker_connected{peer=\"aa\",chain=\"main\"} 1700000000000\n\
            a_network_tracker_connected{chain=\"main\",peer=\"bb\"} 5\n\
            a_network_tracker_blocked{peer=\"cc\",chain=\"main\"} 5\n";
        let expected = [("aa".to_owned(), 1_700_000_000_000), ("bb".to_owned(), 5)];
        assert_eq!(connections(text), BTreeMap::from(expected));
    }
}
