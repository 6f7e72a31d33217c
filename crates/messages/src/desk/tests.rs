#![allow(clippy::unwrap_used)]

mod audited;
mod deliveries;
mod ends;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use alloy_primitives::keccak256;
use async_trait::async_trait;
use chancery_certificates::{keys::PersonKeys, registry::Authorization};
use chancery_primitives::{OrganizationCode, UnixSeconds};
use chancery_reference_points::{
    Role,
    data_block::{OperationProof, TransactionLocator},
    data_format::{DataFormat, FormatId},
    r2d::{Submission, SubmissionReceipt},
    v2m::EventFilter,
};
use parking_lot::Mutex;
use tempfile::TempDir;
use tokio::sync::Notify;

use super::*;
use crate::{
    envelope::{Content, Sealed},
    limits::{MAX_AGE_S, MAX_CLOCK_SKEW_S},
    made_city::MadeCity,
    statement::{Correspondent, Head, VERSION, VERSION_WITHOUT_GENESIS},
};

const NOW_S: u64 = 1_800_000_000;
const CHAIN_ID: u64 = 7100;
const GENESIS: B256 = B256::repeat_byte(0x9e);

/// A door that records what was submitted, or refuses.
#[derive(Default)]
struct Door {
    submitted: Mutex<Vec<Submission>>,
    refuses: Mutex<Option<Code>>,
    /// It records, and its answer is lost.
    loses: Mutex<Option<Code>>,
    /// It waits before it records.
    blocks: AtomicBool,
    entered: Notify,
    released: Notify,
    /// Proofs of a chain that was made by hand.
    proven: Mutex<Vec<OperationProof>>,
}

fn locator(tx_hash: B256) -> TransactionLocator {
    TransactionLocator { chain: ChainName("main".to_owned()), tx_hash, block_number: 1, block_hash: B256::ZERO }
}

/// Digest of the operation whose text was submitted.
fn digest_of(submission: &Submission) -> B256 {
    let text = std::str::from_utf8(&submission.operation.payload).unwrap();
    let deposit = Stated::<Deposit>::read(text).map(|stated| stated.digest());
    deposit.unwrap_or_else(|_| Stated::<Acknowledgement>::read(text).unwrap().digest())
}

#[async_trait]
impl R2d for Door {
    async fn data_formats(&self) -> DoorResult<Vec<DataFormat>> {
        Ok(Vec::new())
    }

    async fn data_format(&self, _: &FormatId) -> DoorResult<DataFormat> {
        Err(DoorError::new(Code::UnknownFormat, ""))
    }

    async fn submit(&self, _: &Actor, submission: Submission) -> DoorResult<SubmissionReceipt> {
        if let Some(code) = *self.refuses.lock() {
            return Err(DoorError::new(code, ""));
        }
        if self.blocks.load(Ordering::Relaxed) {
            self.entered.notify_one();
            self.released.notified().await;
        }
        let digest = keccak256(&submission.operation.payload);
        self.submitted.lock().push(submission);
        if let Some(code) = *self.loses.lock() {
            return Err(DoorError::new(code, ""));
        }
        let data_block = locator(digest);
        Ok(SubmissionReceipt { operation_digest: digest, data_block_root: B256::ZERO, data_block, operation: None })
    }

    async fn operation_proof(&self, digest: B256) -> DoorResult<OperationProof> {
        if let Some(proof) = self.proven.lock().iter().find(|proof| proof.operation_digest == digest) {
            return Ok(proof.clone());
        }
        let submitted = self.submitted.lock();
        let found = submitted.iter().find(|submission| digest_of(submission) == digest);
        let found = found.ok_or_else(|| DoorError::new(Code::UnknownOperation, ""))?;
        let content_hash = keccak256(&found.operation.payload);
        Ok(OperationProof {
            operation_digest: digest,
            source: Address::ZERO,
            operation_type: B256::ZERO,
            content_hash,
            time: NOW_S,
            siblings: Vec::new(),
            root: B256::ZERO,
            chain: ChainName("main".to_owned()),
            recorded: locator(content_hash),
            proof: None,
        })
    }
}

/// A journal in memory, which may be out of reach.
#[derive(Default)]
struct Looks {
    entries: Mutex<Vec<HistoryEntry>>,
    is_unreachable: AtomicBool,
}

#[async_trait]
impl Journal for Looks {
    async fn record(&self, entry: HistoryEntry) -> DoorResult<()> {
        if self.is_unreachable.load(Ordering::Relaxed) {
            return Err(DoorError::new(Code::DatabaseUnreachable, ""));
        }
        self.entries.lock().push(entry);
        Ok(())
    }

    async fn entries(&self, _: &EventFilter) -> DoorResult<Vec<HistoryEntry>> {
        Ok(self.entries.lock().clone())
    }

    async fn accesses(&self, _: &str, _: Option<Address>, _: usize) -> DoorResult<Vec<HistoryEntry>> {
        Ok(Vec::new())
    }
}

/// Everybody is a member but these.
#[derive(Default)]
struct Roll(Mutex<Vec<(Address, Authorization)>>);

#[async_trait]
impl Members for Roll {
    async fn standing(&self, of: Correspondent, _: UnixSeconds) -> DoorResult<Authorization> {
        let listed = self.0.lock().iter().find(|(address, _)| *address == of.address).map(|(_, standing)| *standing);
        Ok(listed.unwrap_or(Authorization::Authorized))
    }
}

struct Office {
    _folder: TempDir,
    desk: Desk,
    door: Arc<Door>,
    roll: Arc<Roll>,
    looks: Arc<Looks>,
    now_s: Arc<AtomicU64>,
    sender: PersonKeys,
    receiver: PersonKeys,
    stranger: PersonKeys,
}

fn person(index: u32) -> PersonKeys {
    let phrase = [
        "test test test test test test test test test test test junk",
        "legal winner thank year wave sausage worth useful legal winner thank yellow",
        "letter advice cage absurd amount doctor acoustic avoid letter advice cage above",
    ];
    PersonKeys::from_phrase(phrase[index as usize]).unwrap()
}

fn office() -> Office {
    office_of(Cities::default())
}

/// An office of a city that lists others.
fn office_of(cities: Cities) -> Office {
    let folder = tempfile::tempdir().unwrap();
    let (door, roll, looks) = (Arc::new(Door::default()), Arc::new(Roll::default()), Arc::new(Looks::default()));
    let now_s = Arc::new(AtomicU64::new(NOW_S));
    let clock = Arc::clone(&now_s);
    let desk = Desk::new(Parts {
        mailbox: Arc::new(Mailbox::open(folder.path()).unwrap()),
        r2d: door.clone(),
        members: roll.clone(),
        journal: looks.clone(),
        cities,
        chain: ChainName("main".to_owned()),
        chain_id: CHAIN_ID,
        genesis: GENESIS,
        trusted: Some(MadeCity::new(0x9e).chain()),
        clock: Arc::new(move || clock.load(Ordering::Relaxed) * 1000),
    });
    let (sender, receiver, stranger) = (person(0), person(1), person(2));
    Office { _folder: folder, desk, door, roll, looks, now_s, sender, receiver, stranger }
}

fn actor(keys: &PersonKeys) -> Actor {
    Actor::new(keys.address(), [Role::Source])
}

fn of(organization: &str, keys: &PersonKeys) -> Correspondent {
    Correspondent { organization: OrganizationCode::parse(organization).unwrap(), address: keys.address() }
}

fn sign<S: Statement>(keys: &PersonKeys, stated: &Stated<S>) -> Bytes {
    Bytes::from(keys.sign_digest(stated.digest()).unwrap().to_vec())
}

impl Office {
    fn head(&self) -> Head {
        Head {
            version: VERSION,
            chain_id: CHAIN_ID,
            genesis: Some(GENESIS),
            to_city: None,
            from: of("SENDER-1", &self.sender),
            to: of("RECEIVER-1", &self.receiver),
            sent: UnixSeconds(NOW_S),
            in_reply_to: None,
        }
    }

    fn sealed(&self, head: Head) -> Sealed {
        let content = Content { subject: String::new(), media_type: "text/plain".into(), bytes: b"text".to_vec() };
        let (receiver, sender) = (self.receiver.encryption_public_key(), self.sender.encryption_public_key());
        envelope::seal(head, &content, &receiver, &sender).unwrap()
    }

    async fn send(&self, sealed: &Sealed) -> DoorResult<Shown> {
        let signature = sign(&self.sender, &sealed.deposit);
        self.desk.send(&actor(&self.sender), &sealed.deposit.text, signature, &sealed.envelope).await
    }

    async fn refused(&self, head: Head) -> Code {
        let code = self.send(&self.sealed(head)).await.unwrap_err().code();
        assert!(self.door.submitted.lock().is_empty(), "a refused message reaches no chain");
        code
    }

    fn acknowledgement(&self, sealed: &Sealed, received: u64) -> Stated<Acknowledgement> {
        Stated::write(Acknowledgement {
            version: VERSION,
            chain_id: CHAIN_ID,
            genesis: Some(GENESIS),
            message: sealed.deposit.id(),
            deposit: sealed.deposit.digest(),
            by: of("RECEIVER-1", &self.receiver),
            received: UnixSeconds(received),
        })
        .unwrap()
    }

    async fn acknowledge(&self, by: &PersonKeys, id: B256, stated: &Stated<Acknowledgement>) -> DoorResult<Shown> {
        self.desk.acknowledge(&actor(by), id, &stated.text, sign(by, stated)).await
    }

    async fn received(&self, keys: &PersonKeys) -> usize {
        self.desk.list(&actor(keys), Side::Received, 0, 10).await.unwrap().len()
    }
}

// M-MON-2, MSG-17: before somebody has a message it is written down who, when, which, and by which right; nothing of what it says.
#[tokio::test]
async fn who_is_given_a_message_is_in_the_journal_first() {
    let office = office();
    let sealed = office.sealed(office.head());
    let id = office.send(&sealed).await.unwrap().id;
    assert!(office.desk.fetch(&actor(&office.stranger), id).await.is_err());
    assert!(office.looks.entries.lock().is_empty(), "whoever was refused has been given nothing");
    for (keys, right) in [(&office.receiver, Right::Named), (&office.sender, Right::OwnData)] {
        office.desk.fetch(&actor(keys), id).await.unwrap();
        let entry = office.looks.entries.lock().pop().unwrap();
        assert_eq!((entry.happening, entry.name.as_str()), (Happening::Accessed, "messages.fetch"));
        assert_eq!((entry.by, entry.subject), (Some(keys.address()), id.to_string()));
        assert_eq!((entry.time_ms, entry.right), (NOW_S * 1000, Some(right)));
    }
    office.looks.is_unreachable.store(true, Ordering::Relaxed);
    let refused = office.desk.fetch(&actor(&office.receiver), id).await.unwrap_err();
    assert_eq!(refused.code(), Code::DatabaseUnreachable, "what cannot be written down is not given");
}

// S-NET, MSG-4, MSG-6
#[tokio::test]
async fn a_message_is_seen_by_its_two_sides_alone_and_is_deposited_once() {
    let office = office();
    let sealed = office.sealed(office.head());
    let id = sealed.deposit.id();
    let shown = office.send(&sealed).await.unwrap();
    assert_eq!((shown.id, shown.record.place), (id, Some(1)));
    assert_eq!(office.send(&sealed).await.unwrap().record, shown.record);
    assert_eq!(office.door.submitted.lock().len(), 1);
    assert_eq!(office.door.submitted.lock()[0].operation.payload[..], *sealed.deposit.text.as_bytes());
    for keys in [&office.sender, &office.receiver] {
        let (_, envelope) = office.desk.fetch(&actor(keys), id).await.unwrap();
        assert_eq!(envelope.as_deref(), Some(sealed.envelope.as_str()));
    }
    let stranger = actor(&office.stranger);
    assert_eq!(office.desk.fetch(&stranger, id).await.unwrap_err().code(), Code::UnknownMessage);
    assert_eq!(office.desk.proof(&stranger, id).await.unwrap_err().code(), Code::UnknownMessage);
    assert_eq!(office.desk.fetch(&Actor::public(), id).await.unwrap_err().code(), Code::AuthenticationRequired);
    assert_eq!((office.received(&office.receiver).await, office.received(&office.stranger).await), (1, 0));
}

// MSG-1, MSG-7
#[tokio::test]
async fn what_was_not_signed_for_this_by_its_sender_is_refused() {
    let office = office();
    let head = || office.head();
    assert_eq!(office.refused(Head { chain_id: 1, ..head() }).await, Code::WrongChain);
    // Another city whose chain has the same id, and what names no genesis at all.
    let other = Some(B256::repeat_byte(1));
    assert_eq!(office.refused(Head { genesis: other, ..head() }).await, Code::WrongChain);
    let first = Head { version: VERSION_WITHOUT_GENESIS, genesis: None, ..head() };
    assert_eq!(office.refused(first).await, Code::WrongChain);
    assert_eq!(office.refused(Head { from: of("SENDER-1", &office.stranger), ..head() }).await, Code::SignatureInvalid);
    let late = UnixSeconds(NOW_S - MAX_AGE_S - 1);
    assert_eq!(office.refused(Head { sent: late, ..head() }).await, Code::OperationExpired);
    let early = UnixSeconds(NOW_S + MAX_CLOCK_SKEW_S + 1);
    assert_eq!(office.refused(Head { sent: early, ..head() }).await, Code::ClockSkew);
    assert_eq!(office.refused(Head { to: head().from, ..head() }).await, Code::MalformedRequest);

    let sealed = office.sealed(head());
    let by_stranger = sign(&office.stranger, &sealed.deposit);
    let sent = office.desk.send(&actor(&office.sender), &sealed.deposit.text, by_stranger, &sealed.envelope).await;
    assert_eq!(sent.unwrap_err().code(), Code::SignatureInvalid);
    let signature = sign(&office.sender, &sealed.deposit);
    let other = office.sealed(head()).envelope;
    let sent = office.desk.send(&actor(&office.sender), &sealed.deposit.text, signature, &other).await;
    assert_eq!(sent.unwrap_err().code(), Code::MalformedRequest);
    assert!(office.door.submitted.lock().is_empty());
}

// MSG-7
#[tokio::test]
async fn only_keys_in_force_exchange_messages() {
    for (of_sender, standing, code) in [
        (true, Authorization::NotAuthorized, Code::RoleRequired),
        (true, Authorization::KeyEnded, Code::KeyRotated),
        (true, Authorization::OrganizationSuspended, Code::OrganizationSuspended),
        (true, Authorization::UnknownOrganization, Code::UnknownOrganization),
        (false, Authorization::NotAuthorized, Code::UnknownAddress),
        (false, Authorization::KeyEnded, Code::UnknownAddress),
        (false, Authorization::UnknownOrganization, Code::UnknownOrganization),
    ] {
        let office = office();
        let address = if of_sender { office.sender.address() } else { office.receiver.address() };
        office.roll.0.lock().push((address, standing));
        assert_eq!(office.refused(office.head()).await, code, "{standing:?}");
    }
}

// MSG-5, MSG-6
#[tokio::test]
async fn a_message_that_the_chain_did_not_take_yet_is_seen_by_nobody_and_goes_on_when_it_comes_again() {
    let office = office();
    let sealed = office.sealed(office.head());
    *office.door.refuses.lock() = Some(Code::NotFinalYet);
    assert_eq!(office.send(&sealed).await.unwrap_err().code(), Code::NotFinalYet);
    assert_eq!(office.received(&office.receiver).await, 0);
    let unseen = office.desk.fetch(&actor(&office.receiver), sealed.deposit.id()).await;
    assert_eq!(unseen.unwrap_err().code(), Code::UnknownMessage);
    *office.door.refuses.lock() = None;
    office.send(&sealed).await.unwrap();
    assert_eq!(office.received(&office.receiver).await, 1);
    // What was refused for good leaves nothing.
    let refused = office.sealed(office.head());
    *office.door.refuses.lock() = Some(Code::RoleRequired);
    assert_eq!(office.send(&refused).await.unwrap_err().code(), Code::RoleRequired);
    assert!(office.desk.0.mailbox.record(refused.deposit.id()).unwrap().is_none());
}

// MSG-6, MSG-8
#[tokio::test]
async fn its_receiver_alone_acknowledges_a_message_and_once() {
    let office = office();
    let sealed = office.sealed(office.head());
    let id = sealed.deposit.id();
    office.send(&sealed).await.unwrap();
    let stated = office.acknowledgement(&sealed, NOW_S);
    let by_sender = office.acknowledge(&office.sender, id, &stated).await;
    assert_eq!(by_sender.unwrap_err().code(), Code::NotYourMessage);
    let by_stranger = office.acknowledge(&office.stranger, id, &stated).await;
    assert_eq!(by_stranger.unwrap_err().code(), Code::UnknownMessage);
    let other = office.acknowledgement(&office.sealed(office.head()), NOW_S);
    let of_other = office.acknowledge(&office.receiver, id, &other).await;
    assert_eq!(of_other.unwrap_err().code(), Code::MalformedRequest);
    let old = office.acknowledgement(&sealed, NOW_S - MAX_AGE_S - 1);
    let too_old = office.acknowledge(&office.receiver, id, &old).await;
    assert_eq!(too_old.unwrap_err().code(), Code::OperationExpired);
    office.roll.0.lock().push((office.receiver.address(), Authorization::KeyEnded));
    let ended = office.acknowledge(&office.receiver, id, &stated).await;
    assert_eq!(ended.unwrap_err().code(), Code::KeyRotated);
    office.roll.0.lock().clear();
    assert_eq!(office.door.submitted.lock().len(), 1);

    let shown = office.acknowledge(&office.receiver, id, &stated).await.unwrap();
    assert!(shown.record.is_acknowledged());
    let again = office.acknowledgement(&sealed, NOW_S + 1);
    assert_eq!(office.acknowledge(&office.receiver, id, &again).await.unwrap().record, shown.record);
    assert_eq!(office.door.submitted.lock().len(), 2);
}

// M-ACQ: what is recorded follows its declared format.
#[test]
fn statements_follow_their_formats() {
    let chain = ChainName("main".to_owned());
    let formats = data_formats(&chain).unwrap();
    let names: Vec<&str> = formats.iter().map(|format| format.id.0.as_str()).collect();
    assert_eq!(names, [Deposit::FORMAT, Acknowledgement::FORMAT]);
    let versions: Vec<u32> = formats.iter().map(|format| format.version).collect();
    assert_eq!(versions, [crate::statement::VERSION_BETWEEN_CITIES, VERSION], "each with its newest statement");
    let office = office();
    let sealed = office.sealed(office.head());
    let texts = [sealed.deposit.text.clone(), office.acknowledgement(&sealed, NOW_S).text];
    for (format, text) in formats.iter().zip(texts) {
        let members: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text).unwrap();
        for name in format.schema["required"].as_array().unwrap() {
            assert!(members.contains_key(name.as_str().unwrap()), "{name}");
        }
        assert_eq!(format.schema["required"].as_array().unwrap().len(), members.len());
    }
}
