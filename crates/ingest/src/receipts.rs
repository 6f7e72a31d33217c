//! Receipts of the submissions of one group: a signature for up to 64 of them, made by whoever needs it first (decision 0062).
//!
//! ```text
//!  group, synced --> receipts in the order of their places --64 each--> tree, signed once --> text of each
//! ```
//!
//! They follow from the journal alone: a submission that comes again, also after a restart, gets the text that it had.

use std::{collections::VecDeque, path::Path, sync::Arc};

use chancery_data::{
    JwsError,
    receipt::{MAX_RECEIPTS, Receipt, ReceiptSigner, SignedReceipts},
};
use chancery_reference_points::{Code, DoorError, DoorResult};
use parking_lot::Mutex;

use crate::{
    blocks::unreadable,
    entry,
    group::broken,
    index::Index,
    journal::{self, Group},
    limits::MAX_REMEMBERED_GROUPS,
};

/// When a token that was gone is asked again at the earliest.
const KEY_RETRY_AFTER_MS: u64 = 2000;

/// The receipts of one group.
#[derive(Debug, Default)]
pub(crate) struct GroupReceipts {
    signed: Vec<Signed>,
}

/// What one signature is for.
#[derive(Debug)]
struct Signed {
    receipts: Vec<Receipt>,
    /// Not a failure: whoever keeps the key may sign the next time.
    made: Mutex<Option<Arc<SignedReceipts>>>,
}

impl Signed {
    fn made(&self, signer: &ReceiptSigner) -> DoorResult<Arc<SignedReceipts>> {
        let mut made = self.made.lock();
        if let Some(made) = &*made {
            return Ok(Arc::clone(made));
        }
        let signed = Arc::new(signer.sign(&self.receipts).map_err(unsigned)?);
        Ok(Arc::clone(made.insert(signed)))
    }
}

/// The key is the city's own, and what it should sign for is durable: it is signed for when the same is sent again.
fn unsigned(error: JwsError) -> DoorError {
    match error {
        JwsError::Key(_) => {
            tracing::warn!(%error, "receipts are not signed");
            DoorError::new(
                Code::EntityUnavailable,
                "it is accepted and kept, and the key that signs receipts is not at hand",
            )
            .with("entity", "representation")
            .with("retryAfterMs", KEY_RETRY_AFTER_MS)
            .caused_by(error)
        }
        error => DoorError::internal(error),
    }
}

impl GroupReceipts {
    /// In the order of their places.
    pub(crate) fn new(receipts: &[Receipt]) -> Self {
        let signed = receipts.chunks(MAX_RECEIPTS);
        Self { signed: signed.map(|few| Signed { receipts: few.to_vec(), made: Mutex::default() }).collect() }
    }

    /// Those of a group as it stands in the journal; `None` for an entry that does not read, which a checksummed one does.
    pub(crate) fn of(group: &Group, chain_id: u64) -> Option<Self> {
        let submissions = (group.first_place..).zip(&group.entries).filter(|(_, (kind, _))| *kind == entry::SUBMISSION);
        let receipts = submissions.map(|(place, (_, body))| entry::receipt(body, place, chain_id));
        Some(Self::new(&receipts.collect::<Option<Vec<_>>>()?))
    }

    fn find(&self, place: u64) -> Option<(&Signed, usize)> {
        let after = self.signed.partition_point(|signed| signed.receipts.first().is_some_and(|one| one.place <= place));
        let signed = self.signed.get(after.checked_sub(1)?)?;
        let index = signed.receipts.binary_search_by_key(&place, |receipt| receipt.place).ok()?;
        Some((signed, index))
    }

    /// Whether the submission at a place is one of them.
    pub(crate) fn has(&self, place: u64) -> bool {
        self.find(place).is_some()
    }

    /// The text of the receipt for a place. Signs, unless somebody has; may block where the key is kept elsewhere.
    ///
    /// # Errors
    /// `EntityUnavailable` when whoever keeps the key does not sign, `Internal` when the place is none of the group's.
    pub(crate) fn text(&self, place: u64, signer: &ReceiptSigner) -> DoorResult<String> {
        let missing = || DoorError::internal(std::io::Error::other("a group has no receipt for one of its places"));
        let (signed, index) = self.find(place).ok_or_else(missing)?;
        signed.made(signer)?.text(index).ok_or_else(missing)
    }
}

/// Groups whose submissions came again last: who sends a stream again is answered without reading each group for each line.
#[derive(Debug, Default)]
pub(crate) struct Remembered(Mutex<VecDeque<(u64, Arc<GroupReceipts>)>>);

impl Remembered {
    /// The receipts of the group that holds a place, from the journal. Blocks while it reads.
    ///
    /// # Errors
    /// `JournalUnavailable`, `Internal`.
    pub(crate) fn find(
        &self,
        place: u64,
        index: &Index,
        directory: &Path,
        chain_id: u64,
    ) -> DoorResult<Arc<GroupReceipts>> {
        let missing = |what: &'static str| DoorError::internal(std::io::Error::other(what));
        let (first, position) =
            index.group(place).map_err(broken)?.ok_or_else(|| missing("no group holds a known submission"))?;
        if let Some((_, known)) = self.0.lock().iter().find(|(known, _)| *known == first) {
            return Ok(Arc::clone(known));
        }
        let group = journal::read_group(directory, position).map_err(unreadable)?;
        let receipts = GroupReceipts::of(&group, chain_id).ok_or_else(|| missing("a cut entry"))?;
        let receipts = Arc::new(receipts);
        let mut remembered = self.0.lock();
        if remembered.len() >= MAX_REMEMBERED_GROUPS {
            remembered.pop_front();
        }
        remembered.push_back((first, Arc::clone(&receipts)));
        Ok(receipts)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use alloy_primitives::{Address, B256, FixedBytes};
    use chancery_data::{Algorithm, Signer};

    use super::*;

    fn receipt(place: u64) -> Receipt {
        Receipt {
            chain_id: 7100,
            place,
            digest: B256::with_last_byte(9),
            source: Address::repeat_byte(2),
            key: FixedBytes::repeat_byte(3),
            count: 1,
            accepted_at: 5,
        }
    }

    // DATA-12
    #[test]
    fn each_place_of_a_group_has_its_receipt_and_no_other_place_has_one() {
        let key = Signer::from_bytes(Algorithm::EdDsa, &[1; 32]).unwrap();
        let public = key.public_key();
        let signer = ReceiptSigner::new(key);
        // Bounds of data blocks stand between submissions.
        let places: Vec<u64> = (10..300).filter(|place: &u64| !place.is_multiple_of(7)).collect();
        let group = GroupReceipts::new(&places.iter().copied().map(receipt).collect::<Vec<_>>());
        for place in 0..310 {
            assert_eq!(group.has(place), places.contains(&place), "{place}");
            let text = group.text(place, &signer);
            if places.contains(&place) {
                assert_eq!(Receipt::verify(&text.unwrap(), &public), Ok(receipt(place)));
            } else {
                assert!(text.is_err(), "{place}");
            }
        }
        assert_eq!(group.signed.len(), places.len().div_ceil(MAX_RECEIPTS));
        assert!(!GroupReceipts::default().has(0));
    }
}
