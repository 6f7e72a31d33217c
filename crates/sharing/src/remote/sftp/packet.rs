//! Packets of SFTP version 3 (draft-ietf-secsh-filexfer-02): what a reader needs. All integers are big-endian; lengths are checked before they are believed.

use crate::remote::RemoteError;

/// The version that is spoken.
pub(super) const VERSION: u32 = 3;
/// Longest packet that is taken, without its length: what OpenSSH sends at most.
pub(super) const MAX_PACKET_BYTES: usize = 256 * 1024;
/// Longest handle (section 6.2).
const MAX_HANDLE_BYTES: usize = 256;

const INIT: u8 = 1;
const VERSION_TYPE: u8 = 2;
const OPEN: u8 = 3;
const CLOSE: u8 = 4;
const READ: u8 = 5;
const LSTAT: u8 = 7;
const OPENDIR: u8 = 11;
const READDIR: u8 = 12;
const STATUS: u8 = 101;
const HANDLE: u8 = 102;
const DATA: u8 = 103;
const NAME: u8 = 104;
const ATTRS: u8 = 105;

/// To read (`SSH_FXF_READ`).
const OPEN_TO_READ: u32 = 1;
const HAS_SIZE: u32 = 0x1;
const HAS_OWNER: u32 = 0x2;
const HAS_PERMISSIONS: u32 = 0x4;
const HAS_TIMES: u32 = 0x8;
const HAS_EXTENSIONS: u32 = 0x8000_0000;

const WRONG: RemoteError = RemoteError::Protocol("a packet of SFTP that contradicts itself");

/// The first packet of a client.
pub(super) fn init() -> Vec<u8> {
    let mut packet = vec![0, 0, 0, 5, INIT];
    packet.extend_from_slice(&VERSION.to_be_bytes());
    packet
}

/// The version in a server's first packet. What it can beside that is not used.
pub(super) fn version(packet: &[u8]) -> Result<u32, RemoteError> {
    let mut fields = Fields(packet);
    if fields.byte()? != VERSION_TYPE {
        return Err(RemoteError::Protocol("its first packet has no version"));
    }
    fields.u32()
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Request<'a> {
    Open {
        path: &'a str,
    },
    Close {
        handle: &'a [u8],
    },
    Read {
        handle: &'a [u8],
        from: u64,
        length: u32,
    },
    /// Of what has the name, and not of what it leads to.
    LStat {
        path: &'a str,
    },
    OpenDir {
        path: &'a str,
    },
    ReadDir {
        handle: &'a [u8],
    },
}

impl Request<'_> {
    /// The packet, with its length.
    pub(super) fn encode(&self, id: u32) -> Vec<u8> {
        let (kind, text): (u8, &[u8]) = match self {
            Self::Open { path } => (OPEN, path.as_bytes()),
            Self::Close { handle } => (CLOSE, handle),
            Self::Read { handle, .. } => (READ, handle),
            Self::LStat { path } => (LSTAT, path.as_bytes()),
            Self::OpenDir { path } => (OPENDIR, path.as_bytes()),
            Self::ReadDir { handle } => (READDIR, handle),
        };
        let mut body = vec![kind];
        body.extend_from_slice(&id.to_be_bytes());
        // Paths are of a few thousand bytes, handles of 256.
        body.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
        body.extend_from_slice(text);
        match self {
            Self::Open { .. } => {
                body.extend_from_slice(&OPEN_TO_READ.to_be_bytes());
                // No attributes.
                body.extend_from_slice(&0_u32.to_be_bytes());
            }
            Self::Read { from, length, .. } => {
                body.extend_from_slice(&from.to_be_bytes());
                body.extend_from_slice(&length.to_be_bytes());
            }
            _ => {}
        }
        let mut packet = u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes().to_vec();
        packet.append(&mut body);
        packet
    }
}

/// How a request ended (section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    Ok,
    Eof,
    NoSuchFile,
    Other(u32),
}

/// What is said of a file (section 5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Attributes {
    pub(super) size: Option<u64>,
    /// With the kind of file in it, as POSIX has it.
    permissions: Option<u32>,
    /// Unix seconds.
    pub(super) modified_s: Option<u32>,
}

impl Attributes {
    const fn kind(&self) -> u32 {
        match self.permissions {
            Some(permissions) => permissions & 0o170_000,
            None => 0,
        }
    }

    pub(super) const fn is_file(&self) -> bool {
        self.kind() == 0o100_000
    }

    pub(super) const fn is_directory(&self) -> bool {
        self.kind() == 0o040_000
    }

    pub(super) const fn is_link(&self) -> bool {
        self.kind() == 0o120_000
    }
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Status { code: Code, message: String },
    Handle(Vec<u8>),
    Data(Vec<u8>),
    Names(Vec<(Vec<u8>, Attributes)>),
    Attributes(Attributes),
}

impl Answer {
    /// Reads a packet without its length: which request it answers, and how.
    pub(super) fn decode(packet: &[u8]) -> Result<(u32, Self), RemoteError> {
        let mut fields = Fields(packet);
        let (kind, id) = (fields.byte()?, fields.u32()?);
        let answer = match kind {
            STATUS => {
                let code = match fields.u32()? {
                    0 => Code::Ok,
                    1 => Code::Eof,
                    2 => Code::NoSuchFile,
                    other => Code::Other(other),
                };
                // Servers of older versions have no text.
                let message = fields.text().map(|text| String::from_utf8_lossy(text).into_owned()).unwrap_or_default();
                Self::Status { code, message }
            }
            HANDLE => match fields.text()? {
                handle if handle.len() <= MAX_HANDLE_BYTES => Self::Handle(handle.to_vec()),
                _ => return Err(WRONG),
            },
            DATA => Self::Data(fields.text()?.to_vec()),
            NAME => {
                let (count, mut names) = (fields.u32()?, Vec::new());
                for _ in 0..count {
                    let name = fields.text()?.to_vec();
                    // As `ls -l` shows it: for people.
                    fields.text()?;
                    names.push((name, fields.attributes()?));
                }
                Self::Names(names)
            }
            ATTRS => Self::Attributes(fields.attributes()?),
            _ => return Err(RemoteError::Protocol("a packet of SFTP of an unknown kind")),
        };
        Ok((id, answer))
    }
}

/// What is left of a packet.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], RemoteError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(WRONG)?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, RemoteError> {
        self.take(1)?.first().copied().ok_or(WRONG)
    }

    fn u32(&mut self) -> Result<u32, RemoteError> {
        self.take(4)?.try_into().map(u32::from_be_bytes).map_err(|_| WRONG)
    }

    fn u64(&mut self) -> Result<u64, RemoteError> {
        self.take(8)?.try_into().map(u64::from_be_bytes).map_err(|_| WRONG)
    }

    fn text(&mut self) -> Result<&'a [u8], RemoteError> {
        let length = self.u32()?;
        self.take(usize::try_from(length).map_err(|_| WRONG)?)
    }

    fn attributes(&mut self) -> Result<Attributes, RemoteError> {
        let mut attributes = Attributes::default();
        let flags = self.u32()?;
        if flags & HAS_SIZE != 0 {
            attributes.size = Some(self.u64()?);
        }
        if flags & HAS_OWNER != 0 {
            self.take(8)?;
        }
        if flags & HAS_PERMISSIONS != 0 {
            attributes.permissions = Some(self.u32()?);
        }
        if flags & HAS_TIMES != 0 {
            // When it was read last.
            self.u32()?;
            attributes.modified_s = Some(self.u32()?);
        }
        if flags & HAS_EXTENSIONS != 0 {
            for _ in 0..self.u32()? {
                self.text()?;
                self.text()?;
            }
        }
        Ok(attributes)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    // S-COL: golden vectors of draft-ietf-secsh-filexfer-02, written by hand.
    #[test]
    fn packets_are_those_of_the_draft() {
        assert_eq!(hex::encode(init()), "000000050100000003");
        assert_eq!(version(&hex::decode("0200000003").unwrap()).unwrap(), 3);
        let open = Request::Open { path: "a" }.encode(7);
        assert_eq!(hex::encode(open), "00000012030000000700000001610000000100000000");
        let read = Request::Read { handle: b"h", from: 0x1_0000_0002, length: 32768 }.encode(8);
        assert_eq!(hex::encode(read), "0000001605000000080000000168000000010000000200008000");
        assert_eq!(hex::encode(Request::LStat { path: "/b" }.encode(1)), "0000000b0700000001000000022f62");
        let status = hex::decode("65000000080000000100000003454f4600000000").unwrap();
        let expected = Answer::Status { code: Code::Eof, message: "EOF".to_owned() };
        assert_eq!(Answer::decode(&status).unwrap(), (8, expected));
        let names = "68 00000001 00000001 00000001 61 00000000 0000000d 0000000000000005 000081a4 65000000 65000001";
        let names = names.replace(' ', "");
        let (_, answer) = Answer::decode(&hex::decode(&names).unwrap()).unwrap();
        let Answer::Names(names) = answer else { panic!("{answer:?}") };
        assert_eq!(
            (names[0].0.as_slice(), names[0].1.size, names[0].1.modified_s),
            (b"a".as_slice(), Some(5), Some(0x6500_0001))
        );
        assert!(names[0].1.is_file() && !names[0].1.is_link() && !names[0].1.is_directory());
    }

    // S-COL, SHARE-14
    #[test]
    fn lengths_that_are_not_there_are_refused() {
        for wrong in [
            "",
            "65",
            "6500000001",
            // A handle of 2 GiB, a handle of 257 bytes, a billion names, a billion extensions.
            "660000000180000000",
            &format!("660000000100000101{}", "00".repeat(257)),
            "68000000013b9aca00",
            "6900000001800000003b9aca00",
            "6700000001000000056162",
            "0100000003",
        ] {
            assert!(matches!(Answer::decode(&hex::decode(wrong).unwrap()), Err(RemoteError::Protocol(_))), "{wrong}");
        }
        assert!(version(&hex::decode("6500000003").unwrap()).is_err());
    }

    proptest! {
        // S-COL
        #[test]
        fn whatever_comes_is_an_answer_or_refused(packet in prop::collection::vec(any::<u8>(), 0..120), kind in 100_u8..107) {
            let mut packet = packet;
            if let Some(first) = packet.first_mut() {
                *first = kind;
            }
            if let Ok((_, Answer::Names(names))) = Answer::decode(&packet) {
                prop_assert!(names.len() * 12 <= packet.len());
            }
        }
    }
}
