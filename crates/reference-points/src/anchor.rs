//! Anchors as whoever watches sees them (`docs/specs/anchor.md`, `docs/specs/watch.md`): what each has of the chain that it follows, and whether it is frozen.

use alloy_primitives::{Address, B256};
use serde::{Deserialize, Serialize};

use crate::operation::ChainName;

/// Where an anchor stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AnchorPlace {
    /// The chain on which it stands.
    pub host: ChainName,
    /// The chain that it follows.
    pub follows: ChainName,
    /// The contract.
    pub contract: Address,
    /// Whether the city's relay pushes a header to it every so many blocks. Others get one when something has to be proven there.
    pub is_fed: bool,
}

/// Two headers of one number that were both proven final (ANCHOR-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AnchorConflict {
    /// Their number.
    pub number: u64,
    /// Hash of the one that was recorded.
    pub first: B256,
    /// Hash of the one that was shown later.
    pub second: B256,
}

/// What an anchor keeps, proven by the state of a final block of its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AnchorStanding {
    /// Number of the newest header that it has; `None` before the first.
    pub newest: Option<u64>,
    /// Why it is frozen; `None`: it is not.
    pub conflict: Option<AnchorConflict>,
}

/// An anchor, as far as its two chains answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AnchorState {
    /// Where it stands.
    pub place: AnchorPlace,
    /// What it keeps; `None`: its host does not answer, or proves nothing. One that is not read is not known to be frozen, nor not to be.
    pub standing: Option<AnchorStanding>,
    /// Newest final block of the chain that it follows; `None`: that does not answer.
    pub head: Option<u64>,
}
