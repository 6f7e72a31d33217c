//! Wires between a party and its chains, on which it dies at a chosen step: nothing that it does afterwards arrives.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use alloy::{
    consensus::{Transaction as _, TxEnvelope},
    eips::eip2718::Decodable2718 as _,
};
use alloy_primitives::{Bytes, Selector};
use alloy_sol_types::SolCall as _;
use chancery_bridge::relay::{AnchorRelay, MemberLink, RequestRelay, Testimony};
use chancery_contracts::{Alliance, Anchor, StoreNode};
use chancery_ledger::{Chain, SubmitterKey};
use chancery_testing::process::{Fault, Wire};
use serde_json::Value;
use tokio::sync::Notify;

use crate::support::partnership::Partnership;

const RESERVE: &str = "NodeContract.reserve";

/// What a relay sends, by name.
pub(crate) const STEPS: [(&str, Selector); 9] = [
    ("Alliance.submit", Selector::new(Alliance::submitCall::SELECTOR)),
    ("Anchor.submit", Selector::new(Anchor::submitCall::SELECTOR)),
    ("Anchor.proveAccount", Selector::new(Anchor::proveAccountCall::SELECTOR)),
    (RESERVE, Selector::new(StoreNode::reserveCall::SELECTOR)),
    ("Alliance.prove", Selector::new(Alliance::proveCall::SELECTOR)),
    ("Alliance.expire", Selector::new(Alliance::expireCall::SELECTOR)),
    ("NodeContract.applyDecision", Selector::new(StoreNode::applyDecisionCall::SELECTOR)),
    ("NodeContract.release", Selector::new(StoreNode::releaseCall::SELECTOR)),
    ("Anchor.follow", Selector::new(Anchor::followCall::SELECTOR)),
];

/// Which moment of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Before it has any effect.
    Before,
    /// When it has its effect, and nobody hears of it.
    After,
}

/// Dies at the step number `at`, counted over all chains, or at the first of a name.
#[derive(Debug)]
pub(crate) struct Trap {
    at: usize,
    named: Option<&'static str>,
    moment: Moment,
    steps: Mutex<Vec<&'static str>>,
    sprung: AtomicBool,
    /// The first member was asked to reserve, or nobody waits for that.
    is_first_asked: AtomicBool,
    told: Notify,
}

impl Trap {
    pub(crate) fn new(at: usize, moment: Moment) -> Arc<Self> {
        Self::made(at, None, moment, true)
    }

    /// The same on wires that let nobody ask the second member before the first was asked: what that holds has to be released if the second refuses.
    pub(crate) fn in_turn(at: usize, moment: Moment) -> Arc<Self> {
        Self::made(at, None, moment, false)
    }

    /// As [`Self::in_turn`], at the first step of this name, whichever number it has this time.
    pub(crate) fn at_first(named: &'static str, moment: Moment) -> Arc<Self> {
        Self::made(usize::MAX, Some(named), moment, false)
    }

    fn made(at: usize, named: Option<&'static str>, moment: Moment, is_first_asked: bool) -> Arc<Self> {
        let (steps, sprung, told) = (Mutex::default(), AtomicBool::new(false), Notify::new());
        Arc::new(Self { at, named, moment, steps, sprung, is_first_asked: AtomicBool::new(is_first_asked), told })
    }

    /// Whether it is this chain's turn: 0 is the alliance's, then the members'.
    fn is_in_turn(&self, chain: usize, step: Option<&'static str>) -> bool {
        step != Some(RESERVE) || chain != 2 || self.is_first_asked.load(Ordering::SeqCst)
    }

    /// Something is about to be sent; whether it arrives.
    fn lets_pass(&self, step: Option<&'static str>) -> bool {
        if self.sprung.load(Ordering::SeqCst) {
            return false;
        }
        let Some(step) = step else { return true };
        let mut steps = self.steps.lock().unwrap();
        steps.push(step);
        if self.named.map_or(steps.len() <= self.at, |named| named != step) {
            return true;
        }
        self.sprung.store(true, Ordering::SeqCst);
        self.told.notify_one();
        self.moment == Moment::After
    }

    /// Waits until it has died; at which step.
    pub(crate) async fn death(&self) -> &'static str {
        self.told.notified().await;
        self.named.unwrap_or_else(|| self.steps.lock().unwrap()[self.at])
    }

    fn fault(self: &Arc<Self>, chain: usize) -> Fault {
        let own = Arc::clone(self);
        Fault::refuse(move |method, params| {
            let step = (method == "eth_sendRawTransaction").then(|| named(params)).flatten();
            if !own.is_in_turn(chain, step) {
                return Some("not yet".to_owned());
            }
            let passes = own.lets_pass(step);
            if passes && chain == 1 && step == Some(RESERVE) {
                own.is_first_asked.store(true, Ordering::SeqCst);
            }
            (!passes).then(|| "dead".to_owned())
        })
    }
}

fn named(params: &Value) -> Option<&'static str> {
    let raw: Bytes = serde_json::from_value(params[0].clone()).unwrap();
    let transaction = TxEnvelope::decode_2718(&mut raw.as_ref()).unwrap();
    let selector = transaction.input().get(..4)?;
    Some(STEPS.iter().find(|(_, known)| known == selector).expect("a relay sends what it is known to send").0)
}

/// Every step that a relay was killed at.
pub(crate) type Died = BTreeSet<&'static str>;

/// What a relay of its own, behind a trap, is made of. The wires last as long as this.
pub(crate) struct Doomed {
    pub(crate) relay: RequestRelay,
    pub(crate) links: Vec<MemberLink>,
    _wires: Vec<Wire>,
}

impl Doomed {
    pub(crate) async fn behind(trap: &Arc<Trap>, partnership: &Partnership) -> Self {
        let (mut wires, mut chains) = (Vec::new(), Vec::new());
        let tested = [&partnership.home].into_iter().chain(partnership.partners.iter().map(|partner| &partner.chain));
        for (place, chain) in tested.enumerate() {
            let wire = Wire::to(chain.rpc()).await.unwrap();
            chains.push(chain.through(&wire.url).await);
            wire.set(trap.fault(place));
            wires.push(wire);
        }
        let key = Arc::new(SubmitterKey::random());
        let behind = |chain: &Chain| chains.iter().find(|own| own.name() == chain.name()).unwrap().clone();
        let anchor = |relay: &AnchorRelay| AnchorRelay {
            followed: behind(&relay.followed),
            host: behind(&relay.host),
            anchor: relay.anchor,
            key: key.clone(),
        };
        let links = partnership.partners.iter().map(|partner| {
            let Testimony::Proven(to_alliance) = &partner.link.to_alliance else { panic!("a foreign member") };
            MemberLink {
                name: partner.name,
                node_contract: partner.link.node_contract,
                to_member: anchor(&partner.link.to_member),
                to_alliance: Testimony::Proven(anchor(to_alliance)),
            }
        });
        let links = links.collect();
        let relay = RequestRelay {
            chain: behind(&partnership.home.chain),
            contract: partnership.relay.contract,
            key: key.clone(),
        };
        Self { relay, links, _wires: wires }
    }
}
