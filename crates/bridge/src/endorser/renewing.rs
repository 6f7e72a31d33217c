//! An endorser whose transaction certificate is renewed while it runs (A-CERT): what is asked meanwhile is answered under the one or the other.

use std::sync::Arc;

use alloy_primitives::B256;
use async_trait::async_trait;
use parking_lot::RwLock;
use serde::Serialize;

use super::{AttestQuery, AttestRefusal, Attestation, Attester, EndorseRefusal, Endorser, NodeEndorser};
use crate::{
    alliance::{
        certificate::{Scope, SignatureFault, check},
        message::{Endorsement, Part, Request},
    },
    contracts::{AllianceContract, ViewError},
};

/// Why the certificate in use is kept, though another one was to be taken. Other organizations may see it: it holds nothing of this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum RenewalFault {
    /// Whoever runs it puts the file right.
    #[error("its file cannot be used")]
    FileUnusable,
    /// A signature under it would not count.
    #[error("certificate {certificate} does not count: {fault}")]
    CertificateRefused {
        /// Its serial number.
        certificate: u64,
        /// The first thing that is wrong.
        fault: SignatureFault,
    },
    /// It rests on an identity of another member or key: the running endorser could not sign under it.
    #[error("certificate {certificate} is of another node, or of another key than the endorser has")]
    OtherNode {
        /// Its serial number.
        certificate: u64,
    },
    /// The alliance's chain was not read. It is tried again.
    #[error("whether certificate {certificate} counts cannot be looked up now")]
    Unread {
        /// Its serial number.
        certificate: u64,
    },
}

/// A [`NodeEndorser`] with the certificate of now.
#[derive(Debug)]
pub struct RenewingEndorser {
    current: RwLock<Arc<NodeEndorser>>,
    /// Where certificates are looked up; `None`: a number is taken as it was when the endorser began, by its file's word.
    alliance: Option<AllianceContract>,
    fault: RwLock<Option<RenewalFault>>,
}

impl RenewingEndorser {
    /// Begins with the certificate that it has. `alliance` is the one for which it signs.
    #[must_use]
    pub fn new(endorser: NodeEndorser, alliance: Option<AllianceContract>) -> Self {
        Self { current: RwLock::new(Arc::new(endorser)), alliance, fault: RwLock::new(None) }
    }

    fn current(&self) -> Arc<NodeEndorser> {
        Arc::clone(&self.current.read())
    }

    /// Serial number of the certificate under which it signs now.
    #[must_use]
    pub fn certificate(&self) -> u64 {
        self.current().certificate
    }

    /// Takes another certificate of the same node, if it counts; otherwise the one in use is kept, and why is told in the log and by [`Endorser::renewal_fault`].
    pub async fn renew(&self, certificate: u64) {
        let current = self.current();
        if certificate == current.certificate {
            *self.fault.write() = None;
            return;
        }
        if let Err(fault) = self.examine(&current, certificate).await {
            return self.keep(fault, "");
        }
        *self.current.write() = Arc::new(NodeEndorser { certificate, ..NodeEndorser::clone(&current) });
        *self.fault.write() = None;
        tracing::info!(before = current.certificate, certificate, "endorsing under another certificate from now on");
    }

    /// Keeps the certificate in use. `detail` is for the log alone, where each fault stands once.
    pub fn keep(&self, fault: RenewalFault, detail: &str) {
        let mut known = self.fault.write();
        if known.as_ref() != Some(&fault) {
            tracing::warn!(%fault, detail, "the certificate in use is kept");
            *known = Some(fault);
        }
    }

    /// What those would say to whom a signature under it is shown.
    async fn examine(&self, current: &NodeEndorser, certificate: u64) -> Result<(), RenewalFault> {
        let Some(alliance) = &self.alliance else { return Ok(()) };
        let looked_up = async {
            let is_active = alliance.member(current.member).await?.is_active;
            let (now, found) = (alliance.time_s().await?, alliance.certificate(certificate).await?);
            Ok::<_, ViewError>((is_active, now, found))
        };
        let (is_active, now, found) = looked_up.await.map_err(|error| {
            tracing::debug!(%error, certificate, "a renewed certificate could not be looked up");
            RenewalFault::Unread { certificate }
        })?;
        if let Some((_, identity)) = &found
            && (identity.member, identity.key) != (current.member, current.key.address())
        {
            return Err(RenewalFault::OtherNode { certificate });
        }
        let found = found.as_ref().map(|(transaction, identity)| (transaction, identity));
        check(found, |_| is_active, Scope::ENDORSE, now)
            .map_err(|fault| RenewalFault::CertificateRefused { certificate, fault })
    }
}

#[async_trait]
impl Endorser for RenewingEndorser {
    async fn endorse(&self, request: &Request, part: &Part) -> Result<Endorsement, EndorseRefusal> {
        self.current().endorse(request, part).await
    }

    async fn endorse_for(
        &self,
        request: &Request,
        part: &Part,
        asker: Option<B256>,
    ) -> Result<Endorsement, EndorseRefusal> {
        self.current().endorse_for(request, part, asker).await
    }

    fn renewal_fault(&self) -> Option<RenewalFault> {
        self.fault.read().clone()
    }
}

#[async_trait]
impl Attester for RenewingEndorser {
    async fn attest(&self, query: &AttestQuery) -> Result<Attestation, AttestRefusal> {
        self.current().attest(query).await
    }
}
