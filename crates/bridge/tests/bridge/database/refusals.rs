//! What a database refuses is not endorsed (DATABASE-7).

use chancery_bridge::endorser::EndorseRefusal;
use futures::future::join_all;

use super::{asked, books::Books, caught_up, endorser, rows::Rows};
use crate::support::partnership::name;

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
    for key in ["parcel 7", "parcel 9"] {
        assert_eq!(asked(&endorser, key, name("loan 3")).await, Ok(()), "{key}");
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
