//! One connection that streams lines to `POST /v1/submissions` and reads outcomes while it still sends.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

/// What became of one line.
pub type Outcome = Value;

/// An open stream.
pub struct StreamConnection {
    sending: OwnedWriteHalf,
    receiving: Outcomes,
}

/// The answers of a stream, line by line.
pub struct Outcomes {
    input: BufReader<OwnedReadHalf>,
    /// Bytes of the present chunk that are not read yet.
    chunk_rest: usize,
    line: Vec<u8>,
}

impl StreamConnection {
    /// Opens a stream at `http://ADDR:PORT`.
    ///
    /// # Errors
    /// When nobody listens.
    pub async fn open(gateway: &str) -> Result<Self> {
        let authority = gateway.strip_prefix("http://").context("no http URL")?;
        let stream = TcpStream::connect(authority).await?;
        stream.set_nodelay(true)?;
        let (receiving, mut sending) = stream.into_split();
        let head = format!(
            "POST /v1/submissions HTTP/1.1\r\nhost: {authority}\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n"
        );
        sending.write_all(head.as_bytes()).await?;
        let input = BufReader::with_capacity(256 * 1024, receiving);
        Ok(Self { sending, receiving: Outcomes { input, chunk_rest: 0, line: Vec::new() } })
    }

    /// Both directions, to be used at once.
    #[must_use]
    pub fn split(self) -> (Sender, Outcomes) {
        (Sender(self.sending), self.receiving)
    }
}

/// The sending half.
pub struct Sender(OwnedWriteHalf);

impl Sender {
    /// Sends bytes as one chunk.
    ///
    /// # Errors
    /// When the connection has ended.
    pub async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
        chunk.extend_from_slice(bytes);
        chunk.extend_from_slice(b"\r\n");
        Ok(self.0.write_all(&chunk).await?)
    }

    /// Ends the body.
    ///
    /// # Errors
    /// When the connection has ended.
    pub async fn finish(&mut self) -> Result<()> {
        Ok(self.0.write_all(b"0\r\n\r\n").await?)
    }
}

impl Outcomes {
    /// Reads the head of the answer.
    ///
    /// # Errors
    /// When it is not 200.
    pub async fn head(&mut self) -> Result<()> {
        let mut status = String::new();
        self.input.read_line(&mut status).await?;
        loop {
            let mut header = String::new();
            self.input.read_line(&mut header).await?;
            if header.trim().is_empty() {
                break;
            }
        }
        ensure!(status.contains(" 200 "), "{status}");
        Ok(())
    }

    /// The next outcome; `None` at the end.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn next(&mut self) -> Result<Option<Outcome>> {
        Ok(self.next_text().await?.map(serde_json::from_str).transpose()?)
    }

    /// The text of the next outcome; `None` at the end.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn next_text(&mut self) -> Result<Option<&str>> {
        if self.line.ends_with(b"\n") {
            self.line.clear();
        }
        loop {
            if self.chunk_rest == 0 {
                let mut size = String::new();
                ensure!(self.input.read_line(&mut size).await? > 0, "the connection broke");
                if size.trim().is_empty() {
                    continue;
                }
                self.chunk_rest = usize::from_str_radix(size.trim(), 16)?;
                if self.chunk_rest == 0 {
                    return Ok(None);
                }
            }
            let mut limited = (&mut self.input).take(self.chunk_rest as u64);
            let read = limited.read_until(b'\n', &mut self.line).await?;
            ensure!(read > 0, "the connection broke");
            self.chunk_rest -= read;
            if self.line.ends_with(b"\n") {
                return Ok(Some(std::str::from_utf8(&self.line)?));
            }
        }
    }
}
