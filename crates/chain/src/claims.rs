//! Whom the transactions of a block are claimed to be from (CHAIN-8): nothing at all, or the senders in the order in which they first appear and for
//! each transaction which of them it is. Who has no idea of one of them claims nothing.

use std::{collections::HashMap, sync::Arc};

use alloy_primitives::Address;
use bytes::Bytes;
use chancery_execution::SignedTransaction;
use commonware_codec::{EncodeSize as _, ReadExt as _, ReadRangeExt as _, Write as _, varint::UInt};

/// Claims take no more bytes; a block that would need more goes without.
pub(crate) const MAX_BYTES: usize = 1024 * 1024;

/// What is known of the senders, encoded.
pub(crate) fn encode(transactions: &[Arc<SignedTransaction>]) -> Vec<u8> {
    let said: Option<Vec<Address>> = transactions.iter().map(|transaction| transaction.said_sender()).collect();
    said.map(|senders| bounded(&senders)).unwrap_or_default()
}

/// What is true, encoded; `None`: some sender is not known yet.
pub(crate) fn encode_true(transactions: &[Arc<SignedTransaction>]) -> Option<Vec<u8>> {
    let known: Option<Vec<Address>> = transactions.iter().map(|transaction| transaction.known_sender()).collect();
    known.map(|senders| bounded(&senders))
}

fn bounded(senders: &[Address]) -> Vec<u8> {
    let claims = write(senders);
    if claims.len() > MAX_BYTES { Vec::new() } else { claims }
}

fn write(senders: &[Address]) -> Vec<u8> {
    if senders.is_empty() {
        return Vec::new();
    }
    let (mut distinct, mut places) = (Vec::new(), HashMap::new());
    // A block has fewer transactions than 2^32.
    let of_each: Vec<u32> = senders
        .iter()
        .map(|sender| {
            *places.entry(*sender).or_insert_with(|| {
                distinct.push(sender.into_array());
                (distinct.len() - 1) as u32
            })
        })
        .collect();
    let mut out = Vec::with_capacity(distinct.encode_size() + 2 * of_each.len());
    distinct.write(&mut out);
    of_each.iter().for_each(|place| UInt(*place).write(&mut out));
    out
}

/// Notes what is claimed at the transactions. `None`: the bytes are none that [`encode`] writes for so many.
pub(crate) fn note(bytes: &Bytes, transactions: &[Arc<SignedTransaction>]) -> Option<()> {
    if bytes.is_empty() {
        return Some(());
    }
    if bytes.len() > MAX_BYTES {
        return None;
    }
    let senders = read(bytes.clone(), transactions.len())?;
    // One encoding for the same claims.
    if write(&senders) != bytes.as_ref() {
        return None;
    }
    transactions.iter().zip(senders).for_each(|(transaction, sender)| transaction.claim_sender(sender));
    Some(())
}

fn read(mut bytes: Bytes, count: usize) -> Option<Vec<Address>> {
    if count == 0 {
        return None;
    }
    let distinct = Vec::<[u8; 20]>::read_range(&mut bytes, 1..=count).ok()?;
    let place = |_| distinct.get(UInt::<u32>::read(&mut bytes).ok()?.0 as usize).map(Address::from);
    let senders: Option<Vec<Address>> = (0..count).map(place).collect();
    senders.filter(|_| bytes.is_empty())
}
