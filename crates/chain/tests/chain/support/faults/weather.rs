//! Links between the nodes.

use std::time::Duration;

use chancery_chain::PeerKey;
use commonware_p2p::simulated::Link;
use commonware_utils::Probability;
use rand::{RngExt as _, rngs::StdRng};

use crate::support::simulation::{Simulation, good_link};

/// From whom, to whom, and how; `None` carries nothing.
pub type Links = Vec<Vec<Option<Link>>>;

/// Everybody reaches everybody.
pub fn calm(nodes: usize) -> Links {
    vec![vec![Some(good_link()); nodes]; nodes]
}

pub fn partition(nodes: usize, random: &mut StdRng) -> Links {
    let sides: Vec<bool> = (0..nodes).map(|_| random.random()).collect();
    cut(nodes, |from, to| sides[from] != sides[to])
}

pub fn isolation(nodes: usize, random: &mut StdRng) -> Links {
    let alone = random.random_range(0..nodes);
    cut(nodes, |from, to| from == alone || to == alone)
}

/// Either one node is not heard or hears nothing, or any link may carry in one direction alone.
pub fn one_way(nodes: usize, random: &mut StdRng) -> Links {
    let node = random.random_range(0..nodes);
    match random.random_range(0..3) {
        0 => cut(nodes, |from, _| from == node),
        1 => cut(nodes, |_, to| to == node),
        _ => {
            let cuts: Vec<bool> = (0..nodes * nodes).map(|_| random.random_range(0..3) == 0).collect();
            cut(nodes, |from, to| cuts[from * nodes + to] && !cuts[to * nodes + from])
        }
    }
}

pub fn loss(nodes: usize, random: &mut StdRng) -> Links {
    let percent = random.random_range(5..40);
    let link = Link { success_rate: Probability::new(100 - percent, 100).unwrap(), ..good_link() };
    vec![vec![Some(link); nodes]; nodes]
}

pub fn delay(nodes: usize, random: &mut StdRng) -> Links {
    let mut link = || {
        let latency = Duration::from_millis(random.random_range(1..400));
        let jitter = Duration::from_millis(random.random_range(0..100));
        Some(Link { latency, jitter, ..good_link() })
    };
    (0..nodes).map(|_| (0..nodes).map(|_| link()).collect()).collect()
}

fn cut(nodes: usize, is_cut: impl Fn(usize, usize) -> bool) -> Links {
    let link = |from, to| (!is_cut(from, to)).then(good_link);
    (0..nodes).map(|from| (0..nodes).map(|to| link(from, to)).collect()).collect()
}

impl Simulation {
    /// Puts these links in place of those that are there.
    pub async fn link(&self, links: &Links) {
        let peers: Vec<PeerKey> = self.nodes.iter().map(|node| node.keys.peer_public_key()).collect();
        for (from, sender) in peers.iter().enumerate() {
            for (to, receiver) in peers.iter().enumerate().filter(|(to, _)| *to != from) {
                // It may not be there.
                let _ = self.oracle.remove_link(sender.clone(), receiver.clone()).await;
                if let Some(link) = &links[from][to] {
                    self.oracle.add_link(sender.clone(), receiver.clone(), link.clone()).await.unwrap();
                }
            }
        }
    }
}
