//! A server that reads one request and writes what it is told.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use crate::Client;

/// What came in.
#[derive(Debug)]
pub(crate) struct Received {
    pub(super) head: String,
    pub(crate) body: Vec<u8>,
}

impl Received {
    pub(super) fn request_line(&self) -> &str {
        self.head.lines().next().unwrap()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

pub(super) struct Server {
    pub(super) client: Client,
    received: JoinHandle<Received>,
}

impl Server {
    /// Answers the one request with these bytes, and closes.
    pub(super) async fn answering(bytes: impl Into<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = Client::new(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let bytes = bytes.into();
        let received = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let received = read(&mut stream).await;
            // A client that has read enough goes away; that is for its own test to judge.
            stream.write_all(&bytes).await.ok();
            stream.shutdown().await.ok();
            received
        });
        Self { client, received }
    }

    /// Answers with a status, a media type and a body.
    pub(super) async fn with(status: &str, media_type: &str, body: &str) -> Self {
        let length = body.len();
        Self::answering(format!(
            "HTTP/1.1 {status}\r\ncontent-type: {media_type}\r\ncontent-length: {length}\r\n\r\n{body}"
        ))
        .await
    }

    pub(super) async fn received(self) -> Received {
        self.received.await.unwrap()
    }
}

/// A server that answers one request after the other, each over a connection of its own.
pub(crate) struct Several {
    pub(crate) client: Client,
    received: JoinHandle<Vec<Received>>,
}

impl Several {
    /// Answers with a status, a media type and a body each; with nothing at all where the status is empty.
    pub(crate) async fn with(answers: &[(&str, &str, String)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = Client::new(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let answers: Vec<String> =
            answers.iter().map(|(status, media_type, body)| written(status, media_type, body)).collect();
        let received = tokio::spawn(async move {
            let mut all = Vec::new();
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                all.push(read(&mut stream).await);
                stream.write_all(answer.as_bytes()).await.ok();
                stream.shutdown().await.ok();
            }
            all
        });
        Self { client, received }
    }

    pub(crate) async fn received(self) -> Vec<Received> {
        self.received.await.unwrap()
    }
}

fn written(status: &str, media_type: &str, body: &str) -> String {
    let length = body.len();
    if status.is_empty() {
        return String::new();
    }
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {media_type}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

async fn read(stream: &mut TcpStream) -> Received {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        assert!(stream.read_buf(&mut bytes).await.unwrap() > 0, "the request ended early");
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut received = Received { head, body: bytes[end + 4..].to_vec() };
    let length: usize = received.header("content-length").map_or(0, |length| length.parse().unwrap());
    while received.body.len() < length {
        assert!(stream.read_buf(&mut received.body).await.unwrap() > 0, "the body ended early");
    }
    received
}
