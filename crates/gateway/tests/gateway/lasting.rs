//! What lasts longer than a request: connections, streams and calls that nobody waits for. How many there may be, and when they end (GRPC-5, GATEWAY-6).

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use chancery_gateway::{grpc::limits::MAX_QUESTION_BYTES, limits::MAX_STREAMS_PER_CLIENT};
use chancery_grpc::r2d::Line;
use futures::{Stream, StreamExt as _, stream};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::yield_now,
};
use tonic::{Code as GrpcCode, Status, Streaming};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, ServerReflectionResponse, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest,
};

use crate::{
    doors::Trouble,
    grpc::{http, line, problem, r2d, state_at},
    harness::Harness,
    wire::Request,
};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn open_lines() -> impl Stream<Item = Line> + Send + 'static {
    stream::iter([line()]).chain(stream::pending())
}

fn services() -> ServerReflectionRequest {
    ServerReflectionRequest { host: String::new(), message_request: Some(MessageRequest::ListServices(String::new())) }
}

fn symbol(name: String) -> ServerReflectionRequest {
    ServerReflectionRequest {
        message_request: Some(MessageRequest::FileContainingSymbol(name)),
        ..ServerReflectionRequest::default()
    }
}

async fn reflect(
    harness: &Harness,
    asked: impl Stream<Item = ServerReflectionRequest> + Send + 'static,
) -> Result<Streaming<ServerReflectionResponse>, Status> {
    let origin = format!("http://{}", harness.grpc).parse().unwrap();
    Ok(ServerReflectionClient::with_origin(http(), origin).server_reflection_info(asked).await?.into_inner())
}

/// How many answers came, and how the stream ended.
async fn end(mut answers: Streaming<ServerReflectionResponse>) -> (usize, Result<(), Status>) {
    let mut count = 0;
    loop {
        match answers.message().await {
            Ok(Some(_)) => count += 1,
            Ok(None) => return (count, Ok(())),
            Err(status) => return (count, Err(status)),
        }
    }
}

#[tokio::test]
async fn a_client_has_so_many_streams_over_all_doors_and_others_keep_theirs() {
    let harness = Harness::configured(|config| config.trusted_proxies = vec![HERE]).await;
    let mut door = r2d(&harness);
    let mut open = Vec::new();
    for _ in 0..MAX_STREAMS_PER_CLIENT {
        open.push(door.submit(open_lines()).await.unwrap().into_inner());
    }
    let status = door.submit(open_lines()).await.unwrap_err();
    assert_eq!((status.code(), problem(&status).retry_after_ms), (GrpcCode::ResourceExhausted, Some(1000)));
    let status = reflect(&harness, stream::iter([services()])).await.unwrap_err();
    assert_eq!(problem(&status).code, "too-many-requests");
    let lines = || {
        let line = b"{\"submission\":\"a.b.c\",\"operations\":[1]}\n".to_vec();
        Request::new("POST", "/v1/submissions").bytes("application/x-ndjson", line)
    };
    assert_eq!(harness.send_from_here(lines()).await.problem(), "too-many-requests");
    assert_eq!(harness.send_from_here(Request::new("GET", "/v1/kinds")).await.status, 200);
    // Another address, as a proxy would name it.
    let mut elsewhere = tonic::Request::new(open_lines());
    elsewhere.metadata_mut().insert("x-forwarded-for", "192.0.2.7".parse().unwrap());
    let elsewhere = door.submit(elsewhere).await.unwrap();
    // A place is given back with the end of its stream.
    drop(open.pop());
    while door.submit(open_lines()).await.is_err() {
        yield_now().await;
    }
    drop((door, open, elsewhere));
    harness.stop().await;
}

#[tokio::test]
async fn a_client_has_so_many_connections_and_a_proxy_as_many_as_there_are() {
    for is_proxy in [false, true] {
        let harness = Harness::configured(|config| {
            config.limits.max_connections_per_client = 2;
            if is_proxy {
                config.trusted_proxies = vec![HERE];
            }
        })
        .await;
        // One at each door: they count together.
        let mut calls = r2d(&harness);
        let _outcomes = calls.submit(open_lines()).await.unwrap();
        let _silent = TcpStream::connect(harness.address).await.unwrap();
        let mut door = TcpStream::connect(harness.address).await.unwrap();
        let asked = format!("GET /v1/kinds HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", harness.authority());
        // It may be closed already.
        let _ = door.write_all(asked.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = door.read_to_end(&mut answer).await;
        assert_eq!(answer.starts_with(b"HTTP/1.1 200"), is_proxy);
        harness.stop().await;
    }
}

#[tokio::test]
async fn a_request_that_nobody_waits_for_is_under_way_no_more() {
    let harness = Harness::start().await;
    harness.behind.trouble("u2s.chains", Trouble::NeverAnswers);
    harness.behind.trouble("r2d.submission", Trouble::NeverAnswers);
    let under_way = async || {
        let text = harness.send_from_here(Request::new("GET", "/metrics")).await.text();
        let line = text.lines().find_map(|line| line.strip_prefix("chancery_gateway_requests_in_flight ")).unwrap();
        line.parse::<u32>().unwrap()
    };
    let mut abandoned = TcpStream::connect(harness.address).await.unwrap();
    let asked = format!("GET /v1/chains HTTP/1.1\r\nhost: {}\r\n\r\n", harness.authority());
    abandoned.write_all(asked.as_bytes()).await.unwrap();
    let address = harness.grpc;
    let call = tokio::spawn(async move { state_at(address).await });
    // Those two, and the one that asks.
    while under_way().await != 3 {
        yield_now().await;
    }
    drop(abandoned);
    call.abort();
    while under_way().await != 1 {
        yield_now().await;
    }
    harness.stop().await;
}

// GRPC-4
#[tokio::test]
async fn a_stream_of_reflection_has_bounds_and_says_which_it_broke() {
    let harness = Harness::start().await;
    let (count, ended) = end(reflect(&harness, stream::iter([services(), services()])).await.unwrap()).await;
    assert!(count == 2 && ended.is_ok(), "{ended:?}");
    let unknown = stream::iter([services(), symbol("chancery.Nothing".into()), services()]);
    let long = stream::iter([services(), symbol("x".repeat(2 * MAX_QUESTION_BYTES))]);
    let many = stream::iter((0..).map(|_| ServerReflectionRequest { host: "h".repeat(4096), ..services() }));
    let empty = stream::iter([ServerReflectionRequest::default()]);
    for (asked, grpc, code) in [
        (unknown.boxed(), GrpcCode::NotFound, "unknown-service"),
        (empty.boxed(), GrpcCode::InvalidArgument, "malformed-request"),
        (long.boxed(), GrpcCode::InvalidArgument, "malformed-request"),
        (many.boxed(), GrpcCode::InvalidArgument, "body-too-large"),
    ] {
        let (_, ended) = end(reflect(&harness, asked).await.unwrap()).await;
        let status = ended.unwrap_err();
        assert_eq!((status.code(), problem(&status).code.as_str()), (grpc, code));
    }
    harness.stop().await;

    let harness = Harness::configured(|config| config.limits.request_timeout = Duration::from_millis(50)).await;
    let (_, ended) = end(reflect(&harness, stream::pending()).await.unwrap()).await;
    let status = ended.unwrap_err();
    assert_eq!((status.code(), problem(&status).code.as_str()), (GrpcCode::DeadlineExceeded, "timed-out"));
    harness.stop().await;
}

#[tokio::test]
async fn a_stream_of_reflection_ends_well_when_the_city_stops() {
    let harness = Harness::start().await;
    let mut answers = reflect(&harness, stream::iter([services()]).chain(stream::pending())).await.unwrap();
    assert!(answers.message().await.unwrap().is_some());
    harness.begin_to_stop();
    assert!(answers.message().await.unwrap().is_none());
    harness.stop().await;
}
