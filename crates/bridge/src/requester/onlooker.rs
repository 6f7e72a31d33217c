//! Who looks on while a request is brought to its end: a command that prints the steps.

use std::time::Duration;

use super::RequestError;
use crate::alliance::{message::Part, submission::Submission};

/// A step that is done.
#[derive(Debug)]
pub enum Milestone<'a> {
    /// An earlier call with the same key has had it sequenced: it is followed, and not asked again.
    Found {
        /// Its number.
        number: u64,
    },
    /// 1: what the calls would read and change.
    Suggested {
        /// In the order of the calls.
        parts: &'a [Part],
    },
    /// 2: enough endorsers have found the same.
    Endorsed {
        /// How many endorsements there are.
        count: usize,
    },
    /// 3: put together and signed; nothing has left yet.
    Signed {
        /// All of it.
        submission: &'a Submission,
    },
    /// 4: it has its number.
    Sequenced {
        /// Its number.
        number: u64,
    },
    /// 5: it was committed.
    Decided {
        /// Its number.
        number: u64,
    },
    /// It ended otherwise, and is tried again after a pause.
    Again {
        /// What it ended with.
        error: &'a RequestError,
        /// How long.
        pause: Duration,
    },
}

/// Is told of each step when it is done. It changes nothing.
pub trait Onlooker: Send + Sync {
    /// A step is done now.
    fn at(&self, milestone: &Milestone<'_>);
}

/// Nobody.
pub(super) struct Nobody;

impl Onlooker for Nobody {
    fn at(&self, _: &Milestone<'_>) {}
}
