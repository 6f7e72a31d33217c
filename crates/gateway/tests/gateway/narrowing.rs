//! What the data narrow further: only its own, only for itself. And what roles are: what the chain and the configuration say at this moment.

use chancery_reference_points::{
    Code, DoorError, Role,
    organization::{Organization, OrganizationKey},
};
use serde_json::json;

use crate::{
    answers,
    callers::{Caller, Signing, holder, key, office},
    harness::{Harness, NOW_S},
    requests::{NAMED, fill, right},
    wire::{Answer, Request},
};

const HISTORY: &str = "/v1/certificates/{id}/history";
const TRACE: &str = "/v1/certificates/{id}/trace";

async fn start(roles: impl IntoIterator<Item = Role>) -> (Harness, Caller) {
    let harness = Harness::start().await;
    let caller = Caller::new(&harness, key(0x31), roles).await;
    (harness, caller)
}

async fn refused(harness: &Harness, request: Request, status: u16, code: &str) -> Answer {
    harness.behind.take_calls();
    let answer = harness.send(request).await;
    assert_eq!((answer.status, answer.problem().as_str()), (status, code), "{}", answer.text());
    assert_eq!(harness.behind.take_calls(), Vec::<String>::new());
    answer
}

// C-API-1
#[tokio::test]
async fn an_address_registers_itself_alone() {
    let (harness, caller) = start([]).await;
    let another = right(&harness, "POST", "/v1/users", &key(0x32), NAMED).await;
    let answer = refused(&harness, caller.bearing(another), 400, "signature-invalid").await;
    assert_eq!(answer.json()["member"], "address");
    let mut short = right(&harness, "POST", "/v1/users", &caller.signer, NAMED).await;
    let mut body: serde_json::Value = serde_json::from_slice(&short.body).unwrap();
    body["publicKey"] = json!("0x04");
    short = short.json(&body);
    refused(&harness, caller.bearing(short), 400, "malformed-request").await;
    harness.stop().await;
}

// C-API-5, M-PRIV
#[tokio::test]
async fn a_holder_lists_its_own_certificates_alone() {
    let (harness, caller) = start(Role::ALL).await;
    let request = Request::new("GET", &format!("/v1/certificates?holder={NAMED}"));
    refused(&harness, caller.bearing(request), 403, "not-your-certificate").await;
    harness.stop().await;
}

// M-REP-1
#[tokio::test]
async fn a_source_submits_its_own_data_alone() {
    let (harness, caller) = start([Role::Source]).await;
    let request = right(&harness, "POST", "/v1/operations", &key(0x32), NAMED).await;
    let answer = refused(&harness, caller.bearing(request), 400, "signature-invalid").await;
    assert_eq!(answer.json()["member"], "operation.source");
    harness.stop().await;
}

// S-NET, MSG-1: what says that a message lies in the mailbox is recorded with the message alone.
#[tokio::test]
async fn a_statement_about_a_message_is_no_ordinary_operation() {
    let (harness, caller) = start([Role::Source]).await;
    for format in ["message/deposit", "message/acknowledgement"] {
        let mut request = right(&harness, "POST", "/v1/operations", &caller.signer, NAMED).await;
        let mut body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        body["format"] = json!(format);
        body["operation"]["dataFormat"] = json!(alloy_primitives::B256::right_padding_from(format.as_bytes()));
        request = request.json(&body);
        let answer = refused(&harness, caller.bearing(request), 400, "malformed-request").await;
        assert_eq!(answer.json()["member"], "format");
    }
    harness.stop().await;
}

// S-NET
#[tokio::test]
async fn a_mailbox_has_two_sides_and_no_other() {
    let (harness, caller) = start([Role::Source]).await;
    for (target, door) in [("?box=received", "messages.received"), ("?box=sent&limit=1", "messages.sent")] {
        harness.behind.take_calls();
        let answer = harness.send(caller.bearing(Request::new("GET", &format!("/v1/messages{target}")))).await;
        assert_eq!((answer.status, harness.behind.take_calls()), (200, vec![door.to_owned()]));
    }
    harness.stop().await;
}

// C-FEE
#[tokio::test]
async fn an_inspector_sees_its_own_inspections_whatever_it_asks_for() {
    let (harness, inspector) = start([Role::Inspector]).await;
    let supervisor = Caller::new(&harness, key(0x32), [Role::Supervisor]).await;
    let target = format!("/v1/inspections?inspector={NAMED}");
    for (caller, sees) in [(&inspector, inspector.address().to_string()), (&supervisor, NAMED.to_owned())] {
        let answer = harness.send(caller.bearing(Request::new("GET", &target))).await;
        assert_eq!(answer.status, 200);
        let [asked] = harness.behind.take_requests().try_into().unwrap();
        assert_eq!(asked.parameters["inspector"], sees);
    }
    harness.stop().await;
}

// M-MON-2
#[tokio::test]
async fn a_history_is_for_the_holder_its_issuer_and_supervisors() {
    is_for_whom_it_concerns(HISTORY, "v2m.history").await;
}

// M-APP, M-PRIV
#[tokio::test]
async fn a_certificates_trace_is_for_the_holder_its_issuer_and_supervisors() {
    is_for_whom_it_concerns(TRACE, "u2s.certificates.trace").await;
}

async fn is_for_whom_it_concerns(path: &str, door: &str) {
    let harness = Harness::start().await;
    let request = Request::new("GET", &fill(path, NAMED));
    for (signer, roles, may) in [
        (holder(), vec![], true),
        (office(), vec![Role::Issuer], true),
        // A key that was taken away is no issuer's any more, though the organization still lists it.
        (office(), vec![], false),
        (key(0x32), vec![Role::Issuer], false),
        (key(0x33), vec![Role::Supervisor], true),
    ] {
        let caller = Caller::new(&harness, signer, roles.clone()).await;
        harness.behind.take_calls();
        let answer = harness.send(caller.bearing(request.clone())).await;
        let seen = harness.behind.take_calls().contains(&door.to_owned());
        assert_eq!((answer.status == 200, seen), (may, may), "{path}, {roles:?}: {}", answer.text());
    }
    harness.stop().await;
}

// M-MON-2, C-MORE-7: who may issue elsewhere by now has no look at what this organization issued.
#[tokio::test]
async fn a_history_is_for_keys_that_the_organization_has_at_this_moment() {
    let (harness, now) = (Harness::start().await, NOW_S);
    let caller = Caller::new(&harness, office(), [Role::Issuer]).await;
    let of_key = |alter: &dyn Fn(&mut OrganizationKey)| {
        let mut organization = answers::organization();
        organization.keys.iter_mut().for_each(alter);
        organization
    };
    for (organization, may) in [
        (of_key(&|key| key.not_before = now), true),
        (of_key(&|key| key.not_before = now + 1), false),
        (of_key(&|key| key.not_after = Some(now)), true),
        (of_key(&|key| key.not_after = Some(now - 1)), false),
        (of_key(&|key| key.revoked_at = Some(now + 1)), true),
        (of_key(&|key| key.revoked_at = Some(now)), false),
        (Organization { suspended: true, ..answers::organization() }, false),
    ] {
        harness.behind.reorganize(organization.clone());
        harness.behind.take_calls();
        let answer = harness.send(caller.bearing(Request::new("GET", &fill(HISTORY, NAMED)))).await;
        let seen = harness.behind.take_calls().contains(&"v2m.history".to_owned());
        assert_eq!((answer.status == 200, seen), (may, may), "{organization:?}: {}", answer.text());
    }
    harness.stop().await;
}

#[tokio::test]
async fn a_rejection_needs_its_reason() {
    let (harness, caller) = start(Role::ALL).await;
    for template in ["/v1/users/{address}/confirmation", "/v1/applications/{id}/decision"] {
        let request = Request::new("POST", &fill(template, NAMED)).json(&json!({"decision": "reject", "reason": "  "}));
        let answer = refused(&harness, caller.bearing(request), 400, "malformed-request").await;
        assert_eq!(answer.json()["member"], "reason", "{template}");
    }
    harness.stop().await;
}

// C-QR, GATEWAY-6
#[tokio::test]
async fn a_presentation_is_sealed_and_does_not_wait_for_long() {
    let (harness, caller) = start([Role::Citizen]).await;
    let send = |ciphertext: String, expires_at: &str| {
        let body = json!({"ciphertext": ciphertext, "expiresAt": expires_at});
        caller.bearing(Request::new("POST", "/v1/presentations").json(&body))
    };
    let sealed = "eyJhbGciOiJkaXIifQ..aXY.Y2lwaGVydGV4dA.dGFn";
    // 2026-11-21T02:58:20Z is when the clock stands still.
    for late in ["2026-11-21T02:58:20Z", "2026-11-21T03:08:51Z", "2030-01-01T00:00:00Z"] {
        refused(&harness, send(sealed.into(), late), 400, "malformed-request").await;
    }
    for open in
        ["{\"v\":1}", "a.b.c.d.e", "eyJhbGciOiJkaXIifQ...Y2lwaGVydGV4dA.dGFn", "a..b.c", "YQ..Yg.Yw", "YQ..Yg.Yw.ZA.ZQ"]
    {
        refused(&harness, send(open.into(), "2026-11-21T03:00:00Z"), 400, "malformed-jwe").await;
    }
    let long = format!("eyJhbGciOiJkaXIifQ..aXY.{}.dGFn", "A".repeat(64 * 1024));
    let answer = refused(&harness, send(long, "2026-11-21T03:00:00Z"), 413, "body-too-large").await;
    assert_eq!(answer.json()["limit"], 64 * 1024);
    assert_eq!(harness.send(send(sealed.into(), "2026-11-21T03:08:20Z")).await.status, 201);
    harness.stop().await;
}

// C-API-3
#[tokio::test]
async fn an_outcome_that_the_checks_do_not_find_is_not_recorded() {
    let (harness, caller) = start([Role::Inspector]).await;
    let request = right(&harness, "POST", "/v1/inspections", &caller.signer, NAMED).await;
    let mut body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    body["outcome"] = json!("revoked");
    let answer = harness.send(caller.bearing(request.json(&body))).await;
    assert_eq!((answer.status, answer.problem().as_str()), (400, "outcome-mismatch"));
    assert_eq!((&answer.json()["expected"], &answer.json()["actual"]), (&json!("valid"), &json!("revoked")));
    assert_eq!(harness.behind.take_calls(), ["u2s.certificates.check"]);
    harness.stop().await;
}

// GATEWAY-2
#[tokio::test]
async fn a_role_counts_from_when_the_chain_says_so_until_it_does_not() {
    let (harness, caller) = start([]).await;
    let ask = || caller.bearing(Request::new("GET", "/v1/events").with("x-role", "supervisor"));
    refused(&harness, ask(), 403, "role-required").await;
    harness.behind.grant(caller.address(), [Role::Supervisor]);
    assert_eq!(harness.send(ask()).await.status, 200);
    harness.behind.grant(caller.address(), []);
    refused(&harness, ask(), 403, "role-required").await;
    harness.stop().await;
}

// C-MORE-7
#[tokio::test]
async fn who_signs_with_a_retired_key_is_told_so() {
    let (harness, caller) = start([]).await;
    harness.behind.end(caller.address(), Role::Issuer);
    let issue = right(&harness, "POST", "/v1/certificates", &caller.signer, NAMED).await;
    refused(&harness, caller.bearing(issue.clone()), 403, "key-rotated").await;
    // What it never might do is not told otherwise.
    refused(&harness, caller.bearing(Request::new("GET", "/v1/events")), 403, "role-required").await;
    harness.behind.refuse("ended roles", DoorError::new(Code::ChainUnreachable, "main does not answer"));
    refused(&harness, caller.bearing(issue), 403, "role-required").await;
    harness.stop().await;
}

// C-ISSUE
#[tokio::test]
async fn who_signs_for_a_suspended_organization_is_told_so() {
    let (harness, caller) = start([]).await;
    harness.behind.suspend(caller.address(), Role::Issuer);
    let issue = right(&harness, "POST", "/v1/certificates", &caller.signer, NAMED).await;
    refused(&harness, caller.bearing(issue.clone()), 403, "organization-suspended").await;
    refused(&harness, caller.bearing(Request::new("GET", "/v1/events")), 403, "role-required").await;
    harness.behind.refuse("suspended roles", DoorError::new(Code::ChainUnreachable, "main does not answer"));
    refused(&harness, caller.bearing(issue), 403, "role-required").await;
    harness.stop().await;
}

// M-CON-3: whatever its roles are, and by whichever credential.
#[tokio::test]
async fn a_suspended_user_is_answered_nothing_and_told_why() {
    let (harness, caller) = start([Role::Citizen, Role::Issuer]).await;
    harness.behind.suspend_user(caller.address());
    for (method, path) in [("POST", "/v1/certificates"), ("POST", "/v1/presentations"), ("GET", "/v1/chains")] {
        let request = right(&harness, method, path, &caller.signer, NAMED).await;
        refused(&harness, caller.bearing(request), 403, "user-suspended").await;
    }
    // Who cannot be found out about is not let in; what anybody may ask is answered.
    harness.behind.refuse("suspended users", DoorError::new(Code::DatabaseUnreachable, "no database"));
    let presentation = right(&harness, "POST", "/v1/presentations", &caller.signer, NAMED).await;
    refused(&harness, caller.bearing(presentation), 503, "database-unreachable").await;
    assert_eq!(harness.send(caller.bearing(Request::new("GET", "/v1/chains"))).await.status, 200);
    harness.stop().await;
}

// GATEWAY-2: who cannot be judged is not let in, and what is open to anybody stays open.
#[tokio::test]
async fn when_the_main_chain_is_silent_nobody_is_taken_for_an_operator() {
    let (harness, caller) = start(Role::ALL).await;
    harness
        .behind
        .refuse("roles", DoorError::new(Code::ChainUnreachable, "main does not answer").with("chain", "main"));
    let request = right(&harness, "POST", "/v1/organizations", &caller.signer, NAMED).await;
    let answer = refused(&harness, caller.bearing(request), 503, "chain-unreachable").await;
    assert_eq!((answer.json()["chain"].as_str(), answer.header("retry-after")), (Some("main"), "1"));
    assert_eq!(harness.send(caller.bearing(Request::new("GET", "/v1/kinds"))).await.status, 200);
    harness.stop().await;
}

// GATEWAY-3
#[tokio::test]
async fn a_signed_request_has_no_session_to_end() {
    let (harness, caller) = start([]).await;
    let request = Signing::right(&harness, &caller.signer).sign(Request::new("DELETE", "/v1/session"), &caller.signer);
    refused(&harness, request, 400, "malformed-request").await;
    harness.stop().await;
}
