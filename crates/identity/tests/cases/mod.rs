//! The cases, each on a fresh database.

mod releases;

use alloy_primitives::{Address, B256, Bytes};
use chancery_identity::{
    ApplicationDecision, ApplicationQuery, ApplicationStatus, CHARGED_ONCE_MS, Charge, Charged, ChargedQuery, Conflict,
    Happening, IdentityDatabase, IdentityError, IndexedBlock, IndexedOperation, JournalEntry, JournalQuery, Keeper,
    KeyRing, Location, Look, MAX_PAGE_ROWS, MAX_PRESENTATION_BYTES, MAX_PRESENTATION_LIFE_MS,
    MAX_PRESENTATIONS_PER_HOLDER, NewUser, Openings, PRESENTATION_ID_BYTES, PUBLICATION_MS, Page, Person, SharedAccess,
    SharedAccesses, SignedAttribute, UserDecision, UserStatus, UserType,
};
use serde_json::json;

use crate::Fixture;
pub use releases::*;

const NOW: u64 = 1_800_000_000_000;
/// Not personal: stands in clear.
pub const PUBLIC_MARK: &str = "sample-public-mark";
const OFFICE: Address = Address::repeat_byte(0xf0);

fn person(name: &str) -> Person {
    Person {
        name: name.into(),
        unit: "Sample Harbour Office".into(),
        city: "Sampleville".into(),
        country: "CN".into(),
        document_number: None,
        birth_date: Some("1990-01-31".into()),
    }
}

fn user(byte: u8, account: &str, person: Person) -> NewUser {
    NewUser {
        account: account.into(),
        address: Address::repeat_byte(byte),
        public_key: Bytes::from(vec![byte; 65]),
        encryption_key: B256::repeat_byte(byte),
        user_type: UserType::Person,
        person,
        attributes: vec![SignedAttribute {
            name: "did/pub/X25519/enc/hex".into(),
            value: vec![byte; 32].into(),
            validity: 100,
            signature: vec![1; 65].into(),
        }],
        recovery: false,
    }
}

fn documented(name: &str, number: &str) -> Person {
    Person { document_number: Some(number.into()), ..person(name) }
}

fn confirm() -> UserDecision {
    UserDecision::Confirm { tx_hash: B256::repeat_byte(7), block_number: 12 }
}

fn conflict<T: std::fmt::Debug>(result: Result<T, IdentityError>) -> Conflict {
    match result {
        Err(IdentityError::Conflict(conflict)) => conflict,
        other => panic!("a conflict is expected, not {other:?}"),
    }
}

pub fn contains(bytes: &[u8], text: &str) -> bool {
    let hex = alloy_primitives::hex::encode(text);
    [text.as_bytes(), hex.as_bytes()].iter().any(|needle| bytes.windows(needle.len()).any(|window| window == *needle))
}

pub fn assert_no_personal_data(bytes: &[u8]) {
    for personal in [
        "Zhang",
        "zhang",
        "Harbour",
        "harbour",
        "Sampleville",
        "1990-01-31",
        "SN-77",
        "sn77",
        "a-private-reason",
        "scenic",
    ] {
        assert!(!contains(bytes, personal), "{personal} stands in clear");
    }
}

pub async fn fill(database: &IdentityDatabase) {
    database.register(&user(1, "zhang.account", documented("Zhang San", "SN-77")), NOW).await.unwrap();
    let rejection = UserDecision::Reject { reason: Some("a-private-reason".into()) };
    database.decide_user(Address::repeat_byte(1), &rejection, OFFICE, NOW).await.unwrap();
    database
        .apply(Address::repeat_byte(1), "marriage", &json!({"place": "scenic hall", "spouse": "Zhang"}), NOW)
        .await
        .unwrap();
    let entry = JournalEntry {
        time_ms: NOW,
        keeper: Keeper::Provisioning,
        happening: Happening::Accessed,
        name: PUBLIC_MARK.into(),
        actor: None,
        subject: "s".into(),
        facts: String::new(),
        right: None,
    };
    database.record(&entry).await.unwrap();
}

pub async fn assert_filled(database: &IdentityDatabase) {
    let user = database.user(Address::repeat_byte(1)).await.unwrap().unwrap();
    assert_eq!((user.account.as_str(), user.status), ("zhang.account", UserStatus::Rejected));
    assert_eq!(user.reason.as_deref(), Some("a-private-reason"));
    assert_eq!(database.applications(&ApplicationQuery::default()).await.unwrap().0[0].details["place"], "scenic hall");
}

pub async fn assert_everything_is_temporary(database: &IdentityDatabase) {
    let errors = [
        database.ping().await.unwrap_err(),
        database.user(Address::repeat_byte(1)).await.unwrap_err(),
        database.registrations().status(Address::repeat_byte(1)).await.unwrap_err(),
        database.register(&user(9, "nine", person("Nine")), NOW).await.unwrap_err(),
        database.apply(Address::repeat_byte(1), "degree", &json!({}), NOW).await.unwrap_err(),
        database.decide_user(Address::repeat_byte(1), &confirm(), OFFICE, NOW).await.unwrap_err(),
    ];
    for error in errors {
        assert!(error.is_temporary(), "{error}");
    }
}

pub async fn a_person_registers_and_an_office_confirms(fixture: &Fixture) {
    // C-ID, C-API-1
    let database = &fixture.database;
    let new = user(1, "zhang", person("Zhang San"));
    let registered = database.register(&new, NOW).await.unwrap();
    assert_eq!((registered.status, registered.returning), (UserStatus::Pending, false));
    let (waiting, next) = database.users_with_status(UserStatus::Pending, &Page::default()).await.unwrap();
    assert_eq!((waiting.len(), next), (1, None));
    assert_eq!(waiting[0].attributes, new.attributes);

    let confirmed = database.decide_user(new.address, &confirm(), OFFICE, NOW + 5).await.unwrap();
    assert_eq!(confirmed.status, UserStatus::Confirmed);
    assert_eq!(confirmed.recorded, Some((B256::repeat_byte(7), 12)));
    assert_eq!((confirmed.decided_by, confirmed.decided_at_ms), (Some(OFFICE), Some(NOW + 5)));
    // It is there after a restart.
    assert_eq!(fixture.open_again().await.user(new.address).await.unwrap(), Some(confirmed));
}

pub async fn a_returning_person_is_recognised(fixture: &Fixture) {
    // C-ID
    let database = &fixture.database;
    let first = user(1, "zhang", person("Zhang San"));
    database.register(&first, NOW).await.unwrap();
    let again = database.register(&user(1, "zhang", person(" ZHANG  San ")), NOW + 1).await.unwrap();
    assert_eq!((again.status, again.returning), (UserStatus::Pending, true));
    let elsewhere = database.register(&user(2, "zhang2", person("zhang san")), NOW + 2).await;
    assert_eq!(conflict(elsewhere), Conflict::PersonRegistered);
    assert!(database.user(Address::repeat_byte(2)).await.unwrap().is_none());
}

pub async fn two_people_of_one_name_are_told_apart_by_their_documents(fixture: &Fixture) {
    let database = &fixture.database;
    database.register(&user(1, "a", documented("Wang Wei", "1")), NOW).await.unwrap();
    let second = database.register(&user(2, "b", documented("Wang Wei", "2")), NOW).await.unwrap();
    assert!(!second.returning);
    // Without a document it could be either of them.
    assert_eq!(conflict(database.register(&user(3, "c", person("Wang Wei")), NOW).await), Conflict::PersonRegistered);
    // Who moved is known by the document.
    let moved = Person { city: "Elsewhere".into(), ..documented("Wang Wei", " 1") };
    assert_eq!(conflict(database.register(&user(4, "d", moved), NOW).await), Conflict::PersonRegistered);
}

pub async fn a_taken_account_or_address_is_refused(fixture: &Fixture) {
    let database = &fixture.database;
    database.register(&user(1, "zhang", person("Zhang San")), NOW).await.unwrap();
    assert_eq!(conflict(database.register(&user(2, "ZHANG", person("Li Si")), NOW).await), Conflict::AccountTaken);
    assert_eq!(conflict(database.register(&user(1, "li", person("Li Si")), NOW).await), Conflict::AddressRegistered);
    let other_key = NewUser { encryption_key: B256::repeat_byte(9), ..user(1, "zhang", person("Zhang San")) };
    assert_eq!(conflict(database.register(&other_key, NOW).await), Conflict::AddressRegistered);
    // Nothing of the refused stays.
    database.register(&user(2, "li", person("Li Si")), NOW).await.unwrap();
}

pub async fn of_two_concurrent_registrations_of_one_person_one_wins(fixture: &Fixture) {
    // IDENTITY-2
    let mut tasks = Vec::new();
    for byte in 1..=8_u8 {
        let database = fixture.database.clone();
        tasks.push(tokio::spawn(async move {
            database.register(&user(byte, &format!("account{byte}"), person("Zhang San")), NOW).await
        }));
    }
    let mut won = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(registered) => {
                assert!(!registered.returning);
                won += 1;
            }
            Err(IdentityError::Conflict(conflict)) => {
                assert_eq!(conflict, Conflict::PersonRegistered)
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(won, 1);
    assert_eq!(fixture.database.users_with_status(UserStatus::Pending, &Page::default()).await.unwrap().0.len(), 1);
}

pub async fn a_rejected_person_may_register_again(fixture: &Fixture) {
    let database = &fixture.database;
    database.register(&user(1, "zhang", person("Zhang San")), NOW).await.unwrap();
    let rejection = UserDecision::Reject { reason: Some("unreadable copy".into()) };
    let rejected = database.decide_user(Address::repeat_byte(1), &rejection, OFFICE, NOW).await.unwrap();
    assert_eq!((rejected.status, rejected.reason.as_deref()), (UserStatus::Rejected, Some("unreadable copy")));
    let again = database.register(&user(1, "zhang", person("Zhang San")), NOW + 1).await.unwrap();
    assert_eq!((again.status, again.returning), (UserStatus::Pending, true));
    database.decide_user(Address::repeat_byte(1), &rejection, OFFICE, NOW).await.unwrap();
    let with_new_key = database.register(&user(2, "zhang", person("Zhang San")), NOW + 2).await.unwrap();
    assert!(with_new_key.returning);
}

pub async fn a_lost_key_is_replaced_when_an_office_confirms(fixture: &Fixture) {
    let database = &fixture.database;
    let recovery = NewUser { recovery: true, ..user(2, "zhang-new", person("Zhang San")) };
    assert_eq!(conflict(database.register(&recovery, NOW).await), Conflict::NothingToRecover);
    database.register(&user(1, "zhang", person("Zhang San")), NOW).await.unwrap();
    database.decide_user(Address::repeat_byte(1), &confirm(), OFFICE, NOW).await.unwrap();
    let waiting = database.register(&recovery, NOW + 1).await.unwrap();
    assert_eq!((waiting.status, waiting.returning), (UserStatus::Recovering, true));
    // Until an office has seen the person, the old address counts.
    assert_eq!(database.user(Address::repeat_byte(1)).await.unwrap().unwrap().status, UserStatus::Confirmed);
    database.decide_user(recovery.address, &confirm(), OFFICE, NOW + 2).await.unwrap();
    assert_eq!(database.user(Address::repeat_byte(1)).await.unwrap().unwrap().status, UserStatus::Replaced);
    assert_eq!(database.user(recovery.address).await.unwrap().unwrap().status, UserStatus::Confirmed);
}

pub async fn a_reader_without_keys_tells_how_far_a_registration_is(fixture: &Fixture) {
    // M-PRO-2
    let (database, reader) = (&fixture.database, fixture.database.registrations());
    let (first, second) = (Address::repeat_byte(1), Address::repeat_byte(2));
    assert_eq!(reader.status(first).await.unwrap(), None);
    database.register(&user(1, "zhang", person("Zhang San")), NOW).await.unwrap();
    assert_eq!(reader.status(first).await.unwrap(), Some(UserStatus::Pending));
    database.decide_user(first, &confirm(), OFFICE, NOW).await.unwrap();
    assert_eq!(reader.status(first).await.unwrap(), Some(UserStatus::Confirmed));
    let recovery = NewUser { recovery: true, ..user(2, "zhang-new", person("Zhang San")) };
    database.register(&recovery, NOW + 1).await.unwrap();
    database.decide_user(second, &confirm(), OFFICE, NOW + 2).await.unwrap();
    // At once: nothing is kept between the reader and the rows.
    assert_eq!(reader.status(first).await.unwrap(), Some(UserStatus::Replaced));
    assert_eq!(reader.status(second).await.unwrap(), Some(UserStatus::Confirmed));
    assert_eq!(format!("{reader:?}"), "RegistrationReader { .. }");
}

pub async fn a_decision_is_made_once(fixture: &Fixture) {
    let database = &fixture.database;
    let address = Address::repeat_byte(1);
    let unknown = database.decide_user(address, &confirm(), OFFICE, NOW).await;
    assert_eq!(conflict(unknown), Conflict::UnknownUser { address });
    database.register(&user(1, "zhang", person("Zhang San")), NOW).await.unwrap();
    let first = database.decide_user(address, &confirm(), OFFICE, NOW).await.unwrap();
    let again = database.decide_user(address, &confirm(), Address::repeat_byte(3), NOW + 9).await.unwrap();
    assert_eq!(first, again);
    let otherwise = database.decide_user(address, &UserDecision::Reject { reason: None }, OFFICE, NOW).await;
    assert_eq!(conflict(otherwise), Conflict::AlreadyDecided);
}

pub async fn who_is_being_published_is_not_turned_away(fixture: &Fixture) {
    // IDENTITY-7
    let (database, address) = (&fixture.database, Address::repeat_byte(1));
    let reject = async |now_ms| {
        let rejection = UserDecision::Reject { reason: None };
        database.decide_user(address, &rejection, OFFICE, now_ms).await.map(|user| user.status)
    };
    assert_eq!(conflict(database.begin_publication(address, NOW).await), Conflict::UnknownUser { address });
    database.register(&user(1, "account", person("Zhang San")), NOW).await.unwrap();
    let first = database.begin_publication(address, NOW).await.unwrap();
    assert_eq!(conflict(reject(NOW).await), Conflict::BeingPublished);
    // Another office begins too: what the first one ends is its own.
    let second = database.begin_publication(address, NOW + 1).await.unwrap();
    database.end_publication(address, &first).await.unwrap();
    assert_eq!(conflict(reject(NOW + PUBLICATION_MS).await), Conflict::BeingPublished);
    // After a restart it is the same, and in the end it is over.
    let again = fixture.open_again().await;
    let publishing_until_ms = again.user(address).await.unwrap().unwrap().publishing_until_ms;
    assert_eq!(publishing_until_ms, Some(NOW + 1 + PUBLICATION_MS));
    // What the second one ends is not what it found: the first one may have published.
    database.end_publication(address, &second).await.unwrap();
    let publishing_until_ms = again.user(address).await.unwrap().unwrap().publishing_until_ms;
    assert_eq!(publishing_until_ms, Some(NOW + 1 + PUBLICATION_MS));
    database.begin_publication(address, NOW).await.unwrap();
    assert_eq!(reject(NOW + PUBLICATION_MS).await.unwrap(), UserStatus::Rejected);
    assert_eq!(conflict(database.begin_publication(address, NOW).await), Conflict::AlreadyDecided);
    // Who alone had begun takes back what it added.
    database.register(&user(2, "another", person("Li Si")), NOW).await.unwrap();
    let other = Address::repeat_byte(2);
    let alone = database.begin_publication(other, NOW).await.unwrap();
    database.end_publication(other, &alone).await.unwrap();
    assert_eq!(database.user(other).await.unwrap().unwrap().publishing_until_ms, None);
}

pub async fn another_key_file_is_refused(fixture: &Fixture) {
    // IDENTITY-5
    let result = IdentityDatabase::open(&fixture.location, KeyRing::random().unwrap()).await;
    assert!(matches!(result, Err(IdentityError::WrongKey)));
}

pub async fn looks_at_personal_data_are_recorded_first(fixture: &Fixture) {
    // IDENTITY-3
    let database = &fixture.database;
    database.register(&user(1, "zhang", person("Zhang San")), NOW).await.unwrap();
    let record = database.user(Address::repeat_byte(1)).await.unwrap().unwrap();
    let look = Look { by: OFFICE, purpose: "users.waiting", at_ms: NOW + 3 };
    assert_eq!(database.person(&record, look).await.unwrap(), person("Zhang San"));
    let journal =
        database.journal(Keeper::Provisioning, &JournalQuery { limit: 10, ..JournalQuery::default() }).await.unwrap();
    assert_eq!(journal.len(), 1);
    assert_eq!((journal[0].actor, journal[0].time_ms), (Some(OFFICE), NOW + 3));
    assert_eq!(journal[0].subject, format!("{:#x}", record.address));
}

pub async fn what_was_sealed_before_a_rotation_opens_after_it(fixture: &Fixture) {
    let database = &fixture.database;
    database.register(&user(1, "zhang", person("Zhang San")), NOW).await.unwrap();
    KeyRing::rotate(&fixture.key_file).unwrap();
    let rotated = fixture.open_again().await;
    assert_eq!(rotated.user(Address::repeat_byte(1)).await.unwrap().unwrap().account, "zhang");
    assert_eq!(conflict(rotated.register(&user(2, "li", person("Zhang San")), NOW).await), Conflict::PersonRegistered);
    rotated.register(&user(2, "li", person("Li Si")), NOW).await.unwrap();
    // The old ring lacks the new version, and says so.
    assert!(matches!(database.user(Address::repeat_byte(2)).await, Err(IdentityError::Broken(_))));
}

pub async fn applications_are_listed_by_page_and_decided_once(fixture: &Fixture) {
    let database = &fixture.database;
    let (one, two) = (Address::repeat_byte(1), Address::repeat_byte(2));
    for index in 0..5_u64 {
        // Two have the same time: the page must neither lose nor repeat one.
        database.apply(one, "marriage", &json!({"n": index}), NOW + index / 2).await.unwrap();
    }
    database.apply(two, "degree", &json!({}), NOW).await.unwrap();
    let mut seen = Vec::new();
    let mut query =
        ApplicationQuery { applicant: Some(one), page: Page { limit: 2, cursor: None }, ..ApplicationQuery::default() };
    loop {
        let (page, next) = database.applications(&query).await.unwrap();
        seen.extend(page.into_iter().map(|application| application.id));
        match next {
            Some(cursor) => query.page.cursor = Some(cursor.to_string().parse().unwrap()),
            None => break,
        }
    }
    assert_eq!(seen.len(), 5);
    assert_eq!(seen.iter().collect::<std::collections::BTreeSet<_>>().len(), 5);

    let kinds = |kinds: &[&str]| ApplicationQuery {
        kinds: Some(kinds.iter().map(ToString::to_string).collect()),
        page: Page { limit: MAX_PAGE_ROWS, cursor: None },
        ..ApplicationQuery::default()
    };
    assert_eq!(database.applications(&kinds(&["degree", "health-licence"])).await.unwrap().0.len(), 1);
    assert_eq!(database.applications(&kinds(&["degree", "marriage"])).await.unwrap().0.len(), 6);
    assert_eq!(database.applications(&kinds(&[])).await.unwrap().0.len(), 0);
    assert_eq!(database.applications(&kinds(&["marri"])).await.unwrap().0.len(), 0);

    // Somebody who works at an office sees its own and those of the office's kinds.
    let both = ApplicationQuery { applicant: Some(one), ..kinds(&["degree"]) };
    assert_eq!(database.applications(&both).await.unwrap().0.len(), 6);
    let only = ApplicationQuery { only_kind: Some("degree".into()), ..both };
    assert_eq!(database.applications(&only).await.unwrap().0.len(), 1);

    let issued = ApplicationDecision::Issued { certificate_id: B256::repeat_byte(5) };
    let decided = database.decide_application(&seen[0], &issued, OFFICE, NOW).await.unwrap().unwrap();
    assert_eq!((decided.status, decided.certificate_id), (ApplicationStatus::Issued, Some(B256::repeat_byte(5))));
    assert_eq!(database.decide_application(&seen[0], &issued, OFFICE, NOW).await.unwrap().unwrap(), decided);
    let rejected = ApplicationDecision::Rejected { reason: "no".into() };
    assert_eq!(conflict(database.decide_application(&seen[0], &rejected, OFFICE, NOW).await), Conflict::AlreadyDecided);
    assert_eq!(database.decide_application("none", &rejected, OFFICE, NOW).await.unwrap(), None);
    let second = database.decide_application(&seen[1], &rejected, OFFICE, NOW).await.unwrap().unwrap();
    assert_eq!(second.reason.as_deref(), Some("no"));
}

pub async fn presentations_expire_and_are_bounded(fixture: &Fixture) {
    // C-QR
    let database = &fixture.database;
    let holder = Address::repeat_byte(1);
    let id = database.put_presentation(holder, "jwe", Openings::Any, NOW + 1000, NOW).await.unwrap();
    let opened = database.open_presentation(&id, NOW + 999).await.unwrap().unwrap();
    assert_eq!((opened.ciphertext, opened.expires_at_ms), (Some("jwe".into()), NOW + 1000));
    assert_eq!(database.open_presentation(&id, NOW + 1000).await.unwrap(), None);
    assert_eq!(database.open_presentation(&[0; 16], NOW).await.unwrap(), None);
    assert_eq!(database.purge_presentations(NOW + 1000).await.unwrap(), 1);

    let too_long =
        database.put_presentation(holder, "jwe", Openings::Any, NOW + MAX_PRESENTATION_LIFE_MS + 1, NOW).await;
    assert!(matches!(too_long, Err(IdentityError::TooLarge { .. })));
    assert!(matches!(
        database.put_presentation(holder, "jwe", Openings::Any, NOW, NOW).await,
        Err(IdentityError::TooLarge { .. })
    ));
    let large = "x".repeat(MAX_PRESENTATION_BYTES + 1);
    assert!(matches!(
        database.put_presentation(holder, &large, Openings::Any, NOW + 1, NOW).await,
        Err(IdentityError::TooLarge { .. })
    ));
    for _ in 0..MAX_PRESENTATIONS_PER_HOLDER {
        database.put_presentation(holder, "jwe", Openings::Any, NOW + 1000, NOW).await.unwrap();
    }
    let one_more = database.put_presentation(holder, "jwe", Openings::Any, NOW + 1000, NOW).await;
    assert!(matches!(conflict(one_more), Conflict::TooMany { .. }));
    // When they have expired there is room again.
    database.put_presentation(holder, "jwe", Openings::Any, NOW + 3000, NOW + 2000).await.unwrap();
}

pub async fn openings_of_a_presentation_are_counted_and_may_be_one(fixture: &Fixture) {
    // C-QR: a code that somebody has photographed
    let database = &fixture.database;
    let holder = Address::repeat_byte(1);
    let told = async |id: &[u8; PRESENTATION_ID_BYTES], now: u64| {
        let opened = database.open_presentation(id, now).await.unwrap().unwrap();
        (opened.ciphertext.is_some(), opened.opened_before, opened.last_opened_at_ms)
    };
    let any = database.put_presentation(holder, "jwe", Openings::Any, NOW + 1000, NOW).await.unwrap();
    assert_eq!(told(&any, NOW + 1).await, (true, 0, None));
    assert_eq!(told(&any, NOW + 2).await, (true, 1, Some(NOW + 1)));
    assert_eq!(told(&any, NOW + 3).await, (true, 2, Some(NOW + 2)));
    let one = database.put_presentation(holder, "jwe", Openings::One, NOW + 1000, NOW).await.unwrap();
    assert_eq!(told(&one, NOW + 1).await, (true, 0, None));
    // Whoever comes later is told when it was opened, however often it is asked for.
    assert_eq!(told(&one, NOW + 2).await, (false, 1, Some(NOW + 1)));
    assert_eq!(told(&one, NOW + 3).await, (false, 1, Some(NOW + 1)));
}

fn operation(byte: u8) -> IndexedOperation {
    IndexedOperation {
        digest: B256::repeat_byte(byte),
        source: Address::repeat_byte(byte),
        operation_type: B256::repeat_byte(0x11),
        content_hash: B256::repeat_byte(0x22),
        time: NOW / 1000,
        recorded: None,
    }
}

pub async fn operations_are_found_with_all_leaves_of_their_block(fixture: &Fixture) {
    let database = &fixture.database;
    let location = Location { tx_hash: B256::repeat_byte(3), block_number: 4, block_hash: B256::repeat_byte(5) };
    let mut block = IndexedBlock {
        root: B256::repeat_byte(0xaa),
        chain: "degree".into(),
        closed_at_ms: NOW,
        recorded: None,
        operations: vec![operation(9), operation(1), operation(5)],
    };
    database.index_block(&block).await.unwrap();
    assert_eq!(database.block_of_operation(B256::repeat_byte(1)).await.unwrap(), Some(block.clone()));
    // Later it is known where it is recorded.
    block.recorded = Some(location);
    block.operations[1].recorded = Some(location);
    database.index_block(&block).await.unwrap();
    assert_eq!(database.block_of_operation(B256::repeat_byte(5)).await.unwrap(), Some(block.clone()));
    assert_eq!(database.block_of_operation(B256::repeat_byte(6)).await.unwrap(), None);
    assert_eq!(database.block(block.root).await.unwrap(), Some(block.clone()));
    assert_eq!(database.block(B256::repeat_byte(0xcc)).await.unwrap(), None);
    // An operation stands in one block.
    let other = IndexedBlock { root: B256::repeat_byte(0xbb), operations: vec![operation(1)], ..block };
    assert_eq!(conflict(database.index_block(&other).await), Conflict::Concurrent);
}

// M-MON-4, WATCH-1: a city that is killed between a chain and its own index still has the leaves of what it sent.
pub async fn an_announced_block_has_its_leaves_until_they_stand_among_the_operations(fixture: &Fixture) {
    let database = &fixture.database;
    let block = IndexedBlock {
        root: B256::repeat_byte(0xab),
        chain: "degree".into(),
        closed_at_ms: NOW,
        recorded: None,
        operations: vec![operation(0x41), operation(0x42)],
    };
    let without = IndexedBlock { operations: Vec::new(), ..block.clone() };
    database.index_block(&without).await.unwrap();
    assert_eq!(database.block(block.root).await.unwrap(), Some(without), "announced by a release that kept no leaves");
    database.announce_block(&block).await.unwrap();
    assert_eq!(database.block(block.root).await.unwrap(), Some(block.clone()));
    assert_eq!(database.block_of_operation(B256::repeat_byte(0x41)).await.unwrap(), None, "it is in no block yet");
    // It was refused as a whole, and each operation is tried by itself.
    let alone = IndexedBlock { root: B256::repeat_byte(0xac), operations: vec![operation(0x41)], ..block.clone() };
    database.index_block(&alone).await.unwrap();
    assert_eq!(database.block_of_operation(B256::repeat_byte(0x41)).await.unwrap(), Some(alone));
    assert_eq!(database.block(block.root).await.unwrap(), Some(block));
    let location = Location { tx_hash: B256::repeat_byte(3), block_number: 4, block_hash: B256::repeat_byte(5) };
    let other = IndexedBlock {
        root: B256::repeat_byte(0xad),
        chain: "degree".into(),
        closed_at_ms: NOW,
        recorded: Some(location),
        operations: vec![operation(0x43)],
    };
    database.announce_block(&IndexedBlock { recorded: None, ..other.clone() }).await.unwrap();
    database.index_block(&other).await.unwrap();
    database.announce_block(&IndexedBlock { operations: vec![operation(0x44)], ..other.clone() }).await.unwrap();
    assert_eq!(database.block(other.root).await.unwrap(), Some(other), "what is recorded stays");
    let recorded = async |chain, first| database.roots_from(chain, first, 9).await.unwrap();
    assert_eq!(recorded("degree", B256::ZERO).await, [B256::repeat_byte(0xad)], "the others wait for their block");
    assert_eq!(recorded("degree", B256::repeat_byte(0xae)).await, Vec::<B256>::new());
    assert_eq!(recorded("main", B256::ZERO).await, Vec::<B256>::new());
}

pub async fn an_idempotency_key_stands_for_one_operation(fixture: &Fixture) {
    let database = &fixture.database;
    let (source, digest) = (Address::repeat_byte(1), B256::repeat_byte(1));
    database.claim_idempotency_key(source, "k", digest, NOW).await.unwrap();
    database.claim_idempotency_key(source, "k", digest, NOW).await.unwrap();
    assert_eq!(database.idempotency_digest(source, "k").await.unwrap(), Some(digest));
    let other = database.claim_idempotency_key(source, "k", B256::repeat_byte(2), NOW).await;
    assert_eq!(conflict(other), Conflict::IdempotencyKeyUsed);
    database.claim_idempotency_key(Address::repeat_byte(2), "k", B256::repeat_byte(2), NOW).await.unwrap();
}

pub async fn a_suspended_address_stays_so_until_it_is_restored(fixture: &Fixture) {
    // M-CON-3
    let database = &fixture.database;
    let (user, other) = (Address::repeat_byte(1), Address::repeat_byte(2));
    database.suspend(user, OFFICE, NOW).await.unwrap();
    database.suspend(user, OFFICE, NOW + 1).await.expect("a second time changes nothing");
    assert!(database.is_suspended(user).await.unwrap() && !database.is_suspended(other).await.unwrap());
    assert!(database.registrations().is_suspended(user).await.unwrap(), "without the keys, too");
    database.lift_suspension(user).await.unwrap();
    database.lift_suspension(other).await.expect("nothing to lift");
    assert!(!database.is_suspended(user).await.unwrap());
}

pub async fn the_journal_is_filtered_newest_first(fixture: &Fixture) {
    // M-MON-2
    let database = &fixture.database;
    let entry = |time_ms, keeper, happening, subject: &str| JournalEntry {
        time_ms,
        keeper,
        happening,
        name: "certificate.issue".into(),
        actor: Some(OFFICE),
        subject: subject.into(),
        facts: "f".repeat(1000),
        right: (happening == Happening::Accessed).then(|| "open".to_owned()),
    };
    for (time, keeper, happening, subject) in [
        (1, Keeper::Representation, Happening::Submitted, "a"),
        (3, Keeper::Representation, Happening::SubmissionRefused, "a"),
        (2, Keeper::Representation, Happening::Submitted, "b"),
        (4, Keeper::Provisioning, Happening::Accessed, "a"),
    ] {
        database.record(&entry(time, keeper, happening, subject)).await.unwrap();
    }
    let times = async |query: JournalQuery| {
        let entries = database.journal(Keeper::Representation, &query).await.unwrap();
        assert!(entries.iter().all(|entry| entry.facts.len() <= chancery_identity::MAX_JOURNAL_TEXT_BYTES));
        entries.iter().map(|entry| entry.time_ms).collect::<Vec<_>>()
    };
    let all = JournalQuery { limit: 10, ..JournalQuery::default() };
    assert_eq!(times(all.clone()).await, [3, 2, 1]);
    assert_eq!(times(JournalQuery { limit: 1, ..all.clone() }).await, [3]);
    assert_eq!(times(JournalQuery { subject: Some("a".into()), ..all.clone() }).await, [3, 1]);
    assert_eq!(times(JournalQuery { actor: Some(OFFICE), limit: 2, ..all.clone() }).await, [3, 2]);
    let another = JournalQuery { actor: Some(Address::repeat_byte(0x77)), ..all.clone() };
    assert_eq!(times(another.clone()).await, Vec::<u64>::new(), "nothing is by somebody else");
    let both = JournalQuery { subject: Some("a".into()), actor: Some(OFFICE), ..all.clone() };
    assert_eq!(times(both.clone()).await, [3, 1]);
    let both = JournalQuery { to_ms: Some(3), happenings: vec![Happening::Submitted], ..both };
    assert_eq!(times(both).await, [1]);
    assert_eq!(times(JournalQuery { subject: Some("a".into()), ..another }).await, Vec::<u64>::new());
    assert_eq!(times(JournalQuery { happenings: vec![Happening::Submitted], ..all.clone() }).await, [2, 1]);
    assert_eq!(times(JournalQuery { from_ms: Some(2), to_ms: Some(3), ..all.clone() }).await, [2]);
    let rights = async |keeper| {
        let entries = database.journal(keeper, &all).await.unwrap();
        entries.into_iter().map(|entry| entry.right).collect::<Vec<_>>()
    };
    assert_eq!(rights(Keeper::Provisioning).await, [Some("open".to_owned())]);
    assert_eq!(rights(Keeper::Representation).await, [None, None, None]);
}

pub async fn who_came_for_an_asset_is_kept_once_and_told_in_the_journal(fixture: &Fixture) {
    // M-MON-2, S-ASSET, SHARE-19
    let database = &fixture.database;
    let (asset, owner) = (Address::repeat_byte(0xa5), Address::repeat_byte(0x0e));
    let (reader, other) = (Address::repeat_byte(1), Address::repeat_byte(2));
    let line = |number: u64, hash: u8, previous: u8, reader| SharedAccess {
        number,
        hash: B256::repeat_byte(hash),
        previous: B256::repeat_byte(previous),
        reader,
        line: format!("line {number} {hash}"),
        entry: JournalEntry {
            time_ms: NOW,
            keeper: Keeper::Provisioning,
            happening: Happening::Accessed,
            name: "sharing.fetch".into(),
            actor: Some(reader),
            subject: "weather".into(),
            facts: format!("{number}"),
            right: None,
        },
    };
    let handed =
        |lines: Vec<SharedAccess>| SharedAccesses { asset, owner, signature: vec![7; 65], recorded_at_ms: NOW, lines };
    let first = handed(vec![line(1, 1, 0, reader), line(2, 2, 1, other)]);
    assert_eq!(database.keep_shared_accesses(&first).await.unwrap(), 2);
    // Sent again, because the answer was lost, with one more.
    let more = handed(vec![line(1, 1, 0, reader), line(2, 2, 1, other), line(3, 3, 2, reader)]);
    assert_eq!(database.keep_shared_accesses(&more).await.unwrap(), 1);
    // Another second line, and a fourth that names a third that was never handed over.
    let altered = handed(vec![line(2, 9, 1, other), line(4, 4, 8, reader)]);
    assert_eq!(database.keep_shared_accesses(&altered).await.unwrap(), 2);

    let all = JournalQuery { limit: 100, subject: Some("weather".into()), ..JournalQuery::default() };
    let told = database.journal(Keeper::Provisioning, &all).await.unwrap();
    assert_eq!(told.len(), 5, "each line is one entry: {told:?}");
    let contradictions: Vec<bool> = told.iter().rev().map(|entry| entry.facts.contains("CONTRADICTS")).collect();
    assert_eq!(contradictions, [false, false, false, true, true]);

    let shown = async |reader, before, limit| database.shared_accesses(asset, reader, before, limit).await.unwrap();
    let page = shown(None, u64::MAX, 2).await;
    assert_eq!(page.iter().map(|kept| kept.line.as_str()).collect::<Vec<_>>(), ["line 4 4", "line 2 9"]);
    let older = shown(None, page[1].id, 100).await;
    assert_eq!(older.iter().map(|kept| kept.line.as_str()).collect::<Vec<_>>(), ["line 3 3", "line 2 2", "line 1 1"]);
    assert_eq!((older[0].owner, older[0].signed_through, older[1].signed_through), (owner, 3, 2));
    assert_eq!(shown(Some(other), u64::MAX, 100).await.len(), 2);
    assert!(database.shared_accesses(Address::ZERO, None, u64::MAX, 100).await.unwrap().is_empty());
}

pub async fn what_is_charged_for_is_counted_once_an_hour_and_is_in_the_journal(fixture: &Fixture) {
    // C-FEE
    let database = &fixture.database;
    let entry = |time_ms, actor, subject: &str| JournalEntry {
        time_ms,
        keeper: Keeper::Provisioning,
        happening: Happening::Accessed,
        name: "certificates.check".into(),
        actor: Some(actor),
        subject: subject.into(),
        facts: String::new(),
        right: None,
    };
    let other = Address::repeat_byte(0xf1);
    let charge = |bytes| Charge { organization: "BANK".into(), bytes };
    for (time_ms, actor, subject, bytes) in [
        (1, OFFICE, "a", 10),
        // Again within the hour, and in the next one; another subject; another address.
        (CHARGED_ONCE_MS - 1, OFFICE, "a", 20),
        (CHARGED_ONCE_MS, OFFICE, "a", 30),
        (2, OFFICE, "b", 40),
        (2, other, "a", 5),
    ] {
        database.record_charged(&entry(time_ms, actor, subject), &charge(bytes)).await.unwrap();
    }
    database.record(&entry(3, OFFICE, "c")).await.unwrap();
    let charged = async |from_ms, to_ms, by| {
        let query = ChargedQuery { name: "certificates.check", from_ms, to_ms, by, limit: 10 };
        database.charged(Keeper::Provisioning, &query).await.unwrap()
    };
    let row = |by, count, bytes| Charged { by, organization: "BANK".into(), count, bytes };
    assert_eq!(charged(0, u64::MAX, None).await, [row(OFFICE, 3, 100), row(other, 1, 5)]);
    assert_eq!(charged(0, u64::MAX, Some(other)).await, [row(other, 1, 5)]);
    assert_eq!(charged(2, CHARGED_ONCE_MS, Some(OFFICE)).await, [row(OFFICE, 2, 60)]);
    let query = ChargedQuery { name: "another", from_ms: 0, to_ms: 9, by: None, limit: 10 };
    assert_eq!(database.charged(Keeper::Provisioning, &query).await.unwrap(), []);
    let all = JournalQuery { limit: 10, ..JournalQuery::default() };
    assert_eq!(database.journal(Keeper::Provisioning, &all).await.unwrap().len(), 6, "each is an access, too");
}

pub async fn text_that_one_database_cannot_hold_is_refused_by_both(fixture: &Fixture) {
    let database = &fixture.database;
    let malformed = |error: IdentityError| assert!(matches!(error, IdentityError::Malformed { .. }), "{error:?}");
    let about = JournalQuery { subject: Some("a\0b".into()), limit: 1, ..JournalQuery::default() };
    malformed(database.journal(Keeper::Representation, &about).await.unwrap_err());
    malformed(database.idempotency_digest(OFFICE, "\0").await.unwrap_err());
    let reason = ApplicationDecision::Rejected { reason: "why".into() };
    for id in [
        "",
        "\0",
        "0123456789abcdef0123456789abcde",
        "0123456789abcdef0123456789abcdeg",
        "0123456789ABCDEF0123456789ABCDEF",
    ] {
        assert_eq!(database.application(id).await.unwrap(), None, "{id:?}");
        assert_eq!(database.decide_application(id, &reason, OFFICE, NOW).await.unwrap(), None, "{id:?}");
    }
}

pub async fn bounds_are_kept(fixture: &Fixture) {
    let database = &fixture.database;
    let too_large = |result: Result<_, IdentityError>| assert!(matches!(result, Err(IdentityError::TooLarge { .. })));
    too_large(database.register(&user(1, " ", person("Zhang San")), NOW).await);
    too_large(database.register(&user(1, &"a".repeat(65), person("Zhang San")), NOW).await);
    let mut many = user(1, "zhang", person("Zhang San"));
    many.attributes = vec![many.attributes[0].clone(); 9];
    too_large(database.register(&many, NOW).await);
    let nameless = database.register(&user(1, "zhang", person("")), NOW).await;
    assert!(matches!(nameless, Err(IdentityError::InvalidPerson(_))));
    let large = json!({"x": "y".repeat(40_000)});
    assert!(matches!(database.apply(OFFICE, "degree", &large, NOW).await, Err(IdentityError::TooLarge { .. })));
}
