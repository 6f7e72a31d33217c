//! `/v1/changes`: changes of the configuration that two operators make together (O2C, M-CON-3).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Example, contracts::ContractStep, example_hash, example_time};
use crate::values::{HexBytes, HexHash, Timestamp};

/// What a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// Organizations: registered, suspended, resumed.
    Organizations,
    /// Rights of keys: authorized, retired, revoked.
    Keys,
    /// Data formats.
    Formats,
    /// Services: offered, withdrawn.
    Services,
    /// Access rules.
    Access,
    /// Quotas.
    Quotas,
}

/// How far a change is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ApprovalStatus {
    /// Waits for a second operator.
    Proposed,
    /// May be applied, once, until it expires.
    Approved,
    /// A second operator said no; for ever.
    Rejected,
    /// Taken back; for ever.
    Withdrawn,
    /// Has taken effect.
    Applied,
}

/// `POST /v1/changes`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProposeChange {
    /// The change, exactly as the refusal `approval-required` has it in `change`. Its keccak256 is signed.
    #[schema(max_length = 131072)]
    pub content: String,
    /// So that the same change can be proposed again.
    pub salt: HexHash,
    /// Last second at which it may be approved and applied, Unix seconds; at most 30 days ahead.
    #[schema(example = 1_795_830_400)]
    pub expires_at: u64,
    /// Last second at which the chain records the proposal, Unix seconds.
    #[schema(example = 1_795_233_600)]
    pub deadline: u64,
    /// The operator's EIP-712 signature of `ProposeChange`, 65 bytes. With `?check=true` it may be `0x`.
    pub signature: HexBytes,
}

/// `POST /v1/changes/{change}/status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DecideChange {
    /// What it becomes. `applied`, which is not signed: to apply what is approved, when that failed after the approval.
    pub status: ApprovalStatus,
    /// Why; needed for `rejected` and `withdrawn`.
    #[serde(default)]
    #[schema(example = "Agreed in the council's session.", max_length = 512)]
    pub reason: String,
    /// Last second at which the chain records it, Unix seconds.
    #[serde(default)]
    #[schema(example = 1_795_233_600)]
    pub deadline: u64,
    /// The operator's EIP-712 signature of `DecideChange`, 65 bytes. With `?check=true` it may be `0x`.
    #[serde(default)]
    pub signature: HexBytes,
}

/// A change as the main chain records it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProposedChange {
    /// Digest of the proposal: its name.
    pub change: HexHash,
    /// What it is about.
    pub kind: ChangeKind,
    /// How far it is.
    pub status: ApprovalStatus,
    /// keccak256 of its text.
    pub change_hash: HexHash,
    /// Last second at which it may be approved and applied.
    pub expires_at: Timestamp,
    /// Who proposed it.
    pub proposed: ContractStep,
    /// Who approved or rejected it.
    pub decided: Option<ContractStep>,
    /// Who withdrew it.
    pub withdrawn: Option<ContractStep>,
    /// Whose key applied it.
    pub applied: Option<ContractStep>,
}

/// `GET /v1/changes`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProposedChanges {
    /// The kinds that need two operators, from the genesis on; none: one is enough.
    pub required: Vec<ChangeKind>,
    /// In the order of their proposals.
    pub items: Vec<ProposedChange>,
    /// Where the next page begins; absent after the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// `GET /v1/changes/{change}`: all that a second operator has to see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeReview {
    /// What the chain records.
    pub proposal: ProposedChange,
    /// As it was proposed and signed.
    pub signed: ProposeChange,
}

fn example_content() -> String {
    r#"{"change":"offerService","service":"certificates.query","offered":false,"by":"0x5151515151515151515151515151515151515151"}"#
        .to_owned()
}

impl Example for ProposeChange {
    fn example() -> Self {
        Self {
            content: example_content(),
            salt: example_hash(0x5a),
            expires_at: 1_795_830_400,
            deadline: 1_795_233_600,
            signature: HexBytes(vec![0x1b; 65].into()),
        }
    }
}

impl Example for DecideChange {
    fn example() -> Self {
        Self {
            status: ApprovalStatus::Approved,
            reason: "Agreed in the council's session.".into(),
            deadline: 1_795_233_600,
            signature: HexBytes(vec![0x1b; 65].into()),
        }
    }
}

impl Example for ProposedChange {
    fn example() -> Self {
        Self {
            change: example_hash(0xcc),
            kind: ChangeKind::Services,
            status: ApprovalStatus::Proposed,
            change_hash: example_hash(0xc4),
            expires_at: example_time(),
            proposed: ContractStep::example(),
            decided: None,
            withdrawn: None,
            applied: None,
        }
    }
}

impl Example for ProposedChanges {
    fn example() -> Self {
        Self { required: vec![ChangeKind::Services], items: vec![ProposedChange::example()], next_cursor: None }
    }
}

impl Example for ChangeReview {
    fn example() -> Self {
        Self { proposal: ProposedChange::example(), signed: ProposeChange::example() }
    }
}
