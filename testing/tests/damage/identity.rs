//! A disk that is full under the identity database: what is not written is said to be not written, what was acknowledged stays, and it goes on by itself when there is room.

use std::{
    env,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use alloy_primitives::{Address, B256, Bytes, U256};
use chancery_identity::{
    DatabaseLocation, IdentityDatabase, IdentityError, IdentityResult, KeyRing, NewUser, Person, Registered, UserType,
};
use chancery_testing::{
    left_out,
    process::{MOUNTING, SmallDisk, fill_up, free},
};
use serde_json::json;

use super::MAX_WAIT;

const NOW: u64 = 1_800_000_000_000;
const PAUSE: Duration = Duration::from_millis(20);
/// Many times what fits on the disk after it was filled.
const MAX_PEOPLE: u64 = 5_000;
/// Where the disk is, for the process that sees it there.
const DISK: &str = "CHANCERY_TEST_SMALL_DISK";

/// The same number makes the same person.
fn person(number: u64) -> NewUser {
    NewUser {
        account: format!("sample-{number}"),
        address: address(number),
        public_key: Bytes::from(vec![4; 65]),
        encryption_key: B256::from(U256::from(number)),
        user_type: UserType::Person,
        person: Person {
            name: format!("Sample {number}"),
            unit: "Sample Harbour Office".to_owned(),
            city: "Sampleville".to_owned(),
            country: "CN".to_owned(),
            document_number: Some(number.to_string()),
            birth_date: None,
        },
        attributes: Vec::new(),
        recovery: false,
    }
}

fn address(number: u64) -> Address {
    Address::from_word(B256::from(U256::from(number + 1)))
}

async fn register(database: &IdentityDatabase, number: u64) -> IdentityResult<Registered> {
    database.register(&person(number), NOW).await
}

// C-ID, M-SEC: SQLite follows every link to its file, and finds that of a disk only where it was mounted: so what is tested runs there.
#[test]
fn an_identity_database_whose_disk_is_full_says_so_and_goes_on_when_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().join("i");
    let Some(disk) = SmallDisk::mount(&at, 24).unwrap() else {
        return left_out("an identity database whose disk is full", MOUNTING);
    };
    let enter = disk.enter();
    let ran = Command::new(&enter[0])
        .args(&enter[1..])
        .arg(env::current_exe().unwrap())
        .args(["--ignored", "--exact", "identity::on_the_small_disk", "--nocapture"])
        .env(DISK, &at)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success() && said.contains("1 passed"), "{said}");
}

#[tokio::test]
#[ignore = "run by the test above, where the disk is mounted"]
async fn on_the_small_disk() {
    let disk = PathBuf::from(env::var_os(DISK).unwrap());
    let location = DatabaseLocation::Sqlite(disk.join("identity.db"));
    let key_file = disk.join("keys");
    let database = IdentityDatabase::open(&location, KeyRing::load_or_create(&key_file).unwrap()).await.unwrap();
    let mut number = 0;
    register(&database, number).await.unwrap();
    fill_up(&disk).unwrap();
    let refused = loop {
        number += 1;
        if let Err(error) = register(&database, number).await {
            break error;
        }
        assert!(number < MAX_PEOPLE, "the disk is full");
    };
    assert!(matches!(&refused, IdentityError::DatabaseUnreachable { .. }) && refused.is_temporary(), "{refused}");
    assert!(refused.to_string().contains("disk is full"), "{refused}");
    // Nothing of it is there, what was acknowledged is, and another write is refused in the same words.
    assert!(database.user(address(number)).await.unwrap().is_none());
    assert!(database.user(address(number - 1)).await.unwrap().is_some());
    let again = database.apply(address(0), "degree", &json!({"place": "x".repeat(20_000)}), NOW).await.unwrap_err();
    assert!(again.is_temporary() && again.to_string().contains("disk is full"), "{again}");

    free(&disk).unwrap();
    let give_up = Instant::now() + MAX_WAIT;
    while let Err(error) = register(&database, number).await {
        assert!(error.is_temporary() && Instant::now() < give_up, "it does not go on: {error}");
        tokio::time::sleep(PAUSE).await;
    }
    database.close().await;
    let database = IdentityDatabase::open(&location, KeyRing::load(&key_file).unwrap()).await.unwrap();
    for known in 0..=number {
        assert!(database.user(address(known)).await.unwrap().is_some(), "{known}");
    }
}
