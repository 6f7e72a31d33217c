//! The same doors over gRPC: who may call what, and every refusal by its name (GRPC-3, GRPC-4, GATEWAY-1, GATEWAY-4).

use std::{net::SocketAddr, time::Duration};

use chancery_gateway::{grpc::limits::MAX_QUESTION_BYTES, limits::Limits};
use chancery_grpc::{
    problem::{Problem, grpc_code},
    problem_of,
    r2d::{Line, SubmissionName, SubmissionState, r2d_client::R2dClient},
    u2s::{
        AggregateRequest, ListSubscriptionsRequest, Member, ReadSubscriptionRequest, SearchRequest, SubscribeRequest,
        SubscriptionName, u2s_client::U2sClient,
    },
};
use chancery_reference_points::{Code, DoorError};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tonic::{Code as GrpcCode, Request, Status, body::Body};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};

use crate::{
    callers::{Caller, key},
    doors::Trouble,
    harness::Harness,
    logs, wire,
};

const CAUSE: &str = "cause-that-nobody-outside-reads";

pub(crate) type Http = Client<HttpConnector, Body>;

pub(crate) fn http() -> Http {
    Client::builder(TokioExecutor::new()).http2_only(true).build_http()
}

pub(crate) fn r2d(harness: &Harness) -> R2dClient<Http> {
    R2dClient::with_origin(http(), format!("http://{}", harness.grpc).parse().unwrap())
}

fn u2s(harness: &Harness) -> U2sClient<Http> {
    U2sClient::with_origin(http(), format!("http://{}", harness.grpc).parse().unwrap())
}

pub(crate) fn line() -> Line {
    Line { submission: "a.b.c".into(), operations: vec![b"{}".to_vec().into()] }
}

/// The state of a submission, at a door.
pub(crate) async fn state_at(address: SocketAddr) -> Result<SubmissionState, Status> {
    let mut door = R2dClient::with_origin(http(), format!("http://{address}").parse().unwrap());
    let name = SubmissionName { place: 1, digest: vec![0; 32].into() };
    Ok(door.get_submission(name).await?.into_inner())
}

pub(crate) fn problem(status: &Status) -> Problem {
    problem_of(status).unwrap().unwrap_or_else(|| panic!("no problem: {status:?}"))
}

fn with<T>(message: T, headers: &[(&'static str, &str)]) -> Request<T> {
    let mut request = Request::new(message);
    for (name, value) in headers {
        request.metadata_mut().insert(*name, value.parse().unwrap());
    }
    request
}

// GRPC-4
#[tokio::test]
async fn each_code_of_a_door_is_a_status_with_its_problem() {
    let harness = Harness::start().await;
    let mut door = u2s(&harness);
    for code in Code::ALL.iter().copied().filter(|code| *code != Code::Internal) {
        let error =
            DoorError::new(code, "what was wrong this time").with("fact", 7).caused_by(std::io::Error::other(CAUSE));
        harness.behind.refuse("u2s.search_data", error);
        let status = door.search(SearchRequest::default()).await.unwrap_err();
        assert_eq!(status.code(), grpc_code(code));
        let problem = problem(&status);
        assert_eq!(
            (problem.code.as_str(), problem.detail.as_str(), problem.members_json.as_str()),
            (code.name(), "what was wrong this time", r#"{"fact":7}"#)
        );
        assert!(!format!("{status:?}").contains(CAUSE), "{code:?}");
    }
    harness.stop().await;
}

// GRPC-4
#[tokio::test]
async fn what_breaks_shows_an_identifier_and_the_operator_finds_the_cause_by_it() {
    let harness = Harness::start().await;
    harness.behind.refuse("u2s.search_data", DoorError::internal(std::io::Error::other(CAUSE)));
    let broken = u2s(&harness).search(SearchRequest::default()).await.unwrap_err();
    harness.behind.trouble("u2s.search_data", Trouble::Panics);
    let panicked = u2s(&harness).search(SearchRequest::default()).await.unwrap_err();
    for (status, cause) in [(broken, CAUSE), (panicked, "panics, as the test has asked it to")] {
        let problem = problem(&status);
        assert_eq!(
            (status.code(), problem.code.as_str(), problem.detail.as_str()),
            (GrpcCode::Internal, "internal", "")
        );
        assert!(!format!("{status:?}").contains(cause));
        let lines = logs::of_request(problem.instance.strip_prefix("urn:uuid:").unwrap());
        assert!(lines.iter().any(|line| line.contains(cause) && line.contains("ERROR")), "{lines:?}");
    }
    harness.stop().await;
}

// GRPC-3
#[tokio::test]
async fn a_call_that_may_not_be_made_reaches_no_door() {
    let harness = Harness::start().await;
    let caller = Caller::new(&harness, key(1), []).await;
    harness.behind.take_calls();
    let bearer = format!("Bearer {}", caller.token);
    for (headers, grpc, code) in [
        (vec![("authorization", "Bearer nothing")], GrpcCode::Unauthenticated, "session-expired"),
        (vec![("authorization", "Basic eDp5")], GrpcCode::Unauthenticated, "authentication-required"),
        (vec![("signature-input", "x"), ("signature", "y")], GrpcCode::Unauthenticated, "authentication-required"),
        (vec![("authorization", bearer.as_str()), ("signature", "y")], GrpcCode::InvalidArgument, "malformed-request"),
    ] {
        let status = u2s(&harness).search(with(SearchRequest::default(), &headers)).await.unwrap_err();
        assert_eq!((status.code(), problem(&status).code.as_str()), (grpc, code), "{headers:?}");
        let status = r2d(&harness).submit(with(futures::stream::iter([line()]), &headers)).await.unwrap_err();
        assert_eq!((status.code(), problem(&status).code.as_str()), (grpc, code), "{headers:?}");
    }
    // A method that the library serves and no row names.
    let mut health = HealthClient::with_origin(http(), format!("http://{}", harness.grpc).parse().unwrap());
    let status = health.watch(HealthCheckRequest::default()).await.unwrap_err();
    assert_eq!((status.code(), problem(&status).code.as_str()), (GrpcCode::Unimplemented, "unknown-route"));
    assert_eq!(harness.behind.take_calls(), Vec::<String>::new());

    // Whoever may is let through: with a session, and without where nobody has to say who asks.
    u2s(&harness).search(with(SearchRequest::default(), &[("authorization", &bearer)])).await.unwrap();
    u2s(&harness).search(SearchRequest::default()).await.unwrap();
    r2d(&harness).submit_one(line()).await.unwrap();
    assert_eq!(harness.behind.take_calls(), ["u2s.search_data", "u2s.search_data", "r2d.accept"]);
    harness.stop().await;
}

// GRPC-2, GRPC-3, PROVISIONING-5: questions over many operations answer to anybody, and what is kept for somebody to whom it is.
#[tokio::test]
async fn what_is_asked_of_many_and_kept_for_somebody_goes_through_the_same_doors() {
    let harness = Harness::start().await;
    let caller = Caller::new(&harness, key(1), []).await;
    let bearer = format!("Bearer {}", caller.token);
    let id = || vec![7; 32].into();
    harness.behind.take_calls();
    let member = Member { path: "level".into(), ..Default::default() };
    let asked = AggregateRequest { by: vec![member], ..Default::default() };
    let answer = u2s(&harness).aggregate(asked).await.unwrap().into_inner();
    let group = &answer.groups[0];
    assert_eq!((group.key[0].text.as_deref(), group.sum.as_deref()), (Some("level"), Some("-0.5")));
    assert_eq!(harness.behind.take_calls(), ["u2s.aggregate_data"]);

    let mut door = u2s(&harness);
    for status in [
        door.subscribe(SubscribeRequest::default()).await.map(drop).unwrap_err(),
        door.list_subscriptions(ListSubscriptionsRequest {}).await.map(drop).unwrap_err(),
        door.end_subscription(SubscriptionName { id: id() }).await.map(drop).unwrap_err(),
        door.read_subscription(ReadSubscriptionRequest { id: id(), ..Default::default() }).await.map(drop).unwrap_err(),
    ] {
        assert_eq!(
            (status.code(), problem(&status).code.as_str()),
            (GrpcCode::Unauthenticated, "authentication-required")
        );
    }
    assert_eq!(harness.behind.take_calls(), Vec::<String>::new());

    let signed = [("authorization", bearer.as_str())];
    let kept = SubscribeRequest { name: "wells".into(), ..Default::default() };
    assert_eq!(door.subscribe(with(kept, &signed)).await.unwrap().into_inner().name, "wells");
    let known = door.list_subscriptions(with(ListSubscriptionsRequest {}, &signed)).await.unwrap().into_inner();
    assert_eq!(known.subscriptions.len(), 1);
    door.end_subscription(with(SubscriptionName { id: id() }, &signed)).await.unwrap();
    let reading = ReadSubscriptionRequest { id: id(), wait_ms: 20_001, ..Default::default() };
    let status = door.read_subscription(with(reading.clone(), &signed)).await.unwrap_err();
    assert_eq!((status.code(), problem(&status).code.as_str()), (GrpcCode::InvalidArgument, "malformed-request"));
    door.read_subscription(with(ReadSubscriptionRequest { wait_ms: 0, ..reading }, &signed)).await.unwrap();
    let calls = ["u2s.subscribe", "u2s.subscriptions", "u2s.unsubscribe", "u2s.subscribed_data"];
    assert_eq!(harness.behind.take_calls(), calls);
    harness.stop().await;
}

// GRPC-5
#[tokio::test]
async fn requests_of_a_client_are_counted_with_those_over_rest() {
    let harness = Harness::configured(|config| {
        config.limits = Limits { requests_per_second: 1, request_burst: 3, ..Limits::default() };
    })
    .await;
    let name = || SubmissionName { place: 1, digest: vec![0; 32].into() };
    for _ in 0..2 {
        harness.send_from_here(wire::Request::new("GET", "/v1/kinds")).await;
    }
    // The third of the burst reaches the door, whose example has another digest; the fourth waits.
    let third = r2d(&harness).get_submission(name()).await.unwrap_err();
    assert_eq!(problem(&third).code, "unknown-submission");
    let fourth = r2d(&harness).get_submission(name()).await.unwrap_err();
    assert_eq!((fourth.code(), problem(&fourth).retry_after_ms), (GrpcCode::ResourceExhausted, Some(1000)));
    harness.stop().await;
}

// GRPC-5
#[tokio::test]
async fn what_is_no_grpc_is_answered_by_http_and_touches_nothing() {
    let harness = Harness::start().await;
    let post = |content: &'static str| {
        let uri = format!("http://{}/chancery.r2d.v1.R2d/SubmitOne", harness.grpc);
        http::Request::post(uri).header("content-type", content).body(Body::empty()).unwrap()
    };
    for content in ["application/json", "application/grpc-web", "application/grpc+json"] {
        assert_eq!(http().request(post(content)).await.unwrap().status(), 415, "{content}");
    }
    // No message at all, where one has to be.
    let response = http().request(post("application/grpc")).await.unwrap();
    let status = Status::from_header_map(response.headers()).unwrap();
    assert_eq!((status.code(), problem(&status).code.as_str()), (GrpcCode::InvalidArgument, "malformed-request"));
    assert_eq!(harness.behind.take_calls(), Vec::<String>::new());
    harness.stop().await;
}

// GRPC-5: roles come from a chain, which may not answer.
#[tokio::test]
async fn who_asks_is_found_out_in_time_and_without_breaking_more_than_the_call() {
    let harness = Harness::configured(|config| config.limits.request_timeout = Duration::from_millis(20)).await;
    let caller = Caller::new(&harness, key(2), []).await;
    let bearer = format!("Bearer {}", caller.token);
    for (trouble, grpc, code) in [
        (Trouble::NeverAnswers, GrpcCode::DeadlineExceeded, "timed-out"),
        (Trouble::Panics, GrpcCode::Internal, "internal"),
    ] {
        harness.behind.trouble("roles", trouble);
        let asked = with(SearchRequest::default(), &[("authorization", bearer.as_str())]);
        let status = u2s(&harness).search(asked).await.unwrap_err();
        assert_eq!((status.code(), problem(&status).code.as_str()), (grpc, code));
    }
    harness.stop().await;
}

// GRPC-4
#[tokio::test]
async fn health_knows_the_services_and_refuses_other_names_by_name() {
    let harness = Harness::start().await;
    let mut health = HealthClient::with_origin(http(), format!("http://{}", harness.grpc).parse().unwrap());
    for service in ["", "chancery.r2d.v1.R2d", "chancery.u2s.v1.U2s"] {
        let asked = HealthCheckRequest { service: service.into() };
        assert_eq!(health.check(asked).await.unwrap().into_inner().status(), ServingStatus::Serving, "{service}");
    }
    for (service, grpc, code) in [
        ("chancery.r2d.v1.r2d".to_owned(), GrpcCode::NotFound, "unknown-service"),
        ("x".repeat(MAX_QUESTION_BYTES), GrpcCode::InvalidArgument, "body-too-large"),
    ] {
        let status = health.check(HealthCheckRequest { service }).await.unwrap_err();
        assert_eq!((status.code(), problem(&status).code.as_str()), (grpc, code));
    }
    harness.stop().await;
}
