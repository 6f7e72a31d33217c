//! Who looks on while a request is brought to its end: a command that prints the steps.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use alloy_primitives::B256;

use super::RequestError;
use crate::alliance::{
    message::{Part, Request},
    submission::Submission,
};

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
    /// Endorsers are asked now.
    Proposed {
        /// What they are to sign.
        request: &'a Request,
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
    /// An attempt ended without a commit.
    Failed {
        /// Its idempotency key on chain.
        key: B256,
        /// What it ended with.
        error: &'a RequestError,
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

/// Remembers what was signed last, and tells another one.
pub(super) struct Watch<'a> {
    inner: &'a dyn Onlooker,
    sent: Mutex<Option<Sent>>,
}

/// What was signed under one idempotency key, and may have left.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    /// That of the attempt.
    pub(super) key: B256,
    /// Last second in which one of them can be sequenced.
    pub(super) valid_until: u64,
    /// How many there were.
    pub(super) count: u32,
    /// Parts of the last one.
    pub(super) parts: Vec<Part>,
}

impl<'a> Watch<'a> {
    pub(super) fn new(inner: &'a dyn Onlooker) -> Self {
        Self { inner, sent: Mutex::default() }
    }

    pub(super) fn sent(&self) -> Option<Sent> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What was sent has its end.
    pub(super) fn forget(&self) {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl Onlooker for Watch<'_> {
    fn at(&self, milestone: &Milestone<'_>) {
        if let Milestone::Signed { submission } = milestone {
            let (request, parts) = (&submission.request, submission.parts.clone());
            let key = request.idempotency_key;
            let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
            let (before, count) =
                sent.as_ref().filter(|sent| sent.key == key).map_or((0, 0), |it| (it.valid_until, it.count));
            *sent = Some(Sent { key, valid_until: request.valid_until.max(before), count: count + 1, parts });
        }
        self.inner.at(milestone);
    }
}
