//! How certificates came to stand as they do, from the events of their registries. What is final stays as it is, so what was read is kept, and each answer reads only what was recorded since.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use alloy_sol_types::SolEvent;
use chancery_contracts::CertificateRegistry::{CertificateIssued, CertificateRenewed, CertificateStatusChanged};
use chancery_primitives::{CertificateId, CertificateKind, CertificateStatus, Validity};
use chancery_reference_points::{Code, DoorError, DoorResult, chain_records::EventRecord};
use parking_lot::Mutex;
use tokio::sync::Mutex as AsyncMutex;

use super::CertificateChange;
use crate::registry::{Blocks, IssuedCertificate, MAX_COUNTED_EVENTS, Registry};

/// The histories of all kinds.
#[derive(Default)]
pub(super) struct Histories(Mutex<BTreeMap<CertificateKind, Arc<AsyncMutex<History>>>>);

impl Histories {
    /// That of a kind. Whoever holds it is the one who reads on.
    pub(super) fn of(&self, kind: CertificateKind) -> Arc<AsyncMutex<History>> {
        Arc::clone(self.0.lock().entry(kind).or_default())
    }
}

/// What became of the certificates of a kind, up to a block.
#[derive(Default)]
pub(super) struct History {
    /// The first block that was not read.
    next_block: u64,
    certificates: HashMap<CertificateId, Told>,
}

/// What became of one.
pub(super) struct Told {
    pub(super) validity: Validity,
    /// When, Unix milliseconds, and what; the first is its issue.
    pub(super) changes: Vec<(u64, CertificateChange)>,
}

impl Told {
    /// How it stood before a time, Unix milliseconds; none before it was issued.
    pub(super) fn status_before(&self, time_ms: u64) -> Option<CertificateStatus> {
        let last = self.changes.iter().rev().find(|(changed_ms, _)| *changed_ms < time_ms);
        last.map(|(_, change)| change.status())
    }
}

impl History {
    /// The certificates.
    pub(super) fn certificates(&self) -> impl Iterator<Item = &Told> {
        self.certificates.values()
    }

    /// Reads what was recorded since.
    ///
    /// # Errors
    /// `UnknownKind`, `ChainUnreachable`, `MalformedRequest` when one block has more than a query answers; `TimedOut` after [`MAX_COUNTED_EVENTS`], and the next one goes on behind those.
    pub(super) async fn go_on(&mut self, registry: &Registry<'_>, kind: CertificateKind) -> DoorResult<()> {
        let head = registry.height(kind).await?;
        if self.next_block > head {
            return Ok(());
        }
        let blocks = Blocks { from_block: self.next_block, to_block: Some(head), ..Blocks::default() };
        let signatures = [
            CertificateIssued::SIGNATURE_HASH,
            CertificateRenewed::SIGNATURE_HASH,
            CertificateStatusChanged::SIGNATURE_HASH,
        ];
        let mut read = 0_usize;
        let part = |last: Option<u64>, events: &[EventRecord]| {
            events.iter().for_each(|event| self.add(event));
            if let Some(last) = last {
                self.next_block = last.saturating_add(1);
            }
            read = read.saturating_add(events.len());
            if read > MAX_COUNTED_EVENTS && self.next_block <= head {
                let detail = format!("of the chain of {kind} {read} events were read, up to block {last:?}: ask again");
                return Err(DoorError::new(Code::TimedOut, detail));
            }
            Ok(())
        };
        registry.each_part(kind, &signatures, Default::default(), blocks, part).await
    }

    /// Events come in the order of the chain. One that no registry writes counts for nothing.
    fn add(&mut self, event: &EventRecord) {
        if let Some(issued) = IssuedCertificate::from_log(&event.topics, &event.data) {
            let operation = issued.operation;
            let validity = Validity { valid_from: operation.valid_from, valid_until: operation.valid_until };
            let changes = vec![(event.block_time_ms, CertificateChange::Issued)];
            self.certificates.insert(operation.certificate_id, Told { validity, changes });
        } else if let Some((id, change)) = changed(event)
            && let Some(told) = self.certificates.get_mut(&id)
        {
            told.changes.push((event.block_time_ms, change));
        }
    }
}

fn changed(event: &EventRecord) -> Option<(CertificateId, CertificateChange)> {
    let topics = || event.topics.iter().copied();
    if let Ok(renewed) = CertificateRenewed::decode_raw_log(topics(), &event.data) {
        return Some((CertificateId::new(renewed.certificateId).ok()?, CertificateChange::Renewed));
    }
    let changed = CertificateStatusChanged::decode_raw_log(topics(), &event.data).ok()?;
    let change = match CertificateStatus::try_from(changed.operation.status).ok()? {
        CertificateStatus::Valid => CertificateChange::Resumed,
        CertificateStatus::Suspended => CertificateChange::Suspended,
        CertificateStatus::Revoked => CertificateChange::Revoked,
        // A renewal sets it, and tells of it by an event of its own.
        CertificateStatus::Renewed => return None,
    };
    Some((CertificateId::new(changed.certificateId).ok()?, change))
}
