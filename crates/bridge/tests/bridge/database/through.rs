//! Entries that come through another contract (DATABASE-6).

use alloy_primitives::{Address, B256, Bytes, hex};
use alloy_sol_types::{SolCall as _, SolValue as _};
use chancery_bridge::{
    alliance::{
        comparison::Suggestion,
        message::{Part, Read, Write},
    },
    database::{Applier, Corroboration, DatabaseError, Discord, ToldSubject},
};
use chancery_contracts::RuleNode;

use super::{
    books::Books,
    caught_up,
    rows::{Rows, parcel},
};
use crate::support::{
    chain::TestChain,
    partnership::{NoArguments, name},
};

/// Hands everything behind the first word of its input to the contract that this word names, and fails if that does.
const FORWARDER: [u8; 33] = hex!("602036038060206000376000600082600060006000355af1601f57600080fd5b00");

/// What deploys a contract of this code.
fn creation(code: &[u8]) -> Bytes {
    let length = u16::try_from(code.len()).unwrap().to_be_bytes();
    [&[0x61][..], &length, &hex!("80600c6000396000f3"), code].concat().into()
}

/// A contract that whenever it is called hands to another one what is in its own code: nothing of it is in the input.
fn keeper(target: Address, kept: &[u8]) -> Bytes {
    let length = u16::try_from(kept.len()).unwrap().to_be_bytes();
    let (begin, end) = (hex!("80603260003960006000826000600073"), hex!("5af1603057600080fd5b00"));
    creation(&[&[0x61][..], &length, &begin, target.as_slice(), &end, kept].concat())
}

/// A contract with rules that is written through another one alone.
struct Owned {
    books: Books,
    forwarder: Address,
}

impl Owned {
    fn forwarded(&self, kind: &str, subject: &str, value: &str) -> Bytes {
        let set = RuleNode::setCall { kind: name(kind), subject: name(subject), value: name(value) };
        [self.books.contract.into_word().as_slice(), &set.abi_encode()].concat().into()
    }

    async fn set(&self, kind: &str, subject: &str, value: &str) {
        self.books.chain.hand(self.forwarder, self.forwarded(kind, subject, value)).await;
    }

    async fn set_unseen(&self, kind: &str, subject: &str, value: &str) {
        let code = keeper(self.forwarder, &self.forwarded(kind, subject, value));
        let keeper = self.books.chain.deploy(&code, &NoArguments).await;
        self.books.chain.hand(keeper, Bytes::new()).await;
    }
}

impl Owned {
    async fn key(&self, kind: &str, subject: &str) -> B256 {
        let call = RuleNode::keyOfCall { kind: name(kind), subject: name(subject) };
        self.books.chain.view(self.books.contract, &call).await
    }
}

async fn stopped(applier: &Applier) -> DatabaseError {
    loop {
        match applier.step().await {
            Err(error) => break error,
            Ok(progress) => assert!(!progress.is_current(), "it stops somewhere"),
        }
    }
}

// A-CONS, DATABASE-6: anybody may bring a decision, and an owner may be a contract: the rows are found all the same, and nothing of them is ever passed over.
#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_came_through_another_contract_is_never_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let chain = TestChain::start(dir.path(), "marriage").await;
    let forwarder = chain.deploy(&creation(&FORWARDER), &NoArguments).await;
    let owned = Owned { books: Books::on(chain, true, forwarder).await, forwarder };
    let books = &owned.books;
    let rows = Rows::sqlite().await;
    let applier = |ignore_others| books.applier(rows.book_of(books.from, "lien", ignore_others));

    owned.set("lien", "parcel 7", "loan 1").await;
    owned.set("owner", "parcel 7", "Lin").await;
    let others = stopped(&applier(false)).await;
    assert!(matches!(others, DatabaseError::Undeclared(_)), "{others}");
    caught_up(&applier(true)).await;
    assert_eq!(rows.parcels().await, [parcel("parcel 7", "loan 1", 1)]);

    owned.set_unseen("lien", "parcel 7", "loan 2").await;
    caught_up(&applier(true)).await;
    assert_eq!(rows.parcels().await, [parcel("parcel 7", "loan 2", 2)], "it is known since its first entry");

    owned.set_unseen("lien", "parcel 8", "loan 3").await;
    let key = owned.key("lien", "parcel 8").await;
    for ignore_others in [false, true] {
        let unknown = stopped(&applier(ignore_others)).await;
        assert!(matches!(&unknown, DatabaseError::SubjectUnknown(found) if *found == key), "{unknown}");
        assert!(unknown.to_string().contains(&format!("database apply --subject {key}=SUBJECT")), "{unknown}");
        assert!(!unknown.is_temporary());
    }
    let told = |subject| applier(true).with_subjects(&[ToldSubject { key, subject }]);
    let wrong = told(name("parcel 9")).map(|_| ());
    assert!(matches!(wrong, Err(DatabaseError::OtherSubject { .. })), "{wrong:?}");
    caught_up(&told(name("parcel 8")).unwrap()).await;
    assert_eq!(rows.parcels().await, [parcel("parcel 7", "loan 2", 2), parcel("parcel 8", "loan 3", 1)]);

    // Of no register that is declared, as the operator says.
    owned.set_unseen("owner", "parcel 8", "Lin").await;
    let key = owned.key("owner", "parcel 8").await;
    assert!(matches!(stopped(&applier(true)).await, DatabaseError::SubjectUnknown(found) if found == key));
    caught_up(&applier(true).with_subjects(&[ToldSubject { key, subject: key }]).unwrap()).await;
    assert_eq!(rows.parcels().await.len(), 2);
    unnamed(&owned, &rows).await;
}

/// An endorser does not sign for a key of which it does not know whether its database has it.
async fn unnamed(owned: &Owned, rows: &Rows) {
    let books = &owned.books;
    let database = Corroboration::new(books.followed(), rows.book_of(books.from, "lien", true));
    let (known, new) = (owned.key("lien", "parcel 8").await, owned.key("lien", "parcel 10").await);
    let asked = async |key: B256, version: u64, call: Bytes| {
        let (reads, writes) = (vec![Read { key, version }], vec![Write { key, value: name("loan 4") }]);
        let found = Suggestion { reads: reads.clone(), writes: writes.clone() };
        let part = Part { member: name("land registry"), call, reads, writes };
        database.check(&part, &found, books.chain.time_s().await + 60, None).await
    };
    // A form of its own: the subject stands where `RuleNode` has none, or nowhere.
    let own: Bytes = [&[1, 2, 3][..], name("parcel 10").as_slice()].concat().into();
    assert!(asked(known, 1, Bytes::new()).await.is_ok(), "as it was applied");
    assert!(asked(new, 0, own).await.is_ok());
    assert!(asked(new, 0, (name("encumber"), name("parcel 10"), B256::ZERO).abi_encode_params().into()).await.is_ok());
    let nowhere = asked(new, 0, Bytes::from_static(b"ten")).await;
    assert!(matches!(nowhere, Err(Discord::Key(found)) if found == new), "{nowhere:?}");
}
