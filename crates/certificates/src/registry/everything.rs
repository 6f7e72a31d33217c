//! Everything that the registry of a kind has recorded, however much it is.

use alloy_primitives::B256;
use chancery_contracts::predeploys;
use chancery_primitives::CertificateKind;
use chancery_reference_points::{
    Code, DoorError, DoorResult,
    chain_records::{EventQuery, EventRecord},
    operation::ChainName,
};

use super::Registry;

/// Most events of one chain that an answer is counted from.
pub const MAX_COUNTED_EVENTS: usize = 1_000_000;

impl Registry<'_> {
    /// Shows every final event with one of these signatures, in the order of the chain. A query that would find too many is refused, so it is asked for
    /// fewer blocks then, and no more than one part of them is held at a time.
    ///
    /// # Errors
    /// `UnknownKind`, `ChainUnreachable`; `MalformedRequest` when they are more than [`MAX_COUNTED_EVENTS`], or more in one block than a query answers.
    pub async fn each_event(
        &self,
        kind: CertificateKind,
        signatures: &[B256],
        topics: [Vec<B256>; 3],
        mut each: impl FnMut(&EventRecord) + Send,
    ) -> DoorResult<()> {
        let chain = self.directory.chain_of(kind)?;
        let [first, second, third] = topics;
        let topics = [signatures.to_vec(), first, second, third];
        let (mut waiting, mut counted) = (vec![(0, None)], 0_usize);
        while let Some((from_block, to_block)) = waiting.pop() {
            let query = EventQuery {
                chain: Some(chain.clone()),
                contract: Some(predeploys::CERTIFICATE_REGISTRY),
                topics: topics.clone(),
                from_block,
                to_block,
            };
            match self.s2p.events(query).await {
                Ok(events) => {
                    counted = counted.saturating_add(events.len());
                    if counted > MAX_COUNTED_EVENTS {
                        let detail = format!(
                            "chain {chain} has more than {MAX_COUNTED_EVENTS} events: they are too many to be counted at once"
                        );
                        return Err(DoorError::new(Code::MalformedRequest, detail));
                    }
                    events.iter().for_each(&mut each);
                }
                Err(error) if error.code() == Code::MalformedRequest => {
                    let last = match to_block {
                        Some(last) => last,
                        None => self.height(&chain).await?,
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

    async fn height(&self, chain: &ChainName) -> DoorResult<u64> {
        let chains = self.s2p.chains().await?;
        chains.into_iter().find(|status| status.name == *chain).and_then(|status| status.height).ok_or_else(|| {
            DoorError::new(Code::ChainUnreachable, format!("chain {chain} does not answer"))
                .with("chain", chain.0.as_str())
        })
    }
}
