//! Messages of other cities: their deposit is proven when they come, so they are visible at once, with the proof beside them.

use alloy_primitives::B256;
use chancery_reference_points::data_block::TransactionLocator;

use super::{Incoming, Mailbox, MailboxError, Record, Route, Side, store::place_key, usage::Usage};

impl Mailbox {
    /// Keeps a message of another city with the file that proves its deposit and its sender's standing there. Visible when this returns. The same message twice is one (MSG-6).
    ///
    /// # Errors
    /// [`MailboxError::Full`], [`MailboxError::Store`].
    pub fn keep_delivered(
        &self,
        incoming: &Incoming<'_>,
        recorded: &TransactionLocator,
        proof: &[u8],
    ) -> Result<Record, MailboxError> {
        let (_writer, store) = self.writing()?;
        let id = incoming.deposit.id();
        if let Some(known) = store.record(id)? {
            return Ok(known);
        }
        self.remove_old(&store, incoming.now)?;
        let head = &incoming.deposit.statement.head;
        let place = store.next_place()?;
        let record = Record {
            route: Route::FromOtherCity,
            place: Some(place),
            deposited: Some(recorded.clone()),
            ..Record::new(incoming)
        };
        let mut usage = Usage::within(self.shares);
        usage.take(&store, record.route, head, record.sealed_bytes)?;
        usage.take_proof(&store, head, proof.len() as u64)?;
        let mut batch = store.batch();
        batch.insert(&store.records, id.as_slice(), record.encode()?);
        batch.insert(&store.envelopes, id.as_slice(), incoming.envelope.as_bytes());
        batch.insert(&store.deliveries, id.as_slice(), proof);
        batch.insert(&store.boxes, place_key(Side::Received, head.to.address, place), id.as_slice());
        store.count_place(&mut batch, place);
        usage.write(&store, &mut batch);
        self.commit(batch)?;
        Ok(record)
    }

    /// The file that came with a message of another city.
    ///
    /// # Errors
    /// [`MailboxError::Store`].
    pub fn delivery(&self, id: B256) -> Result<Option<Vec<u8>>, MailboxError> {
        Ok(self.reading()?.deliveries.get(id.as_slice())?.map(|bytes| bytes.to_vec()))
    }
}

#[cfg(test)]
mod tests;
