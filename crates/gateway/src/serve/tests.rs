//! Connections without a network.
#![allow(clippy::unwrap_used)]

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes, HttpBody as _},
    response::{IntoResponse as _, Response},
    routing::get,
};
use http_body_util::{BodyExt as _, Empty};
use hyper::{
    Request,
    body::Incoming,
    client::conn::http2::{Builder, SendRequest},
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    io::{AsyncWriteExt as _, DuplexStream, duplex},
    task::{JoinHandle, yield_now},
};
use tokio_util::sync::CancellationToken;

use super::{
    Peer, Protocol,
    activity::Activity,
    connection::{Patience, connection},
    reader::Answer,
};
use crate::limits::{MAX_PIECE_BYTES, keep};

const LARGE_BYTES: usize = 1024 * 1024;
const SHORT: Duration = Duration::from_millis(10);
const LONG: Duration = Duration::from_secs(3600);
/// Without end, as far as a test can tell.
const PATIENT: Patience = Patience { head: LONG, idle: LONG, reader: LONG, drain: LONG };

/// A connection that is served, and what is counted as long as its large answer is not handed on.
struct Served {
    client: DuplexStream,
    task: JoinHandle<()>,
    counted: Arc<()>,
}

fn served(protocol: Protocol, patience: Patience) -> Served {
    let (client, server) = duplex(16 * 1024);
    let counted = Arc::new(());
    let place = Arc::clone(&counted);
    let large = move || {
        let place = Arc::clone(&place);
        async move { keep(Body::from(vec![7; LARGE_BYTES]).into_response(), place) }
    };
    let router = Router::new().route("/large", get(large)).route("/small", get(async || "small"));
    let serving = connection(router, protocol, server, Peer::UNKNOWN, patience, CancellationToken::new());
    let task = tokio::spawn(async move {
        let _ = serving.await;
    });
    Served { client, task, counted }
}

type Http2 = SendRequest<Empty<Bytes>>;

/// A client of HTTP/2 that takes at most so many bytes of an answer unless it reads them.
async fn http2(client: DuplexStream, window: u32) -> Http2 {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.timer(TokioTimer::new()).initial_stream_window_size(window).initial_connection_window_size(1024 * 1024);
    let (requests, driving) = builder.handshake(TokioIo::new(client)).await.unwrap();
    tokio::spawn(driving);
    requests
}

async fn ask(requests: &mut Http2, path: &str) -> hyper::Result<http::Response<Incoming>> {
    requests.ready().await?;
    let uri = format!("http://city{path}");
    requests.send_request(Request::get(uri).body(Empty::new()).unwrap()).await
}

async fn all(answer: http::Response<Incoming>) -> Bytes {
    answer.collect().await.unwrap().to_bytes()
}

/// Waits until so many hold what is counted.
async fn held(counted: &Arc<()>, count: usize) {
    while Arc::strong_count(counted) != count {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

// GRPC-5, GATEWAY-6
#[tokio::test]
async fn a_connection_on_which_nothing_is_asked_is_closed() {
    let hasty = Patience { head: SHORT, ..PATIENT };
    for protocol in [Protocol::Http, Protocol::Grpc] {
        for said in [b"".as_slice(), b"PRI * HT"] {
            let mut silent = served(protocol, hasty);
            silent.client.write_all(said).await.unwrap();
            silent.task.await.unwrap();
        }
        // A handshake is no request.
        let Served { client, task, .. } = served(protocol, hasty);
        let _requests = http2(client, 1024).await;
        task.await.unwrap();
    }
}

// GRPC-5, GATEWAY-6
#[tokio::test]
async fn a_connection_on_which_nothing_is_asked_any_more_is_closed() {
    let Served { client, task, .. } = served(Protocol::Grpc, Patience { idle: SHORT, drain: SHORT, ..PATIENT });
    let mut requests = http2(client, 1024).await;
    assert_eq!(all(ask(&mut requests, "/small").await.unwrap()).await, "small");
    task.await.unwrap();
    assert!(ask(&mut requests, "/small").await.is_err());
}

// GRPC-5: one call ends, not the others of its connection.
#[tokio::test]
async fn a_stream_whose_answer_nobody_takes_ends_and_gives_its_place_back() {
    let Served { client, task, counted } = served(Protocol::Grpc, Patience { reader: 10 * SHORT, ..PATIENT });
    let mut requests = http2(client, 1024).await;
    let stuck = ask(&mut requests, "/large").await.unwrap();
    // The test and the router; and the answer, as long as some of it is not handed on.
    held(&counted, 3).await;
    held(&counted, 2).await;
    assert!(stuck.collect().await.is_err());
    assert!(!task.is_finished());
    assert_eq!(all(ask(&mut requests, "/small").await.unwrap()).await, "small");
}

#[tokio::test]
async fn an_answer_larger_than_every_window_arrives_whole() {
    let Served { client, counted, .. } = served(Protocol::Grpc, PATIENT);
    let mut requests = http2(client, 1024).await;
    assert_eq!(all(ask(&mut requests, "/large").await.unwrap()).await, vec![7; LARGE_BYTES]);
    held(&counted, 2).await;
}

// GATEWAY-6
#[tokio::test]
async fn a_connection_of_http_1_whose_answer_nobody_takes_ends() {
    let mut served = served(Protocol::Http, Patience { reader: SHORT, ..PATIENT });
    served.client.write_all(b"GET /large HTTP/1.1\r\nhost: city\r\n\r\n").await.unwrap();
    served.task.await.unwrap();
    assert_eq!(Arc::strong_count(&served.counted), 1);
}

#[tokio::test]
async fn an_answer_is_handed_on_in_pieces_and_keeps_its_length() {
    let response: Response = Body::from(vec![7; 3 * MAX_PIECE_BYTES + 5]).into_response();
    let mut answer = Answer::new(response.into_body(), Activity::new().begin());
    let mut left = 3 * MAX_PIECE_BYTES as u64 + 5;
    while !answer.is_end_stream() {
        assert_eq!(answer.size_hint().exact(), Some(left));
        let piece = answer.frame().await.unwrap().unwrap().into_data().unwrap();
        assert!(piece.len() <= MAX_PIECE_BYTES);
        left -= piece.len() as u64;
    }
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_connection_is_not_quiet_while_something_is_under_way() {
    let activity = Activity::new();
    let under_way = activity.begin();
    let soon = async {
        for _ in 0..1000 {
            yield_now().await;
        }
    };
    tokio::select! {
        () = activity.quiet(Duration::ZERO, Duration::ZERO) => panic!("a request is under way"),
        () = soon => {}
    }
    drop(under_way);
    // Not the patience of a connection on which nothing was asked.
    activity.quiet(LONG, Duration::ZERO).await;
}
