//! `/v1/presentations`: the meeting place of holder and inspector (C-QR). The gateway keeps what it cannot read.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Example, example_time};
use crate::values::Timestamp;

/// `POST /v1/presentations`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreatePresentation {
    /// JWE compact, `dir` and `A256GCM`, under a key that only the shown code holds.
    #[schema(example = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..aXY.Y2lwaGVydGV4dA.dGFn", max_length = 65_536)]
    pub ciphertext: String,
    /// Until when it may be fetched: at most ten minutes from now.
    pub expires_at: Timestamp,
    /// It is given once: whoever comes later is told when it was. Without it, it is given as often as it is asked for, and each time it is told how often before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(example = true)]
    pub once: bool,
}

/// The answer of `POST /v1/presentations`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PresentationReceipt {
    /// 16 random bytes, base64url.
    #[schema(example = "Zm9vYmFyYmF6cXV4MTIzNA")]
    pub id: String,
    /// Until when it may be fetched.
    pub expires_at: Timestamp,
}

/// The answer of `GET /v1/presentations/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Presentation {
    /// JWE compact.
    pub ciphertext: String,
    /// Until when it may be fetched.
    pub expires_at: Timestamp,
    /// How often it was fetched before. More than nothing: somebody else may have photographed the code.
    #[serde(default)]
    #[schema(example = 0)]
    pub opened_before: u64,
    /// When it was fetched last before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_opened_at: Option<Timestamp>,
}

const EXAMPLE_JWE: &str = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..aXY.Y2lwaGVydGV4dA.dGFn";

impl Example for CreatePresentation {
    fn example() -> Self {
        Self { ciphertext: EXAMPLE_JWE.into(), expires_at: example_time(), once: true }
    }
}

impl Example for PresentationReceipt {
    fn example() -> Self {
        Self { id: "Zm9vYmFyYmF6cXV4MTIzNA".into(), expires_at: example_time() }
    }
}

impl Example for Presentation {
    fn example() -> Self {
        Self { ciphertext: EXAMPLE_JWE.into(), expires_at: example_time(), opened_before: 0, last_opened_at: None }
    }
}
