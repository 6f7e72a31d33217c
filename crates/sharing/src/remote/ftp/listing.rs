//! Listings with facts (RFC 3659, section 7).

use jiff::{civil::DateTime, tz::TimeZone};

use crate::remote::{
    MAX_ENTRIES, MAX_FILES, Pattern, RemoteError,
    connection::{Entry, Identity},
    name::FileName,
};

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    /// This one, the one above, or one below.
    Directory,
    Link,
    Other,
}

/// What a server says of an entry.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) kind: Kind,
    size: Option<u64>,
    modified_ms: Option<i64>,
}

impl Facts {
    /// Reads `name=value;...; NAME`: the facts, and the name as it stands there.
    pub(super) fn parse(line: &[u8]) -> Result<(Self, &[u8]), RemoteError> {
        const WRONG: RemoteError = RemoteError::Protocol("a line of a listing without facts");
        let space = line.iter().position(|byte| *byte == b' ').ok_or(WRONG)?;
        let text = std::str::from_utf8(&line[..space]).map_err(|_| WRONG)?;
        let mut facts = Self { kind: Kind::Other, size: None, modified_ms: None };
        for fact in text.split_terminator(';') {
            let (name, value) = fact.split_once('=').ok_or(WRONG)?;
            match name.to_ascii_lowercase().as_str() {
                "type" => facts.kind = kind(&value.to_ascii_lowercase()),
                "size" => {
                    facts.size = Some(value.parse().map_err(|_| RemoteError::Protocol("a size that is no number"))?)
                }
                "modify" => facts.modified_ms = Some(time(value)?),
                _ => {}
            }
        }
        Ok((facts, &line[space + 1..]))
    }

    pub(super) fn identity(&self) -> Result<Identity, RemoteError> {
        match (self.size, self.modified_ms) {
            (Some(size), Some(modified_ms)) => Ok(Identity { size, modified_ms }),
            _ => Err(RemoteError::Protocol("a file is listed without its size and the time of its change")),
        }
    }
}

fn kind(value: &str) -> Kind {
    match value {
        "file" => Kind::File,
        "dir" | "cdir" | "pdir" => Kind::Directory,
        // As servers of Unix write it; there is no standard.
        _ if value.starts_with("os.unix=slink") || value.starts_with("os.unix=symlink") => Kind::Link,
        _ => Kind::Other,
    }
}

/// A time, `YYYYMMDDHHMMSS[.F]`, in Unix milliseconds (RFC 3659, section 2.3).
pub(super) fn time(text: &str) -> Result<i64, RemoteError> {
    const WRONG: RemoteError = RemoteError::Protocol("a time that is none");
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() != 14 || !digits(whole) || !digits(fraction) {
        return Err(WRONG);
    }
    let number = |from: usize, to: usize| whole[from..to].parse::<i16>().unwrap_or_default();
    let small = |from: usize, to: usize| whole[from..to].parse::<i8>().unwrap_or_default();
    // A leap second is the one before it.
    let second = small(12, 14).min(59 + i8::from(small(12, 14) > 60));
    let milliseconds: String = fraction.chars().chain("000".chars()).take(3).collect();
    let nanoseconds = milliseconds.parse::<i32>().unwrap_or_default() * 1_000_000;
    DateTime::new(number(0, 4), small(4, 6), small(6, 8), small(8, 10), small(10, 12), second, nanoseconds)
        .and_then(|at| at.to_zoned(TimeZone::UTC))
        .map(|at| at.timestamp().as_millisecond())
        .map_err(|_| WRONG)
}

/// Lines that are not empty, without their ends.
pub(super) fn lines(listing: &[u8]) -> impl Iterator<Item = &[u8]> {
    listing
        .split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .filter(|line| !line.is_empty())
}

/// The files of a listing that match.
pub(super) fn entries(listing: &[u8], pattern: &Pattern) -> Result<Vec<Entry>, RemoteError> {
    let mut entries = Vec::new();
    for (index, line) in lines(listing).enumerate() {
        if index >= MAX_ENTRIES {
            return Err(RemoteError::TooManyFiles);
        }
        let (facts, name) = Facts::parse(line)?;
        if matches!(facts.kind, Kind::Directory | Kind::Other) {
            continue;
        }
        let name = FileName::parse(name)?;
        if !pattern.matches(&name) {
            continue;
        }
        if facts.kind == Kind::Link {
            return Err(RemoteError::Link(name.as_str().to_owned()));
        }
        if entries.len() >= MAX_FILES {
            return Err(RemoteError::TooManyFiles);
        }
        entries.push(Entry { name, identity: facts.identity()? });
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn all() -> Pattern {
        Pattern::parse("*").unwrap()
    }

    // S-COL, SHARE-14
    #[test]
    fn files_of_a_listing_have_size_and_time_and_tricks_are_refused() {
        let listing = b"type=cdir;modify=20240101000000; .\r\ntype=pdir; ..\r\ntype=dir;sizd=4096; sub\r\n\
            Type=file;Size=156;Perm=r;Modify=20071029155301.5;Unique=8012; a b.csv\r\ntype=OS.unix=chr-1/3; null\r\n";
        let found = entries(listing, &all()).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].name.as_str(), found[0].identity.size), ("a b.csv", 156));
        assert_eq!(found[0].identity.modified_ms, 1_193_673_181_500);
        let link = entries(b"type=OS.unix=slink:/etc/passwd;size=1;modify=20240101000000; p.csv\r\n", &all());
        assert!(matches!(link, Err(RemoteError::Link(name)) if name == "p.csv"));
        for name in ["../a.csv", "/a.csv", "a\0b", ".."] {
            let listing = format!("type=file;size=1;modify=20240101000000; {name}\r\n");
            assert!(matches!(entries(listing.as_bytes(), &all()), Err(RemoteError::Name { .. })), "{name:?}");
        }
        for wrong in ["type=file;size=1; a\n", "type=file;size=-1;modify=20240101000000; a\n", "a.csv\n", "type; a\n"] {
            assert!(matches!(entries(wrong.as_bytes(), &all()), Err(RemoteError::Protocol(_))), "{wrong}");
        }
        let many = "type=file;size=1;modify=20240101000000; a\n".repeat(MAX_FILES + 1);
        assert!(matches!(entries(many.as_bytes(), &all()), Err(RemoteError::TooManyFiles)));
    }

    // S-COL
    #[test]
    fn times_are_of_the_calendar() {
        assert_eq!(time("19700101000001").unwrap(), 1000);
        assert_eq!(time("20161231235960").unwrap(), time("20161231235959").unwrap());
        for wrong in
            ["", "2024", "20240230000000", "20240101000061", "2024010100000x", "20240101000000.", "20240101000000.x"]
        {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        // S-COL
        #[test]
        fn whatever_is_listed_is_read_or_refused(listing in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(entries) = entries(&listing, &all()) {
                prop_assert!(entries.iter().all(|entry| !entry.name.as_str().contains('/')));
            }
        }
    }
}
