//! Doors that note every call and answer with examples, or with the error that a test has laid ready.

mod outer;
mod registers;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use alloy_primitives::Address;
use async_trait::async_trait;
use chancery_gateway::{Doors, doors::Roles};
use chancery_reference_points::{
    Actor, DoorError, DoorResult, Role,
    data_search::DataPage,
    o2c::Change,
    organization::Organization,
    price::PriceSetting,
    r2d::Submission,
    source_data::{Source, SubmissionState},
    u2s::ServiceRequest,
    v2m::{EventFilter, History, HistoryEntry},
};

/// What a door does instead of answering.
#[derive(Clone, Debug)]
pub(crate) enum Trouble {
    Refuses(DoorError),
    Panics,
    NeverAnswers,
}

/// Everything that stands behind a gateway under test.
#[derive(Default)]
pub(crate) struct Behind {
    calls: Mutex<Vec<String>>,
    roles: Mutex<BTreeMap<Address, BTreeSet<Role>>>,
    ended: Mutex<BTreeMap<Address, BTreeSet<Role>>>,
    suspended: Mutex<BTreeMap<Address, BTreeSet<Role>>>,
    suspended_users: Mutex<BTreeSet<Address>>,
    strangers: Mutex<BTreeSet<Address>>,
    /// Of everybody who has a role by a right.
    pub(crate) organizations: Mutex<BTreeSet<String>>,
    /// Who asked a service last.
    pub(crate) asking: Mutex<Option<Actor>>,
    troubles: Mutex<BTreeMap<&'static str, Trouble>>,
    submitted: Mutex<Vec<Submission>>,
    changes: Mutex<Vec<Change>>,
    requests: Mutex<Vec<ServiceRequest>>,
    prices: Mutex<Vec<PriceSetting>>,
    happened: Mutex<Vec<HistoryEntry>>,
    asked_events: Mutex<Vec<EventFilter>>,
    history: Mutex<Option<History>>,
    organization: Mutex<Option<Organization>>,
    found: Mutex<Option<DataPage>>,
    accepted: Mutex<Option<(SubmissionState, Source)>>,
}

impl Behind {
    pub(crate) fn doors(self: &Arc<Self>) -> Doors {
        Doors {
            r2d: self.clone(),
            r2d_sources: self.clone(),
            u2s: self.clone(),
            u2s_data: self.clone(),
            v2m_data: self.clone(),
            o2c: self.clone(),
            o2c_alerts: self.clone(),
            v2m: self.clone(),
            roles: self.clone(),
            registration: self.clone(),
            applications: self.clone(),
            presentations: self.clone(),
            alliance: Some(self.clone()),
            anchors: Some(self.clone()),
            peers: Some(self.clone()),
            shown: Some(self.clone()),
            messages: self.clone(),
            database: self.clone(),
        }
    }

    /// The price list was changed so.
    pub(crate) fn price(&self, changes: Vec<PriceSetting>) {
        *self.prices.lock().unwrap() = changes;
    }

    pub(crate) fn grant(&self, address: Address, roles: impl IntoIterator<Item = Role>) {
        self.roles.lock().unwrap().insert(address, roles.into_iter().collect());
    }

    /// The address had this role by a key whose time has ended.
    pub(crate) fn end(&self, address: Address, role: Role) {
        self.ended.lock().unwrap().insert(address, [role].into());
    }

    /// The address would have this role, but for the suspension of its organization.
    pub(crate) fn suspend(&self, address: Address, role: Role) {
        self.suspended.lock().unwrap().insert(address, [role].into());
    }

    /// A call is in trouble from now on.
    pub(crate) fn trouble(&self, call: &'static str, trouble: Trouble) {
        self.troubles.lock().unwrap().insert(call, trouble);
    }

    pub(crate) fn refuse(&self, call: &'static str, error: DoorError) {
        self.trouble(call, Trouble::Refuses(error));
    }

    /// What was called since the last time that somebody asked. What an address may do is asked to judge a request; it is no door.
    pub(crate) fn take_calls(&self) -> Vec<String> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }

    pub(crate) fn take_submitted(&self) -> Vec<Submission> {
        std::mem::take(&mut self.submitted.lock().unwrap())
    }

    pub(crate) fn take_changes(&self) -> Vec<Change> {
        std::mem::take(&mut self.changes.lock().unwrap())
    }

    pub(crate) fn take_requests(&self) -> Vec<ServiceRequest> {
        std::mem::take(&mut self.requests.lock().unwrap())
    }

    /// What supervisors can be told of, newest first.
    pub(crate) fn happen(&self, entries: Vec<HistoryEntry>) {
        *self.happened.lock().unwrap() = entries;
    }

    pub(crate) fn take_asked_events(&self) -> Vec<EventFilter> {
        std::mem::take(&mut self.asked_events.lock().unwrap())
    }

    /// What happened to every certificate, from now on.
    pub(crate) fn remember(&self, history: History) {
        *self.history.lock().unwrap() = Some(history);
    }

    /// The organization that issued the certificates, from now on.
    pub(crate) fn reorganize(&self, organization: Organization) {
        *self.organization.lock().unwrap() = Some(organization);
    }

    /// Whose account an operator has suspended.
    pub(crate) fn suspend_user(&self, address: Address) {
        self.suspended_users.lock().unwrap().insert(address);
    }

    /// Whom nobody knows here.
    pub(crate) fn forget(&self, address: Address) {
        self.strangers.lock().unwrap().insert(address);
    }

    /// What was accepted at every place, and whose it is, from now on.
    pub(crate) fn accept(&self, state: SubmissionState, source: Source) {
        *self.accepted.lock().unwrap() = Some((state, source));
    }

    /// What every search finds, from now on.
    pub(crate) fn find(&self, page: DataPage) {
        *self.found.lock().unwrap() = Some(page);
    }

    async fn answer<T: Send>(&self, call: &str, answer: T) -> DoorResult<T> {
        self.calls.lock().unwrap().push(call.to_owned());
        self.in_trouble(call).await.map(|()| answer)
    }

    async fn in_trouble(&self, call: &str) -> DoorResult<()> {
        let trouble = self.troubles.lock().unwrap().get(call).cloned();
        match trouble {
            None => Ok(()),
            Some(Trouble::Refuses(error)) => Err(error),
            Some(Trouble::Panics) => panic!("{call} panics, as the test has asked it to"),
            Some(Trouble::NeverAnswers) => std::future::pending().await,
        }
    }
}

#[async_trait]
impl Roles for Behind {
    async fn roles_of(&self, address: Address) -> DoorResult<BTreeSet<Role>> {
        self.in_trouble("roles").await?;
        Ok(self.roles.lock().unwrap().get(&address).cloned().unwrap_or_default())
    }

    async fn organizations_of(&self, _: Address) -> DoorResult<BTreeSet<String>> {
        Ok(self.organizations.lock().unwrap().clone())
    }

    async fn is_suspended(&self, address: Address) -> DoorResult<bool> {
        self.in_trouble("suspended users").await?;
        Ok(self.suspended_users.lock().unwrap().contains(&address))
    }

    async fn is_known(&self, address: Address) -> DoorResult<bool> {
        self.in_trouble("known addresses").await?;
        Ok(!self.strangers.lock().unwrap().contains(&address))
    }

    async fn ended_roles_of(&self, address: Address) -> DoorResult<BTreeSet<Role>> {
        self.in_trouble("ended roles").await?;
        Ok(self.ended.lock().unwrap().get(&address).cloned().unwrap_or_default())
    }

    async fn suspended_roles_of(&self, address: Address) -> DoorResult<BTreeSet<Role>> {
        self.in_trouble("suspended roles").await?;
        Ok(self.suspended.lock().unwrap().get(&address).cloned().unwrap_or_default())
    }
}
