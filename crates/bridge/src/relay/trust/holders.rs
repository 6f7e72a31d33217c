//! What holders have agreed to, which certificates they have, and what of it has to be shown.

use std::collections::BTreeSet;

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolEvent as _;
use chancery_contracts::{CertificateRegistry, HeldCertificates};
use chancery_ledger::{EventFilter, LedgerError};

use super::{
    super::{RelayError, view},
    HeldRelay,
    due::Ages,
};

/// Most consents, and most certificates of a holder, that are looked at: the newest of them.
const MAX_EVENTS: usize = 10_000;
/// `CertificateStatus.VALID` of the contracts.
const VALID: u8 = 1;

/// What a holder has agreed to, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Consent {
    /// Who.
    pub holder: Address,
    /// Of which kind.
    pub kind: B256,
}

/// A certificate as the followed chain has it now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Whose it is; zero when the chain does not know it.
    pub holder: Address,
    /// Of which kind.
    pub kind: B256,
    /// Whether it is valid now, by the time of the newest block of both chains.
    pub is_valid: bool,
}

/// What the host has of a holder and a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shown {
    is_agreed: bool,
    /// Time of the block that showed the certificate that stands; zero when none does.
    time_s: u64,
}

impl HeldRelay {
    /// Everything that holders have ever agreed to, whether it still holds or not; of one holder when given. The newest, if there are more than are looked at.
    ///
    /// # Errors
    /// See [`RelayError`].
    pub async fn consents(&self, holder: Option<Address>) -> Result<BTreeSet<Consent>, RelayError> {
        let holder = holder.map(|holder| holder.into_word());
        let filter = EventFilter {
            contracts: vec![self.registry],
            topics: [
                vec![HeldCertificates::Disclosed::SIGNATURE_HASH],
                holder.into_iter().collect(),
                Vec::new(),
                Vec::new(),
            ],
            ..EventFilter::default()
        };
        let events = self.anchor.host.latest_events(&filter, MAX_EVENTS).await?;
        let read = |event: chancery_ledger::Event| {
            let [_, holder, kind] = event.topics[..] else { return None };
            Some(Consent { holder: Address::from_word(holder), kind })
        };
        Ok(events.into_iter().filter_map(read).collect())
    }

    /// Certificates that were issued to a holder, newest first.
    ///
    /// # Errors
    /// See [`RelayError`].
    pub async fn issued_to(&self, holder: Address) -> Result<Vec<B256>, RelayError> {
        let filter = EventFilter {
            contracts: vec![self.certificates],
            topics: [
                vec![CertificateRegistry::CertificateIssued::SIGNATURE_HASH],
                Vec::new(),
                Vec::new(),
                vec![holder.into_word()],
            ],
            ..EventFilter::default()
        };
        let events = self.anchor.followed.latest_events(&filter, MAX_EVENTS).await?;
        Ok(events.into_iter().filter_map(|event| event.topics.get(1).copied()).collect())
    }

    /// Whose certificate it is; zero when the followed chain does not know it.
    ///
    /// # Errors
    /// See [`RelayError`].
    pub async fn holder_of(&self, certificate_id: B256) -> Result<Address, RelayError> {
        let asked = CertificateRegistry::certificateCall { certificateId: certificate_id };
        Ok(view(&self.anchor.followed, self.certificates, &asked).await?.holder)
    }

    /// A certificate as the followed chain has it now.
    ///
    /// # Errors
    /// See [`RelayError`].
    pub async fn kept(&self, certificate_id: B256) -> Result<Kept, RelayError> {
        let asked = CertificateRegistry::certificateCall { certificateId: certificate_id };
        let found = view(&self.anchor.followed, self.certificates, &asked).await?;
        let (here, there) = (self.anchor.host.head().await?.time_ms, self.anchor.followed.head().await?.time_ms);
        // The newest block of a host that is idle is older than what was issued just now.
        let now_s = here.max(there) / 1000;
        let word = found.word;
        let is_valid =
            word.status == VALID && word.validFrom <= now_s && (word.validUntil == 0 || now_s < word.validUntil);
        Ok(Kept { holder: found.holder, kind: found.kind, is_valid })
    }

    /// What has to be shown now, of the certificates of a holder (newest first): the newest valid one of a kind that the holder agrees to, unless one was shown that is fresh; or
    /// those that are valid no more, if one of them still stands. Of what is fresh it is looked at only on request whether it is still so: losses have events of their own.
    ///
    /// # Errors
    /// See [`RelayError`].
    pub async fn due(&self, consent: Consent, issued: &[B256], fresh_too: bool) -> Result<Vec<B256>, RelayError> {
        let ages = Ages::of(&self.anchor.host, self.anchor.anchor, self.registry).await?;
        let shown = self.shown(consent).await?;
        let is_old = ages.is_old(shown.time_s);
        if !shown.is_agreed || !(is_old || fresh_too) {
            return Ok(Vec::new());
        }
        let mut lost = Vec::new();
        for id in issued {
            let kept = self.kept(*id).await?;
            if (kept.holder, kept.kind) != (consent.holder, consent.kind) {
                continue;
            }
            if kept.is_valid {
                return Ok(if is_old { vec![*id] } else { Vec::new() });
            }
            lost.push(*id);
        }
        Ok(if shown.time_s == 0 { Vec::new() } else { lost })
    }

    async fn shown(&self, Consent { holder, kind }: Consent) -> Result<Shown, RelayError> {
        let host = &self.anchor.host;
        let until = view(host, self.registry, &HeldCertificates::disclosedUntilCall { holder, kind }).await?;
        let fact = view(host, self.registry, &HeldCertificates::heldFactCall { holder, kind }).await?;
        Ok(Shown { is_agreed: until != 0, time_s: fact.origin.time })
    }

    /// Shows these, from as few blocks as possible; how many the host took. What its holder does not agree to any more, and what is lost and was never shown, is left.
    ///
    /// # Errors
    /// `Reverted` with `FactLapsed` when the newest block of the followed chain is too old to count; see [`RelayError`].
    pub async fn carry(&self, certificate_ids: &[B256]) -> Result<usize, RelayError> {
        let (mut count, mut known) = (0, None);
        for id in certificate_ids {
            match Box::pin(self.show_from(*id, known)).await {
                Ok(number) => {
                    known = Some(number);
                    count += 1;
                }
                Err(error) if is_left(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(count)
    }
}

/// Nothing of it may be said, or there is nothing to say.
fn is_left(error: &RelayError) -> bool {
    match error {
        RelayError::Ledger(LedgerError::Reverted { reason, .. }) => {
            matches!(reason.name.as_str(), "NotDisclosed" | "CertificateNotValid" | "CertificateUnknown")
        }
        RelayError::CertificateUnknown { .. } => true,
        _ => false,
    }
}
