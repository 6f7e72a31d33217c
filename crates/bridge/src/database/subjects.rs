//! Which subject a key is of. A key of a register is the hash of register and subject, so whatever names a subject is tried, and none is believed that does not make the key.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{B256, Bytes, keccak256_uncached};

use super::{error::DatabaseError, mapping::Book};

/// Most hashes of one search: a part of a second. An input of 64 KiB is searched whole at every fourth byte, whatever the declaration; with one register at every byte.
const MAX_HASHES: usize = 1 << 19;
/// Words of nested calls stand at multiples of this: a selector has four bytes.
const STEP: usize = 4;
/// A word.
const WORD: usize = 32;

/// What an operator says of a key: the subject that makes it with a register of the declaration; or the key itself, for one that is of none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToldSubject {
    /// The key on chain.
    pub key: B256,
    /// The subject.
    pub subject: B256,
}

impl ToldSubject {
    pub(super) fn check(&self, book: &Book) -> Result<(), DatabaseError> {
        let Self { key, subject } = *self;
        if key == subject || book.is_of(key, subject) {
            Ok(())
        } else {
            Err(DatabaseError::OtherSubject { key, subject })
        }
    }
}

/// The key of a subject in a register, as `RuleNode` makes it.
pub(super) fn key_of(kind: B256, subject: B256) -> B256 {
    let mut both = [0; 2 * WORD];
    both[..WORD].copy_from_slice(kind.as_slice());
    both[WORD..].copy_from_slice(subject.as_slice());
    // There are too many for a cache.
    keccak256_uncached(both)
}

/// Subjects of keys that are somewhere in these bytes, wherever they stand: of the registers that are given, and of any whose name stands before its subject.
pub(super) fn search(input: &[u8], kinds: &[B256], keys: &BTreeSet<B256>) -> BTreeMap<B256, B256> {
    let (mut found, mut left) = (BTreeMap::new(), MAX_HASHES);
    let first = (0..input.len()).step_by(STEP);
    let others = (0..input.len()).filter(|offset| offset % STEP != 0);
    for offset in first.chain(others) {
        let Some(word) = word_at(input, offset) else { continue };
        let before = offset.checked_sub(WORD).and_then(|offset| word_at(input, offset));
        for kind in kinds.iter().copied().chain(before) {
            if left == 0 || found.len() == keys.len() {
                return found;
            }
            left -= 1;
            let key = key_of(kind, word);
            if keys.contains(&key) {
                found.insert(key, word);
            }
        }
    }
    found
}

/// The same, off the threads that others need meanwhile.
pub(super) async fn searched(input: Bytes, book: &Book, keys: BTreeSet<B256>) -> BTreeMap<B256, B256> {
    let kinds: Vec<_> = book.kinds().collect();
    // Nothing in it panics, and nobody ends it.
    tokio::task::spawn_blocking(move || search(&input, &kinds, &keys)).await.unwrap_or_default()
}

fn word_at(input: &[u8], offset: usize) -> Option<B256> {
    input.get(offset..offset.checked_add(WORD)?).map(B256::from_slice)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // A-CONS, DATABASE-6
    #[test]
    fn a_subject_is_found_wherever_it_stands() {
        proptest!(|(before in prop::collection::vec(any::<u8>(), 0..100), after in prop::collection::vec(any::<u8>(), 0..100),
                    subject: [u8; 32], kind: [u8; 32], is_named: bool)| {
            let (subject, kind) = (B256::from(subject), B256::from(kind));
            let key = key_of(kind, subject);
            let name = if is_named { kind.to_vec() } else { Vec::new() };
            let input = [&before[..], &name, subject.as_slice(), &after].concat();
            let kinds = if is_named { vec![B256::ZERO] } else { vec![B256::ZERO, kind] };
            prop_assert_eq!(search(&input, &kinds, &[key].into()), BTreeMap::from([(key, subject)]));
            let other = B256::repeat_byte(7);
            prop_assert!(search(&input, &kinds, &[other].into()).is_empty(), "what does not make the key is no subject of it");
        });
    }

    // DATABASE-6: whatever somebody sends, it is looked through in a bounded time.
    #[test]
    fn a_search_has_a_bound() {
        let (kind, subject) = (B256::repeat_byte(1), B256::repeat_byte(2));
        let kinds: Vec<_> = (3..34).map(B256::repeat_byte).chain([kind]).collect();
        let keys: BTreeSet<_> = [key_of(kind, subject)].into();
        let near = [vec![0; 32 * 1024], subject.to_vec()].concat();
        assert_eq!(search(&near, &kinds, &keys).len(), 1);
        let far = [vec![0; 2 * STEP * MAX_HASHES / kinds.len()], subject.to_vec()].concat();
        assert!(search(&far, &kinds, &keys).is_empty());
    }
}
