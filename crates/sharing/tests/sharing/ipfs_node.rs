//! The IPFS store and a node that runs, which is lost and comes back; and Helia, which fetches from it what was published.

use std::{io::Read as _, path::Path, time::Duration};

use chancery_sharing::{
    extract::{ColumnType, ExtractError, FileFormat, FileSource, extract_part},
    sealing::{Fingerprint, OpeningReader, Sealed},
    storage::{FetchError, FileStore, IpfsStore, Location, StoreError, check_verified, fetch_verified},
};
use chancery_testing::process::{IpfsNode, helia_fetches};
use futures::TryStreamExt;
use ring::digest::{SHA256, digest};

use crate::support::{Desk, dataset, declared};

/// More than the sockets between the two hold, so that a file of this size is on its way when the node dies.
const LARGE_BYTES: u32 = 24 << 20;
const PATIENCE: Duration = Duration::from_secs(60);

fn address(location: &Location) -> String {
    match location {
        Location::Ipfs(cid) => cid.to_string(),
        Location::Name(name) => panic!("{name} is no address"),
    }
}

fn large(path: &Path) -> Sealed {
    let bytes: Vec<u8> = (0..LARGE_BYTES).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    std::fs::write(path, &bytes).unwrap();
    Sealed { fingerprint: Fingerprint(digest(&SHA256, &bytes).as_ref().try_into().unwrap()), bytes: bytes.len() as u64 }
}

/// Reads a file until the node that sends it is gone.
async fn broken_off(store: &IpfsStore, location: &Location, node: &mut IpfsNode) -> StoreError {
    let mut bytes = store.open(location).await.unwrap();
    bytes.try_next().await.unwrap().unwrap();
    node.kill();
    loop {
        match bytes.try_next().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("it came whole from a node that is gone"),
            Err(error) => return error,
        }
    }
}

// S-ODS, S-ASSET, S-COL, SHARE-2, SHARE-10
#[tokio::test(flavor = "multi_thread")]
async fn a_share_in_a_node_survives_its_loss_and_helia_fetches_it() {
    let mut node = IpfsNode::start().unwrap();
    let store = IpfsStore::new(node.rpc().parse().unwrap()).unwrap();
    let desk = Desk::new();
    let source = FileSource::new(&dataset("cars.json"), FileFormat::Json);
    let declaration = declared(&[("Name", ColumnType::Text), ("Cylinders", ColumnType::Integer)]);
    let asset = "cars".parse().unwrap();
    let (key, state) = (desk.epoch_key(), desk.state_path());
    let extract = || extract_part(&source, &declaration, &key, &store, &asset, &state);

    // The node is lost while a file is on its way: nobody takes what came for the file.
    let staged = desk.directory.path().join("staged");
    let expected = large(&staged);
    let name = "cars/00000001-ab.parquet.sealed".parse().unwrap();
    let location = store.publish(&name, &staged).await.unwrap();
    let lost = broken_off(&store, &location, &mut node).await;
    assert!(matches!(lost, StoreError::Temporary(_) | StoreError::Away(_)), "{lost:?}");

    // While it is away nothing is published, and that is said so.
    let away = extract().await;
    assert!(matches!(away, Err(ExtractError::Store(StoreError::Away(_)))), "{away:?}");
    let away = check_verified(&store, &location, &expected).await;
    assert!(matches!(away, Err(FetchError::Store(StoreError::Away(_)))), "{away:?}");

    // It comes back with what it had, and the same run goes on.
    node.start_again().unwrap();
    let target = desk.directory.path().join("fetched");
    tokio::time::timeout(PATIENCE, fetch_verified(&store, &location, &expected, &target)).await.unwrap().unwrap();
    let part = extract().await.unwrap().unwrap();
    let sealed = Sealed { fingerprint: part.fingerprint, bytes: part.bytes };
    fetch_verified(&store, &part.location, &sealed, &target).await.unwrap();
    let mut plain = Vec::new();
    OpeningReader::new(std::fs::File::open(&target).unwrap(), &desk.key).unwrap().read_to_end(&mut plain).unwrap();
    assert!(plain.starts_with(b"PAR1"), "what was published opens as the table");

    // A node of other people's making fetches the same bytes under the same address, block by block.
    for (location, sealed) in [(&part.location, &sealed), (&location, &expected)] {
        let fetched = helia_fetches(node.peer(), &address(location)).unwrap();
        assert_eq!((fetched.bytes, fetched.sha256), (sealed.bytes, String::from(sealed.fingerprint)));
    }
    store.remove(&location).await.unwrap();
    store.remove(&location).await.unwrap();
}
