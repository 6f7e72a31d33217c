//! Requests that do not go on. What a relay has under way is no finding: where there is anything, it is looked at again for a while, and only what has not moved meanwhile counts.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use alloy_primitives::B256;
use tokio::time::sleep;

use super::Finding;
use crate::{
    alliance::decision::RequestState,
    contracts::{AllianceContract, NodeContract, ViewError},
    relay::{MemberLink, unended::Register},
    requester::readable,
};

/// Requests whose parties are asked for: the oldest.
const MAX_EXPLAINED: usize = 16;
/// Between two looks.
const BETWEEN: Duration = Duration::from_secs(5);
/// So many times it is looked again at what is not decided: longer than a relay takes for a request.
const LOOKS: u32 = 2;
/// So many times at what is decided and not settled: a relay that runs comes to it within half a minute.
const LOOKS_AT_UNSETTLED: u32 = 8;

/// What has not come to its end, at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Seen {
    /// Time of the alliance chain, in seconds.
    time_s: u64,
    /// Deadlines of those that are not decided, by number.
    open: BTreeMap<u64, u64>,
    /// Those that are decided and still reserved, by member, ascending.
    unsettled: BTreeMap<B256, Vec<u64>>,
}

impl Seen {
    fn is_quiet(&self) -> bool {
        self.open.is_empty() && self.unsettled.values().all(Vec::is_empty)
    }
}

/// What is wrong with requests, however old they are; `links` are the members that are reached, also those that have left.
///
/// # Errors
/// The alliance, or a member, cannot be read.
pub async fn look(alliance: &AllianceContract, links: &[MemberLink]) -> Result<Vec<Finding>, ViewError> {
    let requests = Register::Requests(alliance.clone());
    let reservations: Vec<_> = links
        .iter()
        .map(|link| {
            let contract = NodeContract { chain: link.to_member.host.clone(), address: link.node_contract };
            (link.name, Register::Reservations(contract))
        })
        .collect();
    // All of the chains' events, a page after the other; after that these numbers alone, since only what was there before counts.
    let mut held = BTreeMap::new();
    for (name, register) in &reservations {
        held.insert(*name, Box::pin(register.all()).await?);
    }
    let undecided = Box::pin(requests.all()).await?;
    let mut stuck = seen(alliance, &undecided, &held).await?;
    if stuck.is_quiet() {
        return Ok(Vec::new());
    }
    for look in 1..=LOOKS_AT_UNSETTLED {
        sleep(BETWEEN).await;
        for (name, register) in &reservations {
            let before = held.remove(name).unwrap_or_default();
            held.insert(*name, register.unended(before).await?);
        }
        let undecided = requests.unended(stuck.open.keys().copied().collect()).await?;
        stuck = still(&stuck, seen(alliance, &undecided, &held).await?);
        let is_enough = look >= LOOKS && stuck.unsettled.values().all(Vec::is_empty);
        if is_enough || stuck.is_quiet() {
            break;
        }
    }
    let awaited = awaited(alliance, &stuck).await?;
    Ok(findings(&stuck, &awaited))
}

/// What these numbers are, of which some are decided.
async fn seen(
    alliance: &AllianceContract,
    undecided: &[u64],
    held: &BTreeMap<B256, Vec<u64>>,
) -> Result<Seen, ViewError> {
    let mut seen = Seen { time_s: alliance.time_s().await?, ..Seen::default() };
    for number in undecided {
        if let Some(decision) = alliance.decision(*number).await?
            && decision.state() == RequestState::Sequenced
        {
            seen.open.insert(*number, decision.deadline());
        }
    }
    for (member, numbers) in held {
        for number in numbers {
            let is_decided =
                alliance.decision(*number).await?.is_some_and(|decision| decision.state() != RequestState::Sequenced);
            if is_decided {
                seen.unsettled.entry(*member).or_default().push(*number);
            }
        }
    }
    Ok(seen)
}

/// Members of whom the alliance was not shown what the oldest of those have come to that are not decided.
async fn awaited(alliance: &AllianceContract, stuck: &Seen) -> Result<BTreeSet<B256>, ViewError> {
    let mut awaited = BTreeSet::new();
    for number in stuck.open.keys().take(MAX_EXPLAINED) {
        let Some(decision) = alliance.decision(*number).await? else { continue };
        let parties = alliance.parties(*number).await?;
        awaited.extend((0..).zip(parties).filter(|(party, _)| !decision.is_prepared(*party)).map(|(_, name)| name));
    }
    Ok(awaited)
}

/// What was there before, and is still.
fn still(before: &Seen, mut now: Seen) -> Seen {
    now.open.retain(|number, _| before.open.contains_key(number));
    for (member, numbers) in &mut now.unsettled {
        let known = before.unsettled.get(member).map(Vec::as_slice).unwrap_or_default();
        numbers.retain(|number| known.contains(number));
    }
    now
}

fn findings(stuck: &Seen, awaited: &BTreeSet<B256>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (overdue, waiting): (Vec<_>, Vec<_>) = stuck.open.iter().partition(|(_, deadline)| stuck.time_s > **deadline);
    if let Some((oldest, deadline)) = overdue.first() {
        let overdue_s = stuck.time_s.saturating_sub(**deadline);
        findings.push(Finding::RequestsOverdue { count: overdue.len(), oldest: **oldest, overdue_s });
    }
    if let Some((oldest, _)) = waiting.first() {
        let waited_s = BETWEEN.as_secs() * u64::from(LOOKS);
        let awaited = awaited.iter().copied().map(readable).collect();
        findings.push(Finding::RequestsWaiting { count: waiting.len(), oldest: **oldest, waited_s, awaited });
    }
    for (member, numbers) in &stuck.unsettled {
        if let Some(oldest) = numbers.first() {
            findings.push(Finding::RequestsUnsettled { member: *member, count: numbers.len(), oldest: *oldest });
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    // A-ERR, ALLIANCE-7: what moves is well; of what does not, it is said whether its deadline has passed, and where keys are held.
    #[test]
    fn only_what_has_not_moved_between_looks_is_named() {
        let member = B256::repeat_byte(1);
        let first =
            Seen { time_s: 100, open: [(3, 90), (4, 200), (5, 200)].into(), unsettled: [(member, vec![1, 2])].into() };
        let second =
            Seen { time_s: 110, open: [(3, 90), (5, 200), (6, 105)].into(), unsettled: [(member, vec![2, 4])].into() };
        assert_eq!(
            findings(&still(&first, second), &BTreeSet::from([B256::right_padding_from(b"land registry")])),
            [
                Finding::RequestsOverdue { count: 1, oldest: 3, overdue_s: 20 },
                Finding::RequestsWaiting {
                    count: 1,
                    oldest: 5,
                    waited_s: 10,
                    awaited: vec!["land registry".to_owned()]
                },
                Finding::RequestsUnsettled { member, count: 1, oldest: 2 },
            ]
        );
        assert_eq!(findings(&still(&first, Seen { time_s: 110, ..Seen::default() }), &BTreeSet::new()), []);
        assert!(Seen { time_s: 1, ..Seen::default() }.is_quiet() && !first.is_quiet());
    }
}
