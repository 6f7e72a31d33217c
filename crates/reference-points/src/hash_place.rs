//! Pages of what is named by hashes: a page begins at a place, which is a number that every reader of JSON can hold.

use alloy_primitives::B256;

/// Bytes of a hash that make its place.
const BYTES: usize = 6;

/// Where a hash is among all of them, in their order. Hashes that begin alike share a place.
#[must_use]
pub fn place_of(hash: B256) -> u64 {
    hash.iter().take(BYTES).fold(0, |place, byte| (place << 8) | u64::from(*byte))
}

/// The first hash at a place; `None` beyond the last.
#[must_use]
pub fn first_at(place: u64) -> Option<B256> {
    let bytes = place.to_be_bytes();
    let (&beyond, begin) = bytes.split_first_chunk::<2>()?;
    (beyond == [0, 0]).then(|| {
        let mut first = B256::ZERO;
        first.iter_mut().zip(begin).for_each(|(byte, known)| *byte = *known);
        first
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_in_the_order_of_hashes_and_end() {
        let hash = B256::repeat_byte(0xab);
        assert_eq!(place_of(hash), 0xabab_abab_abab);
        let first = first_at(place_of(hash)).unwrap_or_default();
        assert!(first <= hash && place_of(first) == place_of(hash));
        assert!(first_at(place_of(hash) + 1).is_some_and(|next| next > hash));
        assert_eq!((first_at(0), first_at(1 << 48)), (Some(B256::ZERO), None));
    }
}
