//! The file: that of C-API-5 with two members more.

use chancery_light::{AccountProof, ChainReference, FinalityProof};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    presentation::Presentation,
    verify::{CertificateFile, VerificationFailure, unknown_members},
};

/// Version of the staple that is written and read.
pub const STAPLE_VERSION: u32 = 1;
/// Longest stapled file that is written and read, in bytes of JSON.
pub const MAX_STAPLED_BYTES: usize = 2 * 1024 * 1024;

const STAPLE: &str = "staple";
const PRESENTATION: &str = "presentation";

/// Slots of a contract in the state of a final block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProvenState {
    /// The block is final, with the hand-overs since the genesis.
    pub finality: FinalityProof,
    /// The contract and its slots.
    pub account: AccountProof,
}

/// That the issuer's key had the right to the kind when the certificate was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RightProof {
    /// The main chain. Checked, not trusted.
    pub chain: ChainReference,
    /// Which period of the right: its index.
    pub period: u64,
    /// Which record of the key: its index.
    pub key_record: u64,
    /// `OrganizationRegistry` with the slots that [`super::RightPlaces::slots`] lists, in this order.
    pub state: ProvenState,
}

/// What is stapled to a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Staple {
    /// [`STAPLE_VERSION`].
    pub version: u32,
    /// `CertificateRegistry` with status word and commitment of the certificate.
    pub status: ProvenState,
    /// The issuer's right.
    pub right: RightProof,
}

/// A certificate file with its staple, and with the holder's presentation where the holder shows it.
#[derive(Clone, Debug)]
pub struct StapledFile {
    /// What C-API-5 answers, without a status of its own proof.
    pub certificate: CertificateFile,
    /// What is stapled to it.
    pub staple: Staple,
    /// What the holder signed when it was shown.
    pub presentation: Option<Presentation>,
    /// Members that no such file has.
    pub(super) unknown: Vec<String>,
}

#[derive(Deserialize)]
struct Members {
    staple: Option<Staple>,
    #[serde(default)]
    presentation: Option<Presentation>,
}

/// Whether a file says that it carries a staple.
#[must_use]
pub fn is_stapled(json: &[u8]) -> bool {
    serde_json::from_slice::<Map<String, Value>>(json).is_ok_and(|members| members.contains_key(STAPLE))
}

impl StapledFile {
    /// A file of its parts.
    #[must_use]
    pub const fn new(certificate: CertificateFile, staple: Staple, presentation: Option<Presentation>) -> Self {
        Self { certificate, staple, presentation, unknown: Vec::new() }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// `staple-size`, `file-readable`, `staple-present`, `staple-version`.
    pub fn from_json(json: &[u8]) -> Result<Self, VerificationFailure> {
        if json.len() > MAX_STAPLED_BYTES {
            let detail = format!("it is longer than {MAX_STAPLED_BYTES} bytes");
            return Err(VerificationFailure::new("staple-size", detail));
        }
        let unreadable = |error: serde_json::Error| VerificationFailure::new("file-readable", error);
        // The version decides how the rest is read, so it is looked at first.
        let version = serde_json::from_slice::<Value>(json).map_err(unreadable)?[STAPLE]["version"].as_u64();
        if let Some(version) = version.filter(|version| *version != u64::from(STAPLE_VERSION)) {
            let detail = format!("the staple is of version {version}, this program reads {STAPLE_VERSION}");
            return Err(VerificationFailure::new("staple-version", detail));
        }
        let certificate: CertificateFile = serde_json::from_slice(json).map_err(unreadable)?;
        let Members { staple, presentation } = serde_json::from_slice(json).map_err(unreadable)?;
        let staple = staple.ok_or_else(|| VerificationFailure::new("staple-present", "nothing is stapled to it"))?;
        let mut unknown = unknown_members(json)?;
        unknown.retain(|name| name != STAPLE && name != PRESENTATION);
        Ok(Self { certificate, staple, presentation, unknown })
    }

    /// The file's JSON.
    ///
    /// # Errors
    /// `staple-size` when no verifier would read it.
    pub fn to_json(&self) -> Result<Value, VerificationFailure> {
        let unwritten = |error: serde_json::Error| VerificationFailure::new("file-readable", error);
        let mut file = serde_json::to_value(&self.certificate).map_err(unwritten)?;
        file[STAPLE] = serde_json::to_value(&self.staple).map_err(unwritten)?;
        if let Some(presentation) = &self.presentation {
            file[PRESENTATION] = serde_json::to_value(presentation).map_err(unwritten)?;
        }
        let found = serde_json::to_vec(&file).map_err(unwritten)?.len();
        if found > MAX_STAPLED_BYTES {
            let detail = format!("it has {found} bytes, and no verifier reads more than {MAX_STAPLED_BYTES}");
            return Err(VerificationFailure::new("staple-size", detail));
        }
        Ok(file)
    }
}
