//! Why a `TrustRegistry` lets nobody use a right, in words.

use std::fmt;

/// A member of `Refusal` (`contracts/src/types/TrustTypes.sol`), as `refusalOf` answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrustRefusal(pub u8);

impl TrustRefusal {
    /// Two branches of the main chain are final: it passes by a vote alone.
    pub const ANCHOR_FROZEN: Self = Self(1);
    /// The organization was never shown, or by an earlier generation of the anchor.
    pub const ORGANIZATION_NOT_SHOWN: Self = Self(2);
}

impl fmt::Display for TrustRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            0 => "it counts there by now",
            1 => {
                "its anchor of the main chain is frozen, and nothing of the main chain counts there until the organizations of the chain have voted on it: waiting does not help"
            }
            2 => "the organization was not shown there yet",
            3 => "what was shown there of the organization has lapsed, and has to be shown anew",
            4 => "the organization stands suspended there, and its resumption was not shown yet",
            5 | 9 | 12 => "it begins at a second that has not come there",
            6 => "the right was not shown there yet",
            7 => "what was shown there of the right has lapsed, and has to be shown anew",
            8 => "the right has ended there, and that it was granted again was not shown yet",
            10 => "the key was not shown there yet",
            11 => "what was shown there of the key has lapsed, and has to be shown anew",
            13 => "the key has ended there, and a later record of it was not shown yet",
            _ => "for a reason that is not known here",
        })
    }
}
