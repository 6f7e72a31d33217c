#![allow(clippy::unwrap_used)]

use alloy_primitives::{Address, B256, Bytes};
use chancery_reference_points::{
    Role,
    access_rule::{AccessEntries, AccessRule},
    application::Service,
    c2s::C2s,
    chain_records::{EventQuery, EventRecord, TransactionRecord, ViewRecord},
    o2c::{Change, Mode},
    operation::ChainName,
    price::Price,
    s2p::Retrieval,
};
use parking_lot::Mutex;
use serde_json::json;

use super::*;
use crate::charges::{Charged, charges_service};

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

    async fn accesses(&self, _: &str, _: Option<Address>, _: usize) -> DoorResult<Vec<HistoryEntry>> {
        Ok(Vec::new())
    }
}

/// Chains that must not be reached in these tests, but for the access rules; who asks which there are is noted.
#[derive(Default)]
struct NoChains {
    asked: Mutex<Vec<Mandate>>,
    rules: Mutex<Vec<AccessRule>>,
    silent: Mutex<bool>,
}

#[async_trait]
impl S2p for NoChains {
    async fn access_rules(&self, service: Option<&str>) -> DoorResult<Vec<AccessRule>> {
        if *self.silent.lock() {
            return Err(DoorError::new(Code::ChainUnreachable, "no answer"));
        }
        let rules = self.rules.lock();
        Ok(rules.iter().rev().filter(|rule| service.is_none_or(|service| service == rule.service)).cloned().collect())
    }
    async fn is_office(&self, _: &Mandate) -> DoorResult<bool> {
        panic!("provisioning serves what search has settled")
    }
    async fn standing(&self, _: &Mandate) -> DoorResult<Actor> {
        panic!("provisioning serves what search has settled")
    }
    async fn chains(&self, by: &Mandate) -> DoorResult<Vec<ChainStatus>> {
        self.asked.lock().push(by.clone());
        Ok(Vec::new())
    }
    async fn transaction(&self, _: &Mandate, _: Option<&ChainName>, _: u64, _: B256) -> DoorResult<TransactionRecord> {
        panic!("a chain was reached")
    }
    async fn events(&self, _: &Mandate, _: EventQuery) -> DoorResult<Vec<EventRecord>> {
        panic!("a chain was reached")
    }
    async fn view(&self, _: &Mandate, _: &ChainName, _: Address, _: Bytes) -> DoorResult<ViewRecord> {
        panic!("a chain was reached")
    }
    async fn state_proof(
        &self,
        _: &Mandate,
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
    async fn answer(&self, _: &Actor, parameters: Value, chains: &dyn Retrieval) -> DoorResult<Value> {
        chains.chains().await?;
        Ok(parameters)
    }
    fn subject(&self, parameters: &Value) -> Option<String> {
        parameters["about"].as_str().map(str::to_owned)
    }
}

async fn open(journal: Arc<MemoryJournal>) -> Provisioning {
    open_over(Arc::default(), journal).await
}

async fn open_over(chains: Arc<NoChains>, journal: Arc<MemoryJournal>) -> Provisioning {
    over(chains, journal, Arc::new(|| 7)).await
}

async fn over(chains: Arc<NoChains>, journal: Arc<MemoryJournal>, clock: Clock) -> Provisioning {
    let services = vec![
        OfferedService::new(Arc::new(Echo("open.echo")), Audience::Public),
        OfferedService::new(Arc::new(Echo("closed.echo")), Audience::Roles(&[Role::Inspector])),
    ];
    Provisioning::open(chains, services, journal, clock).await.unwrap()
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

// M-PRO-2: what a service reads, it reads for whoever asks it and by its own right; what the city reads, by the city's.
#[tokio::test]
async fn processing_is_asked_on_behalf_of_who_asks_and_by_the_services_right() {
    let chains = Arc::new(NoChains::default());
    let provisioning = open_over(chains.clone(), Arc::default()).await;
    let inspector = Actor::new(Address::repeat_byte(2), [Role::Inspector]);
    provisioning.request(&inspector, ask("closed.echo")).await.unwrap();
    provisioning.request(&Actor::public(), ask("open.echo")).await.unwrap();
    provisioning.chains().await.unwrap();
    let expected = [
        Mandate::of(&inspector, "closed.echo"),
        Mandate::of(&Actor::public(), "open.echo"),
        Mandate::of_the_city(rights::CHAINS),
    ];
    assert_eq!(*chains.asked.lock(), expected);
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
    let operator = Address::repeat_byte(9);
    let withdraw = Change::OfferService { service: "open.echo".into(), offered: false, by: operator };
    let checked = C2s::control(&provisioning, &withdraw, Mode::Check).await.unwrap();
    assert_eq!(checked.effects, ["service open.echo: withdrawn"]);
    assert!(provisioning.request(&Actor::public(), ask("open.echo")).await.is_ok(), "a check changes nothing");

    C2s::control(&provisioning, &withdraw, Mode::Apply).await.unwrap();
    let recorded = journal.entries.lock().last().unwrap().clone();
    assert_eq!((recorded.name.as_str(), recorded.by), ("service.offer", Some(operator)), "who asked stands there");
    let restarted = open(journal).await;
    assert_eq!(restarted.request(&Actor::public(), ask("open.echo")).await.unwrap_err().code(), Code::UnknownService);
    // The other service, and those of data.
    assert_eq!(restarted.catalogue().await.unwrap().len(), 1 + DATA_SERVICES.len());
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
        price: amount.map(|amount| Price::of_inspections(amount, "CNY")),
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
        price: Some(Price::of_inspections(1, "yuan")),
        by,
    };
    assert_eq!(C2s::control(&restarted, &wrong, Mode::Check).await.unwrap_err().code(), Code::ConfigurationInvalid);
}

/// An echo that costs something, as long as it is asked about something good.
struct Toll;

#[async_trait]
impl Service for Toll {
    fn name(&self) -> &'static str {
        "toll.echo"
    }
    fn description(&self) -> &'static str {
        "Says what was said, for money."
    }
    async fn answer(&self, _: &Actor, parameters: Value, _: &dyn Retrieval) -> DoorResult<Value> {
        if parameters["about"] == "nothing" {
            return Err(DoorError::new(Code::UnknownCertificate, "no"));
        }
        Ok(parameters)
    }
    fn subject(&self, parameters: &Value) -> Option<String> {
        parameters["about"].as_str().map(str::to_owned)
    }
    fn is_charged(&self) -> bool {
        true
    }
}

#[derive(Default)]
struct MemoryCharges {
    kept: Mutex<Vec<(HistoryEntry, Charge)>>,
    broken: Mutex<bool>,
}

#[async_trait]
impl Charges for MemoryCharges {
    async fn record(&self, entry: HistoryEntry, charge: Charge) -> DoorResult<()> {
        if *self.broken.lock() {
            return Err(DoorError::new(Code::DatabaseUnreachable, "no journal"));
        }
        self.kept.lock().push((entry, charge));
        Ok(())
    }

    async fn charged(
        &self,
        service: &str,
        period: std::ops::Range<u64>,
        by: Option<Address>,
        _: usize,
    ) -> DoorResult<Vec<Charged>> {
        let kept = self.kept.lock();
        let wanted = kept.iter().filter(|(entry, _)| {
            entry.name == service && period.contains(&entry.time_ms) && by.is_none_or(|by| entry.by == Some(by))
        });
        Ok(wanted
            .map(|(entry, charge)| Charged {
                inspector: entry.by.unwrap(),
                organization: charge.organization.clone(),
                count: 1,
                bytes: charge.bytes,
            })
            .collect())
    }
}

// C-FEE, PROVISIONING-1, PROVISIONING-6
#[tokio::test]
async fn an_answer_that_is_charged_for_is_written_down_first_and_a_refused_one_costs_nothing() {
    let (journal, charges) = (Arc::new(MemoryJournal::default()), Arc::new(MemoryCharges::default()));
    let toll = OfferedService::new(Arc::new(Toll), Audience::Roles(&[Role::Inspector]));
    let services = vec![toll, charges_service(charges.clone())];
    let clock: Clock = Arc::new(|| 7);
    let provisioning = Provisioning::open(Arc::<NoChains>::default(), services, journal.clone(), clock).await.unwrap();
    let provisioning = provisioning.with_charges(charges.clone());
    let [address, other] = [1, 2].map(Address::repeat_byte);
    let inspector = Actor::new(address, [Role::Inspector]).of_organizations(["BANK".to_owned()]);
    let ask = async |actor: &Actor, service: &str, parameters: Value| {
        provisioning.request(actor, ServiceRequest::new(service, &parameters).unwrap()).await
    };
    assert!(ask(&inspector, "toll.echo", json!({"about": "a"})).await.is_ok());
    assert!(ask(&inspector, "toll.echo", json!({"about": "nothing"})).await.is_err());
    assert!(ask(&Actor::new(other, [Role::Citizen]), "toll.echo", json!({"about": "a"})).await.is_err());
    let kept = charges.kept.lock().clone();
    let [(entry, charge)] = &kept[..] else { panic!("{kept:?}") };
    assert_eq!((entry.by, entry.subject.as_str(), entry.happening), (Some(address), "a", Happening::Accessed));
    // Both ways: {"about":"a"}.
    assert_eq!(*charge, Charge { organization: "BANK".into(), bytes: 26 });
    assert_eq!(journal.entries.lock().len(), 2, "what costs nothing is an access all the same");
    *charges.broken.lock() = true;
    let error = ask(&inspector, "toll.echo", json!({"about": "a"})).await.unwrap_err();
    assert_eq!(error.code(), Code::DatabaseUnreachable, "nobody is answered what is not written down");
    *charges.broken.lock() = false;
    let query =
        |inspector: Option<Address>| json!({"service": "toll.echo", "inspector": inspector, "fromMs": 0, "toMs": 8});
    let counted = ask(&inspector, "fees.charges", query(None)).await.unwrap();
    assert_eq!(counted, json!({"counts": [{"inspector": address, "organization": "BANK", "count": 1, "bytes": 26}]}));
    let refused = ask(&inspector, "fees.charges", query(Some(other))).await.unwrap_err();
    assert_eq!(refused.code(), Code::RoleRequired);
    let supervisor = Actor::new(other, [Role::Supervisor]);
    assert_eq!(ask(&supervisor, "fees.charges", query(Some(other))).await.unwrap(), json!({"counts": []}));
    assert_eq!(ask(&supervisor, "fees.charges", query(None)).await.unwrap(), counted);
}

fn rule(service: &str, version: u32, entries: &str) -> AccessRule {
    let entries: AccessEntries = serde_json::from_str(entries).unwrap();
    AccessRule { service: service.into(), version, entries, by: Address::repeat_byte(9), configured_at: 1 }
}

fn configure(rule: &AccessRule) -> Change {
    Change::ConfigureAccess {
        service: rule.service.clone(),
        version: rule.version,
        entries: rule.entries.clone(),
        by: rule.by,
    }
}

// ACCESS-1, ACCESS-5, PROVISIONING-2, PROVISIONING-4, M-CON-3, M-CON-4
#[tokio::test]
async fn an_access_rule_counts_from_its_record_on_and_is_taken_back() {
    let (chains, journal) = (Arc::new(NoChains::default()), Arc::new(MemoryJournal::default()));
    let provisioning = over(chains.clone(), journal.clone(), Arc::new(|| 7)).await;
    let first = rule("closed.echo", 1, r#"{"role:inspector":"deny","organization:GOOD-1":"allow"}"#);
    let inspector = Actor::new(Address::repeat_byte(2), [Role::Inspector]);
    let checked = C2s::control(&provisioning, &configure(&first), Mode::Check).await.unwrap();
    assert_eq!(checked.effects[0], "service closed.echo: role inspector may not ask any more");
    assert!(provisioning.request(&inspector, ask("closed.echo")).await.is_ok(), "a check changes nothing");
    let early = C2s::control(&provisioning, &configure(&first), Mode::Apply).await.unwrap_err();
    assert_eq!(early.code(), Code::NotFinalYet, "what the chain does not have does not count");

    chains.rules.lock().push(first.clone());
    C2s::control(&provisioning, &configure(&first), Mode::Apply).await.unwrap();
    let refused = provisioning.request(&inspector, ask("closed.echo")).await.unwrap_err();
    assert_eq!(refused.code(), Code::RoleRequired);
    assert!(refused.detail().contains("version 1"), "{refused}");
    assert_eq!(journal.entries.lock().last().unwrap().facts, "refused");
    let member = inspector.clone().of_organizations(["GOOD-1".to_owned()]);
    assert!(provisioning.request(&member, ask("closed.echo")).await.is_ok());

    // Restored: what was before the first version.
    let second = rule("closed.echo", 2, "{}");
    chains.rules.lock().push(second.clone());
    C2s::control(&provisioning, &configure(&second), Mode::Apply).await.unwrap();
    assert!(provisioning.request(&inspector, ask("closed.echo")).await.is_ok());
    let access = provisioning.service_access("closed.echo").await.unwrap();
    assert_eq!((access.roles, access.versions), (Some(vec![Role::Inspector]), vec![second, first]));
}

// ACCESS-2, ACCESS-3
#[tokio::test]
async fn a_rule_that_widens_or_locks_operators_out_is_refused_with_its_error() {
    let provisioning = open(Arc::default()).await;
    for (rule, code) in [
        (rule("closed.echo", 1, r#"{"role:citizen":"allow"}"#), Code::ConfigurationInvalid),
        (rule("open.echo", 1, r#"{"anybody":"deny"}"#), Code::OperatorsLockedOut),
        (rule("unheard.of", 1, "{}"), Code::ConfigurationInvalid),
        (rule("data.search", 1, r#"{"anybody":"deny"}"#), Code::OperatorsLockedOut),
    ] {
        let error = C2s::control(&provisioning, &configure(&rule), Mode::Check).await.unwrap_err();
        assert_eq!(error.code(), code, "{}", rule.service);
    }
}

// PROVISIONING-4: an outage opens nothing, and closes nothing that was open.
#[tokio::test]
async fn rules_that_were_read_outlive_an_outage_and_unread_ones_close() {
    let (chains, now) = (Arc::new(NoChains::default()), Arc::new(Mutex::new(0_u64)));
    let clock: Clock = {
        let now = now.clone();
        Arc::new(move || *now.lock())
    };
    chains.rules.lock().push(rule("closed.echo", 1, r#"{"role:inspector":"deny"}"#));
    *chains.silent.lock() = true;
    let provisioning = over(chains.clone(), Arc::default(), clock).await;
    let inspector = Actor::new(Address::repeat_byte(2), [Role::Inspector]);
    let unread = provisioning.request(&inspector, ask("closed.echo")).await.unwrap_err();
    assert_eq!(unread.code(), Code::ChainUnreachable);

    *chains.silent.lock() = false;
    assert!(provisioning.request(&Actor::public(), ask("open.echo")).await.is_ok());
    *chains.silent.lock() = true;
    *now.lock() = 60_000;
    let denied = provisioning.request(&inspector, ask("closed.echo")).await.unwrap_err();
    assert_eq!(denied.code(), Code::RoleRequired, "as it was read last");
    // Another gateway has taken it back.
    *chains.silent.lock() = false;
    chains.rules.lock().push(rule("closed.echo", 2, "{}"));
    *now.lock() = 120_000;
    assert!(provisioning.request(&inspector, ask("closed.echo")).await.is_ok());
}

// PROVISIONING-4, M-CON-3: services of data are narrowed as those of the catalogue.
#[tokio::test]
async fn a_rule_narrows_the_search_of_data() {
    let chains = Arc::new(NoChains::default());
    let narrowed = r#"{"anybody":"deny","role:inspector":"allow","role:operator":"allow"}"#;
    chains.rules.lock().push(rule("data.search", 1, narrowed));
    let provisioning = over(chains, Arc::default(), Arc::new(|| 7)).await;
    let refused = provisioning.admit("data.search", &Actor::public()).await.unwrap_err();
    assert_eq!(
        (refused.code(), &refused.members()["required"]),
        (Code::RoleRequired, &json!(["inspector", "operator"]))
    );
    let inspector = Actor::new(Address::repeat_byte(2), [Role::Inspector]);
    provisioning.admit("data.search", &inspector).await.unwrap();
    provisioning.admit("data.trace", &Actor::public()).await.unwrap();
    assert_eq!(provisioning.admit("data.unheard", &inspector).await.unwrap_err().code(), Code::UnknownService);
    let catalogue = provisioning.catalogue().await.unwrap();
    assert!(DATA_SERVICES.iter().all(|(name, _)| catalogue.iter().any(|known| known.name == *name)), "they are listed");
}

// PROVISIONING-3, M-CON-2, S-SVC: services of data are withdrawn as any other, over a restart too.
#[tokio::test]
async fn a_service_of_data_is_withdrawn_and_offered_again() {
    let journal = Arc::new(MemoryJournal::default());
    let change =
        |offered| Change::OfferService { service: "data.aggregate".into(), offered, by: Address::repeat_byte(9) };
    C2s::control(&open(journal.clone()).await, &change(false), Mode::Apply).await.unwrap();
    let restarted = open(journal).await;
    let refused = restarted.admit("data.aggregate", &Actor::public()).await.unwrap_err();
    assert_eq!(refused.code(), Code::UnknownService);
    restarted.admit("data.search", &Actor::public()).await.unwrap();
    let closed = restarted.withdrawn().await.unwrap();
    assert_eq!((closed.len(), closed[0].name.as_str()), (1, "data.aggregate"));
    C2s::control(&restarted, &change(true), Mode::Apply).await.unwrap();
    restarted.admit("data.aggregate", &Actor::public()).await.unwrap();
}

// M-MON-2
#[tokio::test]
async fn the_journal_says_by_which_right_somebody_was_answered() {
    let journal = Arc::new(MemoryJournal::default());
    let provisioning = open(journal.clone()).await;
    let inspector = Actor::new(Address::repeat_byte(2), [Role::Inspector]);
    let about = |address: Address| ServiceRequest {
        service: "closed.echo".to_owned(),
        parameters: json!({"about": address.to_string()}),
    };
    provisioning.request(&Actor::public(), ask("open.echo")).await.unwrap();
    provisioning.request(&inspector, about(Address::repeat_byte(2))).await.unwrap();
    provisioning.request(&inspector, about(Address::repeat_byte(3))).await.unwrap();
    let citizen = Actor::new(Address::repeat_byte(3), [Role::Citizen]);
    provisioning.request(&citizen, about(Address::repeat_byte(3))).await.unwrap_err();
    let rights: Vec<_> = journal.entries.lock().iter().map(|entry| entry.right).collect();
    assert_eq!(rights, [Some(Right::Open), Some(Right::OwnData), Some(Right::Role), None], "none where it was refused");
}

/// Accounts in memory, of which one is an operator's.
#[derive(Default)]
struct MemoryAccounts(Mutex<std::collections::BTreeSet<Address>>);

const OPERATOR: Address = Address::repeat_byte(9);

#[async_trait]
impl Accounts for MemoryAccounts {
    async fn is_suspended(&self, address: Address) -> DoorResult<bool> {
        Ok(self.0.lock().contains(&address))
    }
    fn is_indispensable(&self, address: Address) -> bool {
        address == OPERATOR
    }
    async fn suspend(&self, address: Address, suspended: bool, _: Address, _: u64) -> DoorResult<()> {
        let mut accounts = self.0.lock();
        if suspended {
            accounts.insert(address)
        } else {
            accounts.remove(&address)
        };
        Ok(())
    }
}

// M-CON-3, M-CON-4
#[tokio::test]
async fn a_user_is_suspended_after_a_check_and_restored_and_no_operator_is() {
    let (journal, accounts) = (Arc::new(MemoryJournal::default()), Arc::new(MemoryAccounts::default()));
    let provisioning = open(journal.clone()).await.with_accounts(accounts.clone());
    let user = Address::repeat_byte(1);
    let change = |address, suspended| Change::SuspendUser { address, suspended, by: OPERATOR };
    let checked = provisioning.control(&change(user, true), Mode::Check).await.unwrap();
    assert_eq!(checked.effects, [format!("user {user}: suspended")]);
    assert!(accounts.0.lock().is_empty() && journal.entries.lock().is_empty(), "a check changes nothing");
    for (suspended, word) in [(true, "suspended"), (false, "restored")] {
        provisioning.control(&change(user, suspended), Mode::Apply).await.unwrap();
        assert_eq!(accounts.0.lock().contains(&user), suspended);
        let again = provisioning.control(&change(user, suspended), Mode::Apply).await.unwrap();
        assert!(again.effects.is_empty(), "what is so already is not changed");
        let entry = journal.entries.lock().last().cloned().unwrap();
        assert_eq!((entry.facts.as_str(), entry.subject, entry.by), (word, user.to_string(), Some(OPERATOR)));
    }
    assert_eq!(journal.entries.lock().len(), 2);
    let refused = provisioning.control(&change(OPERATOR, true), Mode::Apply).await.unwrap_err();
    assert_eq!(refused.code(), Code::OperatorsLockedOut);
}
