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
}

const EXAMPLE_JWE: &str = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..aXY.Y2lwaGVydGV4dA.dGFn";

impl Example for CreatePresentation {
    fn example() -> Self {
        Self { ciphertext: EXAMPLE_JWE.into(), expires_at: example_time() }
    }
}

impl Example for PresentationReceipt {
    fn example() -> Self {
        Self { id: "Zm9vYmFyYmF6cXV4MTIzNA".into(), expires_at: example_time() }
    }
}

impl Example for Presentation {
    fn example() -> Self {
        Self { ciphertext: EXAMPLE_JWE.into(), expires_at: example_time() }
    }
}
