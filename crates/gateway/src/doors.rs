//! What stands behind the gateway: the four outer doors, and the ports for what is no reference point of D3.7 (registration, applications,
//! presentations, roles). Whoever assembles the city gives an implementation of each.

use std::{collections::BTreeSet, sync::Arc};

use alloy_primitives::{Address, B256, Bytes};
use async_trait::async_trait;
use chancery_primitives::Disclose;
use chancery_reference_points::{
    Actor, DoorResult, Role,
    data_block::TransactionLocator,
    data_search::AuditReport,
    o2c::{O2c, O2cAlerts},
    r2d::{R2d, R2dSources},
    u2s::{U2s, U2sData},
    v2m::{V2m, V2mData},
};
use chancery_rest::types::{
    Page,
    alliance::{Alliance, AllianceProposal, AllianceRequest},
    applications::{Application, ApplicationReceipt, ApplicationStatus, Decision, SubmitApplication},
    messages::{DeliverMessage, Message, MessageBox, MessageState, SendMessage, StateReceipt},
    presentations::{CreatePresentation, Presentation, PresentationReceipt},
    shown::HolderKinds,
    users::{Confirmation, Confirmed, RegisterUser, Registered, User, UserStatus},
};
use serde_json::Value;

/// Everything that the gateway reaches.
#[derive(Clone)]
pub struct Doors {
    /// Data sources submit.
    pub r2d: Arc<dyn R2d>,
    /// Registered sources submit.
    pub r2d_sources: Arc<dyn R2dSources>,
    /// Data users ask.
    pub u2s: Arc<dyn U2s>,
    /// Data users search the data of registered sources.
    pub u2s_data: Arc<dyn U2sData>,
    /// Operators configure.
    pub o2c: Arc<dyn O2c>,
    /// Operators say who is told of alerts.
    pub o2c_alerts: Arc<dyn O2cAlerts>,
    /// Supervisors watch.
    pub v2m: Arc<dyn V2m>,
    /// Supervisors audit the data of registered sources.
    pub v2m_data: Arc<dyn V2mData>,
    /// What addresses may do.
    pub roles: Arc<dyn Roles>,
    /// Real-name registration.
    pub registration: Arc<dyn Registration>,
    /// Applications for certificates.
    pub applications: Arc<dyn Applications>,
    /// Presentations that wait for their inspector.
    pub presentations: Arc<dyn Presentations>,
    /// An alliance that is watched; `None`: there is none.
    pub alliance: Option<Arc<dyn AllianceView>>,
    /// What the chains' anchors have of one another; `None`: nobody here looks at them.
    pub anchors: Option<Arc<dyn AnchorView>>,
    /// Who runs the chains, and whether they are well; `None`: no node of them runs here.
    pub peers: Option<Arc<dyn PeerView>>,
    /// What chains show of holders by proof; `None`: nobody here carries it.
    pub shown: Option<Arc<dyn ShownCertificates>>,
    /// Sealed messages between organizations.
    pub messages: Arc<dyn Messages>,
    /// Whether the identity database answers.
    pub database: Arc<dyn DatabaseProbe>,
}

/// Which page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// At most so many rows, 1 to [`crate::limits::MAX_PAGE_ROWS`].
    pub limit: usize,
    /// Where it begins, as the last page said.
    pub cursor: Option<String>,
}

/// What an address may do.
#[async_trait]
pub trait Roles: Send + Sync {
    /// The roles of an address, from the main chain, the identity database and the configuration.
    ///
    /// # Errors
    /// `ChainUnreachable`, `DatabaseUnreachable`.
    async fn roles_of(&self, address: Address) -> DoorResult<BTreeSet<Role>>;

    /// The roles that an address had by keys whose time has ended; none where no history of keys is known.
    ///
    /// # Errors
    /// `ChainUnreachable`.
    async fn ended_roles_of(&self, _address: Address) -> DoorResult<BTreeSet<Role>> {
        Ok(BTreeSet::new())
    }

    /// The roles that an address would have if its organizations were not suspended; none where organizations are not known.
    ///
    /// # Errors
    /// `ChainUnreachable`.
    async fn suspended_roles_of(&self, _address: Address) -> DoorResult<BTreeSet<Role>> {
        Ok(BTreeSet::new())
    }

    /// Whether an operator has suspended the account of an address; nobody's where none can be.
    ///
    /// # Errors
    /// `DatabaseUnreachable`.
    async fn is_suspended(&self, _address: Address) -> DoorResult<bool> {
        Ok(false)
    }

    /// Whether an address is somebody here, whatever it may do now: it has registered, has or had a key of an organization, or has a role by configuration;
    /// everybody's where nobody is known.
    ///
    /// # Errors
    /// `ChainUnreachable`, `DatabaseUnreachable`.
    async fn is_known(&self, _address: Address) -> DoorResult<bool> {
        Ok(true)
    }

    /// Codes of the organizations of which the address has a right in force: access rules may be about them.
    ///
    /// # Errors
    /// `ChainUnreachable`.
    async fn organizations_of(&self, address: Address) -> DoorResult<BTreeSet<String>>;
}

/// Real-name registration (C-ID, C-API-1).
#[async_trait]
pub trait Registration: Send + Sync {
    /// Registers the actor.
    ///
    /// # Errors
    /// `AlreadyRegistered`, `AccountTaken`, `PersonAlreadyRegistered`, `PersonUndetermined`, `MalformedRequest`, `SignatureInvalid`, `DatabaseUnreachable`.
    async fn register(&self, actor: &Actor, request: RegisterUser) -> DoorResult<Registered>;

    /// Registrations with their personal data; every look is recorded.
    ///
    /// # Errors
    /// `RoleRequired`, `MalformedRequest` for a cursor that is none, `DatabaseUnreachable`.
    async fn users(&self, actor: &Actor, status: UserStatus, page: PageRequest) -> DoorResult<Page<User>>;

    /// One registration, for its owner or a registrar.
    ///
    /// # Errors
    /// `UnknownAddress`, `DatabaseUnreachable`.
    async fn user(&self, actor: &Actor, address: Address) -> DoorResult<User>;

    /// An office confirms or rejects; a confirmation writes the digital identity to the main chain.
    ///
    /// # Errors
    /// `UnknownAddress`, `AlreadyDecided`, `ChainUnreachable`, `DatabaseUnreachable`.
    async fn confirm(&self, actor: &Actor, address: Address, confirmation: Confirmation) -> DoorResult<Confirmed>;
}

/// Which applications.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApplicationFilter {
    /// Only these.
    pub status: Option<ApplicationStatus>,
    /// Only of this kind.
    pub kind: Option<String>,
}

/// Applications for certificates.
#[async_trait]
pub trait Applications: Send + Sync {
    /// Sends an application.
    ///
    /// # Errors
    /// `UnknownKind`, `SchemaViolation`, `DatabaseUnreachable`.
    async fn submit(&self, actor: &Actor, application: SubmitApplication) -> DoorResult<ApplicationReceipt>;

    /// The actor's own applications, and those of the kinds that it may issue, newest first.
    ///
    /// # Errors
    /// `UnknownKind`, `MalformedRequest` for a cursor that is none, `DatabaseUnreachable`.
    async fn list(&self, actor: &Actor, filter: ApplicationFilter, page: PageRequest) -> DoorResult<Page<Application>>;

    /// An office decides.
    ///
    /// # Errors
    /// `UnknownApplication`, `AlreadyDecided`, `IssuerNotAuthorized`, `UnknownCertificate`, `DatabaseUnreachable`.
    async fn decide(&self, actor: &Actor, id: &str, decision: Decision) -> DoorResult<Application>;
}

/// Presentations that wait for their inspector (C-QR). What is kept cannot be read by whoever keeps it.
#[async_trait]
pub trait Presentations: Send + Sync {
    /// Keeps a presentation until it expires.
    ///
    /// # Errors
    /// `TooManyRequests` when the holder has too many, `DatabaseUnreachable`.
    async fn keep(&self, actor: &Actor, presentation: CreatePresentation) -> DoorResult<PresentationReceipt>;

    /// Gives it.
    ///
    /// # Errors
    /// `PresentationExpired`, `DatabaseUnreachable`.
    async fn fetch(&self, id: &str) -> DoorResult<Presentation>;
}

/// What has changed in an alliance, as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllianceNews {
    /// A request with a number.
    Request(Box<AllianceRequest>),
    /// What is reported of one that has none, or did not have one.
    Proposal(Box<AllianceProposal>),
}

/// A change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllianceChange {
    /// Of what.
    pub news: AllianceNews,
    /// Names the change to [`AllianceView::changes`]; printable ASCII.
    pub cursor: String,
}

/// An alliance as its chains show it (A-MULTI): who takes part, and how far requests are.
#[async_trait]
pub trait AllianceView: Send + Sync {
    /// The alliance.
    ///
    /// # Errors
    /// `ChainUnreachable` as long as nothing of it was read.
    async fn alliance(&self) -> DoorResult<Alliance>;

    /// Requests, newest first.
    ///
    /// # Errors
    /// `MalformedRequest` for a cursor that is none, `ChainUnreachable`.
    async fn requests(&self, page: PageRequest) -> DoorResult<Page<AllianceRequest>>;

    /// One request.
    ///
    /// # Errors
    /// `UnknownAllianceRequest`, `ChainUnreachable`.
    async fn request(&self, number: u64) -> DoorResult<AllianceRequest>;

    /// Requests that have no number, as they are reported, newest first.
    ///
    /// # Errors
    /// `MalformedRequest` for a cursor that is none, `ChainUnreachable`.
    async fn proposals(&self, page: PageRequest) -> DoorResult<Page<AllianceProposal>>;

    /// What has changed after a change, in the order of its newest change, at most `limit`; waits until there is something. Without a change, and after one that is not known
    /// any more, all that are kept.
    ///
    /// # Errors
    /// What keeps it from watching further.
    async fn changes(&self, after: Option<String>, limit: usize) -> DoorResult<Vec<AllianceChange>>;
}

/// An anchor on a chain, as whoever feeds it saw it last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnchorSeen {
    /// Name of the chain that it follows.
    pub follows: String,
    /// The contract.
    pub contract: Address,
    /// The newest block that it has; `None` before the first, and while it is frozen.
    pub newest: Option<AnchoredBlock>,
    /// Two final blocks of one number were shown to it.
    pub is_frozen: bool,
}

/// A block that an anchor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnchoredBlock {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
    /// Its time, Unix milliseconds.
    pub time_ms: u64,
}

/// What chains have of one another (C-CHAINS). Nothing is asked of a chain for it.
pub trait AnchorView: Send + Sync {
    /// The anchors on the chain of this name.
    fn on_chain(&self, name: &str) -> Vec<AnchorSeen>;
}

/// A validator of a chain, as a node of this process sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerSeen {
    /// The organization that runs it.
    pub organization: String,
    /// Whether there is a connection to it, or it is the node that says so.
    pub is_connected: bool,
    /// When it last said anything in consensus, Unix milliseconds; `None`: not since the node started.
    pub last_heard_ms: Option<u64>,
    /// The last block that it has; `None` where that is not known here.
    pub height: Option<u64>,
    /// How many final blocks it does not have yet.
    pub blocks_behind: Option<u64>,
}

/// Who runs a chain, and how it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainPeers {
    /// The highest block that is known to be final.
    pub final_height: u64,
    /// Epoch of consensus.
    pub epoch: u64,
    /// The last view that was heard of.
    pub view: u64,
    /// Transactions that wait.
    pub waiting_transactions: u64,
    /// The chain stands still, or this node does not follow it.
    pub is_sick: bool,
    /// What somebody should see to, by name, as `chancery doctor` finds it.
    pub findings: Vec<String>,
    /// The validators, in the order of their set.
    pub peers: Vec<PeerSeen>,
}

/// Who runs the chains (S-SVC). Nothing is asked of a chain for it.
pub trait PeerView: Send + Sync {
    /// Those of the chain of this name; `None` where no node of it runs here.
    fn of_chain(&self, name: &str) -> Option<ChainPeers>;
}

/// Which kinds of certificates of other chains a chain shows of holders, without their content (C-CHAINS). What a holder agrees to is signed by the holder, and may be
/// sent to the chain by anybody.
#[async_trait]
pub trait ShownCertificates: Send + Sync {
    /// What a chain shows of a holder.
    ///
    /// # Errors
    /// `UnknownChain`, `ChainUnreachable`.
    async fn of_holder(&self, chain: &str, holder: Address) -> DoorResult<HolderKinds>;

    /// Sends what a holder has signed; final when this returns.
    ///
    /// # Errors
    /// `UnknownChain`, `UnknownKind`, `MalformedRequest` for a time that is over or too far ahead, `SignatureInvalid`, `TransactionRefused`, `NotFinalYet`, `ChainUnreachable`.
    async fn disclose(&self, chain: &str, disclose: Disclose, signature: Bytes) -> DoorResult<TransactionLocator>;
}

/// Sealed messages between organizations (S-NET). What is kept cannot be read by whoever keeps it, and is shown to sender and receiver alone.
#[async_trait]
pub trait Messages: Send + Sync {
    /// Takes a message; when this returns it is durable and its deposit is final.
    ///
    /// # Errors
    /// `MalformedRequest`, `BodyTooLarge`, `SignatureInvalid`, `WrongChain`, `ClockSkew`, `OperationExpired`, `RoleRequired`, `KeyRotated`, `OrganizationSuspended`,
    /// `UnknownOrganization`, `UnknownAddress`, `MailboxFull`, `JournalUnavailable`, and those of R2D.
    async fn send(&self, actor: &Actor, message: SendMessage) -> DoorResult<MessageState>;

    /// Takes a message of another city; when this returns it is durable, and its receiver sees it.
    ///
    /// # Errors
    /// `MalformedRequest`, `BodyTooLarge`, `ProofInvalid`, `SignatureInvalid`, `WrongChain`, `UnknownCity`, `ClockSkew`, `OperationExpired`, `RoleRequired`, `KeyRotated`,
    /// `OrganizationSuspended`, `UnknownOrganization`, `UnknownAddress`, `RightNotShown`, `MailboxFull`, `ChainUnreachable`, `JournalUnavailable`.
    async fn deliver(&self, actor: &Actor, message: DeliverMessage) -> DoorResult<MessageState>;

    /// The proof of a message of another city, for its sender, who has no role here, and its receiver: the file that `chancery verify` reads.
    ///
    /// # Errors
    /// `UnknownMessage`, also for a message within the city; `UnknownOperation`, `ChainUnreachable`, `JournalUnavailable`.
    async fn delivery_proof(&self, actor: &Actor, message: B256) -> DoorResult<Value>;

    /// What the actor has received or sent, in the order in which it became visible.
    ///
    /// # Errors
    /// `MalformedRequest` for a cursor that is none, `JournalUnavailable`.
    async fn list(&self, actor: &Actor, which: MessageBox, page: PageRequest) -> DoorResult<Page<MessageState>>;

    /// One message with its envelope.
    ///
    /// # Errors
    /// `UnknownMessage` for everybody but its sender and receiver, `JournalUnavailable`.
    async fn fetch(&self, actor: &Actor, message: B256) -> DoorResult<Message>;

    /// The receiver says that it has it; final when this returns.
    ///
    /// # Errors
    /// `UnknownMessage`, `NotYourMessage`, and those of [`Self::send`].
    async fn acknowledge(&self, actor: &Actor, message: B256, receipt: StateReceipt) -> DoorResult<MessageState>;

    /// The file that `chancery verify` reads.
    ///
    /// # Errors
    /// `UnknownMessage`, `UnknownOperation`, `ChainUnreachable`, `JournalUnavailable`.
    async fn proof(&self, actor: &Actor, message: B256) -> DoorResult<Value>;

    /// A page of all messages computed anew, for supervisors: statements, signatures, envelopes, and that they are recorded. `from` and `next` of the report are parts of names of
    /// messages, not places; no content is shown.
    ///
    /// # Errors
    /// `RoleRequired`, `NotProvable`, `ChainUnreachable`, `JournalUnavailable`, `DatabaseUnreachable`.
    async fn audit(&self, actor: &Actor, from: u64) -> DoorResult<AuditReport>;
}

/// Whether the identity database answers.
#[async_trait]
pub trait DatabaseProbe: Send + Sync {
    /// Asks it.
    async fn answers(&self) -> bool;
}
