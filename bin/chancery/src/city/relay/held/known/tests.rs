#![allow(clippy::unwrap_used)]

use super::*;

const NOW_S: u64 = 1_800_000_000;

fn holder(byte: u8) -> Address {
    Address::repeat_byte(byte)
}

fn stranger(number: usize) -> Address {
    Address::left_padding_from(&number.to_be_bytes())
}

const fn kind(byte: u8) -> B256 {
    B256::repeat_byte(byte)
}

fn issued(byte: u8) -> Vec<Issued> {
    vec![Issued { id: B256::repeat_byte(0xee), kind: kind(byte) }]
}

/// Holders with a certificate of a kind to which they agree for a year.
fn knowing(holders: &[u8]) -> Known {
    let mut known = Known { reading: Reading::Done, ..Known::default() };
    for byte in holders {
        known.agree(holder(*byte), &issued(1), &[(kind(1), NOW_S + 365 * 86_400)].into(), 0, NOW_S);
    }
    known
}

// TRUST-8: what always fails of one holder holds up nobody else, and is not tried at each block.
#[test]
fn what_has_failed_is_tried_again_in_its_time_and_looked_at_as_before() {
    let mut known = knowing(&[1, 2]);
    known.look_failed(holder(1), Look { fresh_too: true, withdrawn_until_s: 7 });
    known.change_failed(B256::repeat_byte(9));
    known.ended(true, false);
    known.sweep(NOW_S);
    assert!(!known.is_retry(), "it waits");
    assert_eq!(known.holders.waiting.len(), 2);
    assert!(known.changed.is_empty());
    known.retry_at = Some(Instant::now());
    assert!(known.is_retry(), "its time has come");
    let waiting = &known.holders.waiting;
    assert_eq!(waiting[&holder(1)], Look { fresh_too: true, withdrawn_until_s: 7 });
    assert_eq!(waiting[&holder(2)], Look::default());
    assert_eq!(known.changed.len(), 1);
    known.ended(true, true);
    assert!(known.retry_at.is_none() && known.failures == 0);
}

// TRUST-11: whoever agrees again and again has a turn after all others, whatever the address.
#[test]
fn whoever_comes_again_and_again_comes_after_all_others() {
    let mut known = knowing(&[1, 2, 3]);
    known.sweep(NOW_S);
    let mut order = Vec::new();
    for _ in 0..6 {
        known.heard(holder(1), false, NOW_S);
        order.push(known.next().unwrap().0);
        known.sweep(NOW_S);
    }
    assert_eq!(order, [1, 2, 3, 1, 2, 3].map(holder));
}

// TRUST-11: strangers are bounded, push nobody out, and have every second turn at most; those for whom there is no room are read again.
#[test]
fn strangers_push_no_holder_out_and_are_come_to_later() {
    let mut known = knowing(&[0xaa, 0xbb]);
    known.sweep(NOW_S);
    for number in 1..=MAX_STRANGERS + 5 {
        known.heard(stranger(number), false, NOW_S);
    }
    assert_eq!(known.strangers.waiting.len(), MAX_STRANGERS);
    assert!(known.is_known(holder(0xaa)) && known.is_known(holder(0xbb)));
    let turns: Vec<_> = (0..4).map(|_| known.next().unwrap().0).collect();
    assert!(turns.contains(&holder(0xaa)) && turns.contains(&holder(0xbb)), "{turns:?}");
    assert!(known.is_reading(), "five are missed");
    assert_eq!(known.page_due(), Some(PageDue { to_block: None }), "there is room again: from the newest on");
    // A page that is missed while another is read does not begin anew before that has come to its end.
    known.read(AgreeingPage { holders: [(stranger(77), 0)].into(), before: Some(50) }, NOW_S);
    known.missed();
    while known.strangers.next().is_some() {}
    assert_eq!(known.page_due(), Some(PageDue { to_block: Some(50) }));
    known.read(AgreeingPage::default(), NOW_S);
    assert_eq!(known.page_due(), Some(PageDue { to_block: None }));
    known.read(AgreeingPage::default(), NOW_S);
    assert_eq!((known.page_due(), known.is_reading()), (None, false));
}

// TRUST-11: a consent counts with a certificate of its kind, once, and is dropped when nothing stands any more that was shown under it.
#[test]
fn consents_count_with_a_certificate_and_are_dropped_when_they_are_over() {
    let mut known = knowing(&[1]);
    let (one, other) = (Consent { holder: holder(1), kind: kind(1) }, Consent { holder: holder(1), kind: kind(2) });
    let agreed = (1..=200).map(|byte| (kind(byte), NOW_S + 100)).collect();
    known.agree(holder(1), &issued(1), &agreed, 0, NOW_S);
    known.agree(holder(1), &issued(1), &agreed, 0, NOW_S);
    assert_eq!(known.kinds_of(holder(1)).collect::<Vec<_>>(), [kind(1)]);
    known.agree(holder(2), &[], &agreed, NOW_S + 9, NOW_S);
    assert!(!known.is_known(holder(2)), "without a certificate");

    // Taken back: a loss is shown as long as what was shown may stand (TRUST-8).
    known.agree(holder(1), &issued(1), &BTreeMap::new(), 0, NOW_S + 50);
    known.sweep(NOW_S + 50 + TRUST_MAX_AGE_S - 1);
    assert!(known.has(one) && !known.has(other));
    known.agree(holder(1), &issued(1), &BTreeMap::new(), 0, NOW_S + 50 + TRUST_MAX_AGE_S - 1);
    known.sweep(NOW_S + 50 + TRUST_MAX_AGE_S);
    assert!(!known.has(one) && known.issued.is_empty(), "looking again does not put it off");

    // Of somebody of whom it is read that it was taken back a moment ago.
    known.agree(holder(3), &issued(1), &BTreeMap::new(), NOW_S + 60, NOW_S);
    assert!(known.is_known(holder(3)));
    known.sweep(NOW_S + 60);
    assert!(!known.is_known(holder(3)));
}

// TRUST-11: when more certificates are shown than are remembered, everybody is read again and again.
#[test]
fn what_does_not_fit_is_read_again() {
    let mut known = knowing(&[]);
    for number in 0..=MAX_CONSENTS {
        known.agree(stranger(number), &issued(1), &[(kind(1), NOW_S + 100)].into(), 0, NOW_S);
    }
    assert_eq!((known.consents.len(), known.page_due()), (MAX_CONSENTS, None), "not at once, or it would never end");
    known.sweep(NOW_S);
    assert_eq!(known.page_due(), Some(PageDue { to_block: None }));
}

// TRUST-11: whoever has taken nothing back is looked at no further when nothing is agreed to.
#[test]
fn only_what_was_taken_back_may_still_stand() {
    let mut known = knowing(&[]);
    known.heard(holder(1), false, NOW_S);
    assert_eq!(known.strangers.waiting[&holder(1)], Look { fresh_too: true, withdrawn_until_s: 0 });
    known.heard(holder(1), true, NOW_S);
    let withdrawn_until_s = NOW_S + TRUST_MAX_AGE_S;
    assert_eq!(known.strangers.waiting[&holder(1)], Look { fresh_too: true, withdrawn_until_s });
}
