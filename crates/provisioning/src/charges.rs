//! Answers that are charged for (C-FEE): written down with the access, before they are given, and counted from there.

use std::{ops::Range, sync::Arc};

use alloy_primitives::Address;
use async_trait::async_trait;
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult, Role, application::Service, s2p::Retrieval, v2m::HistoryEntry,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::catalogue::{Audience, OfferedService};

/// Name of the service that counts.
const CHARGES: &str = "fees.charges";
/// Who may ask; an inspector for its own only.
const ROLES: &[Role] = &[Role::Inspector, Role::Supervisor];
/// Most rows of one answer: addresses that were answered for an organization.
const MAX_CHARGED_ROWS: usize = 10_000;

/// What is charged for an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// Code of the organization for which was asked.
    pub organization: String,
    /// Bytes of the question and of its answer, as JSON.
    pub bytes: u64,
}

/// What one address was answered for one organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Charged {
    /// Who asked.
    pub inspector: Address,
    /// For whom.
    pub organization: String,
    /// How often: one subject once an hour.
    pub count: u64,
    /// Bytes of all questions and answers.
    pub bytes: u64,
}

/// Where charges are kept, with the journal.
#[async_trait]
pub trait Charges: Send + Sync {
    /// Adds an entry to the journal with what is charged for it; durable when it returns.
    ///
    /// # Errors
    /// `DatabaseUnreachable`.
    async fn record(&self, entry: HistoryEntry, charge: Charge) -> DoorResult<()>;

    /// What a service was charged for in a period, Unix milliseconds; `by`: only to this address. At most `limit` rows.
    ///
    /// # Errors
    /// `DatabaseUnreachable`.
    async fn charged(
        &self,
        service: &str,
        period: Range<u64>,
        by: Option<Address>,
        limit: usize,
    ) -> DoorResult<Vec<Charged>>;
}

/// The organization that pays for what an actor asks: the one of which it has a right. Of several, the first by its code.
pub(crate) fn payer(actor: &Actor) -> String {
    actor.organizations.first().cloned().unwrap_or_default()
}

/// How many bytes a value has as JSON.
pub(crate) fn bytes_of(value: &Value) -> DoorResult<u64> {
    let text = serde_json::to_vec(value).map_err(DoorError::internal)?;
    Ok(text.len() as u64)
}

/// Which charges.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ChargesQuery {
    /// Of which service.
    service: String,
    /// Only of this inspector. An inspector asks for its own, also when it says nothing.
    #[serde(default)]
    inspector: Option<Address>,
    /// From this time on, Unix milliseconds.
    from_ms: u64,
    /// Before this time.
    to_ms: u64,
}

#[derive(Serialize)]
struct ChargesAnswer {
    counts: Vec<Charged>,
}

/// The service that counts, for the catalogue.
#[must_use]
pub fn charges_service(charges: Arc<dyn Charges>) -> OfferedService {
    OfferedService::new(Arc::new(ChargesService(charges)), Audience::Roles(ROLES))
}

struct ChargesService(Arc<dyn Charges>);

#[async_trait]
impl Service for ChargesService {
    fn name(&self) -> &'static str {
        CHARGES
    }

    fn description(&self) -> &'static str {
        "Answers that are charged for, counted by inspector and organization; an inspector sees its own."
    }

    async fn answer(&self, actor: &Actor, value: Value, _: &dyn Retrieval) -> DoorResult<Value> {
        let query: ChargesQuery = serde_json::from_value(value)
            .map_err(|error| DoorError::new(Code::MalformedRequest, format!("{CHARGES}: {error}")))?;
        let by = if actor.is(Role::Supervisor) { query.inspector } else { Some(own(actor, query.inspector)?) };
        let period = query.from_ms..query.to_ms;
        let counts = self.0.charged(&query.service, period, by, MAX_CHARGED_ROWS + 1).await?;
        if counts.len() > MAX_CHARGED_ROWS {
            let detail = format!(
                "more than {MAX_CHARGED_ROWS} inspectors were answered: ask for one of them, or for a shorter time"
            );
            return Err(DoorError::new(Code::MalformedRequest, detail));
        }
        serde_json::to_value(ChargesAnswer { counts }).map_err(DoorError::internal)
    }

    fn subject(&self, parameters: &Value) -> Option<String> {
        parameters.get("inspector").and_then(Value::as_str).map(|text| text.chars().take(80).collect())
    }
}

fn own(actor: &Actor, asked: Option<Address>) -> DoorResult<Address> {
    match (actor.address, asked) {
        (Some(own), None) => Ok(own),
        (Some(own), Some(asked)) if own == asked => Ok(own),
        _ => Err(DoorError::new(Code::RoleRequired, "what others are charged for is for supervisors")
            .with("required", vec![Role::Supervisor.name()])),
    }
}
