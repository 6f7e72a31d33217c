//! `/v1/alliance`: a cross-chain alliance, and its requests on their way (`docs/specs/alliance.md`). Who takes part and how far each is; never what a request is about.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Example, example_address, example_hash, example_time};
use crate::values::{HexAddress, HexHash, Timestamp};

mod reported;

pub use self::reported::{
    AllianceDeclineReason, AllianceProposal, AllianceProposalState, AllianceReport, AllianceReporter, AllianceSaid,
};

/// How far an alliance is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AllianceState {
    /// Waits for its members to accept.
    Proposed,
    /// Takes requests.
    Active,
    /// Takes none any more.
    Dissolved,
    /// A state that this gateway does not know.
    Unknown,
}

/// A guarantee that does not hold for requests with a part of a chain without finality certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MissingGuarantee {
    /// More than half of the member's endorsers may attest a reservation that does not exist (ALLIANCE-5, ALLIANCE-9).
    AtomicityAgainstItsEndorsers,
    /// Its chain may take a reservation back after it was attested (ALLIANCE-5, ALLIANCE-9).
    AtomicityAgainstReorganisation,
    /// Versions that were read there are the endorsers' word.
    ProofOfReads,
}

/// A member, or one that was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AllianceMember {
    /// Its name.
    #[schema(example = "land registry")]
    pub name: String,
    /// What its chain is called here; absent: it is not followed, and its steps are told by what the alliance chain was shown of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "land registry")]
    pub chain: Option<String>,
    /// EIP-155 id of its chain.
    #[schema(example = 7102)]
    pub chain_id: u64,
    /// Its node contract.
    pub node_contract: HexAddress,
    /// It is of the alliance now.
    pub active: bool,
    /// Up to which final block its chain was read; absent: not yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 128)]
    pub height: Option<u64>,
    /// Its chain was read to its newest final block within the last 10 seconds; if not, it is silent, or the gateway lags behind it, and what is shown of it may be old.
    pub up_to_date: bool,
    /// What cannot be relied on because of it; empty: its outcomes are proven.
    pub missing: Vec<MissingGuarantee>,
    /// Its chain is followed here, and did not answer the last time: its part of requests does not go on as far as is seen from here.
    #[serde(default)]
    pub unreachable: bool,
    /// Anchors between it and the alliance that are frozen: two final headers of one number were shown there, and nothing of the followed chain counts until the organizations of the
    /// host have voted.
    #[serde(default)]
    pub frozen_anchors: Vec<FrozenAnchor>,
}

/// An anchor that is frozen, by what its chains are called here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FrozenAnchor {
    /// The chain on which it stands.
    #[schema(example = "alliance")]
    pub host: String,
    /// The chain whose headers it keeps.
    #[schema(example = "land registry")]
    pub follows: String,
}

/// The answer of `GET /v1/alliance`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Alliance {
    /// What for.
    #[schema(example = "mortgages")]
    pub purpose: String,
    /// How far it is.
    pub state: AllianceState,
    /// What the chain that decides is called here.
    #[schema(example = "alliance")]
    pub chain: String,
    /// EIP-155 id of that chain.
    #[schema(example = 7100)]
    pub chain_id: u64,
    /// Its `Alliance` contract.
    pub contract: HexAddress,
    /// Up to which final block that chain was read; absent: not yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 256)]
    pub height: Option<u64>,
    /// Time of that block: the only clock that counts for deadlines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Timestamp>,
    /// That chain was read to its newest final block within the last 10 seconds; if not, it is silent, or the gateway lags behind it, and what is shown of it may be old.
    pub up_to_date: bool,
    /// Its members, and those that were, by name.
    pub members: Vec<AllianceMember>,
}

/// What the alliance says of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AllianceRequestStatus {
    /// Outcomes are taken until the deadline.
    Sequenced,
    /// It is applied everywhere.
    Committed,
    /// It is applied nowhere.
    Aborted,
    /// A signature was bad or weight was missing: no member was ever shown it.
    Invalid,
}

/// The steps of a request that leave a trace on a chain, in the order of its way. The one before them, the suggestion, leaves none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AllianceStepName {
    /// Endorsers of the member have signed.
    Endorse,
    /// The alliance chain has given a number, and verified every signature.
    Sequence,
    /// The member holds the keys, or refuses.
    Reserve,
    /// The member's outcome is shown to the alliance chain, which decides.
    Decide,
    /// The member applies, or gives back what it held.
    Apply,
}

/// How far a step of a party is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AllianceStepState {
    /// Others come first.
    Ahead,
    /// It is this party's turn.
    Awaited,
    /// It went well.
    Done,
    /// It went wrong: bad signatures, or a refusal.
    Failed,
    /// It does not happen, because of what went wrong elsewhere.
    Omitted,
    /// Nobody here follows the member's chain.
    Unseen,
}

/// What became of a part on its member's chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AllianceOutcome {
    /// Its keys are held until the decision is proven.
    Reserved,
    /// It will never be reserved.
    Refused,
    /// Its writes are in force.
    Applied,
    /// Its keys were given back without a write.
    Released,
}

/// Why a member refuses. Which key it is about, is told to the requester alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum AllianceRefusal {
    /// A version is no longer the one that was read.
    Stale {
        /// The version that the request had read.
        expected: u64,
        /// The version that the key has.
        actual: u64,
    },
    /// A key is held by an older request.
    Conflict {
        /// Its number.
        holder: u64,
    },
    /// The part is malformed.
    Malformed,
    /// The member's own rule says no.
    Rejected,
}

/// The event that shows something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShownBy {
    /// What its chain is called here.
    #[schema(example = "land registry")]
    pub chain: String,
    /// The transaction.
    pub tx_hash: HexHash,
    /// The final block that holds it.
    #[schema(example = 128)]
    pub block_number: u64,
    /// Its hash.
    pub block_hash: HexHash,
    /// Its time, by its own chain's clock.
    pub time: Timestamp,
}

/// A step of a party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AllianceStep {
    /// Which.
    pub name: AllianceStepName,
    /// How far.
    pub state: AllianceStepState,
    /// What became of the part by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<AllianceOutcome>,
    /// Why the member refuses, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<AllianceRefusal>,
    /// Where it is recorded; absent: it has not happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_by: Option<ShownBy>,
}

/// A signature that does not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FaultyEndorsement {
    /// Serial number of the certificate that it names.
    #[schema(example = 7)]
    pub certificate: u64,
    /// The node whose certificate that is; absent: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "node 2")]
    pub node: Option<String>,
    /// What is wrong with it, as the contract names it; absent: a fault that this gateway does not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "signatureWrong")]
    pub fault: Option<String>,
}

/// The endorsers of a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AllianceEndorsing {
    /// Whether the submission could be read. If not, what is bad is known, and who has signed well is not.
    pub seen: bool,
    /// Nodes whose signature counts.
    pub endorsed: Vec<String>,
    /// Signatures that do not.
    pub faulty: Vec<FaultyEndorsement>,
    /// Nodes of the member's policy of whom there is no signature.
    pub missing: Vec<String>,
    /// What those who have endorsed weigh.
    #[schema(example = 2)]
    pub weight: u64,
    /// What all endorsers weigh; more than half of it is needed. 0: the policy is not known.
    #[schema(example = 3)]
    pub total_weight: u64,
}

/// A party of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AllianceParty {
    /// The member.
    #[schema(example = "land registry")]
    pub member: String,
    /// Its endorsers.
    pub endorsing: AllianceEndorsing,
    /// The five steps, in the order of the way.
    pub steps: Vec<AllianceStep>,
}

/// How a request was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AllianceDecision {
    /// The member because of which it was aborted; absent: it was committed, or its deadline has passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// Why that member refused, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<AllianceRefusal>,
    /// Where it was decided.
    pub shown_by: ShownBy,
}

/// A request on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AllianceRequest {
    /// Its number: requests are numbered in the order of sequencing.
    #[schema(example = 7)]
    pub number: u64,
    /// What the alliance says.
    pub status: AllianceRequestStatus,
    /// The first step for which somebody is awaited; absent: nothing is left to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<AllianceStepName>,
    /// The members that are awaited for it.
    pub awaited: Vec<String>,
    /// Until when it can be committed, by the alliance chain's clock; absent: it is invalid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    /// The deadline has passed, and it is not decided: anybody may let it expire.
    pub overdue: bool,
    /// The member that asked; absent: the requester's certificate cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "bank")]
    pub requester: Option<String>,
    /// The node that asked, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "node 1")]
    pub requester_node: Option<String>,
    /// EIP-712 `hashStruct` of the request.
    pub request_hash: HexHash,
    /// Where it got its number.
    pub shown_by: ShownBy,
    /// How it was decided; absent: not yet, or it is invalid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<AllianceDecision>,
    /// The members of its parts.
    pub parties: Vec<AllianceParty>,
    /// What was reported of it before it had its number, and since: the word of whoever says it, beside what is proven.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reports: Vec<AllianceReport>,
}

impl Example for Alliance {
    fn example() -> Self {
        Self {
            purpose: "mortgages".into(),
            state: AllianceState::Active,
            chain: "alliance".into(),
            chain_id: 7100,
            contract: example_address(),
            height: Some(256),
            time: Some(example_time()),
            up_to_date: true,
            members: vec![AllianceMember {
                name: "land registry".into(),
                chain: Some("land registry".into()),
                chain_id: 7102,
                node_contract: example_address(),
                active: true,
                height: Some(128),
                up_to_date: true,
                missing: Vec::new(),
                unreachable: false,
                frozen_anchors: Vec::new(),
            }],
        }
    }
}

fn example_place(chain: &str) -> ShownBy {
    ShownBy {
        chain: chain.into(),
        tx_hash: example_hash(0x71),
        block_number: 128,
        block_hash: example_hash(0xb1),
        time: example_time(),
    }
}

impl Example for AllianceRequest {
    fn example() -> Self {
        use AllianceStepName::{Apply, Decide, Endorse, Reserve, Sequence};
        let step = |name, state, outcome, chain: Option<&str>| AllianceStep {
            name,
            state,
            outcome,
            refusal: None,
            shown_by: chain.map(example_place),
        };
        let (done, reserved) = (AllianceStepState::Done, Some(AllianceOutcome::Reserved));
        Self {
            number: 7,
            status: AllianceRequestStatus::Sequenced,
            step: Some(Decide),
            awaited: vec!["land registry".into()],
            deadline: Some(example_time()),
            overdue: false,
            requester: Some("bank".into()),
            requester_node: Some("node 1".into()),
            request_hash: example_hash(0x07),
            shown_by: example_place("alliance"),
            decision: None,
            parties: vec![AllianceParty {
                member: "land registry".into(),
                endorsing: AllianceEndorsing {
                    seen: true,
                    endorsed: vec!["node 1".into(), "node 2".into()],
                    faulty: Vec::new(),
                    missing: vec!["node 3".into()],
                    weight: 2,
                    total_weight: 3,
                },
                steps: vec![
                    step(Endorse, done, None, Some("alliance")),
                    step(Sequence, done, None, Some("alliance")),
                    step(Reserve, done, reserved, Some("land registry")),
                    step(Decide, AllianceStepState::Awaited, None, None),
                    step(Apply, AllianceStepState::Ahead, None, None),
                ],
            }],
            reports: AllianceProposal::example().reports,
        }
    }
}
