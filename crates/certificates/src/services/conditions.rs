//! `certificates.conditions` (C-CHAINS): the rule of a kind, from its chain.

use async_trait::async_trait;
use chancery_primitives::CertificateKind;
use chancery_reference_points::{Actor, DoorResult, application::Service, s2p::Retrieval};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Context, ReadAtAnswer, answer, names, parameters, subject_member};
use crate::registry::{Condition, Registry};

/// Which kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KindQuery {
    /// Its name.
    pub kind: String,
}

/// Which certificates of other chains a holder needs to get one of a kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConditionsAnswer {
    /// The kind that is issued.
    pub kind: String,
    /// Kinds of which the holder needs a valid certificate; empty: no rule.
    pub requires: Vec<String>,
    /// Kinds that the rule may ask for.
    pub requirable: Vec<String>,
    /// Where it was read.
    pub source: ReadAtAnswer,
}

pub(super) struct ConditionsService(pub(super) Context);

#[async_trait]
impl Service for ConditionsService {
    fn name(&self) -> &'static str {
        names::CONDITIONS
    }

    fn description(&self) -> &'static str {
        "Which certificates of other chains a holder needs to get one of a kind."
    }

    async fn answer(&self, _: &Actor, value: Value, chains: &dyn Retrieval) -> DoorResult<Value> {
        let directory = &self.0.directory;
        let kind: CertificateKind = directory.parse_kind(&parameters::<KindQuery>(self.name(), value)?.kind)?;
        let (asked, requirable, read_at) = Registry::new(chains, directory).conditions(kind).await?;
        let names = |conditions: Vec<Condition>| conditions.iter().map(|found| found.kind.to_string()).collect();
        answer(&ConditionsAnswer {
            kind: kind.to_string(),
            requires: names(asked),
            requirable: names(requirable),
            source: ReadAtAnswer { chain: read_at.chain, block_number: read_at.block_number },
        })
    }

    /// A kind that the city has: whatever else somebody types as one is kept nowhere.
    fn subject(&self, parameters: &Value) -> Option<String> {
        let typed = subject_member(parameters, "kind")?;
        self.0.directory.parse_kind(&typed).ok().map(|kind| kind.to_string())
    }
}
