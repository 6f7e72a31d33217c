//! What has to be shown: what the host does not know, knows otherwise, or will soon hold for lapsed.

use alloy_primitives::Address;
use chancery_contracts::{Anchor, TrustRegistry};
use chancery_ledger::Chain;

use super::{
    super::{RelayError, view},
    Entry,
};

/// By what a host judges the age of facts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ages {
    generation: u32,
    /// Time of its newest final block.
    now_s: u64,
    /// Facts from blocks before this second are shown again.
    refresh_before_s: u64,
}

/// What a host knows of an entry.
#[derive(Clone, Copy, Debug)]
struct Known {
    generation: u32,
    time_s: u64,
    is_same: bool,
}

impl Ages {
    /// Facts are shown again when half of their time is over, so that a whole half is left for what goes wrong.
    pub(super) async fn of(host: &Chain, anchor: Address, registry: Address) -> Result<Self, RelayError> {
        let generation = view(host, anchor, &Anchor::generationCall {}).await?;
        let max_age_s = view(host, registry, &TrustRegistry::maxAgeCall {}).await?;
        let now_s = host.head().await?.time_ms / 1000;
        Ok(Self { generation, now_s, refresh_before_s: now_s.saturating_sub(max_age_s / 2) })
    }

    /// Whether what stands from a block of that time has to be shown again; zero: nothing stands.
    pub(super) const fn is_old(self, time_s: u64) -> bool {
        time_s < self.refresh_before_s
    }

    const fn is_due(self, entry: &Entry, known: Known) -> bool {
        let is_known = known.time_s != 0 && known.generation == self.generation;
        if entry.is_final(self.now_s) {
            // Of something that has ended and was never shown there is nothing to take back.
            return is_known && !known.is_same;
        }
        !is_known || !known.is_same || known.time_s < self.refresh_before_s
    }
}

/// Whether the host has to be shown it.
pub(super) async fn is_due(ages: Ages, host: &Chain, registry: Address, entry: &Entry) -> Result<bool, RelayError> {
    let known = match *entry {
        Entry::Organization { code, is_suspended } => {
            let fact = view(host, registry, &TrustRegistry::organizationFactCall { code }).await?;
            known(&fact.origin, fact.isSuspended == is_suspended)
        }
        Entry::Right { code, right, index, until } => {
            let fact = view(host, registry, &TrustRegistry::rightFactCall { code, right }).await?;
            known(&fact.origin, (fact.index, fact.until) == (index, until))
        }
        Entry::Key { code, right, index, key, revoked_at, .. } => {
            let fact = view(host, registry, &TrustRegistry::keyFactCall { key, code, right }).await?;
            known(&fact.origin, (fact.index, fact.revokedAt) == (index, revoked_at))
        }
    };
    Ok(ages.is_due(entry, known))
}

const fn known(origin: &TrustRegistry::Origin, is_same: bool) -> Known {
    Known { generation: origin.generation, time_s: origin.time, is_same }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::B256;

    use super::*;

    const AGES: Ages = Ages { generation: 1, now_s: 2000, refresh_before_s: 1000 };

    fn is_due(until: u64, known: Known) -> bool {
        let entry = Entry::Right { code: B256::ZERO, right: B256::ZERO, index: 0, until };
        AGES.is_due(&entry, known)
    }

    #[test]
    fn what_stands_is_shown_when_it_is_unknown_other_or_half_as_old_as_it_may_become() {
        let fresh = Known { generation: 1, time_s: 1000, is_same: true };
        assert!(!is_due(0, fresh));
        assert!(is_due(0, Known { time_s: 999, ..fresh }));
        assert!(is_due(0, Known { is_same: false, ..fresh }));
        assert!(is_due(0, Known { generation: 0, ..fresh }), "forgotten by a vote");
        assert!(is_due(0, Known { time_s: 0, ..fresh }), "never shown");
    }

    #[test]
    fn an_end_is_shown_once_and_only_to_who_knows_the_beginning() {
        let beginning = Known { generation: 1, time_s: 10, is_same: false };
        assert!(is_due(7, beginning));
        assert!(!is_due(7, Known { is_same: true, ..beginning }), "shown, however long ago");
        assert!(!is_due(7, Known { time_s: 0, ..beginning }));
        assert!(!is_due(7, Known { generation: 0, ..beginning }), "it does not count there any more");
    }

    #[test]
    fn a_key_that_will_end_is_shown_again_until_it_has_ended() {
        let old = Known { generation: 1, time_s: 10, is_same: true };
        let is_due = |not_after, revoked_at| {
            let (code, right, key) = (B256::ZERO, B256::ZERO, Address::ZERO);
            AGES.is_due(&Entry::Key { code, right, index: 0, key, not_after, revoked_at }, old)
        };
        assert!(is_due(0, 0) && is_due(2000, 0) && is_due(0, 2001));
        assert!(!is_due(1999, 0) && !is_due(0, 2000));
    }
}
