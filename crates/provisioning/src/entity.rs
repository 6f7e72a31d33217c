//! The entity: answers at U2S, is configured at C2S, is watched at M2S.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use async_trait::async_trait;
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult,
    access_rule::ServiceAccess,
    chain_records::ChainStatus,
    journal::{Clock, Journal},
    m2s::M2s,
    mandate::{Mandate, rights},
    price::PriceSetting,
    right::Right,
    s2p::{OnBehalf, S2p},
    trace::Narrowing,
    u2s::{ServiceDescription, ServiceRequest, U2s},
    v2m::{EventFilter, Happening, HistoryEntry},
};
use parking_lot::RwLock;
use serde_json::Value;

use crate::{
    access::{Refusal, is_open, judge, right_to_ask},
    accounts::Accounts,
    catalogue::{Audience, OfferedService},
    charges::{Charge, Charges, bytes_of, payer},
    control::WITHDRAWN,
    prices,
    rules::Rules,
};

/// The services of data of registered sources, which no application brings, with a line for the catalogue: anybody, and each sees what it may ([`DataService`](crate::DataService)).
const DATA_SERVICES: [(&str, &str); 6] = [
    ("data.search", "Operations of registered sources, by source, format, subject, members, words and times."),
    ("data.statistics", "How many operations of registered sources were accepted, by day, format and source."),
    ("data.trace", "Every version, source and reader of an asset of registered sources."),
    ("data.proof", "The proof of an operation of a registered source, up to the chain."),
    ("data.aggregate", "Counts, sums, bounds and means over operations of registered sources, by members and times."),
    ("data.subscription", "Operations of registered sources that match a query, as they are accepted."),
];

/// Facts of the entry of an access that was refused.
pub(crate) const REFUSED: &str = "refused";

/// Who decides whether somebody may ask for a service.
#[async_trait]
pub trait Admission: Send + Sync {
    /// That an actor may ask for a service, by what the service allows and by its access rule.
    ///
    /// # Errors
    /// `UnknownService`, `RoleRequired`, `ServiceRefused`; `ChainUnreachable` as long as the access rules were never read.
    async fn admit(&self, service: &str, actor: &Actor) -> DoorResult<()>;

    /// The access rule of a service, if it has one in force.
    ///
    /// # Errors
    /// `ChainUnreachable` as long as the access rules were never read.
    async fn narrowing(&self, service: &str) -> DoorResult<Option<Narrowing>>;
}

#[async_trait]
impl Admission for Provisioning {
    async fn admit(&self, service: &str, actor: &Actor) -> DoorResult<()> {
        let unknown =
            || DoorError::new(Code::UnknownService, format!("no service `{}` is offered", printable(service)));
        let known = self.audience(service).filter(|(name, _)| !self.withdrawn.read().contains(*name));
        let (name, audience) = known.ok_or_else(unknown)?;
        let (version, entries) = self.rules.of(name, self.s2p.as_ref()).await?;
        judge(audience, &entries, actor).map_err(|refusal| refused(refusal, version))
    }

    async fn narrowing(&self, service: &str) -> DoorResult<Option<Narrowing>> {
        let (version, entries) = self.rules.of(service, self.s2p.as_ref()).await?;
        Ok((!entries.is_empty()).then(|| Narrowing { service: service.to_owned(), version, entries }))
    }
}

/// Data service provisioning.
pub struct Provisioning {
    pub(crate) s2p: Arc<dyn S2p>,
    pub(crate) services: BTreeMap<&'static str, OfferedService>,
    pub(crate) withdrawn: RwLock<BTreeSet<String>>,
    pub(crate) rules: Rules,
    pub(crate) accounts: Option<Arc<dyn Accounts>>,
    pub(crate) charges: Option<Arc<dyn Charges>>,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) clock: Clock,
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
        for name in services.keys().copied().chain(DATA_SERVICES.map(|(name, _)| name)) {
            let filter = EventFilter {
                subject: Some(name.to_owned()),
                happenings: vec![Happening::Configured],
                limit: Some(1),
                ..EventFilter::default()
            };
            if journal.entries(&filter).await?.first().is_some_and(|entry| entry.facts == WITHDRAWN) {
                withdrawn.insert(name.to_owned());
            }
        }
        let rules = Rules::new(clock.clone());
        if let Err(error) = rules.read(s2p.as_ref()).await {
            tracing::warn!(%error, "the access rules cannot be read yet: services answer once they are");
        }
        Ok(Self {
            s2p,
            services,
            withdrawn: RwLock::new(withdrawn),
            rules,
            accounts: None,
            charges: None,
            journal,
            clock,
        })
    }

    /// The same, with accounts at the gateway that operators may suspend.
    #[must_use]
    pub fn with_accounts(self, accounts: Arc<dyn Accounts>) -> Self {
        Self { accounts: Some(accounts), ..self }
    }

    /// The same, which writes down what is charged for; [`charges_service`](crate::charges_service) counts it.
    #[must_use]
    pub fn with_charges(self, charges: Arc<dyn Charges>) -> Self {
        Self { charges: Some(charges), ..self }
    }

    /// The upper bound of who may ask for a service that an application brings, offered or not, or that is of data.
    pub(crate) fn audience(&self, name: &str) -> Option<(&'static str, Audience)> {
        let known = self.services.get(name).map(|known| (known.service.name(), known.audience));
        let of_data = || DATA_SERVICES.into_iter().find(|(known, _)| *known == name);
        known.or_else(|| of_data().map(|(known, _)| (known, Audience::Public)))
    }

    /// Every service, offered or not, as the catalogue describes it.
    fn described(&self) -> impl Iterator<Item = ServiceDescription> {
        let of_data = DATA_SERVICES.into_iter().map(|(name, description)| ServiceDescription {
            name: name.to_owned(),
            description: description.to_owned(),
            roles: Vec::new(),
        });
        self.services.values().map(OfferedService::described).chain(of_data)
    }

    fn offered(&self, name: &str) -> DoorResult<&OfferedService> {
        let known = self.services.get(name).filter(|_| !self.withdrawn.read().contains(name));
        known
            .ok_or_else(|| DoorError::new(Code::UnknownService, format!("no service `{}` is offered", printable(name))))
    }

    /// The journal entry of an access, where the service says what it is about.
    fn access(
        &self,
        actor: &Actor,
        offered: &OfferedService,
        parameters: &Value,
        judged: Judged,
    ) -> Option<HistoryEntry> {
        Some(HistoryEntry {
            time_ms: (self.clock)(),
            happening: Happening::Accessed,
            name: offered.service.name().to_owned(),
            by: actor.address,
            subject: offered.service.subject(parameters)?,
            recorded: None,
            facts: if judged == Judged::Refused { REFUSED.to_owned() } else { String::new() },
            revision: None,
            right: match judged {
                Judged::Admitted(right) => Some(right),
                Judged::Refused => None,
            },
            verified: None,
        })
    }

    /// Answers what is charged for. The access is written down when it is known whether it costs anything, and before the answer is given.
    async fn charge(
        &self,
        charges: &dyn Charges,
        (actor, right): (&Actor, Right),
        offered: &OfferedService,
        parameters: Value,
    ) -> DoorResult<Value> {
        let entry = self.access(actor, offered, &parameters, Judged::Admitted(right));
        let asked_bytes = bytes_of(&parameters)?;
        let chains = OnBehalf::new(self.s2p.clone(), Mandate::of(actor, offered.service.name()));
        let answer = offered.service.answer(actor, parameters, &chains).await;
        if let Some(entry) = entry {
            match &answer {
                Ok(value) => {
                    let bytes = asked_bytes.saturating_add(bytes_of(value)?);
                    charges.record(entry, Charge { organization: payer(actor), bytes }).await?;
                }
                Err(_) => self.journal.record(entry).await?,
            }
        }
        answer
    }

    async fn record_access(
        &self,
        actor: &Actor,
        offered: &OfferedService,
        parameters: &Value,
        judged: Judged,
        is_open: bool,
    ) -> DoorResult<()> {
        let Some(entry) = self.access(actor, offered, parameters, judged) else {
            return Ok(());
        };
        match (self.journal.record(entry).await, is_open) {
            // What anybody may read is answered even when our journal is out: an outage must not turn verification off.
            (Err(error), true) => {
                tracing::warn!(%error, service = offered.service.name(), "an access was not recorded");
                Ok(())
            }
            (outcome, _) => outcome,
        }
    }
}

/// Whether a request is answered, and by which right.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Judged {
    Admitted(Right),
    Refused,
}

/// What a caller wrote, cut to what a message can show.
pub(crate) fn printable(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(64).collect()
}

/// Why somebody was refused, and by which version of the rule; 0: by the service itself.
fn refused(refusal: Refusal, version: u32) -> DoorError {
    let by_rule = if version == 0 { String::new() } else { format!(" (access rule, version {version})") };
    match refusal {
        Refusal::Role(roles) => {
            let required: Vec<&str> = roles.iter().map(|role| role.name()).collect();
            let detail = format!("this needs one of the roles {}{by_rule}", required.join(", "));
            DoorError::new(Code::RoleRequired, detail).with("required", required)
        }
        Refusal::Organization(code) => {
            let detail = format!("what comes of organization {code} is refused{by_rule}");
            DoorError::new(Code::ServiceRefused, detail).with("organization", code).with("version", version)
        }
    }
}

#[async_trait]
impl U2s for Provisioning {
    async fn catalogue(&self) -> DoorResult<Vec<ServiceDescription>> {
        let withdrawn = self.withdrawn.read();
        Ok(self.described().filter(|known| !withdrawn.contains(&known.name)).collect())
    }

    async fn withdrawn(&self) -> DoorResult<Vec<ServiceDescription>> {
        let withdrawn = self.withdrawn.read();
        Ok(self.described().filter(|known| withdrawn.contains(&known.name)).collect())
    }

    async fn prices(&self) -> DoorResult<Vec<PriceSetting>> {
        prices::changes(self.journal.as_ref()).await
    }

    async fn request(&self, actor: &Actor, request: ServiceRequest) -> DoorResult<Value> {
        let offered = self.offered(&request.service)?;
        let (version, entries) = self.rules.of(offered.service.name(), self.s2p.as_ref()).await?;
        let is_open = is_open(offered.audience, &entries);
        if let Err(refusal) = judge(offered.audience, &entries, actor) {
            self.record_access(actor, offered, &request.parameters, Judged::Refused, is_open).await?;
            return Err(refused(refusal, version));
        }
        let right = right_to_ask(offered, &entries, actor, &request.parameters);
        if let Some(charges) = self.charges.as_ref().filter(|_| offered.service.is_charged()) {
            return self.charge(charges.as_ref(), (actor, right), offered, request.parameters).await;
        }
        self.record_access(actor, offered, &request.parameters, Judged::Admitted(right), is_open).await?;
        let chains = OnBehalf::new(self.s2p.clone(), Mandate::of(actor, offered.service.name()));
        offered.service.answer(actor, request.parameters, &chains).await
    }

    async fn service_access(&self, service: &str) -> DoorResult<ServiceAccess> {
        let (service, audience) = self.audience(service).ok_or_else(|| {
            let detail = format!("no application brings a service `{}`", printable(service));
            DoorError::new(Code::UnknownService, detail)
        })?;
        let versions = self.s2p.access_rules(Some(service)).await?;
        Ok(ServiceAccess { service: service.to_owned(), roles: audience.roles(), versions })
    }

    async fn chains(&self) -> DoorResult<Vec<ChainStatus>> {
        self.s2p.chains(&Mandate::of_the_city(rights::CHAINS)).await
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
