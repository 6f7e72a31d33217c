//! Whether what an endorser signs counts, and for how long.

use alloy_primitives::{Address, B256};

use super::Finding;
use crate::{
    alliance::certificate::{IdentityCertificate, Scope, TransactionCertificate, check},
    contracts::{AllianceContract, ViewError},
    requester::readable,
};

/// A transaction certificate lasts seven days at most: it is renewed a day before.
const TRANSACTION_LEFT_S: u64 = 86_400;
/// An identity lasts two years at most: its authority is told in time.
const IDENTITY_LEFT_S: u64 = 60 * 86_400;

/// An endorser, as its file has it.
#[derive(Clone, Copy, Debug)]
pub struct OwnCertificate {
    /// The member for which it endorses.
    pub member: B256,
    /// Serial number of its transaction certificate.
    pub certificate: u64,
    /// Address of its key; `None`: the file cannot be read, which is said by itself.
    pub key: Option<Address>,
}

/// What the alliance has of it.
#[derive(Clone, Copy, Debug)]
struct Recorded {
    now: u64,
    transaction: TransactionCertificate,
    identity: IdentityCertificate,
    is_active: bool,
    has_weight: bool,
}

/// What is wrong with an endorser's certificates, by the newest final block of the alliance chain.
///
/// # Errors
/// The alliance cannot be read.
pub async fn look(alliance: &AllianceContract, own: &OwnCertificate) -> Result<Vec<Finding>, ViewError> {
    let now = alliance.time_s().await?;
    let Some((transaction, identity)) = alliance.certificate(own.certificate).await? else {
        let fault = crate::alliance::certificate::SignatureFault::CertificateUnknown.to_string();
        return Ok(vec![Finding::CertificateDead {
            certificate: own.certificate,
            node: "an unknown node".to_owned(),
            fault,
        }]);
    };
    let is_active = alliance.member(identity.member).await?.is_active;
    let has_weight = !alliance.weight(identity.member, identity.node).await?.is_zero();
    Ok(findings(own, &Recorded { now, transaction, identity, is_active, has_weight }))
}

fn findings(own: &OwnCertificate, of: &Recorded) -> Vec<Finding> {
    let Recorded { now, transaction, identity, is_active, has_weight } = *of;
    let (certificate, node, mut findings) = (own.certificate, readable(identity.node), Vec::new());
    if let Err(fault) = check(Some((&transaction, &identity)), |_| is_active, Scope::ENDORSE, now) {
        findings.push(Finding::CertificateDead { certificate, node: node.clone(), fault: fault.to_string() });
    } else {
        let left = |until: u64| until.saturating_sub(now);
        let ends = [
            ("identity", transaction.identity, left(identity.valid_until), IDENTITY_LEFT_S, "issue-identity"),
            (
                "transaction certificate",
                certificate,
                left(transaction.valid_until),
                TRANSACTION_LEFT_S,
                "issue-transaction",
            ),
        ];
        for (what, serial, left_s, needed_s, command) in ends {
            if left_s < needed_s {
                let (node, left_hours) = (node.clone(), left_s / 3600);
                findings.push(Finding::CertificateEnds { what, serial, node, left_hours, command });
            }
        }
    }
    if identity.member != own.member {
        let (expected, found) = (own.member, identity.member);
        findings.push(Finding::MemberOther { certificate, expected, found });
    }
    if let Some(found) = own.key.filter(|key| *key != identity.key) {
        findings.push(Finding::KeyOther { expected: identity.key, found });
    }
    if !has_weight {
        findings.push(Finding::WithoutWeight { node, member: identity.member });
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkup::Severity;

    const KEY: Address = Address::repeat_byte(3);
    const NOW: u64 = 1_000_000_000;
    const DAY: u64 = 86_400;

    fn said(change: impl FnOnce(&mut OwnCertificate, &mut Recorded)) -> Vec<String> {
        let (node, member) = (B256::right_padding_from(b"node 1"), B256::right_padding_from(b"bank"));
        let mut own = OwnCertificate { member, certificate: 7, key: Some(KEY) };
        let mut recorded = Recorded {
            now: NOW,
            transaction: TransactionCertificate {
                identity: 5,
                scope: Scope::BOTH,
                valid_until: NOW + 3 * DAY,
                revoked: false,
            },
            identity: IdentityCertificate { node, member, key: KEY, valid_until: NOW + 100 * DAY, revoked: false },
            is_active: true,
            has_weight: true,
        };
        change(&mut own, &mut recorded);
        findings(&own, &recorded).iter().map(ToString::to_string).collect()
    }

    // A-CERT: what ends, has ended, or is another's is named with the command that helps.
    #[test]
    fn a_certificate_that_ends_or_does_not_count_is_named_with_what_to_do() {
        assert_eq!(said(|_, _| {}), [""; 0]);
        let ends = said(|_, of| of.transaction.valid_until = NOW + DAY - 1);
        assert!(ends.len() == 1 && ends[0].contains("certificate 7 of node 1 ends in 23 hours"), "{ends:?}");
        assert!(ends[0].contains("chancery alliance issue-transaction"), "{ends:?}");
        let ends = said(|_, of| of.identity.valid_until = NOW + 59 * DAY);
        assert!(ends.len() == 1 && ends[0].contains("identity 5") && ends[0].contains("issue-identity"), "{ends:?}");
        for dead in [
            said(|_, of| of.identity.revoked = true),
            said(|_, of| of.transaction.valid_until = NOW),
            said(|_, of| of.transaction.scope = Scope::REQUEST),
            said(|_, of| of.is_active = false),
        ] {
            assert!(dead.len() == 1 && dead[0].contains("does not count"), "{dead:?}");
        }
        let other = said(|own, _| own.key = Some(Address::repeat_byte(4)));
        assert!(other.len() == 1 && other[0].contains("its identity names"), "{other:?}");
        let other = said(|own, _| own.member = B256::right_padding_from(b"land"));
        assert!(other.len() == 1 && other[0].contains("of a node of bank, and the file says land"), "{other:?}");
        assert!(said(|_, of| of.has_weight = false)[0].contains("NotAnEndorser"));
        let ends = Finding::CertificateEnds {
            what: "identity",
            serial: 5,
            node: String::new(),
            left_hours: 1,
            command: "issue-identity",
        };
        assert_eq!(ends.severity(), Severity::Attention);
    }
}
