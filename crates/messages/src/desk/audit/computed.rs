//! What of a message is computed anew from what is kept of it, without any chain.

use alloy_primitives::{B256, keccak256};

use crate::{
    limits::{KEPT_AFTER_ACKNOWLEDGEMENT_S, KEPT_OUTGOING_S},
    mailbox::{Kept, Record, Route},
    statement::{Acknowledgement, City, Deposit, Stated, StatementError},
};

/// The first difference of a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) check: &'static str,
    /// The hash that it should have, where one is compared.
    pub(super) expected: Option<B256>,
    /// The hash that it has.
    pub(super) found: Option<B256>,
    /// Never content.
    pub(super) what: String,
}

impl Found {
    pub(super) fn new(check: &'static str, what: impl Into<String>) -> Self {
        Self { check, expected: None, found: None, what: what.into() }
    }

    pub(super) fn hashes(self, expected: B256, found: Option<B256>) -> Self {
        Self { expected: Some(expected), found, ..self }
    }
}

/// A message whose statements are what was signed.
#[derive(Debug)]
pub(super) struct Computed {
    pub(super) record: Record,
    pub(super) deposit: Stated<Deposit>,
    pub(super) acknowledgement: Option<Stated<Acknowledgement>>,
    /// The proof that came with a message of another city.
    pub(super) delivery: Option<Vec<u8>>,
}

/// Computes a message anew. `city`: this one; `now`: Unix seconds.
pub(super) fn computed(id: B256, kept: Kept, city: City, now: u64) -> Result<Computed, Found> {
    let Kept { record, envelope, delivery, is_listed } = kept;
    let record = record.ok_or_else(|| Found::new("mailbox-record", "what is kept of it does not read"))?;
    let text = keccak256(record.deposit.as_bytes());
    if text != id {
        return Err(Found::new("mailbox-deposit", "the deposit is another text").hashes(id, Some(text)));
    }
    let deposit =
        Stated::<Deposit>::read(&record.deposit).map_err(|error| Found::new("mailbox-deposit", error.to_string()))?;
    deposit.verify(&record.signature).map_err(|error| Found::new("mailbox-signature", error.to_string()))?;
    check_record(&record, &deposit.statement, city)?;
    check_envelope(&record, &deposit.statement, envelope.as_deref(), now)?;
    if record.place.is_some() && !is_listed {
        return Err(Found::new("mailbox-list", "it is not in the lists of its sender and its receiver"));
    }
    let acknowledgement = acknowledged(&record, &deposit)?;
    Ok(Computed { record, deposit, acknowledgement, delivery })
}

/// The receipt, if there is one: of this message, and signed by its receiver.
fn acknowledged(record: &Record, deposit: &Stated<Deposit>) -> Result<Option<Stated<Acknowledgement>>, Found> {
    let Some(receipt) = &record.acknowledgement else { return Ok(None) };
    let differs = |error: StatementError| Found::new("mailbox-receipt", error.to_string());
    let stated = Stated::<Acknowledgement>::read(&receipt.text).map_err(differs)?;
    stated.check_of(deposit).map_err(differs)?;
    stated.verify(&receipt.signature).map_err(differs)?;
    Ok(Some(stated))
}

/// What stands beside the statements, as far as these say it too.
fn check_record(record: &Record, deposit: &Deposit, city: City) -> Result<(), Found> {
    let route = match deposit.head.to_city {
        None => Route::Within,
        Some(to) if to == city => Route::FromOtherCity,
        Some(_) => Route::ToOtherCity,
    };
    let differs = |what: &str| Err(Found::new("mailbox-record", what));
    if record.route != route {
        return differs("it is kept as one from or to another city than the deposit says");
    }
    if record.sealed_bytes != deposit.sealed_bytes {
        return differs("it is kept with another length than the deposit says");
    }
    if record.place.is_some() != record.deposited.is_some() {
        return differs("it is visible and not deposited, or deposited and not visible");
    }
    if record.place.is_none() && record.acknowledgement.is_some() {
        return differs("it is acknowledged and not visible");
    }
    Ok(())
}

fn check_envelope(record: &Record, deposit: &Deposit, envelope: Option<&[u8]>, now: u64) -> Result<(), Found> {
    let differs = |what: &str, found| Err(Found::new("mailbox-envelope", what).hashes(deposit.sealed_hash, found));
    let Some(envelope) = envelope else {
        let is_due = may_be_gone(record, now);
        return if is_due { Ok(()) } else { differs("the envelope is gone before its time", None) };
    };
    let found = keccak256(envelope);
    if found != deposit.sealed_hash || envelope.len() as u64 != deposit.sealed_bytes {
        return differs("the envelope is another one", Some(found));
    }
    Ok(())
}

/// Whether its time on disk may be over: an envelope goes some days after the receipt is final, or, to another city, after it came.
fn may_be_gone(record: &Record, now: u64) -> bool {
    let is_over = |since: u64, kept_s: u64| since.saturating_add(kept_s) < now;
    if record.route == Route::ToOtherCity {
        return record.place.is_some() && is_over(record.arrived_at, KEPT_OUTGOING_S);
    }
    let receipt = record.acknowledgement.as_ref().filter(|receipt| receipt.recorded.is_some());
    receipt.is_some_and(|receipt| is_over(receipt.arrived_at, KEPT_AFTER_ACKNOWLEDGEMENT_S))
}
