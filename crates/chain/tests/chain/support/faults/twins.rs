//! Two machines with the keys of one validator, each with its own files, which some of the others reach.

use chancery_chain::{PeerKey, ValidatorKeys};
use commonware_p2p::simulated::SplitTarget;
use commonware_runtime::Supervisor as _;
use rand::{RngExt as _, rngs::StdRng};

use super::{
    channel::{Ears, Mouth, Topic},
    deliveries::Deliveries,
};
use crate::support::{Instance, TOPICS, TestNode, quota, simulation::Simulation};

/// Starts both. Everybody is connected with one of them, and some with both.
pub async fn start(simulation: &mut Simulation, index: usize, random: &mut StdRng) {
    let keys: ValidatorKeys = simulation.nodes[index].keys.clone();
    let others: Vec<PeerKey> = simulation
        .nodes
        .iter()
        .map(|node| node.keys.peer_public_key())
        .filter(|peer| *peer != keys.peer_public_key())
        .collect();
    let sides: Vec<(PeerKey, SplitTarget)> = others
        .into_iter()
        .map(|peer| {
            let target = match random.random_range(0..5) {
                0 | 1 => SplitTarget::Primary,
                2 | 3 => SplitTarget::Secondary,
                _ => SplitTarget::Both,
            };
            (peer, target)
        })
        .collect();
    let control = simulation.oracle.control(keys.peer_public_key());
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for (number, topic) in TOPICS {
        let (sender, receiver) = control.register(number, quota(topic)).await.unwrap();
        let routes = sides.clone();
        let router = move |message: &(PeerKey, commonware_runtime::IoBuf)| {
            routes.iter().find(|(peer, _)| *peer == message.0).map_or(SplitTarget::None, |(_, target)| *target)
        };
        let split = simulation.context.child("twins").with_attribute("channel", number);
        let (one, two) = receiver.split_with(split, router);
        let reached = |not: SplitTarget| -> Vec<PeerKey> {
            sides.iter().filter(|(_, target)| *target != not).map(|(peer, _)| peer.clone()).collect()
        };
        let ears = |receiver, topic: Topic| Ears::new(receiver, topic, Deliveries::new(Default::default(), 0), None);
        first.push((Mouth::to_some(sender.clone(), topic, reached(SplitTarget::Secondary)), ears(one, topic)));
        second.push((Mouth::to_some(sender, topic, reached(SplitTarget::Primary)), ears(two, topic)));
    }
    for (twin, channels) in [("one", first), ("two", second)] {
        let dir = tempfile::tempdir().unwrap();
        let instance = Instance {
            keys: keys.clone(),
            dir: dir.path().to_owned(),
            votes_dir: dir.path().to_owned(),
            partition: format!("main-{}-{twin}", keys.peer_public_key()),
            heartbeat: simulation.heartbeat,
            clock: Default::default(),
            liar: None,
            is_alone: false,
            must_last: false,
            channels,
        };
        let started = instance.start(&simulation.context, &simulation.oracle, &simulation.genesis).await.unwrap();
        let mut node = TestNode::new(keys.clone());
        node.keep(started);
        simulation.twins.push((node, dir));
    }
}
