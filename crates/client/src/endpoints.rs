//! Every endpoint of the interface as a method, in the order of `docs/specs/rest.md`.

mod certificates;
mod changes;
mod contracts;
mod data;
mod messages;
mod organizations;
mod persons;
mod reports;
mod resources;
mod services;
mod shown;
mod subscriptions;
mod users;

pub use data::DataFile;
pub use organizations::EndKey;
pub use reports::PeriodQuery;
pub use resources::ResourceSearch;
pub use users::ApplicationQuery;

use alloy_primitives::{Address, B256};
use chancery_rest::{
    types::{
        Page,
        chains::{Chain, Chains},
        events::{Event, EventType},
        health::Health,
        kinds::{Kind, Kinds},
        session::{Nonce, SignIn, SignedIn, WhoAmI},
    },
    values::{HexAddress, HexHash, Timestamp},
};
use reqwest::Method;
use serde::Serialize;
use serde_json::Value;

use crate::{Client, ClientError, request::Call};

type Result<T> = std::result::Result<T, ClientError>;
/// What the main chain is called in every city.
const MAIN_CHAIN: &str = "main";

type Query = Vec<(&'static str, String)>;

/// Which page of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageQuery {
    /// Rows, 1 to 100; 20 when absent.
    pub limit: Option<usize>,
    /// `nextCursor` of the page before.
    pub cursor: Option<String>,
}

/// Which events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventQuery {
    /// From this time on.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub to: Option<Timestamp>,
    /// Only what happened so.
    pub event_type: Option<EventType>,
    /// Only what is about this.
    pub subject: Option<String>,
    /// Which page.
    pub page: PageQuery,
}

fn push(query: &mut Query, name: &'static str, value: Option<impl ToString>) {
    query.extend(value.map(|value| (name, value.to_string())));
}

/// An enumeration's name as JSON writes it.
fn name(value: &impl Serialize) -> Option<String> {
    match serde_json::to_value(value) {
        Ok(Value::String(name)) => Some(name),
        _ => None,
    }
}

fn paged(mut query: Query, page: &PageQuery) -> Query {
    push(&mut query, "limit", page.limit);
    push(&mut query, "cursor", page.cursor.as_ref());
    query
}

fn checked(check: bool) -> Query {
    if check { vec![("check", "true".to_owned())] } else { Query::new() }
}

fn address(address: Address) -> String {
    HexAddress(address).to_string()
}

fn hash(hash: B256) -> String {
    HexHash(hash).to_string()
}
/// The service and the chains.
impl Client {
    /// `GET /health`; a degraded city answers too.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn health(&self) -> Result<Health> {
        self.send(Call::get(&["health"], Query::new())).await
    }

    /// `GET /metrics`.
    ///
    /// # Errors
    /// [`ClientError`]; `role-required` from elsewhere than the gateway's machine.
    pub async fn metrics(&self) -> Result<String> {
        self.send_for_text(Call::get(&["metrics"], Query::new())).await
    }

    /// `GET /openapi.json`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn openapi(&self) -> Result<Value> {
        self.send(Call::get(&["openapi.json"], Query::new())).await
    }

    /// `GET /v1/chains`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn chains(&self) -> Result<Chains> {
        let mut listed: Chains = self.send(Call::get(&["v1", "chains"], Query::new())).await?;
        // What stands behind `#` names a file of this machine whose token is shown to a node, and a gateway does not say which.
        for chain in &mut listed.chains {
            if let Some(place) = chain.rpc_url.find('#') {
                chain.rpc_url.truncate(place);
            }
        }
        Ok(listed)
    }

    /// The main chain, as the gateway lists it.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn main_chain(&self) -> Result<Chain> {
        let listed = self.chains().await?.chains.into_iter().find(|chain| chain.name == MAIN_CHAIN);
        listed.ok_or_else(|| self.answered_otherwise("it lists no main chain"))
    }

    /// `GET /v1/kinds`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn kinds(&self) -> Result<Kinds> {
        self.send(Call::get(&["v1", "kinds"], Query::new())).await
    }

    /// `GET /v1/kinds/{kind}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn kind(&self, kind: &str) -> Result<Kind> {
        self.send(Call::get(&["v1", "kinds", kind], Query::new())).await
    }
}

/// Sessions. Machines need none: they sign each request.
impl Client {
    /// `GET /v1/session/nonce`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn session_nonce(&self) -> Result<Nonce> {
        self.send(Call::get(&["v1", "session", "nonce"], Query::new())).await
    }

    /// `POST /v1/session`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn open_session(&self, request: &SignIn) -> Result<SignedIn> {
        self.send(Self::with_body(Method::POST, &["v1", "session"], request)?).await
    }

    /// `GET /v1/session`: the signer's roles.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn who_am_i(&self) -> Result<WhoAmI> {
        self.needs_key()?.send(Call::get(&["v1", "session"], Query::new())).await
    }
}

/// What happened.
impl Client {
    /// `GET /v1/events`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn events(&self, which: &EventQuery) -> Result<Page<Event>> {
        let mut query = Query::new();
        push(&mut query, "from", which.from);
        push(&mut query, "to", which.to);
        push(&mut query, "type", which.event_type.as_ref().and_then(name));
        push(&mut query, "subject", which.subject.as_ref());
        self.needs_key()?.send(Call::get(&["v1", "events"], paged(query, &which.page))).await
    }
}
