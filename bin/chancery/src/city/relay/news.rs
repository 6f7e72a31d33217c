//! What was heard of a chain of the city since somebody last looked.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::pending,
    mem,
    sync::Arc,
};

use alloy_primitives::{Address, B256};
use chancery_chain::NodeHandle;
use chancery_execution::FinalizedBlock;
use tokio::sync::broadcast::{
    Receiver,
    error::{RecvError, TryRecvError},
};

use crate::city::elsewhere::{Followed, Told};

/// Who tells what is final on a chain.
#[derive(Clone, Copy)]
pub(super) enum Source<'n> {
    /// A node of this process.
    Node(&'n NodeHandle),
    /// Whoever follows a node elsewhere.
    Elsewhere(&'n Followed),
}

enum Finals {
    Node(Receiver<Arc<FinalizedBlock>>),
    Elsewhere(Receiver<Arc<Told>>),
}

/// A final block.
enum Final {
    Block(Arc<FinalizedBlock>),
    Told(Arc<Told>),
}

impl Finals {
    async fn recv(&mut self) -> Result<Final, RecvError> {
        match self {
            Self::Node(finals) => finals.recv().await.map(Final::Block),
            Self::Elsewhere(finals) => finals.recv().await.map(Final::Told),
        }
    }

    fn try_recv(&mut self) -> Result<Final, TryRecvError> {
        match self {
            Self::Node(finals) => finals.try_recv().map(Final::Block),
            Self::Elsewhere(finals) => finals.try_recv().map(Final::Told),
        }
    }
}

/// Final blocks of a chain, and the events of one contract in them.
pub(super) struct News {
    finals: Finals,
    contract: Address,
    /// Number of the newest final block.
    pub(super) head: u64,
    /// Its time, in seconds since 1970.
    pub(super) time_s: u64,
    heard: Heard,
}

/// What the events of the contract were about.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Heard {
    /// The first indexed member of each.
    pub(super) subjects: BTreeSet<B256>,
    /// The first two indexed members of each that has two; and whether the first word of its data was zero once.
    pub(super) pairs: BTreeMap<(B256, B256), bool>,
    /// There were events that nobody has looked at: all that they could be about may have changed.
    pub(super) is_incomplete: bool,
}

impl Heard {
    /// Whether the contract may have changed at all.
    pub(super) fn is_anything(&self) -> bool {
        self.is_incomplete || !self.subjects.is_empty()
    }

    /// Notes an event of the contract.
    fn note(&mut self, topics: &[B256], data: &[u8]) {
        if let [_, first, second, ..] = topics {
            let is_zero = data.get(..32).is_some_and(|word| word.iter().all(|byte| *byte == 0));
            *self.pairs.entry((*first, *second)).or_default() |= is_zero;
        }
        match topics.get(1) {
            Some(subject) => {
                self.subjects.insert(*subject);
            }
            None => self.is_incomplete = true,
        }
    }
}

impl News {
    /// Of what is final from now on. What was before is not known.
    pub(super) fn of(source: Source<'_>, contract: Address) -> Self {
        let (finals, head, time_s) = match source {
            Source::Node(node) => {
                let finals = Finals::Node(node.blockchain().subscribe());
                let head = node.blockchain().head();
                let header = head.block().header();
                (finals, header.number, header.timestamp)
            }
            Source::Elsewhere(followed) => {
                let finals = Finals::Elsewhere(followed.subscribe());
                let (head, time_s) = followed.newest();
                (finals, head, time_s)
            }
        };
        let heard = Heard { is_incomplete: true, ..Heard::default() };
        Self { finals, contract, head, time_s, heard }
    }

    /// Listens to another contract from now on.
    pub(super) fn listen_to(&mut self, contract: Address) {
        self.contract = contract;
        self.heard.is_incomplete = true;
    }

    /// Waits for a final block, and notes it and those behind it. May be dropped: nothing is lost.
    pub(super) async fn next(&mut self) {
        match self.finals.recv().await {
            Ok(block) => self.note(&block),
            Err(RecvError::Lagged(_)) => self.heard.is_incomplete = true,
            // The node is gone, and this city with it; or nobody follows the chain any more.
            Err(RecvError::Closed) => pending().await,
        }
        self.catch_up();
    }

    /// Notes what is final already.
    pub(super) fn catch_up(&mut self) {
        loop {
            match self.finals.try_recv() {
                Ok(block) => self.note(&block),
                Err(TryRecvError::Lagged(_)) => self.heard.is_incomplete = true,
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
    }

    /// Whether [`Self::take`] has something: whoever waits for [`Self::next`] then waits for what comes after it.
    pub(super) fn has_heard(&self) -> bool {
        self.heard.is_anything()
    }

    /// What was heard since this was last asked.
    pub(super) fn take(&mut self) -> Heard {
        mem::take(&mut self.heard)
    }

    fn note(&mut self, news: &Final) {
        match news {
            Final::Block(block) => {
                let header = block.block().header();
                (self.head, self.time_s) = (header.number, header.timestamp);
                let logs = block.receipts().iter().flat_map(|receipt| &receipt.logs);
                for log in logs.filter(|log| log.address == self.contract) {
                    self.heard.note(log.topics(), &log.data.data);
                }
            }
            Final::Told(told) => {
                (self.head, self.time_s) = (told.number, told.time_s);
                match &told.events {
                    Some(events) => {
                        for event in events.iter().filter(|event| event.contract == self.contract) {
                            self.heard.note(&event.topics, &event.data);
                        }
                    }
                    None => self.heard.is_incomplete = true,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use alloy_primitives::Bytes;
    use chancery_ledger::Event;
    use tokio::sync::broadcast::channel;

    use super::*;

    const REGISTRY: Address = Address::repeat_byte(7);
    const WORD_BYTES: usize = 32;

    fn event(contract: Address, topics: &[u8], first_word: u8) -> Event {
        Event {
            block_number: 5,
            block_hash: B256::ZERO,
            block_time_ms: 5_000,
            tx_hash: B256::ZERO,
            log_index: 0,
            contract,
            topics: topics.iter().copied().map(B256::repeat_byte).collect(),
            data: Bytes::from(vec![first_word; WORD_BYTES]),
        }
    }

    // FOUND-9, TRUST-6: what a node elsewhere proves is heard as that of a node in the process is.
    #[tokio::test]
    async fn events_of_a_chain_elsewhere_are_heard_and_a_gap_is_noticed() {
        let (finals, received) = channel(4);
        let mut news = News {
            finals: Finals::Elsewhere(received),
            contract: REGISTRY,
            head: 0,
            time_s: 0,
            heard: Heard::default(),
        };
        let tell = |number, events| finals.send(Arc::new(Told { number, time_s: number, events })).unwrap();
        let others = event(Address::ZERO, &[1, 2, 3], 0);
        tell(5, Some(vec![others, event(REGISTRY, &[1, 8], 1), event(REGISTRY, &[1, 9, 3], 0)]));
        news.next().await;
        let [right, holder, kind] = [8, 9, 3].map(B256::repeat_byte);
        let heard =
            Heard { subjects: [right, holder].into(), pairs: [((holder, kind), true)].into(), is_incomplete: false };
        assert_eq!((news.head, news.time_s, news.take()), (5, 5, heard));
        tell(900, None);
        news.catch_up();
        assert!(news.has_heard(), "what was caught up with waits to be taken");
        assert!(news.head == 900 && news.take().is_incomplete, "what lies between was not read");
        assert!(!news.has_heard());
    }
}
