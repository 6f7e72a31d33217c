//! Audits of the data of registered sources at V2M (M-MON-3, M-MON-4).

use std::sync::Arc;

use async_trait::async_trait;
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult, Role,
    data_search::{AuditReport, AuditRequest, MAX_AUDIT_OPERATIONS},
    m2r::M2rData,
    quota::QuotaReport,
    v2m::V2mData,
};

use crate::entity::authorize_supervisor;

/// Audits, for supervisors.
pub struct DataAudit {
    m2r: Arc<dyn M2rData>,
}

impl DataAudit {
    /// Audits of what representation holds.
    #[must_use]
    pub fn new(m2r: Arc<dyn M2rData>) -> Self {
        Self { m2r }
    }
}

#[async_trait]
impl V2mData for DataAudit {
    async fn audit_data(&self, actor: &Actor, request: AuditRequest) -> DoorResult<AuditReport> {
        authorize_supervisor(actor)?;
        if request.operations.is_some_and(|operations| !(1..=MAX_AUDIT_OPERATIONS).contains(&operations)) {
            let detail = format!("operations: write 1 to {MAX_AUDIT_OPERATIONS}");
            return Err(DoorError::new(Code::MalformedRequest, detail));
        }
        self.m2r.audit(request).await
    }

    async fn quotas(&self, actor: &Actor) -> DoorResult<QuotaReport> {
        if !actor.is(Role::Operator) {
            authorize_supervisor(actor)?;
        }
        self.m2r.quotas().await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use alloy_primitives::Address;

    use super::*;

    struct Unreached;

    #[async_trait]
    impl M2rData for Unreached {
        async fn audit(&self, _: AuditRequest) -> DoorResult<AuditReport> {
            panic!("the journal was reached")
        }

        async fn quotas(&self) -> DoorResult<QuotaReport> {
            let (settings, changes, usage) = (Vec::new(), Vec::new(), Vec::new());
            Ok(QuotaReport { now_ms: 0, day_ends_ms: 1, settings, changes, usage, left_off: 0 })
        }
    }

    // M-MON-1, M-CON-1
    #[tokio::test]
    async fn supervisors_and_operators_see_what_is_used_and_nobody_else() {
        let audit = DataAudit::new(Arc::new(Unreached));
        for role in Role::ALL {
            let seen = audit.quotas(&Actor::new(Address::ZERO, [role])).await;
            match role {
                Role::Supervisor | Role::Operator => assert!(seen.is_ok()),
                _ => assert_eq!(seen.unwrap_err().code(), Code::RoleRequired, "{role:?}"),
            }
        }
    }

    // M-MON-1
    #[tokio::test]
    async fn only_supervisors_audit_and_only_within_bounds() {
        let audit = DataAudit::new(Arc::new(Unreached));
        let operator = Actor::new(Address::ZERO, [Role::Operator]);
        let refused = audit.audit_data(&operator, AuditRequest::default()).await.unwrap_err();
        assert_eq!(refused.code(), Code::RoleRequired);
        let supervisor = Actor::new(Address::ZERO, [Role::Supervisor]);
        for operations in [0, MAX_AUDIT_OPERATIONS + 1] {
            let request = AuditRequest { from: 0, operations: Some(operations) };
            assert_eq!(audit.audit_data(&supervisor, request).await.unwrap_err().code(), Code::MalformedRequest);
        }
    }
}
