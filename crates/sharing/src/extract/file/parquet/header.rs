//! What the header of a page claims (Parquet's `PageHeader`, in Thrift's compact protocol), read before anything is made of its size.

use std::io::{Error, ErrorKind, Read, Result};

/// Largest page, decompressed.
pub(super) const MAX_PAGE_BYTES: i64 = 16 * 1024 * 1024;
/// Deepest nesting in a header.
const MAX_DEPTH: u8 = 8;
const DEEP: &str = "a page header is nested too deep";
/// `uncompressed_page_size` and `compressed_page_size`.
const SIZES: [i64; 2] = [2, 3];

/// Walks through a header, which ends where its structure does. Every occurrence of a size is checked, since a reader takes the last.
pub(super) fn check_header(input: &mut impl Read) -> Result<()> {
    structure(input, 0)
}

fn structure(input: &mut impl Read, depth: u8) -> Result<()> {
    if depth > MAX_DEPTH {
        return Err(wrong(DEEP));
    }
    let mut id: i64 = 0;
    loop {
        let byte = one(input)?;
        if byte == 0 {
            return Ok(());
        }
        let (step, kind) = (byte >> 4, byte & 0x0f);
        id = if step == 0 { zigzag(varint(input)?) } else { id.saturating_add(step.into()) };
        // Beyond this, an identifier that is cut to 16 bits would be another.
        if !(1..=i64::from(i16::MAX)).contains(&id) {
            return Err(wrong("a page header has a field of no known identifier"));
        }
        if depth == 0 && SIZES.contains(&id) {
            let size = if matches!(kind, 4..=6) { zigzag(varint(input)?) } else { -1 };
            if !(0..=MAX_PAGE_BYTES).contains(&size) {
                return Err(wrong("a page is larger than its bound"));
            }
        } else if !matches!(kind, 1 | 2) {
            // Of a field, a truth value is in its kind.
            value(input, kind, depth)?;
        }
    }
}

fn value(input: &mut impl Read, kind: u8, depth: u8) -> Result<()> {
    if depth > MAX_DEPTH {
        return Err(wrong(DEEP));
    }
    match kind {
        1..=3 => one(input).map(drop),
        4..=6 => varint(input).map(drop),
        7 => skip(input, 8),
        8 => {
            let length = varint(input)?;
            skip(input, length)
        }
        9 | 10 => {
            let byte = one(input)?;
            let count = if byte >> 4 == 15 { varint(input)? } else { (byte >> 4).into() };
            // Every element takes a byte at least, and the input is bounded.
            (0..count).try_for_each(|_| value(input, byte & 0x0f, depth + 1))
        }
        11 => {
            let count = varint(input)?;
            let kinds = if count == 0 { 0 } else { one(input)? };
            (0..count).try_for_each(|_| {
                value(input, kinds >> 4, depth + 1)?;
                value(input, kinds & 0x0f, depth + 1)
            })
        }
        12 => structure(input, depth + 1),
        _ => Err(wrong("a page header has a field of no known kind")),
    }
}

fn one(input: &mut impl Read) -> Result<u8> {
    let mut byte = [0];
    input.read_exact(&mut byte)?;
    Ok(byte[0])
}

fn varint(input: &mut impl Read) -> Result<u64> {
    let mut number = 0;
    for place in 0..10 {
        let byte = one(input)?;
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte < 0x80 {
            return Ok(number);
        }
    }
    Err(wrong("a number in a page header is too long"))
}

fn zigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

fn skip(input: &mut impl Read, length: u64) -> Result<()> {
    let skipped = std::io::copy(&mut input.take(length), &mut std::io::sink())?;
    if skipped == length { Ok(()) } else { Err(ErrorKind::UnexpectedEof.into()) }
}

fn wrong(what: &'static str) -> Error {
    Error::new(ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    /// A field of type i32 with a long header, so that it may have any identifier.
    fn field(id: i64, number: i64) -> Vec<u8> {
        let mut bytes = vec![5];
        for number in [id, number] {
            let mut left = ((number << 1) ^ (number >> 63)).cast_unsigned();
            while left >= 0x80 {
                bytes.push(left as u8 | 0x80);
                left >>= 7;
            }
            bytes.push(left as u8);
        }
        bytes
    }

    // S-COL
    #[test]
    fn a_size_beyond_its_bound_is_refused_wherever_it_stands() {
        let header = |fields: &[Vec<u8>]| [fields.concat(), vec![0]].concat();
        let good = header(&[field(1, 0), field(2, 1000), field(3, 500)]);
        check_header(&mut good.as_slice()).unwrap();
        for wrong in [
            header(&[field(2, MAX_PAGE_BYTES + 1)]),
            header(&[field(2, 10), field(2, i64::from(i32::MAX))]),
            header(&[field(3, -1)]),
            // An empty structure in the place of a size.
            vec![0x2c, 0, 0],
            vec![0x1c; 100],
            header(&[field(65_538, 1)]),
            // Lists in lists.
            vec![0x19; 1000],
            good[..4].to_vec(),
        ] {
            assert!(check_header(&mut wrong.as_slice()).is_err(), "{wrong:?}");
        }
    }

    proptest! {
        // S-COL
        #[test]
        fn no_header_makes_the_walk_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = check_header(&mut bytes.as_slice());
        }
    }
}
