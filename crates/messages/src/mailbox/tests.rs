#![allow(clippy::unwrap_used)]

use chancery_primitives::{OrganizationCode, UnixSeconds};
use chancery_reference_points::operation::ChainName;
use tempfile::TempDir;

use super::*;
use crate::statement::{Correspondent, Head, VERSION};

const NOW: u64 = 1_800_000_000;
const RECEIVER: Address = Address::repeat_byte(2);
const DAY_S: u64 = 24 * 60 * 60;

fn deposit(number: u64, from: Address) -> Stated<Deposit> {
    let of = |address| Correspondent { organization: OrganizationCode::parse("ONE").unwrap(), address };
    let head = Head {
        version: VERSION,
        chain_id: 7100,
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
    let early = mailbox.acknowledge(id, "one", &Bytes::new());
    assert!(matches!(early, Err(MailboxError::Unknown)), "nobody has seen it yet");
    mailbox.deposited(id, &recorded()).unwrap();
    mailbox.acknowledge(id, "one", &Bytes::new()).unwrap();
    let second = mailbox.acknowledge(id, "two", &Bytes::new()).unwrap();
    assert_eq!(second.acknowledgement.unwrap().text, "one");
    // One that was refused makes room for another; a final one stays.
    mailbox.forget_acknowledgement(id).unwrap();
    mailbox.acknowledge(id, "three", &Bytes::new()).unwrap();
    assert!(mailbox.acknowledged(id, &recorded(), NOW).unwrap().is_acknowledged());
    mailbox.forget_acknowledgement(id).unwrap();
    let last = mailbox.acknowledge(id, "four", &Bytes::new()).unwrap();
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
    keep(&mailbox, &deposit(0, sender(3)), NOW).unwrap();
    // What was refused for good makes room, once.
    mailbox.forget(fitting[0].id()).unwrap();
    mailbox.forget(fitting[0].id()).unwrap();
    keep(&mailbox, last, NOW).unwrap();
    assert!(matches!(keep(&mailbox, &fitting[0], NOW), Err(MailboxError::Full { .. })));
    let id = fitting[1].id();
    mailbox.deposited(id, &recorded()).unwrap();
    mailbox.forget(id).unwrap();
    assert!(mailbox.record(id).unwrap().is_some(), "what is deposited is not given up");
    mailbox.acknowledge(id, "one", &Bytes::new()).unwrap();
    for _ in 0..2 {
        mailbox.acknowledged(id, &recorded(), NOW).unwrap();
    }
    keep(&mailbox, &fitting[0], NOW).unwrap();
    assert!(matches!(keep(&mailbox, &deposit(9_999, sender(1)), NOW), Err(MailboxError::Full { .. })));
}

// MSG-9
#[test]
fn what_was_never_deposited_goes_after_a_day_and_an_acknowledged_envelope_after_thirty() {
    let (_folder, mailbox) = open();
    let (given_up, read, waiting) = (deposit(1, sender(1)), deposit(2, sender(1)), deposit(3, sender(1)));
    for message in [&given_up, &read, &waiting] {
        keep(&mailbox, message, NOW).unwrap();
    }
    for message in [&read, &waiting] {
        mailbox.deposited(message.id(), &recorded()).unwrap();
    }
    mailbox.acknowledge(read.id(), "one", &Bytes::new()).unwrap();
    mailbox.acknowledged(read.id(), &recorded(), NOW).unwrap();
    let is_there = |message: &Stated<Deposit>| mailbox.envelope(message.id()).unwrap().is_some();
    keep(&mailbox, &deposit(4, sender(3)), NOW + DAY_S).unwrap();
    assert_eq!([&given_up, &read, &waiting].map(is_there), [true, true, true]);
    keep(&mailbox, &deposit(5, sender(3)), NOW + DAY_S + 1).unwrap();
    assert_eq!([&given_up, &read, &waiting].map(is_there), [false, true, true]);
    assert!(mailbox.record(given_up.id()).unwrap().is_none());
    assert!(matches!(mailbox.deposited(given_up.id(), &recorded()), Err(MailboxError::Unknown)));
    keep(&mailbox, &deposit(6, sender(3)), NOW + 30 * DAY_S + 1).unwrap();
    assert_eq!([&read, &waiting].map(is_there), [false, true]);
    assert!(mailbox.record(read.id()).unwrap().unwrap().is_acknowledged(), "its statements stay");
}
