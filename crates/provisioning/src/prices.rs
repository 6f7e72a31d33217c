//! The price list of inspections (C-FEE): each change is an entry of the journal, so that an inspection can be charged by the price of its time.

use alloy_primitives::Address;
use chancery_reference_points::{
    Code, DoorError, DoorResult,
    journal::Journal,
    price::{MAX_PRICE_CHANGES, Price, PriceList, PriceSetting, PriceSubject},
    v2m::{EventFilter, Happening, HistoryEntry},
};

/// Name of the journal entries.
const SET: &str = "fee.price";
/// What they are about.
const INSPECTIONS: &str = "inspections";

/// Every change, oldest first.
///
/// # Errors
/// `DatabaseUnreachable`; `Internal` when the journal holds what nobody here writes.
pub(crate) async fn changes(journal: &dyn Journal) -> DoorResult<Vec<PriceSetting>> {
    let filter = EventFilter {
        subject: Some(INSPECTIONS.to_owned()),
        happenings: vec![Happening::Configured],
        limit: Some(MAX_PRICE_CHANGES),
        ..EventFilter::default()
    };
    let entries = journal.entries(&filter).await?;
    let mut changes = Vec::with_capacity(entries.len());
    for entry in entries.into_iter().rev().filter(|entry| entry.name == SET) {
        changes.push(serde_json::from_str(&entry.facts).map_err(DoorError::internal)?);
    }
    Ok(changes)
}

/// What a change would do; nothing when it changes nothing.
///
/// # Errors
/// `ConfigurationInvalid`.
pub(crate) fn effects(
    changes: Vec<PriceSetting>,
    subject: &PriceSubject,
    price: Option<&Price>,
    now_ms: u64,
) -> DoorResult<Vec<String>> {
    if let Some(price) = price {
        price.check()?;
    }
    if changes.len() >= MAX_PRICE_CHANGES {
        let detail = format!("the price list was changed {MAX_PRICE_CHANGES} times: no more changes are kept");
        return Err(DoorError::new(Code::ConfigurationInvalid, detail));
    }
    let list = PriceList::of(changes);
    let before = list.setting(subject, now_ms).and_then(|setting| setting.price.as_ref());
    if before == price {
        return Ok(Vec::new());
    }
    let said = |price: Option<&Price>| price.map_or_else(|| "no price".to_owned(), ToString::to_string);
    Ok(vec![format!("inspection by {subject}: {} instead of {}", said(price), said(before))])
}

/// The entry of a change.
///
/// # Errors
/// `Internal`.
pub(crate) fn entry(
    subject: &PriceSubject,
    price: Option<&Price>,
    by: Address,
    now_ms: u64,
) -> DoorResult<HistoryEntry> {
    let change = PriceSetting { subject: subject.clone(), price: price.cloned(), by, at_ms: now_ms };
    Ok(HistoryEntry {
        time_ms: now_ms,
        happening: Happening::Configured,
        name: SET.to_owned(),
        by: Some(by),
        subject: INSPECTIONS.to_owned(),
        recorded: None,
        facts: serde_json::to_string(&change).map_err(DoorError::internal)?,
        revision: None,
        right: None,
        verified: None,
    })
}
