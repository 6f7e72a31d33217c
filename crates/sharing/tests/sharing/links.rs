//! A link as the place of data, over a real node and a real server of files (S-ASSET).

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{Router, http::StatusCode, routing::get};
use chancery_sharing::{
    department::DepartmentError,
    release::{ChainTrust, LinkError, ReleaseError, fetch_link, published_link, published_text},
    storage::{FetchError, StoreError},
};
use serde_json::json;

use super::desk::{Desk, now_s};
use crate::support::dataset;

/// Serves Seattle's weather, and something else once it is told to.
async fn server(is_altered: Arc<AtomicBool>) -> String {
    let weather = std::fs::read(dataset("seattle-weather.csv")).unwrap();
    let served = move || {
        let (mut weather, is_altered) = (weather.clone(), is_altered.load(Ordering::SeqCst));
        async move {
            if is_altered {
                weather[100] ^= 1;
            }
            weather
        }
    };
    let moved = || async { (StatusCode::FOUND, [("location", "/weather.csv")]) };
    let routes = Router::new().route("/weather.csv", get(served)).route("/moved", get(moved));
    let routes = routes.route("/empty", get(|| async { "" }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    address
}

// S-ASSET, SHARE-10: what a link leads to is kept when it is what stands on the chain, and not otherwise.
#[tokio::test]
async fn a_link_is_published_with_its_digest_and_followed_by_proof() {
    let desk = Desk::new().await;
    let state = desk.state_folder();
    let department = desk.department(&state);
    let is_altered = Arc::new(AtomicBool::new(false));
    let address = server(Arc::clone(&is_altered)).await;
    let url = format!("{address}/weather.csv");
    let refused = department.publish_link(&url, "text/csv").await;
    assert!(matches!(refused, Err(DepartmentError::SharesExtracts)), "{refused:?}");

    std::fs::write(state.join("extract.json"), json!({"cursor": null, "parts": []}).to_string()).unwrap();
    for (bad, expected) in
        [("moved", "the server answers 302"), ("none", "the server answers 404"), ("empty", "nothing")]
    {
        let refused = department.publish_link(&format!("{address}/{bad}"), "text/csv").await.unwrap_err();
        assert!(matches!(refused, DepartmentError::Link(_)) && refused.to_string().contains(expected), "{refused}");
    }
    let refused = department.publish_link("http://data.example/a", "text/csv").await;
    assert!(matches!(refused, Err(DepartmentError::Link(LinkError::Url(_)))), "{refused:?}");

    let (version, linked, _) = department.publish_link(&url, "text/csv").await.unwrap();
    let trust = ChainTrust::default();
    let found = published_link(&desk.chain, &trust, desk.asset, None, now_s()).await.unwrap();
    assert_eq!((found.version, &found.url, found.file), (version, &url, linked));
    assert_eq!(found.data_type, "text/csv");
    fetch_link(&found, &desk.target()).await.unwrap();
    assert_eq!(std::fs::read(desk.target()).unwrap(), std::fs::read(dataset("seattle-weather.csv")).unwrap());

    // A server that alters it is found out, and nothing is kept.
    std::fs::remove_file(desk.target()).unwrap();
    is_altered.store(true, Ordering::SeqCst);
    let refused = fetch_link(&found, &desk.target()).await;
    assert!(matches!(refused, Err(FetchError::Fingerprint)), "{refused:?}");
    assert!(!desk.target().exists());
    let elsewhere = chancery_sharing::release::PublishedLink { url: format!("{address}/moved"), ..found };
    let refused = fetch_link(&elsewhere, &desk.target()).await;
    assert!(matches!(refused, Err(FetchError::Store(StoreError::Refused(_)))), "{refused:?}");

    // A sealed file is no link, and a link no text.
    let refused = published_link(&desk.chain, &trust, desk.asset, Some(1), now_s()).await;
    assert!(matches!(refused, Err(ReleaseError::NoLink { version: 1 })), "{refused:?}");
    let refused = published_text(&desk.chain, &trust, desk.asset, Some(version), now_s()).await;
    assert!(matches!(refused, Err(ReleaseError::NoText { .. })), "{refused:?}");
}
