//! Who has subscribed to what, and who waits for the next operation (PROVISIONING-5).

use std::{collections::BTreeMap, io, sync::Arc};

use alloy_primitives::{Address, B256};
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult, Role,
    data_search::{
        DEFAULT_SUBSCRIPTION_DAYS, DataQuery, MAX_ALL_SUBSCRIPTIONS, MAX_NAME_BYTES, MAX_STRANGERS_SUBSCRIPTIONS,
        MAX_SUBSCRIPTION_DAYS, MAX_SUBSCRIPTIONS, Subscribe, Subscription,
    },
};
use parking_lot::Mutex;

use crate::subscription_files::{KeptSubscription, Subscriptions};

/// Most that wait for the next operation at a time; more are answered at once, with nothing. Each is a call under way in two entities.
const MAX_WAITING: usize = 64;
/// Most of them of one owner.
const MAX_WAITING_OF_OWNER: usize = 4;
/// Most of them of owners who have no role.
const MAX_STRANGERS_WAITING: usize = 16;
const DAY_MS: u64 = 86_400_000;

/// The subscriptions of a city.
pub(super) struct Subscribed {
    files: Arc<dyn Subscriptions>,
    known: Mutex<BTreeMap<B256, KeptSubscription>>,
    waiting: Mutex<BTreeMap<(bool, Address), usize>>,
}

/// Whose subscriptions they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) address: Address,
    /// It has no role: nobody has looked at who it is, so its keys cost nothing.
    pub(super) is_stranger: bool,
}

/// A place to wait in.
pub(super) struct Waiting<'a> {
    all: &'a Subscribed,
    owner: (bool, Address),
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut waiting = self.all.waiting.lock();
        if let Some(count) = waiting.get_mut(&self.owner) {
            *count -= 1;
            if *count == 0 {
                waiting.remove(&self.owner);
            }
        }
    }
}

/// Whose subscriptions are asked for.
pub(super) fn owner(actor: &Actor) -> DoorResult<Owner> {
    let nobody =
        || DoorError::new(Code::AuthenticationRequired, "a subscription is somebody's: sign in, or sign the request");
    let is_stranger = actor.roles.iter().all(|role| *role == Role::Registered);
    Ok(Owner { address: actor.address.ok_or_else(nobody)?, is_stranger })
}

/// The name and the days of what is asked for; what a reader decides stands in no subscription.
///
/// # Errors
/// `MalformedRequest` with the member.
pub(super) fn days(asked: &Subscribe) -> DoorResult<u32> {
    let refuse = |member: &str, detail: String| {
        Err(DoorError::new(Code::MalformedRequest, format!("{member}: {detail}")).with("member", member))
    };
    let days = asked.days.unwrap_or(DEFAULT_SUBSCRIPTION_DAYS);
    if !(1..=MAX_SUBSCRIPTION_DAYS).contains(&days) {
        return refuse("days", format!("write 1 to {MAX_SUBSCRIPTION_DAYS}"));
    }
    if asked.name.len() > MAX_NAME_BYTES || asked.name.chars().any(char::is_control) {
        return refuse("name", format!("at most {MAX_NAME_BYTES} bytes without control characters"));
    }
    let DataQuery { ascending, limit, after, sort, .. } = &asked.query;
    if *ascending || limit.is_some() || after.is_some() || sort.is_some() {
        return refuse("query", "order, limit and where it goes on are said when it is read".into());
    }
    Ok(days)
}

fn unknown() -> DoorError {
    DoorError::new(Code::UnknownSubscription, "there is no such subscription of yours, or no longer")
}

fn unavailable(error: io::Error) -> DoorError {
    tracing::error!(%error, "subscriptions cannot be kept");
    DoorError::new(Code::StoreUnavailable, "subscriptions cannot be kept at present").caused_by(error)
}

impl Subscribed {
    pub(super) fn open(files: Arc<dyn Subscriptions>) -> io::Result<Self> {
        let known = files.all()?.into_iter().map(|kept| (kept.subscription.id, kept)).collect();
        Ok(Self { files, known: Mutex::new(known), waiting: Mutex::default() })
    }

    /// Whether there is room for one more of an owner.
    ///
    /// # Errors
    /// `TooManySubscriptions`, `StoreUnavailable`.
    pub(super) fn room(&self, owner: Owner, now_ms: u64) -> DoorResult<()> {
        self.forget_expired(now_ms)?;
        room_in(&self.known.lock(), owner)
    }

    /// Keeps one: what is accepted from `start` on.
    ///
    /// # Errors
    /// As [`Self::room`].
    pub(super) fn add(
        &self,
        owner: Owner,
        asked: Subscribe,
        days: u32,
        start: u64,
        now_ms: u64,
    ) -> DoorResult<Subscription> {
        let subscription = Subscription {
            id: B256::random(),
            name: asked.name,
            query: asked.query,
            start,
            created_at: now_ms,
            expires_at: now_ms.saturating_add(u64::from(days) * DAY_MS),
        };
        let mut known = self.known.lock();
        room_in(&known, owner)?;
        let Owner { address, is_stranger } = owner;
        let kept = KeptSubscription { owner: address, is_stranger, subscription: subscription.clone() };
        self.files.keep(&kept).map_err(unavailable)?;
        known.insert(subscription.id, kept);
        Ok(subscription)
    }

    /// Those of an owner, oldest first.
    pub(super) fn of(&self, owner: Owner, now_ms: u64) -> Vec<Subscription> {
        let known = self.known.lock();
        let of_owner = known.values().filter(|kept| is_of(kept, owner, now_ms));
        let mut all: Vec<Subscription> = of_owner.map(|kept| kept.subscription.clone()).collect();
        all.sort_by_key(|one| (one.created_at, one.id));
        all
    }

    /// One of an owner.
    ///
    /// # Errors
    /// `UnknownSubscription`.
    pub(super) fn one(&self, owner: Owner, id: B256, now_ms: u64) -> DoorResult<Subscription> {
        let known = self.known.lock();
        let one = known.get(&id).filter(|kept| is_of(kept, owner, now_ms));
        one.map(|kept| kept.subscription.clone()).ok_or_else(unknown)
    }

    /// Ends one of an owner.
    ///
    /// # Errors
    /// `UnknownSubscription`, `StoreUnavailable`.
    pub(super) fn end(&self, owner: Owner, id: B256, now_ms: u64) -> DoorResult<Subscription> {
        let ended = self.one(owner, id, now_ms)?;
        self.files.forget(id).map_err(unavailable)?;
        self.known.lock().remove(&id);
        Ok(ended)
    }

    /// A place to wait in, if there is one.
    pub(super) fn wait(&self, owner: Owner) -> Option<Waiting<'_>> {
        let owner = (owner.is_stranger, owner.address);
        let mut waiting = self.waiting.lock();
        let strangers =
            waiting.iter().filter(|((is_stranger, _), _)| *is_stranger).map(|(_, count)| count).sum::<usize>();
        let has_share = !owner.0 || strangers < MAX_STRANGERS_WAITING;
        let has_room = has_share && waiting.values().sum::<usize>() < MAX_WAITING;
        let count = waiting.entry(owner).or_default();
        if has_room && *count < MAX_WAITING_OF_OWNER {
            *count += 1;
            return Some(Waiting { all: self, owner });
        }
        if *count == 0 {
            waiting.remove(&owner);
        }
        None
    }

    fn forget_expired(&self, now_ms: u64) -> DoorResult<()> {
        let mut known = self.known.lock();
        let expired: Vec<B256> =
            known.iter().filter(|(_, kept)| kept.subscription.expires_at <= now_ms).map(|(id, _)| *id).collect();
        for id in expired {
            self.files.forget(id).map_err(unavailable)?;
            known.remove(&id);
        }
        Ok(())
    }
}

fn is_of(kept: &KeptSubscription, owner: Owner, now_ms: u64) -> bool {
    kept.owner == owner.address && kept.subscription.expires_at > now_ms
}

fn room_in(known: &BTreeMap<B256, KeptSubscription>, owner: Owner) -> DoorResult<()> {
    let of_owner = known.values().filter(|kept| kept.owner == owner.address).count();
    let of_strangers = known.values().filter(|kept| kept.is_stranger).count();
    let share = if owner.is_stranger { MAX_STRANGERS_SUBSCRIPTIONS } else { usize::MAX };
    for (count, limit, of) in [
        (of_owner, MAX_SUBSCRIPTIONS, "you have"),
        (of_strangers, share, "whoever has no role has"),
        (known.len(), MAX_ALL_SUBSCRIPTIONS, "the city has"),
    ] {
        if count >= limit {
            let detail = format!("{of} {limit} subscriptions already");
            return Err(DoorError::new(Code::TooManySubscriptions, detail).with("limit", limit));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// A disk that keeps nothing.
    #[derive(Debug)]
    struct Nowhere;

    impl Subscriptions for Nowhere {
        fn all(&self) -> io::Result<Vec<KeptSubscription>> {
            Ok(Vec::new())
        }
        fn keep(&self, _: &KeptSubscription) -> io::Result<()> {
            Ok(())
        }
        fn forget(&self, _: B256) -> io::Result<()> {
            Ok(())
        }
    }

    fn somebody(number: usize, roles: &[Role]) -> Owner {
        let address = Address::left_padding_from(&number.to_be_bytes());
        owner(&Actor::new(address, roles.iter().copied())).unwrap()
    }

    // PROVISIONING-5: whoever makes keys for nothing takes a share of the room, and nobody else's.
    #[test]
    fn strangers_leave_room_for_who_has_a_role() {
        let subscribed = Subscribed::open(Arc::new(Nowhere)).unwrap();
        let add = |owner| subscribed.add(owner, Subscribe::default(), 1, 0, 0);
        for number in 0..MAX_STRANGERS_SUBSCRIPTIONS {
            let roles: &[Role] = if number.is_multiple_of(2) { &[] } else { &[Role::Registered] };
            add(somebody(number, roles)).unwrap();
        }
        let refused = add(somebody(1 << 20, &[])).unwrap_err();
        assert_eq!(
            (refused.code(), &refused.members()["limit"]),
            (Code::TooManySubscriptions, &MAX_STRANGERS_SUBSCRIPTIONS.into())
        );
        add(somebody(1 << 20, &[Role::Citizen])).unwrap();
    }

    // PROVISIONING-5
    #[test]
    fn strangers_do_not_keep_others_from_waiting() {
        let subscribed = Subscribed::open(Arc::new(Nowhere)).unwrap();
        let waiting: Vec<_> = (0..MAX_STRANGERS_WAITING).map(|number| subscribed.wait(somebody(number, &[]))).collect();
        assert!(waiting.iter().all(Option::is_some));
        assert!(subscribed.wait(somebody(100, &[])).is_none());
        assert!(subscribed.wait(somebody(100, &[Role::Citizen])).is_some());
        drop(waiting);
        assert!(subscribed.wait(somebody(100, &[])).is_some());
    }
}
