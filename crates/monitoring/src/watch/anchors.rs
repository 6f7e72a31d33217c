//! Anchors that are frozen, and relays that stand still (WATCH-10, ANCHOR-4).

use std::collections::BTreeMap;

use chancery_reference_points::{
    alert::AlertRule,
    anchor::{AnchorConflict, AnchorPlace, AnchorState},
};

use crate::alerts::Raised;

/// So many blocks behind a relay does not stay: it pushes a header every 64.
const MAX_BEHIND_BLOCKS: u64 = 128;
/// How long an anchor that is behind may get nothing, in milliseconds: ten minutes.
const MAX_STILL_MS: u64 = 10 * 60 * 1000;

/// How long no anchor of a chain may be read, in milliseconds: five minutes.
const MAX_SILENT_MS: u64 = 5 * 60 * 1000;
/// What the subject of a chain begins with whose anchors cannot be read.
const OF_ANCHORS: &str = "anchors at ";

/// Whether an alert about a chain is one of these.
pub(super) fn is_of_anchors(subject: &str) -> bool {
    subject.starts_with(OF_ANCHORS)
}

/// What was seen of anchors before: it begins anew with each process.
#[derive(Debug, Default)]
pub(super) struct Anchors {
    /// By place: the newest header then, and since when nothing newer has come although it is due.
    behind: BTreeMap<String, (Option<u64>, u64)>,
    /// By chain: since when no anchor of it could be read.
    silent: BTreeMap<String, u64>,
}

/// What one look found.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) raised: Vec<Raised>,
    /// Places of which it is known how they are by a rule: of others nothing is over.
    known: Vec<(AlertRule, String)>,
}

impl Seen {
    /// Whether an alert that is open is over.
    pub(super) fn is_over(&self, rule: AlertRule, subject: &str) -> bool {
        let of_it = |place: &String| {
            subject == place || subject.strip_prefix(place.as_str()).is_some_and(|rest| rest.starts_with(':'))
        };
        self.known.iter().any(|(known, place)| *known == rule && of_it(place))
            && !self.raised.iter().any(|raised| raised.rule == rule && raised.subject == subject)
    }
}

impl Anchors {
    /// Looks at the state of all anchors.
    pub(super) fn look(&mut self, states: &[AnchorState], now_ms: u64) -> Seen {
        let mut seen = Seen::default();
        self.hear(states, now_ms, &mut seen);
        for state in states {
            let place = place(&state.place);
            let Some(standing) = state.standing else { continue };
            seen.known.push((AlertRule::AnchorFrozen, place.clone()));
            if let Some(conflict) = standing.conflict {
                // It is given nothing while it is frozen.
                self.behind.remove(&place);
                seen.raised.push(frozen(&state.place, conflict));
                seen.known.push((AlertRule::RelayStandsStill, place));
                continue;
            }
            let Some(head) = state.head else { continue };
            let is_behind =
                state.place.is_fed && head >= standing.newest.unwrap_or(0).saturating_add(MAX_BEHIND_BLOCKS);
            if !is_behind {
                self.behind.remove(&place);
                seen.known.push((AlertRule::RelayStandsStill, place));
                continue;
            }
            let (known, since_ms) = self.behind.entry(place.clone()).or_insert((standing.newest, now_ms));
            if *known != standing.newest {
                // It moves: whoever catches up does not stand still.
                (*known, *since_ms) = (standing.newest, now_ms);
                seen.known.push((AlertRule::RelayStandsStill, place));
            } else if now_ms.saturating_sub(*since_ms) >= MAX_STILL_MS {
                seen.raised.push(still(&state.place, standing.newest, head));
            }
            // Otherwise it is not known yet.
        }
        seen
    }

    /// Which chains answer: what an anchor on another has to say is not known.
    fn hear(&mut self, states: &[AnchorState], now_ms: u64, seen: &mut Seen) {
        let mut hosts = BTreeMap::<&str, bool>::new();
        for state in states {
            // One that is not read may be frozen, whatever the others say.
            *hosts.entry(&state.place.host.0).or_insert(true) &= state.standing.is_some();
        }
        for (host, is_read) in hosts {
            if is_read {
                self.silent.remove(host);
                seen.known.push((AlertRule::ChainUnreachable, format!("{OF_ANCHORS}{host}")));
            } else if now_ms.saturating_sub(*self.silent.entry(host.to_owned()).or_insert(now_ms)) >= MAX_SILENT_MS {
                seen.raised.push(silent(host));
            }
        }
    }
}

fn silent(host: &str) -> Raised {
    Raised {
        rule: AlertRule::ChainUnreachable,
        subject: format!("{OF_ANCHORS}{host}"),
        summary: format!(
            "chain {host} does not answer, or proves nothing: whether its anchors are frozen is not known"
        ),
        difference: None,
    }
}

fn place(place: &AnchorPlace) -> String {
    format!("{} at {}", place.follows, place.host)
}

/// A frozen anchor, by the number of both headers: what froze it after a vote is another alert.
fn frozen(at: &AnchorPlace, conflict: AnchorConflict) -> Raised {
    let AnchorPlace { host, follows, contract, .. } = at;
    let AnchorConflict { number, first, second } = conflict;
    Raised {
        rule: AlertRule::AnchorFrozen,
        subject: format!("{}: block {number}", place(at)),
        summary: format!(
            "block {number} of {follows} has two final headers, {first} and {second}: the anchor {contract} on {host} is frozen, and nothing of {follows} counts there until the organizations of {host} have voted"
        ),
        difference: None,
    }
}

fn still(at: &AnchorPlace, newest: Option<u64>, head: u64) -> Raised {
    let AnchorPlace { host, follows, .. } = at;
    let newest = newest.map_or_else(|| "no header".to_owned(), |number| format!("block {number}"));
    Raised {
        rule: AlertRule::RelayStandsStill,
        subject: place(at),
        summary: format!(
            "the anchor on {host} has {newest} of {follows}, which is at block {head}, and gets none: rights that are not shown again lapse"
        ),
        difference: None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use alloy_primitives::{Address, B256};
    use chancery_reference_points::{anchor::AnchorStanding, operation::ChainName};

    use super::*;

    fn state(newest: u64, head: Option<u64>, conflict: Option<u64>) -> AnchorState {
        let [first, second] = [1, 2].map(B256::repeat_byte);
        let conflict = conflict.map(|number| AnchorConflict { number, first, second });
        let [host, follows] = ["degree", "main"].map(|name| ChainName(name.into()));
        AnchorState {
            place: AnchorPlace { host, follows, contract: Address::repeat_byte(3), is_fed: true },
            standing: Some(AnchorStanding { newest: Some(newest), conflict }),
            head,
        }
    }

    // ANCHOR-4, WATCH-10
    #[test]
    fn a_frozen_anchor_is_named_by_its_chains_and_both_headers_until_it_is_voted_on() {
        let mut anchors = Anchors::default();
        let seen = anchors.look(&[state(9, Some(9), Some(7))], 0);
        let [raised] = &seen.raised[..] else { panic!("one") };
        assert_eq!((raised.rule, raised.subject.as_str()), (AlertRule::AnchorFrozen, "main at degree: block 7"));
        for named in ["main", "degree", &B256::repeat_byte(1).to_string(), &B256::repeat_byte(2).to_string()] {
            assert!(raised.summary.contains(named), "{named} is not in {}", raised.summary);
        }
        assert!(!seen.is_over(AlertRule::AnchorFrozen, "main at degree: block 7"));
        assert!(seen.is_over(AlertRule::AnchorFrozen, "main at degree: block 6"), "voted on, and frozen again");
        // A host that does not answer says nothing of what was frozen.
        let unread = AnchorState { standing: None, ..state(9, None, None) };
        let silent = anchors.look(std::slice::from_ref(&unread), 1);
        assert!(silent.raised.is_empty() && !silent.is_over(AlertRule::AnchorFrozen, "main at degree: block 7"));
        // Nor does another anchor there for one that does not answer.
        let heard = |states: &[AnchorState]| {
            Anchors::default().look(states, 1).is_over(AlertRule::ChainUnreachable, &format!("{OF_ANCHORS}degree"))
        };
        assert!(
            heard(&[state(9, Some(9), None)])
                && !heard(&[state(9, Some(9), None), unread.clone()])
                && !heard(&[unread, state(9, Some(9), None)])
        );
        assert!(
            !anchors.look(&[], 1).is_over(AlertRule::AnchorFrozen, "main at degree: block 7"),
            "nor one that is not listed"
        );
        let voted = anchors.look(&[state(0, Some(9), None)], 2);
        assert!(voted.raised.is_empty() && voted.is_over(AlertRule::AnchorFrozen, "main at degree: block 7"));
    }

    // WATCH-3, WATCH-10
    #[test]
    fn a_chain_whose_anchors_cannot_be_read_is_told_when_it_stays_so() {
        let mut anchors = Anchors::default();
        let silent = || [AnchorState { standing: None, ..state(9, Some(9), None) }];
        assert!(
            anchors.look(&silent(), 0).raised.is_empty()
                && anchors.look(&silent(), MAX_SILENT_MS - 1).raised.is_empty()
        );
        let seen = anchors.look(&silent(), MAX_SILENT_MS);
        let [raised] = &seen.raised[..] else { panic!("one") };
        assert_eq!((raised.rule, raised.subject.as_str()), (AlertRule::ChainUnreachable, "anchors at degree"));
        assert!(is_of_anchors(&raised.subject) && !is_of_anchors("degree"));
        assert!(!seen.is_over(raised.rule, &raised.subject));
        let again = anchors.look(&[state(9, Some(9), None)], MAX_SILENT_MS + 1);
        assert!(
            again.is_over(raised.rule, &raised.subject) && !again.is_over(raised.rule, "degree"),
            "that is the audit's"
        );
        assert!(anchors.look(&silent(), 2 * MAX_SILENT_MS).raised.is_empty(), "it begins anew");
    }

    // C-CHAINS, WATCH-10
    #[test]
    fn a_relay_stands_still_when_what_is_due_does_not_come_for_ten_minutes() {
        let mut anchors = Anchors::default();
        let still = AlertRule::RelayStandsStill;
        let mut count = |newest, head, now_ms| anchors.look(&[state(newest, head, None)], now_ms).raised.len();
        assert_eq!(count(0, Some(127), 0), 0, "nothing is due for long");
        assert_eq!(count(0, Some(128), 1), 0);
        assert_eq!(count(64, Some(300), MAX_STILL_MS), 0, "it moves");
        assert_eq!(count(64, Some(301), 2 * MAX_STILL_MS - 1), 0);
        assert_eq!(count(64, None, 2 * MAX_STILL_MS), 0, "the followed chain does not answer");
        let seen = anchors.look(&[state(64, Some(301), None)], 2 * MAX_STILL_MS);
        assert_eq!((seen.raised.len(), seen.raised[0].subject.as_str()), (1, "main at degree"));
        assert!(!seen.is_over(still, "main at degree"));
        assert!(anchors.look(&[state(301, Some(302), None)], 2 * MAX_STILL_MS + 1).is_over(still, "main at degree"));
        // After a restart of whoever looks it is not over before it is known.
        let mut again = Anchors::default();
        assert!(!again.look(&[state(64, Some(301), None)], 5 * MAX_STILL_MS).is_over(still, "main at degree"));
        let between = AnchorPlace { is_fed: false, ..state(0, None, None).place };
        let unfed = AnchorState { place: between, ..state(0, Some(1000), None) };
        let mut others = Anchors::default();
        others.look(std::slice::from_ref(&unfed), 0);
        assert!(others.look(&[unfed], MAX_STILL_MS).raised.is_empty(), "nothing is pushed there");
    }
}
