//! Certificates of a side chain to a chain on which their kinds are shown.

use std::sync::Arc;

use alloy_primitives::{Address, B256};
use chancery_contracts::{CertificateRegistry, HeldCertificates};
use chancery_ledger::{Chain, SubmitterKey};

use super::{
    super::{AnchorRelay, RelayError, encoded, view},
    clock, send, slots,
};

/// Carries certificates, without their content, from a side chain to a `HeldCertificates`.
#[derive(Clone, Debug)]
pub struct HeldRelay {
    /// From the side chain to the anchor on which the contract rests.
    pub anchor: AnchorRelay,
    /// The side chain's `CertificateRegistry`.
    pub certificates: Address,
    /// The host's `HeldCertificates`.
    pub registry: Address,
}

impl HeldRelay {
    /// For a contract that stands; it says itself on what it rests.
    ///
    /// # Errors
    /// See [`RelayError`].
    pub async fn open(
        followed: Chain,
        host: Chain,
        registry: Address,
        key: Arc<SubmitterKey>,
    ) -> Result<Self, RelayError> {
        let anchor = view(&host, registry, &HeldCertificates::anchorCall {}).await?;
        let certificates = view(&host, registry, &HeldCertificates::sourceCall {}).await?;
        Ok(Self { anchor: AnchorRelay { followed, host, anchor, key }, certificates, registry })
    }

    /// Proves a certificate against the newest final block of its chain and shows it; the number of that block. That the host knows it already, or knows something newer,
    /// is no error.
    ///
    /// # Errors
    /// `CertificateUnknown`; `ClockAhead`; `Reverted` with `NotDisclosed` when its holder has not agreed; see [`RelayError`].
    pub async fn show(&self, certificate_id: B256) -> Result<u64, RelayError> {
        let unknown = || RelayError::CertificateUnknown { certificate_id };
        let followed = &self.anchor.followed;
        let asked = CertificateRegistry::certificateCall { certificateId: certificate_id };
        let kind = view(followed, self.certificates, &asked).await?.kind;
        let kinds = view(followed, self.certificates, &CertificateRegistry::kindsCall {}).await?;
        let (place, _) = (0..).zip(&kinds).find(|(_, known)| **known == kind).ok_or_else(unknown)?;
        clock::check(&self.anchor).await?;
        let [word, holder, organization] = slots::certificate(certificate_id);
        let asked = [word, holder, organization, slots::kind(place)];
        let proven = self.anchor.prove(self.certificates, &asked).await?;
        // A path that is missing is left empty, and refused by the anchor.
        let mut paths = proven.slots.into_iter().map(|slot| slot.proof);
        let mut path = || paths.next().unwrap_or_default();
        let proof =
            HeldCertificates::CertificateProof { word: path(), holder: path(), organization: path(), kind: path() };
        let call = HeldCertificates::showCall { number: proven.anchored, certificateId: certificate_id, proof };
        send(&self.anchor, self.registry, encoded(&call)).await?;
        Ok(proven.anchored)
    }
}
