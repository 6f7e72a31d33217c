//! Which promises cannot be kept any more, though nothing that was applied says so: their time is over (DATABASE-8).

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use alloy_primitives::B256;
use futures::stream::{self, StreamExt as _};
use tokio::time::{Instant, timeout_at};

use super::{
    connection::Connection,
    discord::unread_chain,
    entries::Followed,
    error::DatabaseError,
    promises::Promise,
    tables::{Applied, Tables},
};

/// By how many seconds the alliance chain's clock may be behind the member's: before that a promise is kept past its time.
pub(crate) const CLOCK_DIFFERENCE_S: u64 = 60;
/// Promises of which the chain is asked at the same time.
const MAX_ASKED_AT_ONCE: usize = 16;
/// What asking the chain may take. What is not known by then is still promised, and asked of the next time.
const LONGEST_LOOK: Duration = Duration::from_secs(5);

/// Parts that cannot be committed any more, each with the time that it was promised until: one that is promised anew meanwhile is not among them.
#[derive(Debug, Default)]
pub(super) struct Lapsed(BTreeSet<(B256, u64)>);

impl Lapsed {
    pub(super) fn has(&self, promise: &Promise) -> bool {
        self.0.contains(&(promise.part, promise.until_s))
    }
}

/// A promise whose time is over, with one key that it writes: a chain holds, and writes, all of a part at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Overdue {
    part: B256,
    until_s: u64,
    key: B256,
}

/// Those of which no request holds a key, and whose keys have in the database the version of the chain. What is committed there and not applied yet is promised on.
pub(super) async fn lapsed(
    followed: &Followed,
    tables: &Tables,
    connection: &mut Connection,
    now_s: u64,
) -> Result<Lapsed, DatabaseError> {
    let overdue = overdue(&tables.promises(connection).await?, now_s);
    if overdue.is_empty() {
        return Ok(Lapsed::default());
    }
    // Read before the chain is asked: what is applied between the two keeps a promise, and ends none.
    let applied = tables.applied_to_promised(connection).await?;
    let looks: Vec<_> = overdue.into_iter().map(|of| look(followed, &applied, of)).collect();
    let mut looks = stream::iter(looks).buffer_unordered(MAX_ASKED_AT_ONCE);
    let (mut found, deadline) = (Lapsed::default(), Instant::now() + LONGEST_LOOK);
    while let Ok(Some(looked)) = timeout_at(deadline, looks.next()).await {
        found.0.extend(looked);
    }
    Ok(found)
}

fn overdue(promises: &[Promise], now_s: u64) -> Vec<Overdue> {
    let late = promises.iter().filter(|promise| promise.until_s.saturating_add(CLOCK_DIFFERENCE_S) < now_s);
    let asked = late.filter_map(|promise| {
        let (key, _) = promise.keys.iter().find(|(_, of)| of.value.is_some())?;
        Some(Overdue { part: promise.part, until_s: promise.until_s, key: *key })
    });
    asked.collect()
}

/// `None`: it may still be committed, or is and waits for the applier, or the chain does not say.
async fn look(followed: &Followed, applied: &BTreeMap<B256, Applied>, of: Overdue) -> Option<(B256, u64)> {
    match followed.contract.free_version(of.key).await {
        Ok(version) => {
            let known = applied.get(&of.key).map_or(0, |applied| applied.version);
            (version == Some(known)).then_some((of.part, of.until_s))
        }
        Err(error) => {
            unread_chain(&error);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::promises::PromisedKey;

    fn promise(part: u8, until_s: u64, writes: u8) -> Promise {
        let of = |subject| PromisedKey { subject, version: 1, is_read: false, value: Some(B256::repeat_byte(9)) };
        let keys = (1..=writes).map(B256::repeat_byte).map(|key| (key, of(key)));
        Promise { part: B256::repeat_byte(part), until_s, asker: None, keys: keys.collect() }
    }

    // DATABASE-8: the chain is asked one question of a promise, however many keys that has, and none before its time is over for certain.
    #[test]
    fn of_a_promise_whose_time_is_over_one_key_is_asked() {
        let promises = [promise(1, 100, 32), promise(2, 100, 1), promise(3, 101, 32)];
        let asked = |part, key| Overdue { part: B256::repeat_byte(part), until_s: 100, key: B256::repeat_byte(key) };
        assert!(overdue(&promises, 100 + CLOCK_DIFFERENCE_S).is_empty());
        assert_eq!(overdue(&promises, 101 + CLOCK_DIFFERENCE_S), [asked(1, 1), asked(2, 1)]);
    }

    // DATABASE-8: what was promised anew after the chain was asked of the old time has not lapsed.
    #[test]
    fn a_promise_that_is_made_anew_has_not_lapsed() {
        let (old, anew) = (promise(1, 100, 1), promise(1, 300, 1));
        let lapsed = Lapsed([(old.part, old.until_s)].into());
        assert!(lapsed.has(&old) && !lapsed.has(&anew));
    }
}
