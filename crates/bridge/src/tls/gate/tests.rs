#![allow(clippy::unwrap_used)]

use alloy_primitives::Address;

use super::*;
use crate::alliance::certificate::{IdentityCertificate, TransactionCertificate};

const MEMBER: B256 = B256::repeat_byte(2);
const KEY: Address = Address::repeat_byte(3);
const NOW: u64 = 50;

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
    NodeCertificate { claim, not_before: 10, not_after: 99 }
}

fn recorded() -> Recorded {
    let node = B256::repeat_byte(1);
    Recorded {
        transaction: Some(TransactionCertificate {
            identity: 5,
            scope: Scope::ENDORSE,
            valid_until: 100,
            revoked: false,
        }),
        identity: Some(IdentityCertificate { node, member: MEMBER, key: KEY, valid_until: 200, revoked: false }),
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
    let early = Some(PeerFault::OutOfTime { not_before: NOW + 1, not_after: 99, now: NOW });
    assert_eq!(fault(|its, _| its.not_before = NOW + 1), early);
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
