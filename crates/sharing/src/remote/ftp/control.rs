//! The control connection: lines, commands, replies (RFC 959, section 4), and the stream under it and under data.

use std::{io, time::Duration};

use bytes::BufMut as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;
use zeroize::Zeroizing;

use super::{super::BLOCK_BYTES, Reply, Secure};
use crate::remote::{RemoteError, patience::in_time};

/// Longest line of a reply.
const MAX_LINE_BYTES: usize = 4096;
/// Most lines of a reply.
const MAX_LINES: usize = 256;

/// A connection, with TLS or without.
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    async fn read(&mut self, into: &mut Vec<u8>, limit: usize) -> io::Result<usize> {
        let mut into = into.limit(limit);
        match self {
            Self::Plain(stream) => stream.read_buf(&mut into).await,
            Self::Tls(stream) => stream.read_buf(&mut into).await,
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.write_all(bytes).await,
            Self::Tls(stream) => {
                stream.write_all(bytes).await?;
                stream.flush().await
            }
        }
    }

    /// A block of data, short at the end alone. When at least the bytes that are `left` have come, an end without TLS's good-bye is one: who cuts off takes nothing away.
    ///
    /// # Errors
    /// [`RemoteError::Stalled`] when no whole block comes in time, [`RemoteError::Lost`].
    pub(super) async fn block(&mut self, patience: Duration, left: Option<u64>) -> Result<Vec<u8>, RemoteError> {
        let mut block = Vec::with_capacity(BLOCK_BYTES);
        let gathering = async {
            while block.len() < BLOCK_BYTES {
                let room = BLOCK_BYTES - block.len();
                match self.read(&mut block, room).await {
                    Ok(0) => break,
                    Ok(_) => {}
                    Err(error)
                        if error.kind() == io::ErrorKind::UnexpectedEof
                            && left.is_some_and(|left| block.len() as u64 >= left) =>
                    {
                        break;
                    }
                    Err(error) => return Err(RemoteError::lost(&error)),
                }
            }
            Ok(())
        };
        in_time(patience, gathering).await?;
        Ok(block)
    }
}

/// Commands and replies.
pub(super) struct Control {
    stream: Stream,
    /// What came and was not read as a line yet.
    buffer: Vec<u8>,
    patience: Duration,
}

impl Control {
    pub(super) fn new(stream: Stream, patience: Duration) -> Self {
        Self { stream, buffer: Vec::new(), patience }
    }

    /// The same connection under TLS.
    pub(super) async fn secured(self, secure: &Secure) -> Result<Self, RemoteError> {
        // Somebody on the way could put replies before the handshake, to be taken for the server's after it.
        if !self.buffer.is_empty() {
            return Err(RemoteError::Protocol("it sends text between its agreement to TLS and TLS"));
        }
        let Stream::Plain(stream) = self.stream else { return Err(RemoteError::Protocol("TLS is there already")) };
        Ok(Self::new(secure.wrap(stream, self.patience).await?, self.patience))
    }

    /// The first reply of a server, which may ask to wait for the next.
    pub(super) async fn greeting(&mut self) -> Result<(), RemoteError> {
        let mut reply = self.reply().await?;
        if reply.code == 120 {
            reply = self.reply().await?;
        }
        match reply.code {
            220 => Ok(()),
            _ => Err(RemoteError::Lost(reply.text())),
        }
    }

    /// Sends a command and waits for its reply.
    pub(super) async fn ask(&mut self, verb: &str, argument: Option<&str>) -> Result<Reply, RemoteError> {
        let mut line = Zeroizing::new(Vec::with_capacity(verb.len() + argument.map_or(0, str::len) + 3));
        line.extend_from_slice(verb.as_bytes());
        if let Some(argument) = argument {
            // One line is one command.
            if argument.contains(char::is_control) {
                return Err(RemoteError::Configuration(format!("{verb} of a text with control characters")));
            }
            line.push(b' ');
            line.extend_from_slice(argument.as_bytes());
        }
        line.extend_from_slice(b"\r\n");
        let stream = &mut self.stream;
        in_time(self.patience, async { stream.write(&line).await.map_err(|error| RemoteError::lost(&error)) }).await?;
        self.reply().await
    }

    /// The next reply, of one line or of several.
    pub(super) async fn reply(&mut self) -> Result<Reply, RemoteError> {
        let patience = self.patience;
        in_time(patience, async {
            let first = self.line().await?;
            let (code, more) = Reply::begin(&first)?;
            let mut lines = vec![first.get(4..).unwrap_or_default().to_owned()];
            let mut ends = !more;
            while !ends {
                let line = self.line().await?;
                if lines.len() >= MAX_LINES {
                    return Err(RemoteError::Protocol("a reply has too many lines"));
                }
                if line.starts_with(&format!("{code:03} ")) || line == format!("{code:03}") {
                    ends = true;
                } else {
                    lines.push(line);
                }
            }
            Ok(Reply { code, lines })
        })
        .await
    }

    async fn line(&mut self) -> Result<String, RemoteError> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                let line = line.strip_suffix(b"\r\n").or_else(|| line.strip_suffix(b"\n")).unwrap_or_default();
                return Ok(String::from_utf8_lossy(line).into_owned());
            }
            if self.buffer.len() >= MAX_LINE_BYTES {
                return Err(RemoteError::Protocol("a line of a reply is too long"));
            }
            let room = MAX_LINE_BYTES - self.buffer.len();
            match self.stream.read(&mut self.buffer, room).await {
                Ok(0) => return Err(RemoteError::Lost("it closed the connection".to_owned())),
                Ok(_) => {}
                Err(error) => return Err(RemoteError::lost(&error)),
            }
        }
    }
}
