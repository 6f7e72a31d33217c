//! SHARE-2, SHARE-4, SHARE-10: stores publish whole files or none, and what is fetched is what the chain says.
#![allow(missing_docs, clippy::unwrap_used)]

use std::path::Path;

use axum::{Router, http::StatusCode};
use chancery_sharing::{
    name::ObjectName,
    sealing::{Fingerprint, Sealed},
    storage::{
        DirectoryStore, FetchError, FileStore, IpfsStore, Location, S3Config, S3Credentials, S3Store, StoreError,
        UnixFsHasher, check_verified, fetch_verified,
    },
};
use chancery_testing::process::{AccessKey, S3Server};
use ring::digest::{SHA256, digest};
use tokio::net::TcpListener;

pub(crate) fn described(bytes: &[u8]) -> Sealed {
    Sealed { fingerprint: Fingerprint(digest(&SHA256, bytes).as_ref().try_into().unwrap()), bytes: bytes.len() as u64 }
}

/// Of two that publish under one name at once, one succeeds and its file stays.
async fn one_of_two_publishes(store: &dyn FileStore) {
    let directory = tempfile::tempdir().unwrap();
    let name: ObjectName = "race/00000001-ab.parquet.sealed".parse().unwrap();
    let files = [b"first".as_slice(), b"second!"].map(|bytes| {
        let staged = directory.path().join(bytes.len().to_string());
        std::fs::write(&staged, bytes).unwrap();
        (staged, described(bytes))
    });
    let (first, second) = tokio::join!(store.publish(&name, &files[0].0), store.publish(&name, &files[1].0));
    let winner = usize::from(first.is_err());
    let (won, lost) = if winner == 0 { (first, second) } else { (second, first) };
    assert!(matches!(lost, Err(StoreError::Exists(_))), "{lost:?}");
    let target = directory.path().join("fetched");
    fetch_verified(store, &won.unwrap(), &files[winner].1, &target).await.unwrap();
}

/// What every store must do.
async fn behaves(store: &dyn FileStore) {
    one_of_two_publishes(store).await;
    let directory = tempfile::tempdir().unwrap();
    let staged = directory.path().join("staged");
    let bytes: Vec<u8> = (0..20_000_000u32).map(|index| (index % 253) as u8).collect();
    std::fs::write(&staged, &bytes).unwrap();
    let name: ObjectName = "stocks/00000001-ab.parquet.sealed".parse().unwrap();
    let location = store.publish(&name, &staged).await.unwrap();
    assert!(matches!(store.publish(&name, &staged).await, Err(StoreError::Exists(_))));

    let target = directory.path().join("fetched");
    fetch_verified(store, &location, &described(&bytes), &target).await.unwrap();
    assert_eq!(std::fs::read(&target).unwrap(), bytes);
    std::fs::remove_file(&target).unwrap();

    let mut other = bytes.clone();
    other[5] ^= 1;
    let refused = fetch_verified(store, &location, &described(&other), &target).await;
    assert!(matches!(refused, Err(FetchError::Fingerprint)));
    let refused = fetch_verified(store, &location, &described(&bytes[1..]), &target).await;
    assert!(matches!(refused, Err(FetchError::Length { longer: true, .. })));
    other.push(0);
    let refused = fetch_verified(store, &location, &described(&other), &target).await;
    assert!(matches!(refused, Err(FetchError::Length { longer: false, .. })));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1, "only the staged file is left");

    store.remove(&location).await.unwrap();
    store.remove(&location).await.unwrap();
    let gone = fetch_verified(store, &location, &described(&bytes), &target).await;
    assert!(matches!(gone, Err(FetchError::Store(StoreError::NotFound(_)))), "{gone:?}");
}

#[tokio::test]
async fn a_directory_keeps_files() {
    let root = tempfile::tempdir().unwrap();
    behaves(&DirectoryStore::new(root.path()).unwrap()).await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_does_not_lead_out_of_the_directory() {
    let (root, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::os::unix::fs::symlink(outside.path(), root.path().join("stocks")).unwrap();
    std::fs::write(outside.path().join("secret"), b"x").unwrap();
    let store = DirectoryStore::new(root.path()).unwrap();
    let name: ObjectName = "stocks/secret".parse().unwrap();
    assert!(matches!(store.open(&Location::Name(name.clone())).await.err().unwrap(), StoreError::Refused(_)));
    let staged = root.path().join("staged");
    std::fs::write(&staged, b"y").unwrap();
    let name: ObjectName = "stocks/new".parse().unwrap();
    assert!(matches!(store.publish(&name, &staged).await, Err(StoreError::Refused(_))));
    assert!(!outside.path().join("new").exists());
}

#[tokio::test]
async fn a_failed_publication_leaves_nothing() {
    let root = tempfile::tempdir().unwrap();
    let store = DirectoryStore::new(root.path()).unwrap();
    let name: ObjectName = "a/b".parse().unwrap();
    assert!(store.publish(&name, Path::new("/nowhere/staged")).await.is_err());
    assert!(store.open(&Location::Name(name)).await.is_err());
    assert_eq!(std::fs::read_dir(root.path().join(".staging")).unwrap().count(), 0);
}

fn store(server: &S3Server, prefix: Option<&str>) -> S3Store {
    bucket_at(server.endpoint(), "ods", prefix, server.key())
}

pub(crate) fn bucket_at(endpoint: &str, bucket: &str, prefix: Option<&str>, key: &AccessKey) -> S3Store {
    S3Store::new(&S3Config {
        endpoint: endpoint.to_owned(),
        region: "us-east-1".to_owned(),
        bucket: bucket.to_owned(),
        prefix: prefix.map(|prefix| prefix.parse().unwrap()),
        credentials: S3Credentials {
            access_key_id: key.id.clone(),
            secret_access_key: key.secret.clone().into(),
            session_token: None,
        },
        authorities: None,
    })
    .unwrap()
}

#[tokio::test]
async fn a_bucket_keeps_files_and_one_that_is_not_there_is_an_error() {
    let server = S3Server::start(Path::new(env!("CARGO_TARGET_TMPDIR"))).unwrap();
    let staged = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(staged.path(), b"x").unwrap();
    let name: ObjectName = "a".parse().unwrap();
    let missing = store(&server, None).publish(&name, staged.path()).await;
    assert!(matches!(&missing, Err(StoreError::NoBucket(bucket)) if bucket == "ods"), "{missing:?}");
    let missing = store(&server, None).open(&Location::Name(name.clone())).await.err().unwrap();
    assert!(matches!(missing, StoreError::NoBucket(_)), "{missing:?}");
    server.make_bucket("ods").unwrap();
    behaves(&store(&server, None)).await;
    // Two data sets share a bucket: each has its own names.
    let (ours, theirs) = (store(&server, Some("weather")), store(&server, Some("rivers/daily")));
    behaves(&ours).await;
    let location = ours.publish(&name, staged.path()).await.unwrap();
    theirs.publish(&name, staged.path()).await.unwrap();
    theirs.remove(&location).await.unwrap();
    check_verified(&ours, &location, &described(b"x")).await.unwrap();
    assert!(matches!(theirs.open(&location).await.err(), Some(StoreError::NotFound(_))));
    // What is one key has one claim, whichever part of it is the prefix.
    let taken = store(&server, None).publish(&"weather/a".parse().unwrap(), staged.path()).await;
    assert!(matches!(taken, Err(StoreError::Exists(_))), "{taken:?}");
    drop(server);
    let away = ours.publish(&"b".parse().unwrap(), staged.path()).await;
    assert!(matches!(away, Err(StoreError::Away(_))), "{away:?}");
}

// S-ODS, M-SEC: the service verifies signatures, so what passes above was signed as S3 wants it.
#[tokio::test]
async fn a_bucket_that_refuses_says_which_setting_to_look_at() {
    let server = S3Server::start(Path::new(env!("CARGO_TARGET_TMPDIR"))).unwrap();
    server.make_bucket("ods").unwrap();
    server.make_bucket("closed").unwrap();
    let staged = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(staged.path(), b"x").unwrap();
    let name: ObjectName = "a".parse().unwrap();
    let key = server.key();
    let (wrong, unknown) = (
        AccessKey { secret: key.secret.chars().rev().collect(), ..key.clone() },
        AccessKey { id: "AKIAUNKNOWNTOANYBODY".to_owned(), ..key.clone() },
    );
    let cases = [
        ("ods", &wrong, "SignatureDoesNotMatch", "aws_secret_access_key"),
        ("ods", &unknown, "InvalidAccessKeyId", "aws_access_key_id"),
        ("closed", key, "AccessDenied", "policy"),
    ];
    for (bucket, key, code, setting) in cases {
        let store = bucket_at(server.endpoint(), bucket, None, key);
        let published = store.publish(&name, staged.path()).await.map(drop);
        let opened = store.open(&Location::Name(name.clone())).await.map(drop);
        let removed = store.remove(&Location::Name(name.clone())).await;
        for refused in [published, opened, removed] {
            let Err(StoreError::Misconfigured { said, look_at }) = &refused else { panic!("{code}: {refused:?}") };
            assert!(said.contains(code) && look_at.contains(setting), "{refused:?}");
            assert!(!said.contains(&key.secret), "{said}");
        }
    }
    let left = store(&server, None).open(&Location::Name(name.clone())).await.err();
    assert!(matches!(left, Some(StoreError::NotFound(_))), "{left:?}");
    store(&server, None).publish(&name, staged.path()).await.unwrap();
}

/// A server of this machine that answers everything with one status.
async fn answering(status: StatusCode) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(move || async move { status })).await });
    address
}

/// Set for the process of the test below that has a proxy in its environment.
const BEHIND_A_PROXY: &str = "CHANCERY_TEST_BUCKET_BEHIND_A_PROXY";

// M-SEC, S-ODS
#[tokio::test]
async fn a_bucket_of_this_machine_is_asked_itself_whatever_proxy_the_environment_names() {
    if let Ok(endpoint) = std::env::var(BEHIND_A_PROXY) {
        let key = AccessKey { id: "id".to_owned(), secret: "secret".to_owned() };
        let asked = bucket_at(&endpoint, "ods", None, &key).open(&Location::Name("a".parse().unwrap())).await.err();
        assert!(matches!(asked, Some(StoreError::NotFound(_))), "{asked:?}");
        return;
    }
    let (service, proxy) = (answering(StatusCode::NOT_FOUND).await, answering(StatusCode::FORBIDDEN).await);
    let itself = "storage::a_bucket_of_this_machine_is_asked_itself_whatever_proxy_the_environment_names";
    let mut child = tokio::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", itself]).env(BEHIND_A_PROXY, service);
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        child.env(name, &proxy);
    }
    let ended = child.env_remove("no_proxy").env_remove("NO_PROXY").output().await.unwrap();
    let text = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success() && text.contains("1 passed"), "{text}");
}

// M-SEC, S-ODS
#[test]
fn stores_beyond_this_machine_are_reached_under_tls_alone() {
    let bucket = |endpoint: &str, authorities: Option<Vec<u8>>| {
        S3Store::new(&S3Config {
            endpoint: endpoint.to_owned(),
            region: "us-east-1".to_owned(),
            bucket: "ods".to_owned(),
            prefix: None,
            credentials: S3Credentials {
                access_key_id: "id".to_owned(),
                secret_access_key: "secret".to_owned().into(),
                session_token: None,
            },
            authorities,
        })
    };
    let node = |rpc: &str| IpfsStore::new(rpc.parse().unwrap());
    for right in ["https://store.example", "http://127.0.0.1:9000", "http://localhost:9000"] {
        bucket(right, None).unwrap();
        node(right).unwrap();
    }
    bucket("", None).unwrap();
    for wrong in ["http://store.example", "ftp://127.0.0.1"] {
        assert!(matches!(bucket(wrong, None), Err(StoreError::Refused(_))), "{wrong}");
        assert!(matches!(node(wrong), Err(StoreError::Refused(_))), "{wrong}");
    }
    for with_password in ["https://a:hidden@store.example", "http://a:hidden@127.0.0.1:1"] {
        for refused in [bucket(with_password, None).map(|_| ()), node(with_password).map(|_| ())] {
            let text = refused.unwrap_err().to_string();
            assert!(!text.contains("hidden"), "{text}");
        }
    }
    assert!(bucket("store.example", None).is_err());
    assert!(matches!(bucket("https://store.example", Some(b"no PEM".to_vec())), Err(StoreError::Refused(_))));
    let shown = format!("{:?}", bucket("https://store.example", None).unwrap());
    assert!(!shown.contains("secret\""), "{shown}");
}

#[test]
fn addresses_are_those_of_ipfs() {
    let address = |length: usize| {
        let mut hasher = UnixFsHasher::default();
        let bytes: Vec<u8> = (0..length).map(|index| (index % 251) as u8).collect();
        for piece in bytes.chunks(100_003) {
            hasher.update(piece);
        }
        hasher.finish().to_string()
    };
    // `node tools/..`: made with npm's ipfs-unixfs-importer 16 (rawLeaves, fixedSize 262144, balanced 174).
    for (length, expected) in include!("vectors/unixfs.in") {
        assert_eq!(address(length), expected, "{length} bytes");
    }
}
