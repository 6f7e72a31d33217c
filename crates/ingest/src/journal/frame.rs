//! One group in bytes: `"CHJF" | crc32 | body bytes | first place | entry count | entries`, little-endian.

use super::JournalError;

/// What a group begins with.
pub(super) const MAGIC: [u8; 4] = *b"CHJF";
/// Length of what stands before the entries.
pub const FRAME_HEADER_BYTES: usize = 4 + 4 + 4 + 8 + 4;
/// Largest group, in bytes.
pub const MAX_GROUP_BYTES: usize = 8 * 1024 * 1024;
/// Largest entry, in bytes.
pub const MAX_ENTRY_BYTES: usize = 2 * 1024 * 1024;

/// An entry to be written.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// What it is.
    pub kind: u8,
    /// Its content.
    pub body: &'a [u8],
}

impl Entry<'_> {
    /// What it takes in a group.
    #[must_use]
    pub const fn framed_bytes(&self) -> usize {
        5 + self.body.len()
    }
}

/// # Errors
/// [`JournalError::TooLarge`].
pub(super) fn encode(first_place: u64, entries: &[Entry<'_>]) -> Result<Vec<u8>, JournalError> {
    let body: usize = entries.iter().map(Entry::framed_bytes).sum();
    let too_large = || JournalError::TooLarge { bytes: body };
    if entries.is_empty() || body > MAX_GROUP_BYTES || entries.iter().any(|entry| entry.body.len() > MAX_ENTRY_BYTES) {
        return Err(too_large());
    }
    let number = |value: usize| u32::try_from(value).map_err(|_| too_large());
    let mut frame = Vec::with_capacity(FRAME_HEADER_BYTES + body);
    frame.extend(MAGIC);
    frame.extend([0; 4]);
    frame.extend(number(body)?.to_le_bytes());
    frame.extend(first_place.to_le_bytes());
    frame.extend(number(entries.len())?.to_le_bytes());
    for entry in entries {
        frame.extend(number(entry.body.len())?.to_le_bytes());
        frame.push(entry.kind);
        frame.extend(entry.body);
    }
    let checksum = crc32fast::hash(&frame[8..]);
    frame[4..8].copy_from_slice(&checksum.to_le_bytes());
    Ok(frame)
}

/// Length of the entries after a head; `None` when it is no head of a group.
pub(super) fn body_bytes(head: &[u8; FRAME_HEADER_BYTES]) -> Option<usize> {
    let bytes = u32_at(head, 8)? as usize;
    (head.starts_with(&MAGIC) && (1..=MAX_GROUP_BYTES).contains(&bytes)).then_some(bytes)
}

/// The place after the last entry of the group that has this head.
pub(super) fn place_after(head: &[u8; FRAME_HEADER_BYTES]) -> Option<u64> {
    let first = head.get(12..20)?.try_into().ok().map(u64::from_le_bytes)?;
    first.checked_add(u32_at(head, 20)?.into())
}

/// The kind of an entry, and its bytes.
type OwnedEntry = (u8, Vec<u8>);

/// First place and entries of a whole frame.
///
/// # Errors
/// In words.
pub(super) fn decode(frame: &[u8]) -> Result<(u64, Vec<OwnedEntry>), String> {
    let short = || "a group is too short".to_owned();
    if u32_at(frame, 4).ok_or_else(short)? != crc32fast::hash(frame.get(8..).ok_or_else(short)?) {
        return Err("the checksum of a group is wrong".into());
    }
    let first_place = frame.get(12..20).and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes);
    let count = u32_at(frame, 20).ok_or_else(short)?;
    let mut rest = frame.get(FRAME_HEADER_BYTES..).ok_or_else(short)?;
    let mut entries = Vec::with_capacity(count.min(65_536) as usize);
    for _ in 0..count {
        let bytes = u32_at(rest, 0).ok_or_else(short)? as usize;
        let kind = *rest.get(4).ok_or_else(short)?;
        let end = bytes.checked_add(5).ok_or_else(short)?;
        entries.push((kind, rest.get(5..end).ok_or_else(short)?.to_vec()));
        rest = &rest[end..];
    }
    if !rest.is_empty() {
        return Err("a group has more bytes than entries".into());
    }
    Ok((first_place.ok_or_else(short)?, entries))
}

fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    bytes.get(offset..offset.checked_add(4)?)?.try_into().ok().map(u32::from_le_bytes)
}
