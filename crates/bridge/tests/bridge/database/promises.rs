//! What is promised and not applied yet is reckoned with (DATABASE-8), and what an account lacks for it is said.

use alloy_primitives::Bytes;
use alloy_sol_types::SolValue as _;
use chancery_bridge::{
    alliance::{comparison::Suggestion, message::Part},
    database::{Corroboration, DatabaseError, Discord, LONGEST_PROMISE_S},
    endorser::EndorseRefusal,
};
use chancery_contracts::StoreNode;

use super::{MAX_POLLS, asked, asked_for, asked_until, books::Books, caught_up, endorser, killed_after, rows::Rows};
use crate::support::partnership::name;

/// A loan is the lien of one parcel.
const ONE_LIEN: &str = "CREATE UNIQUE INDEX one_lien ON parcels (lien)";
/// The same, which PostgreSQL looks at when a transaction is committed.
const DEFERRED: &str = "ALTER TABLE parcels ADD CONSTRAINT one_lien UNIQUE (lien) DEFERRABLE INITIALLY DEFERRED";
/// The same, which PostgreSQL looks at after each statement, unless a transaction says otherwise.
const IMMEDIATE: &str = "ALTER TABLE parcels ADD CONSTRAINT one_lien UNIQUE (lien) DEFERRABLE INITIALLY IMMEDIATE";
/// Three parcels may have a lien.
const THREE_LIENS: &str = "CREATE TRIGGER three_liens AFTER INSERT ON parcels \
                           WHEN (SELECT count(*) FROM parcels WHERE lien <> '') > 3 BEGIN SELECT RAISE(ABORT, 'too many'); END";

async fn taken_singly_and_not_together(books: &Books, rows: &Rows, rule: &str) {
    let applier = books.applier(rows.book(books.from));
    caught_up(&applier).await;
    rows.run(rule).await;
    let before = rows.parcels().await;
    assert_eq!(asked(&endorser(books, rows), "parcel 9", name("loan 3")).await, Ok(()));
    // Another process of the organization, or the same after a restart.
    let other = endorser(books, rows);
    let together = asked(&other, "parcel 10", name("loan 3")).await;
    assert_eq!(together, Err(EndorseRefusal::DatabasePromised { key: name("parcel 10") }));
    assert_eq!(asked(&other, "parcel 9", name("loan 3")).await, Ok(()), "the same again");
    assert_eq!(asked(&other, "parcel 9", name("loan 4")).await, Ok(()), "the chain commits one of the two");
    for loan in ["loan 3", "loan 4"] {
        let together = asked(&other, "parcel 10", name(loan)).await;
        assert_eq!(together, Err(EndorseRefusal::DatabasePromised { key: name("parcel 10") }), "{loan}");
    }
    assert_eq!(rows.parcels().await, before, "nothing is written before it is committed");
}

// A-CONS, A-END, DATABASE-8: two requests that the database takes singly and not together are not both endorsed, so both are never committed, and the applier goes on.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_database_takes_singly_and_not_together_is_not_endorsed_together() {
    let dir = tempfile::tempdir().unwrap();
    let books = Books::start(dir.path(), false).await;
    books.set("parcel 7", "loan 1").await;
    books.set("parcel 8", "loan 2").await;
    let all = [(Rows::postgres().await, DEFERRED), (Rows::mariadb().await, ONE_LIEN), (Rows::sqlite().await, ONE_LIEN)];
    for (rows, rule) in &all {
        taken_singly_and_not_together(&books, rows, rule).await;
    }
    let limited = Rows::sqlite().await;
    caught_up(&books.applier(limited.book(books.from))).await;
    limited.run(THREE_LIENS).await;
    assert_eq!(asked(&endorser(&books, &limited), "parcel 9", name("loan 3")).await, Ok(()));
    let fourth = asked(&endorser(&books, &limited), "parcel 10", name("loan 4")).await;
    assert_eq!(fourth, Err(EndorseRefusal::DatabasePromised { key: name("parcel 10") }), "there is room for one");

    // What was promised for parcel 9 rests on a version that is over.
    books.set("parcel 9", "loan 5").await;
    for (rows, _) in &all {
        caught_up(&books.applier(rows.book(books.from))).await;
        assert_eq!(asked(&endorser(&books, rows), "parcel 10", name("loan 3")).await, Ok(()));
    }
}

// A-END, DATABASE-8: a promise ends with the time in which its request can be committed, and nobody makes one for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_promise_ends_when_its_request_cannot_be_committed_any_more() {
    let dir = tempfile::tempdir().unwrap();
    let books = Books::start(dir.path(), false).await;
    let rows = Rows::sqlite().await;
    caught_up(&books.applier(rows.book(books.from))).await;
    rows.run(ONE_LIEN).await;
    let endorser = endorser(&books, &rows);
    let now_s = books.chain.time_s().await;
    assert_eq!(asked_until(&endorser, "parcel 7", name("loan 3"), now_s - 1000).await, Ok(()));
    assert_eq!(asked(&endorser, "parcel 9", name("loan 3")).await, Ok(()), "the other can be committed no more");
    let together = asked(&endorser, "parcel 7", name("loan 3")).await;
    assert_eq!(together, Err(EndorseRefusal::DatabasePromised { key: name("parcel 7") }));
    let for_ever = asked_until(&endorser, "parcel 8", name("loan 4"), u64::MAX).await;
    assert_eq!(for_ever, Err(EndorseRefusal::TooLong { longest_s: LONGEST_PROMISE_S }));
    let mut hasty = super::endorser(&books, &rows);
    hasty.database = Some(Corroboration::new(books.followed(), rows.book_promising(books.from, 100)));
    let too_long = asked(&hasty, "parcel 8", name("loan 4")).await;
    assert_eq!(too_long, Err(EndorseRefusal::TooLong { longest_s: 100 }), "60 seconds, and 60 more");

    // As an earlier version has left it.
    rows.run("DROP TABLE chancery_promise").await;
    let unmade = asked(&endorser, "parcel 8", name("loan 4")).await;
    assert!(matches!(unmade, Err(EndorseRefusal::Unavailable { .. })), "{unmade:?}");
    caught_up(&books.applier(rows.book(books.from))).await;
    assert_eq!(asked(&endorser, "parcel 8", name("loan 4")).await, Ok(()));
}

// A-CONS, A-END, DATABASE-8: while an applier stands still, what is committed is reckoned with as long as the database does not have it, however long its time is over.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_committed_and_not_applied_is_promised_on() {
    let dir = tempfile::tempdir().unwrap();
    let books = Books::start(dir.path(), false).await;
    let rows = Rows::sqlite().await;
    let applier = books.applier(rows.book(books.from));
    caught_up(&applier).await;
    rows.run(ONE_LIEN).await;
    let endorser = endorser(&books, &rows);
    let now_s = books.chain.time_s().await;
    assert_eq!(asked_until(&endorser, "parcel 7", name("loan 3"), now_s - 1000).await, Ok(()));
    books.set("parcel 7", "loan 3").await;
    let together = asked(&endorser, "parcel 9", name("loan 3")).await;
    assert_eq!(together, Err(EndorseRefusal::DatabasePromised { key: name("parcel 9") }));
    caught_up(&applier).await;
    let taken = asked(&endorser, "parcel 9", name("loan 3")).await;
    assert_eq!(taken, Err(EndorseRefusal::DatabaseRefuses { key: name("parcel 9") }));
    assert_eq!(asked(&endorser, "parcel 9", name("loan 4")).await, Ok(()));
}

// A-END, M-SEC, DATABASE-8: nodes of one member ask for as much as they like, and there is room for others; what has its place keeps it.
#[tokio::test(flavor = "multi_thread")]
async fn one_member_does_not_close_a_database_to_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let books = Books::start(dir.path(), false).await;
    let rows = Rows::sqlite().await;
    caught_up(&books.applier(rows.book(books.from))).await;
    let endorser = endorser(&books, &rows);
    let valid_until = books.chain.time_s().await + 60;
    let ask = async |asker: Option<&str>, number: usize| {
        let parcel = format!("parcel {number}");
        let writes = [(parcel.as_str(), name(&format!("loan {number}")))];
        Box::pin(asked_for(&endorser, asker.map(name), (&[], &writes), valid_until)).await
    };
    for number in 0..32 {
        assert_eq!(ask(Some("bank"), number).await, Ok(()), "{number}");
    }
    let more = ask(Some("bank"), 32).await;
    assert!(matches!(more, Err(EndorseRefusal::Unavailable { .. })), "{more:?}");
    assert_eq!(ask(Some("notary"), 33).await, Ok(()));
    assert_eq!(ask(None, 34).await, Ok(()));
    assert_eq!(ask(Some("bank"), 7).await, Ok(()), "the same again");
}

// A-CONS, A-END, DATABASE-8: what PostgreSQL looks at after each statement it looks at so in a trial too, of what comes after others as of what comes first.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_database_looks_at_at_once_is_not_put_off_in_a_trial() {
    let dir = tempfile::tempdir().unwrap();
    let books = Books::start(dir.path(), false).await;
    let rows = Rows::postgres().await;
    caught_up(&books.applier(rows.book(books.from))).await;
    rows.run(IMMEDIATE).await;
    let endorser = endorser(&books, &rows);
    let valid_until = books.chain.time_s().await + 60;
    let promised = [("parcel 7", name("loan 7")), ("parcel 9", name("loan 5"))];
    assert_eq!(asked_for(&endorser, None, (&[], &promised), valid_until).await, Ok(()));
    // After the other, two parcels have loan 5 until the second statement.
    let between = [("parcel 7", name("loan 5")), ("parcel 9", name("loan 6"))];
    let refused = asked_for(&endorser, None, (&[], &between), valid_until).await;
    assert_eq!(refused, Err(EndorseRefusal::DatabasePromised { key: name("parcel 7") }));
    let apart = [("parcel 7", name("loan 8")), ("parcel 9", name("loan 6"))];
    assert_eq!(asked_for(&endorser, None, (&[], &apart), valid_until).await, Ok(()));
}

// A-END, DATABASE-8: whatever moment an endorser is killed at, it has promised or not, and no row is changed.
#[tokio::test(flavor = "multi_thread")]
async fn an_endorser_may_be_killed_while_it_promises() {
    let dir = tempfile::tempdir().unwrap();
    let books = Books::start(dir.path(), false).await;
    books.set("parcel 7", "loan 1").await;
    let rows = Rows::sqlite().await;
    caught_up(&books.applier(rows.book(books.from))).await;
    rows.run(ONE_LIEN).await;
    let before = (rows.parcels().await, rows.noted().await);
    for polls in 1..MAX_POLLS {
        let endorser = endorser(&books, &rows);
        let ended = killed_after(polls, polls % 2 == 0, asked(&endorser, "parcel 9", name("loan 3"))).await;
        assert_eq!((rows.parcels().await, rows.noted().await), before, "killed after {polls} polls");
        if ended == Some(Ok(())) {
            let together = asked(&endorser, "parcel 10", name("loan 3")).await;
            assert_eq!(together, Err(EndorseRefusal::DatabasePromised { key: name("parcel 10") }));
            return;
        }
    }
    panic!("a trial does not end in {MAX_POLLS} polls");
}

// A-END, DATABASE-7, DATABASE-8: what an endorser's account lacks is named, with the statement that gives it.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_lacks_a_right_is_told_the_grant() {
    let dir = tempfile::tempdir().unwrap();
    let books = Books::start(dir.path(), false).await;
    let rows = Rows::mariadb().await;
    caught_up(&books.applier(rows.book(books.from))).await;
    rows.run(
        "CREATE USER endorser@localhost; GRANT SELECT, INSERT, UPDATE ON parcels TO endorser@localhost; \
         GRANT SELECT ON chancery_position TO endorser@localhost; GRANT SELECT ON chancery_entry TO endorser@localhost; \
         GRANT SELECT ON chancery_promise TO endorser@localhost",
    )
    .await;
    let database = Corroboration::new(books.followed(), rows.book_as("endorser", books.from));
    let (key, value) = (name("parcel 7"), name("loan 1"));
    let call: Bytes = (vec![key], vec![StoreNode::Write { key, value }]).abi_encode_params().into();
    let found: Suggestion = books.node_contract().suggest(&call).await.unwrap();
    let (reads, writes) = (found.reads.clone(), found.writes.clone());
    let part = Part { member: name("land registry"), call, reads, writes };
    let until_s = books.chain.time_s().await + 60;
    let lacking = database.check(&part, &found, until_s, None).await;
    let Err(Discord::Unknown(error @ DatabaseError::NotGranted { .. })) = lacking else { panic!("{lacking:?}") };
    let grant = "GRANT SELECT, INSERT, DELETE ON chancery_promise TO 'endorser'@'localhost'";
    assert!(error.to_string().contains(grant) && !error.is_temporary(), "{error}");
    rows.run(grant).await;
    assert!(database.check(&part, &found, until_s, None).await.is_ok());
}
