//! Certificates that a member's authority issues to its nodes (A-CERT).

use std::sync::Arc;

use alloy_primitives::{Address, B256};
use chancery_contracts::Alliance;
use chancery_ledger::SubmitterKey;

use super::{EstablishError, logged};
use crate::{alliance::certificate::Scope, contracts::AllianceContract};

/// Serial numbers of a node's certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Certified {
    /// Who it is.
    pub identity: u64,
    /// What it may do.
    pub transaction: u64,
}

/// Says which key a member's node has, until `valid_until` (seconds of the alliance chain); the serial number.
///
/// # Errors
/// `Reverted` with `NotTheAuthority` or with what is wrong with the certificate; an unreachable chain.
pub async fn issue_identity(
    alliance: &AllianceContract,
    authority: &Arc<SubmitterKey>,
    member: B256,
    node: B256,
    key: Address,
    valid_until: u64,
) -> Result<u64, EstablishError> {
    let call = Alliance::issueIdentityCall { member, node, key, validUntil: valid_until };
    let event: Alliance::IdentityIssued =
        logged(&alliance.chain, authority, alliance.address, &call, "IdentityIssued").await?;
    Ok(event.serial)
}

/// Says what a node may do until `valid_until`; the serial number.
///
/// # Errors
/// As [`issue_identity`].
pub async fn issue_transaction(
    alliance: &AllianceContract,
    authority: &Arc<SubmitterKey>,
    identity: u64,
    scope: Scope,
    valid_until: u64,
) -> Result<u64, EstablishError> {
    let call = Alliance::issueTransactionCall { identity, scope: scope.code(), validUntil: valid_until };
    let event: Alliance::TransactionIssued =
        logged(&alliance.chain, authority, alliance.address, &call, "TransactionIssued").await?;
    Ok(event.serial)
}

/// Revokes an identity, and with it every transaction certificate that rests on it, from the block on that records it.
///
/// # Errors
/// `Reverted` with `AlreadyRevoked`, `SerialUnknown` or `NotTheAuthority`; an unreachable chain.
pub async fn revoke_identity(
    alliance: &AllianceContract,
    authority: &Arc<SubmitterKey>,
    serial: u64,
) -> Result<(), EstablishError> {
    let call = Alliance::revokeIdentityCall { serial };
    let _: Alliance::IdentityRevoked =
        logged(&alliance.chain, authority, alliance.address, &call, "IdentityRevoked").await?;
    Ok(())
}

/// Revokes a transaction certificate, from the block on that records it.
///
/// # Errors
/// As [`revoke_identity`].
pub async fn revoke_transaction(
    alliance: &AllianceContract,
    authority: &Arc<SubmitterKey>,
    serial: u64,
) -> Result<(), EstablishError> {
    let call = Alliance::revokeTransactionCall { serial };
    let _: Alliance::TransactionRevoked =
        logged(&alliance.chain, authority, alliance.address, &call, "TransactionRevoked").await?;
    Ok(())
}
