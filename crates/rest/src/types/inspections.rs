//! `/v1/inspections`: checking a certificate and recording the check (C-API-3).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Example, Recorded, certificates::Outcome, example_address, example_hash, example_signature, example_time};
use crate::values::{HexAddress, HexBytes, HexHash, Timestamp};

/// The holder's signature of what was shown: the EIP-712 struct `Present`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PresentationProof {
    /// Unix seconds.
    #[schema(example = 1_795_230_000)]
    pub presented_at: u64,
    /// Fresh and random.
    pub nonce: HexHash,
    /// The holder's signature, 65 bytes.
    pub signature: HexBytes,
}

/// `POST /v1/inspections/checks`: what would be found; nothing is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CheckCertificate {
    /// The user whose certificate it claims to be.
    pub address: HexAddress,
    /// Code of the organization that it claims to come from.
    #[schema(example = "12440300455765412A", min_length = 1, max_length = 32)]
    pub organization: String,
    /// Identifier.
    pub certificate_id: HexHash,
    /// Certificate kind.
    #[schema(example = "degree", min_length = 1, max_length = 32)]
    pub kind: String,
    /// keccak256 of the document that was shown.
    pub content_hash: HexHash,
    /// The holder's signature, when the holder showed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presentation: Option<PresentationProof>,
    /// keccak256 of what was shown; 32 zero bytes when nothing was.
    pub presentation_hash: HexHash,
    /// The sealed certificate, when the inspector has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 65_536)]
    pub sealed: Option<String>,
}

/// `POST /v1/inspections`: the same with the outcome that the inspector signs, the EIP-712 struct `Inspect`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RecordInspection {
    /// The user whose certificate it claims to be.
    pub address: HexAddress,
    /// Code of the organization that it claims to come from.
    #[schema(example = "12440300455765412A", min_length = 1, max_length = 32)]
    pub organization: String,
    /// Code of the organization for which the inspector inspects: the one that the signed operation names.
    #[schema(example = "11440300007542689X", min_length = 1, max_length = 32)]
    pub inspecting_organization: String,
    /// Identifier.
    pub certificate_id: HexHash,
    /// Certificate kind.
    #[schema(example = "degree", min_length = 1, max_length = 32)]
    pub kind: String,
    /// keccak256 of the document that was shown.
    pub content_hash: HexHash,
    /// The holder's signature, when the holder showed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presentation: Option<PresentationProof>,
    /// keccak256 of what was shown; 32 zero bytes when nothing was.
    pub presentation_hash: HexHash,
    /// What the checks find; another outcome is refused.
    pub outcome: Outcome,
    /// The sealed certificate, when the inspector has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 65_536)]
    pub sealed: Option<String>,
    /// Unix seconds.
    #[schema(example = 1_795_230_300)]
    pub deadline: u64,
    /// The inspector's EIP-712 signature of `Inspect`, 65 bytes.
    pub signature: HexBytes,
}

/// One check of a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// Its name.
    #[schema(example = "issuer-authorized")]
    pub name: String,
    /// Whether it passed; absent when it could not be made.
    pub passed: Option<bool>,
    /// What was found, in a sentence.
    #[schema(example = "The key was authorized for degree when it signed.")]
    pub detail: String,
}

/// The answer of `POST /v1/inspections/checks`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Checked {
    /// What the checks find together.
    pub outcome: Outcome,
    /// Each.
    pub checks: Vec<Check>,
}

/// The answer of `POST /v1/inspections` (C-API-3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Inspected {
    /// Where it is recorded.
    #[serde(flatten)]
    pub recorded: Recorded,
    /// What was found.
    pub outcome: Outcome,
    /// Each check.
    pub checks: Vec<Check>,
}

/// One recorded inspection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Inspection {
    /// The certificate.
    pub certificate_id: HexHash,
    /// Certificate kind.
    pub kind: String,
    /// Who inspected.
    pub inspector: HexAddress,
    /// Code of the organization for which it inspected.
    pub inspecting_organization: String,
    /// What was found.
    pub outcome: Outcome,
    /// Time of the block.
    pub inspected_at: Timestamp,
    /// Where it is recorded.
    #[serde(flatten)]
    pub recorded: Recorded,
}

impl Example for CheckCertificate {
    fn example() -> Self {
        Self {
            address: example_address(),
            organization: "12440300455765412A".into(),
            certificate_id: example_hash(0xce),
            kind: "degree".into(),
            content_hash: example_hash(0xc0),
            presentation: Some(PresentationProof {
                presented_at: 1_795_230_000,
                nonce: example_hash(0x9e),
                signature: example_signature(),
            }),
            presentation_hash: example_hash(0x9a),
            sealed: None,
        }
    }
}

impl Example for RecordInspection {
    fn example() -> Self {
        let check = CheckCertificate::example();
        Self {
            address: check.address,
            organization: check.organization,
            inspecting_organization: "11440300007542689X".into(),
            certificate_id: check.certificate_id,
            kind: check.kind,
            content_hash: check.content_hash,
            presentation: check.presentation,
            presentation_hash: check.presentation_hash,
            outcome: Outcome::Valid,
            sealed: None,
            deadline: 1_795_230_300,
            signature: example_signature(),
        }
    }
}

impl Example for Checked {
    fn example() -> Self {
        Self {
            outcome: Outcome::Valid,
            checks: vec![Check {
                name: "issuer-authorized".into(),
                passed: Some(true),
                detail: "The key was authorized for degree when it signed.".into(),
            }],
        }
    }
}

impl Example for Inspected {
    fn example() -> Self {
        let Checked { outcome, checks } = Checked::example();
        Self { recorded: Recorded::example(), outcome, checks }
    }
}

impl Example for Inspection {
    fn example() -> Self {
        Self {
            certificate_id: example_hash(0xce),
            kind: "degree".into(),
            inspector: example_address(),
            inspecting_organization: "11440300007542689X".into(),
            outcome: Outcome::Valid,
            inspected_at: example_time(),
            recorded: Recorded::example(),
        }
    }
}
