//! What operators change reaches the door as it was asked for, and what the door knows of organizations is told as it is (M-CON-1, C-MORE-7).

use alloy_primitives::{Address, address};
use chancery_reference_points::{
    Role,
    o2c::Change,
    organization::{Organization, OrganizationKey},
};
use serde_json::{Value, json};

use crate::{
    answers,
    callers::{Caller, key},
    harness::{Harness, NOW_S},
    wire::Request,
};

const ORGANIZATION: &str = "12440300455765412A";
const KEY: Address = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
/// 2026-11-21T03:00:00Z
const LATER_S: u64 = 1_795_230_000;

/// The change that the door is asked for.
async fn change(method: &str, path: &str, body: Option<Value>) -> Change {
    let harness = Harness::start().await;
    let operator = Caller::new(&harness, key(0x51), [Role::Operator]).await;
    let request = Request::new(method, path);
    let request = if let Some(body) = body { request.json(&body) } else { request };
    let answer = harness.send(operator.bearing(request)).await;
    assert_eq!(answer.status, 200, "{method} {path}: {}", answer.text());
    let [change] = harness.behind.take_changes().try_into().unwrap();
    harness.stop().await;
    change
}

#[tokio::test]
async fn an_organization_is_registered_with_its_administrator() {
    let body = json!({"code": ORGANIZATION, "name": "Riverside", "administrator": KEY.to_string()});
    let registered = change("POST", "/v1/organizations", Some(body)).await;
    let expected =
        Change::RegisterOrganization { code: ORGANIZATION.into(), name: "Riverside".into(), administrator: KEY };
    assert_eq!(registered, expected);
}

#[tokio::test]
async fn a_key_gets_the_right_and_the_time_that_were_asked_for() {
    let path = format!("/v1/organizations/{ORGANIZATION}/keys");
    let asked = json!({"address": KEY.to_string(), "right": "degree"});
    let bounded = json!({"address": KEY.to_string(), "right": "degree", "notBefore": "2026-11-21T03:00:00Z", "notAfter": "2026-11-21T03:00:01Z"});
    for (body, not_before, not_after) in [(asked, NOW_S, None), (bounded, LATER_S, Some(LATER_S + 1))] {
        let key = OrganizationKey { address: KEY, right: "degree".into(), not_before, not_after, revoked_at: None };
        let expected = Change::AuthorizeKey { organization: ORGANIZATION.into(), key };
        assert_eq!(change("POST", &path, Some(body)).await, expected);
    }
}

#[tokio::test]
async fn a_key_ends_as_it_was_asked_for() {
    let organization = || ORGANIZATION.to_owned();
    let retired = |right| Change::RetireKey { organization: organization(), address: KEY, right };
    let revoked = |from| Change::RevokeKey { organization: organization(), address: KEY, from };
    for (query, expected) in [
        ("", retired(None)),
        ("?right=degree", retired(Some("degree".into()))),
        ("?reason=retired", retired(None)),
        ("?reason=compromised", revoked(NOW_S)),
        ("?reason=compromised&from=2026-11-21T03:00:00Z", revoked(LATER_S)),
    ] {
        let path = format!("/v1/organizations/{ORGANIZATION}/keys/{KEY}{query}");
        assert_eq!(change("DELETE", &path, None).await, expected, "{query}");
    }
}

#[tokio::test]
async fn a_suspension_and_the_end_of_a_key_are_told_to_anybody() {
    let harness = Harness::start().await;
    let mut organization = Organization { suspended: true, ..answers::organization() };
    organization.keys[0].not_after = Some(LATER_S + 1);
    organization.keys[0].revoked_at = Some(LATER_S);
    harness.behind.reorganize(organization);
    let told = harness.send(Request::new("GET", &format!("/v1/organizations/{ORGANIZATION}"))).await.json();
    assert_eq!((&told["suspended"], &told["keys"][0]["right"]), (&json!(true), &json!("degree")));
    assert_eq!(told["keys"][0]["notAfter"], "2026-11-21T03:00:01Z");
    assert_eq!(told["keys"][0]["revokedAt"], "2026-11-21T03:00:00Z");
    harness.stop().await;
}
