//! The entity: asks every entity that a change concerns, first whether, then to do it.

use std::sync::Arc;

use alloy_primitives::B256;
use async_trait::async_trait;
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult, Role,
    c2p::C2p,
    c2r::C2r,
    c2s::C2s,
    change_approval::{Approvals, ChangeReview},
    contract_release::{ContractArtifact, ContractRelease, ContractReview, ContractSimulation},
    mandate::{Mandate, rights},
    o2c::{Change, ChangeResult, Mode, O2c},
    operation::ChainName,
    organization::Organization,
};

use crate::approvals::{Requirement, approval_required};

/// Blockchain-based data controlling.
pub struct Controlling {
    pub(crate) c2p: Arc<dyn C2p>,
    c2r: Arc<dyn C2r>,
    c2s: Arc<dyn C2s>,
    requirement: Requirement,
}

impl Controlling {
    /// Controlling over the three entities that it configures.
    #[must_use]
    pub fn new(c2p: Arc<dyn C2p>, c2r: Arc<dyn C2r>, c2s: Arc<dyn C2s>) -> Self {
        Self { c2p, c2r, c2s, requirement: Requirement::default() }
    }

    pub(crate) async fn all(&self, actor: &Actor, change: &Change, mode: Mode) -> DoorResult<ChangeResult> {
        let mut whole = ChangeResult { effects: Vec::new(), recorded: Vec::new() };
        // What changes nothing is not recorded.
        let is_recorded = mode == Mode::Apply && change.is_setting();
        if is_recorded && self.c2s.control(change, Mode::Check).await?.effects.is_empty() {
            return Ok(whole);
        }
        for step in [Step::Processing, Step::Representation, Step::Provisioning] {
            let part = match step {
                Step::Processing => self.c2p.control(&Mandate::of(actor, rights::CONFIGURATION), change, mode).await,
                Step::Representation => self.c2r.control(change, mode).await,
                Step::Provisioning => self.c2s.control(change, mode).await,
            };
            match part {
                Ok(part) => {
                    whole.effects.extend(part.effects);
                    whole.recorded.extend(part.recorded);
                }
                Err(error) if mode == Mode::Apply && !whole.effects.is_empty() => {
                    return Err(error.with("applied", whole.effects.clone()));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(whole)
    }
}

#[derive(Clone, Copy)]
enum Step {
    Processing,
    Representation,
    Provisioning,
}

#[async_trait]
impl O2c for Controlling {
    async fn control(&self, actor: &Actor, change: Change, mode: Mode) -> DoorResult<ChangeResult> {
        operator(actor)?;
        if change.by().is_some_and(|by| Some(by) != actor.address) {
            return Err(DoorError::new(Code::ConfigurationInvalid, "by: it names another than who asks"));
        }
        let change = match change {
            Change::ProposeChange { proposal, by } => return self.propose(actor, proposal, by, mode).await,
            Change::DecideChange { decision, by } => return self.decide(actor, decision, by, mode).await,
            Change::ApplyChange { proposed, by } => return self.apply_approved(actor, proposed, by, mode).await,
            // It would be recorded, and nobody would be told.
            Change::TellOfAlerts { .. } => {
                return Err(DoorError::new(
                    Code::ConfigurationInvalid,
                    "who is told of alerts is monitoring's to change",
                ));
            }
            change => change,
        };
        let mut checked = self.all(actor, &change, Mode::Check).await?;
        if let Some(kind) = self.requirement.covers(&change, self.c2p.as_ref()).await? {
            if mode == Mode::Apply {
                return Err(approval_required(kind, &change)?);
            }
            checked.effects.push(format!("a second operator has to approve it: a change of {kind}"));
        }
        match mode {
            Mode::Check => Ok(checked),
            Mode::Apply => {
                let applied = self.all(actor, &change, Mode::Apply).await?;
                tracing::info!(operator = ?actor.address, effects = ?applied.effects, "configuration changed");
                Ok(applied)
            }
        }
    }

    async fn organizations(&self) -> DoorResult<Vec<Organization>> {
        self.c2p.organizations().await
    }

    async fn organization(&self, code: &str) -> DoorResult<Organization> {
        let organizations = self.c2p.organizations().await?;
        organizations
            .into_iter()
            .find(|organization| organization.code == code)
            .ok_or_else(|| DoorError::new(Code::UnknownOrganization, "no organization has this code"))
    }

    async fn simulate_contract(&self, actor: &Actor, artifact: ContractArtifact) -> DoorResult<ContractSimulation> {
        operator(actor)?;
        self.c2p.simulate_contract(&Mandate::of(actor, rights::CONFIGURATION), &artifact).await
    }

    async fn contracts(&self, chain: &ChainName, offset: u64) -> DoorResult<Vec<ContractRelease>> {
        self.c2p.contracts(chain, offset).await
    }

    async fn contract(&self, chain: &ChainName, release: B256) -> DoorResult<ContractReview> {
        self.c2p.contract(chain, release).await
    }

    async fn changes(&self, offset: u64) -> DoorResult<Approvals> {
        self.c2p.approvals(offset).await
    }

    async fn change(&self, change: B256) -> DoorResult<ChangeReview> {
        self.c2p.change(change).await
    }
}

/// That the actor is an operator.
fn operator(actor: &Actor) -> DoorResult<()> {
    if actor.is(Role::Operator) {
        return Ok(());
    }
    let error = DoorError::new(Code::RoleRequired, "only an operator configures the system");
    Err(error.with("required", vec![Role::Operator.name()]))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use alloy_primitives::{Address, Bytes};
    use chancery_reference_points::contract_release::{ReleaseStatus, SignedStep};
    use std::sync::Mutex;

    use super::*;

    /// An entity that notes what it is asked and may refuse.
    #[derive(Default)]
    struct Entity {
        asked: Mutex<Vec<Mode>>,
        refuses: Option<Mode>,
    }

    impl Entity {
        fn refusing(mode: Mode) -> Self {
            Self { refuses: Some(mode), ..Self::default() }
        }

        fn ask(&self, mode: Mode) -> DoorResult<ChangeResult> {
            self.asked.lock().unwrap().push(mode);
            if self.refuses == Some(mode) {
                return Err(DoorError::new(Code::ConfigurationInvalid, "no"));
            }
            Ok(ChangeResult { effects: vec!["effect".into()], recorded: Vec::new() })
        }
    }

    macro_rules! is_controlled {
        ($($door:ident),*) => { $(#[async_trait] impl $door for Entity {
            async fn control(&self, _: &Change, mode: Mode) -> DoorResult<ChangeResult> { self.ask(mode) }
        })* };
    }
    is_controlled!(C2r, C2s);

    #[async_trait]
    impl C2p for Entity {
        async fn control(&self, _: &Mandate, _: &Change, mode: Mode) -> DoorResult<ChangeResult> {
            self.ask(mode)
        }
        async fn organizations(&self) -> DoorResult<Vec<Organization>> {
            Ok(Vec::new())
        }
        async fn simulate_contract(&self, _: &Mandate, _: &ContractArtifact) -> DoorResult<ContractSimulation> {
            self.ask(Mode::Check)?;
            Err(DoorError::new(Code::ConfigurationInvalid, "no"))
        }
        async fn contracts(&self, _: &ChainName, _: u64) -> DoorResult<Vec<ContractRelease>> {
            Ok(Vec::new())
        }
        async fn contract(&self, _: &ChainName, _: B256) -> DoorResult<ContractReview> {
            Err(DoorError::new(Code::UnknownContract, "no"))
        }
        async fn approvals(&self, _: u64) -> DoorResult<Approvals> {
            Ok(Approvals { required: Vec::new(), changes: Vec::new() })
        }
        async fn change(&self, _: B256) -> DoorResult<ChangeReview> {
            Err(DoorError::new(Code::UnknownChange, "no"))
        }
    }

    fn change() -> Change {
        Change::OfferService { service: "any".into(), offered: true, by: Address::ZERO }
    }

    fn operator() -> Actor {
        Actor::new(Address::ZERO, [Role::Operator])
    }

    fn step(by: Address) -> Change {
        let step = SignedStep {
            chain: ChainName("main".to_owned()),
            release: B256::ZERO,
            status: ReleaseStatus::Approved,
            reason: String::new(),
            deadline: 0,
            signature: Bytes::new(),
        };
        Change::ChangeRelease { step, by }
    }

    // M-CON-1, S-SVC: a step counts for whoever asks, and for nobody else.
    #[tokio::test]
    async fn nobody_takes_a_step_of_a_release_in_the_name_of_another() {
        let entity = Arc::new(Entity::default());
        let controlling = Controlling::new(entity.clone(), entity.clone(), entity.clone());
        let other = controlling.control(&operator(), step(Address::repeat_byte(1)), Mode::Apply).await.unwrap_err();
        assert_eq!(other.code(), Code::ConfigurationInvalid);
        assert!(entity.asked.lock().unwrap().is_empty());
        controlling.control(&operator(), step(Address::ZERO), Mode::Check).await.unwrap();
    }

    // M-CON-1, S-SVC: a simulation may put the factory on a chain.
    #[tokio::test]
    async fn only_an_operator_has_a_contract_simulated() {
        let entity = Arc::new(Entity::default());
        let controlling = Controlling::new(entity.clone(), entity.clone(), entity.clone());
        let artifact = ContractArtifact {
            chain: ChainName("main".to_owned()),
            name: "counter".parse().unwrap(),
            version: 1,
            creation_code: Bytes::new(),
            arguments: Bytes::new(),
            interface: String::new(),
            source_hash: B256::ZERO,
            salt: B256::ZERO,
        };
        let supervisor = Actor::new(Address::ZERO, [Role::Supervisor]);
        let refused = controlling.simulate_contract(&supervisor, artifact.clone()).await.unwrap_err();
        assert_eq!(refused.code(), Code::RoleRequired);
        assert!(entity.asked.lock().unwrap().is_empty());
        let asked = controlling.simulate_contract(&operator(), artifact).await.unwrap_err();
        assert_eq!((asked.code(), entity.asked.lock().unwrap().len()), (Code::ConfigurationInvalid, 1));
    }

    // CONTROLLING-1, M-CON-1
    #[tokio::test]
    async fn only_an_operator_configures() {
        let entity = Arc::new(Entity::default());
        let controlling = Controlling::new(entity.clone(), entity.clone(), entity.clone());
        for role in Role::ALL.into_iter().filter(|role| *role != Role::Operator) {
            let error =
                controlling.control(&Actor::new(Address::ZERO, [role]), change(), Mode::Check).await.unwrap_err();
            assert_eq!(error.code(), Code::RoleRequired, "{role:?}");
        }
        assert!(entity.asked.lock().unwrap().is_empty());
    }

    // CONTROLLING-2, M-CON-4
    #[tokio::test]
    async fn what_one_entity_refuses_none_applies() {
        let (chains, formats, services) =
            (Arc::new(Entity::default()), Arc::new(Entity::default()), Arc::new(Entity::refusing(Mode::Check)));
        let controlling = Controlling::new(chains.clone(), formats.clone(), services);
        assert_eq!(
            controlling.control(&operator(), change(), Mode::Apply).await.unwrap_err().code(),
            Code::ConfigurationInvalid
        );
        assert_eq!(*chains.asked.lock().unwrap(), [Mode::Check]);
        assert_eq!(*formats.asked.lock().unwrap(), [Mode::Check]);
    }

    // CONTROLLING-3
    #[tokio::test]
    async fn a_failure_half_way_says_what_was_applied() {
        let controlling = Controlling::new(
            Arc::new(Entity::default()),
            Arc::new(Entity::refusing(Mode::Apply)),
            Arc::new(Entity::default()),
        );
        let error = controlling.control(&operator(), change(), Mode::Apply).await.unwrap_err();
        assert_eq!(error.members()["applied"], serde_json::json!(["effect"]));
    }

    // M-CON-1: what stands in the record as whose change it is, is who has asked.
    #[tokio::test]
    async fn nobody_changes_a_quota_in_the_name_of_another() {
        let entity = Arc::new(Entity::default());
        let controlling = Controlling::new(entity.clone(), entity.clone(), entity.clone());
        let by = |by| Change::SetQuota {
            subject: chancery_reference_points::quota::QuotaSubject::EverySource,
            quota: None,
            by,
        };
        let other = controlling.control(&operator(), by(Address::repeat_byte(1)), Mode::Check).await.unwrap_err();
        assert_eq!(other.code(), Code::ConfigurationInvalid);
        assert!(entity.asked.lock().unwrap().is_empty());
        controlling.control(&operator(), by(Address::ZERO), Mode::Check).await.unwrap();
    }

    // M-CON-1, M-CON-3
    #[tokio::test]
    async fn nobody_withdraws_a_service_in_the_name_of_another() {
        let entity = Arc::new(Entity::default());
        let controlling = Controlling::new(entity.clone(), entity.clone(), entity.clone());
        let by = Address::repeat_byte(1);
        let change = Change::OfferService { service: "any".into(), offered: false, by };
        let other = controlling.control(&operator(), change, Mode::Apply).await.unwrap_err();
        assert_eq!(other.code(), Code::ConfigurationInvalid);
        assert!(entity.asked.lock().unwrap().is_empty());
    }

    /// Provisioning to whom everything is as the change says already.
    struct Unchanged;

    #[async_trait]
    impl C2s for Unchanged {
        async fn control(&self, _: &Change, mode: Mode) -> DoorResult<ChangeResult> {
            assert_eq!(mode, Mode::Check, "nothing is applied");
            Ok(ChangeResult { effects: Vec::new(), recorded: Vec::new() })
        }
    }

    // CONTROLLING-5, M-CON-3
    #[tokio::test]
    async fn what_changes_nothing_is_not_recorded_either() {
        let (chains, records) = (Arc::new(Entity::default()), Arc::new(Entity::default()));
        let controlling = Controlling::new(chains.clone(), records.clone(), Arc::new(Unchanged));
        let done = controlling.control(&operator(), change(), Mode::Apply).await.unwrap();
        assert!(done.effects.is_empty() && done.recorded.is_empty());
        assert_eq!(*records.asked.lock().unwrap(), [Mode::Check]);
    }

    // M-CON-4
    #[tokio::test]
    async fn a_check_applies_nothing() {
        let entity = Arc::new(Entity::default());
        let controlling = Controlling::new(entity.clone(), entity.clone(), entity.clone());
        assert_eq!(controlling.control(&operator(), change(), Mode::Check).await.unwrap().effects.len(), 3);
        assert_eq!(*entity.asked.lock().unwrap(), [Mode::Check; 3]);
    }
}
