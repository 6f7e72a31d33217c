//! SHARE-2, SHARE-4, SHARE-10: stores publish whole files or none, and what is fetched is what the chain says.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use chancery_sharing::{
    name::ObjectName,
    sealing::{Fingerprint, Sealed},
    storage::{
        DirectoryStore, FetchError, FileStore, Location, S3Config, S3Store, StoreError, UnixFsHasher, fetch_verified,
    },
};
use ring::digest::{SHA256, digest};

fn described(bytes: &[u8]) -> Sealed {
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

fn python_with_moto() -> PathBuf {
    let environment = Path::new(env!("CARGO_TARGET_TMPDIR")).join("s3-venv");
    let ready = environment.join(".ready");
    if !ready.exists() {
        let made = Command::new("python3").args(["-m", "venv"]).arg(&environment).status().unwrap();
        assert!(made.success(), "python3 makes no virtual environment");
        let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "moto[s3,server]==5.2.1"];
        let made = Command::new(environment.join("bin/python")).args(install).status().unwrap();
        assert!(made.success(), "moto cannot be installed");
        std::fs::write(ready, "").unwrap();
    }
    environment
}

struct S3Server {
    process: Child,
    endpoint: String,
}

impl S3Server {
    /// moto's S3 server, in a virtual environment made once in the build directory.
    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new(python_with_moto().join("bin/moto_server"))
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { process, endpoint: format!("http://127.0.0.1:{port}") };
        for _ in 0..300 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return server;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("moto_server does not listen");
    }

    fn store(&self) -> S3Store {
        S3Store::new(&S3Config {
            endpoint: self.endpoint.clone(),
            region: "us-east-1".to_owned(),
            bucket: "ods".to_owned(),
            access_key_id: "id".to_owned(),
            secret_access_key: "secret".to_owned().into(),
            allow_http: true,
        })
        .unwrap()
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
async fn a_bucket_keeps_files_and_one_that_is_not_there_is_an_error() {
    let server = S3Server::start();
    let staged = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(staged.path(), b"x").unwrap();
    let name: ObjectName = "a".parse().unwrap();
    let missing = server.store().publish(&name, staged.path()).await;
    assert!(missing.is_err(), "{missing:?}");
    let made = reqwest::Client::new()
        .put(format!("{}/ods", server.endpoint))
        .header(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=id/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0",
        )
        .send()
        .await
        .unwrap();
    assert!(made.status().is_success(), "{}", made.status());
    behaves(&server.store()).await;
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
