//! `/v1/applications`: a citizen asks an office for a certificate.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{Example, example_address, example_hash, example_time};
use crate::values::{HexAddress, HexHash, Timestamp};

/// `POST /v1/applications`.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubmitApplication {
    /// Certificate kind.
    #[schema(example = "degree")]
    pub kind: String,
    /// What the office needs to know, by the kind's application schema (`GET /v1/kinds/{kind}`). Personal data.
    #[schema(value_type = Object)]
    pub details: Value,
}

impl std::fmt::Debug for SubmitApplication {
    /// Without the details, which are personal.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SubmitApplication").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// Where an application stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ApplicationStatus {
    /// Waits for an office.
    Submitted,
    /// The certificate is issued.
    Issued,
    /// An office has rejected it.
    Rejected,
}

/// The answer of `POST /v1/applications`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationReceipt {
    /// Identifier.
    #[schema(example = "0193489c7d2c7c539b1b0c9a6a5f1d20")]
    pub id: String,
    /// Certificate kind.
    pub kind: String,
    /// Where it stands.
    pub status: ApplicationStatus,
}

/// An application, for its applicant and for the offices of its kind.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Application {
    /// Identifier.
    pub id: String,
    /// Certificate kind.
    pub kind: String,
    /// Who applies.
    pub applicant: HexAddress,
    /// By the kind's application schema. Personal data.
    #[schema(value_type = Object)]
    pub details: Value,
    /// Where it stands.
    pub status: ApplicationStatus,
    /// When it was sent.
    pub submitted_at: Timestamp,
    /// When an office decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Timestamp>,
    /// Why it was rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The certificate that was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_id: Option<HexHash>,
}

impl std::fmt::Debug for Application {
    /// Without the details, which are personal.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Application")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// `POST /v1/applications/{id}/decision`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "decision", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Decision {
    /// The office does not issue.
    Reject {
        /// Why; shown to the applicant.
        #[schema(min_length = 1, max_length = 500)]
        reason: String,
    },
    /// The office has issued this certificate for it.
    Issued {
        /// Its identifier.
        certificate_id: HexHash,
    },
}

impl Example for SubmitApplication {
    fn example() -> Self {
        Self { kind: "degree".into(), details: json!({"studentNumber": "2022150001"}) }
    }
}

impl Example for ApplicationReceipt {
    fn example() -> Self {
        Self {
            id: "0193489c7d2c7c539b1b0c9a6a5f1d20".into(),
            kind: "degree".into(),
            status: ApplicationStatus::Submitted,
        }
    }
}

impl Example for Application {
    fn example() -> Self {
        Self {
            id: "0193489c7d2c7c539b1b0c9a6a5f1d20".into(),
            kind: "degree".into(),
            applicant: example_address(),
            details: json!({"studentNumber": "2022150001"}),
            status: ApplicationStatus::Submitted,
            submitted_at: example_time(),
            decided_at: None,
            reason: None,
            certificate_id: None,
        }
    }
}

impl Example for Decision {
    fn example() -> Self {
        Self::Issued { certificate_id: example_hash(0xce) }
    }
}
