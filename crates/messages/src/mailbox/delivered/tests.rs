#![allow(clippy::unwrap_used)]

use alloy_primitives::{Address, Bytes};
use chancery_primitives::{OrganizationCode, UnixSeconds};
use chancery_reference_points::operation::ChainName;

use super::*;
use crate::{
    limits::{
        KEPT_AFTER_ACKNOWLEDGEMENT_S, KEPT_OUTGOING_S, MAX_OUTGOING, MAX_WAITING, MAX_WAITING_OF_CITY,
        MAX_WAITING_OF_CITY_FOR_ONE, MAX_WAITING_OF_SENDER,
    },
    statement::{City, Correspondent, Deposit, Head, Stated, VERSION_BETWEEN_CITIES},
};

const NOW: u64 = 1_800_000_000;
const SENDER: Address = Address::repeat_byte(1);

fn receiver(number: u64) -> Address {
    Address::from_word(B256::from(alloy_primitives::U256::from(1_000 + number)))
}

/// A message from one city to another.
fn deposit(city: u8, organization: &str, to: Address, number: u64) -> Stated<Deposit> {
    let of = |address| Correspondent { organization: OrganizationCode::parse(organization).unwrap(), address };
    let head = Head {
        version: VERSION_BETWEEN_CITIES,
        chain_id: 7100,
        genesis: Some(B256::repeat_byte(city)),
        to_city: Some(City { chain_id: 7100, genesis: B256::repeat_byte(0x99) }),
        from: of(SENDER),
        to: of(to),
        sent: UnixSeconds(NOW),
        in_reply_to: None,
    };
    let sealed_hash = B256::from(alloy_primitives::U256::from(number));
    Stated::write(Deposit { head, sealed_hash, sealed_bytes: 4, sealed_to: "key".to_owned() }).unwrap()
}

fn recorded() -> TransactionLocator {
    TransactionLocator {
        chain: ChainName("north".to_owned()),
        tx_hash: B256::repeat_byte(7),
        block_number: 3,
        block_hash: B256::repeat_byte(8),
    }
}

fn take(mailbox: &Mailbox, deposit: &Stated<Deposit>) -> Result<Record, MailboxError> {
    let signature = Bytes::from_static(b"signature");
    let incoming = Incoming { deposit, signature: &signature, envelope: "text", now: NOW };
    mailbox.keep_delivered(&incoming, &recorded(), b"proof")
}

fn is_full(taken: Result<Record, MailboxError>) -> bool {
    matches!(taken, Err(MailboxError::Full { .. }))
}

// MSG-5, MSG-6, MSG-12
#[test]
fn a_delivered_message_is_visible_once_and_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = Mailbox::open(folder.path()).unwrap();
    let message = deposit(1, "ONE", receiver(0), 1);
    let first = take(&mailbox, &message).unwrap();
    assert_eq!((first.place, first.route), (Some(1), Route::FromOtherCity));
    assert_eq!(take(&mailbox, &message).unwrap(), first, "a replay is the same message");
    drop(mailbox);
    let mailbox = Mailbox::open(folder.path()).unwrap();
    assert_eq!(take(&mailbox, &message).unwrap(), first);
    assert_eq!(mailbox.delivery(message.id()).unwrap().as_deref(), Some(&b"proof"[..]));
    assert_eq!(mailbox.envelope(message.id()).unwrap().as_deref(), Some("text"));
    let list = |side, address| mailbox.list(side, address, 0, 10).unwrap().len();
    assert_eq!((list(Side::Received, receiver(0)), list(Side::Sent, SENDER)), (1, 0));
}

// MSG-9, MSG-16: an organization, and a city by many organizations, have a share of one receiver's mailbox; the acknowledgement makes room.
#[test]
fn neither_an_organization_nor_a_city_fills_a_mailbox_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = Mailbox::open(folder.path()).unwrap();
    let mut number = 0;
    let mut next = |city, organization: &str| {
        number += 1;
        let message = deposit(city, organization, receiver(0), number);
        (take(&mailbox, &message), message.id())
    };
    let first = next(1, "ONE").1;
    for _ in 1..MAX_WAITING_OF_SENDER {
        next(1, "ONE").0.unwrap();
    }
    assert!(is_full(next(1, "ONE").0));
    // The organization of the same code in another city is another one.
    next(2, "ONE").0.unwrap();
    for organization in ["TWO", "THREE"] {
        let left = MAX_WAITING_OF_SENDER.min(MAX_WAITING_OF_CITY_FOR_ONE - 2 * MAX_WAITING_OF_SENDER);
        let count = if organization == "TWO" { MAX_WAITING_OF_SENDER } else { left };
        for _ in 0..count {
            next(1, organization).0.unwrap();
        }
    }
    assert!(is_full(next(1, "FOUR").0), "the city has its share");
    next(2, "FOUR").0.unwrap();
    mailbox.acknowledge(first, "one", &Bytes::new(), NOW).unwrap();
    mailbox.acknowledged(first, &recorded(), NOW).unwrap();
    next(1, "FOUR").0.unwrap();
}

// MSG-16: a flood over many receivers, by many organizations.
#[test]
fn a_city_has_a_share_of_all_mailboxes() {
    let folder = tempfile::tempdir().unwrap();
    let mut mailbox = Mailbox::open(folder.path()).unwrap();
    assert_eq!(mailbox.shares.of_city.messages, MAX_WAITING_OF_CITY);
    mailbox.shares.of_city.messages = 3;
    let names = ["ONE", "TWO", "THREE", "FOUR", "FIVE"];
    let message = |city, number: u64| deposit(city, names[number as usize], receiver(number), number);
    for number in 0..3 {
        take(&mailbox, &message(1, number)).unwrap();
    }
    assert!(is_full(take(&mailbox, &message(1, 3))), "another organization to another receiver");
    take(&mailbox, &message(2, 3)).unwrap();
    let first = message(1, 0).id();
    mailbox.acknowledge(first, "one", &Bytes::new(), NOW).unwrap();
    mailbox.acknowledged(first, &recorded(), NOW).unwrap();
    take(&mailbox, &message(1, 3)).unwrap();
    assert!(is_full(take(&mailbox, &message(1, 4))));
}

// MSG-16: all other cities together leave room for the receiver's own.
#[test]
fn other_cities_together_do_not_fill_a_mailbox() {
    let folder = tempfile::tempdir().unwrap();
    let mut mailbox = Mailbox::open(folder.path()).unwrap();
    assert!(mailbox.shares.of_cities_for_one.messages < MAX_WAITING);
    mailbox.shares.of_cities_for_one.messages = 2;
    take(&mailbox, &deposit(1, "ONE", receiver(0), 1)).unwrap();
    take(&mailbox, &deposit(2, "ONE", receiver(0), 2)).unwrap();
    assert!(is_full(take(&mailbox, &deposit(3, "ONE", receiver(0), 3))));
    take(&mailbox, &deposit(3, "ONE", receiver(1), 4)).unwrap();
}

// MSG-9, MSG-16: proofs stay when everything else is freed, so they have a bound of their own, and no organization uses its city's up.
#[test]
fn kept_proofs_have_a_bound_that_no_acknowledgement_frees() {
    let folder = tempfile::tempdir().unwrap();
    let mut mailbox = Mailbox::open(folder.path()).unwrap();
    // `take` brings five bytes of proof.
    (mailbox.shares.proofs_of_sender, mailbox.shares.proofs_of_city) = (10, 15);
    let later = NOW + KEPT_AFTER_ACKNOWLEDGEMENT_S + 1;
    for number in 0..2 {
        let message = deposit(1, "ONE", receiver(number), number);
        take(&mailbox, &message).unwrap();
        mailbox.acknowledge(message.id(), "one", &Bytes::new(), NOW).unwrap();
        mailbox.acknowledged(message.id(), &recorded(), NOW).unwrap();
    }
    mailbox.sweep(later).unwrap();
    assert_eq!(mailbox.envelope(deposit(1, "ONE", receiver(0), 0).id()).unwrap(), None, "the envelope is gone");
    assert!(mailbox.delivery(deposit(1, "ONE", receiver(0), 0).id()).unwrap().is_some(), "the proof is not");
    assert!(is_full(take(&mailbox, &deposit(1, "ONE", receiver(2), 2))));
    take(&mailbox, &deposit(1, "TWO", receiver(0), 3)).unwrap();
    assert!(is_full(take(&mailbox, &deposit(1, "THREE", receiver(0), 4))), "the city has its share");
    take(&mailbox, &deposit(2, "ONE", receiver(0), 5)).unwrap();
}

// MSG-9, MSG-12: what goes to another city is no message of its receiver here; it makes room when it can be delivered no longer.
#[test]
fn what_goes_to_another_city_is_its_senders_alone_and_goes_after_a_week() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = Mailbox::open(folder.path()).unwrap();
    let keep = |number, now| {
        let deposit = deposit(1, "ONE", receiver(0), number);
        let signature = Bytes::from_static(b"signature");
        let incoming = Incoming { deposit: &deposit, signature: &signature, envelope: "text", now };
        mailbox.keep(&incoming).and_then(|_| mailbox.deposited(deposit.id(), &recorded())).map(|_| deposit.id())
    };
    let first = keep(0, NOW).unwrap();
    for number in 1..MAX_OUTGOING {
        keep(number, NOW + 10).unwrap();
    }
    assert!(matches!(keep(MAX_OUTGOING, NOW + 10), Err(MailboxError::Full { limit: MAX_OUTGOING, .. })));
    let list = |side, address| mailbox.list(side, address, 0, 10).unwrap().len();
    assert_eq!((list(Side::Received, receiver(0)), list(Side::Sent, SENDER)), (0, 10));
    mailbox.sweep(NOW + KEPT_OUTGOING_S).unwrap();
    assert!(mailbox.envelope(first).unwrap().is_some());
    mailbox.sweep(NOW + KEPT_OUTGOING_S + 1).unwrap();
    assert_eq!(mailbox.envelope(first).unwrap(), None);
    assert!(mailbox.record(first).unwrap().is_some(), "its statement stays");
    keep(MAX_OUTGOING, NOW + KEPT_OUTGOING_S + 1).unwrap();
}
