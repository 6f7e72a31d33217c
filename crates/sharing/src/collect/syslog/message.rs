//! A message of syslog. What is none is kept as it came, and says so.

use serde_json::{Map, Value as Json};

use crate::collect::Record;

/// Most structured elements and parameters that are read.
const MAX_PARAMETERS: usize = 256;

/// Reads a message: by RFC 5424 (`version` 1), or by RFC 3164, whose time has neither year nor zone and stays text (`local_time`).
pub(super) fn parse(bytes: &[u8]) -> Record {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Record::from_iter([
            ("malformed".to_owned(), true.into()),
            ("bytes".to_owned(), format!("0x{}", hex::encode(bytes)).into()),
        ]);
    };
    modern(text).or_else(|| old(text)).unwrap_or_else(|| {
        Record::from_iter([("malformed".to_owned(), true.into()), ("message".to_owned(), text.into())])
    })
}

/// `<PRI>`, and what follows.
fn priority(text: &str, record: &mut Record) -> Option<usize> {
    let (digits, _) = text.strip_prefix('<')?.split_once('>')?;
    let plain = (1..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number: u8 = digits.parse::<u8>().ok().filter(|number| plain && *number <= 191)?;
    record.insert("facility".to_owned(), (number / 8).into());
    record.insert("severity".to_owned(), (number % 8).into());
    Some(digits.len() + 2)
}

/// RFC 5424, section 6.
fn modern(text: &str) -> Option<Record> {
    let mut record = Record::new();
    let mut rest = text[priority(text, &mut record)?..].strip_prefix("1 ")?;
    for name in ["timestamp", "host", "application", "process", "message_id"] {
        let (value, following) = rest.split_once(' ')?;
        if value.is_empty() {
            return None;
        }
        if value != "-" {
            if name == "timestamp" {
                value.parse::<jiff::Timestamp>().ok()?;
            }
            record.insert(name.to_owned(), value.into());
        }
        rest = following;
    }
    let rest = match rest.strip_prefix('-') {
        Some(rest) => rest,
        None => {
            let (structured, rest) = structured(rest)?;
            record.insert("structured".to_owned(), serde_json::to_string(&structured).ok()?.into());
            rest
        }
    };
    if !rest.is_empty() {
        let message = rest.strip_prefix(' ')?;
        record.insert("message".to_owned(), message.strip_prefix('\u{feff}').unwrap_or(message).into());
    }
    Some(record)
}

/// Structured data (section 6.3): elements of parameters, of which the last of a name counts.
fn structured(text: &str) -> Option<(Map<String, Json>, &str)> {
    let (mut elements, mut rest, mut count) = (Map::new(), text, 0);
    while let Some(inside) = rest.strip_prefix('[') {
        let end = inside.find([' ', ']'])?;
        let (id, mut inner) = inside.split_at(end);
        let mut parameters = Map::new();
        while let Some(parameter) = inner.strip_prefix(' ') {
            let (name, behind) = parameter.split_once("=\"")?;
            let (value, following) = quoted(behind)?;
            parameters.insert(name.to_owned(), value.into());
            inner = following;
            count += 1;
            if count > MAX_PARAMETERS {
                return None;
            }
        }
        rest = inner.strip_prefix(']')?;
        elements.insert(id.to_owned(), parameters.into());
        count += 1;
        if count > MAX_PARAMETERS {
            return None;
        }
    }
    (!elements.is_empty()).then_some((elements, rest))
}

/// A value up to its quote, in which `"`, `\` and `]` are escaped.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((place, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[place + 1..])),
            '\\' => match characters.next()? {
                (_, escaped @ ('"' | '\\' | ']')) => value.push(escaped),
                (_, other) => value.extend(['\\', other]),
            },
            other => value.push(other),
        }
    }
    None
}

/// RFC 3164, section 4: `Mmm dd hh:mm:ss HOST TAG[PID]: MESSAGE`.
fn old(text: &str) -> Option<Record> {
    const TIME: usize = "Jan  1 00:00:00".len();
    const MONTHS: &str = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec";
    let mut record = Record::new();
    let rest = &text[priority(text, &mut record)?..];
    let Some(time) = rest.get(..TIME).filter(|time| {
        time.get(..3).is_some_and(|month| MONTHS.split(' ').any(|known| known == month))
            && [3, 6].iter().all(|place| time.as_bytes()[*place] == b' ')
            && [9, 12].iter().all(|place| time.as_bytes()[*place] == b':')
    }) else {
        // Without a time all of it is the message (section 4.3.3).
        record.insert("message".to_owned(), rest.into());
        return Some(record);
    };
    record.insert("local_time".to_owned(), time.into());
    let rest = rest[TIME..].strip_prefix(' ')?;
    let (host, rest) = rest.split_once(' ')?;
    record.insert("host".to_owned(), host.into());
    let tag = rest.find(|character: char| !character.is_ascii_alphanumeric() && !"-_./".contains(character));
    let (tag, behind) = rest.split_at(tag.unwrap_or(0));
    let (process, behind) = match behind.strip_prefix('[').and_then(|inside| inside.split_once(']')) {
        Some((process, behind)) => (Some(process), behind),
        None => (None, behind),
    };
    let Some(message) = behind.strip_prefix(':').filter(|_| !tag.is_empty()) else {
        record.insert("message".to_owned(), rest.into());
        return Some(record);
    };
    record.insert("application".to_owned(), tag.into());
    record.extend(process.map(|process| ("process".to_owned(), process.into())));
    record.insert("message".to_owned(), message.strip_prefix(' ').unwrap_or(message).into());
    Some(record)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    // S-COL. The examples of RFC 5424, section 6.5, and of RFC 3164, section 5.4.
    #[test]
    fn the_examples_of_both_standards_are_read() {
        let read = |text: &str| Json::Object(parse(text.as_bytes()));
        let message = "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \u{feff}'su root' failed";
        assert_eq!(
            read(message),
            json!({"facility": 4, "severity": 2, "timestamp": "2003-10-11T22:14:15.003Z", "host": "mymachine.example.com",
                   "application": "su", "message_id": "ID47", "message": "'su root' failed"})
        );
        let message = "<165>1 2003-10-11T22:14:15.003Z h evntslog - ID47 \
                       [exampleSDID@32473 iut=\"3\" eventSource=\"A\\\"p\\]p\"][examplePriority@32473 class=\"high\"]";
        let structured = read(message)["structured"].as_str().and_then(|text| serde_json::from_str::<Json>(text).ok());
        assert_eq!(
            structured,
            Some(
                json!({"exampleSDID@32473": {"iut": "3", "eventSource": "A\"p]p"}, "examplePriority@32473": {"class": "high"}})
            )
        );
        assert_eq!(
            read("<34>Oct 11 22:14:15 mymachine su[12]: 'su root' failed"),
            json!({"facility": 4, "severity": 2, "local_time": "Oct 11 22:14:15", "host": "mymachine",
                   "application": "su", "process": "12", "message": "'su root' failed"})
        );
        assert_eq!(read("<13>Use the BFG!"), json!({"facility": 1, "severity": 5, "message": "Use the BFG!"}));
        for wrong in ["", "hello", "<192>x", "<>x", "<1", "<+1>x"] {
            assert_eq!(read(wrong)["malformed"], true, "{wrong}");
        }
        assert_eq!(Json::Object(parse(b"<1>\xff"))["bytes"], "0x3c313eff");
    }

    proptest! {
        // S-COL
        #[test]
        fn no_message_makes_it_panic(head in "<[0-9]{1,3}>(1 )?", text in "\\PC{0,80}", bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            parse(&bytes);
            parse(text.as_bytes());
            prop_assert!(!parse([head, text].concat().as_bytes()).is_empty());
        }
    }
}
