//! C2S: operators offer and withdraw services, say who may ask for them, and what inspections cost.

use alloy_primitives::Address;
use async_trait::async_trait;
use chancery_reference_points::{
    Code, DoorError, DoorResult,
    access_rule::AccessEntries,
    c2s::C2s,
    o2c::{Change, ChangeResult, Mode},
    price::{Price, PriceSubject},
    v2m::{Happening, HistoryEntry},
};

use crate::{
    access::{check, difference},
    entity::{Provisioning, printable},
    prices,
};

/// Name of the journal entries that say whether a service is offered.
const OFFER: &str = "service.offer";
/// Facts of such an entry.
const OFFERED: &str = "offered";
/// Facts of such an entry.
pub(crate) const WITHDRAWN: &str = "withdrawn";

fn unknown(name: &str) -> DoorError {
    DoorError::new(Code::ConfigurationInvalid, format!("no application brings a service `{}`", printable(name)))
}

const fn effects(effects: Vec<String>) -> ChangeResult {
    ChangeResult { effects, recorded: Vec::new() }
}

#[async_trait]
impl C2s for Provisioning {
    async fn control(&self, change: &Change, mode: Mode) -> DoorResult<ChangeResult> {
        match change {
            Change::OfferService { service, offered, by } => self.offer(service, *offered, *by, mode).await,
            Change::ConfigureAccess { service, version, entries, .. } => {
                self.configure_access(service, *version, entries, mode).await
            }
            Change::SuspendUser { address, suspended, by } => {
                Ok(effects(self.suspend(*address, *suspended, *by, mode).await?))
            }
            Change::SetPrice { subject, price, by } => self.set_price(subject, price.as_ref(), *by, mode).await,
            _ => Ok(effects(Vec::new())),
        }
    }
}

impl Provisioning {
    /// The service that a change names.
    fn changed(&self, name: &str) -> DoorResult<&'static str> {
        self.audience(name).map(|(name, _)| name).ok_or_else(|| unknown(name))
    }

    async fn offer(&self, service: &str, offered: bool, by: Address, mode: Mode) -> DoorResult<ChangeResult> {
        let name = self.changed(service)?;
        let withdrawn_now = self.withdrawn.read().contains(name);
        if withdrawn_now != offered {
            return Ok(effects(Vec::new()));
        }
        let word = if offered { OFFERED } else { WITHDRAWN };
        if mode == Mode::Apply {
            let entry = HistoryEntry {
                time_ms: (self.clock)(),
                happening: Happening::Configured,
                name: OFFER.to_owned(),
                by: Some(by),
                subject: name.to_owned(),
                recorded: None,
                facts: word.to_owned(),
                revision: None,
                right: None,
                verified: None,
            };
            self.journal.record(entry).await?;
            let mut withdrawn = self.withdrawn.write();
            if offered {
                withdrawn.remove(name);
            } else {
                withdrawn.insert(name.to_owned());
            }
        }
        Ok(effects(vec![format!("service {name}: {word}")]))
    }

    async fn set_price(
        &self,
        subject: &PriceSubject,
        price: Option<&Price>,
        by: Address,
        mode: Mode,
    ) -> DoorResult<ChangeResult> {
        let now_ms = (self.clock)();
        let changed = prices::effects(prices::changes(self.journal.as_ref()).await?, subject, price, now_ms)?;
        if mode == Mode::Apply && !changed.is_empty() {
            self.journal.record(prices::entry(subject, price, by, now_ms)?).await?;
        }
        Ok(effects(changed))
    }

    /// The chain keeps the rule, and processing writes it there: provisioning says whether it may be, what it changes, and takes it from there.
    async fn configure_access(
        &self,
        service: &str,
        version: u32,
        entries: &AccessEntries,
        mode: Mode,
    ) -> DoorResult<ChangeResult> {
        let (name, audience) = self.audience(service).ok_or_else(|| unknown(service))?;
        check(audience, entries)?;
        let (_, before) = self.rules.of(name, self.s2p.as_ref()).await?;
        if mode == Mode::Apply {
            self.rules.read(self.s2p.as_ref()).await?;
            let (in_force, _) = self.rules.of(name, self.s2p.as_ref()).await?;
            if in_force < version {
                let detail = format!("the main chain does not show access rule {version} of {name} yet");
                return Err(DoorError::new(Code::NotFinalYet, detail));
            }
        }
        Ok(effects(difference(name, audience, &before, entries)))
    }
}
