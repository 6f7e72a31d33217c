//! Certificates of a node that are issued anew before they end (A-CERT). What time it is, the alliance chain says; what a node has, too.

use std::sync::Arc;

use alloy_primitives::{Address, B256};
use chancery_ledger::SubmitterKey;

use super::{EstablishError, issue_identity, issue_transaction};
use crate::{
    alliance::certificate::{MAX_IDENTITY_S, MAX_TRANSACTION_S, Scope},
    contracts::AllianceContract,
};

const DAY_S: u64 = 86_400;
/// An identity that has less than this left, in seconds, is issued anew: whoever renews from a timer, or by hand once in a month, is in time.
pub const IDENTITY_RENEWED_BEFORE_S: u64 = 60 * DAY_S;
/// The same of a transaction certificate.
pub const TRANSACTION_RENEWED_BEFORE_S: u64 = 2 * DAY_S;
/// What identities are issued for, in seconds; a little less than they may last: the block that takes one is later than the newest.
const IDENTITY_S: u64 = MAX_IDENTITY_S - DAY_S;
/// The same of transaction certificates.
const TRANSACTION_S: u64 = MAX_TRANSACTION_S - 60;

/// What a node has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeCertificates {
    /// Serial number of its identity.
    pub identity: u64,
    /// First second in which that no longer counts.
    pub identity_until: u64,
    /// Serial number of its transaction certificate, for everything.
    pub transaction: u64,
    /// First second in which that no longer counts.
    pub transaction_until: u64,
    /// What was issued just now.
    pub renewed: Renewed,
}

/// What was issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewed {
    /// Nothing: there is time left.
    Nothing,
    /// The transaction certificate.
    Transaction,
    /// The identity, and a transaction certificate that rests on it. The earlier ones count until they end.
    Identity,
}

/// Whose certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertifiedNode {
    /// The member's name.
    pub member: B256,
    /// The node's name.
    pub node: B256,
    /// The node's key.
    pub key: Address,
}

/// Whether an identity is to be issued anew at a time of the alliance chain.
#[must_use]
pub const fn is_identity_due(valid_until: u64, now: u64) -> bool {
    valid_until.saturating_sub(now) < IDENTITY_RENEWED_BEFORE_S
}

/// Sees to it that a node has certificates that count for some time yet. `known` are the serial numbers of identity and transaction certificate that it was issued last;
/// what is said of them on chain counts. May be killed, and called again.
///
/// # Errors
/// `TransactionRevoked`, and as [`issue_identity`] `AlreadyRevoked`, where somebody has revoked its transaction certificate or its identity, which is not undone here.
pub async fn keep_certified(
    alliance: &AllianceContract,
    authority: &Arc<SubmitterKey>,
    of: CertifiedNode,
    known: Option<(u64, u64)>,
) -> Result<NodeCertificates, EstablishError> {
    let now = alliance.time_s().await?;
    let mut known_identity = None;
    if let Some((identity, transaction)) = known
        && let Some(found) = alliance.identity(identity).await?
        && (found.key, found.node, found.member) == (of.key, of.node, of.member)
    {
        let until = match alliance.certificate(transaction).await? {
            Some((known, _)) if known.revoked => return Err(EstablishError::TransactionRevoked(transaction)),
            Some((known, _)) => known.valid_until,
            None => 0,
        };
        let is_due = is_identity_due(found.valid_until, now);
        if !is_due && until.saturating_sub(now) >= TRANSACTION_RENEWED_BEFORE_S {
            let renewed = Renewed::Nothing;
            let (identity_until, transaction_until) = (found.valid_until, until);
            return Ok(NodeCertificates { identity, identity_until, transaction, transaction_until, renewed });
        }
        // Of one that was revoked the contract lets no transaction certificate be made, and another identity is somebody's own decision.
        known_identity = (!is_due || found.revoked).then_some((identity, found.valid_until));
    }
    let (identity, identity_until, renewed) = match known_identity {
        Some((identity, until)) => (identity, until, Renewed::Transaction),
        None => {
            let until = now.saturating_add(IDENTITY_S);
            let identity = issue_identity(alliance, authority, of.member, of.node, of.key, until).await?;
            (identity, until, Renewed::Identity)
        }
    };
    let transaction_until = now.saturating_add(TRANSACTION_S);
    let transaction = issue_transaction(alliance, authority, identity, Scope::BOTH, transaction_until).await?;
    Ok(NodeCertificates { identity, identity_until, transaction, transaction_until, renewed })
}

#[cfg(test)]
mod tests {
    use super::*;

    // A-CERT
    #[test]
    fn an_identity_is_due_in_its_last_sixty_days_and_when_it_has_ended() {
        let until = 1000 * DAY_S;
        assert!(!is_identity_due(until, until - 60 * DAY_S));
        assert!(is_identity_due(until, until - 60 * DAY_S + 1));
        assert!(is_identity_due(until, until) && is_identity_due(until, until + DAY_S));
    }
}
