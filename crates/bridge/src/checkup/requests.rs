//! Requests that do not go on. What a relay has under way is no finding: where there is anything, it is looked at again for a while, and only what has not moved meanwhile counts.

use std::{collections::BTreeMap, time::Duration};

use alloy_primitives::B256;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use tokio::time::sleep;

use super::Finding;
use crate::{
    alliance::{decision::RequestState, store::Outcome},
    contracts::{AllianceContract, NodeContract, ViewError},
    relay::MemberLink,
};

/// The newest requests that are looked at.
const LOOK_BACK: u64 = 512;
/// Questions at a time.
const PARALLEL: usize = 16;
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

/// What is wrong with the newest requests; `links` are the members that are reached.
///
/// # Errors
/// The alliance, or a member, cannot be read.
pub async fn look(alliance: &AllianceContract, links: &[MemberLink]) -> Result<Vec<Finding>, ViewError> {
    let first = seen(alliance, links).await?;
    if first.is_quiet() {
        return Ok(Vec::new());
    }
    let mut stuck = first;
    for look in 1..=LOOKS_AT_UNSETTLED {
        sleep(BETWEEN).await;
        stuck = still(&stuck, seen(alliance, links).await?);
        let is_enough = look >= LOOKS && stuck.unsettled.values().all(Vec::is_empty);
        if is_enough || stuck.is_quiet() {
            break;
        }
    }
    Ok(findings(&stuck))
}

async fn seen(alliance: &AllianceContract, links: &[MemberLink]) -> Result<Seen, ViewError> {
    let count = alliance.request_count().await?;
    let numbers = count.saturating_sub(LOOK_BACK).saturating_add(1)..=count;
    let asked: Vec<_> = numbers.map(|number| one(alliance, links, number)).collect();
    let all: Vec<_> = stream::iter(asked).buffered(PARALLEL).try_collect().await?;
    let mut seen = Seen { time_s: alliance.time_s().await?, ..Seen::default() };
    for (number, of) in all {
        match of {
            Stage::Open { deadline } => _ = seen.open.insert(number, deadline),
            Stage::Unsettled(members) => {
                for member in members {
                    seen.unsettled.entry(member).or_default().push(number);
                }
            }
        }
    }
    Ok(seen)
}

/// How far a request is.
enum Stage {
    /// It can still be decided, or its end is not recorded.
    Open { deadline: u64 },
    /// It is decided; on these members its keys are held still.
    Unsettled(Vec<B256>),
}

async fn one(alliance: &AllianceContract, links: &[MemberLink], number: u64) -> Result<(u64, Stage), ViewError> {
    let settled = (number, Stage::Unsettled(Vec::new()));
    let Some(decision) = alliance.decision(number).await? else { return Ok(settled) };
    match decision.state() {
        RequestState::Invalid => return Ok(settled),
        RequestState::Sequenced => return Ok((number, Stage::Open { deadline: decision.deadline() })),
        RequestState::Committed | RequestState::Aborted => {}
    }
    let mut held = Vec::new();
    for link in links {
        let contract = NodeContract { chain: link.to_member.host.clone(), address: link.node_contract };
        if contract.outcome(number).await? == Some(Outcome::Reserved) {
            held.push(link.name);
        }
    }
    Ok((number, Stage::Unsettled(held)))
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

fn findings(stuck: &Seen) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (overdue, waiting): (Vec<_>, Vec<_>) = stuck.open.iter().partition(|(_, deadline)| stuck.time_s > **deadline);
    if let Some((oldest, deadline)) = overdue.first() {
        let overdue_s = stuck.time_s.saturating_sub(**deadline);
        findings.push(Finding::RequestsOverdue { count: overdue.len(), oldest: **oldest, overdue_s });
    }
    if let Some((oldest, _)) = waiting.first() {
        let waited_s = BETWEEN.as_secs() * u64::from(LOOKS);
        findings.push(Finding::RequestsWaiting { count: waiting.len(), oldest: **oldest, waited_s });
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
            findings(&still(&first, second)),
            [
                Finding::RequestsOverdue { count: 1, oldest: 3, overdue_s: 20 },
                Finding::RequestsWaiting { count: 1, oldest: 5, waited_s: 10 },
                Finding::RequestsUnsettled { member, count: 1, oldest: 2 },
            ]
        );
        assert_eq!(findings(&still(&first, Seen { time_s: 110, ..Seen::default() })), []);
        assert!(Seen { time_s: 1, ..Seen::default() }.is_quiet() && !first.is_quiet());
    }
}
