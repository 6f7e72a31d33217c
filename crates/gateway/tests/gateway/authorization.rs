//! The authorization walk: every endpoint, asked by everybody. What is expected is written here a second time, by hand, so that a change of the matrix has
//! to be made twice to pass.

use chancery_gateway::authorization::matrix::MATRIX;
use chancery_reference_points::Role;

use crate::{
    callers::{Caller, holder, key},
    harness::Harness,
    requests::{NAMED, right},
};

/// Who asks, in the order of the columns of [`EXPECTED`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asking {
    /// Without a credential, from another machine.
    Anonymous,
    /// Without a credential, from this machine.
    AnonymousHere,
    /// An address that has no role.
    Roleless,
    /// An address with one role.
    As(Role),
    /// An address without a role, about itself: the path names it, or it holds the certificate.
    Itself,
}

const COLUMNS: [Asking; 12] = [
    Asking::Anonymous,
    Asking::AnonymousHere,
    Asking::Roleless,
    Asking::As(Role::Registered),
    Asking::As(Role::Citizen),
    Asking::As(Role::Issuer),
    Asking::As(Role::Registrar),
    Asking::As(Role::Inspector),
    Asking::As(Role::Source),
    Asking::As(Role::Operator),
    Asking::As(Role::Supervisor),
    Asking::Itself,
];

const ANYBODY: &str = "+++ ++++++++ +";
const SIGNED_IN: &str = "--+ ++++++++ +";
const CITIZEN: &str = "--- -+------ -";
const ISSUER: &str = "--- --+----- -";
const REGISTRAR: &str = "--- ---+---- -";
const INSPECTOR: &str = "--- ----+--- -";
const SOURCE: &str = "--- -----+-- -";
const OPERATOR: &str = "--- ------+- -";
const SUPERVISOR: &str = "--- -------+ -";

/// Method, path, who (`+` answered, `-` refused, `o` refused because it is somebody else's), and the doors that an answered request goes through at the end.
const EXPECTED: &[(&str, &str, &str, &[&str])] = &[
    ("GET", "/health", ANYBODY, &["u2s.chains", "database.answers"]),
    ("GET", "/metrics", "-+- ------+- -", &[]),
    ("GET", "/openapi.json", ANYBODY, &[]),
    ("GET", "/problems/{name}", ANYBODY, &[]),
    ("GET", "/docs/plain", ANYBODY, &[]),
    ("GET", "/v1/chains", ANYBODY, &["u2s.chains"]),
    ("GET", "/v1/kinds", ANYBODY, &["r2d.data_formats"]),
    ("GET", "/v1/kinds/{kind}", ANYBODY, &["r2d.data_formats"]),
    ("GET", "/v1/chains/{chain}/holders/{address}", ANYBODY, &["shown.of_holder"]),
    ("POST", "/v1/chains/{chain}/consents", CITIZEN, &["shown.disclose"]),
    ("GET", "/v1/kinds/{kind}/conditions", ANYBODY, &["u2s.certificates.conditions"]),
    ("PUT", "/v1/kinds/{kind}/conditions", OPERATOR, &["o2c.apply"]),
    ("GET", "/v1/session/nonce", ANYBODY, &[]),
    ("POST", "/v1/session", ANYBODY, &[]),
    ("GET", "/v1/session", SIGNED_IN, &[]),
    ("DELETE", "/v1/session", SIGNED_IN, &[]),
    ("POST", "/v1/users", SIGNED_IN, &["registration.register"]),
    ("GET", "/v1/users", REGISTRAR, &["registration.users"]),
    ("GET", "/v1/users/{address}", "--- ---+---- +", &["registration.user"]),
    ("GET", "/v1/users/{address}/public-key", ANYBODY, &["u2s.users.public-key"]),
    ("POST", "/v1/users/{address}/confirmation", REGISTRAR, &["registration.confirm"]),
    ("PUT", "/v1/users/{address}/standing", OPERATOR, &["o2c.apply"]),
    ("POST", "/v1/applications", CITIZEN, &["applications.submit"]),
    ("GET", "/v1/applications", "--- -++----- -", &["applications.list"]),
    ("POST", "/v1/applications/{id}/decision", ISSUER, &["applications.decide"]),
    ("POST", "/v1/certificates", ISSUER, &["r2d.submit", "applications.decide"]),
    ("GET", "/v1/certificates", SIGNED_IN, &["u2s.certificates.of-holder"]),
    ("GET", "/v1/certificates/{id}", ANYBODY, &["u2s.certificates.status"]),
    ("GET", "/v1/certificates/{id}/staple", ANYBODY, &["u2s.certificates.staple"]),
    ("GET", "/v1/certificates/{id}/history", "--o ooooooo+ +", &["v2m.history"]),
    ("GET", "/v1/certificates/{id}/trace", "--o ooooooo+ +", &["u2s.certificates.trace"]),
    ("POST", "/v1/certificates/{id}/status", ISSUER, &["r2d.submit"]),
    ("GET", "/v1/certificates/{address}/{block}/{tx_hash}", ANYBODY, &["u2s.certificates.query"]),
    ("POST", "/v1/presentations", CITIZEN, &["presentations.keep"]),
    ("GET", "/v1/presentations/{id}", ANYBODY, &["presentations.fetch"]),
    ("POST", "/v1/inspections", INSPECTOR, &["u2s.certificates.check", "r2d.submit"]),
    ("POST", "/v1/inspections/checks", INSPECTOR, &["u2s.certificates.check"]),
    ("GET", "/v1/inspections", "--- ----+--+ -", &["u2s.certificates.inspections"]),
    ("GET", "/v1/organizations", ANYBODY, &["o2c.organizations"]),
    ("GET", "/v1/organizations/{code}", ANYBODY, &["o2c.organization"]),
    ("POST", "/v1/organizations", OPERATOR, &["o2c.apply"]),
    ("PUT", "/v1/organizations/{code}/standing", OPERATOR, &["o2c.apply"]),
    ("POST", "/v1/organizations/{code}/keys", OPERATOR, &["o2c.apply"]),
    ("DELETE", "/v1/organizations/{code}/keys/{address}", OPERATOR, &["o2c.apply"]),
    ("GET", "/v1/formats/{format}", ANYBODY, &["r2d.data_format"]),
    ("PUT", "/v1/formats/{format}", OPERATOR, &["o2c.apply"]),
    ("GET", "/v1/quotas", "--- ------++ -", &["v2m.quotas"]),
    ("PUT", "/v1/quotas/{subject}", OPERATOR, &["o2c.apply"]),
    ("DELETE", "/v1/quotas/{subject}", OPERATOR, &["o2c.apply"]),
    ("GET", "/v1/services", ANYBODY, &["u2s.withdrawn", "u2s.catalogue"]),
    ("PUT", "/v1/services/{service}", OPERATOR, &["o2c.apply"]),
    ("GET", "/v1/services/{service}/access", "--- ------++ -", &["u2s.service_access"]),
    ("PUT", "/v1/services/{service}/access", OPERATOR, &["o2c.apply"]),
    ("GET", "/v1/changes", "--- ------++ -", &["o2c.changes"]),
    ("POST", "/v1/changes", OPERATOR, &["o2c.apply"]),
    ("GET", "/v1/changes/{change}", "--- ------++ -", &["o2c.change"]),
    ("POST", "/v1/changes/{change}/status", OPERATOR, &["o2c.apply"]),
    ("GET", "/v1/contracts", ANYBODY, &["o2c.contracts"]),
    ("POST", "/v1/contracts", OPERATOR, &["o2c.apply"]),
    ("POST", "/v1/contracts/simulations", OPERATOR, &["o2c.simulate_contract"]),
    ("GET", "/v1/contracts/{chain}/{release}", ANYBODY, &["o2c.contract"]),
    ("POST", "/v1/contracts/{chain}/{release}/status", OPERATOR, &["o2c.apply"]),
    ("POST", "/v1/operations", SOURCE, &["r2d.submit"]),
    ("GET", "/v1/operations/{digest}", SOURCE, &["r2d.operation_proof"]),
    ("POST", "/v1/sources", OPERATOR, &["o2c.organization", "o2c.apply", "r2d.source"]),
    ("POST", "/v1/sources/{source}/keys", ANYBODY, &["r2d.change_source"]),
    ("GET", "/v1/sources/{source}", "--- ------++ -", &["r2d.source"]),
    ("DELETE", "/v1/sources/{source}", OPERATOR, &["o2c.apply", "r2d.source"]),
    ("DELETE", "/v1/sources/{source}/withdrawal", OPERATOR, &["o2c.apply", "r2d.source"]),
    ("POST", "/v1/submissions", ANYBODY, &["r2d.accept"]),
    ("GET", "/v1/submissions/{place}/{digest}", ANYBODY, &["r2d.submission"]),
    (
        "GET",
        "/v1/submissions/{place}/{digest}/operations/{index}",
        ANYBODY,
        &["r2d.submission", "r2d.submitted_operation_proof"],
    ),
    ("POST", "/v1/data/search", ANYBODY, &["u2s.search_data"]),
    ("GET", "/v1/data/statistics", ANYBODY, &["u2s.data_statistics"]),
    ("POST", "/v1/data/trace", ANYBODY, &["u2s.trace_data"]),
    ("POST", "/v1/data/aggregate", ANYBODY, &["u2s.aggregate_data"]),
    ("GET", "/v1/data/audit", SUPERVISOR, &["v2m.audit_data"]),
    ("GET", "/v1/data/audit/status", "--- ------++ -", &["v2m.audit_status"]),
    ("GET", "/v1/alerts/receivers", OPERATOR, &["o2c.alert_receivers"]),
    ("POST", "/v1/alerts/receivers", OPERATOR, &["o2c.add_alert_receiver"]),
    ("DELETE", "/v1/alerts/receivers/{receiver}", OPERATOR, &["o2c.remove_alert_receiver"]),
    ("POST", "/v1/alerts/receivers/{receiver}/tests", OPERATOR, &["o2c.test_alert_receiver"]),
    ("POST", "/v1/subscriptions", SIGNED_IN, &["u2s.subscribe"]),
    ("GET", "/v1/subscriptions", SIGNED_IN, &["u2s.subscriptions"]),
    ("DELETE", "/v1/subscriptions/{subscription}", SIGNED_IN, &["u2s.unsubscribe"]),
    ("GET", "/v1/subscriptions/{subscription}/operations", SIGNED_IN, &["u2s.subscribed_data"]),
    ("GET", "/v1/subscriptions/{subscription}/events", SIGNED_IN, &["u2s.subscribed_data", "u2s.subscribed_data"]),
    ("GET", "/v1/resources", ANYBODY, &["u2s.sharing.find"]),
    ("GET", "/v1/resources/{resource}", ANYBODY, &["u2s.sharing.resource"]),
    ("PUT", "/v1/resources/{resource}/description", SIGNED_IN, &["u2s.sharing.describe"]),
    ("GET", "/v1/resources/{resource}/readers", SIGNED_IN, &["u2s.sharing.readers"]),
    ("POST", "/v1/resources/{resource}/accesses", SIGNED_IN, &["u2s.sharing.accesses"]),
    ("GET", "/v1/resources/{resource}/trace", ANYBODY, &["u2s.sharing.trace"]),
    ("GET", "/v1/resources/{resource}/requests/{request}", ANYBODY, &["u2s.sharing.request"]),
    ("GET", "/v1/alliance", ANYBODY, &["alliance.alliance"]),
    ("GET", "/v1/alliance/requests", ANYBODY, &["alliance.requests"]),
    ("GET", "/v1/alliance/requests/{number}", ANYBODY, &["alliance.request"]),
    ("GET", "/v1/alliance/proposals", ANYBODY, &["alliance.proposals"]),
    ("GET", "/v1/alliance/events", ANYBODY, &["alliance.alliance", "alliance.changes", "alliance.changes"]),
    ("POST", "/v1/messages", SOURCE, &["messages.send"]),
    ("GET", "/v1/messages", SOURCE, &["messages.received"]),
    ("GET", "/v1/messages/{message}", SOURCE, &["messages.fetch"]),
    ("POST", "/v1/messages/{message}/acknowledgement", SOURCE, &["messages.acknowledge"]),
    ("GET", "/v1/messages/{message}/proof", SOURCE, &["messages.proof"]),
    ("POST", "/v1/deliveries", SIGNED_IN, &["messages.deliver"]),
    ("GET", "/v1/deliveries/{message}/proof", SIGNED_IN, &["messages.delivery_proof"]),
    ("GET", "/v1/fees/prices", ANYBODY, &["u2s.prices"]),
    ("PUT", "/v1/fees/prices/{subject}", OPERATOR, &["o2c.apply"]),
    ("GET", "/v1/fees/bills", "--- ----+--+ -", &["u2s.prices", "u2s.certificates.inspections", "u2s.fees.charges"]),
    (
        "GET",
        "/v1/reports/activity",
        "--- ------++ -",
        // The list of all resources comes in two answers.
        &["u2s.data_statistics", "u2s.certificates.activity", "u2s.sharing.activity", "u2s.sharing.activity"],
    ),
    (
        "GET",
        "/v1/reports/open-data",
        "--- ------++ -",
        &["u2s.data_statistics", "u2s.certificates.activity", "u2s.sharing.activity", "u2s.sharing.activity"],
    ),
    ("GET", "/v1/events", SUPERVISOR, &["v2m.events"]),
];

async fn caller(harness: &Harness, asking: Asking) -> Caller {
    match asking {
        Asking::As(role) => {
            let place = Role::ALL.iter().position(|known| *known == role).unwrap();
            Caller::new(harness, key(0x20 + u8::try_from(place).unwrap()), [role]).await
        }
        Asking::Itself => Caller::new(harness, holder(), []).await,
        _ => Caller::new(harness, key(0x10), []).await,
    }
}

// GATEWAY-1, GATEWAY-2, M-SER-1, M-CON-1, M-MON-1
#[tokio::test]
async fn everybody_may_what_the_table_says_and_a_refused_request_reaches_no_door() {
    let harness = Harness::start().await;
    for (method, path, who, doors) in EXPECTED {
        let marks: Vec<char> = who.chars().filter(|mark| *mark != ' ').collect();
        assert_eq!(marks.len(), COLUMNS.len(), "{method} {path}");
        for (asking, mark) in COLUMNS.into_iter().zip(marks) {
            let place = format!("{method} {path} by {asking:?}");
            // Each opens a session of its own: signing out is one of the endpoints.
            let caller = caller(&harness, asking).await;
            let named = if asking == Asking::Itself { caller.address().to_string() } else { NAMED.to_owned() };
            let request = right(&harness, method, path, &caller.signer, &named).await;
            harness.behind.take_calls();
            let answer = match asking {
                Asking::Anonymous => harness.send(request).await,
                Asking::AnonymousHere => harness.send_from_here(request).await,
                _ => harness.send(caller.bearing(request)).await,
            };
            let calls = harness.behind.take_calls();
            let anonymous = matches!(asking, Asking::Anonymous | Asking::AnonymousHere);
            match mark {
                '+' => {
                    assert!((200..300).contains(&answer.status), "{place}: {}", answer.text());
                    assert!(
                        calls.ends_with(&doors.iter().map(ToString::to_string).collect::<Vec<_>>()),
                        "{place}: {calls:?}"
                    );
                    assert!(!doors.is_empty() || calls.is_empty(), "{place}: {calls:?}");
                }
                '-' if anonymous => {
                    assert_eq!((answer.status, answer.problem().as_str()), (401, "authentication-required"), "{place}");
                    assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"chancery\"", "{place}");
                    assert_eq!(calls, Vec::<String>::new(), "{place}");
                }
                '-' => {
                    assert_eq!((answer.status, answer.problem().as_str()), (403, "role-required"), "{place}");
                    assert!(!answer.json()["required"].as_array().unwrap().is_empty(), "{place}");
                    let actual = if let Asking::As(role) = asking { vec![role.name()] } else { Vec::new() };
                    assert_eq!(answer.json()["actual"], serde_json::json!(actual), "{place}");
                    assert_eq!(calls, Vec::<String>::new(), "{place}");
                }
                'o' => {
                    assert_eq!((answer.status, answer.problem().as_str()), (403, "not-your-certificate"), "{place}");
                    assert!(calls.iter().all(|call| !doors.contains(&call.as_str())), "{place}: {calls:?}");
                }
                _ => panic!("{place}: {mark} means nothing"),
            }
        }
    }
    harness.stop().await;
}

// GATEWAY-1
#[test]
fn every_endpoint_has_one_expectation() {
    let mut expected: Vec<_> = EXPECTED.iter().map(|(method, path, ..)| (*method, *path)).collect();
    let mut rows: Vec<_> = MATRIX.iter().map(|row| (row.method, row.path)).collect();
    expected.sort_unstable();
    rows.sort_unstable();
    assert_eq!(rows, expected, "the matrix and the table of this test name different endpoints");
    let columns: Vec<_> =
        COLUMNS.iter().filter_map(|asking| if let Asking::As(role) = asking { Some(*role) } else { None }).collect();
    assert_eq!(columns, Role::ALL, "a role has no column");
}
