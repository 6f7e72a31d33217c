//! Whether an anchor keeps what the followed chain's own node has. If that has another header of the same number, the anchor is shown it: the second certificate, without
//! which no anchor knows of two branches (ANCHOR-4).

use std::{mem::discriminant, time::Instant};

use chancery_ledger::{Finality, LedgerError};

use super::{AnchorRelay, AnchoredHeader, RelayError};
use crate::anchor::Conflict;

/// How the newest header that an anchor keeps stands to the followed chain, as the relay's own node has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Branch {
    /// Nothing was compared.
    #[default]
    Uncompared,
    /// The node has this header too.
    Same(AnchoredHeader),
    /// The node has not come so far: it is behind, or was put back.
    Ahead {
        /// The header that the anchor kept then: it is the one that is compared when the node is so far, whatever comes after it.
        pending: AnchoredHeader,
        /// When that was seen first.
        since: Instant,
    },
    /// The node has later headers, and none of that number: it began from a later state.
    Unknown(AnchoredHeader),
    /// The node has another header, as final as that.
    Contradicted {
        /// What the anchor keeps, and what the node has.
        conflict: Conflict,
        /// Why the anchor did not take the second certificate; `None`: it did.
        refusal: Option<String>,
    },
}

impl Branch {
    /// Whether the node has another header than the anchor.
    #[must_use]
    pub const fn is_contradicted(&self) -> bool {
        matches!(self, Self::Contradicted { .. })
    }

    /// Whether the anchor has a header that the node does not have.
    #[must_use]
    pub const fn is_ahead(&self) -> bool {
        matches!(self, Self::Ahead { .. } | Self::Unknown(_))
    }

    /// Whether nothing new would come of another look at this header.
    fn is_settled(&self, recorded: AnchoredHeader) -> bool {
        match self {
            Self::Same(known) | Self::Unknown(known) => *known == recorded,
            // Taken or refused: the same certificate is not paid for twice.
            Self::Contradicted { conflict, .. } => {
                (conflict.number, conflict.first) == (recorded.number, recorded.hash)
            }
            Self::Uncompared | Self::Ahead { .. } => false,
        }
    }

    /// Says in the log what has changed since `before`.
    pub fn log(&self, before: &Self, followed: &str, host: &str) {
        let is_other = discriminant(self) != discriminant(before);
        match self {
            Self::Contradicted { conflict, refusal } if self != before => {
                let Conflict { number, first, second } = conflict;
                tracing::error!(
                    followed,
                    host,
                    number,
                    anchored = %first,
                    own = %second,
                    refusal = refusal.as_deref().unwrap_or_default(),
                    "ANCHOR CONTRADICTED: the anchor has another block of this number than the node here, and both are final; it was shown the second certificate"
                );
            }
            Self::Unknown(AnchoredHeader { number, .. }) if is_other => {
                tracing::warn!(
                    followed,
                    host,
                    number,
                    "the node here has no header of this number: nothing tells whether the anchor is on its branch"
                );
            }
            Self::Ahead { pending, .. } if is_other => {
                tracing::debug!(
                    followed,
                    host,
                    number = pending.number,
                    "the anchor has a later block than the node here"
                );
            }
            _ => {}
        }
    }
}

impl AnchorRelay {
    /// Compares the newest header that the anchor keeps with the one that the followed chain's node has, whose newest final block is `head`, and shows the anchor that if it
    /// is another: then it is frozen. A header that was ahead of the node `before` is compared first, when the node has come so far. A header that was compared `before` is not asked for again, as long as the node does not go back behind it.
    ///
    /// # Errors
    /// See [`RelayError`]; that the anchor refuses the second certificate is none.
    pub async fn compare(&self, recorded: AnchoredHeader, head: u64, before: &Branch) -> Result<Branch, RelayError> {
        let (recorded, since) = match before {
            Branch::Ahead { pending, since } => (*pending, Some(*since)),
            _ => (recorded, None),
        };
        if head < recorded.number {
            return Ok(Branch::Ahead { pending: recorded, since: since.unwrap_or_else(Instant::now) });
        }
        if before.is_settled(recorded) {
            return Ok(before.clone());
        }
        let block = match Box::pin(self.followed.block_anew(recorded.number)).await {
            Ok(block) => block,
            Err(LedgerError::UnknownBlock { .. }) => return Ok(Branch::Unknown(recorded)),
            Err(error) => return Err(error.into()),
        };
        if block.hash == recorded.hash {
            return Ok(Branch::Same(recorded));
        }
        let conflict = Conflict { number: recorded.number, first: recorded.hash, second: block.hash };
        let Finality::Certified { proof, .. } = &block.finality else { return Err(self.no_certificate()) };
        let refusal = match Box::pin(self.submit(proof)).await {
            Ok(()) => None,
            Err(RelayError::Ledger(error @ LedgerError::Reverted { .. })) => Some(error.to_string()),
            Err(error) => return Err(error),
        };
        Ok(Branch::Contradicted { conflict, refusal })
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::B256;

    use super::*;

    fn header(number: u64, hash: u8) -> AnchoredHeader {
        AnchoredHeader { number, hash: B256::repeat_byte(hash), time_ms: 0 }
    }

    fn contradicted(refusal: Option<&str>) -> Branch {
        let conflict = Conflict { number: 7, first: B256::repeat_byte(1), second: B256::repeat_byte(2) };
        Branch::Contradicted { conflict, refusal: refusal.map(str::to_owned) }
    }

    // ANCHOR-4: one comparison for each header, and one second certificate for each that is refused.
    #[test]
    fn a_header_is_compared_once_and_again_when_it_is_another() {
        let recorded = header(7, 1);
        let told = [contradicted(Some("of an older set")), contradicted(None)];
        for settled in [Branch::Same(recorded), Branch::Unknown(recorded)].into_iter().chain(told) {
            assert!(settled.is_settled(recorded), "{settled:?}");
            assert!(!settled.is_settled(header(8, 1)) && !settled.is_settled(header(7, 3)), "{settled:?}");
        }
        for open in [Branch::Uncompared, Branch::Ahead { pending: recorded, since: Instant::now() }] {
            assert!(!open.is_settled(recorded), "{open:?}");
        }
    }
}
