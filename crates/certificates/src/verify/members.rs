//! What the file says, beside what is proven.

use std::collections::BTreeMap;

use alloy_primitives::keccak256;
use chancery_primitives::UnixSeconds;
use serde::de::IgnoredAny;

use super::{CertificateFile, Checks, VerificationFailure, VerifiedStatus};
use crate::{registry::IssuedCertificate, services::rfc3339};

/// The members of a [`CertificateFile`].
const KNOWN: [&str; 10] = [
    "certificateId",
    "organization",
    "organizationName",
    "kind",
    "holder",
    "sealed",
    "issuerKey",
    "issuedAt",
    "status",
    "proof",
];
/// Most unknown members that are named.
const MAX_NAMED: usize = 16;
/// Longest part of an unknown member's name that is repeated, in characters.
const MAX_NAME_CHARS: usize = 40;

/// What the file says of the issue is what was proven.
pub(super) fn check(
    file: &CertificateFile,
    issued: &IssuedCertificate,
    issued_at: UnixSeconds,
    checks: &mut Checks,
) -> Result<(), VerificationFailure> {
    let operation = &issued.operation;
    checks.require("organization-matches", file.organization == operation.organization, || {
        format!("the file says {}, issued by {}", file.organization, operation.organization)
    })?;
    checks.require("kind-matches", file.kind == operation.kind, || {
        format!("the file says {}, issued as {}", file.kind, operation.kind)
    })?;
    if let Some(holder) = file.holder {
        checks.require("holder-matches", holder == operation.holder, || {
            format!("the file says {holder}, issued to {}", operation.holder)
        })?;
    }
    if let Some(key) = file.issuer_key {
        checks.require("issuer-key-matches", key == issued.issuer, || {
            format!("the file says {key}, signed by {}", issued.issuer)
        })?;
    }
    if let Some(said) = &file.issued_at {
        let proven = rfc3339(issued_at);
        checks.require("issued-at-matches", is_same_time(said, issued_at), || {
            format!("the file says another time than its block, {proven}")
        })?;
    }
    let sealed = keccak256(file.sealed.as_bytes());
    checks.require("sealed-unaltered", sealed == operation.sealed_hash, || {
        format!("the sealed document hashes to {sealed}, issued was {}", operation.sealed_hash)
    })
}

fn is_same_time(text: &str, time: UnixSeconds) -> bool {
    text.parse::<jiff::Timestamp>().is_ok_and(|said| {
        said.subsec_nanosecond() == 0 && u64::try_from(said.as_second()).is_ok_and(|seconds| seconds == time.get())
    })
}

/// Compares the status with the proven one; names the members that nothing proves.
pub(super) fn unproven(
    file: &CertificateFile,
    proven: Option<&VerifiedStatus>,
    checks: &mut Checks,
) -> Result<Vec<String>, VerificationFailure> {
    let mut unproven = Vec::new();
    if file.organization_name.is_some() {
        unproven.push("organizationName".to_owned());
    }
    match (file.status, proven) {
        (Some(said), Some(proven)) => checks.require("status-matches", said == proven.status, || {
            format!("the file says {said}, proven is {}", proven.status)
        })?,
        (Some(_), None) => unproven.push("status".to_owned()),
        (None, _) => {}
    }
    Ok(unproven)
}

/// Names of members that no certificate file has, made safe to show: whoever made the file chose them.
pub(crate) fn unknown_members(json: &[u8]) -> Result<Vec<String>, VerificationFailure> {
    let members: BTreeMap<String, IgnoredAny> =
        serde_json::from_slice(json).map_err(|error| VerificationFailure::new("file-readable", error))?;
    let unknown = members.into_keys().filter(|name| !KNOWN.contains(&name.as_str()));
    Ok(unknown.take(MAX_NAMED).map(|name| name.escape_debug().take(MAX_NAME_CHARS).collect()).collect())
}
