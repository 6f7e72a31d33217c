//! Everything that the registry of a kind has recorded, or has in a period, however much it is.

use alloy_primitives::B256;
use chancery_contracts::predeploys;
use chancery_primitives::CertificateKind;
use chancery_reference_points::{
    Code, DoorError, DoorResult,
    chain_records::{EventQuery, EventRecord},
};

use super::Registry;

/// Most events of one chain that an answer is counted from.
pub const MAX_COUNTED_EVENTS: usize = 1_000_000;

/// Which final blocks are read; everything unless something is said.
#[derive(Clone, Copy, Debug, Default)]
pub struct Blocks {
    /// From this one on.
    pub from_block: u64,
    /// Up to this one.
    pub to_block: Option<u64>,
    /// From this time on, Unix milliseconds.
    pub from_ms: Option<u64>,
    /// Before this time.
    pub to_ms: Option<u64>,
}

impl Registry<'_> {
    /// Shows every final event of a period with one of these signatures, in the order of the chain. Blocks of other times are not read.
    ///
    /// # Errors
    /// As [`Self::each_part`]; `MalformedRequest` when they are more than [`MAX_COUNTED_EVENTS`].
    pub async fn each_event(
        &self,
        kind: CertificateKind,
        signatures: &[B256],
        topics: [Vec<B256>; 3],
        period: Blocks,
        mut each: impl FnMut(&EventRecord) + Send,
    ) -> DoorResult<()> {
        let mut counted = 0_usize;
        self.each_part(kind, signatures, topics, period, |_, events| {
            counted = counted.saturating_add(events.len());
            if counted > MAX_COUNTED_EVENTS {
                let detail = format!(
                    "the chain of {kind} has more than {MAX_COUNTED_EVENTS} events in this period: ask for a shorter one"
                );
                return Err(DoorError::new(Code::MalformedRequest, detail));
            }
            events.iter().for_each(&mut each);
            Ok(())
        })
        .await
    }

    /// Shows final events part by part, in the order of the chain, with the last block of each part where one is named. A query that would find too many is refused, so it is asked for fewer
    /// blocks then, and no more than one part of them is held at a time.
    ///
    /// # Errors
    /// `UnknownKind`, `ChainUnreachable`; `MalformedRequest` when they are more in one block than a query answers; what `part` says.
    pub async fn each_part(
        &self,
        kind: CertificateKind,
        signatures: &[B256],
        topics: [Vec<B256>; 3],
        blocks: Blocks,
        mut part: impl FnMut(Option<u64>, &[EventRecord]) -> DoorResult<()> + Send,
    ) -> DoorResult<()> {
        let chain = self.directory.chain_of(kind)?;
        let [first, second, third] = topics;
        let topics = [signatures.to_vec(), first, second, third];
        let mut waiting = vec![(blocks.from_block, blocks.to_block)];
        while let Some((from_block, to_block)) = waiting.pop() {
            let query = EventQuery {
                chain: Some(chain.clone()),
                contract: Some(predeploys::CERTIFICATE_REGISTRY),
                topics: topics.clone(),
                from_block,
                to_block,
                from_ms: blocks.from_ms,
                to_ms: blocks.to_ms,
            };
            match self.s2p.events(query).await {
                Ok(events) => part(to_block, &events)?,
                Err(error) if error.code() == Code::MalformedRequest => {
                    let last = match to_block {
                        Some(last) => last,
                        None => self.height(kind).await?,
                    };
                    if from_block >= last {
                        return Err(error);
                    }
                    let middle = from_block + (last - from_block) / 2;
                    // The older half is looked at first.
                    waiting.push((middle + 1, Some(last)));
                    waiting.push((from_block, Some(middle)));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The newest final block of the chain of a kind.
    ///
    /// # Errors
    /// `UnknownKind`, `ChainUnreachable`.
    pub async fn height(&self, kind: CertificateKind) -> DoorResult<u64> {
        let chain = self.directory.chain_of(kind)?;
        let chains = self.s2p.chains().await?;
        chains.into_iter().find(|status| status.name == chain).and_then(|status| status.height).ok_or_else(|| {
            DoorError::new(Code::ChainUnreachable, format!("chain {chain} does not answer"))
                .with("chain", chain.0.as_str())
        })
    }
}
