//! What a chain shows of a holder, believed by whoever asks because of the chain and not because of the gateway that answers (`docs/specs/trust.md`, "Asked from outside").
//!
//! ```text
//! final block of the host    receipt      CertificateShown(holder, kind, number, time, valid) of a HeldCertificates
//! another one, of now        consent      HeldCertificates: its code, and until when the holder agrees
//! another one, of now        anchor       Anchor: its code, which chain it follows, that it is not frozen, and that `number` is anchored
//! ```
//!
//! Place: beside `stapled`, for everybody who asks: the command line, and whoever writes such a program. It knows the genesis of the host and of the followed chain.
//!
//! Beside it, by which of these the two contracts are known: their places in the genesis, or the `AnchorFactory` there, which has made them; and the end of the certificate's period.
//!
//! Invariants: SHOWN-1 to SHOWN-8 of the specification. Neither the number of the certificate nor its content is in the proof, nor is needed.
//!
//! Must not: read a clock, reach a chain, believe a member of the answer that nothing proves.

mod answer;
mod factory;
mod genesis;
mod period;
mod slots;

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolEvent as _;
use chancery_contracts::HeldCertificates;
use chancery_light::{AccountState, ChainReference, FinalHeader, FinalityProof, ReceiptInclusion, TrustedChain};
use chancery_primitives::{CertificateKind, CertificateStatus, UnixSeconds};
use serde::{Deserialize, Serialize};

pub use self::{
    answer::ShownAnswer,
    factory::FactoryProof,
    genesis::{GenesisCodes, is_of_genesis},
    period::Period,
    slots::{anchor_slots, consent_slot, factory_slots, period_slot},
};
use crate::{
    stapled::{MAX_CLOCK_SKEW_S, MAX_ONLINE_AGE_S, ProvenState},
    verify::VerificationFailure,
};

/// Version of the proof that is written and read.
pub const SHOWN_PROOF_VERSION: u32 = 1;
/// Of an anchor's word, the bits of its generation; above them is its newest number.
const GENERATION_MASK: u64 = u32::MAX as u64;

/// That a chain shows a kind of certificates of a holder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ShownProof {
    /// [`SHOWN_PROOF_VERSION`].
    pub version: u32,
    /// The chain that shows it. Checked, not trusted.
    pub chain: ChainReference,
    /// The chain of the certificates. Checked, not trusted.
    pub follows: ChainReference,
    /// The block in which it was shown is final.
    pub finality: FinalityProof,
    /// The receipt there. It has no number of a certificate; the transaction, which has one, is not given.
    pub receipt: ReceiptInclusion,
    /// `HeldCertificates` with [`consent_slot`].
    pub consent: ProvenState,
    /// `Anchor` with [`anchor_slots`].
    pub anchor: ProvenState,
}

/// What is asked, by whom it is believed.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The chain that shows it.
    pub host: &'a TrustedChain,
    /// The chain of the certificates.
    pub followed: &'a TrustedChain,
    /// Of whom.
    pub holder: Address,
    /// Of which kind.
    pub kind: CertificateKind,
    /// How long after its block a fact counts, in seconds (TRUST-3).
    pub max_age_s: u64,
    /// The clock of whoever asks.
    pub now: UnixSeconds,
}

/// The two contracts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownBy {
    /// `Anchor`.
    pub anchor: Address,
    /// `HeldCertificates` over it.
    pub held: Address,
}

/// Hashes of the codes that these two have when they are those of this project: the second's names the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeHashes {
    /// Of `Anchor`.
    pub anchor: B256,
    /// Of `HeldCertificates`.
    pub held: B256,
}

/// What was proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifiedKind {
    /// Time of the block of the followed chain in which the certificate had the status "valid".
    pub as_of: UnixSeconds,
    /// How old that is, in seconds.
    pub age_s: u64,
    /// Time of the host's block in which the holder agrees.
    pub agreed_at: UnixSeconds,
    /// Until when the holder agrees.
    pub agreed_until: UnixSeconds,
    /// Number of the block of the followed chain.
    pub number: u64,
    /// The contracts that show it.
    pub by: ShownBy,
}

impl ShownProof {
    /// Verifies that the kind is shown of the holder now.
    ///
    /// `check_contracts` says whether these, with these codes, are what shows certificates of the followed chain on the host.
    ///
    /// # Errors
    /// The first check that fails, by name: those of `chancery_light`, and `shown-version`, `shown-fresh`, `time-not-ahead`, `shown-by`, `consent-stands`, `shown-of-holder`,
    /// `anchor-follows`, `anchor-not-frozen`, `shown-anchored`, `shown-lapsed`.
    pub fn verify(
        &self,
        asked: &Asked<'_>,
        check_contracts: impl FnOnce(ShownBy, CodeHashes) -> Result<(), VerificationFailure>,
    ) -> Result<VerifiedKind, VerificationFailure> {
        require("shown-version", self.version == SHOWN_PROOF_VERSION, || {
            format!("the proof is of version {}, this program reads {SHOWN_PROOF_VERSION}", self.version)
        })?;
        self.chain.check(asked.host)?;
        self.follows.check(asked.followed)?;
        let (agreed, held) = of_now(&self.consent, asked)?;
        let (_, anchor) = of_now(&self.anchor, asked)?;
        let by = ShownBy { anchor: anchor.address, held: held.address };
        let found = CodeHashes { anchor: anchor.code_hash, held: held.code_hash };
        // Which check of it failed, is said beside the one name.
        check_contracts(by, found).map_err(|failure| match failure.check {
            "shown-by" => failure,
            check => VerificationFailure::new("shown-by", format!("{check}: {}", failure.detail)),
        })?;
        let agreed_at = UnixSeconds(agreed.header().timestamp);
        let agreed_until = agreed_until(&held, asked, agreed_at)?;
        let events = self.events(asked, by.held)?;
        // In one transaction it may be shown of several blocks, by whom it may be: which of them is meant, the anchor's slots say.
        let meant = events.iter().find(|event| record(&anchor, event.number).is_some());
        let event = meant.or(events.first()).ok_or_else(|| {
            let detail = format!("the receipt shows no valid certificate of {} of {}", asked.kind, asked.holder);
            VerificationFailure::new("shown-of-holder", detail)
        })?;
        check_anchor(&anchor, asked, event)?;
        let as_of = UnixSeconds(event.time);
        require("shown-lapsed", agreed_at.get() <= as_of.get().saturating_add(asked.max_age_s), || {
            format!("it was shown of a block that is more than {} s older than the consent", asked.max_age_s)
        })?;
        Ok(VerifiedKind {
            as_of,
            age_s: asked.now.get().saturating_sub(as_of.get()),
            agreed_at,
            agreed_until,
            number: event.number,
            by,
        })
    }

    /// The events, in a final block. One of another contract shows nothing.
    fn events(
        &self,
        asked: &Asked<'_>,
        held: Address,
    ) -> Result<Vec<HeldCertificates::CertificateShown>, VerificationFailure> {
        let header = asked.host.verify_finality(&self.finality)?;
        let receipt = header.verify_receipt(&self.receipt)?.receipt;
        let logs = if receipt.status() { receipt.logs() } else { &[] };
        let own = logs.iter().filter(|log| log.address == held);
        let events = own.filter_map(|log| HeldCertificates::CertificateShown::decode_log_data(&log.data).ok());
        let is_asked = |event: &HeldCertificates::CertificateShown| {
            event.holder == asked.holder
                && event.kind == asked.kind.to_bytes32()
                && event.status == CertificateStatus::Valid.code()
        };
        Ok(events.filter(is_asked).collect())
    }
}

/// A contract in a block of now.
fn of_now(state: &ProvenState, asked: &Asked<'_>) -> Result<(FinalHeader, AccountState), VerificationFailure> {
    let header = asked.host.verify_finality(&state.finality)?;
    let account = header.verify_account(&state.account)?;
    let (at_s, now_s) = (header.header().timestamp, asked.now.get());
    require("time-not-ahead", at_s <= now_s.saturating_add(MAX_CLOCK_SKEW_S), || {
        format!("a block is {} s ahead of the clock here: check the clock", at_s.saturating_sub(now_s))
    })?;
    require("shown-fresh", now_s.saturating_sub(at_s) <= MAX_ONLINE_AGE_S, || {
        let age_s = now_s.saturating_sub(at_s);
        format!("the chain proves what was so {age_s} s ago; at most {MAX_ONLINE_AGE_S} s are accepted")
    })?;
    Ok((header, account))
}

/// The values of exactly these slots, in their order.
fn values<const N: usize>(account: &AccountState, expected: [B256; N]) -> Option<[U256; N]> {
    let found = account.storage.iter().map(|(slot, _)| B256::from(*slot));
    if !found.eq(expected) {
        return None;
    }
    let values: Vec<U256> = account.storage.iter().map(|(_, value)| *value).collect();
    values.try_into().ok()
}

fn agreed_until(
    held: &AccountState,
    asked: &Asked<'_>,
    agreed_at: UnixSeconds,
) -> Result<UnixSeconds, VerificationFailure> {
    let slot = consent_slot(asked.holder, asked.kind);
    let value = values(held, [slot]).and_then(|[value]| u64::try_from(value).ok());
    let until = value.ok_or_else(|| {
        VerificationFailure::new("consent-stands", "the slot is not that of this holder's consent to this kind")
    })?;
    require("consent-stands", until >= agreed_at.get() && until >= asked.now.get(), || {
        if until == 0 { "the holder does not agree".to_owned() } else { "the holder's consent is over".to_owned() }
    })?;
    Ok(UnixSeconds(until))
}

/// What an anchor says of a block; `None`: its slots are those of another. The generation decides which slots the record has.
fn record(anchor: &AccountState, number: u64) -> Option<[U256; 6]> {
    let generation = anchor.storage.get(3).map(|(_, word)| low_u64(*word) & GENERATION_MASK)?;
    values(anchor, anchor_slots(generation, number))
}

/// That it follows the chain of the certificates, is not frozen, and has the block that the event names (TRUST-1, TRUST-5).
fn check_anchor(
    anchor: &AccountState,
    asked: &Asked<'_>,
    event: &HeldCertificates::CertificateShown,
) -> Result<(), VerificationFailure> {
    let others = || VerificationFailure::new("shown-anchored", "the slots are not those of the block that was shown");
    let [chain, genesis, conflict, _, hash, times] = record(anchor, event.number).ok_or_else(others)?;
    let follows = low_u64(chain) == asked.followed.chain_id() && B256::from(genesis) == asked.followed.genesis_hash();
    require("anchor-follows", follows, || "the anchor follows another chain than that of the certificates".to_owned())?;
    require("anchor-not-frozen", conflict.is_zero(), || {
        "two final blocks of one number were shown of the chain of the certificates: nothing counts until its organizations have voted".to_owned()
    })?;
    require("shown-anchored", !hash.is_zero() && low_u64(times) == event.time, || {
        format!("block {} is not anchored, or has another time", event.number)
    })
}

const fn low_u64(word: U256) -> u64 {
    word.as_limbs()[0]
}

fn require(check: &'static str, holds: bool, detail: impl FnOnce() -> String) -> Result<(), VerificationFailure> {
    if holds { Ok(()) } else { Err(VerificationFailure::new(check, detail())) }
}

#[cfg(test)]
mod tests;
