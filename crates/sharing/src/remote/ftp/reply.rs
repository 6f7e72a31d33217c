//! Replies, and the addresses in them.

use std::net::Ipv4Addr;

use crate::remote::RemoteError;

/// A reply.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) code: u16,
    /// Its lines without code, of several lines the last one left out.
    pub(super) lines: Vec<String>,
}

impl Reply {
    /// Reads the code of a first line, and whether more follow.
    pub(super) fn begin(line: &str) -> Result<(u16, bool), RemoteError> {
        let code = line.get(..3).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        let code = code.and_then(|digits| digits.parse().ok()).filter(|code| (100..600).contains(code));
        match (code, line.as_bytes().get(3)) {
            (Some(code), None | Some(b' ')) => Ok((code, false)),
            (Some(code), Some(b'-')) => Ok((code, true)),
            _ => Err(RemoteError::Protocol("a reply without a code")),
        }
    }

    /// Whether a reply to `FEAT` names a feature (RFC 2389).
    pub(super) fn has_feature(&self, name: &str) -> bool {
        let named = |line: &String| line.split_whitespace().next().is_some_and(|word| word.eq_ignore_ascii_case(name));
        self.lines.iter().skip(1).any(named)
    }

    /// Port of a reply to `EPSV`, `(|||PORT|)` (RFC 2428, section 3).
    pub(super) fn extended_port(&self) -> Result<u16, RemoteError> {
        const WRONG: RemoteError = RemoteError::Protocol("EPSV without a port");
        let text = self.lines.first().ok_or(WRONG)?;
        let inner = text.split_once('(').and_then(|(_, rest)| rest.split_once(')')).ok_or(WRONG)?.0;
        let delimiter = inner.chars().next().ok_or(WRONG)?;
        let fields: Vec<&str> = inner.split(delimiter).collect();
        match fields.as_slice() {
            // An address in it would be for other protocols; the port is on the server itself.
            ["", "", "", port, ""] => port.parse().ok().filter(|port| *port != 0).ok_or(WRONG),
            _ => Err(WRONG),
        }
    }

    /// Address and port of a reply to `PASV`, six numbers (RFC 959, section 4.1.2).
    pub(super) fn passive_address(&self) -> Result<(Ipv4Addr, u16), RemoteError> {
        const WRONG: RemoteError = RemoteError::Protocol("PASV without an address");
        let text = self.lines.first().ok_or(WRONG)?;
        let begins = text.find(|each: char| each.is_ascii_digit()).ok_or(WRONG)?;
        let text = text[begins..].trim_end_matches(|each: char| !each.is_ascii_digit());
        let numbers: Vec<u8> =
            text.split(',').map(|number| number.trim().parse()).collect::<Result<_, _>>().map_err(|_| WRONG)?;
        let [a, b, c, d, high, low] = numbers.as_slice() else { return Err(WRONG) };
        let port = u16::from_be_bytes([*high, *low]);
        if port == 0 { Err(WRONG) } else { Ok((Ipv4Addr::new(*a, *b, *c, *d), port)) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn reply(text: &str) -> Reply {
        Reply { code: 200, lines: vec![text.to_owned()] }
    }

    // S-COL, SHARE-14
    #[test]
    fn addresses_are_read_as_the_standards_write_them() {
        assert_eq!(reply("Entering Extended Passive Mode (|||6446|)").extended_port().unwrap(), 6446);
        assert_eq!(reply("ok (!!!21!)").extended_port().unwrap(), 21);
        for wrong in ["", "(|||0|)", "(|||70000|)", "(|1|10.0.0.1|6446|)", "(|||x|)", "|||6446|", "()"] {
            assert!(reply(wrong).extended_port().is_err(), "{wrong}");
        }
        let found = reply("Entering Passive Mode (132,235,1,2,24,131).").passive_address().unwrap();
        assert_eq!(found, (Ipv4Addr::new(132, 235, 1, 2), 24 * 256 + 131));
        assert_eq!(reply("=127,0,0,1,0,21").passive_address().unwrap().1, 21);
        for wrong in ["", "(1,2,3,4,5)", "(1,2,3,4,5,256)", "(1,2,3,4,0,0)", "(1,2,3,4,5,6,7)", "none"] {
            assert!(reply(wrong).passive_address().is_err(), "{wrong}");
        }
    }

    // S-COL
    #[test]
    fn a_reply_begins_with_a_code() {
        assert_eq!(Reply::begin("220 ready").unwrap(), (220, false));
        assert_eq!(Reply::begin("220-ready").unwrap(), (220, true));
        assert_eq!(Reply::begin("220").unwrap(), (220, false));
        for wrong in ["", "22", "2200", "+20 x", "099 x", "600 x", "HTTP/1.1 200", "日本"] {
            assert!(Reply::begin(wrong).is_err(), "{wrong}");
        }
        let features =
            Reply { code: 211, lines: vec!["MLST".to_owned(), " mlst size*;".to_owned(), " UTF8".to_owned()] };
        assert!(features.has_feature("MLST") && features.has_feature("UTF8") && !features.has_feature("size*;"));
        assert!(!reply("MLST").has_feature("MLST"), "the first line is a heading");
    }

    proptest! {
        // S-COL
        #[test]
        fn whatever_a_server_says_is_read_or_refused(text in "\\PC{0,40}") {
            let reply = reply(&text);
            let _ = (Reply::begin(&text), reply.extended_port(), reply.passive_address(), reply.has_feature("MLST"));
        }
    }
}
