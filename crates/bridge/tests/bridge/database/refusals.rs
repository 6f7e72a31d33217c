//! What a database refuses is not endorsed (DATABASE-7).

use std::time::Duration;

use chancery_bridge::{
    database::DatabaseError,
    endorser::{EndorseRefusal, NodeEndorser},
};
use futures::future::join_all;
use tokio::time::timeout;

use super::{asked, books::Books, caught_up, endorser, rows::Rows};
use crate::support::partnership::name;

/// Many times what an endorser waits for a row.
const LONGEST_ANSWER: Duration = Duration::from_secs(60);
/// Parts that come at the same time.
const TRIES_AT_ONCE: usize = 8;
/// A rule of the database's own, of which the chain knows nothing: a loan is the lien of one parcel.
const ONE_LIEN: &str = "CREATE UNIQUE INDEX one_lien ON parcels (lien)";
/// The same, which PostgreSQL looks at when a transaction is committed.
const DEFERRED: &str = "ALTER TABLE parcels ADD CONSTRAINT one_lien UNIQUE (lien) DEFERRABLE INITIALLY DEFERRED";

async fn tried_and_taken_back(books: &Books, rows: &Rows, rule: &str) {
    rows.run(rule).await;
    let (endorser, applier) = (endorser(books, rows), books.applier(rows.book(books.from)));
    caught_up(&applier).await;
    let (parcels, noted) = (rows.parcels().await, rows.noted().await);
    let taken = asked(&endorser, "parcel 9", name("loan 1")).await;
    assert_eq!(taken, Err(EndorseRefusal::DatabaseRefuses { key: name("parcel 9") }));
    for (key, loan) in [("parcel 7", "loan 3"), ("parcel 9", "loan 4")] {
        assert_eq!(asked(&endorser, key, name(loan)).await, Ok(()), "{key}");
    }
    assert_eq!((rows.parcels().await, rows.noted().await), (parcels, noted), "nothing of a try stays");
}

// A-CONS, A-END, DATABASE-7: a value that the database refuses is not endorsed, so it is never committed, and the applier does not stop at it.
#[tokio::test(flavor = "multi_thread")]
async fn an_endorser_does_not_sign_what_its_database_refuses() {
    let dir = tempfile::tempdir().unwrap();
    let books = Books::start(dir.path(), false).await;
    books.set("parcel 7", "loan 1").await;
    books.set("parcel 8", "loan 2").await;
    tried_and_taken_back(&books, &Rows::sqlite().await, ONE_LIEN).await;
    tried_and_taken_back(&books, &Rows::postgres().await, DEFERRED).await;
    let mariadb = Rows::mariadb().await;
    tried_and_taken_back(&books, &mariadb, ONE_LIEN).await;
    // Those who have read the same row, and write to it then, do not end each other.
    let endorser_of_many = endorser(&books, &mariadb);
    let tries = (0..TRIES_AT_ONCE).map(|_| asked(&endorser_of_many, "parcel 7", name("loan 3")));
    assert_eq!(join_all(tries).await, vec![Ok(()); TRIES_AT_ONCE]);
    refused_for_good(&mariadb, &endorser_of_many).await;
    looked_at_and_left(&books, &mariadb).await;

    // A statement that does not do what the query sees is found out here, and not by the applier when it is too late.
    let rows = Rows::sqlite().await;
    caught_up(&books.applier(rows.book(books.from))).await;
    let update = rows.book_with(books.from, None, "UPDATE parcels SET lien = {value} WHERE parcel = {key}");
    let mut endorser = endorser(&books, &rows);
    endorser.database = Some(chancery_bridge::database::Corroboration::new(books.followed(), update));
    assert_eq!(asked(&endorser, "parcel 7", name("loan 3")).await, Ok(()));
    let unkept = asked(&endorser, "parcel 9", name("loan 3")).await;
    assert_eq!(unkept, Err(EndorseRefusal::DatabaseRefuses { key: name("parcel 9") }));
}

/// What MariaDB has no class for is not taken for what passes, and a table that takes nothing back is found out.
async fn refused_for_good(mariadb: &Rows, endorser: &NodeEndorser) {
    mariadb.run("ALTER TABLE parcels ADD COLUMN owner VARCHAR(32) NOT NULL").await;
    let unowned = asked(endorser, "parcel 9", name("loan 4")).await;
    assert_eq!(unowned, Err(EndorseRefusal::DatabaseRefuses { key: name("parcel 9") }), "it has no default");
    mariadb.run("ALTER TABLE parcels DROP COLUMN owner").await;
    mariadb.run("ALTER TABLE parcels ENGINE = MyISAM").await;
    let kept = asked(endorser, "parcel 7", name("loan 5")).await;
    assert_eq!(kept, Err(EndorseRefusal::DatabaseRefuses { key: name("parcel 7") }));
}

/// What cannot be taken back is not tried by whoever only looks.
async fn looked_at_and_left(books: &Books, without_transactions: &Rows) {
    books.set("parcel 8", "loan 6").await;
    let before = without_transactions.parcels().await;
    let pending = books.applier(without_transactions.book(books.from)).look().await.unwrap().unwrap();
    let stands_on = pending.stands_on.as_ref();
    assert!(matches!(stands_on, Some(DatabaseError::WithoutTransactions(table)) if table == "parcels"), "{pending:?}");
    assert_eq!(without_transactions.parcels().await, before);
}

// A-CONS, A-END, DATABASE-7: SQLite looks at some foreign keys when a transaction is committed: that is too late for an endorser.
#[tokio::test(flavor = "multi_thread")]
async fn an_endorser_does_not_sign_what_sqlite_would_not_commit() {
    let dir = tempfile::tempdir().unwrap();
    let books = Books::start(dir.path(), false).await;
    books.set("parcel 7", "loan 1").await;
    let rows = Rows::sqlite().await;
    rows.run(
        "DROP TABLE parcels; CREATE TABLE loans (loan VARCHAR(32) PRIMARY KEY); INSERT INTO loans VALUES ('loan 1'), ('loan 2'); \
         CREATE TABLE parcels (parcel VARCHAR(32) NOT NULL PRIMARY KEY, lien VARCHAR(32) REFERENCES loans DEFERRABLE INITIALLY DEFERRED, \
         times BIGINT NOT NULL DEFAULT 0)",
    )
    .await;
    caught_up(&books.applier(rows.book(books.from))).await;
    let endorser = endorser(&books, &rows);
    let unknown = asked(&endorser, "parcel 7", name("loan 3")).await;
    assert_eq!(unknown, Err(EndorseRefusal::DatabaseRefuses { key: name("parcel 7") }));
    assert_eq!(asked(&endorser, "parcel 7", name("loan 2")).await, Ok(()));
}

// A-END, DATABASE-7: whoever holds a row in the database holds up no endorser: it says that it cannot be asked now, and signs afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_somebody_holds_makes_an_endorser_say_that_it_cannot_ask_now() {
    let dir = tempfile::tempdir().unwrap();
    let books = Books::start(dir.path(), false).await;
    books.set("parcel 7", "loan 1").await;
    let rows = Rows::postgres().await;
    caught_up(&books.applier(rows.book(books.from))).await;
    let endorser = endorser(&books, &rows);
    let mut holder = rows.postgres_connection().await;
    sqlx::raw_sql("BEGIN; UPDATE parcels SET times = times").execute(&mut holder).await.unwrap();
    let held = timeout(LONGEST_ANSWER, Box::pin(asked(&endorser, "parcel 7", name("loan 3")))).await;
    let held = held.expect("it is answered");
    assert!(matches!(held, Err(EndorseRefusal::Unavailable { .. })), "{held:?}");
    sqlx::raw_sql("ROLLBACK").execute(&mut holder).await.unwrap();
    assert_eq!(asked(&endorser, "parcel 7", name("loan 3")).await, Ok(()));
}
