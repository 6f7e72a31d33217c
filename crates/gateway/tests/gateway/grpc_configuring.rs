//! O2C and V2M over gRPC: who may call what, by the same matrix as over REST, and the same change at the door whichever way it came (GRPC-2, GRPC-3, GRPC-4).

use alloy::signers::SignerSync as _;
use alloy_primitives::Address;
use bytes::Bytes;
use chancery_gateway::{
    authorization::matrix::{self, Verdict},
    grpc::methods::METHODS,
};
use chancery_grpc::{
    o2c::{
        AuthorizeKeyRequest, ConfigureAccessRequest, ConfigureFormatRequest, EndKeyRequest, ListChainsRequest,
        ListChangesRequest, OfferServiceRequest, RegisterOrganizationRequest, SetQuotaRequest, SourceEndRequest,
        SourceOutcome, SuspendOrganizationRequest, SuspendUserRequest, o2c_client::O2cClient,
    },
    problem_of,
    session::{GetNonceRequest, SignInRequest, SignOutRequest, session_client::SessionClient},
    v2m::{ListEventsRequest, ReportRequest, v2m_client::V2mClient},
};
use chancery_reference_points::{
    Actor, Code, DoorError, Role,
    v2m::{Happening, HistoryEntry},
};
use http_body_util::Full;
use serde_json::{Value, json};
use tonic::{Code as GrpcCode, Request, Status, body::Body};

use crate::{
    callers::{Caller, key, message},
    grpc::{Http, http, problem},
    harness::Harness,
    wire,
};

/// A message without a field, in gRPC's frame.
const NOTHING: &[u8] = &[0; 5];
const OFFICE: Address = Address::repeat_byte(5);

/// Calls a method with a message that says nothing; the status that it is refused with, if it is.
async fn ask(client: &Http, harness: &Harness, path: &str, token: Option<&str>) -> Option<Status> {
    let request = http::Request::post(format!("http://{}{path}", harness.grpc))
        .header("content-type", "application/grpc")
        .header("te", "trailers");
    let request = match token {
        Some(token) => request.header("authorization", format!("Bearer {token}")),
        None => request,
    };
    let body = Body::new(Full::new(Bytes::from_static(NOTHING)));
    let response = client.request(request.body(body).unwrap()).await.unwrap();
    Status::from_header_map(response.headers())
}

/// The code of a refusal.
fn code_of(status: Option<&Status>) -> Option<String> {
    status.map(|status| problem_of(status).unwrap().unwrap().code)
}

fn bearing<T>(message: T, token: &str) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    request
}

fn o2c(harness: &Harness) -> O2cClient<Http> {
    O2cClient::with_origin(http(), format!("http://{}", harness.grpc).parse().unwrap())
}

fn v2m(harness: &Harness) -> V2mClient<Http> {
    V2mClient::with_origin(http(), format!("http://{}", harness.grpc).parse().unwrap())
}

// GRPC-3, GATEWAY-1, M-CON-1, M-MON-1: everybody, at every method of O2C and V2M.
#[tokio::test]
async fn the_matrix_holds_over_grpc() {
    let harness = Harness::start().await;
    let client = http();
    let mut everybody = vec![(Actor::public(), None), {
        let caller = Caller::new(&harness, key(20), []).await;
        (Actor::new(caller.address(), []), Some(caller.token))
    }];
    for (role, seed) in Role::ALL.into_iter().zip(21..) {
        let caller = Caller::new(&harness, key(seed), [role]).await;
        everybody.push((Actor::new(caller.address(), [role]), Some(caller.token)));
    }
    harness.behind.take_calls();
    let is_ours = |path: &str| path.starts_with("/chancery.o2c.") || path.starts_with("/chancery.v2m.");
    let (mut granted, mut refused) = (0, 0);
    for method in METHODS.iter().filter(|method| is_ours(method.path)) {
        let row = matrix::find(method.row.0, method.row.1).unwrap();
        for (actor, token) in &everybody {
            let status = ask(&client, &harness, method.path, token.as_deref()).await;
            let code = code_of(status.as_ref());
            let calls = harness.behind.take_calls();
            let expected = match row.judge(actor, true, false) {
                Verdict::AuthenticationRequired => "authentication-required",
                Verdict::RoleRequired => "role-required",
                Verdict::Granted => {
                    let by_the_matrix = ["authentication-required", "role-required"];
                    assert!(!by_the_matrix.contains(&code.as_deref().unwrap_or_default()), "{} {actor:?}", method.path);
                    granted += 1;
                    continue;
                }
            };
            assert_eq!(code.as_deref(), Some(expected), "{} {actor:?}", method.path);
            assert_eq!(calls, Vec::<String>::new(), "{} {actor:?}", method.path);
            refused += 1;
        }
    }
    // Nothing is open to all that the rows do not open, and nothing is closed to those whose it is.
    assert!(granted > 100 && refused > 200, "{granted} {refused}");
    harness.stop().await;
}

// GRPC-2, S-APP: whoever signs in over gRPC has a session, and it ends when she says so.
#[tokio::test]
async fn an_operator_signs_in_over_grpc_and_out_again() {
    let harness = Harness::start().await;
    let signer = key(30);
    harness.behind.grant(signer.address(), [Role::Operator]);
    let mut session = SessionClient::with_origin(http(), format!("http://{}", harness.grpc).parse().unwrap());
    let nonce = session.get_nonce(GetNonceRequest {}).await.unwrap().into_inner().nonce;
    let text = message(&harness, &signer, &nonce).to_string();
    let signature = Bytes::copy_from_slice(&signer.sign_message_sync(text.as_bytes()).unwrap().as_bytes());
    let asked = SignInRequest { message: text, signature };
    let opened = session.sign_in(asked.clone()).await.unwrap().into_inner();
    assert_eq!(opened.address[..], signer.address()[..]);
    assert_eq!(opened.roles, ["operator"]);
    // A nonce counts once, and another's signature opens nothing.
    let status = session.sign_in(asked).await.unwrap_err();
    assert_eq!(status.code(), GrpcCode::Unauthenticated, "{status:?}");

    let token = opened.token.as_str();
    o2c(&harness).list_changes(bearing(ListChangesRequest::default(), token)).await.unwrap();
    // The same session is one of REST.
    let asked = wire::Request::new("GET", "/v1/changes").with("authorization", &format!("Bearer {token}"));
    assert_eq!(harness.send(asked).await.status, 200);
    session.sign_out(bearing(SignOutRequest {}, token)).await.unwrap();
    let status = o2c(&harness).list_changes(bearing(ListChangesRequest::default(), token)).await.unwrap_err();
    assert_eq!(problem(&status).code, "session-expired");
    harness.stop().await;
}

/// Asks over REST for a change that is applied.
async fn over_rest(harness: &Harness, operator: &Caller, method: &str, path: &str, body: Option<&Value>) {
    let request = operator.bearing(wire::Request::new(method, path));
    let request = match body {
        Some(body) => request.json(body),
        None => request,
    };
    let answer = harness.send(request).await;
    assert!(answer.status < 300, "{method} {path}: {}", answer.text());
}

// GRPC-2, M-CON-1..4: a change is the same at the door whichever way it came.
#[tokio::test]
async fn a_change_over_grpc_is_the_change_over_rest() {
    let harness = Harness::start().await;
    let operator = Caller::new(&harness, key(31), [Role::Operator]).await;
    let (mut door, token) = (o2c(&harness), operator.token.clone());
    let address = || Bytes::copy_from_slice(OFFICE.as_slice());
    let schema = json!({"type": "object"});
    let title = json!({"en": "A reading", "zh": "读数"});
    let format =
        json!({"version": 1, "chain": "main", "title": title, "source": "a law", "sealed": false, "schema": schema});

    over_rest(
        &harness,
        &operator,
        "POST",
        "/v1/organizations",
        Some(&json!({"code": "OFFICE", "name": "An office", "administrator": OFFICE})),
    )
    .await;
    over_rest(&harness, &operator, "PUT", "/v1/organizations/OFFICE/standing", Some(&json!({"suspended": true}))).await;
    over_rest(
        &harness,
        &operator,
        "POST",
        "/v1/organizations/OFFICE/keys",
        Some(&json!({"address": OFFICE, "right": "submission"})),
    )
    .await;
    over_rest(
        &harness,
        &operator,
        "DELETE",
        &format!("/v1/organizations/OFFICE/keys/{OFFICE}?reason=compromised"),
        None,
    )
    .await;
    over_rest(&harness, &operator, "PUT", "/v1/formats/reading%2Fair", Some(&format)).await;
    over_rest(&harness, &operator, "PUT", &format!("/v1/users/{OFFICE}/standing"), Some(&json!({"suspended": true})))
        .await;
    over_rest(&harness, &operator, "PUT", "/v1/quotas/sources", Some(&json!({"operationsPerDay": 5}))).await;
    over_rest(&harness, &operator, "DELETE", "/v1/quotas/sources", None).await;
    over_rest(&harness, &operator, "PUT", "/v1/services/certificates.query", Some(&json!({"offered": false}))).await;
    over_rest(
        &harness,
        &operator,
        "PUT",
        "/v1/services/certificates.query/access",
        Some(&json!({"version": 1, "entries": {"anybody": "deny"}})),
    )
    .await;
    over_rest(&harness, &operator, "DELETE", &format!("/v1/sources/{OFFICE}?reason=sold"), None).await;
    let over_rest = harness.behind.take_changes();

    let register = RegisterOrganizationRequest {
        code: "OFFICE".into(),
        name: "An office".into(),
        administrator: address(),
        check: false,
    };
    let changed = door.register_organization(bearing(register, &token)).await.unwrap().into_inner();
    assert_eq!((changed.applied, changed.effects), (true, vec!["one effect".to_owned()]));
    let suspend = SuspendOrganizationRequest { code: "OFFICE".into(), suspended: true, check: false };
    door.suspend_organization(bearing(suspend, &token)).await.unwrap();
    let authorize = AuthorizeKeyRequest {
        organization: "OFFICE".into(),
        address: address(),
        right: "submission".into(),
        ..Default::default()
    };
    door.authorize_key(bearing(authorize, &token)).await.unwrap();
    let revoke =
        EndKeyRequest { organization: "OFFICE".into(), address: address(), compromised: true, ..Default::default() };
    door.end_key(bearing(revoke, &token)).await.unwrap();
    let configure = ConfigureFormatRequest {
        format: "reading/air".into(),
        version: 1,
        chain: "main".into(),
        title_en: "A reading".into(),
        title_zh: "读数".into(),
        source: "a law".into(),
        sealed: false,
        schema_json: schema.to_string(),
        check: false,
    };
    door.configure_format(bearing(configure.clone(), &token)).await.unwrap();
    let suspend = SuspendUserRequest { address: address(), suspended: true, check: false };
    door.suspend_user(bearing(suspend, &token)).await.unwrap();
    let quota = chancery_grpc::o2c::Quota { operations_per_day: Some(5), ..Default::default() };
    for quota in [Some(quota), None] {
        let set = SetQuotaRequest { subject: "sources".into(), quota, check: false };
        door.set_quota(bearing(set, &token)).await.unwrap();
    }
    let offer = OfferServiceRequest { service: "certificates.query".into(), offered: false, check: false };
    door.offer_service(bearing(offer, &token)).await.unwrap();
    let access = ConfigureAccessRequest {
        service: "certificates.query".into(),
        version: 1,
        entries: [("anybody".to_owned(), "deny".to_owned())].into(),
        check: false,
    };
    door.configure_access(bearing(access, &token)).await.unwrap();
    let withdraw = SourceEndRequest { source: address(), reason: Some("sold".into()), check: false };
    let withdrawn = door.withdraw_source(bearing(withdraw, &token)).await.unwrap().into_inner();
    assert!(matches!(withdrawn.outcome, Some(SourceOutcome::Source(_))), "{withdrawn:?}");
    assert_eq!(harness.behind.take_changes(), over_rest);

    // Checked, it is not applied; a schema that nests too deep does not reach the door.
    harness.behind.take_calls();
    let check = ConfigureFormatRequest { check: true, ..configure.clone() };
    assert!(!door.configure_format(bearing(check, &token)).await.unwrap().into_inner().applied);
    assert_eq!(harness.behind.take_calls(), ["o2c.check"]);
    let deep = ConfigureFormatRequest { schema_json: "[".repeat(1000), ..configure };
    let status = door.configure_format(bearing(deep, &token)).await.unwrap_err();
    assert_eq!((status.code(), problem(&status).code.as_str()), (GrpcCode::InvalidArgument, "malformed-request"));
    assert_eq!(harness.behind.take_calls(), Vec::<String>::new());

    // What the door refuses is refused with its code and its members.
    let error = DoorError::new(Code::ApprovalRequired, "it needs a second operator").with("change", "the text");
    harness.behind.refuse("o2c.apply", error);
    let offer = OfferServiceRequest { service: "certificates.query".into(), offered: true, check: false };
    let status = door.offer_service(bearing(offer, &token)).await.unwrap_err();
    let told = problem(&status);
    assert_eq!(
        (status.code(), told.code.as_str(), told.members_json.as_str()),
        (GrpcCode::PermissionDenied, "approval-required", r#"{"change":"the text"}"#)
    );
    harness.stop().await;
}

// GRPC-2, M-MON-2: a supervisor reads page by page what happened, and nothing twice.
#[tokio::test]
async fn a_supervisor_pages_through_events_over_grpc() {
    let harness = Harness::start().await;
    let supervisor = Caller::new(&harness, key(32), [Role::Supervisor]).await;
    let entry = |number: u64| HistoryEntry {
        time_ms: 10 - number,
        happening: Happening::Created,
        name: format!("event {number}"),
        by: Some(OFFICE),
        subject: "s".into(),
        recorded: None,
        revision: None,
        facts: String::new(),
        right: None,
        verified: None,
    };
    harness.behind.happen((0..5).map(entry).collect());
    let (mut door, mut cursor, mut names) = (v2m(&harness), None, Vec::new());
    loop {
        let asked = ListEventsRequest { limit: Some(2), cursor, ..ListEventsRequest::default() };
        let page = door.list_events(bearing(asked, &supervisor.token)).await.unwrap().into_inner();
        assert!(page.events.iter().all(|event| event.happening == "created" && event.by[..] == OFFICE[..]));
        names.extend(page.events.into_iter().map(|event| event.name));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(names, ["event 0", "event 1", "event 2", "event 3", "event 4"]);
    for (asked, member) in [
        (ListEventsRequest { limit: Some(0), ..Default::default() }, "limit"),
        (ListEventsRequest { happening: Some("dreamt".into()), ..Default::default() }, "happening"),
        (ListEventsRequest { cursor: Some("x".into()), ..Default::default() }, "cursor"),
    ] {
        let status = door.list_events(bearing(asked, &supervisor.token)).await.unwrap_err();
        let told = problem(&status);
        assert!(told.code == "malformed-request" && told.detail.starts_with(member), "{told:?}");
    }

    // A report is the document that REST answers.
    let report = door.report_activity(bearing(ReportRequest::default(), &supervisor.token)).await.unwrap().into_inner();
    let asked = supervisor.bearing(wire::Request::new("GET", "/v1/reports/activity"));
    assert_eq!(serde_json::from_slice::<Value>(&report.file).unwrap(), harness.send(asked).await.json());
    // Who runs the chains, anybody may see.
    let chains = o2c(&harness).list_chains(ListChainsRequest {}).await.unwrap().into_inner().chains;
    assert!(!chains.is_empty() && chains.iter().all(|chain| chain.genesis_hash.len() == 32), "{chains:?}");
    harness.stop().await;
}
