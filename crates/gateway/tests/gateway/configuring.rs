//! What operators change reaches the door as it was asked for, and what the door knows of organizations is told as it is (M-CON-1, C-MORE-7).

use alloy_primitives::{Address, B256, address};
use chancery_reference_points::{
    Code, DoorError, Role,
    change_approval::{ApprovalStatus, SignedChange, SignedDecision, text_of},
    contract_release::{ContractArtifact, ReleaseStatus, SignedProposal, SignedStep},
    o2c::Change,
    operation::ChainName,
    organization::{Organization, OrganizationKey},
    source_data::SourceChange,
};
use chancery_rest::types::{Example as _, changes::ProposeChange};
use serde_json::{Value, json};

use crate::{
    answers,
    callers::{Caller, key},
    doors::Trouble,
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

// M-CON-3, M-CON-4
#[tokio::test]
async fn an_organization_is_suspended_and_resumed() {
    let path = format!("/v1/organizations/{ORGANIZATION}/standing");
    for suspended in [true, false] {
        let asked = change("PUT", &path, Some(json!({"suspended": suspended}))).await;
        assert_eq!(asked, Change::SuspendOrganization { organization: ORGANIZATION.into(), suspended });
    }
    let harness = Harness::start().await;
    let operator = Caller::new(&harness, key(0x51), [Role::Operator]).await;
    harness.behind.take_calls();
    let checked = Request::new("PUT", &format!("{path}?check=true")).json(&json!({"suspended": true}));
    let answer = harness.send(operator.bearing(checked)).await.json();
    assert_eq!((&answer["applied"], &answer["effects"]), (&json!(false), &json!(["one effect"])));
    assert_eq!(harness.behind.take_calls(), ["o2c.check"], "a check changes nothing");
    harness.stop().await;
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

// S-SVC: what was signed reaches the door as it was signed, by whoever asks.
#[tokio::test]
async fn a_proposal_and_a_step_reach_the_door_as_they_were_signed() {
    let hash = |byte| format!("0x{}", alloy_primitives::hex::encode([byte; 32]));
    let artifact = json!({"chain": "degree", "name": "counter", "version": 3, "creationCode": "0x6000", "arguments": "0x07",
        "interface": "[ ]", "sourceHash": hash(0x50), "salt": hash(0x5a)});
    let body = json!({"artifact": artifact, "runtimeCodeHash": hash(0x2c), "deadline": LATER_S, "signature": "0x1b"});
    let proposal = SignedProposal {
        artifact: ContractArtifact {
            chain: ChainName("degree".into()),
            name: "counter".parse().unwrap(),
            version: 3,
            creation_code: vec![0x60, 0x00].into(),
            arguments: vec![0x07].into(),
            interface: "[ ]".into(),
            source_hash: B256::repeat_byte(0x50),
            salt: B256::repeat_byte(0x5a),
        },
        runtime_code_hash: B256::repeat_byte(0x2c),
        deadline: LATER_S,
        signature: vec![0x1b].into(),
    };
    let by = key(0x51).address();
    assert_eq!(change("POST", "/v1/contracts", Some(body)).await, Change::ProposeContract { proposal, by });

    let path = format!("/v1/contracts/degree/{}/status", hash(0xce));
    for (word, status) in [
        ("approved", ReleaseStatus::Approved),
        ("rejected", ReleaseStatus::Rejected),
        ("deployed", ReleaseStatus::Deployed),
        ("released", ReleaseStatus::Released),
        ("withdrawn", ReleaseStatus::Withdrawn),
    ] {
        let body = json!({"status": word, "reason": "why", "deadline": LATER_S, "signature": "0x1b"});
        let step = SignedStep {
            chain: ChainName("degree".into()),
            release: B256::repeat_byte(0xce),
            status,
            reason: "why".into(),
            deadline: LATER_S,
            signature: vec![0x1b].into(),
        };
        assert_eq!(change("POST", &path, Some(body)).await, Change::ChangeRelease { step, by });
    }
}

// S-SVC
#[tokio::test]
async fn contracts_are_told_to_anybody_as_the_door_knows_them() {
    let harness = Harness::start().await;
    let listed = harness.send(Request::new("GET", "/v1/contracts?chain=degree&cursor=7")).await.json();
    let contract = &listed["items"][0];
    assert_eq!(
        (&contract["name"], &contract["version"], &contract["status"]),
        (&json!("counter"), &json!(3), &json!("approved"))
    );
    assert_eq!(contract["proposed"]["time"], "2026-11-21T02:58:20Z");
    assert_eq!(contract["deployed"], Value::Null);
    let path = format!("/v1/contracts/main/{}", B256::repeat_byte(0xce));
    let review = harness.send(Request::new("GET", &path)).await.json();
    assert_eq!((&review["creationCode"], &review["arguments"]), (&json!("0x6000"), &json!("0x07")));
    assert_eq!(
        (&review["steps"][0]["status"], &review["steps"][0]["recorded"]["blockNumber"]),
        (&json!("proposed"), &json!(128))
    );
    assert_eq!(review["contract"], *contract);
    harness.stop().await;
}

// M-CON-3
#[tokio::test]
async fn a_service_is_offered_and_withdrawn() {
    for offered in [true, false] {
        let body = json!({"offered": offered});
        let asked = change("PUT", "/v1/services/certificates.query", Some(body)).await;
        let by = key(0x51).address();
        assert_eq!(asked, Change::OfferService { service: "certificates.query".into(), offered, by });
    }
}

// M-CON-3
#[tokio::test]
async fn a_user_is_suspended_and_restored() {
    for suspended in [true, false] {
        let asked = change("PUT", &format!("/v1/users/{KEY}/standing"), Some(json!({"suspended": suspended}))).await;
        assert_eq!(asked, Change::SuspendUser { address: KEY, suspended, by: key(0x51).address() });
    }
}

// ACCOUNT-4, bad input: unknown addresses
#[tokio::test]
async fn an_address_that_nobody_has_is_neither_suspended_nor_restored() {
    let harness = Harness::start().await;
    let operator = Caller::new(&harness, key(0x51), [Role::Operator]).await;
    let (stranger, asks) = (key(0x66), async |address: Address, suspended: bool| {
        let path = format!("/v1/users/{address}/standing");
        harness.send(operator.bearing(Request::new("PUT", &path).json(&json!({"suspended": suspended})))).await
    });
    harness.behind.forget(stranger.address());
    for suspended in [true, false] {
        let refused = asks(stranger.address(), suspended).await;
        assert_eq!((refused.status, refused.problem().as_str()), (404, "unknown-address"), "{}", refused.text());
    }
    // Nor by way of a proposal.
    let by = operator.address();
    let suspension = Change::SuspendUser { address: stranger.address(), suspended: true, by };
    let mut proposal = serde_json::to_value(ProposeChange::example()).unwrap();
    proposal["content"] = json!(text_of(&suspension).unwrap());
    let refused = harness.send(operator.bearing(Request::new("POST", "/v1/changes").json(&proposal))).await;
    assert_eq!((refused.status, refused.problem().as_str()), (404, "unknown-address"), "{}", refused.text());
    assert!(harness.behind.take_changes().is_empty(), "no door was asked");

    // Whoever is signed in is somebody, and so is whoever was suspended once.
    Caller::new(&harness, stranger.clone(), []).await;
    assert_eq!(asks(stranger.address(), true).await.status, 200);
    let suspended = key(0x67).address();
    harness.behind.forget(suspended);
    harness.behind.suspend_user(suspended);
    assert_eq!(asks(suspended, false).await.status, 200);
    // What cannot be found out is not guessed.
    let unreachable = DoorError::new(Code::ChainUnreachable, "silent");
    harness.behind.refuse("known addresses", unreachable);
    let refused = asks(KEY, true).await;
    assert_eq!((refused.status, refused.problem().as_str()), (503, "chain-unreachable"));
    harness.stop().await;
}

// M-CON-3, M-CON-4: what an operator changes of a source is a change of the configuration, and can be looked at first.
#[tokio::test]
async fn sources_are_withdrawn_and_restored_as_changes_of_the_configuration() {
    for (path, restores) in [("", false), ("/withdrawal", true)] {
        let asked = change("DELETE", &format!("/v1/sources/{KEY}{path}?reason=why"), None).await;
        let (source, reason) = (KEY, "why".to_owned());
        let source =
            if restores { SourceChange::Restore { source, reason } } else { SourceChange::Withdraw { source, reason } };
        assert_eq!(asked, Change::ChangeSource { source, by: key(0x51).address() });
    }
    let harness = Harness::start().await;
    let operator = Caller::new(&harness, key(0x51), [Role::Operator]).await;
    harness.behind.take_calls();
    let checked = Request::new("DELETE", &format!("/v1/sources/{KEY}?check=true"));
    let answer = harness.send(operator.bearing(checked)).await.json();
    assert_eq!(answer["effects"], json!(["one effect"]));
    assert_eq!(harness.behind.take_calls(), ["o2c.check"], "a check changes nothing");
    harness.stop().await;
}

// M-CON-3, ACCESS-5
#[tokio::test]
async fn an_access_rule_is_asked_for_as_it_was_written_and_told_with_its_versions() {
    let path = "/v1/services/certificates.query/access";
    let entries = json!({"anybody": "deny", "role:operator": "allow", "organization:GOOD-1": "allow"});
    let asked = change("PUT", path, Some(json!({"version": 3, "entries": entries}))).await;
    let expected = Change::ConfigureAccess {
        service: "certificates.query".into(),
        version: 3,
        entries: serde_json::from_value(entries).unwrap(),
        by: key(0x51).address(),
    };
    assert_eq!(asked, expected);

    let harness = Harness::start().await;
    let operator = Caller::new(&harness, key(0x51), [Role::Operator]).await;
    for wrong in [json!({"role:king": "deny"}), json!({"anybody": "perhaps"})] {
        let request = Request::new("PUT", path).json(&json!({"version": 1, "entries": wrong}));
        assert_eq!(harness.send(operator.bearing(request)).await.status, 400, "{wrong}");
    }
    let told = harness.send(operator.bearing(Request::new("GET", path))).await.json();
    assert_eq!((&told["roles"], &told["versions"][0]["version"]), (&json!(["inspector", "issuer"]), &json!(2)));
    assert_eq!(told["versions"][0]["entries"], json!({"role:inspector": "deny"}));
    harness.stop().await;
}

// ACCESS-1: what anybody may ask may have been narrowed: a service learns the roles and organizations of whoever says who asks.
#[tokio::test]
async fn a_service_that_anybody_may_ask_learns_who_asks() {
    let harness = Harness::start().await;
    harness.behind.organizations.lock().unwrap().insert("GOOD-1".into());
    let path = format!("/v1/certificates/{}", B256::repeat_byte(0xa1));
    let inspector = Caller::new(&harness, key(0x52), [Role::Inspector]).await;
    harness.send(inspector.bearing(Request::new("GET", &path))).await;
    let asking = harness.behind.asking.lock().unwrap().take().unwrap();
    assert!(asking.is(Role::Inspector) && asking.organizations.contains("GOOD-1"), "{asking:?}");

    harness.send(Request::new("GET", &path)).await;
    let nobody = harness.behind.asking.lock().unwrap().take().unwrap();
    assert_eq!((nobody.address, nobody.roles.len()), (None, 0));

    // The main chain does not answer: what is open stays open.
    let error = DoorError::new(Code::ChainUnreachable, "no answer");
    harness.behind.trouble("roles", Trouble::Refuses(error));
    let answer = harness.send(inspector.bearing(Request::new("GET", &path))).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    harness.stop().await;
}

// M-CON-3, CHANGE-1
#[tokio::test]
async fn a_change_is_proposed_and_decided_as_it_was_signed() {
    let by = key(0x51).address();
    let content = r#"{"change":"offerService","service":"s","offered":false,"by":"0x01"}"#;
    let body = json!({
        "content": content, "salt": B256::repeat_byte(5).to_string(), "expiresAt": LATER_S, "deadline": LATER_S - 1,
        "signature": "0x1b",
    });
    let proposal = SignedChange {
        content: content.into(),
        salt: B256::repeat_byte(5),
        expires_at: LATER_S,
        deadline: LATER_S - 1,
        signature: vec![0x1b].into(),
    };
    assert_eq!(change("POST", "/v1/changes", Some(body)).await, Change::ProposeChange { proposal, by });

    let name = B256::repeat_byte(0xcc);
    let path = format!("/v1/changes/{name}/status");
    for (status, word) in [
        (ApprovalStatus::Approved, "approved"),
        (ApprovalStatus::Rejected, "rejected"),
        (ApprovalStatus::Withdrawn, "withdrawn"),
    ] {
        let body = json!({"status": word, "reason": "why", "deadline": LATER_S, "signature": "0x1b"});
        let decision = SignedDecision {
            change: name,
            status,
            reason: "why".into(),
            deadline: LATER_S,
            signature: vec![0x1b].into(),
        };
        assert_eq!(change("POST", &path, Some(body)).await, Change::DecideChange { decision, by });
    }
    let applied = change("POST", &path, Some(json!({"status": "applied"}))).await;
    assert_eq!(applied, Change::ApplyChange { proposed: name, by });
}

// M-CON-3
#[tokio::test]
async fn changes_are_told_with_the_kinds_that_need_two_operators() {
    let harness = Harness::start().await;
    let supervisor = Caller::new(&harness, key(0x53), [Role::Supervisor]).await;
    let told = harness.send(supervisor.bearing(Request::new("GET", "/v1/changes"))).await.json();
    assert_eq!((&told["required"], &told["items"][0]["kind"]), (&json!(["keys"]), &json!("services")));
    assert_eq!(told["items"][0]["applied"], Value::Null);
    let path = format!("/v1/changes/{}", B256::repeat_byte(0xcc));
    let one = harness.send(supervisor.bearing(Request::new("GET", &path))).await.json();
    assert_eq!(one["proposal"], told["items"][0]);
    assert_eq!((&one["signed"]["content"], &one["signed"]["expiresAt"]), (&json!("{}"), &json!(NOW_S + 600)));
    harness.stop().await;
}
