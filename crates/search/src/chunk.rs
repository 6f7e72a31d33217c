//! A run of operations in the order of acceptance: where each stands and what is filtered by; and the lists of rows by term.

use std::{collections::HashMap, sync::Arc};

use alloy_primitives::{Address, B256};
use chancery_data::{Reader, SourceId, submission::Access};

use crate::spans::Spans;

/// Operations after which a chunk is full. A submission is never split, so it may have up to 999 more, and a row's number fits 16 bits.
pub(crate) const CHUNK_ROWS: usize = 8192;
/// Bytes of operations after which a chunk is full, which bounds the memory of its terms.
pub(crate) const CHUNK_BYTES: usize = 8 * 1024 * 1024;

/// A submission of a chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SubmissionRow {
    pub(crate) place: u64,
    pub(crate) accepted_at_ms: u64,
    /// End of its retention.
    pub(crate) expires_ms: u64,
    /// The segment of the journal.
    pub(crate) segment: u64,
    pub(crate) digest: B256,
    pub(crate) source: SourceId,
    pub(crate) format: Arc<str>,
    pub(crate) format_version: u32,
    pub(crate) access: Access,
    /// Whether any of its operations shows what a sealed format seals.
    pub(crate) in_clear: bool,
    /// Whom its source has named.
    pub(crate) readers: Arc<[Reader]>,
}

/// An operation of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// Which of the chunk's submissions.
    pub(crate) submission: u32,
    /// In the submission.
    pub(crate) index: u32,
    /// As the source says, Unix milliseconds.
    pub(crate) time_ms: u64,
    /// Byte in the segment.
    pub(crate) offset: u64,
    pub(crate) bytes: u32,
}

/// What is known of a chunk without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub(crate) first_place: u64,
    pub(crate) last_place: u64,
    pub(crate) least_time_ms: u64,
    pub(crate) most_time_ms: u64,
    pub(crate) least_accepted_ms: u64,
    pub(crate) most_accepted_ms: u64,
    /// Whether every number and time of the contents is within a span that is kept.
    pub(crate) has_spans: bool,
}

/// The rows of a chunk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rows {
    pub(crate) submissions: Vec<SubmissionRow>,
    pub(crate) rows: Vec<Row>,
}

/// A chunk that is being filled.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    pub(crate) rows: Rows,
    pub(crate) lists: HashMap<String, Vec<u16>>,
    pub(crate) spans: Spans,
    pub(crate) bytes: usize,
}

const SUBMISSION_BYTES: usize = 8 * 4 + 32 + 20 + 2 + 2 + 4 + 1;
/// Beside the access class.
const IN_CLEAR: u8 = 0x80;
const ROW_BYTES: usize = 4 + 4 + 8 + 8 + 4;

impl Rows {
    /// The bounds; `None` without rows.
    pub(crate) fn bounds(&self) -> Option<Bounds> {
        let (first, last) = (self.submissions.first()?, self.submissions.last()?);
        let times = || self.rows.iter().map(|row| row.time_ms);
        let accepted = || self.submissions.iter().map(|submission| submission.accepted_at_ms);
        Some(Bounds {
            first_place: first.place,
            last_place: last.place,
            least_time_ms: times().min()?,
            most_time_ms: times().max()?,
            least_accepted_ms: accepted().min()?,
            most_accepted_ms: accepted().max()?,
            has_spans: false,
        })
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let (mut formats, mut readers): (Vec<&str>, Vec<&[Reader]>) = (Vec::new(), Vec::new());
        let mut body = Vec::with_capacity(self.submissions.len() * SUBMISSION_BYTES + self.rows.len() * ROW_BYTES);
        for one in &self.submissions {
            let format = formats.iter().position(|known| **known == *one.format).unwrap_or_else(|| {
                formats.push(&one.format);
                formats.len() - 1
            });
            let named = readers.iter().position(|known| **known == *one.readers).unwrap_or_else(|| {
                readers.push(&one.readers);
                readers.len() - 1
            });
            for number in [one.place, one.accepted_at_ms, one.expires_ms, one.segment] {
                body.extend(number.to_le_bytes());
            }
            body.extend(one.digest);
            body.extend(one.source);
            body.extend((format as u16).to_le_bytes());
            body.extend((named as u16).to_le_bytes());
            body.extend(one.format_version.to_le_bytes());
            body.push(class_byte(one.access, one.in_clear));
        }
        for row in &self.rows {
            body.extend(row.submission.to_le_bytes());
            body.extend(row.index.to_le_bytes());
            body.extend(row.time_ms.to_le_bytes());
            body.extend(row.offset.to_le_bytes());
            body.extend(row.bytes.to_le_bytes());
        }
        // Names of formats are plain ASCII without line breaks, and readers are without spaces too.
        let formats = formats.join("\n").into_bytes();
        let readers = readers.iter().map(|list| list.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "));
        let readers = readers.collect::<Vec<_>>().join("\n").into_bytes();
        let mut bytes = Vec::with_capacity(16 + formats.len() + readers.len() + body.len());
        for count in [self.submissions.len(), self.rows.len(), formats.len(), readers.len()] {
            bytes.extend((count as u32).to_le_bytes());
        }
        bytes.extend(formats);
        bytes.extend(readers);
        bytes.extend(body);
        bytes
    }

    /// What [`Self::encode`] wrote; `None` for anything else.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut rest = Bytes(bytes);
        let (submissions, rows) = (rest.u32()? as usize, rest.u32()? as usize);
        let (formats, readers) = (rest.u32()? as usize, rest.u32()? as usize);
        let formats: Vec<Arc<str>> =
            std::str::from_utf8(rest.take(formats)?).ok()?.split('\n').map(Arc::from).collect();
        let readers = std::str::from_utf8(rest.take(readers)?).ok()?;
        let readers = readers.split('\n').map(readers_of).collect::<Option<Vec<_>>>()?;
        if rest.0.len() != submissions.checked_mul(SUBMISSION_BYTES)?.checked_add(rows.checked_mul(ROW_BYTES)?)? {
            return None;
        }
        let submission = |rest: &mut Bytes<'_>| {
            let mut row = SubmissionRow {
                place: rest.u64()?,
                accepted_at_ms: rest.u64()?,
                expires_ms: rest.u64()?,
                segment: rest.u64()?,
                digest: B256::new(rest.array()?),
                source: Address::new(rest.array()?),
                format: Arc::clone(formats.get(usize::from(u16::from_le_bytes(rest.array()?)))?),
                readers: Arc::clone(readers.get(usize::from(u16::from_le_bytes(rest.array()?)))?),
                format_version: rest.u32()?,
                access: Access::Restricted,
                in_clear: true,
            };
            (row.access, row.in_clear) = class_of(rest.array::<1>()?[0])?;
            Some(row)
        };
        let submissions = (0..submissions).map(|_| submission(&mut rest)).collect::<Option<Vec<_>>>()?;
        let row = |rest: &mut Bytes<'_>| {
            let row = Row {
                submission: rest.u32()?,
                index: rest.u32()?,
                time_ms: rest.u64()?,
                offset: rest.u64()?,
                bytes: rest.u32()?,
            };
            submissions.get(row.submission as usize).map(|_| row)
        };
        let rows = (0..rows).map(|_| row(&mut rest)).collect::<Option<Vec<_>>>()?;
        Some(Self { submissions, rows })
    }
}

impl Bounds {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let Self {
            first_place,
            last_place,
            least_time_ms,
            most_time_ms,
            least_accepted_ms,
            most_accepted_ms,
            has_spans,
        } = *self;
        [first_place, last_place, least_time_ms, most_time_ms, least_accepted_ms, most_accepted_ms]
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .chain([u8::from(has_spans)])
            .collect()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut rest = Bytes(bytes);
        Some(Self {
            first_place: rest.u64()?,
            last_place: rest.u64()?,
            least_time_ms: rest.u64()?,
            most_time_ms: rest.u64()?,
            least_accepted_ms: rest.u64()?,
            most_accepted_ms: rest.u64()?,
            has_spans: rest.array() == Some([1]),
        })
    }
}

/// Differences from one row to the next, seven bits a byte.
pub(crate) fn encode_list(rows: &[u16]) -> Vec<u8> {
    let (mut bytes, mut last) = (Vec::with_capacity(rows.len()), 0);
    for row in rows {
        let mut step = row - last;
        last = *row;
        while step >= 0x80 {
            bytes.push((step & 0x7f) as u8 | 0x80);
            step >>= 7;
        }
        bytes.push(step as u8);
    }
    bytes
}

pub(crate) fn decode_list(bytes: &[u8]) -> Option<Vec<u16>> {
    let (mut rows, mut last, mut step, mut shift) = (Vec::with_capacity(bytes.len()), 0_u16, 0_u32, 0_u32);
    for byte in bytes {
        step |= u32::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            last = last.checked_add(u16::try_from(step).ok()?)?;
            rows.push(last);
            (step, shift) = (0, 0);
        } else {
            shift += 7;
            if shift > 14 {
                return None;
            }
        }
    }
    (shift == 0).then_some(rows)
}

fn readers_of(text: &str) -> Option<Arc<[Reader]>> {
    text.split(' ').filter(|one| !one.is_empty()).map(|one| one.parse().ok()).collect()
}

/// An access class, and whether anything is in clear.
pub(crate) const fn class_byte(access: Access, in_clear: bool) -> u8 {
    let class = match access {
        Access::Public => 0,
        Access::Internal => 1,
        Access::Restricted => 2,
    };
    if in_clear { class | IN_CLEAR } else { class }
}

/// What [`class_byte`] wrote.
pub(crate) const fn class_of(byte: u8) -> Option<(Access, bool)> {
    let access = match byte & !IN_CLEAR {
        0 => Access::Public,
        1 => Access::Internal,
        2 => Access::Restricted,
        _ => return None,
    };
    Some((access, byte & IN_CLEAR != 0))
}

struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*first)
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (first, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(first)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        // SEARCH-1
        #[test]
        fn a_list_of_rows_reads_as_it_was_written(rows in prop::collection::btree_set(0..9192_u16, 0..500)) {
            let rows: Vec<u16> = rows.into_iter().collect();
            prop_assert_eq!(decode_list(&encode_list(&rows)), Some(rows));
        }

        // SEARCH-3
        #[test]
        fn a_submission_keeps_its_class_and_its_readers(
            access in prop_oneof![Just(Access::Public), Just(Access::Internal), Just(Access::Restricted)],
            in_clear: bool, addresses in prop::collection::vec(any::<[u8; 20]>(), 0..3), office: bool,
        ) {
            let mut readers: Vec<Reader> = addresses.into_iter().map(|one| Reader::Address(one.into())).collect();
            readers.extend(office.then(|| Reader::Organization("CITY-HALL".into())));
            let row = |place, readers: &[Reader]| SubmissionRow {
                place, accepted_at_ms: 1, expires_ms: 2, segment: 3, digest: B256::ZERO, source: Address::ZERO,
                format: Arc::from("f"), format_version: 1, access, in_clear, readers: readers.into(),
            };
            let rows = Rows { submissions: vec![row(1, &readers), row(2, &[]), row(3, &readers)], rows: Vec::new() };
            prop_assert_eq!(Rows::decode(&rows.encode()), Some(rows));
        }

        #[test]
        fn any_bytes_read_as_rows_or_as_nothing(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode_list(&bytes);
            if let Some(rows) = Rows::decode(&bytes) {
                prop_assert_eq!(Rows::decode(&rows.encode()), Some(rows));
            }
        }
    }
}
