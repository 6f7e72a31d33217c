//! What is wrong is the path or the query.

use std::collections::BTreeSet;

use chancery_gateway::{
    authorization::matrix::{MATRIX, Row, find},
    openapi::document,
};
use serde_json::Value;

use super::{IN_QUERY, Walk};
use crate::{
    requests::{NAMED, fill},
    wire::{Answer, Request},
};

/// The parameters of a path template.
fn parameters(template: &str) -> impl Iterator<Item = &str> {
    template.split('/').filter(|part| part.starts_with('{'))
}

/// The same request with another value in one place of its path.
async fn with_parameter(walk: &Walk, row: &Row, parameter: &str, value: &str) -> Request {
    let mut request = walk.right_in_session(row).await;
    let query = request.target.split_once('?').map(|(_, query)| format!("?{query}")).unwrap_or_default();
    request.target = fill(&row.path.replace(parameter, value), NAMED) + &query;
    request
}

async fn refused_with(walk: &Walk, row: &Row, parameter: &str, value: &str, code: &str) -> Answer {
    let request = with_parameter(walk, row, parameter, value).await;
    walk.refused(row, request, 400, code).await
}

#[tokio::test]
async fn a_part_of_the_path_that_is_no_text_is_refused() {
    let walk = Walk::start().await;
    let mut seen = 0;
    for row in MATRIX {
        for parameter in parameters(row.path) {
            refused_with(&walk, row, parameter, "%ff", "malformed-request").await;
            seen += 1;
        }
    }
    assert!(seen >= 16, "only {seen} parameters were seen");
    walk.end().await;
}

#[tokio::test]
async fn an_open_endpoint_refuses_such_a_path_of_anybody() {
    let walk = Walk::start().await;
    for path in ["/v1/organizations/%ff", "/v1/users/%ff/public-key", "/problems/%ff", "/v1/kinds/%c3%28"] {
        let answer = walk.harness.send(Request::new("GET", path)).await;
        assert_eq!((answer.status, answer.problem().as_str()), (400, "malformed-request"), "{path}");
    }
    assert_eq!(walk.harness.behind.take_calls(), Vec::<String>::new());
    walk.end().await;
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_as_such() {
    let walk = Walk::start().await;
    let mistyped = NAMED.replace("0xf39Fd6", "0xF39Fd6");
    let bare = NAMED.trim_start_matches("0x");
    for parameter in ["{address}", "{source}"] {
        let named: Vec<_> = MATRIX.iter().filter(|row| row.path.contains(parameter)).collect();
        assert!(named.len() >= 4, "only {} endpoints name {parameter}", named.len());
        for row in named {
            for value in ["0x12", bare, &bare.to_lowercase(), "lin", &mistyped] {
                refused_with(&walk, row, parameter, value, "malformed-address").await;
            }
        }
    }
    walk.end().await;
}

// QUOTA-1
#[tokio::test]
async fn a_quota_of_nobody_is_refused() {
    let walk = Walk::start().await;
    for row in MATRIX.iter().filter(|row| row.path == "/v1/quotas/{subject}") {
        for value in ["everybody", "sources:", "source:0x12", "organization:a%20b"] {
            refused_with(&walk, row, "{subject}", value, "malformed-request").await;
        }
    }
    walk.end().await;
}

#[tokio::test]
async fn a_hash_or_a_number_that_is_none_is_refused() {
    let walk = Walk::start().await;
    let mut seen = 0;
    for row in MATRIX {
        for parameter in parameters(row.path) {
            let is_hash = ["{tx_hash}", "{digest}", "{message}", "{release}", "{subscription}", "{change}"]
                .contains(&parameter)
                || (parameter == "{id}" && row.path.starts_with("/v1/certificates"));
            let wrong: &[&str] = match parameter {
                "{block}" | "{number}" => &["x", "-1", "1.5", "99999999999999999999"],
                _ if is_hash => &["0x12", "x", "0x0xcececececececececececececececececececececececececececececececece"],
                _ => &[],
            };
            for value in wrong {
                refused_with(&walk, row, parameter, value, "malformed-request").await;
                seen += 1;
            }
        }
    }
    assert!(seen >= 19, "only {seen} were tried");
    walk.end().await;
}

/// The endpoints that read a query, with the names of what each reads: those of the interface's document, so that none is left out.
fn reading_queries() -> Vec<(&'static Row, BTreeSet<String>)> {
    let interface: Value = serde_json::from_str(&document().unwrap()).unwrap();
    let mut found = Vec::new();
    for row in MATRIX {
        let parameters = &interface["paths"][row.path][row.method.to_lowercase()]["parameters"];
        let read = parameters.as_array().into_iter().flatten().filter(|parameter| parameter["in"] == "query");
        let names: BTreeSet<String> = read.map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect();
        if !names.is_empty() {
            found.push((row, names));
        }
    }
    assert!(found.len() >= 38, "only {} endpoints read a query", found.len());
    found
}

async fn with_query(walk: &Walk, row: &Row, query: &str) -> Request {
    let mut request = walk.right_in_session(row).await;
    let separator = if request.target.contains('?') { '&' } else { '?' };
    request.target = format!("{}{separator}{query}", request.target);
    request
}

#[tokio::test]
async fn a_query_that_the_interface_does_not_know_is_named() {
    let walk = Walk::start().await;
    for (row, _) in reading_queries() {
        let request = with_query(&walk, row, &format!("{IN_QUERY}=1")).await;
        let answer = walk.refused(row, request, 400, "unknown-member").await;
        assert!(answer.json()["detail"].as_str().unwrap().contains(IN_QUERY), "{}", answer.text());
    }
    walk.end().await;
}

// GATEWAY-6
#[tokio::test]
async fn a_page_is_bounded() {
    let walk = Walk::start().await;
    let mut seen = 0;
    for (row, names) in reading_queries() {
        if !names.contains("limit") || !names.contains("cursor") {
            continue;
        }
        seen += 1;
        let long = format!("cursor={}", "c".repeat(257));
        for query in ["limit=0", "limit=101", "limit=-1", "limit=x", "cursor=", &long] {
            let request = with_query(&walk, row, query).await;
            walk.refused(row, request, 400, "malformed-request").await;
        }
    }
    assert!(seen >= 10, "only {seen} pages were asked for");
    walk.end().await;
}

#[tokio::test]
async fn whether_to_look_only_is_true_or_false() {
    let walk = Walk::start().await;
    let mut seen = 0;
    for (row, _) in reading_queries().into_iter().filter(|(_, names)| names.contains("check")) {
        for value in ["perhaps", "", "1"] {
            let request = with_query(&walk, row, &format!("check={value}")).await;
            walk.refused(row, request, 400, "malformed-request").await;
        }
        seen += 1;
    }
    assert!(seen >= 19, "only {seen} were tried");
    walk.end().await;
}

#[tokio::test]
async fn a_query_with_a_wrong_value_is_refused() {
    let walk = Walk::start().await;
    let cases = [
        ("GET", "/v1/users", "status=unheard-of", "malformed-request"),
        ("GET", "/v1/applications", "status=unheard-of", "malformed-request"),
        ("GET", "/v1/inspections", "inspector=0x12", "malformed-address"),
        ("GET", "/v1/messages", "box=unheard-of", "malformed-request"),
        ("GET", "/v1/events", "from=yesterday", "malformed-request"),
        ("GET", "/v1/subscriptions/{subscription}/operations", "after=7", "malformed-request"),
        ("GET", "/v1/subscriptions/{subscription}/operations", "wait=21", "malformed-request"),
        ("GET", "/v1/subscriptions/{subscription}/events", "after=7", "malformed-request"),
        ("GET", "/v1/subscriptions/{subscription}/operations", "limit=101", "malformed-request"),
        ("GET", "/v1/reports/activity", "from=yesterday", "malformed-request"),
        ("GET", "/v1/reports/activity", "limit=1", "unknown-member"),
        ("GET", "/v1/fees/bills", "inspector=0x12", "malformed-address"),
        ("GET", "/v1/fees/bills", "to=2026-11-21", "malformed-request"),
        ("GET", "/v1/events", "type=unheard-of", "malformed-request"),
        ("GET", "/v1/events", "cursor=unheard-of", "malformed-request"),
        ("GET", "/v1/contracts", "cursor=unheard-of", "malformed-request"),
        ("POST", "/v1/contracts", "check=perhaps", "malformed-request"),
        ("POST", "/v1/organizations", "check=perhaps", "malformed-request"),
        ("PUT", "/v1/formats/{format}", "check=perhaps", "malformed-request"),
        ("DELETE", "/v1/quotas/{subject}", "check=perhaps", "malformed-request"),
        ("DELETE", "/v1/organizations/{code}/keys/{address}", "reason=boredom", "malformed-request"),
        ("DELETE", "/v1/organizations/{code}/keys/{address}", "from=2026-11-21T00:00:00Z", "malformed-request"),
        ("DELETE", "/v1/organizations/{code}/keys/{address}", "reason=compromised&right=degree", "malformed-request"),
    ];
    for (method, path, query, code) in cases {
        let row = find(method, path).unwrap();
        let request = with_query(&walk, row, query).await;
        walk.refused(row, request, 400, code).await;
    }
    walk.end().await;
}
