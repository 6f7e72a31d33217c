//! The entity: answers at U2S, is configured at C2S, is watched at M2S.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use alloy_primitives::Address;
use async_trait::async_trait;
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult,
    c2s::C2s,
    chain_records::ChainStatus,
    journal::{Clock, Journal},
    m2s::M2s,
    o2c::{Change, ChangeResult, Mode},
    price::{Price, PriceSetting, PriceSubject},
    s2p::S2p,
    u2s::{ServiceDescription, ServiceRequest, U2s},
    v2m::{EventFilter, Happening, HistoryEntry},
};
use parking_lot::RwLock;
use serde_json::Value;

use crate::{
    catalogue::{Audience, OfferedService},
    prices,
};

/// Name of the journal entries that say whether a service is offered.
const OFFER: &str = "service.offer";
/// Facts of such an entry.
const OFFERED: &str = "offered";
/// Facts of such an entry.
const WITHDRAWN: &str = "withdrawn";

/// Data service provisioning.
pub struct Provisioning {
    s2p: Arc<dyn S2p>,
    services: BTreeMap<&'static str, OfferedService>,
    withdrawn: RwLock<BTreeSet<String>>,
    journal: Arc<dyn Journal>,
    clock: Clock,
}

impl Provisioning {
    /// Opens the catalogue with the services of the applications, and reads from the journal which of them are withdrawn.
    ///
    /// # Errors
    /// `DatabaseUnreachable`.
    pub async fn open(
        s2p: Arc<dyn S2p>,
        services: Vec<OfferedService>,
        journal: Arc<dyn Journal>,
        clock: Clock,
    ) -> DoorResult<Self> {
        let services: BTreeMap<_, _> = services.into_iter().map(|offered| (offered.service.name(), offered)).collect();
        let mut withdrawn = BTreeSet::new();
        for name in services.keys() {
            let filter = EventFilter {
                subject: Some((*name).to_owned()),
                happenings: vec![Happening::Configured],
                limit: Some(1),
                ..EventFilter::default()
            };
            if journal.entries(&filter).await?.first().is_some_and(|entry| entry.facts == WITHDRAWN) {
                withdrawn.insert((*name).to_owned());
            }
        }
        Ok(Self { s2p, services, withdrawn: RwLock::new(withdrawn), journal, clock })
    }

    fn offered(&self, name: &str) -> DoorResult<&OfferedService> {
        let known = self.services.get(name).filter(|_| !self.withdrawn.read().contains(name));
        known
            .ok_or_else(|| DoorError::new(Code::UnknownService, format!("no service `{}` is offered", printable(name))))
    }

    async fn record_access(
        &self,
        actor: &Actor,
        offered: &OfferedService,
        parameters: &Value,
        facts: &str,
    ) -> DoorResult<()> {
        let Some(subject) = offered.service.subject(parameters) else {
            return Ok(());
        };
        let entry = HistoryEntry {
            time_ms: (self.clock)(),
            happening: Happening::Accessed,
            name: offered.service.name().to_owned(),
            by: actor.address,
            subject,
            recorded: None,
            facts: facts.to_owned(),
            revision: None,
            verified: None,
        };
        match (self.journal.record(entry).await, offered.audience) {
            // What anybody may read is answered even when our journal is out: an outage must not turn verification off.
            (Err(error), Audience::Public) => {
                tracing::warn!(%error, service = offered.service.name(), "an access was not recorded");
                Ok(())
            }
            (outcome, _) => outcome,
        }
    }
}

/// What a caller wrote, cut to what a message can show.
fn printable(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(64).collect()
}

#[async_trait]
impl U2s for Provisioning {
    async fn catalogue(&self) -> DoorResult<Vec<ServiceDescription>> {
        let withdrawn = self.withdrawn.read();
        let offered = self.services.values().filter(|offered| !withdrawn.contains(offered.service.name()));
        Ok(offered.map(OfferedService::described).collect())
    }

    async fn withdrawn(&self) -> DoorResult<Vec<ServiceDescription>> {
        let withdrawn = self.withdrawn.read();
        let closed = self.services.values().filter(|known| withdrawn.contains(known.service.name()));
        Ok(closed.map(OfferedService::described).collect())
    }

    async fn prices(&self) -> DoorResult<Vec<PriceSetting>> {
        prices::changes(self.journal.as_ref()).await
    }

    async fn request(&self, actor: &Actor, request: ServiceRequest) -> DoorResult<Value> {
        let offered = self.offered(&request.service)?;
        if !offered.audience.admits(actor) {
            self.record_access(actor, offered, &request.parameters, "refused").await?;
            let Audience::Roles(roles) = offered.audience else {
                return Err(DoorError::new(Code::Internal, ""));
            };
            let required: Vec<&str> = roles.iter().map(|role| role.name()).collect();
            return Err(DoorError::new(
                Code::RoleRequired,
                format!("this needs one of the roles {}", required.join(", ")),
            )
            .with("required", required));
        }
        self.record_access(actor, offered, &request.parameters, "").await?;
        offered.service.answer(actor, request.parameters, self.s2p.as_ref()).await
    }

    async fn chains(&self) -> DoorResult<Vec<ChainStatus>> {
        self.s2p.chains().await
    }
}

impl Provisioning {
    async fn set_price(
        &self,
        subject: &PriceSubject,
        price: Option<&Price>,
        by: Address,
        mode: Mode,
    ) -> DoorResult<ChangeResult> {
        let now_ms = (self.clock)();
        let effects = prices::effects(prices::changes(self.journal.as_ref()).await?, subject, price, now_ms)?;
        if mode == Mode::Apply && !effects.is_empty() {
            self.journal.record(prices::entry(subject, price, by, now_ms)?).await?;
        }
        Ok(ChangeResult { effects, recorded: Vec::new() })
    }
}

#[async_trait]
impl C2s for Provisioning {
    async fn control(&self, change: &Change, mode: Mode) -> DoorResult<ChangeResult> {
        let (service, offered) = match change {
            Change::OfferService { service, offered } => (service, offered),
            Change::SetPrice { subject, price, by } => {
                return self.set_price(subject, price.as_ref(), *by, mode).await;
            }
            _ => return Ok(ChangeResult { effects: Vec::new(), recorded: Vec::new() }),
        };
        let Some(known) = self.services.get(service.as_str()) else {
            return Err(DoorError::new(
                Code::ConfigurationInvalid,
                format!("no application brings a service `{}`", printable(service)),
            ));
        };
        let name = known.service.name();
        let withdrawn_now = self.withdrawn.read().contains(name);
        if withdrawn_now != *offered {
            return Ok(ChangeResult { effects: Vec::new(), recorded: Vec::new() });
        }
        let word = if *offered { OFFERED } else { WITHDRAWN };
        if mode == Mode::Apply {
            let entry = HistoryEntry {
                time_ms: (self.clock)(),
                happening: Happening::Configured,
                name: OFFER.to_owned(),
                by: None,
                subject: name.to_owned(),
                recorded: None,
                facts: word.to_owned(),
                revision: None,
                verified: None,
            };
            self.journal.record(entry).await?;
            let mut withdrawn = self.withdrawn.write();
            if *offered {
                withdrawn.remove(name);
            } else {
                withdrawn.insert(name.to_owned());
            }
        }
        Ok(ChangeResult { effects: vec![format!("service {name}: {word}")], recorded: Vec::new() })
    }
}

#[async_trait]
impl M2s for Provisioning {
    async fn journal(&self, filter: &EventFilter) -> DoorResult<Vec<HistoryEntry>> {
        self.journal.entries(filter).await
    }
}

#[cfg(test)]
mod tests;
