//! A-CONS: a business database behind a node contract, of real databases and a real chain (DATABASE-1 to DATABASE-8 of `docs/specs/alliance.md`).

mod books;
mod promises;
mod refusals;
mod rows;
mod through;

use std::{future::poll_fn, sync::Arc, task::Poll};

use alloy_primitives::{Address, B256, Bytes};
use alloy_sol_types::SolValue as _;
use chancery_bridge::{
    alliance::message::{Part, PartReference, Request},
    database::{Applier, Audit, Corroboration, DatabaseError, Deviation, Progress},
    endorser::{EndorseRefusal, Endorser as _, NodeEndorser},
    key::NodeKey,
};
use chancery_contracts::{RuleNode, StoreNode};
use chancery_primitives::SigningDomain;

use self::{
    books::Books,
    rows::{Rows, noted, parcel},
};
use crate::support::partnership::name;

/// Polls between two places at which a run against a server is killed: each of them costs connections.
const SERVER_STRIDE: usize = 5;
/// Many times what a run takes.
const MAX_POLLS: usize = 10_000;

/// Applies everything.
async fn caught_up(applier: &Applier) -> Progress {
    loop {
        match applier.step().await {
            Ok(progress) if progress.is_current() => return progress,
            Ok(_) => {}
            // The server is still taking back what a killed run has left.
            Err(error) => assert!(error.is_temporary(), "{error}"),
        }
    }
}

/// Runs a future for so many polls, and drops it: at once, while its last question is under way, or when that is answered. `None`: it was killed.
async fn killed_after<F: Future>(polls: usize, at_once: bool, future: F) -> Option<F::Output> {
    let (mut future, mut left) = (Box::pin(future), polls);
    let killed = poll_fn(move |context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if left == 0 && at_once => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    });
    killed.await
}

/// Kills an applier at each of its polls, in turn, each time from nothing, and lets another one go on.
async fn killed_everywhere(books: &Books, rows: &Rows, stride: usize) {
    let [seven, eight] = ["parcel 7", "parcel 8"].map(name);
    let (of_seven, of_eight) = (books.entry(seven).await, books.entry(eight).await);
    let wanted = vec![parcel("parcel 7", "loan 3", of_seven.0), parcel("parcel 8", "", of_eight.0)];
    let mut entries = vec![noted(seven, of_seven.0, of_seven.1), noted(eight, of_eight.0, of_eight.1)];
    entries.sort_unstable();
    let applier = || books.applier(rows.book(books.from));
    caught_up(&applier()).await;
    assert_eq!((rows.parcels().await, rows.noted().await), (wanted.clone(), entries.clone()));
    for polls in (1..MAX_POLLS).step_by(stride) {
        rows.empty().await;
        let ended = killed_after(polls, polls % 2 == 0, applier().step()).await;
        assert!(rows.are_as_noted().await, "killed after {polls} polls");
        caught_up(&applier()).await;
        assert_eq!(rows.parcels().await, wanted, "killed after {polls} polls");
        assert_eq!(rows.noted().await, entries, "killed after {polls} polls");
        if ended.is_some_and(|ended| ended.is_ok()) {
            return;
        }
    }
    panic!("a run does not end in {MAX_POLLS} polls");
}

// A-CONS, DATABASE-1: whatever moment the applier is killed at, the database ends equal to what the chain has committed, each entry applied once.
#[tokio::test(flavor = "multi_thread")]
async fn an_applier_may_be_killed_at_any_moment() {
    let dir = tempfile::tempdir().unwrap();
    let books = Books::start(dir.path(), false).await;
    for (key, value) in
        [("parcel 7", "loan 1"), ("parcel 8", "loan 2"), ("parcel 7", ""), ("parcel 7", "loan 3"), ("parcel 8", "")]
    {
        books.set(key, value).await;
    }
    killed_everywhere(&books, &Rows::sqlite().await, 1).await;
    killed_everywhere(&books, &Rows::postgres().await, SERVER_STRIDE).await;
    killed_everywhere(&books, &Rows::mariadb().await, SERVER_STRIDE).await;
}

// A-CONS, DATABASE-1: two of them, by mistake, write nothing twice.
#[tokio::test(flavor = "multi_thread")]
async fn two_appliers_are_in_each_others_way_and_apply_nothing_twice() {
    let dir = tempfile::tempdir().unwrap();
    let books = Books::start(dir.path(), false).await;
    for rows in [Rows::sqlite().await, Rows::postgres().await, Rows::mariadb().await] {
        let (one, other) = (books.applier(rows.book(books.from)), books.applier(rows.book(books.from)));
        caught_up(&one).await;
        for value in ["loan 1", "loan 2", "loan 3", "loan 4"] {
            books.set("parcel 7", value).await;
        }
        tokio::join!(caught_up(&one), caught_up(&other));
        let (version, _) = books.entry(name("parcel 7")).await;
        assert_eq!(rows.parcels().await, [parcel("parcel 7", "loan 4", version)]);
    }
}

/// A row that somebody else has changed is named, and stays as it is until it is put right.
async fn changed_behind_the_chains_back(books: &Books, rows: &Rows) {
    let applier = books.applier(rows.book(books.from));
    caught_up(&applier).await;
    let audit = Audit::new(&books.followed(), rows.book(books.from));
    let (keys, deviations) = audit.look(10).await.unwrap();
    assert_eq!((keys, deviations.len()), (2, 0));

    let key = name("parcel 7");
    let (version, applied) = books.entry(key).await;
    rows.run("UPDATE parcels SET lien = 'nobody' WHERE parcel = 'parcel 7'").await;
    let (_, deviations) = audit.look(10).await.unwrap();
    let found = name("nobody");
    assert_eq!(deviations, [Deviation { key, subject: key, version, applied, found }]);

    books.set("parcel 7", "loan 9").await;
    books.set("parcel 8", "loan 9").await;
    let (before, eight) = (rows.parcels().await, books.entry(name("parcel 8")).await);
    let error = loop {
        match applier.step().await {
            Err(error) => break error,
            Ok(progress) => assert!(!progress.is_current(), "{progress:?}"),
        }
    };
    assert!(matches!(error, DatabaseError::Changed { key: named, found: other, .. } if (named, other) == (key, found)));
    assert!(!error.is_temporary());
    assert!(matches!(applier.step().await, Err(DatabaseError::Changed { .. })));
    assert_eq!(rows.parcels().await, before, "nothing is written over, and nothing out of turn");
    let pending = applier.look().await.unwrap().unwrap();
    let stands_on = pending.stands_on.as_ref();
    assert!(matches!(stands_on, Some(DatabaseError::Changed { key: named, .. }) if *named == key), "{pending:?}");
    assert_eq!(rows.parcels().await, before, "it is looked at alone");

    assert_eq!(audit.restore(key).await.unwrap(), Some(found));
    assert_eq!(audit.look(10).await.unwrap(), (2, vec![]));
    let (noted_before, pending) = (rows.noted().await, applier.look().await.unwrap().unwrap());
    assert!(pending.stands_on.is_none(), "{pending:?}");
    assert_eq!(rows.noted().await, noted_before, "it is taken back");
    caught_up(&applier).await;
    assert!(applier.look().await.unwrap().is_none());
    let liens: Vec<_> = rows.lines("SELECT lien FROM parcels ORDER BY parcel").await;
    assert_eq!(liens, ["loan 9", "loan 9"]);
    assert_eq!(rows.noted().await.len(), 2);
    assert!(rows.noted().await.contains(&noted(name("parcel 8"), eight.0, eight.1)));
    assert_eq!(audit.restore(name("parcel 9")).await.unwrap(), None);
}

// A-CONS, DATABASE-2
#[tokio::test(flavor = "multi_thread")]
async fn a_row_changed_behind_the_chains_back_is_named_and_never_written_over() {
    let dir = tempfile::tempdir().unwrap();
    let books = Books::start(dir.path(), false).await;
    books.set("parcel 7", "loan 1").await;
    books.set("parcel 8", "loan 2").await;
    for rows in [Rows::sqlite().await, Rows::postgres().await, Rows::mariadb().await] {
        changed_behind_the_chains_back(&books, &rows).await;
    }

    // What the database had before the chain had anything: the same is adopted, something else is named.
    let rows = Rows::sqlite().await;
    rows.run("INSERT INTO parcels VALUES ('parcel 8', 'another', 0)").await;
    let applier = books.applier(rows.book(books.from));
    let refused = applier.step().await;
    assert!(matches!(refused, Err(DatabaseError::Changed { key, applied: B256::ZERO, .. }) if key == name("parcel 8")));
    rows.run("UPDATE parcels SET lien = 'loan 2' WHERE parcel = 'parcel 8'").await;
    caught_up(&applier).await;

    // A statement that does not do what the query sees.
    let rows = Rows::sqlite().await;
    let book = rows.book_with(books.from, None, "UPDATE parcels SET lien = {value} WHERE parcel = {key}");
    let refused = books.applier(book).step().await;
    assert!(matches!(refused, Err(DatabaseError::NotKept { found: B256::ZERO, .. })), "{refused:?}");
    assert_eq!(rows.noted().await, [""; 0], "nothing of it stays");
}

fn endorser(books: &Books, rows: &Rows) -> NodeEndorser {
    NodeEndorser {
        domain: SigningDomain::new(7100, Address::repeat_byte(2)),
        member: name("land registry"),
        contract: books.node_contract(),
        certificate: 1,
        key: Arc::new(NodeKey::random()),
        database: Some(Corroboration::new(books.followed(), rows.book(books.from))),
    }
}

/// What an endorser says to a call that reads and writes a key.
async fn asked(endorser: &NodeEndorser, key: &str, value: B256) -> Result<(), EndorseRefusal> {
    let now_s = endorser.contract.chain.head().await.unwrap().time_ms / 1000;
    asked_until(endorser, key, value, now_s + 60).await
}

/// The same in a request that can be sequenced until then.
async fn asked_until(endorser: &NodeEndorser, key: &str, value: B256, valid_until: u64) -> Result<(), EndorseRefusal> {
    Box::pin(asked_for(endorser, None, (&[key], &[(key, value)]), valid_until)).await
}

/// The same of a call that reads these keys and writes those, asked by a node of a member.
async fn asked_for(
    endorser: &NodeEndorser,
    asker: Option<B256>,
    (reads, writes): (&[&str], &[(&str, B256)]),
    valid_until: u64,
) -> Result<(), EndorseRefusal> {
    let reads: Vec<B256> = reads.iter().map(|key| name(key)).collect();
    let writes: Vec<_> = writes.iter().map(|(key, value)| StoreNode::Write { key: name(key), value: *value }).collect();
    let call: Bytes = (reads, writes).abi_encode_params().into();
    let found = endorser.contract.suggest(&call).await.unwrap();
    let part = Part { member: endorser.member, call, reads: found.reads, writes: found.writes };
    let request = Request {
        idempotency_key: B256::repeat_byte(1),
        certificate: 1,
        valid_until,
        window: 60,
        parts: vec![PartReference { member: part.member, part_hash: part.hash() }],
    };
    endorser.endorse_for(&request, &part, asker).await.map(|_| ())
}

// A-CONS, A-END, DATABASE-4: an endorser answers from its organization's database, and signs nothing that it does not bear out.
#[tokio::test(flavor = "multi_thread")]
async fn an_endorser_signs_only_what_its_database_bears_out() {
    let dir = tempfile::tempdir().unwrap();
    let books = Books::start(dir.path(), false).await;
    let rows = Rows::sqlite().await;
    let (endorser, applier) = (endorser(&books, &rows), books.applier(rows.book(books.from)));
    let unmade = asked(&endorser, "parcel 7", name("loan 1")).await;
    assert!(matches!(unmade, Err(EndorseRefusal::Unavailable { .. })), "nothing was ever applied: {unmade:?}");
    caught_up(&applier).await;
    assert_eq!(asked(&endorser, "parcel 7", name("loan 1")).await, Ok(()), "neither has anything of it");
    books.set("parcel 7", "loan 1").await;
    let behind = asked(&endorser, "parcel 7", name("loan 2")).await;
    assert!(matches!(behind, Err(EndorseRefusal::Unavailable { .. })), "{behind:?}");
    caught_up(&applier).await;
    assert_eq!(asked(&endorser, "parcel 7", name("loan 2")).await, Ok(()));

    let unfit = asked(&endorser, "parcel 7", B256::repeat_byte(0xff)).await;
    assert_eq!(unfit, Err(EndorseRefusal::DatabaseDisagrees { key: name("parcel 7") }), "no text");
    rows.run("UPDATE parcels SET lien = 'nobody'").await;
    let changed = asked(&endorser, "parcel 7", name("loan 2")).await;
    assert_eq!(changed, Err(EndorseRefusal::DatabaseDisagrees { key: name("parcel 7") }));
    rows.run("INSERT INTO parcels VALUES ('parcel 9', 'unknown to the chain', 0)").await;
    let unknown = asked(&endorser, "parcel 9", name("loan 2")).await;
    assert_eq!(unknown, Err(EndorseRefusal::DatabaseDisagrees { key: name("parcel 9") }));
}

// A-CONS, DATABASE-1: keys of a contract with rules are hashes; the rows are found by what they are made of.
#[tokio::test(flavor = "multi_thread")]
async fn rows_of_a_contract_with_rules_are_found_by_their_subject() {
    let dir = tempfile::tempdir().unwrap();
    let books = Books::start(dir.path(), true).await;
    let set =
        |kind: &str, value: &str| RuleNode::setCall { kind: name(kind), subject: name("parcel 7"), value: name(value) };
    books.call(&set("lien", "loan 1")).await;
    books.call(&set("lien", "loan 2")).await;
    let rows = Rows::sqlite().await;
    let apply = "INSERT INTO parcels (parcel, lien, times) VALUES ({key}, {value}, {version}) \
                 ON CONFLICT (parcel) DO UPDATE SET lien = excluded.lien, times = excluded.times";
    let applier = books.applier(rows.book_with(books.from, Some("lien"), apply));
    caught_up(&applier).await;
    assert_eq!(rows.parcels().await, [parcel("parcel 7", "loan 2", 2)]);

    // Of another register the declaration says nothing.
    books.call(&set("owner", "Lin")).await;
    let refused = loop {
        match applier.step().await {
            Err(error) => break error,
            Ok(progress) => assert!(progress.entries == 0),
        }
    };
    assert!(matches!(refused, DatabaseError::Undeclared(_)), "{refused}");
}
