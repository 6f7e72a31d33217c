//! What is said of something that has no receipt: that it is not kept where that is known, and otherwise how it is found out.

use chancery_reference_points::{Code, DoorError};

/// The process is ending, or its writer broke: it is not known whether it was accepted.
pub(crate) fn ending() -> DoorError {
    DoorError::new(Code::JournalUnavailable, "the acknowledgement was interrupted: send it again with the same key")
}

/// It could not be written. What was begun was taken back, or nothing of it was begun; otherwise it is found out before anything else is written.
pub(crate) fn unwritten(is_known: bool) -> DoorError {
    let detail = if is_known {
        "what was sent could not be made durable, and nothing of it is kept: send it again with the same key"
    } else {
        "what was sent may be on the disk or not: send it again with the same key, and it is kept once"
    };
    DoorError::new(Code::JournalUnavailable, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    // DATA-2, DATA-3
    #[test]
    fn what_may_be_kept_is_not_denied_and_is_asked_for_by_its_key() {
        let (kept_not, open) = (unwritten(true).to_string(), unwritten(false).to_string());
        assert!(kept_not.contains("nothing of it is kept"), "{kept_not}");
        for said in [&open, &ending().to_string()] {
            assert!(!said.contains("nothing"), "{said}");
        }
        for said in [&kept_not, &open, &ending().to_string()] {
            assert!(said.contains("the same key"), "{said}");
        }
    }
}
