//! Messages on a connection (RFC 6587): counted octets (section 3.4.1), or lines (section 3.4.2), told apart by the first byte of each.

use std::io::{self, ErrorKind};

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _};

use super::MAX_MESSAGE_BYTES;

pub(super) struct Frames<R> {
    input: R,
}

impl<R: AsyncBufRead + Unpin> Frames<R> {
    pub(super) const fn new(input: R) -> Self {
        Self { input }
    }

    /// The next message; none when the connection ended between two.
    pub(super) async fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            let Some(first) = self.input.fill_buf().await?.first().copied() else { return Ok(None) };
            match first {
                b'\n' | b'\r' | 0 => self.input.consume(1),
                b'1'..=b'9' => return self.counted().await.map(Some),
                b'<' => return self.line().await.map(Some),
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

fn wrong(what: &'static str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

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
}
