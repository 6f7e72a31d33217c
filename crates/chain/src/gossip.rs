//! Transactions go to all validators as soon as one has admitted them, so that whoever leads next can put them in a block.

use std::{
    collections::{HashSet, VecDeque},
    time::Duration,
};

use alloy_primitives::B256;
use chancery_execution::{Blockchain, RecoveredTransaction};
use commonware_codec::{Decode as _, Error as CodecError, RangeCfg};
use commonware_p2p::{
    Receiver, Recipients, Sender,
    utils::codec::{WrappedReceiver, WrappedSender, wrap},
};
use commonware_runtime::{Clock, Spawner};
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tracing::debug;

use crate::{PeerKey, application::run_blocking};

/// Transactions in one message.
const MAX_MESSAGE_TRANSACTIONS: usize = 512;
/// A message takes no further transaction when it has so many bytes; with one more of the largest size it still fits.
const FULL_MESSAGE_BYTES: usize = 1024 * 1024;
/// The largest transaction that a message may carry, in bytes.
const MAX_TRANSACTION_BYTES: usize = chancery_execution::MAX_TRANSACTION_BYTES;
/// Hashes remembered of transactions that came from peers, so that they are not sent back.
const REMEMBERED_HASHES: usize = 65_536;

/// So many transactions are admitted without handing them to another thread: that costs more than recovering their senders, and at a few hundred
/// transactions a second nearly every message carries one or two.
const ADMITTED_IN_PLACE: usize = 4;

/// How often the pool is looked through for transactions that still wait.
const REPEAT_AFTER: Duration = Duration::from_secs(1);

/// Transactions (EIP-2718), each with its sender, whom the receiver does not believe (CHAIN-8).
pub(crate) type Message = Vec<(bytes::Bytes, [u8; 20])>;

/// What a message may hold: so many transactions, each of so many bytes.
fn limits() -> (RangeCfg<usize>, (RangeCfg<usize>, ())) {
    (RangeCfg::new(..=MAX_MESSAGE_TRANSACTIONS), (RangeCfg::new(..=MAX_TRANSACTION_BYTES), ()))
}

fn announced(transaction: &RecoveredTransaction) -> (bytes::Bytes, [u8; 20]) {
    (transaction.encoded().0.clone(), transaction.sender().into_array())
}

/// Reads a message as it comes from a peer.
pub(crate) fn decode(message: bytes::Bytes) -> Result<Message, CodecError> {
    Message::decode_cfg(message, &limits())
}

/// The newest of the hashes seen, up to [`REMEMBERED_HASHES`].
#[derive(Debug, Default)]
struct RecentHashes {
    set: HashSet<B256>,
    order: VecDeque<B256>,
}

impl RecentHashes {
    fn insert(&mut self, hash: B256) {
        if !self.set.insert(hash) {
            return;
        }
        self.order.push_back(hash);
        if self.order.len() > REMEMBERED_HASHES
            && let Some(oldest) = self.order.pop_front()
        {
            self.set.remove(&oldest);
        }
    }
}

/// Sends what the pool admits and admits what peers send, until the network or the pool ends. Nothing here is needed for
/// safety. What has waited for long is sent again, for peers that were not connected when it came.
pub(crate) async fn run<E: Spawner + Clock>(
    context: E,
    chain: Blockchain,
    (sender, receiver): (impl Sender<PublicKey = PeerKey>, impl Receiver<PublicKey = PeerKey>),
) {
    let (mut sender, mut receiver): (WrappedSender<_, Message>, WrappedReceiver<_, Message>) =
        wrap(limits(), sender, receiver);
    let mut admitted = chain.pool().subscribe();
    let mut from_peers = RecentHashes::default();
    let mut waiting = HashSet::new();
    let mut look_again = context.current() + REPEAT_AFTER;
    loop {
        tokio::select! {
            // In this order and not in a random one: on the deterministic runtime a seed has to give one run. What was admitted here is taken by the
            // message, so it keeps peers' messages waiting for a moment at most.
            biased;
            transaction = admitted.recv() => match transaction {
                Ok(first) => {
                    let message = batch(first, &mut admitted, &from_peers);
                    if !message.is_empty() {
                        sender.send(Recipients::All, message, false);
                    }
                }
                // Faster than can be sent: the rest waits in this pool.
                Err(RecvError::Lagged(missed)) => debug!(missed, "transactions are not passed on"),
                Err(RecvError::Closed) => return,
            },
            message = receiver.recv() => match message {
                Ok((_, Ok(message))) => admit(&context, &chain, message, &mut from_peers).await,
                Ok((peer, Err(error))) => debug!(%peer, %error, "malformed transactions from a peer"),
                Err(_) => return,
            },
            () = context.sleep_until(look_again) => {
                look_again = context.current() + REPEAT_AFTER;
                let message = waiting_since(&chain, &mut waiting);
                if !message.is_empty() {
                    debug!(transactions = message.len(), "sent again");
                    sender.send(Recipients::All, message, false);
                }
            }
        }
    }
}

/// The best of the transactions that waited at the last look already, as many as a message takes; notes those that wait now.
fn waiting_since(chain: &Blockchain, waiting: &mut HashSet<B256>) -> Message {
    let (mut message, mut bytes, mut now) = (Message::new(), 0, HashSet::new());
    for transaction in chain.pool().best().take(MAX_MESSAGE_TRANSACTIONS) {
        let hash = transaction.hash();
        now.insert(hash);
        if waiting.contains(&hash) && bytes < FULL_MESSAGE_BYTES {
            bytes += transaction.encoded().len();
            message.push(announced(&transaction));
        }
    }
    *waiting = now;
    message
}

/// The first transaction and those that wait behind it, without those that peers have sent.
fn batch(
    first: RecoveredTransaction,
    admitted: &mut tokio::sync::broadcast::Receiver<RecoveredTransaction>,
    from_peers: &RecentHashes,
) -> Message {
    let (mut message, mut bytes) = (Message::new(), 0);
    let mut next = Some(first);
    while let Some(transaction) = next {
        if !from_peers.set.contains(&transaction.hash()) {
            bytes += transaction.encoded().len();
            message.push(announced(&transaction));
        }
        if message.len() == MAX_MESSAGE_TRANSACTIONS || bytes >= FULL_MESSAGE_BYTES {
            break;
        }
        next = loop {
            match admitted.try_recv() {
                Ok(transaction) => break Some(transaction),
                Err(TryRecvError::Lagged(_)) => {}
                Err(TryRecvError::Empty | TryRecvError::Closed) => break None,
            }
        };
    }
    message
}

async fn admit<E: Spawner>(context: &E, chain: &Blockchain, message: Message, from_peers: &mut RecentHashes) {
    for (transaction, _) in &message {
        // The hash of a transaction is that of its EIP-2718 bytes, so it is known before decoding.
        from_peers.insert(alloy_primitives::keccak256(transaction));
    }
    let pool = chain.pool().clone();
    let few = message.len() <= ADMITTED_IN_PLACE;
    let add =
        move || pool.add_claimed(message.into_iter().map(|(bytes, sender)| (bytes.into(), sender.into())).collect());
    let results = if few { add() } else { run_blocking(context, "admit", add).await.unwrap_or_default() };
    let refused = results.iter().filter(|result| result.is_err()).count();
    if refused > 0 {
        debug!(refused, "transactions from a peer were refused, or known already");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_hashes_are_remembered() {
        let hash = |number: usize| B256::from(alloy_primitives::U256::from(number));
        let mut recent = RecentHashes::default();
        for number in 0..REMEMBERED_HASHES + 2 {
            recent.insert(hash(number));
            recent.insert(hash(number));
        }
        assert_eq!(recent.set.len(), REMEMBERED_HASHES);
        assert_eq!(recent.order.len(), REMEMBERED_HASHES);
        assert!(!recent.set.contains(&hash(1)) && recent.set.contains(&hash(2)));
    }
}
