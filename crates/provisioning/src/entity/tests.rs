#![allow(clippy::unwrap_used)]

use alloy_primitives::{Address, B256, Bytes};
use chancery_reference_points::{
    Role,
    application::Service,
    chain_records::{EventQuery, EventRecord, TransactionRecord, ViewRecord},
    operation::ChainName,
};
use parking_lot::Mutex;
use serde_json::json;

use super::*;

#[derive(Default)]
struct MemoryJournal {
    entries: Mutex<Vec<HistoryEntry>>,
    broken: Mutex<bool>,
}

#[async_trait]
impl Journal for MemoryJournal {
    async fn record(&self, entry: HistoryEntry) -> DoorResult<()> {
        if *self.broken.lock() {
            return Err(DoorError::new(Code::DatabaseUnreachable, "no journal"));
        }
        self.entries.lock().push(entry);
        Ok(())
    }

    async fn entries(&self, filter: &EventFilter) -> DoorResult<Vec<HistoryEntry>> {
        let entries = self.entries.lock();
        let wanted = entries.iter().rev().filter(|entry| {
            filter.subject.as_ref().is_none_or(|subject| *subject == entry.subject)
                && (filter.happenings.is_empty() || filter.happenings.contains(&entry.happening))
        });
        Ok(wanted.take(filter.limit.unwrap_or(100)).cloned().collect())
    }
}

/// Chains that must not be reached in these tests.
struct NoChains;

#[async_trait]
impl S2p for NoChains {
    async fn chains(&self) -> DoorResult<Vec<ChainStatus>> {
        Ok(Vec::new())
    }
    async fn transaction(&self, _: Option<&ChainName>, _: u64, _: B256) -> DoorResult<TransactionRecord> {
        panic!("a chain was reached")
    }
    async fn events(&self, _: EventQuery) -> DoorResult<Vec<EventRecord>> {
        panic!("a chain was reached")
    }
    async fn view(&self, _: &ChainName, _: Address, _: Bytes) -> DoorResult<ViewRecord> {
        panic!("a chain was reached")
    }
    async fn state_proof(
        &self,
        _: &ChainName,
        _: Address,
        _: Vec<B256>,
    ) -> DoorResult<Option<chancery_light::StateProof>> {
        panic!("a chain was reached")
    }
}

struct Echo(&'static str);

#[async_trait]
impl Service for Echo {
    fn name(&self) -> &'static str {
        self.0
    }
    fn description(&self) -> &'static str {
        "Says what was said."
    }
    async fn answer(&self, _: &Actor, parameters: Value, _: &dyn S2p) -> DoorResult<Value> {
        Ok(parameters)
    }
    fn subject(&self, parameters: &Value) -> Option<String> {
        parameters["about"].as_str().map(str::to_owned)
    }
}

async fn open(journal: Arc<MemoryJournal>) -> Provisioning {
    let services = vec![
        OfferedService::new(Arc::new(Echo("open.echo")), Audience::Public),
        OfferedService::new(Arc::new(Echo("closed.echo")), Audience::Roles(&[Role::Inspector])),
    ];
    Provisioning::open(Arc::new(NoChains), services, journal, Arc::new(|| 7)).await.unwrap()
}

fn ask(service: &str) -> ServiceRequest {
    ServiceRequest { service: service.to_owned(), parameters: json!({"about": "0x01"}) }
}

// PROVISIONING-2, M-SER-1
#[tokio::test]
async fn who_lacks_the_role_is_refused_and_recorded() {
    let journal = Arc::new(MemoryJournal::default());
    let provisioning = open(journal.clone()).await;
    let stranger = Actor::new(Address::repeat_byte(1), [Role::Citizen]);
    let error = provisioning.request(&stranger, ask("closed.echo")).await.unwrap_err();
    assert_eq!(error.code(), Code::RoleRequired);
    let entries = journal.entries.lock();
    assert_eq!((entries.len(), entries[0].facts.as_str(), entries[0].by), (1, "refused", stranger.address));
}

// M-SER-2, M-MON-2
#[tokio::test]
async fn an_answered_request_is_in_the_journal() {
    let journal = Arc::new(MemoryJournal::default());
    let provisioning = open(journal.clone()).await;
    let inspector = Actor::new(Address::repeat_byte(2), [Role::Inspector]);
    assert_eq!(provisioning.request(&inspector, ask("closed.echo")).await.unwrap(), json!({"about": "0x01"}));
    let seen = M2s::journal(&provisioning, &EventFilter { subject: Some("0x01".into()), ..EventFilter::default() })
        .await
        .unwrap();
    assert_eq!((seen.len(), seen[0].time_ms, seen[0].name.as_str()), (1, 7, "closed.echo"));
}

// PROVISIONING-1
#[tokio::test]
async fn without_a_journal_only_public_services_answer() {
    let journal = Arc::new(MemoryJournal::default());
    let provisioning = open(journal.clone()).await;
    *journal.broken.lock() = true;
    let inspector = Actor::new(Address::repeat_byte(2), [Role::Inspector]);
    assert_eq!(
        provisioning.request(&inspector, ask("closed.echo")).await.unwrap_err().code(),
        Code::DatabaseUnreachable
    );
    assert!(provisioning.request(&Actor::public(), ask("open.echo")).await.is_ok());
}

// PROVISIONING-3, M-CON-2, M-CON-4
#[tokio::test]
async fn a_withdrawn_service_stays_withdrawn_over_a_restart() {
    let journal = Arc::new(MemoryJournal::default());
    let provisioning = open(journal.clone()).await;
    let withdraw = Change::OfferService { service: "open.echo".into(), offered: false };
    let checked = C2s::control(&provisioning, &withdraw, Mode::Check).await.unwrap();
    assert_eq!(checked.effects, ["service open.echo: withdrawn"]);
    assert!(provisioning.request(&Actor::public(), ask("open.echo")).await.is_ok(), "a check changes nothing");

    C2s::control(&provisioning, &withdraw, Mode::Apply).await.unwrap();
    let restarted = open(journal).await;
    assert_eq!(restarted.request(&Actor::public(), ask("open.echo")).await.unwrap_err().code(), Code::UnknownService);
    assert_eq!(restarted.catalogue().await.unwrap().len(), 1);
    // S-SVC: an operator sees what can be offered again, and who may ask for it.
    let closed = restarted.withdrawn().await.unwrap();
    assert_eq!((closed.len(), closed[0].name.as_str(), closed[0].roles.as_slice()), (1, "open.echo", &[][..]));
    let again = C2s::control(&restarted, &withdraw, Mode::Apply).await.unwrap();
    assert!(again.effects.is_empty(), "nothing changes twice");
}

// C-FEE, M-CON-2, M-CON-4
#[tokio::test]
async fn a_price_list_keeps_its_history_over_a_restart() {
    let journal = Arc::new(MemoryJournal::default());
    let provisioning = open(journal.clone()).await;
    let by = Address::repeat_byte(7);
    let set = |subject: &str, amount: Option<u64>| Change::SetPrice {
        subject: subject.parse().unwrap(),
        price: amount.map(|amount| Price { amount, currency: "CNY".into() }),
        by,
    };
    let checked = C2s::control(&provisioning, &set("organizations", Some(50)), Mode::Check).await.unwrap();
    assert_eq!(checked.effects, ["inspection by organizations: 0.50 CNY instead of no price"]);
    assert!(provisioning.prices().await.unwrap().is_empty(), "a check changes nothing");
    for change in [set("organizations", Some(50)), set("organization:PUBLIC", Some(0)), set("organizations", None)] {
        assert_eq!(C2s::control(&provisioning, &change, Mode::Apply).await.unwrap().effects.len(), 1);
    }
    let restarted = open(journal).await;
    let kept = restarted.prices().await.unwrap();
    let amounts: Vec<_> = kept.iter().map(|one| one.price.as_ref().map(|price| price.amount)).collect();
    assert_eq!((amounts, kept[0].by), (vec![Some(50), Some(0), None], by));
    let again = C2s::control(&restarted, &set("organizations", None), Mode::Apply).await.unwrap();
    assert!(again.effects.is_empty() && restarted.prices().await.unwrap().len() == 3, "nothing changes twice");
    let wrong = Change::SetPrice {
        subject: "organizations".parse().unwrap(),
        price: Some(Price { amount: 1, currency: "yuan".into() }),
        by,
    };
    assert_eq!(C2s::control(&restarted, &wrong, Mode::Check).await.unwrap_err().code(), Code::ConfigurationInvalid);
}
