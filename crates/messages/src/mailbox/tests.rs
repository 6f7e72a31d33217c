#![allow(clippy::unwrap_used)]

use chancery_primitives::{OrganizationCode, UnixSeconds};
use chancery_reference_points::{hash_place::place_of, operation::ChainName};
use tempfile::TempDir;

use super::*;
use crate::{
    limits::{MAX_BYTES_OF_SENDER, MAX_WAITING_OF_SENDER},
    statement::{Correspondent, Head, VERSION},
};

const NOW: u64 = 1_800_000_000;
const RECEIVER: Address = Address::repeat_byte(2);
const DAY_S: u64 = 24 * 60 * 60;

fn deposit(number: u64, from: Address) -> Stated<Deposit> {
    deposit_of("ONE", number, from)
}

fn deposit_of(organization: &str, number: u64, from: Address) -> Stated<Deposit> {
    let of = |address| Correspondent { organization: OrganizationCode::parse(organization).unwrap(), address };
    let head = Head {
        version: VERSION,
        chain_id: 7100,
        genesis: Some(B256::repeat_byte(0x9e)),
        to_city: None,
        from: of(from),
        to: of(RECEIVER),
        sent: UnixSeconds(NOW),
        in_reply_to: None,
    };
    let sealed_hash = B256::from(alloy_primitives::U256::from(number));
    Stated::write(Deposit { head, sealed_hash, sealed_bytes: 4, sealed_to: "key".to_owned() }).unwrap()
}

fn sender(number: u8) -> Address {
    Address::repeat_byte(number)
}

fn recorded() -> TransactionLocator {
    TransactionLocator {
        chain: ChainName("main".to_owned()),
        tx_hash: B256::repeat_byte(7),
        block_number: 3,
        block_hash: B256::repeat_byte(8),
    }
}

fn open() -> (TempDir, Mailbox) {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = Mailbox::open(folder.path()).unwrap();
    (folder, mailbox)
}

fn keep(mailbox: &Mailbox, deposit: &Stated<Deposit>, now: u64) -> Result<Record, MailboxError> {
    let signature = Bytes::from_static(b"signature");
    mailbox.keep(&Incoming { deposit, signature: &signature, envelope: "text", now })
}

fn places(mailbox: &Mailbox, side: Side, address: Address) -> Vec<u64> {
    let found = mailbox.list(side, address, 0, 100).unwrap();
    found.into_iter().map(|(_, record)| record.place.unwrap()).collect()
}

// MSG-5, MSG-6
#[test]
fn a_message_is_one_however_often_it_comes_and_over_a_restart() {
    let (folder, mailbox) = open();
    let message = deposit(1, sender(1));
    let first = keep(&mailbox, &message, NOW).unwrap();
    assert_eq!(keep(&mailbox, &message, NOW + 5).unwrap(), first);
    assert_eq!(places(&mailbox, Side::Received, RECEIVER), Vec::<u64>::new(), "not before its deposit is final");
    let visible = mailbox.deposited(message.id(), &recorded()).unwrap();
    assert_eq!(mailbox.deposited(message.id(), &recorded()).unwrap(), visible);
    drop(mailbox);
    let mailbox = Mailbox::open(folder.path()).unwrap();
    assert_eq!(keep(&mailbox, &message, NOW + 9).unwrap(), visible);
    assert_eq!(mailbox.envelope(message.id()).unwrap().as_deref(), Some("text"));
    assert_eq!(places(&mailbox, Side::Received, RECEIVER), [1]);
    assert_eq!(places(&mailbox, Side::Sent, sender(1)), [1]);
    let next = deposit(2, sender(1));
    keep(&mailbox, &next, NOW).unwrap();
    assert_eq!(mailbox.deposited(next.id(), &recorded()).unwrap().place, Some(2), "places go on");
}

// MSG-4
#[test]
fn each_side_sees_its_own_in_order_and_page_by_page() {
    let (_folder, mailbox) = open();
    let messages: Vec<_> = (1..=5).map(|number| deposit(number, sender(1 + 2 * (number % 2) as u8))).collect();
    for message in &messages {
        keep(&mailbox, message, NOW).unwrap();
    }
    // They become visible in another order than they came in.
    for message in messages.iter().rev() {
        mailbox.deposited(message.id(), &recorded()).unwrap();
    }
    assert_eq!(places(&mailbox, Side::Received, RECEIVER), [1, 2, 3, 4, 5]);
    assert_eq!(places(&mailbox, Side::Sent, sender(3)), [1, 3, 5]);
    assert_eq!(places(&mailbox, Side::Sent, sender(1)), [2, 4]);
    assert_eq!(places(&mailbox, Side::Sent, RECEIVER), Vec::<u64>::new());
    assert_eq!(places(&mailbox, Side::Received, sender(1)), Vec::<u64>::new());
    let page = mailbox.list(Side::Received, RECEIVER, 2, 2).unwrap();
    assert_eq!(page.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [messages[2].id(), messages[1].id()]);
}

// MSG-6
#[test]
fn the_first_acknowledgement_counts() {
    let (_folder, mailbox) = open();
    let message = deposit(1, sender(1));
    let id = message.id();
    keep(&mailbox, &message, NOW).unwrap();
    let early = mailbox.acknowledge(id, "one", &Bytes::new(), NOW);
    assert!(matches!(early, Err(MailboxError::Unknown)), "nobody has seen it yet");
    mailbox.deposited(id, &recorded()).unwrap();
    mailbox.acknowledge(id, "one", &Bytes::new(), NOW).unwrap();
    let second = mailbox.acknowledge(id, "two", &Bytes::new(), NOW).unwrap();
    assert_eq!(second.acknowledgement.unwrap().text, "one");
    // One that was refused makes room for another; a final one stays.
    mailbox.forget_acknowledgement(id).unwrap();
    mailbox.acknowledge(id, "three", &Bytes::new(), NOW).unwrap();
    assert!(mailbox.acknowledged(id, &recorded(), NOW).unwrap().is_acknowledged());
    mailbox.forget_acknowledgement(id).unwrap();
    let last = mailbox.acknowledge(id, "four", &Bytes::new(), NOW).unwrap();
    assert_eq!(last.acknowledgement.unwrap().text, "three");
}

// MSG-9
#[test]
fn one_sender_fills_its_share_and_an_acknowledgement_frees_a_place() {
    let (_folder, mailbox) = open();
    let messages: Vec<_> = (0..=MAX_WAITING_OF_SENDER).map(|number| deposit(number, sender(1))).collect();
    let (last, fitting) = messages.split_last().unwrap();
    for message in fitting {
        keep(&mailbox, message, NOW).unwrap();
    }
    let full = keep(&mailbox, last, NOW).unwrap_err();
    assert!(
        matches!(full, MailboxError::Full { waiting: MAX_WAITING_OF_SENDER, limit: MAX_WAITING_OF_SENDER }),
        "{full}"
    );
    keep(&mailbox, &deposit_of("TWO", 0, sender(3)), NOW).unwrap();
    // What was refused for good makes room, once.
    mailbox.forget(fitting[0].id()).unwrap();
    mailbox.forget(fitting[0].id()).unwrap();
    keep(&mailbox, last, NOW).unwrap();
    assert!(matches!(keep(&mailbox, &fitting[0], NOW), Err(MailboxError::Full { .. })));
    let id = fitting[1].id();
    mailbox.deposited(id, &recorded()).unwrap();
    mailbox.forget(id).unwrap();
    assert!(mailbox.record(id).unwrap().is_some(), "what is deposited is not given up");
    mailbox.acknowledge(id, "one", &Bytes::new(), NOW).unwrap();
    for _ in 0..2 {
        mailbox.acknowledged(id, &recorded(), NOW).unwrap();
    }
    keep(&mailbox, &fitting[0], NOW).unwrap();
    assert!(matches!(keep(&mailbox, &deposit(9_999, sender(1)), NOW), Err(MailboxError::Full { .. })));
}

// MSG-9
#[test]
fn an_acknowledged_envelope_goes_after_thirty_days_and_what_waits_stays() {
    let (_folder, mailbox) = open();
    let (undeposited, read, waiting) = (deposit(1, sender(1)), deposit(2, sender(1)), deposit(3, sender(1)));
    for message in [&undeposited, &read, &waiting] {
        keep(&mailbox, message, NOW).unwrap();
    }
    for message in [&read, &waiting] {
        mailbox.deposited(message.id(), &recorded()).unwrap();
    }
    mailbox.acknowledge(read.id(), "one", &Bytes::new(), NOW).unwrap();
    mailbox.acknowledged(read.id(), &recorded(), NOW).unwrap();
    let is_there = |message: &Stated<Deposit>| mailbox.envelope(message.id()).unwrap().is_some();
    keep(&mailbox, &deposit(4, sender(3)), NOW + 30 * DAY_S).unwrap();
    assert_eq!([&undeposited, &read, &waiting].map(is_there), [true, true, true]);
    keep(&mailbox, &deposit(5, sender(3)), NOW + 30 * DAY_S + 1).unwrap();
    // Whether a block has it, the chain alone can say: age deletes no message that may be provable.
    assert_eq!([&undeposited, &read, &waiting].map(is_there), [true, false, true]);
    assert!(mailbox.record(read.id()).unwrap().unwrap().is_acknowledged(), "its statements stay");
}

// MSG-5
#[test]
fn what_waits_for_a_block_is_listed_until_it_has_one() {
    let (_folder, mailbox) = open();
    let messages: Vec<_> = (0..3).map(|number| deposit(number, sender(1))).collect();
    for (message, now) in messages.iter().zip(NOW..) {
        keep(&mailbox, message, now).unwrap();
    }
    let pending = |what, after, limit| -> Vec<B256> {
        mailbox.pending(what, after, limit).unwrap().into_iter().map(|(_, id)| id).collect()
    };
    let ids: Vec<B256> = messages.iter().map(Stated::id).collect();
    assert_eq!(pending(Pending::Deposit, None, 2), ids[..2]);
    assert_eq!(pending(Pending::Deposit, Some((NOW + 1, ids[1])), 2), ids[2..]);
    mailbox.deposited(ids[0], &recorded()).unwrap();
    mailbox.forget(ids[1]).unwrap();
    assert_eq!(pending(Pending::Deposit, None, 9), ids[2..]);
    for _ in 0..2 {
        mailbox.acknowledge(ids[0], "one", &Bytes::new(), NOW).unwrap();
        assert_eq!(pending(Pending::Acknowledgement, None, 9), ids[..1]);
        mailbox.forget_acknowledgement(ids[0]).unwrap();
        assert!(pending(Pending::Acknowledgement, None, 9).is_empty());
    }
    mailbox.acknowledge(ids[0], "one", &Bytes::new(), NOW).unwrap();
    mailbox.acknowledged(ids[0], &recorded(), NOW).unwrap();
    assert!(pending(Pending::Acknowledgement, None, 9).is_empty());
}

// MSG-9
#[test]
fn bytes_are_counted_until_they_are_gone_from_the_disk() {
    let (_folder, mailbox) = open();
    let message = deposit(1, sender(1));
    let id = message.id();
    let store = mailbox.reading().unwrap();
    let fits = |bytes| Usage::default().take(&store, Route::Within, &message.statement.head, bytes).is_ok();
    assert_eq!((fits(MAX_BYTES_OF_SENDER), fits(MAX_BYTES_OF_SENDER + 1)), (true, false));
    keep(&mailbox, &message, NOW).unwrap();
    assert_eq!((fits(MAX_BYTES_OF_SENDER - 4), fits(MAX_BYTES_OF_SENDER - 3)), (true, false));
    mailbox.deposited(id, &recorded()).unwrap();
    mailbox.acknowledge(id, "one", &Bytes::new(), NOW).unwrap();
    mailbox.acknowledged(id, &recorded(), NOW).unwrap();
    assert!(!fits(MAX_BYTES_OF_SENDER - 3), "the envelope is on disk for a month more");
    mailbox.sweep(NOW + 30 * DAY_S + 1).unwrap();
    assert!(fits(MAX_BYTES_OF_SENDER));
}

// MSG-18
#[test]
fn all_names_are_gone_through_page_by_page() {
    let (_folder, mailbox) = open();
    let mut ids: Vec<B256> = (0..7).map(|number| deposit(number, sender(1)).id()).collect();
    for number in 0..7 {
        keep(&mailbox, &deposit(number, sender(1)), NOW).unwrap();
    }
    ids.sort();
    let (mut found, mut next) = (Vec::new(), 0);
    loop {
        let page = mailbox.names(next, 3).unwrap();
        assert!(page.len() <= 3);
        let Some(last) = page.last() else { break };
        next = place_of(*last) + 1;
        found.extend(page);
    }
    assert_eq!(found, ids);
    assert_eq!(mailbox.names(1 << 48, 3).unwrap(), Vec::<B256>::new());
    assert_eq!(mailbox.visible_count().unwrap(), 0);
    mailbox.deposited(ids[0], &recorded()).unwrap();
    assert_eq!(mailbox.visible_count().unwrap(), 1);
    let kept = mailbox.kept(ids[0]).unwrap().unwrap();
    assert!(kept.is_listed && kept.envelope.as_deref() == Some(b"text".as_slice()));
}

// MSG-9
#[test]
fn an_organization_has_one_share_whatever_keys_it_has() {
    let (_folder, mailbox) = open();
    for number in 0..MAX_WAITING_OF_SENDER {
        keep(&mailbox, &deposit(number, sender(3 + (number % 2) as u8)), NOW).unwrap();
    }
    assert!(matches!(keep(&mailbox, &deposit(0, sender(9)), NOW), Err(MailboxError::Full { .. })));
    keep(&mailbox, &deposit_of("TWO", 0, sender(9)), NOW).unwrap();
}

// MSG-9
#[test]
fn a_message_that_is_refused_leaves_the_room_that_was_made_before_it() {
    let (_folder, mailbox) = open();
    let messages: Vec<_> = (0..=MAX_WAITING_OF_SENDER).map(|number| deposit(number, sender(1))).collect();
    for message in messages.iter().take(200) {
        keep(&mailbox, message, NOW).unwrap();
    }
    let id = messages[0].id();
    mailbox.deposited(id, &recorded()).unwrap();
    mailbox.acknowledge(id, "one", &Bytes::new(), NOW).unwrap();
    mailbox.acknowledged(id, &recorded(), NOW).unwrap();
    keep(&mailbox, &messages[200], NOW).unwrap();
    let refused = keep(&mailbox, &deposit(9_999, sender(1)), NOW + 30 * DAY_S + 1);
    assert!(matches!(refused, Err(MailboxError::Full { .. })));
    assert_eq!(mailbox.envelope(id).unwrap(), None);
}

// MSG-5, MSG-6, STORE-1, STORE-2
#[test]
fn after_a_write_that_failed_the_store_is_opened_anew_with_everything_that_was_kept() {
    let (folder, mailbox) = open();
    let (first, second) = (deposit(1, sender(1)), deposit(2, sender(1)));
    keep(&mailbox, &first, NOW).unwrap();
    let kept = mailbox.deposited(first.id(), &recorded()).unwrap();
    // What can be read of the journal may be on no disk.
    let journals = || -> Vec<u64> {
        use std::os::unix::fs::MetadataExt as _;
        let files = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap());
        let journals = files.filter(|file| file.path().extension().is_some_and(|extension| extension == "jnl"));
        journals.map(|file| file.metadata().unwrap().ino()).collect()
    };
    let before = journals();
    mailbox.standing.failed(&"as if a sync had failed");
    assert!(matches!(keep(&mailbox, &second, NOW), Err(MailboxError::Stands)), "not before the pause is over");
    assert_eq!(mailbox.record(first.id()).unwrap().as_ref(), Some(&kept), "it is read meanwhile");
    while mailbox.standing.waits() {
        std::thread::yield_now();
    }
    assert_eq!(keep(&mailbox, &first, NOW).unwrap(), kept, "the same message is one");
    assert!(!mailbox.standing.stands());
    assert!(!before.is_empty() && journals().iter().all(|file| !before.contains(file)), "it was written anew");
    keep(&mailbox, &second, NOW).unwrap();
    mailbox.deposited(second.id(), &recorded()).unwrap();
    drop(mailbox);
    let mailbox = Mailbox::open(folder.path()).unwrap();
    assert_eq!(places(&mailbox, Side::Received, RECEIVER), [1, 2]);
    assert_eq!(mailbox.envelope(first.id()).unwrap().as_deref(), Some("text"));
}
