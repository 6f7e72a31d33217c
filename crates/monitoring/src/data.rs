//! Audits of the data of registered sources at V2M (M-MON-3, M-MON-4).

use std::sync::Arc;

use async_trait::async_trait;
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult, Role,
    alert::{MailboxLook, WatchReport},
    data_search::{AuditReport, AuditRequest, MAX_AUDIT_OPERATIONS},
    m2p::M2p,
    m2r::M2rData,
    mandate::{Mandate, rights},
    operation::ChainName,
    quota::QuotaReport,
    v2m::V2mData,
};

use crate::{Watch, comparison::against_chain, entity::authorize_supervisor, kept::look};

/// Audits, for supervisors.
pub struct DataAudit {
    m2p: Arc<dyn M2p>,
    m2r: Arc<dyn M2rData>,
    watch: Arc<Watch>,
}

impl DataAudit {
    /// Audits of what representation holds, against what processing finds on the chain; and how the one goes that nobody asks for.
    #[must_use]
    pub fn new(m2p: Arc<dyn M2p>, m2r: Arc<dyn M2rData>, watch: Arc<Watch>) -> Self {
        Self { m2p, m2r, watch }
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
        let report = self.m2r.audit(request).await?;
        against_chain(self.m2p.as_ref(), &Mandate::of(actor, rights::AUDIT), report).await
    }

    async fn audit_chain(&self, actor: &Actor, chain: &ChainName, from: u64) -> DoorResult<AuditReport> {
        authorize_supervisor(actor)?;
        let by = Mandate::of(actor, rights::AUDIT);
        let doors = (self.m2p.as_ref(), self.m2r.as_ref());
        let looked = look(doors, &by, chain, from, self.watch.now_ms()).await?;
        Ok(AuditReport {
            from,
            next: looked.next,
            complete: looked.is_end && looked.difference.is_none(),
            submissions: 0,
            operations: looked.operations,
            blocks: looked.blocks,
            difference: looked.difference,
            sequence: Vec::new(),
            sources: Vec::new(),
            compared: looked.blocks,
            chain: chain.clone(),
            chains: Vec::new(),
            recorded: Vec::new(),
            standing: Vec::new(),
        })
    }

    async fn mailboxes_audited(&self, looked: MailboxLook) -> DoorResult<WatchReport> {
        self.watch.mailboxes(looked).await;
        Ok(self.watch.report())
    }

    async fn audit_status(&self, actor: &Actor) -> DoorResult<WatchReport> {
        if !actor.is(Role::Operator) {
            authorize_supervisor(actor)?;
        }
        Ok(self.watch.report())
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
    use chancery_reference_points::journal::Clock;

    use super::*;
    use crate::{
        WatchParts,
        watch::testing::{City, Rows},
    };

    fn audit(city: &Arc<City>, folder: &tempfile::TempDir) -> DataAudit {
        let clock: Clock = Arc::new(|| 1_795_230_000_000);
        let parts = WatchParts {
            folder: folder.path(),
            m2p: city.clone(),
            m2r: city.clone(),
            clock,
            city: "city".into(),
            operations_per_second: 0,
        };
        DataAudit::new(city.clone(), city.clone(), Watch::start(parts).unwrap())
    }

    // M-MON-1, M-CON-1
    #[tokio::test]
    async fn supervisors_and_operators_see_what_is_used_and_nobody_else() {
        let (city, folder) = (City::new(), tempfile::tempdir().unwrap());
        let audit = audit(&city, &folder);
        for role in Role::ALL {
            let actor = Actor::new(Address::ZERO, [role]);
            let seen = [audit.quotas(&actor).await.map(drop), audit.audit_status(&actor).await.map(drop)];
            for seen in seen {
                match role {
                    Role::Supervisor | Role::Operator => assert!(seen.is_ok()),
                    _ => assert_eq!(seen.unwrap_err().code(), Code::RoleRequired, "{role:?}"),
                }
            }
        }
    }

    // M-MON-1
    #[tokio::test]
    async fn only_supervisors_audit_and_only_within_bounds() {
        let (city, folder) = (City::new(), tempfile::tempdir().unwrap());
        let audit = audit(&city, &folder);
        let operator = Actor::new(Address::ZERO, [Role::Operator]);
        let refused = audit.audit_data(&operator, AuditRequest::default()).await.unwrap_err();
        assert_eq!(refused.code(), Code::RoleRequired);
        let supervisor = Actor::new(Address::ZERO, [Role::Supervisor]);
        for operations in [0, MAX_AUDIT_OPERATIONS + 1] {
            let request = AuditRequest { from: 0, operations: Some(operations) };
            assert_eq!(audit.audit_data(&supervisor, request).await.unwrap_err().code(), Code::MalformedRequest);
        }
        assert_eq!(city.audits(), 0, "the journal was reached");
    }

    // M-MON-4, WATCH-1: what is asked for is compared with the chain too.
    #[tokio::test]
    async fn a_supervisor_hears_that_the_chain_has_something_else() {
        let (city, folder) = (City::new(), tempfile::tempdir().unwrap());
        let audit = audit(&city, &folder);
        let supervisor = Actor::new(Address::ZERO, [Role::Supervisor]);
        let report = audit.audit_data(&supervisor, AuditRequest::default()).await.unwrap();
        assert_eq!((report.difference, report.compared, report.recorded.len()), (None, 2, 0));
        city.forge();
        let difference = audit.audit_data(&supervisor, AuditRequest::default()).await.unwrap().difference.unwrap();
        assert_eq!(difference.check, "chain-root");
    }

    // M-MON-4, WATCH-1: the rows of single operations are computed anew for whoever asks, too, of every chain.
    #[tokio::test]
    async fn a_supervisor_hears_that_the_rows_of_an_operation_were_changed() {
        let (city, folder) = (City::new(), tempfile::tempdir().unwrap());
        let audit = audit(&city, &folder);
        let supervisor = Actor::new(Address::ZERO, [Role::Supervisor]);
        let chains = audit.audit_data(&supervisor, AuditRequest::default()).await.unwrap().chains;
        let side = ChainName("degree".into());
        assert_eq!(chains, [side.clone(), ChainName("main".into())]);
        city.record(1, Rows::Right);
        city.record(2, Rows::Changed);
        let first = audit.audit_chain(&supervisor, &side, 0).await.unwrap();
        assert_eq!((first.difference, first.next, first.complete, first.operations), (None, 1, false, 1));
        let second = audit.audit_chain(&supervisor, &side, first.next).await.unwrap();
        let difference = second.difference.unwrap();
        assert_eq!((difference.check.as_str(), second.complete), ("index-rows", false));
        let stored = difference.stored.unwrap();
        assert_eq!((stored.store.as_str(), stored.expected), ("operations of degree", Some(stored.id)));
        assert!(stored.found.is_some_and(|found| found != stored.id));
        // Behind what the chain has comes what is kept for it.
        let third = audit.audit_chain(&supervisor, &side, second.next).await.unwrap();
        assert_eq!((third.difference, third.complete, third.compared), (None, true, 2));
        city.record(3, Rows::Forged);
        let difference = audit.audit_chain(&supervisor, &side, second.next).await.unwrap().difference.unwrap();
        assert_eq!(difference.check, "index-unrecorded");
        let refused = audit.audit_chain(&Actor::new(Address::ZERO, [Role::Operator]), &side, 0).await.unwrap_err();
        assert_eq!(refused.code(), Code::RoleRequired);
    }
}
