#![allow(clippy::unwrap_used)]

use alloy_primitives::Address;

use super::*;
use crate::alliance::certificate::{IdentityCertificate, TransactionCertificate};

const MEMBER: B256 = B256::repeat_byte(2);
const KEY: Address = Address::repeat_byte(3);
const NOW: u64 = 5_000;

fn certificate() -> NodeCertificate {
    let claim = Claim {
        chain_id: 1,
        contract: Address::repeat_byte(9),
        genesis_hash: B256::repeat_byte(8),
        member: MEMBER,
        key: KEY,
        identity: 5,
        transaction: Some(6),
    };
    NodeCertificate { claim, not_before: 10, not_after: 9_900 }
}

fn recorded() -> Recorded {
    let node = B256::repeat_byte(1);
    Recorded {
        transaction: Some(TransactionCertificate {
            identity: 5,
            scope: Scope::ENDORSE,
            valid_until: 10_000,
            revoked: false,
        }),
        identity: Some(IdentityCertificate { node, member: MEMBER, key: KEY, valid_until: 20_000, revoked: false }),
        member_is_active: true,
    }
}

fn fault(change: impl FnOnce(&mut NodeCertificate, &mut Recorded)) -> Option<PeerFault> {
    let (mut certificate, mut recorded) = (certificate(), recorded());
    change(&mut certificate, &mut recorded);
    let wanted = Expectation { member: Some(MEMBER), scope: Some(Scope::ENDORSE) };
    judge(&certificate, &recorded, NOW, &wanted).err()
}

fn on_chain(fault: SignatureFault) -> Option<PeerFault> {
    Some(PeerFault::Certificate { fault })
}

// A-CERT
#[test]
fn each_failure_of_a_peer_has_its_own_error() {
    use SignatureFault::{
        CertificateExpired, CertificateRevoked, CertificateUnknown, IdentityExpired, IdentityRevoked, MemberInactive,
        ScopeMissing,
    };
    assert_eq!(fault(|_, _| {}), None);
    assert_eq!(fault(|_, it| it.transaction = None), on_chain(CertificateUnknown));
    assert_eq!(fault(|_, it| it.identity = None), on_chain(CertificateUnknown));
    // Somebody else's transaction certificate, somebody else's member.
    assert_eq!(fault(|its, _| its.claim.identity = 7), on_chain(CertificateUnknown));
    assert_eq!(fault(|its, _| its.claim.member = B256::ZERO), on_chain(CertificateUnknown));
    let stranger = Address::repeat_byte(4);
    assert_eq!(fault(|its, _| its.claim.key = stranger), Some(PeerFault::AddressUnknown { address: stranger }));
    assert_eq!(fault(|_, it| it.transaction.as_mut().unwrap().revoked = true), on_chain(CertificateRevoked));
    assert_eq!(fault(|_, it| it.transaction.as_mut().unwrap().valid_until = NOW), on_chain(CertificateExpired));
    assert_eq!(fault(|_, it| it.identity.as_mut().unwrap().revoked = true), on_chain(IdentityRevoked));
    assert_eq!(fault(|_, it| it.identity.as_mut().unwrap().valid_until = NOW), on_chain(IdentityExpired));
    assert_eq!(fault(|_, it| it.member_is_active = false), on_chain(MemberInactive));
    assert_eq!(fault(|_, it| it.transaction.as_mut().unwrap().scope = Scope::REQUEST), on_chain(ScopeMissing));
    let late = Some(PeerFault::OutOfTime { not_before: 10, not_after: NOW - 1, now: NOW });
    assert_eq!(fault(|its, _| its.not_after = NOW - 1), late);
}

// A-CERT: a node that lags behind the chain does not refuse for good what it cannot know yet.
#[test]
fn what_may_be_too_new_for_this_node_is_neither_good_nor_bad() {
    let is_temporary = |change: fn(&mut NodeCertificate, &mut Recorded)| fault(change).map(|it| it.is_temporary());
    assert_eq!(is_temporary(|its, _| its.not_before = NOW + 1), Some(true));
    // Made a minute ago, and ten minutes more are added to its time.
    assert_eq!(is_temporary(|its, it| (its.not_before, it.transaction) = (NOW - 659, None)), Some(true));
    assert_eq!(is_temporary(|its, it| (its.not_before, it.identity) = (NOW - 659, None)), Some(true));
    assert_eq!(is_temporary(|its, it| (its.not_before, it.transaction) = (NOW - 660, None)), Some(false));
    assert_eq!(is_temporary(|its, it| (its.not_before, it.identity) = (NOW - 660, None)), Some(false));
    // That its identity does not count any more is known, whatever is not known yet of a new transaction certificate.
    let of_identity = |change: fn(&mut Recorded)| {
        fault(|its, it| {
            (its.not_before, it.transaction) = (NOW, None);
            change(it);
        })
    };
    assert_eq!(
        of_identity(|it| it.identity.as_mut().unwrap().revoked = true),
        on_chain(SignatureFault::IdentityRevoked)
    );
    let expired = of_identity(|it| it.identity.as_mut().unwrap().valid_until = NOW);
    assert_eq!(expired, on_chain(SignatureFault::IdentityExpired));
    assert_eq!(of_identity(|it| it.member_is_active = false), on_chain(SignatureFault::MemberInactive));
    // What is there and says otherwise stays so.
    assert_eq!(is_temporary(|its, _| (its.not_before, its.claim.identity) = (NOW, 7)), Some(false));
    assert_eq!(is_temporary(|its, _| (its.not_before, its.claim.member) = (NOW, B256::ZERO)), Some(false));
    assert_eq!(is_temporary(|its, _| (its.not_before, its.claim.key) = (NOW, Address::ZERO)), Some(false));
}

// A-CERT
#[test]
fn what_strangers_claim_is_not_remembered() {
    let of = |change: fn(&mut Claim, &mut Recorded)| {
        let (mut claim, mut recorded) = (certificate().claim, recorded());
        change(&mut claim, &mut recorded);
        Standing { block: 1, now: NOW, recorded }.is_of(&claim)
    };
    assert!(of(|_, _| {}) && of(|its, _| its.transaction = None));
    assert!(of(|_, it| it.transaction.as_mut().unwrap().revoked = true), "it is known, and known as revoked");
    assert!(!of(|its, _| its.key = Address::ZERO) && !of(|its, _| its.member = B256::ZERO));
    assert!(!of(|_, it| it.identity = None) && !of(|_, it| it.transaction = None));
    assert!(!of(|its, _| its.identity = 7));
}

// A-CERT: and what was true later counts.
#[test]
fn a_full_memory_forgets_what_was_looked_up_longest_ago() {
    let (mut remembered, recorded) = (Remembered::new(), recorded());
    let standing = |block| Standing { block, now: NOW, recorded };
    let most = u64::try_from(MAX_REMEMBERED).unwrap();
    for serial in 0..most {
        remember(&mut remembered, (serial, 5, MEMBER), standing(1_000 - serial % 1_000));
    }
    // Looked up again: it takes no other place.
    assert_eq!(remember(&mut remembered, (7, 5, MEMBER), standing(2_000)).block, 2_000);
    assert_eq!(remember(&mut remembered, (7, 5, MEMBER), standing(1_500)).block, 2_000);
    assert_eq!(remembered.len(), MAX_REMEMBERED);
    remember(&mut remembered, (most, 5, MEMBER), standing(2_000));
    assert_eq!(remembered.len(), MAX_REMEMBERED);
    let is_there = |serial: u64| remembered.contains_key(&(serial, 5, MEMBER));
    assert!(is_there(most) && is_there(7) && is_there(0) && !is_there(999), "999 has block 1");
}

// A-CERT
#[test]
fn an_identity_alone_says_who_and_not_what_for() {
    let (mut certificate, recorded) = (certificate(), recorded());
    certificate.claim.transaction = None;
    let peer = judge(&certificate, &recorded, NOW, &Expectation::default()).unwrap();
    assert_eq!((peer.member, peer.scope), (MEMBER, None));
    let wanted = Expectation { scope: Some(Scope::REQUEST), ..Expectation::default() };
    assert_eq!(judge(&certificate, &recorded, NOW, &wanted).err(), on_chain(SignatureFault::ScopeMissing));
    let other = B256::repeat_byte(7);
    let wanted = Expectation { member: Some(other), scope: None };
    let expected = Some(PeerFault::OtherMember { expected: other, found: MEMBER });
    assert_eq!(judge(&certificate, &recorded, NOW, &wanted).err(), expected);
}
