//! What holders have agreed to, which certificates they have, and what of it has to be shown. Consents cost nothing, and anybody gives as many as they like: nothing here
//! counts but kinds of the followed registry, which are few, and certificates, which issuers alone make.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolEvent as _;
use chancery_contracts::{CertificateRegistry, HeldCertificates};
use chancery_ledger::{EventFilter, LedgerError};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::{
    super::{RelayError, view},
    HeldRelay, PARALLEL,
    due::Ages,
    issuances::issued,
};

/// Most certificates of a holder that are looked at: the newest of them.
pub(super) const MAX_EVENTS: usize = 10_000;
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

/// Who has agreed to something, or taken it back, as a page of events says; the newest first of all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgreeingPage {
    /// Who, and in seconds since 1970 the block in which they last took something back; zero: in none of these.
    pub holders: BTreeMap<Address, u64>,
    /// Up to this block the next page reaches; absent on the last.
    pub before: Option<u64>,
}

/// A certificate that was issued to a holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Issued {
    /// Its id.
    pub id: B256,
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
    /// The kinds of the followed registry, at most 255. They are its constructor's, and never change.
    ///
    /// # Errors
    /// See [`RelayError`].
    pub async fn kinds(&self) -> Result<Vec<B256>, RelayError> {
        view(&self.anchor.followed, self.certificates, &CertificateRegistry::kindsCall {}).await
    }

    /// Who has agreed to one of these kinds, or taken it back, up to a block (absent: the newest), as the newest `most` events say, or those of one block. Whoever reads on
    /// until there is no page has seen everybody, however many there are.
    ///
    /// # Errors
    /// See [`RelayError`].
    pub async fn agreeing(
        &self,
        kinds: &[B256],
        to_block: Option<u64>,
        most: usize,
    ) -> Result<AgreeingPage, RelayError> {
        // No alternative would be any kind.
        if kinds.is_empty() {
            return Ok(AgreeingPage::default());
        }
        let filter = EventFilter {
            contracts: vec![self.registry],
            topics: [vec![HeldCertificates::Disclosed::SIGNATURE_HASH], Vec::new(), kinds.to_vec(), Vec::new()],
            to_block,
            ..EventFilter::default()
        };
        let mut limit = most.max(1);
        let (events, before) = loop {
            let events = self.anchor.host.latest_events(&filter, limit).await?;
            let full = events.len() == limit;
            match (events.first(), events.last()) {
                // Of the oldest block there may be more: it is read again.
                (Some(newest), Some(oldest)) if full && oldest.block_number < newest.block_number => {
                    let before = Some(oldest.block_number);
                    break (events, before);
                }
                (Some(_), Some(_)) if full => limit = limit.saturating_mul(2),
                _ => break (events, None),
            }
        };
        let mut holders = BTreeMap::new();
        for event in &events {
            let Ok(disclosed) = HeldCertificates::Disclosed::decode_raw_log(event.topics.iter().copied(), &event.data)
            else {
                continue;
            };
            let withdrawn_s: &mut u64 = holders.entry(disclosed.holder).or_default();
            if disclosed.until == 0 {
                *withdrawn_s = (*withdrawn_s).max(event.block_time_ms / 1000);
            }
        }
        Ok(AgreeingPage { holders, before })
    }

    /// To which of these kinds a holder agrees now, and until when, in seconds since 1970.
    ///
    /// # Errors
    /// See [`RelayError`].
    pub async fn agreed(&self, holder: Address, kinds: &[B256]) -> Result<BTreeMap<B256, u64>, RelayError> {
        let asked: Vec<_> = kinds.iter().map(|kind| self.agreed_until(Consent { holder, kind: *kind })).collect();
        let answers: Vec<_> = stream::iter(asked).buffered(PARALLEL).try_collect().await?;
        Ok(kinds.iter().copied().zip(answers).filter(|(_, until)| *until != 0).collect())
    }

    /// Until when a holder agrees, in seconds since 1970; zero: not.
    ///
    /// # Errors
    /// See [`RelayError`].
    pub async fn agreed_until(&self, Consent { holder, kind }: Consent) -> Result<u64, RelayError> {
        view(&self.anchor.host, self.registry, &HeldCertificates::disclosedUntilCall { holder, kind }).await
    }

    /// Certificates that were issued to a holder, newest first.
    ///
    /// # Errors
    /// See [`RelayError`].
    pub async fn issued_to(&self, holder: Address) -> Result<Vec<Issued>, RelayError> {
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
        Ok(events.iter().filter_map(issued).map(|(_, issued)| issued).collect())
    }

    /// Whose certificate it is, and of which kind: what its holder would have to agree to. The holder is zero when the followed chain does not know it.
    ///
    /// # Errors
    /// See [`RelayError`].
    pub async fn whose(&self, certificate_id: B256) -> Result<Consent, RelayError> {
        let asked = CertificateRegistry::certificateCall { certificateId: certificate_id };
        let found = view(&self.anchor.followed, self.certificates, &asked).await?;
        Ok(Consent { holder: found.holder, kind: found.kind })
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
    pub async fn due(&self, consent: Consent, issued: &[Issued], fresh_too: bool) -> Result<Vec<B256>, RelayError> {
        let ages = Ages::of(&self.anchor.host, self.anchor.anchor, self.registry).await?;
        let shown = self.shown(consent).await?;
        let is_old = ages.is_old(shown.time_s);
        if !shown.is_agreed || !(is_old || fresh_too) {
            return Ok(Vec::new());
        }
        let mut lost = Vec::new();
        for Issued { id, .. } in issued.iter().filter(|issued| issued.kind == consent.kind) {
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
        let until = self.agreed_until(Consent { holder, kind }).await?;
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
