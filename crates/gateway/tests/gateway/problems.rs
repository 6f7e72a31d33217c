//! Every error is a problem document, and none shows a cause (GATEWAY-4). What grows is bounded (GATEWAY-6).

use std::{collections::BTreeSet, time::Duration};

use chancery_gateway::limits::Limits;
use chancery_reference_points::{Code, DoorError};
use chancery_rest::types::{Example as _, submissions::SubmitData};
use serde_json::json;

use crate::{
    doors::Trouble,
    harness::Harness,
    logs,
    requests::NAMED,
    wire::{Answer, Request},
};

const CAUSE: &str = "cause-that-nobody-outside-reads";

async fn chains(harness: &Harness) -> Answer {
    harness.send(Request::new("GET", "/v1/chains")).await
}

#[tokio::test]
async fn each_code_of_a_door_arrives_with_its_detail_and_members() {
    let harness = Harness::start().await;
    for code in Code::ALL.iter().copied().filter(|code| *code != Code::Internal) {
        let error =
            DoorError::new(code, "what was wrong this time").with("fact", 7).caused_by(std::io::Error::other(CAUSE));
        harness.behind.refuse("u2s.chains", error);
        let answer = chains(&harness).await;
        assert_eq!(answer.problem(), code.name());
        let problem = answer.json();
        assert_eq!((&problem["detail"], &problem["fact"]), (&json!("what was wrong this time"), &json!(7)), "{code:?}");
        assert_eq!((problem["title"].as_str(), problem["remedy"].as_str()), (Some(code.title()), Some(code.remedy())));
        assert!(!answer.text().contains(CAUSE), "{code:?}");
    }
    harness.stop().await;
}

#[tokio::test]
async fn a_broken_invariant_shows_a_request_id_and_nothing_else() {
    let harness = Harness::start().await;
    let error = DoorError::internal(std::io::Error::other(CAUSE)).with("path", "/var/lib/secret");
    harness.behind.refuse("u2s.chains", error);
    let answer = chains(&harness).await;
    assert_eq!((answer.status, answer.problem().as_str()), (500, "internal"));
    let problem = answer.json();
    let members: BTreeSet<_> = problem.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, BTreeSet::from(["type", "title", "status", "detail", "instance", "code", "remedy"]));
    assert_eq!(problem["detail"], "");
    // The operator finds the cause by the request id.
    let lines = logs::of_request(answer.header("x-request-id"));
    assert!(lines.iter().any(|line| line.contains(CAUSE) && line.contains("ERROR")), "{lines:?}");
    harness.stop().await;
}

#[tokio::test]
async fn a_member_cannot_pass_for_one_of_the_document() {
    let harness = Harness::start().await;
    let error = DoorError::new(Code::UnknownCertificate, "none")
        .with("status", 200)
        .with("code", "all-is-well")
        .with("type", "about:blank");
    harness.behind.refuse("u2s.chains", error);
    assert_eq!(chains(&harness).await.problem(), "unknown-certificate");
    harness.stop().await;
}

#[tokio::test]
async fn a_handler_that_panics_is_an_internal_error_and_the_gateway_goes_on() {
    let harness = Harness::start().await;
    harness.behind.trouble("u2s.chains", Trouble::Panics);
    let answer = chains(&harness).await;
    assert_eq!(
        (answer.status, answer.problem().as_str(), answer.json()["detail"].as_str()),
        (500, "internal", Some(""))
    );
    assert_eq!(harness.send(Request::new("GET", "/v1/kinds")).await.status, 200);
    harness.stop().await;
}

#[tokio::test]
async fn a_door_that_never_answers_is_given_up() {
    let harness = Harness::configured(|config| config.limits.request_timeout = Duration::from_millis(20)).await;
    harness.behind.trouble("u2s.chains", Trouble::NeverAnswers);
    let answer = chains(&harness).await;
    assert_eq!((answer.status, answer.problem().as_str()), (503, "timed-out"));
    assert_eq!(answer.header("retry-after"), "1");
    harness.stop().await;
}

#[tokio::test]
async fn what_is_temporary_says_when_to_come_again() {
    let harness = Harness::start().await;
    for (milliseconds, seconds) in [(1, "1"), (1000, "1"), (1001, "2"), (60_000, "60")] {
        let error = DoorError::new(Code::TooManyRequests, "").with("retryAfterMs", milliseconds);
        harness.behind.refuse("u2s.chains", error);
        assert_eq!(chains(&harness).await.header("retry-after"), seconds);
    }
    harness.stop().await;
}

// QUOTA-4
#[tokio::test]
async fn a_quota_that_is_used_up_says_which_and_until_when() {
    let harness = Harness::start().await;
    let error = DoorError::new(Code::QuotaExceeded, "used up").with("quota", "operationsPerDay").with("limit", 7);
    harness.behind.refuse("r2d.accept", error.with("retryAfterMs", 3_600_000));
    let body = serde_json::to_value(SubmitData::example()).unwrap();
    let answer = harness.send(Request::new("POST", "/v1/submissions").json(&body)).await;
    assert_eq!((answer.status, answer.problem().as_str()), (429, "quota-exceeded"));
    assert_eq!(answer.header("retry-after"), "3600");
    assert_eq!((&answer.json()["quota"], &answer.json()["limit"]), (&json!("operationsPerDay"), &json!(7)));
    harness.stop().await;
}

// C-MORE-2: an outage is an outage, never a verdict.
#[tokio::test]
async fn a_silent_chain_is_unreachable_and_a_degraded_city_says_so() {
    let harness = Harness::start().await;
    let error = DoorError::new(Code::ChainUnreachable, "degree does not answer").with("chain", "degree");
    harness.behind.refuse("u2s.certificates.status", error);
    let certificate = format!("/v1/certificates/0x{}", "ce".repeat(32));
    let answer = harness.send(Request::new("GET", &certificate)).await;
    assert_eq!((answer.status, answer.problem().as_str()), (503, "chain-unreachable"));
    harness.behind.refuse("database.answers", DoorError::new(Code::DatabaseUnreachable, ""));
    let health = harness.send(Request::new("GET", "/health")).await;
    assert_eq!((health.status, &health.json()["status"]), (503, &json!("degraded")));
    assert_eq!(health.json()["database"], "unreachable");
    harness.stop().await;
}

// bad input: an unknown address
#[tokio::test]
async fn an_address_that_nobody_has_is_unknown() {
    let harness = Harness::start().await;
    let error = DoorError::new(Code::UnknownAddress, "nobody is registered with this address");
    harness.behind.refuse("u2s.users.public-key", error);
    let answer = harness.send(Request::new("GET", &format!("/v1/users/{NAMED}/public-key"))).await;
    assert_eq!((answer.status, answer.problem().as_str()), (404, "unknown-address"));
    harness.stop().await;
}

#[tokio::test]
async fn a_path_or_a_method_that_is_not_there_is_a_problem_too() {
    let harness = Harness::start().await;
    for (method, path, status, code) in [
        ("GET", "/v1/nothing", 404, "unknown-route"),
        ("POST", "/", 404, "unknown-route"),
        ("GET", "/v1/kinds/degree/more", 404, "unknown-route"),
        ("PUT", "/v1/kinds", 405, "method-not-allowed"),
        ("PATCH", "/v1/users", 405, "method-not-allowed"),
        ("TRACE", "/health", 405, "method-not-allowed"),
        ("GET", "/problems/unheard-of", 404, "unknown-route"),
    ] {
        let answer = harness.send(Request::new(method, path)).await;
        assert_eq!((answer.status, answer.problem().as_str()), (status, code), "{method} {path}");
    }
    assert_eq!(harness.send(Request::new("PUT", "/v1/kinds")).await.header("allow"), "GET,HEAD");
    assert_eq!(harness.behind.take_calls(), Vec::<String>::new());
    harness.stop().await;
}

#[tokio::test]
async fn every_problem_is_explained_where_its_type_points_to() {
    let harness = Harness::start().await;
    for code in Code::ALL {
        let path = format!("/problems/{}", code.name());
        let answer = harness.send(Request::new("GET", &path)).await;
        assert_eq!((answer.status, &answer.json()["code"]), (200, &json!(code.name())));
        let page = harness.send(Request::new("GET", &path).with("accept", "text/html,*/*")).await;
        assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
        assert!(page.text().contains(code.name()));
    }
    harness.stop().await;
}

#[tokio::test]
async fn a_client_past_its_rate_waits_and_others_do_not() {
    let harness = Harness::configured(|config| {
        config.limits = Limits { requests_per_second: 1, request_burst: 2, ..Limits::default() };
        config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    })
    .await;
    let ask = |from: &str| harness.send(Request::new("GET", "/v1/kinds").with("x-forwarded-for", from));
    for _ in 0..2 {
        assert_eq!(ask("192.0.2.7").await.status, 200);
    }
    let answer = ask("192.0.2.7").await;
    assert_eq!((answer.status, answer.problem().as_str()), (429, "too-many-requests"));
    assert_eq!((&answer.json()["retryAfterMs"], answer.header("retry-after")), (&json!(1000), "1"));
    assert_eq!(ask("192.0.2.8").await.status, 200);
    // The last entry is the proxy's; what stands before it is what the client says of itself.
    assert_eq!(ask("192.0.2.99, 192.0.2.7").await.status, 429);
    harness.clock.advance(1);
    assert_eq!(ask("192.0.2.7").await.status, 200);
    harness.stop().await;
}

// GATEWAY-6: whom nobody trusts speaks for itself alone.
#[tokio::test]
async fn nobody_gets_more_by_naming_others() {
    let harness = Harness::configured(|config| {
        config.limits = Limits { requests_per_second: 1, request_burst: 2, ..Limits::default() };
        config.trusted_proxies = vec!["192.0.2.77".parse().unwrap()];
    })
    .await;
    let ask = |from: &str| harness.send(Request::new("GET", "/v1/kinds").with("x-forwarded-for", from));
    for (named, status) in [("192.0.2.1", 200), ("192.0.2.2", 200), ("192.0.2.3", 429), ("192.0.2.77", 429)] {
        assert_eq!(ask(named).await.status, status, "{named}");
    }
    harness.stop().await;
}

// GATEWAY-1: whom a proxy speaks for is not of this machine, whoever the proxy is.
#[tokio::test]
async fn nobody_becomes_local_by_saying_so() {
    for trusted in [Vec::new(), vec!["127.0.0.1".parse().unwrap()]] {
        let harness = Harness::configured(|config| config.trusted_proxies.clone_from(&trusted)).await;
        for claim in ["127.0.0.1", "::1", "192.0.2.1, 127.0.0.1", "nonsense"] {
            let answer = harness.send(Request::new("GET", "/metrics").with("x-forwarded-for", claim)).await;
            assert_eq!(answer.problem(), "authentication-required", "{claim} through {trusted:?}");
        }
        harness.stop().await;
    }
}

// GATEWAY-5
#[tokio::test]
async fn metrics_count_without_naming_anybody() {
    let harness = Harness::start().await;
    harness.send(Request::new("GET", &format!("/v1/users/{NAMED}/public-key?whose={NAMED}"))).await;
    harness.send(Request::new("GET", "/nowhere/li-hua")).await;
    harness.send(Request::new("LIHUA", "/health")).await;
    let metrics = harness.send_from_here(Request::new("GET", "/metrics")).await.text();
    assert!(metrics.contains("route=\"/v1/users/{address}/public-key\""), "{metrics}");
    let lower = metrics.to_lowercase();
    for word in [NAMED.to_lowercase().as_str(), "li-hua", "lihua"] {
        assert!(!lower.contains(word), "{word}");
    }
    assert!(metrics.ends_with("# EOF\n"));
    harness.stop().await;
}
