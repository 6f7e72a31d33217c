//! Where records of CSV end, as they are read here: a line end in quotes ends none.

/// What a file that is marked as UTF-8 begins with.
const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// Follows the bytes of a file from its beginning on.
#[derive(Debug, Default)]
pub(super) struct RecordEnds {
    place: Place,
    bytes: u64,
    /// Whether the record has anything.
    has_bytes: bool,
    /// Whether the last byte is the first half of a line end, or all of one.
    is_behind_return: bool,
    last_end: u64,
    first_end: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    FieldBegins,
    Plain,
    Quoted,
    /// Behind a quote in quotes: their end, or half of one that is meant.
    Quote,
}

impl RecordEnds {
    /// Takes the next bytes.
    pub(super) fn update(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let at = self.bytes;
            self.bytes += 1;
            let is_mark = usize::try_from(at).ok().and_then(|at| BYTE_ORDER_MARK.get(at)) == Some(byte);
            if is_mark {
                continue;
            }
            if self.is_behind_return && *byte != b'\n' {
                self.last_end = at;
            }
            let is_end = matches!(byte, b'\n' | b'\r') && self.place != Place::Quoted;
            self.place = match (self.place, byte) {
                (Place::Quoted, b'"') => Place::Quote,
                (Place::Quoted, _) | (Place::FieldBegins | Place::Quote, b'"') => Place::Quoted,
                (_, b',' | b'\n' | b'\r') => Place::FieldBegins,
                _ => Place::Plain,
            };
            if is_end && self.has_bytes && self.first_end.is_none() {
                self.first_end = Some(self.bytes);
            }
            self.has_bytes = !is_end;
            self.is_behind_return = is_end && *byte == b'\r';
            if is_end && *byte == b'\n' {
                self.last_end = self.bytes;
            }
        }
    }

    /// Bytes up to the end of the last record that has ended, whatever comes behind it.
    pub(super) const fn last_end(&self) -> u64 {
        self.last_end
    }

    /// Bytes of the first record that is not empty, its end included, and of what is before it; 0 while there is none.
    pub(super) fn first_end(&self) -> u64 {
        self.first_end.unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn followed(text: &str) -> (u64, u64) {
        let mut ends = RecordEnds::default();
        // A byte at a time, so that every place is once the end of a piece.
        text.bytes().for_each(|byte| ends.update(&[byte]));
        (ends.last_end(), ends.first_end())
    }

    // S-COL
    #[test]
    fn a_record_ends_with_a_line_that_is_not_in_quotes() {
        for (text, expected) in [
            ("", (0, 0)),
            ("a,b\n", (4, 4)),
            ("a,b\r\n1,2\r\n", (10, 4)),
            ("\n\na,b\n1", (6, 6)),
            ("\u{feff}\"a\nb\",c\n", (11, 11)),
            ("a\n\"x\n", (2, 2)),
            ("a\n\"x\"\"\n", (2, 2)),
            ("a\n\"x\"\"\"\n", (8, 2)),
            ("a\nit's \"so\" and so\"\n", (20, 2)),
            ("a\r1\r", (2, 2)),
            ("a\r1\r2", (4, 2)),
        ] {
            assert_eq!(followed(text), expected, "{text:?}");
        }
    }
}
