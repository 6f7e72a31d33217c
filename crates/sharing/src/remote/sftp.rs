//! SFTP version 3 (draft-ietf-secsh-filexfer-02), as a client that only reads, over the system's `ssh`.
//!
//! OpenSSH does what needs trust: the key exchange, the host key, the login. What comes out of it is a stream of packets, which are read here.

mod packet;
mod ssh;

use std::{
    collections::{BTreeMap, VecDeque},
    path::Path,
    time::Duration,
};

use async_trait::async_trait;

use self::{
    packet::{Answer, Attributes, Code, Request},
    ssh::Ssh,
};
use super::{
    BLOCK_BYTES, HostKey, MAX_ENTRIES, MAX_FILES, MAX_LISTING_BYTES, Pattern, RemoteConfig, RemoteError,
    connection::{Connection, Entry, Identity},
    error::said,
    name::FileName,
    patience::in_time,
};

/// Reads a packet of a server, without its length, and says which request it answers.
///
/// # Errors
/// [`RemoteError::Protocol`]
pub fn read_answer(packet: &[u8]) -> Result<u32, RemoteError> {
    // The first packet of a connection has another form; what reads as one says nothing of what reads as the other.
    let _ = packet::version(packet);
    Answer::decode(packet).map(|(id, _)| id)
}

/// What is asked for at a time: every server gives as much.
const READ_BYTES: u32 = 32 * 1024;
/// Requests for pieces of a file that are under way.
const MAX_WAITING: usize = 32;

/// A server that let us in.
pub(super) struct SftpSession {
    ssh: Ssh,
    directory: String,
    patience: Duration,
    next_id: u32,
    /// Answers that came before the one that was waited for.
    early: BTreeMap<u32, Answer>,
    reading: Option<Reading>,
}

/// A file that is being read.
struct Reading {
    handle: Vec<u8>,
    /// Where the next request begins.
    next: u64,
    /// Pieces that were asked for, in their order.
    waiting: VecDeque<Piece>,
    ended: bool,
}

#[derive(Clone, Copy)]
struct Piece {
    id: u32,
    from: u64,
    length: u32,
}

/// Starts `ssh`, and agrees on the version.
pub(super) async fn connect(
    config: &RemoteConfig,
    user: &str,
    key_file: &Path,
    host_key: &HostKey,
) -> Result<SftpSession, RemoteError> {
    let mut ssh = Ssh::start(config, user, key_file, host_key)?;
    ssh.send(&packet::init(), config.patience).await?;
    let version = packet::version(&ssh.receive(config.patience).await?)?;
    if version < packet::VERSION {
        return Err(RemoteError::Refused(format!("it speaks SFTP version {version}, which is too old")));
    }
    Ok(SftpSession {
        ssh,
        directory: config.directory.clone(),
        patience: config.patience,
        next_id: 0,
        early: BTreeMap::new(),
        reading: None,
    })
}

impl SftpSession {
    async fn send(&mut self, request: &Request<'_>) -> Result<u32, RemoteError> {
        let id = self.next_id;
        self.next_id = self.next_id.wrapping_add(1);
        self.ssh.send(&request.encode(id), self.patience).await?;
        Ok(id)
    }

    /// The answer to a request. Answers may come in any order, and to what was asked alone.
    async fn answer(&mut self, id: u32) -> Result<Answer, RemoteError> {
        if let Some(answer) = self.early.remove(&id) {
            return Ok(answer);
        }
        loop {
            let (found, answer) = Answer::decode(&self.ssh.receive(self.patience).await?)?;
            if found == id {
                return Ok(answer);
            }
            let asked = self.reading.as_ref().is_some_and(|file| file.waiting.iter().any(|piece| piece.id == found));
            if !asked || self.early.insert(found, answer).is_some() {
                return Err(RemoteError::Protocol("an answer to what was not asked"));
            }
        }
    }

    async fn ask(&mut self, request: &Request<'_>) -> Result<Answer, RemoteError> {
        let id = self.send(request).await?;
        self.answer(id).await
    }

    fn path(&self, name: &FileName) -> String {
        format!("{}/{name}", self.directory.trim_end_matches('/'))
    }

    async fn close(&mut self, handle: &[u8]) -> Result<(), RemoteError> {
        match self.ask(&Request::Close { handle }).await? {
            Answer::Status { code: Code::Ok, .. } => Ok(()),
            other => Err(unexpected(other)),
        }
    }

    /// Asks for as many pieces as may be under way.
    async fn ask_ahead(&mut self) -> Result<(), RemoteError> {
        loop {
            let Some(file) = self.reading.as_ref().filter(|file| !file.ended && file.waiting.len() < MAX_WAITING)
            else {
                return Ok(());
            };
            let (handle, from) = (file.handle.clone(), file.next);
            let id = self.send(&Request::Read { handle: &handle, from, length: READ_BYTES }).await?;
            if let Some(file) = &mut self.reading {
                file.waiting.push_back(Piece { id, from, length: READ_BYTES });
                file.next = from + u64::from(READ_BYTES);
            }
        }
    }

    /// Takes the next piece; none at the end of the file.
    async fn piece(&mut self) -> Result<Option<Vec<u8>>, RemoteError> {
        self.ask_ahead().await?;
        let next = self.reading.as_mut().and_then(|file| file.waiting.pop_front());
        let piece = next.ok_or(RemoteError::Protocol("no file is open"))?;
        match self.answer(piece.id).await? {
            Answer::Data(data) if data.is_empty() || data.len() > piece.length as usize => {
                Err(RemoteError::Protocol("another length than was asked for"))
            }
            Answer::Data(data) => {
                let missing = piece.length - u32::try_from(data.len()).unwrap_or(piece.length);
                let handle = self.reading.as_ref().map(|file| file.handle.clone()).filter(|_| missing > 0);
                if let Some(handle) = handle {
                    // The end of the file, or a server that gives less at a time.
                    let from = piece.from + data.len() as u64;
                    let id = self.send(&Request::Read { handle: &handle, from, length: missing }).await?;
                    if let Some(file) = &mut self.reading {
                        file.waiting.push_front(Piece { id, from, length: missing });
                    }
                }
                Ok(Some(data))
            }
            Answer::Status { code: Code::Eof, .. } => {
                if let Some(file) = &mut self.reading {
                    file.ended = true;
                }
                Ok(None)
            }
            other => Err(unexpected(other)),
        }
    }
}

#[async_trait]
impl Connection for SftpSession {
    async fn list(&mut self, pattern: &Pattern) -> Result<Vec<Entry>, RemoteError> {
        let directory = self.directory.clone();
        let handle = match self.ask(&Request::OpenDir { path: &directory }).await? {
            Answer::Handle(handle) => handle,
            other => return Err(unexpected(other)),
        };
        let (mut entries, mut seen, mut bytes) = (Vec::new(), 0, 0);
        loop {
            let names = match self.ask(&Request::ReadDir { handle: &handle }).await? {
                Answer::Names(names) if names.is_empty() => {
                    return Err(RemoteError::Protocol("a listing without names"));
                }
                Answer::Names(names) => names,
                Answer::Status { code: Code::Eof, .. } => break,
                other => return Err(unexpected(other)),
            };
            for (name, attributes) in names {
                seen += 1;
                bytes += name.len();
                if seen > MAX_ENTRIES {
                    return Err(RemoteError::TooManyFiles);
                }
                if bytes > MAX_LISTING_BYTES {
                    return Err(RemoteError::ListingTooLong);
                }
                if attributes.is_directory() || matches!(name.as_slice(), b"." | b"..") {
                    continue;
                }
                let name = FileName::parse(&name)?;
                if !pattern.matches(&name) {
                    continue;
                }
                let Some(identity) = identity(&name, &attributes)? else { continue };
                if entries.len() >= MAX_FILES {
                    return Err(RemoteError::TooManyFiles);
                }
                entries.push(Entry { name, identity });
            }
        }
        self.close(&handle).await?;
        Ok(entries)
    }

    async fn identify(&mut self, name: &FileName) -> Result<Option<Identity>, RemoteError> {
        let path = self.path(name);
        match self.ask(&Request::LStat { path: &path }).await? {
            Answer::Attributes(attributes) => identity(name, &attributes),
            Answer::Status { code: Code::NoSuchFile, .. } => Ok(None),
            other => Err(unexpected(other)),
        }
    }

    async fn open(&mut self, name: &FileName, from: u64) -> Result<Option<u64>, RemoteError> {
        // What is opened is followed when it is a link: it is looked at first, and compared afterwards.
        if self.identify(name).await?.is_none() {
            return Ok(None);
        }
        let path = self.path(name);
        match self.ask(&Request::Open { path: &path }).await? {
            Answer::Handle(handle) => {
                self.early.clear();
                self.reading = Some(Reading { handle, next: from, waiting: VecDeque::new(), ended: false });
                Ok(Some(from))
            }
            Answer::Status { code: Code::NoSuchFile, .. } => Ok(None),
            other => Err(unexpected(other)),
        }
    }

    async fn read(&mut self, _left: u64) -> Result<Vec<u8>, RemoteError> {
        let patience = self.patience;
        let gathering = async {
            let mut block = Vec::with_capacity(BLOCK_BYTES);
            while block.len() + READ_BYTES as usize <= BLOCK_BYTES
                && !self.reading.as_ref().is_some_and(|file| file.ended)
            {
                match self.piece().await? {
                    Some(data) => block.extend_from_slice(&data),
                    None => break,
                }
            }
            Ok(block)
        };
        in_time(patience, gathering).await
    }

    async fn finish(&mut self) -> Result<(), RemoteError> {
        // What was asked for behind the end is answered too.
        while let Some(piece) = self.reading.as_mut().and_then(|file| file.waiting.pop_front()) {
            self.answer(piece.id).await?;
        }
        match self.reading.take() {
            Some(file) => self.close(&file.handle).await,
            None => Ok(()),
        }
    }
}

/// What a file is known by; none for what is no file.
fn identity(name: &FileName, attributes: &Attributes) -> Result<Option<Identity>, RemoteError> {
    if attributes.is_link() {
        return Err(RemoteError::Link(name.as_str().to_owned()));
    }
    if !attributes.is_file() {
        return Ok(None);
    }
    match (attributes.size, attributes.modified_s) {
        (Some(size), Some(modified_s)) => Ok(Some(Identity { size, modified_ms: i64::from(modified_s) * 1000 })),
        _ => Err(RemoteError::Protocol("a file is listed without its size and the time of its change")),
    }
}

fn unexpected(answer: Answer) -> RemoteError {
    match answer {
        Answer::Status { code: Code::Other(code), message } => {
            RemoteError::Refused(format!("{} (status {code})", said(&message)))
        }
        Answer::Status { code: Code::NoSuchFile, .. } => RemoteError::Refused("there is no such directory".to_owned()),
        _ => RemoteError::Protocol("an answer of another kind than was asked for"),
    }
}
