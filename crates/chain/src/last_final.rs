//! A validator says the newest finality certificate again while no newer one comes.
//!
//! Consensus sends a certificate once, when it is made. Whoever connects afterwards, or was cut off then, would learn how far the chain is only from
//! the next one: on a chain that has nothing to do that is a heartbeat later, and a new follower would wait as long before it fetches the first
//! block. Whoever has the certificate drops it unread.

use std::time::Duration;

use commonware_codec::Encode as _;
use commonware_consensus::simplex::types::Certificate;
use commonware_cryptography::certificate::Scheme as _;
use commonware_p2p::{Recipients, Sender};
use commonware_runtime::{Clock, IoBuf};
use tokio::sync::watch;

use crate::{BlockDigest, ConsensusScheme, PeerKey, final_views::NewestFinalization};

/// A validator with nothing newer for this long says its newest certificate again.
const LEAST_PAUSE: Duration = Duration::from_millis(250);
/// With many validators each says it more seldom, so that a node hears it from all of them together at most this often.
const PAUSE_FOR_EACH_VALIDATOR: Duration = Duration::from_millis(100);

/// The task that says it.
pub(crate) struct LastFinal<S> {
    sender: S,
    newest: watch::Receiver<NewestFinalization>,
    /// What an earlier run has left: the newest until consensus reports one.
    floor: NewestFinalization,
    pause: Duration,
}

impl<S: Sender<PublicKey = PeerKey>> LastFinal<S> {
    /// `sender` is that of the epoch's certificates. `None`: this node is no validator of the epoch.
    pub(crate) fn of(
        scheme: &ConsensusScheme,
        sender: S,
        newest: watch::Receiver<NewestFinalization>,
        floor: NewestFinalization,
        validators: usize,
    ) -> Option<Self> {
        scheme.me()?;
        let together = PAUSE_FOR_EACH_VALIDATOR.saturating_mul(u32::try_from(validators).unwrap_or(u32::MAX));
        Some(Self { sender, newest, floor, pause: together.max(LEAST_PAUSE) })
    }

    /// Runs until consensus ends.
    pub(crate) async fn run<E: Clock>(mut self, context: E) {
        let mut due = context.current() + self.pause;
        loop {
            tokio::select! {
                biased;
                changed = self.newest.changed() => if changed.is_err() {
                    return;
                },
                () = context.sleep_until(due) => self.say(),
            }
            due = context.current() + self.pause;
        }
    }

    fn say(&mut self) {
        let newest = self.newest.borrow_and_update().clone().or_else(|| self.floor.clone());
        if let Some(newest) = newest {
            let certificate = Certificate::<ConsensusScheme, BlockDigest>::Finalization(newest);
            self.sender.send(Recipients::All, IoBuf::from(certificate.encode()), false);
        }
    }
}
