//! S-COL, SHARE-2, SHARE-3: rows of a service that pages, makes its callers wait, and is not always well.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use axum::{
    Json, Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use chancery_sharing::extract::{ColumnType, Declaration, ExtractError, RestConfig, RestSource};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::support::{Desk, dataset, declared, rejects};

const PAGE: usize = 100;

/// A service with the cars of vega-datasets, numbered from 1. It asks every third caller to come again.
#[derive(Clone)]
struct Service {
    cars: Arc<Vec<Value>>,
    asked: Arc<AtomicU32>,
    served: Arc<AtomicU32>,
}

impl Service {
    async fn start() -> (Self, String) {
        let mut cars: Vec<Value> = serde_json::from_slice(&std::fs::read(dataset("cars.json")).unwrap()).unwrap();
        for (index, car) in cars.iter_mut().enumerate() {
            car["id"] = (index + 1).into();
        }
        cars[6]["Cylinders"] = "many".into();
        let service = Self { cars: Arc::new(cars), asked: Arc::default(), served: Arc::default() };
        let routes = Router::new()
            .route("/linked", get(linked))
            .route("/named", get(named))
            .route("/away", get(|| async { (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "86400")]) }))
            .route("/moved", get(|| async { (StatusCode::FOUND, [("location", "http://127.0.0.1:1/")]) }))
            .route("/elsewhere", get(|| async { Json(json!({"rows": [], "next": "http://localhost:1/"})) }))
            .route("/circle", get(|| async { Json(json!({"rows": [], "next": "/circle"})) }))
            .route("/backwards", get(|| async { Json(json!({"rows": [{"id": 2}, {"id": 1}]})) }))
            .route("/endless", get(|| async { "[".repeat(20 << 20) }))
            .route("/none", get(|| async { Json(json!({"row": []})) }))
            .with_state(service.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        (service, address)
    }

    /// The rows after `after`, and where the next page begins.
    fn page(&self, query: &HashMap<String, String>) -> Result<(Vec<Value>, Option<usize>), Response> {
        if self.asked.fetch_add(1, Ordering::SeqCst) % 3 == 1 {
            return Err((StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "0")]).into_response());
        }
        self.served.fetch_add(1, Ordering::SeqCst);
        let after: usize = query.get("after").map_or(0, |text| text.parse().unwrap());
        let end = (after + PAGE).min(self.cars.len());
        Ok((self.cars[after..end].to_vec(), (end < self.cars.len()).then_some(end)))
    }
}

async fn linked(State(service): State<Service>, Query(query): Query<HashMap<String, String>>) -> Response {
    match service.page(&query) {
        Ok((rows, None)) => Json(rows).into_response(),
        Ok((rows, Some(after))) => {
            let link = format!("</linked>; rel=first, </linked?after={after}>; rel=\"next\"");
            ([("link", link)], Json(rows)).into_response()
        }
        Err(again) => again,
    }
}

async fn named(
    State(service): State<Service>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    if headers.get("authorization").is_none_or(|value| value != "Bearer secret") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    match service.page(&query) {
        Ok((rows, after)) => {
            let next = after.map(|after| format!("/named?after={after}"));
            Json(json!({"data": {"rows": rows}, "paging": {"next": next}})).into_response()
        }
        Err(again) => again,
    }
}

fn source(url: String, rows: &str, next: Option<&str>, token: Option<&str>) -> RestSource {
    RestSource::new(RestConfig {
        url,
        rows: rows.to_owned(),
        next: next.map(str::to_owned),
        cursor_parameter: Some("after".to_owned()),
        token: token.map(|token| Zeroizing::new(token.to_owned())),
    })
    .unwrap()
}

fn cars() -> Declaration {
    declared(&[("id", ColumnType::Integer), ("Name", ColumnType::Text), ("Cylinders", ColumnType::Integer)])
}

// S-COL, SHARE-3
#[tokio::test]
async fn pages_of_a_service_are_followed_and_an_extract_goes_on_after_its_cursor() {
    let (desk, (service, address)) = (Desk::new(), Service::start().await);
    let count = service.cars.len() as u64;
    let linked = source(format!("{address}/linked"), "", None, None);
    let part = desk.extract(&linked, &cars()).await.unwrap().unwrap();
    assert_eq!((part.rows, part.rejected), (count - 1, 1));
    assert_eq!(rejects(&part)[0].column.as_deref(), Some("Cylinders"));
    let pages = service.served.load(Ordering::SeqCst);
    assert_eq!(u64::from(pages), count.div_ceil(PAGE as u64));
    assert!(service.asked.load(Ordering::SeqCst) > pages, "who is to come again comes again");

    let named = source(format!("{address}/named"), "/data/rows", Some("/paging/next"), Some("secret"));
    let declaration = Declaration { cursor: Some("id".to_owned()), part_rows: 150, ..cars() };
    let (mut rows, mut parts) = (0, 0);
    while let Some(part) = desk.extract(&named, &declaration).await.unwrap() {
        (rows, parts) = (rows + part.rows, parts + 1);
        assert!(part.rows <= 150);
    }
    assert_eq!((rows, parts), (count - 1, count.div_ceil(150)));
    assert_eq!(desk.state().cursor, i64::try_from(count).ok());
}

// S-COL, SHARE-2
#[tokio::test]
async fn a_service_that_leads_astray_is_refused_and_publishes_nothing() {
    let (desk, (_, address)) = (Desk::new(), Service::start().await);
    let of = |path: &str| source(format!("{address}{path}"), "/rows", Some("/next"), None);
    let ids = declared(&[("id", ColumnType::Integer)]);
    for path in ["/elsewhere", "/circle", "/none", "/endless"] {
        let refused = desk.extract(&of(path), &ids).await;
        assert!(matches!(refused, Err(ExtractError::SourceMalformed(_))), "{path}: {refused:?}");
    }
    let ordered = Declaration { cursor: Some("id".to_owned()), ..ids.clone() };
    let refused = desk.extract(&of("/backwards"), &ordered).await;
    assert!(matches!(refused, Err(ExtractError::SourceMalformed(_))), "{refused:?}");
    for path in ["/moved", "/named", "/nowhere"] {
        let refused = desk.extract(&of(path), &ids).await;
        assert!(matches!(refused, Err(ExtractError::SourceRefused(_))), "{path}: {refused:?}");
    }
    let away = desk.extract(&of("/away"), &ids).await;
    assert!(matches!(&away, Err(ExtractError::SourceLost(said)) if said.contains("86400")), "{away:?}");
    assert_eq!(desk.published(), 0);

    for (url, token) in [
        ("ftp://127.0.0.1/", None),
        ("http://a:b@127.0.0.1/", None),
        ("http://example.org/", Some("secret")),
        ("http://example.org/", None),
        ("http://192.0.2.1/", None),
        ("rows", None),
    ] {
        let made = RestSource::new(RestConfig {
            url: url.to_owned(),
            rows: String::new(),
            next: None,
            cursor_parameter: None,
            token: token.map(|token| Zeroizing::new(token.to_owned())),
        });
        assert!(matches!(made, Err(ExtractError::SourceRefused(_))), "{url}");
    }
}
