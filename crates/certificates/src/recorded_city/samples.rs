//! A certificate of the city, and how its parts are made.

use alloy_primitives::{B256, Bytes};
use chancery_primitives::{CertificateId, CertificateKind, Issue, Present, SignedOperation as _, UnixSeconds};

use super::{BEFORE, NOW, OFFICE, directory, holder};
use crate::{
    document::{CertificateDocument, Issuer, content_hash},
    inspection::{CheckCertificate, PresentationProof},
    keys::PersonKeys,
    sealing::seal,
};

pub(crate) const DEGREE: CertificateKind = CertificateKind::DEGREE;

pub(crate) fn id(byte: u8) -> CertificateId {
    CertificateId::new(B256::repeat_byte(byte)).unwrap()
}

/// A degree of [`holder`]: its document, sealed, and what the office signs.
#[derive(Clone)]
pub(crate) struct Degree {
    pub(crate) document: Vec<u8>,
    pub(crate) sealed: String,
    pub(crate) issue: Issue,
}

impl Degree {
    pub(crate) fn new(byte: u8) -> Self {
        let document = CertificateDocument {
            format: CertificateDocument::format_of(DEGREE),
            id: id(byte),
            issuer: Issuer { organization: OFFICE.parse().unwrap(), name: "Sample University".into() },
            holder: holder().address(),
            valid_from: None,
            valid_until: None,
            previous: None,
            subject: serde_json::json!({"name": "Lin (sample)"}),
            salt: CertificateDocument::fresh_salt().unwrap(),
        };
        let document = document.to_bytes().unwrap();
        let sealed = seal(&document, &holder().encryption_public_key()).unwrap();
        let issue = Issue {
            certificate_id: id(byte),
            kind: DEGREE,
            organization: OFFICE.parse().unwrap(),
            holder: holder().address(),
            content_hash: content_hash(&document),
            sealed_hash: content_hash(sealed.as_bytes()),
            valid_from: BEFORE,
            valid_until: UnixSeconds::ZERO,
            previous: None,
            deadline: UnixSeconds(NOW.get() + 300),
        };
        Self { document, sealed, issue }
    }

    /// What an inspector has in hands when the holder shows it now.
    pub(crate) fn shown(&self) -> CheckCertificate {
        self.shown_by(holder(), NOW)
    }

    pub(crate) fn shown_by(&self, person: &PersonKeys, presented_at: UnixSeconds) -> CheckCertificate {
        let present = Present {
            certificate_id: self.issue.certificate_id,
            holder: self.issue.holder,
            content_hash: self.issue.content_hash,
            presented_at,
            nonce: B256::repeat_byte(5),
        };
        let digest = present.digest(&directory().certificate_domain(self.issue.kind).unwrap());
        CheckCertificate {
            address: self.issue.holder,
            organization: self.issue.organization,
            certificate_id: self.issue.certificate_id,
            kind: self.issue.kind,
            content_hash: self.issue.content_hash,
            presentation: Some(PresentationProof {
                presented_at,
                nonce: present.nonce,
                signature: Bytes::from(person.sign_digest(digest).unwrap().to_vec()),
            }),
            presentation_hash: digest,
            sealed: None,
        }
    }
}
