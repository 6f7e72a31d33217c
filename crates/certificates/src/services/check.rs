//! `certificates.check`: what an inspection would find; nothing is recorded on a chain; each is counted (C-API-3, C-AUTO, C-FEE).

use async_trait::async_trait;
use chancery_reference_points::{Actor, DoorResult, Role, application::Service, s2p::Retrieval};
use serde_json::Value;

use super::{Context, answer, names, parameters, subject_member};
use crate::{
    inspection::{CheckCertificate, gather},
    registry::Registry,
};

/// Who may ask.
pub(super) const ROLES: [Role; 1] = [Role::Inspector];

pub(super) struct CheckService(pub(super) Context);

#[async_trait]
impl Service for CheckService {
    fn name(&self) -> &'static str {
        names::CHECK
    }

    fn description(&self) -> &'static str {
        "All checks of a certificate that is shown, and what they amount to; nothing is recorded."
    }

    async fn answer(&self, _: &Actor, value: Value, chains: &dyn Retrieval) -> DoorResult<Value> {
        let claim: CheckCertificate = parameters(self.name(), value)?;
        let registry = Registry::new(chains, &self.0.directory);
        answer(&gather(&registry, &claim, self.0.now()).await?.findings)
    }

    fn subject(&self, parameters: &Value) -> Option<String> {
        subject_member(parameters, "certificateId")
    }

    fn is_charged(&self) -> bool {
        true
    }
}
