use alloy_primitives::{Address, B256};
use chancery_light::{BUNDLE_VERSION, ProofBundle, VerifyError};
use serde::{Deserialize, Serialize, de::IgnoredAny};

use crate::alliance::message::{MAX_PARTS, Part};

/// Version of the file.
pub const REQUEST_PROOF_VERSION: u32 = 1;
/// Longest file, in bytes of JSON.
pub const MAX_REQUEST_PROOF_BYTES: usize = 8 * 1024 * 1024;

/// The file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestProof {
    /// [`REQUEST_PROOF_VERSION`].
    pub version: u32,
    /// The request's number.
    pub number: u64,
    /// The `Alliance` contract.
    pub contract: Address,
    /// The transaction that ended it on the alliance chain; its state is that of the contract, then or later.
    pub alliance: ProofBundle,
    /// Of a committed request each member, ascending by name; of a refused one who refused it; otherwise none.
    pub members: Vec<MemberProof>,
}

/// What a member did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MemberProof {
    /// Its name.
    pub member: B256,
    /// What was asked of it; absent where it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
    /// The transaction that applied or refused it; absent for a chain without finality certificates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<ProofBundle>,
}

/// The first check that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{check}: {detail}")]
pub struct ProofFailure {
    /// Its name: one of `docs/specs/alliance.md`, or of the light client.
    pub check: String,
    /// What it found.
    pub detail: String,
}

impl ProofFailure {
    pub(super) fn new(check: impl Into<String>, detail: impl std::fmt::Display) -> Self {
        Self { check: check.into(), detail: detail.to_string() }
    }

    /// Of a chain's proof.
    pub(super) fn of(whose: &str, error: &VerifyError) -> Self {
        Self::new(error.check(), format!("{whose}: {error}"))
    }
}

/// Whether a file says that it is one, by the names at its top.
#[must_use]
pub fn is_request_proof(file: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Top {
        alliance: IgnoredAny,
        members: IgnoredAny,
    }
    serde_json::from_slice::<Top>(file).is_ok_and(|Top { alliance: IgnoredAny, members: IgnoredAny }| true)
}

impl RequestProof {
    /// Reads a file.
    ///
    /// # Errors
    /// `file-readable`.
    pub fn from_json(json: &[u8]) -> Result<Self, ProofFailure> {
        let refuse = |detail: String| ProofFailure::new("file-readable", detail);
        if json.len() > MAX_REQUEST_PROOF_BYTES {
            return Err(refuse(format!("it is longer than {MAX_REQUEST_PROOF_BYTES} bytes")));
        }
        let file: Self = serde_json::from_slice(json).map_err(|error| refuse(error.to_string()))?;
        let bundles = file.members.iter().filter_map(|member| member.proof.as_ref()).chain([&file.alliance]);
        let versions = bundles.map(|bundle| (bundle.version, BUNDLE_VERSION));
        for (found, known) in versions.chain([(file.version, REQUEST_PROOF_VERSION)]) {
            if found != known {
                return Err(refuse(format!("it, or a proof in it, is of version {found}, known is {known}")));
            }
        }
        if file.members.len() > MAX_PARTS {
            return Err(refuse(format!("it names more than {MAX_PARTS} members")));
        }
        Ok(file)
    }
}
