//! The identity database on SQLite and on a real PostgreSQL: the same cases on both.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

mod cases;
mod support;

use std::sync::Arc;

use chancery_identity::{Cursor, DatabaseLocation, IdentityDatabase, IdentityError, KeyRing};
use tempfile::TempDir;

/// A fresh database and how to open it again.
pub struct Fixture {
    pub location: DatabaseLocation,
    pub key_file: std::path::PathBuf,
    pub database: IdentityDatabase,
    _directory: Arc<TempDir>,
}

impl Fixture {
    async fn new(location: Option<DatabaseLocation>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let location = location.unwrap_or_else(|| DatabaseLocation::Sqlite(directory.path().join("identity.sqlite")));
        let key_file = directory.path().join("identity.keys");
        let keys = KeyRing::load_or_create(&key_file).unwrap();
        let database = IdentityDatabase::open(&location, keys).await.unwrap();
        Self { location, key_file, database, _directory: Arc::new(directory) }
    }

    pub async fn open_again(&self) -> IdentityDatabase {
        IdentityDatabase::open(&self.location, KeyRing::load(&self.key_file).unwrap()).await.unwrap()
    }
}

macro_rules! on_both {
    ($($case:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                super::cases::$case(&super::Fixture::new(None).await).await;
            })*
        }

        #[tokio::test(flavor = "multi_thread")]
        async fn every_case_holds_on_postgresql() {
            let server = support::PostgresServer::start();
            $({
                println!("{}", stringify!($case));
                let url = server.create_database(stringify!($case));
                let fixture = Fixture::new(Some(DatabaseLocation::Postgres(url))).await;
                // In one future all of them are more than the stack of a thread.
                Box::pin(cases::$case(&fixture)).await;
            })*
        }
    };
}

on_both!(
    a_person_registers_and_an_office_confirms,
    a_returning_person_is_recognised,
    two_people_of_one_name_are_told_apart_by_their_documents,
    a_taken_account_or_address_is_refused,
    of_two_concurrent_registrations_of_one_person_one_wins,
    a_rejected_person_may_register_again,
    a_lost_key_is_replaced_when_an_office_confirms,
    a_reader_without_keys_tells_how_far_a_registration_is,
    a_decision_is_made_once,
    who_is_being_published_is_not_turned_away,
    an_answer_from_before_a_release_was_heard_is_asked_for_again,
    a_release_that_fails_is_under_way_for_its_time_and_each_has_its_own,
    another_key_file_is_refused,
    looks_at_personal_data_are_recorded_first,
    what_was_sealed_before_a_rotation_opens_after_it,
    applications_are_listed_by_page_and_decided_once,
    presentations_expire_and_are_bounded,
    openings_of_a_presentation_are_counted_and_may_be_one,
    operations_are_found_with_all_leaves_of_their_block,
    an_announced_block_has_its_leaves_until_they_stand_among_the_operations,
    an_idempotency_key_stands_for_one_operation,
    a_suspended_address_stays_so_until_it_is_restored,
    the_journal_is_filtered_newest_first,
    who_came_for_an_asset_is_kept_once_and_told_in_the_journal,
    what_is_charged_for_is_counted_once_an_hour_and_is_in_the_journal,
    text_that_one_database_cannot_hold_is_refused_by_both,
    bounds_are_kept,
);

#[tokio::test(flavor = "multi_thread")]
async fn the_sqlite_files_are_private_and_hold_no_personal_data_in_clear() {
    // IDENTITY-1
    use std::os::unix::fs::PermissionsExt;
    let fixture = Fixture::new(None).await;
    cases::fill(&fixture.database).await;
    let DatabaseLocation::Sqlite(path) = &fixture.location else { panic!("an SQLite file") };
    let mut found = 0;
    for entry in std::fs::read_dir(path.parent().unwrap()).unwrap() {
        let entry = entry.unwrap();
        let bytes = std::fs::read(entry.path()).unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", entry.path());
        cases::assert_no_personal_data(&bytes);
        found += usize::from(cases::contains(&bytes, cases::PUBLIC_MARK));
    }
    assert!(found > 0, "the search finds what is not personal, so it searches where the rows are");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_of_postgresql_holds_no_personal_data_in_clear() {
    // IDENTITY-1
    let server = support::PostgresServer::start();
    let url = server.create_database("identity");
    let fixture = Fixture::new(Some(DatabaseLocation::Postgres(url))).await;
    cases::fill(&fixture.database).await;
    let dump = server.dump("identity");
    cases::assert_no_personal_data(&dump);
    assert!(cases::contains(&dump, cases::PUBLIC_MARK));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgresql_that_disappears_is_temporary_and_nothing_is_lost() {
    // IDENTITY-4
    let server = support::PostgresServer::start();
    let url = server.create_database("identity");
    let fixture = Fixture::new(Some(DatabaseLocation::Postgres(url))).await;
    cases::fill(&fixture.database).await;
    server.stop();
    cases::assert_everything_is_temporary(&fixture.database).await;
    server.start_again();
    cases::assert_filled(&fixture.database).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_sqlite_file_that_disappears_is_temporary_and_is_not_replaced_by_an_empty_one() {
    // IDENTITY-4
    let fixture = Fixture::new(None).await;
    cases::fill(&fixture.database).await;
    let DatabaseLocation::Sqlite(path) = &fixture.location else { panic!("an SQLite file") };
    let away = path.with_extension("away");
    std::fs::rename(path, &away).unwrap();
    cases::assert_everything_is_temporary(&fixture.database).await;
    assert!(!path.exists());
    // Another file in its place is not it either.
    std::fs::write(path, b"").unwrap();
    cases::assert_everything_is_temporary(&fixture.database).await;
    std::fs::rename(&away, path).unwrap();
    cases::assert_filled(&fixture.database).await;
    cases::assert_filled(&fixture.open_again().await).await;
}

#[test]
fn only_a_cursor_of_ours_is_read() {
    for own in ["1800000000000.0x0101010101010101010101010101010101010101", "0.0123456789abcdef0123456789abcdef"] {
        assert_eq!(own.parse::<Cursor>().unwrap().to_string(), own);
    }
    let long = format!("1.{}", "a".repeat(101));
    for wrong in ["", "1", "1.", ".a", "x.a", "1.\0", "1.a b", "1.~", "1.\u{e9}", long.as_str()] {
        assert!(matches!(wrong.parse::<Cursor>(), Err(IdentityError::Malformed { .. })), "{wrong:?}");
    }
}

#[test]
fn a_location_is_read_and_hides_its_password() {
    let location: DatabaseLocation = "postgres://chancery:secret@db/identity".parse().unwrap();
    assert!(!format!("{location:?}").contains("secret"));
    assert_eq!("sqlite:a/b.sqlite".parse::<DatabaseLocation>().unwrap(), DatabaseLocation::Sqlite("a/b.sqlite".into()));
    assert_eq!("sqlite:///a/b".parse::<DatabaseLocation>().unwrap(), DatabaseLocation::Sqlite("/a/b".into()));
    for wrong in ["", "mysql://x", "sqlite:", "identity.sqlite"] {
        assert!(wrong.parse::<DatabaseLocation>().is_err(), "{wrong}");
    }
}
