//! A pass over all mailboxes, page by page: whoever drives it says how fast, and tells monitoring what it finds.

use chancery_reference_points::{DoorResult, alert::MailboxLook};

use super::{Page, of_store};
use crate::{desk::Desk, mailbox::Mailbox};

/// Differences after which a pass ends: whoever has as many does not need the others.
const MAX_DIFFERENCES: u64 = 100;

/// How far a pass is.
#[derive(Debug, Default)]
pub struct MailboxPass {
    next: u64,
    messages: u64,
    found: u64,
    /// How many messages were visible when it began, and how many of them it has seen.
    visible: Option<(u64, u64)>,
}

impl MailboxPass {
    /// Looks at the next page: what monitoring is to be told of it. After the last one the next pass begins.
    ///
    /// # Errors
    /// `NotProvable` on a chain without certificates, `ChainUnreachable`, `JournalUnavailable`, `DatabaseUnreachable`: nothing was looked at.
    pub async fn step(&mut self, desk: &Desk) -> DoorResult<MailboxLook> {
        let (expected, seen) = match self.visible {
            Some(counts) => counts,
            None => (desk.0.on_disk(Mailbox::visible_count).await?, 0),
        };
        // Places begin with 1.
        let page = desk.audited(self.next, expected.saturating_add(1)).await?;
        let Page { next, is_end, messages, visible, mut differences } = page;
        let seen = seen + visible;
        if is_end && seen < expected {
            let what = format!("{expected} messages had become visible, and {seen} of them are kept");
            differences.push(of_store("mailbox-complete", &what));
        }
        self.visible = Some((expected, seen));
        self.next = next;
        self.messages += messages;
        self.found += differences.len() as u64;
        let is_end = is_end || self.found >= MAX_DIFFERENCES;
        let look = MailboxLook { messages: self.messages, differences, found: self.found, is_end, trouble: None };
        if is_end {
            *self = Self::default();
        }
        Ok(look)
    }
}
