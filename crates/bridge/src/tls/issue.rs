use zeroize::Zeroizing;

use super::{AllianceIdentity, Claim, MakeError, NodeCertificate, make_credentials};
use crate::{
    contracts::{AllianceContract, ViewError},
    key::NodeKey,
};

/// A certificate is good from so many seconds before it was made: a node that lags behind the chain has an earlier time.
pub(super) const BACKDATED_S: u64 = 600;

/// What a certificate is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serial {
    /// An identity certificate: says who the node is.
    Identity(u64),
    /// A transaction certificate: says what it may do, and lasts as long as that.
    Transaction(u64),
}

/// Why no X.509 certificate was made.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The alliance cannot be read.
    #[error(transparent)]
    View(#[from] ViewError),
    /// There is nothing to make it of: ask the member's authority for a certificate on chain.
    #[error("the alliance has no such certificate: {0:?}")]
    Unknown(Serial),
    /// The certificate on chain names another key.
    #[error("the certificate is for the key {named}, and this is {given}")]
    OtherKey {
        /// On chain.
        named: alloy_primitives::Address,
        /// The one that was given.
        given: alloy_primitives::Address,
    },
    /// See [`MakeError`].
    #[error(transparent)]
    Make(#[from] MakeError),
}

/// Makes a new TLS key and the X.509 certificate for a certificate on chain, good from ten minutes before the newest final block until that ends; both in PEM.
/// Whether it counts is what others ask the chain: see [`super::Gate::admit`].
///
/// # Errors
/// [`IssueError`].
pub async fn issue_credentials(
    alliance: &AllianceContract,
    identity: &AllianceIdentity,
    serial: Serial,
    key: &NodeKey,
) -> Result<(NodeCertificate, Zeroizing<String>), IssueError> {
    let unknown = || IssueError::Unknown(serial);
    let (number, transaction, found, valid_until) = match serial {
        Serial::Identity(number) => {
            let found = alliance.identity(number).await?.ok_or_else(unknown)?;
            (number, None, found, found.valid_until)
        }
        Serial::Transaction(number) => {
            let (transaction, found) = alliance.certificate(number).await?.ok_or_else(unknown)?;
            (transaction.identity, Some(number), found, transaction.valid_until.min(found.valid_until))
        }
    };
    if found.key != key.address() {
        return Err(IssueError::OtherKey { named: found.key, given: key.address() });
    }
    let claim = Claim {
        chain_id: identity.chain_id,
        contract: identity.contract,
        genesis_hash: identity.genesis_hash,
        member: found.member,
        key: found.key,
        identity: number,
        transaction,
    };
    // On chain it is the first second in which it does not count, in X.509 the last in which it does.
    let times = (alliance.time_s().await?.saturating_sub(BACKDATED_S), valid_until.saturating_sub(1));
    let text = make_credentials(&claim, found.node, times, key)?;
    Ok((NodeCertificate { claim, not_before: times.0, not_after: times.1 }, text))
}
