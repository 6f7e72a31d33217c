//! All certificates of a followed chain by their holders, read once from its beginning on, and then what is new. Anybody agrees to whatever they like: with this at hand,
//! somebody who has no certificate costs no look at the whole chain.

use std::collections::BTreeMap;

use alloy_primitives::Address;
use alloy_sol_types::SolEvent as _;
use chancery_contracts::CertificateRegistry;
use chancery_ledger::{Event, EventFilter, LedgerError};

use super::{super::RelayError, HeldRelay, Issued, holders::MAX_EVENTS};

/// Most certificates that are remembered: some tens of megabytes. Of a chain that has more, each holder's are looked for.
const MAX_CERTIFICATES: usize = 200_000;
/// Blocks of a page.
const BLOCKS_OF_A_PAGE: u64 = 10_000;
/// Events of a page that has more than one block.
const EVENTS_OF_A_PAGE: usize = 1_000;

/// What was read so far.
#[derive(Debug, Default)]
pub struct Issuances {
    next_block: u64,
    count: usize,
    /// The oldest first.
    holders: BTreeMap<Address, Vec<Issued>>,
}

impl Issuances {
    /// Certificates of a holder in all that was read, newest first; `None`: there are more than are remembered.
    #[must_use]
    pub fn of(&self, holder: Address) -> Option<Vec<Issued>> {
        let issued = self.holders.get(&holder).map(Vec::as_slice).unwrap_or_default();
        (!self.is_overfull()).then(|| issued.iter().rev().take(MAX_EVENTS).copied().collect())
    }

    const fn is_overfull(&self) -> bool {
        self.count > MAX_CERTIFICATES
    }

    /// Everything up to a block was read.
    fn read(&mut self, to_block: u64, issued: impl Iterator<Item = (Address, Issued)>) {
        self.next_block = to_block.saturating_add(1);
        for (holder, issued) in issued {
            self.holders.entry(holder).or_default().push(issued);
            self.count += 1;
            if self.is_overfull() {
                self.holders.clear();
                return;
            }
        }
    }
}

impl HeldRelay {
    /// Reads one page more; whether that was the last one. May be dropped: nothing is lost, and nothing is counted twice.
    ///
    /// # Errors
    /// See [`RelayError`].
    pub async fn read_issuances(&self, known: &mut Issuances) -> Result<bool, RelayError> {
        let followed = &self.anchor.followed;
        let (from, head) = (known.next_block, followed.head().await?.number);
        if known.is_overfull() || from > head {
            return Ok(true);
        }
        let mut blocks = BLOCKS_OF_A_PAGE;
        let (to, events) = loop {
            let to = head.min(from.saturating_add(blocks - 1));
            let filter = EventFilter {
                contracts: vec![self.certificates],
                topics: [
                    vec![CertificateRegistry::CertificateIssued::SIGNATURE_HASH],
                    Vec::new(),
                    Vec::new(),
                    Vec::new(),
                ],
                from_block: from,
                to_block: Some(to),
            };
            // Of one block all are read: its gas bounds them.
            let limit = if to == from { usize::MAX } else { EVENTS_OF_A_PAGE };
            match followed.events(&filter, limit).await {
                Ok(events) => break (to, events),
                Err(LedgerError::TooManyEvents { .. }) if to > from => blocks = (blocks / 2).max(1),
                Err(error) => return Err(error.into()),
            }
        };
        known.read(to, events.iter().filter_map(issued));
        Ok(to == head)
    }
}

/// Whose certificate an event is about; `None`: it is no `CertificateIssued`.
pub(super) fn issued(event: &Event) -> Option<(Address, Issued)> {
    let topics = event.topics.iter().copied();
    let issued = CertificateRegistry::CertificateIssued::decode_raw_log(topics, &event.data).ok()?;
    Some((issued.holder, Issued { id: issued.certificateId, kind: issued.operation.kind }))
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{B256, U256};

    use super::*;

    // TRUST-11: what is remembered is bounded; whoever has nothing is known to have nothing as long as all is remembered.
    #[test]
    fn certificates_are_remembered_by_holder_up_to_a_bound() {
        let [one, other] = [1, 2].map(Address::repeat_byte);
        let certificate = |number: usize| Issued { id: B256::from(U256::from(number)), kind: B256::ZERO };
        let mut known = Issuances::default();
        known.read(7, [(one, certificate(1)), (one, certificate(2))].into_iter());
        assert_eq!(known.next_block, 8);
        assert_eq!(known.of(one), Some(vec![certificate(2), certificate(1)]), "the newest first");
        assert_eq!(known.of(other), Some(Vec::new()));
        known.read(8, (3..=MAX_CERTIFICATES).map(|number| (other, certificate(number))));
        assert_eq!(known.of(other).map(|issued| issued.len()), Some(MAX_EVENTS));
        known.read(9, [(one, certificate(0))].into_iter());
        assert_eq!((known.of(one), known.of(other)), (None, None), "one too many");
        assert!(known.holders.is_empty());
    }
}
