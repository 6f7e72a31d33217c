//! Where a page of a trace ended: the first block of its events, and the first of its accesses.

use std::{fmt, str::FromStr};

use chancery_reference_points::DoorError;

use super::super::services::malformed;

/// As text `BLOCK.PLACE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    /// Events of blocks before this one are next; zero: there are none.
    pub(super) block: u64,
    /// Accesses before this place are next; zero: there are none.
    pub(super) access: u64,
}

impl Cursor {
    /// Before the first page.
    pub(super) const NEWEST: Self = Self { block: u64::MAX, access: u64::MAX };
    /// After the last.
    pub(super) const END: Self = Self { block: 0, access: 0 };

    /// The newest block of the page.
    pub(super) const fn last_block(self) -> u64 {
        self.block.saturating_sub(1)
    }

    /// Whether there are events left.
    pub(super) const fn has_events(self) -> bool {
        self.block > 0
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.block, self.access)
    }
}

impl FromStr for Cursor {
    type Err = DoorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |text: &str| text.parse().ok();
        text.split_once('.')
            .and_then(|(block, access)| Some(Self { block: number(block)?, access: number(access)? }))
            .ok_or_else(|| malformed("cursor: write what `nextCursor` said".to_owned()).with("member", "cursor"))
    }
}
