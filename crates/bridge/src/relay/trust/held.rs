//! Certificates of a side chain to a chain on which their kinds are shown.

use std::sync::Arc;

use alloy_primitives::{Address, B256};
use chancery_contracts::{CertificateRegistry, HeldCertificates, held_certificates_code};
use chancery_ledger::{Chain, LedgerError, SubmitterKey};

use super::{
    super::{AnchorRelay, RelayError, encoded, factory::Made, view},
    clock,
    lost::HeldSearch,
    send, slots,
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

    /// A contract over this anchor: found there, or made now, by the factory of the host, or where that has not made the anchor, by this relay's key. Where it is `known` to stand is looked at first: a chain that is founded late
    /// gets one late, and what holders agreed to stands there. What is shown to it counts for so many seconds (TRUST-3).
    ///
    /// # Errors
    /// `NotPermitted` when the host lets this account make no contracts; see [`RelayError`].
    pub async fn find_or_make(
        anchor: AnchorRelay,
        certificates: Address,
        max_age_s: u64,
        known: Option<Address>,
    ) -> Result<Self, RelayError> {
        let mut search = HeldSearch::default();
        loop {
            let found = Self::search(&anchor, certificates, max_age_s, (known, &mut search));
            if let Some(found) = Box::pin(found).await? {
                return Ok(found);
            }
        }
    }

    /// A page of the search for it: found, or made now that everything was looked through; `None`: not in this page, there is another one. What fails leaves the search
    /// where it was.
    ///
    /// # Errors
    /// As [`Self::find_or_make`].
    pub async fn search(
        anchor: &AnchorRelay,
        certificates: Address,
        max_age_s: u64,
        (known, search): (Option<Address>, &mut HeldSearch),
    ) -> Result<Option<Self>, RelayError> {
        let stands = |registry| Self { anchor: anchor.clone(), certificates, registry };
        if search.is_over() {
            let code = held_certificates_code(anchor.anchor, certificates, max_age_s);
            let registry = anchor.host.deploy(&anchor.key, code).await?;
            return Ok(Some(stands(registry)));
        }
        if let Some(known) = known
            && Box::pin(rests_on(anchor, known, certificates, max_age_s)).await?
        {
            return Ok(Some(stands(known)));
        }
        if let Made::At(registry) = Box::pin(anchor.made_held_certificates(certificates, max_age_s)).await? {
            return Ok(Some(stands(registry)));
        }
        let (page, looked) = search.page(anchor).await?;
        for registry in page {
            if Box::pin(rests_on(anchor, registry, certificates, max_age_s)).await? {
                return Ok(Some(stands(registry)));
            }
        }
        search.looked(looked);
        Ok(None)
    }

    /// Proves a certificate against the newest final block of its chain and shows it; the number of that block. That the host knows it already, or knows something newer,
    /// is no error.
    ///
    /// # Errors
    /// `CertificateUnknown`; `ClockAhead`; `Reverted` with `NotDisclosed` when its holder has not agreed; see [`RelayError`].
    pub async fn show(&self, certificate_id: B256) -> Result<u64, RelayError> {
        Box::pin(self.show_from(certificate_id, None)).await
    }

    /// The same; `known` is a block that was anchored before with the registry's account.
    pub(super) async fn show_from(&self, certificate_id: B256, known: Option<u64>) -> Result<u64, RelayError> {
        let unknown = || RelayError::CertificateUnknown { certificate_id };
        let followed = &self.anchor.followed;
        let asked = CertificateRegistry::certificateCall { certificateId: certificate_id };
        let kind = view(followed, self.certificates, &asked).await?.kind;
        let kinds = view(followed, self.certificates, &CertificateRegistry::kindsCall {}).await?;
        let (place, _) = (0..).zip(&kinds).find(|(_, known)| **known == kind).ok_or_else(unknown)?;
        clock::check(&self.anchor).await?;
        let [word, holder, organization] = slots::certificate(certificate_id);
        let asked = [word, holder, organization, slots::kind(place)];
        let proven = self.anchor.prove_from(self.certificates, &asked, known).await?;
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

/// Whether such a contract stands there. Where there is another, or none, it does not.
async fn rests_on(
    anchor: &AnchorRelay,
    registry: Address,
    certificates: Address,
    max_age_s: u64,
) -> Result<bool, RelayError> {
    let asked = async {
        let found = view(&anchor.host, registry, &HeldCertificates::anchorCall {}).await?;
        if found != anchor.anchor {
            return Ok::<_, RelayError>(false);
        }
        let source = view(&anchor.host, registry, &HeldCertificates::sourceCall {}).await?;
        Ok(source == certificates && view(&anchor.host, registry, &HeldCertificates::maxAgeCall {}).await? == max_age_s)
    };
    match asked.await {
        Err(RelayError::Answer(_) | RelayError::Ledger(LedgerError::Reverted { .. })) => Ok(false),
        answer => answer,
    }
}
