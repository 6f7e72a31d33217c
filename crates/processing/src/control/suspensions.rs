//! The history of an organization's suspensions, which stays and has an end (STANDING-5).

use chancery_primitives::OrganizationCode;
use chancery_reference_points::DoorResult;

use crate::error::history_full;

/// Most suspensions of an organization; also the contract's, which takes every suspension and, with so many, no resumption.
const MAX_SUSPENSIONS: usize = 64;

/// What a suspension does, after so many.
pub(super) fn suspension(code: OrganizationCode, kept: usize) -> String {
    let effect = format!("organization {code} is suspended");
    if kept + 1 < MAX_SUSPENSIONS {
        return effect;
    }
    format!("{effect}, for ever: with {MAX_SUSPENSIONS} suspensions its history is full, and it cannot be resumed")
}

/// Refuses a resumption that the contract would refuse.
pub(super) fn resumable(chain: &str, code: OrganizationCode, kept: usize) -> DoorResult<()> {
    if kept < MAX_SUSPENSIONS {
        return Ok(());
    }
    let history = format!("the history of suspensions of {code}, which therefore cannot be resumed,");
    Err(history_full(chain, &history, Some(MAX_SUSPENSIONS as u64)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use chancery_reference_points::Code;

    use super::*;

    // M-CON-3, M-CON-4, STANDING-5: the last suspension says that it is the last, and nobody sends a resumption that is refused.
    #[test]
    fn the_last_suspension_is_announced_and_then_there_is_no_resumption() {
        let code = OrganizationCode::parse("A-1").unwrap();
        assert_eq!(suspension(code, 62), "organization A-1 is suspended");
        assert!(suspension(code, 63).contains("for ever"));
        resumable("main", code, 63).unwrap();
        let refused = resumable("main", code, 64).unwrap_err();
        assert_eq!((refused.code(), &refused.members()["limit"]), (Code::HistoryFull, &serde_json::json!(64)));
        assert!(refused.to_string().contains("A-1"), "{refused}");
    }
}
