//! What supervisors are told of, and what operators take back, over REST and in a whole city.

use alloy::signers::local::PrivateKeySigner;
use serde_json::{Value, json};

use super::{
    releases::{FIRST, SECOND, agreed},
    signed_in::{SignedIn, exchange},
    support::*,
};

/// Events of a kind, of one subject or all, newest first.
async fn events(supervisor: &SignedIn, of_type: &str, subject: Option<&str>) -> Vec<Value> {
    let subject = subject.map(|subject| format!("&subject={subject}")).unwrap_or_default();
    let (status, page) = supervisor.ask("GET", &format!("/v1/events?type={of_type}&limit=100{subject}"), None).await;
    assert_eq!(status, 200, "{page}");
    page["items"].as_array().unwrap().clone()
}

// M-MON-2: whoever sends what no source has signed is seen by supervisors, however often it is sent.
#[tokio::test]
async fn refused_submissions_are_told_to_supervisors_and_counted() {
    let supervisor = SignedIn::as_development_account(8).await;
    let garbage = json!({"submission": "e30.e30.AA", "operations": [{"time": 1, "content": 1}]});
    for _ in 0..3 {
        let request = reqwest::Client::new().post(format!("{}/v1/submissions", shared().city.gateway)).json(&garbage);
        let (status, refused) = exchange(request).await;
        assert_eq!((status, refused["code"].as_str().unwrap()), (400, "malformed-request"), "{refused}");
    }
    let told = events(&supervisor, "submission-refused", None).await;
    let counted: Vec<&str> = told
        .iter()
        .filter(|event| event["name"] == "data.submission")
        .map(|event| event["facts"].as_str().unwrap())
        .filter(|facts| facts.starts_with("malformed-request: "))
        .collect();
    let times = |facts: &&str| facts.split(' ').nth(1).unwrap().parse::<u64>().unwrap();
    // A minute may have ended in between.
    assert!(counted.iter().map(times).sum::<u64>() >= 3, "{told:?}");
}

// M-CON-3, M-CON-4, M-MON-2: checked, recorded on the chain, in force at the gateway, and taken back.
#[tokio::test]
async fn a_user_is_suspended_on_the_record_and_restored() {
    let (operator, supervisor) = (SignedIn::as_development_account(0).await, SignedIn::as_development_account(8).await);
    let user = SignedIn::new(PrivateKeySigner::random()).await;
    let address = user.signer.address().to_string();
    let path = format!("/v1/users/{address}/standing");
    let own = async || user.ask("GET", "/v1/session", None).await;
    assert_eq!(own().await.0, 200);
    let (status, refused) = user.ask("PUT", &path, Some(&json!({"suspended": true}))).await;
    assert_eq!((status, refused["code"].as_str().unwrap()), (403, "role-required"));
    let (status, checked) = operator.ask("PUT", &format!("{path}?check=true"), Some(&json!({"suspended": true}))).await;
    assert_eq!((status, &checked["applied"], &checked["recorded"]), (200, &json!(false), &json!([])), "{checked}");
    assert_eq!(own().await.0, 200, "a check changes nothing");
    for (suspended, word, answered) in [(true, "suspended", 403), (false, "restored", 200)] {
        // Who may use the gateway is a change of access, which takes two here.
        let (status, refused) = operator.ask("PUT", &path, Some(&json!({"suspended": suspended}))).await;
        assert_eq!((status, &refused["code"]), (403, &json!("approval-required")), "{refused}");
        let change = agreed(FIRST, SECOND, &["user", if suspended { "suspend" } else { "restore" }, &address]);
        let shown = answer(&[&FIRST[..], &["change", "show", &change]].concat());
        assert_eq!(shown["proposal"]["status"], "applied", "{shown}");
        let (status, answer) = own().await;
        assert_eq!(status, answered, "{answer}");
        if suspended {
            assert_eq!(answer["code"], "user-suspended");
        }
        let told = events(&supervisor, "configured", Some(&address)).await;
        let recorded = told.iter().find(|event| !event["recorded"].is_null()).unwrap();
        assert_eq!((&recorded["name"], &recorded["facts"]), (&json!("user.standing"), &json!(word)));
    }
    let (status, refused) = operator
        .ask("PUT", &format!("/v1/users/{}/standing", supervisor.signer.address()), Some(&json!({"suspended": true})))
        .await;
    assert_eq!((status, refused["code"].as_str().unwrap()), (403, "operators-locked-out"));
}

// M-CON-3, M-MON-2, WATCH-6: who is told of alerts stands on the chain, without what its address keeps to itself.
#[tokio::test]
async fn who_is_told_of_alerts_is_on_the_record() {
    let (operator, supervisor) = (SignedIn::as_development_account(0).await, SignedIn::as_development_account(8).await);
    let receiver = json!({"url": "http://127.0.0.1:9/hooks/hidden", "allowPrivate": true});
    let (status, added) = operator.ask("POST", "/v1/alerts/receivers", Some(&receiver)).await;
    assert!((200..300).contains(&status), "{status} {added}");
    let id = added["receiver"]["id"].as_str().unwrap().to_owned();
    let (status, removed) = operator.ask("DELETE", &format!("/v1/alerts/receivers/{id}"), None).await;
    assert!((200..300).contains(&status), "{status} {removed}");
    let told = events(&supervisor, "configured", None).await;
    let told: Vec<_> = told.iter().filter(|event| event["subject"] == id).collect();
    let facts: Vec<_> = told.iter().map(|event| event["facts"].as_str().unwrap()).collect();
    assert_eq!(facts, ["removed http://127.0.0.1:9", "added http://127.0.0.1:9"], "{told:?}");
    for event in told {
        assert_eq!(event["name"], "alert.receiver");
        assert!(!event["recorded"].is_null() && !event["by"].is_null(), "{event}");
    }
}
