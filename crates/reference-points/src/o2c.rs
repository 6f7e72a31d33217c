//! O2C (D3.7 7.3.2): what operators ask of controlling. Every change can be checked before it applies (M-CON-4).

use alloy_primitives::{Address, B256};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    Actor, DoorResult,
    access_rule::AccessEntries,
    alert::{AddedReceiver, AlertReceiver, NewReceiver, TestedDelivery},
    change_approval::{Approvals, ChangeKind, ChangeReview, SignedChange, SignedDecision},
    contract_release::{
        ContractArtifact, ContractRelease, ContractReview, ContractSimulation, SignedProposal, SignedStep,
    },
    data_block::TransactionLocator,
    data_format::DataFormat,
    operation::ChainName,
    organization::{Organization, OrganizationKey},
    price::{Price, PriceSubject},
    quota::{Quota, QuotaSubject},
    source_data::SourceChange,
};

/// A change of the configuration: procedure 8.8, step 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Change {
    /// Registers an organization.
    RegisterOrganization {
        /// Its code.
        code: String,
        /// Its public name.
        name: String,
        /// Who administers it.
        administrator: Address,
    },
    /// Authorizes a key of an organization for a right, on the main chain and on the chain of the right.
    AuthorizeKey {
        /// The organization.
        organization: String,
        /// The key.
        key: OrganizationKey,
    },
    /// Retires a key: what it signed until now stays valid.
    RetireKey {
        /// The organization.
        organization: String,
        /// The key.
        address: Address,
        /// The right that ends; all when absent.
        right: Option<String>,
    },
    /// Revokes a key (compromise): nothing that it signed from `from` on is believed.
    RevokeKey {
        /// The organization.
        organization: String,
        /// The key.
        address: Address,
        /// Unix seconds.
        from: u64,
    },
    /// Suspends or resumes an organization as a whole.
    SuspendOrganization {
        /// The organization.
        organization: String,
        /// `true` suspends, `false` resumes.
        suspended: bool,
    },
    /// Configures a data format: a new one, or the next version of a known one.
    ConfigureFormat(DataFormat),
    /// Offers a service of the catalogue, or withdraws it.
    OfferService {
        /// Name of the service.
        service: String,
        /// Whether it is offered.
        offered: bool,
        /// The operator who asks: it stands in the record.
        by: Address,
    },
    /// Says who may ask for a service: the next version of its access rule.
    ConfigureAccess {
        /// Name of the service.
        service: String,
        /// One more than the latest version, 1 at first: protects against a lost update.
        version: u32,
        /// What it says.
        entries: AccessEntries,
        /// The operator who asks: it stands in the record.
        by: Address,
    },
    /// Says how much is accepted of an organization, a source, or each of them.
    SetQuota {
        /// Of whom.
        subject: QuotaSubject,
        /// `None` takes the setting away: the default counts again.
        quota: Option<Quota>,
        /// The operator who asks: it stands in the record.
        by: Address,
    },
    /// Says what inspections cost (C-FEE).
    SetPrice {
        /// Whose inspections.
        subject: PriceSubject,
        /// What each costs from now on; `None` takes the setting away.
        price: Option<Price>,
        /// The operator who asks: it stands in the record.
        by: Address,
    },
    /// Registers a source, replaces its key, withdraws it, or takes its withdrawal back.
    ChangeSource {
        /// What is changed of which source.
        source: SourceChange,
        /// The operator who asks: it stands in the record.
        by: Address,
    },
    /// Suspends the account of an address at the gateway, or restores it.
    SuspendUser {
        /// Whose.
        address: Address,
        /// `true` suspends, `false` restores.
        suspended: bool,
        /// The operator who asks: it stands in the record.
        by: Address,
    },
    /// Says who is told of alerts. Monitoring does it and has it recorded; by the door of controlling nobody asks for it.
    TellOfAlerts {
        /// The receiver's name.
        receiver: String,
        /// Where it is: scheme, host and port, since what follows may be known to the receiver alone.
        origin: String,
        /// `true` adds it, `false` removes it.
        told: bool,
        /// The operator who asks: it stands in the record.
        by: Address,
    },
    /// Says which certificates of other chains a holder needs to get one of this kind, on the chain of the kind.
    SetConditions {
        /// The kind that is issued.
        kind: String,
        /// The kinds that are asked for; none takes the rule away.
        requires: Vec<String>,
    },
    /// Proposes a contract.
    ProposeContract {
        /// As it was signed.
        proposal: SignedProposal,
        /// The operator who signed it.
        by: Address,
    },
    /// Proposes a change that needs two operators.
    ProposeChange {
        /// As it was signed.
        proposal: SignedChange,
        /// The operator who signed it.
        by: Address,
    },
    /// Approves, rejects or withdraws a proposed change; what is approved is applied.
    DecideChange {
        /// As it was signed.
        decision: SignedDecision,
        /// The operator who signed it.
        by: Address,
    },
    /// Applies a change that is approved.
    ApplyChange {
        /// Digest of the proposal.
        proposed: B256,
        /// The operator who asks.
        by: Address,
    },
    /// Approves, rejects, deploys, releases or withdraws a contract.
    ChangeRelease {
        /// As it was signed.
        step: SignedStep,
        /// The operator who signed it.
        by: Address,
    },
}

impl Change {
    /// Who the change says has asked for it, where that is recorded.
    #[must_use]
    pub const fn by(&self) -> Option<Address> {
        match self {
            Self::OfferService { by, .. }
            | Self::ConfigureAccess { by, .. }
            | Self::SetQuota { by, .. }
            | Self::SetPrice { by, .. }
            | Self::ChangeSource { by, .. }
            | Self::SuspendUser { by, .. }
            | Self::TellOfAlerts { by, .. }
            | Self::ProposeContract { by, .. }
            | Self::ProposeChange { by, .. }
            | Self::DecideChange { by, .. }
            | Self::ApplyChange { by, .. }
            | Self::ChangeRelease { by, .. } => Some(*by),
            _ => None,
        }
    }

    /// Whether representation records it, as a setting of the city, before provisioning applies it.
    #[must_use]
    pub const fn is_setting(&self) -> bool {
        matches!(self, Self::OfferService { .. } | Self::SetPrice { .. } | Self::SuspendUser { .. })
    }

    /// What it is about, where a city may want two operators for it; `None` for the steps of what two operators do anyway, and for who is told of alerts.
    #[must_use]
    pub const fn kind(&self) -> Option<ChangeKind> {
        match self {
            Self::RegisterOrganization { .. } | Self::SuspendOrganization { .. } => Some(ChangeKind::Organizations),
            // A source is a key that speaks for an organization.
            Self::AuthorizeKey { .. } | Self::RetireKey { .. } | Self::RevokeKey { .. } | Self::ChangeSource { .. } => {
                Some(ChangeKind::Keys)
            }
            Self::ConfigureFormat(_) | Self::SetConditions { .. } => Some(ChangeKind::Formats),
            Self::OfferService { .. } | Self::SetPrice { .. } => Some(ChangeKind::Services),
            Self::ConfigureAccess { .. } | Self::SuspendUser { .. } => Some(ChangeKind::Access),
            Self::SetQuota { .. } => Some(ChangeKind::Quotas),
            Self::TellOfAlerts { .. }
            | Self::ProposeContract { .. }
            | Self::ChangeRelease { .. }
            | Self::ProposeChange { .. }
            | Self::DecideChange { .. }
            | Self::ApplyChange { .. } => None,
        }
    }
}

/// Whether a change is only looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// Says what would change.
    Check,
    /// Applies it and waits until it is final.
    Apply,
}

/// What a change does, or would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangeResult {
    /// One line for each effect: "chain marriage: key 0x... may issue marriage".
    pub effects: Vec<String>,
    /// The transactions that recorded it; empty after a check.
    pub recorded: Vec<TransactionLocator>,
}

/// The door between operators and controlling.
#[async_trait]
pub trait O2c: Send + Sync {
    /// Checks or applies a change.
    ///
    /// # Errors
    /// `RoleRequired` unless the actor is an operator; `ConfigurationInvalid`, `OperatorsLockedOut`, `OrganizationExists`, `UnknownOrganization`, `ChainUnreachable`. Of contracts
    /// also `SignatureInvalid`, `OperationExpired`, `UnknownContract`, `ReleaseConflict`, `SecondOperatorRequired`. Where the city wants two operators:
    /// `ApprovalRequired` with the change as it is to be signed; of changes that were proposed `UnknownChange`, `ChangeConflict`, `SecondOperatorRequired`.
    async fn control(&self, actor: &Actor, change: Change, mode: Mode) -> DoorResult<ChangeResult>;

    /// All organizations, from the main chain.
    ///
    /// # Errors
    /// `ChainUnreachable`.
    async fn organizations(&self) -> DoorResult<Vec<Organization>>;

    /// One organization.
    ///
    /// # Errors
    /// `UnknownOrganization`, `ChainUnreachable`.
    async fn organization(&self, code: &str) -> DoorResult<Organization>;

    /// Finds out what deploying a contract would leave, and leaves nothing. The first time on a chain it puts the factory there, which serves released contracts alone.
    ///
    /// # Errors
    /// `RoleRequired` unless the actor is an operator; `ConfigurationInvalid` with the rule that it breaks; `UnknownChain`, `ChainUnreachable`.
    async fn simulate_contract(&self, actor: &Actor, artifact: ContractArtifact) -> DoorResult<ContractSimulation>;

    /// The contracts of a chain in the order of their proposals, from `offset` on, at most [`MAX_RELEASES`](crate::contract_release::MAX_RELEASES).
    ///
    /// # Errors
    /// `UnknownChain`, `ChainUnreachable`.
    async fn contracts(&self, chain: &ChainName, offset: u64) -> DoorResult<Vec<ContractRelease>>;

    /// One release with all that a reviewer has to see.
    ///
    /// # Errors
    /// `UnknownContract`, `UnknownChain`, `ChainUnreachable`.
    async fn contract(&self, chain: &ChainName, release: B256) -> DoorResult<ContractReview>;

    /// Which kinds of changes need two operators, and what was proposed, in the order of the proposals from `offset` on, at most
    /// [`MAX_CHANGES`](crate::change_approval::MAX_CHANGES).
    ///
    /// # Errors
    /// `ChainUnreachable`.
    async fn changes(&self, offset: u64) -> DoorResult<Approvals>;

    /// One change with all that a second operator has to see.
    ///
    /// # Errors
    /// `UnknownChange`, `ChainUnreachable`.
    async fn change(&self, change: B256) -> DoorResult<ChangeReview>;
}

/// The part of O2C for alerts; offered where the alerts are, by monitoring.
#[async_trait]
pub trait O2cAlerts: Send + Sync {
    /// Who is told of alerts, and how far that is.
    ///
    /// # Errors
    /// `RoleRequired`.
    async fn alert_receivers(&self, actor: &Actor) -> DoorResult<Vec<AlertReceiver>>;

    /// Adds a receiver. The answer has the secret of its signatures, this once. With [`Mode::Check`] nothing is added, and there is no secret.
    ///
    /// # Errors
    /// `RoleRequired`, `ConfigurationInvalid` with the rule that its URL breaks, `Internal` when it cannot be kept.
    async fn add_alert_receiver(&self, actor: &Actor, receiver: NewReceiver, mode: Mode) -> DoorResult<AddedReceiver>;

    /// Takes a receiver away, with what waits for it.
    ///
    /// # Errors
    /// `RoleRequired`, `UnknownReceiver`, `Internal`.
    async fn remove_alert_receiver(&self, actor: &Actor, receiver: &str, mode: Mode) -> DoorResult<AlertReceiver>;

    /// Sends a message that says that it is a test, once, and tells what became of it.
    ///
    /// # Errors
    /// `RoleRequired`, `UnknownReceiver`, `MalformedRequest`.
    async fn test_alert_receiver(&self, actor: &Actor, receiver: &str, note: String) -> DoorResult<TestedDelivery>;
}
