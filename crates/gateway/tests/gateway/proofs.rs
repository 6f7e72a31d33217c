//! The proof of an operation shows the operation: it is for whoever may read it, and the digest of its submission alone opens what is open (decision 0066).

use alloy_primitives::B256;
use chancery_data::{
    Algorithm, Signer,
    ask::{Ask, MAX_SKEW_MS, TYP},
    submission::Access,
};
use chancery_grpc::r2d::{OperationName, SubmissionName};
use chancery_reference_points::{
    Code, DoorError, Role,
    source_data::{Source, SourceKey, SubmissionState, Withdrawal},
};

use crate::{
    answers,
    callers::{Caller, key},
    grpc::{problem, r2d},
    harness::{Harness, MAIN_CHAIN, NOW_S},
    wire::{Answer, Request},
};

const NOW_MS: u64 = NOW_S * 1000;
/// By the digest alone.
const OPEN: [&str; 2] = ["r2d.submission", "r2d.submitted_operation_proof"];
/// As a search decides.
const READ: [&str; 2] = ["r2d.submission", "u2s.data_proof"];
/// As the source.
const OWN: [&str; 3] = ["r2d.submission", "r2d.source", "r2d.submitted_operation_proof"];

fn signer(seed: u8) -> Signer {
    Signer::from_bytes(Algorithm::EdDsa, &[seed; 32]).unwrap()
}

/// A source that has signed with one key, and signs with another now.
fn source() -> Source {
    let key = |seed, from_ms| {
        let public = signer(seed).public_key();
        let (jwk, kid) = (public.to_jwk(), public.thumbprint().to_kid());
        SourceKey { jwk, kid, from_ms, until_ms: None, statement: "s".into(), approval: None }
    };
    Source { keys: vec![key(1, 1), key(2, 2)], ..answers::source() }
}

fn accepted(access: Access, expires_ms: u64) -> SubmissionState {
    SubmissionState { access, expires_ms, ..answers::submission_state() }
}

fn ask() -> Ask {
    let SubmissionState { place, digest, source, .. } = answers::submission_state();
    Ask { chain_id: MAIN_CHAIN, source, place, digest, time: NOW_MS }
}

fn statement(seed: u8, ask: &Ask) -> String {
    signer(seed).sign(ask, TYP).unwrap().text().to_owned()
}

fn request() -> Request {
    let SubmissionState { place, digest, .. } = answers::submission_state();
    Request::new("GET", &format!("/v1/submissions/{place}/{digest}/operations/0"))
}

async fn ask_as_source(harness: &Harness, statement: &str) -> Answer {
    harness.send(request().with("chancery-source", statement)).await
}

// SEARCH-3, M-PRIV
#[tokio::test]
async fn a_proof_is_for_whoever_may_read_the_operation() {
    let harness = Harness::start().await;
    let caller = Caller::new(&harness, key(1), [Role::Inspector]).await;
    for (access, expires_ms, anonymous) in [
        (Access::Public, NOW_MS + 1, 200),
        (Access::Public, NOW_MS, 401),
        (Access::Internal, NOW_MS + 1, 401),
        (Access::Restricted, NOW_MS + 1, 401),
    ] {
        harness.behind.accept(accepted(access, expires_ms), source());
        harness.behind.take_calls();
        let answer = harness.send(request()).await;
        assert_eq!(answer.status, anonymous, "{access:?} {expires_ms}: {}", answer.text());
        let calls = harness.behind.take_calls();
        if anonymous == 200 {
            assert_eq!(calls, OPEN);
            continue;
        }
        assert_eq!((answer.json()["code"].as_str(), calls), (Some("authentication-required"), vec![OPEN[0].into()]));
        // Who says who it is is answered as by a search, which records that it has read.
        let answer = harness.send(caller.bearing(request())).await;
        assert_eq!((answer.status, harness.behind.take_calls()), (200, READ.map(str::to_owned).to_vec()), "{access:?}");
    }
    // Until its block is final nobody has anything to read.
    harness.behind.accept(SubmissionState { recorded: None, ..accepted(Access::Internal, u64::MAX) }, source());
    let early = harness.send(caller.bearing(request())).await;
    assert_eq!((early.status, early.json()["code"].as_str()), (503, Some("not-final-yet")));
    harness.behind.accept(accepted(Access::Restricted, u64::MAX), source());
    harness.behind.refuse("u2s.data_proof", DoorError::new(Code::UnknownSubmission, "none that you may see"));
    let refused = harness.send(caller.bearing(request())).await;
    assert_eq!((refused.status, refused.json()["code"].as_str()), (404, Some("unknown-submission")));
    harness.stop().await;
}

// SEARCH-3, DATA-1: the source has its own, with the key that it signs with now, and with nothing else.
#[tokio::test]
async fn a_source_has_the_proofs_of_its_own_data_by_its_present_key() {
    let harness = Harness::start().await;
    // Past its retention nobody else reads it.
    harness.behind.accept(accepted(Access::Restricted, NOW_MS), source());
    harness.behind.take_calls();
    let answer = ask_as_source(&harness, &statement(2, &ask())).await;
    assert_eq!(
        (answer.status, harness.behind.take_calls()),
        (200, OWN.map(str::to_owned).to_vec()),
        "{}",
        answer.text()
    );
    for (what, statement, code) in [
        ("a key of before", statement(1, &ask()), "signature-invalid"),
        ("another's key", statement(3, &ask()), "signature-invalid"),
        ("another submission", statement(2, &Ask { digest: B256::ZERO, ..ask() }), "signature-invalid"),
        ("another chain", statement(2, &Ask { chain_id: MAIN_CHAIN + 1, ..ask() }), "signature-invalid"),
        ("long ago", statement(2, &Ask { time: NOW_MS - MAX_SKEW_MS - 1, ..ask() }), "clock-skew"),
        ("no statement", "a.b.c".to_owned(), "signature-invalid"),
        ("nothing", String::new(), "signature-invalid"),
    ] {
        let answer = ask_as_source(&harness, &statement).await;
        assert_eq!(answer.json()["code"].as_str(), Some(code), "{what}: {}", answer.text());
        assert_eq!(harness.behind.take_calls(), OWN[..2], "{what}");
    }
    let withdrawn = Withdrawal { at_ms: 3, by: key(1).address(), reason: "lost".into() };
    harness.behind.accept(accepted(Access::Restricted, NOW_MS), Source { withdrawn: Some(withdrawn), ..source() });
    let answer = ask_as_source(&harness, &statement(2, &ask())).await;
    assert_eq!(answer.json()["code"].as_str(), Some("source-withdrawn"), "{}", answer.text());
    harness.stop().await;
}

// SEARCH-3, GRPC-2
#[tokio::test]
async fn over_grpc_it_is_the_same() {
    let harness = Harness::start().await;
    harness.behind.accept(accepted(Access::Restricted, u64::MAX), source());
    let caller = Caller::new(&harness, key(1), [Role::Inspector]).await;
    let bearer = format!("Bearer {}", caller.token);
    let asked = statement(2, &ask());
    let SubmissionState { place, digest, .. } = answers::submission_state();
    let call = |headers: &[(&'static str, &str)]| {
        let submission = SubmissionName { place, digest: digest.to_vec().into() };
        let mut request = tonic::Request::new(OperationName { submission: Some(submission), index: 0 });
        for (name, value) in headers {
            request.metadata_mut().insert(*name, value.parse().unwrap());
        }
        request
    };
    harness.behind.take_calls();
    let status = r2d(&harness).prove_operation(call(&[])).await.unwrap_err();
    assert_eq!(problem(&status).code, "authentication-required");
    assert_eq!(harness.behind.take_calls(), OPEN[..1]);
    r2d(&harness).prove_operation(call(&[("authorization", &bearer)])).await.unwrap();
    assert_eq!(harness.behind.take_calls(), READ);
    r2d(&harness).prove_operation(call(&[("chancery-source", &asked)])).await.unwrap();
    assert_eq!(harness.behind.take_calls(), OWN);
    harness.stop().await;
}
