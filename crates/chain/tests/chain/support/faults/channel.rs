//! Everything that a node says and hears passes through here, so that it can be changed on the way.

use std::{
    collections::VecDeque,
    fmt,
    num::NonZeroUsize,
    sync::{Arc, Mutex},
    time::SystemTime,
};

use chancery_chain::PeerKey;
use commonware_actor::{Feedback, Unreliable};
use commonware_p2p::{CheckedSender, LimitedSender, Message, Receiver, Recipients, Sender, simulated};
use commonware_runtime::{IoBuf, IoBufs, deterministic};

use super::{deliveries::Deliveries, lies::Liar};

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    Votes,
    Certificates,
    Requests,
    Blocks,
    Backfill,
    Transactions,
}

type NetworkSender = simulated::Sender<PeerKey, deterministic::Context>;

/// A liar, shared by all its channels.
pub type SharedLiar = Arc<Mutex<Liar>>;

/// What a node says; a liar's messages are changed.
#[derive(Clone)]
pub struct Mouth {
    inner: NetworkSender,
    topic: Topic,
    liar: Option<SharedLiar>,
    /// Whom it reaches, if not everybody.
    reached: Option<Arc<[PeerKey]>>,
}

impl fmt::Debug for Mouth {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Mouth").field("topic", &self.topic).finish_non_exhaustive()
    }
}

impl Mouth {
    pub const fn new(inner: NetworkSender, topic: Topic, liar: Option<SharedLiar>) -> Self {
        Self { inner, topic, liar, reached: None }
    }

    /// One that is heard by some alone.
    pub fn to_some(inner: NetworkSender, topic: Topic, reached: Vec<PeerKey>) -> Self {
        Self { inner, topic, liar: None, reached: Some(reached.into()) }
    }
}

/// A message that may be sent.
pub struct Checked {
    mouth: Mouth,
    recipients: Vec<PeerKey>,
}

impl LimitedSender for Mouth {
    type PublicKey = PeerKey;
    type Checked<'a> = Checked;

    fn check(&mut self, recipients: Recipients<PeerKey>) -> Result<Checked, SystemTime> {
        let mut recipients = self.inner.check(recipients)?.recipients();
        if let Some(reached) = &self.reached {
            recipients.retain(|peer| reached.contains(peer));
        }
        Ok(Checked { mouth: self.clone(), recipients })
    }
}

impl CheckedSender for Checked {
    type PublicKey = PeerKey;

    fn recipients(&self) -> Vec<PeerKey> {
        self.recipients.clone()
    }

    fn send(mut self, message: impl Into<IoBufs> + Send, priority: bool) -> Unreliable<Feedback> {
        let message = message.into().coalesce();
        let said = match &self.mouth.liar {
            None => vec![(self.recipients, message)],
            Some(liar) => liar.lock().unwrap().says(self.mouth.topic, self.recipients, message),
        };
        for (recipients, message) in said {
            self.mouth.inner.send(Recipients::Some(recipients), message, priority);
        }
        Unreliable::new(Feedback::Ok)
    }
}

/// What a node hears, as often and as late as the weather has it. A liar may answer at once.
pub struct Ears {
    inner: simulated::Receiver<PeerKey>,
    topic: Topic,
    deliveries: Deliveries,
    waiting: VecDeque<Message<PeerKey>>,
    liar: Option<(SharedLiar, Mouth)>,
}

impl fmt::Debug for Ears {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Ears").field("topic", &self.topic).finish_non_exhaustive()
    }
}

impl Ears {
    pub fn new(
        inner: simulated::Receiver<PeerKey>,
        topic: Topic,
        deliveries: Deliveries,
        liar: Option<(SharedLiar, Mouth)>,
    ) -> Self {
        Self { inner, topic, deliveries, waiting: VecDeque::new(), liar }
    }

    fn answer(&mut self, message: &IoBuf) {
        let Some((liar, mouth)) = &mut self.liar else { return };
        let answers = liar.lock().unwrap().answers(self.topic, message);
        for (recipients, answer) in answers {
            // Past its own mouth, where it would be changed again.
            mouth.inner.send(Recipients::Some(recipients), answer, true);
        }
    }
}

impl Receiver for Ears {
    type Error = simulated::Error;
    type PublicKey = PeerKey;

    async fn recv(&mut self) -> Result<Message<PeerKey>, Self::Error> {
        loop {
            if let Some(message) = self.waiting.pop_front() {
                return Ok(message);
            }
            // Nothing is held by this future while it waits, so it may be dropped.
            let message = self.inner.recv().await?;
            self.answer(&message.1);
            self.deliveries.pass(message, &mut self.waiting);
        }
    }

    fn capacity(&self) -> NonZeroUsize {
        self.inner.capacity()
    }
}
