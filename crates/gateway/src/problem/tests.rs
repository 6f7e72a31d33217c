#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use super::*;

const CAUSE: &str = "cause-that-nobody-outside-reads";

fn rendered(failure: ApiError) -> (StatusCode, http::HeaderMap, Problem) {
    let response = render(failure.into_response(), Uuid::nil());
    let (parts, body) = response.into_parts();
    let bytes = futures::executor::block_on(axum::body::to_bytes(body, 1 << 20)).unwrap();
    (parts.status, parts.headers, serde_json::from_slice(&bytes).unwrap())
}

// GATEWAY-4
#[test]
fn every_code_has_one_status_of_its_class_a_title_and_a_remedy() {
    let mut titles = BTreeSet::new();
    for code in Code::ALL.iter().copied() {
        let status = status(code).as_u16();
        let allowed: &[u16] = match code.class() {
            Class::Invalid => &[400, 405, 406, 413, 414, 415, 422, 431],
            Class::Unauthenticated => &[401],
            Class::Refused => &[403],
            Class::Missing => &[404],
            Class::Conflict => &[409],
            Class::Temporary => &[429, 503],
            Class::Broken => &[500],
        };
        assert!(allowed.contains(&status), "{} answers {status}", code.name());
        assert!(!code.remedy().is_empty() && titles.insert(code.title()), "{} has the title of another", code.name());
    }
}

#[test]
fn the_finer_statuses_belong_to_one_code_each() {
    let mut codes: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
    for code in Code::ALL {
        codes.entry(status(*code).as_u16()).or_default().push(code.name());
    }
    for (status, name) in [
        (405, "method-not-allowed"),
        (406, "not-acceptable"),
        (413, "body-too-large"),
        (414, "url-too-long"),
        (415, "unsupported-media-type"),
        (422, "schema-violation"),
        (431, "headers-too-large"),
        (500, "internal"),
    ] {
        assert_eq!(codes[&status], [name]);
    }
    assert_eq!(codes[&429], ["too-many-requests", "quota-exceeded"]);
}

// GATEWAY-4
#[test]
fn no_document_shows_a_cause() {
    for code in Code::ALL.iter().copied() {
        let error = DoorError::new(code, "a detail").with("fact", 7).caused_by(std::io::Error::other(CAUSE));
        let (status_line, headers, problem) = rendered(error.into());
        assert!(!format!("{headers:?} {problem:?}").contains(CAUSE), "{}", code.name());
        assert_eq!((status_line, problem.status), (status(code), status(code).as_u16()));
        assert_eq!((problem.known_code(), problem.problem_type), (Some(code), format!("/problems/{}", code.name())));
        let broken = code.class() == Class::Broken;
        assert_eq!((problem.detail.as_str(), problem.members.len()), if broken { ("", 0) } else { ("a detail", 1) });
        assert_eq!(problem.instance, "urn:uuid:00000000-0000-0000-0000-000000000000");
        assert_eq!(headers[header::CONTENT_TYPE], MEDIA_TYPE);
        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
        assert_eq!(headers.contains_key(header::WWW_AUTHENTICATE), code.class() == Class::Unauthenticated);
        assert_eq!(headers.contains_key(header::RETRY_AFTER), code.class() == Class::Temporary);
    }
}

#[test]
fn the_members_of_the_document_cannot_be_overwritten() {
    let error = RESERVED_MEMBERS
        .iter()
        .fold(ApiError::new(Code::StaleRevision, "a detail"), |error, name| error.with(name, "forged"));
    let (_, _, problem) = rendered(error.with("actual", 3));
    assert_eq!((problem.status, problem.code.as_str(), problem.detail.as_str()), (409, "stale-revision", "a detail"));
    assert_eq!(problem.members.keys().collect::<Vec<_>>(), ["actual"]);
}

#[test]
fn an_answer_that_is_no_error_passes_unchanged() {
    let response = render((StatusCode::IM_A_TEAPOT, "tea").into_response(), Uuid::nil());
    assert_eq!((response.status(), response.headers().get(header::CACHE_CONTROL)), (StatusCode::IM_A_TEAPOT, None));
}
