//! The IPFS store against the RPC of kubo as its documentation has it (`/api/v0/add`, `cat`, `pin/rm`), and against nodes that do otherwise.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use chancery_sharing::{
    sealing::{Fingerprint, Sealed},
    storage::{FetchError, FileStore, IpfsStore, Location, StoreError, UnixFsHasher, check_verified},
};
use ring::digest::{SHA256, digest};
use serde_json::json;
use tokio::net::TcpListener;

/// What is wrong with a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    /// Keeps something else than it was given.
    Keeps,
    /// Gives something else than was asked for.
    Gives,
    /// Lets nobody in.
    Locked,
}

#[derive(Clone)]
struct Node {
    files: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    fault: Fault,
}

type Asked = Query<BTreeMap<String, String>>;

fn address_of(bytes: &[u8]) -> String {
    let mut hasher = UnixFsHasher::default();
    hasher.update(bytes);
    hasher.finish().to_string()
}

async fn add(State(node): State<Node>, Query(asked): Asked, body: Bytes) -> Response {
    if node.fault == Fault::Locked {
        return StatusCode::FORBIDDEN.into_response();
    }
    let wanted = [
        ("cid-version", "1"),
        ("raw-leaves", "true"),
        ("chunker", "size-262144"),
        ("cid-base", "base32"),
        ("pin", "true"),
    ];
    assert!(wanted.iter().all(|(name, value)| asked.get(*name).map(String::as_str) == Some(*value)), "{asked:?}");
    // RFC 7578: a boundary, the head of the part, its bytes, the boundary again.
    let begin = body.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let line = body.iter().position(|byte| *byte == b'\r').unwrap();
    let end = body.len() - format!("\r\n{}--\r\n", String::from_utf8_lossy(&body[..line])).len();
    let mut kept = body[begin..end].to_vec();
    if node.fault == Fault::Keeps {
        kept.push(0);
    }
    let address = address_of(&kept);
    node.files.lock().unwrap().insert(address.clone(), kept);
    Json(json!({"Name": "file", "Hash": address, "Size": "1"})).into_response()
}

async fn cat(State(node): State<Node>, Query(asked): Asked) -> Response {
    match node.files.lock().unwrap().get(&asked["arg"]).cloned() {
        Some(mut bytes) => {
            if node.fault == Fault::Gives {
                bytes[0] ^= 1;
            }
            bytes.into_response()
        }
        None => (StatusCode::INTERNAL_SERVER_ERROR, "block was not found locally (offline)").into_response(),
    }
}

async fn unpin(State(node): State<Node>, Query(asked): Asked) -> Response {
    match node.files.lock().unwrap().remove(&asked["arg"]) {
        Some(_) => Json(json!({"Pins": [asked["arg"]]})).into_response(),
        None => (StatusCode::INTERNAL_SERVER_ERROR, "not pinned or pinned indirectly").into_response(),
    }
}

async fn store(fault: Fault) -> IpfsStore {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let rpc = format!("http://{}", listener.local_addr().unwrap());
    let routes = Router::new()
        .route("/api/v0/add", post(add))
        .route("/api/v0/cat", post(cat))
        .route("/api/v0/pin/rm", post(unpin))
        .with_state(Node { files: Arc::default(), fault });
    tokio::spawn(async move { axum::serve(listener, routes).await });
    IpfsStore::new(rpc.parse().unwrap()).unwrap()
}

// S-ASSET, SHARE-2, SHARE-10
#[tokio::test]
async fn a_file_is_found_by_its_address_and_a_node_that_does_otherwise_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let staged = folder.path().join("staged");
    let bytes: Vec<u8> = (0..700_000_u32).map(|index| (index % 251) as u8).collect();
    std::fs::write(&staged, &bytes).unwrap();
    let expected = Sealed {
        fingerprint: Fingerprint(digest(&SHA256, &bytes).as_ref().try_into().unwrap()),
        bytes: bytes.len() as u64,
    };
    let name = "weather/00000001-ab.parquet.sealed".parse().unwrap();

    let node = store(Fault::None).await;
    let location = node.publish(&name, &staged).await.unwrap();
    assert_eq!(location.to_string(), format!("ipfs://{}", address_of(&bytes)));
    assert_eq!(node.publish(&name, &staged).await.unwrap(), location, "the same bytes have the same address");
    check_verified(&node, &location, &expected).await.unwrap();
    let foreign = node.open(&Location::Name(name.clone())).await.err();
    assert!(matches!(foreign, Some(StoreError::ForeignLocation(_))), "{foreign:?}");
    node.remove(&location).await.unwrap();
    node.remove(&location).await.unwrap();
    let gone = check_verified(&node, &location, &expected).await;
    assert!(matches!(gone, Err(FetchError::Store(StoreError::Temporary(_)))), "others may have it: {gone:?}");

    let keeps = store(Fault::Keeps).await.publish(&name, &staged).await;
    assert!(matches!(keeps, Err(StoreError::Altered(_))), "{keeps:?}");
    let gives = store(Fault::Gives).await;
    let location = gives.publish(&name, &staged).await.unwrap();
    let altered = check_verified(&gives, &location, &expected).await;
    assert!(matches!(altered, Err(FetchError::Store(StoreError::Altered(_)) | FetchError::Fingerprint)), "{altered:?}");
    let locked = store(Fault::Locked).await.publish(&name, &staged).await;
    assert!(matches!(locked, Err(StoreError::Refused(_))), "{locked:?}");
    let away = IpfsStore::new("http://127.0.0.1:1".parse().unwrap()).unwrap().publish(&name, &staged).await;
    assert!(matches!(away, Err(StoreError::Away(_))), "{away:?}");
}
