//! Messages on a connection (RFC 6587): counted octets (section 3.4.1), or lines (section 3.4.2), told apart by the first byte of each.

use std::{
    io::{self, ErrorKind},
    time::Duration,
};

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _};

use super::MAX_MESSAGE_BYTES;

/// How long a message may take that has begun.
const FRAME_TIMEOUT: Duration = Duration::from_secs(30);

pub(super) struct Frames<R> {
    input: R,
    /// How long a message may take that has begun.
    timeout: Duration,
}

impl<R: AsyncBufRead + Unpin> Frames<R> {
    pub(super) const fn new(input: R) -> Self {
        Self { input, timeout: FRAME_TIMEOUT }
    }

    /// The next message; none when the connection ended between two.
    pub(super) async fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            let Some(first) = self.input.fill_buf().await?.first().copied() else { return Ok(None) };
            match first {
                b'\n' | b'\r' | 0 => self.input.consume(1),
                b'1'..=b'9' => return in_time(self.timeout, self.counted()).await.map(Some),
                b'<' => return in_time(self.timeout, self.line()).await.map(Some),
                _ => return Err(wrong("a message begins with its length or with <")),
            }
        }
    }

    async fn counted(&mut self) -> io::Result<Vec<u8>> {
        let mut length = 0;
        loop {
            match self.input.read_u8().await? {
                b' ' => break,
                digit @ b'0'..=b'9' => length = length * 10 + usize::from(digit - b'0'),
                _ => return Err(wrong("the length of a message is a number and a space")),
            }
            if length > MAX_MESSAGE_BYTES {
                return Err(wrong("a message is longer than its bound"));
            }
        }
        let mut message = vec![0; length];
        self.input.read_exact(&mut message).await?;
        Ok(message)
    }

    async fn line(&mut self) -> io::Result<Vec<u8>> {
        let mut message = Vec::new();
        let bound = MAX_MESSAGE_BYTES as u64 + 1;
        (&mut self.input).take(bound).read_until(b'\n', &mut message).await?;
        match message.pop() {
            Some(b'\n') => {}
            // The end of the connection is an end too.
            Some(last) if message.len() < MAX_MESSAGE_BYTES => message.push(last),
            _ => return Err(wrong("a message is longer than its bound")),
        }
        if message.last() == Some(&b'\r') {
            message.pop();
        }
        Ok(message)
    }
}

async fn in_time(limit: Duration, message: impl Future<Output = io::Result<Vec<u8>>>) -> io::Result<Vec<u8>> {
    match tokio::time::timeout(limit, message).await {
        Ok(message) => message,
        Err(_) => Err(io::Error::new(ErrorKind::TimedOut, "a message came too slowly")),
    }
}

fn wrong(what: &'static str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use tokio::io::{AsyncWriteExt as _, BufReader};

    use super::*;

    async fn all(text: &[u8]) -> io::Result<Vec<Vec<u8>>> {
        let (mut frames, mut found) = (Frames::new(text), Vec::new());
        while let Some(message) = frames.next().await? {
            found.push(message);
        }
        Ok(found)
    }

    // S-COL
    #[tokio::test]
    async fn counted_messages_and_lines_may_follow_one_another() {
        assert_eq!(
            all(b"6 <1>a\nb<2>c\r\n\n4 <3>d<4>e").await.unwrap(),
            [b"<1>a\nb".as_slice(), b"<2>c", b"<3>d", b"<4>e"]
        );
        for wrong in [b"hello\n".as_slice(), b"5 <1>", b"99999999999999999999999 x", b"1x", b"70000 <1>"] {
            assert!(all(wrong).await.is_err(), "{wrong:?}");
        }
        assert!(all(&[b"<1>".as_slice(), &vec![b'x'; MAX_MESSAGE_BYTES + 1]].concat()).await.is_err());
    }

    // S-COL
    #[tokio::test]
    async fn a_message_that_has_begun_comes_in_time() {
        for begun in [b"9 <1>".as_slice(), b"<1>a"] {
            // The connection stays open, and nothing more comes.
            let (mut sender, receiver) = tokio::io::duplex(64);
            sender.write_all(begun).await.unwrap();
            let mut frames = Frames { input: BufReader::new(receiver), timeout: Duration::from_millis(10) };
            assert_eq!(frames.next().await.unwrap_err().kind(), ErrorKind::TimedOut);
        }
    }
}
