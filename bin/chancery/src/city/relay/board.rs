//! What the chains' anchors have of one another, as the relay saw it last, and what it has carried: for `GET /v1/chains` and `GET /metrics`.

use std::sync::{Arc, PoisonError, RwLock};

use alloy_primitives::Address;
use chancery_bridge::relay::{AnchoredHeader, Branch, Standing};
use chancery_gateway::doors::{AnchorSeen, AnchorView, AnchoredBlock};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};
use tracing::error;

/// All anchors of a city.
#[derive(Debug, Default)]
pub(in crate::city) struct Board(RwLock<Vec<Entry>>);

#[derive(Debug)]
struct Entry {
    link: Link,
    contract: Option<Address>,
    /// What is shown of the followed chain's certificates on the host.
    held: Option<Address>,
    standing: Standing,
    /// How the newest header stands to the followed chain; of one that is frozen: how it stood before.
    branch: Branch,
    /// What it had was forgotten by a vote, and nobody has asked since.
    is_forgotten: bool,
    facts: u64,
    headers: u64,
    failures: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Link {
    host: &'static str,
    follows: &'static str,
}

/// One anchor's place on the board.
#[derive(Clone, Debug)]
pub(super) struct Place {
    board: Arc<Board>,
    index: usize,
}

impl Board {
    /// A place for the anchor on one chain that follows another.
    pub(super) fn place(self: &Arc<Self>, host: &'static str, follows: &'static str) -> Place {
        let mut entries = self.0.write().unwrap_or_else(PoisonError::into_inner);
        entries.push(Entry {
            link: Link { host, follows },
            contract: None,
            held: None,
            standing: Standing { newest: None, is_frozen: false },
            branch: Branch::default(),
            is_forgotten: false,
            facts: 0,
            headers: 0,
            failures: 0,
        });
        Place { board: Arc::clone(self), index: entries.len() - 1 }
    }

    /// Where a chain shows certificates of others: the followed chain's name, and the contract.
    pub(in crate::city) fn held_on(&self, host: &str) -> Vec<(&'static str, Address)> {
        let entries = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let here = entries.iter().filter(|entry| entry.link.host == host);
        here.filter_map(|entry| Some((entry.link.follows, entry.held?))).collect()
    }

    /// OpenMetrics text, without the closing `# EOF`.
    pub(in crate::city) fn text(&self) -> String {
        let mut registry = Registry::with_prefix("chancery_relay");
        let [height, frozen, contradicted, ahead] = std::array::from_fn(|_| Family::<Link, Gauge>::default());
        registry.register("anchored_height", "Newest block that the anchor on `host` has of `follows`", height.clone());
        registry.register("anchor_frozen", "1: two final blocks of one number were shown, 0: not", frozen.clone());
        let help = "1: the anchor was seen to have another final block than the node that the relay asks, 0: not";
        registry.register("anchor_contradicted", help, contradicted.clone());
        let help = "1: the anchor has a block that the node which the relay asks does not have (yet), 0: not";
        registry.register("anchor_ahead", help, ahead.clone());
        let counter = |registry: &mut Registry, name: &str, help: &str| {
            let family = Family::<Link, Counter>::default();
            registry.register(name, help, family.clone());
            family
        };
        let headers = counter(&mut registry, "headers", "Headers pushed because enough blocks had passed");
        let facts = counter(
            &mut registry,
            "facts",
            "Organizations, rights and keys of the main chain, and certificates of holders who agree, that were shown",
        );
        let failures = counter(&mut registry, "failures", "What could not be carried, and is tried again");
        for entry in self.0.read().unwrap_or_else(PoisonError::into_inner).iter() {
            if let Some(newest) = entry.standing.newest {
                height.get_or_create(&entry.link).set(i64::try_from(newest.number).unwrap_or(i64::MAX));
            }
            frozen.get_or_create(&entry.link).set(entry.standing.is_frozen.into());
            contradicted.get_or_create(&entry.link).set(entry.branch.is_contradicted().into());
            ahead.get_or_create(&entry.link).set(entry.branch.is_ahead().into());
            headers.get_or_create(&entry.link).inc_by(entry.headers);
            facts.get_or_create(&entry.link).inc_by(entry.facts);
            failures.get_or_create(&entry.link).inc_by(entry.failures);
        }
        let mut text = String::new();
        // Writing to a string does not fail.
        encode(&mut text, &registry).ok();
        text.strip_suffix("# EOF\n").unwrap_or(&text).to_owned()
    }
}

impl AnchorView for Board {
    fn on_chain(&self, name: &str) -> Vec<AnchorSeen> {
        let entries = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let here = entries.iter().filter(|entry| entry.link.host == name);
        here.filter_map(|entry| {
            let newest = entry.standing.newest.map(|header| AnchoredBlock {
                number: header.number,
                hash: header.hash,
                time_ms: header.time_ms,
            });
            let (follows, is_frozen) = (entry.link.follows.to_owned(), entry.standing.is_frozen);
            Some(AnchorSeen { follows, contract: entry.contract?, newest, is_frozen })
        })
        .collect()
    }
}

impl Place {
    /// The anchor stands.
    pub(super) fn stands(&self, contract: Address) {
        self.change(|entry| entry.contract = Some(contract));
    }

    /// What is shown of the followed chain's certificates stands here.
    pub(super) fn shows(&self, contract: Address) {
        self.change(|entry| entry.held = Some(contract));
    }

    /// What the anchor has now.
    pub(super) fn saw(&self, standing: Standing) {
        self.change(|entry| {
            if standing.is_frozen && !entry.standing.is_frozen {
                let Link { host, follows } = entry.link;
                error!(
                    host,
                    follows,
                    "ANCHOR FROZEN: a quorum of the followed chain has signed two branches; nothing of it counts here until the organizations have voted"
                );
            }
            if is_forgotten(entry.standing, standing) {
                (entry.is_forgotten, entry.branch) = (true, Branch::default());
            }
            entry.standing = standing;
        });
    }

    /// Whether a vote has made the anchor forget what was shown, since this was last asked.
    pub(super) fn take_forgotten(&self) -> bool {
        let mut was_forgotten = false;
        self.change(|entry| was_forgotten = std::mem::take(&mut entry.is_forgotten));
        was_forgotten
    }

    /// Number of the newest header that the anchor has.
    pub(super) fn anchored(&self) -> Option<u64> {
        self.newest().map(|header| header.number)
    }

    /// The newest header that the anchor has.
    pub(super) fn newest(&self) -> Option<AnchoredHeader> {
        let entries = self.board.0.read().unwrap_or_else(PoisonError::into_inner);
        entries.get(self.index).and_then(|entry| entry.standing.newest)
    }

    /// How that stands to the followed chain, as far as it was compared.
    pub(super) fn branch(&self) -> Branch {
        let entries = self.board.0.read().unwrap_or_else(PoisonError::into_inner);
        entries.get(self.index).map_or_else(Branch::default, |entry| entry.branch.clone())
    }

    /// How it stands now.
    pub(super) fn compared(&self, branch: Branch) {
        self.change(|entry| {
            branch.log(&entry.branch, entry.link.follows, entry.link.host);
            entry.branch = branch;
        });
    }

    /// Whether the anchor answers nothing.
    pub(super) fn is_frozen(&self) -> bool {
        let entries = self.board.0.read().unwrap_or_else(PoisonError::into_inner);
        entries.get(self.index).is_some_and(|entry| entry.standing.is_frozen)
    }

    pub(super) fn pushed(&self) {
        self.change(|entry| entry.headers += 1);
    }

    pub(super) fn showed(&self, facts: usize) {
        self.change(|entry| entry.facts += u64::try_from(facts).unwrap_or(u64::MAX));
    }

    /// Something could not be carried.
    pub(super) fn failed(&self, what: &str, error: &dyn std::fmt::Display) {
        self.change(|entry| {
            entry.failures += 1;
            let Link { host, follows } = entry.link;
            tracing::warn!(host, follows, %error, "{what}; it is tried again");
        });
    }

    fn change(&self, change: impl FnOnce(&mut Entry)) {
        let mut entries = self.board.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.get_mut(self.index) {
            change(entry);
        }
    }
}

/// Nothing but a vote ends a freeze, or takes the newest header away (ANCHOR-4, ANCHOR-5).
const fn is_forgotten(before: Standing, now: Standing) -> bool {
    !now.is_frozen && (before.is_frozen || (before.newest.is_some() && now.newest.is_none()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use alloy_primitives::B256;
    use chancery_bridge::anchor::Conflict;

    use super::*;

    // C-CHAINS
    #[test]
    fn an_anchor_is_listed_on_its_chain_once_it_stands_and_what_was_carried_is_counted() {
        let board = Arc::new(Board::default());
        let (degree, main) = (board.place("degree", "main"), board.place("main", "degree"));
        assert!(board.on_chain("degree").is_empty());
        degree.stands(Address::repeat_byte(1));
        let newest = Some(AnchoredHeader { number: 7, hash: B256::repeat_byte(2), time_ms: 3 });
        degree.saw(Standing { newest, is_frozen: false });
        degree.showed(3);
        main.stands(Address::repeat_byte(4));
        let (first, second) = (B256::repeat_byte(5), B256::repeat_byte(6));
        main.compared(Branch::Contradicted { conflict: Conflict { number: 7, first, second }, refusal: None });
        main.saw(Standing { newest: None, is_frozen: true });
        let [seen] = &board.on_chain("degree")[..] else { panic!() };
        assert_eq!((seen.follows.as_str(), seen.contract), ("main", Address::repeat_byte(1)));
        assert_eq!(seen.newest.unwrap().number, 7);
        assert!(board.on_chain("main")[0].is_frozen && degree.anchored() == Some(7) && main.is_frozen());
        let text = board.text();
        for line in [
            "chancery_relay_anchored_height{host=\"degree\",follows=\"main\"} 7",
            "chancery_relay_anchor_frozen{host=\"main\",follows=\"degree\"} 1",
            "chancery_relay_anchor_contradicted{host=\"main\",follows=\"degree\"} 1",
            "chancery_relay_anchor_contradicted{host=\"degree\",follows=\"main\"} 0",
            "chancery_relay_facts_total{host=\"degree\",follows=\"main\"} 3",
        ] {
            assert!(text.contains(line), "{line} is not in {text}");
        }
        assert!(!text.contains("# EOF"));
    }

    // ANCHOR-5, TRUST-5: everything has to be shown anew then, and at once.
    #[test]
    fn a_vote_is_noticed_once_with_a_freeze_before_it_or_without() {
        let board = Arc::new(Board::default());
        let place = board.place("degree", "main");
        let newest = Some(AnchoredHeader { number: 7, hash: B256::repeat_byte(2), time_ms: 3 });
        let (begun, fed) = (Standing { newest: None, is_frozen: false }, Standing { newest, is_frozen: false });
        let frozen = Standing { newest: None, is_frozen: true };
        for (standing, is_forgotten) in [
            (begun, false),
            (fed, false),
            (fed, false),
            (begun, true),
            (begun, false),
            (fed, false),
            (frozen, false),
            (begun, true),
            (frozen, false),
            (fed, true),
        ] {
            place.saw(standing);
            assert_eq!(place.take_forgotten(), is_forgotten, "{standing:?}");
        }
    }
}
