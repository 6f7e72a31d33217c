//! A contract whose state grows to a size that is asked for, and writes to it.

use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::{Address, Bytes, U256, hex, keccak256};
use anyhow::{Context, Result};

use super::{Call, LoadReport, Workload, deploy, next_nonces, send_all};

/// Deploys a contract that writes the third word of its input into all slots from the first word to the second, and at least into the first.
/// Twelve bytes of init code, which return the 22 that follow.
const WRITER_INIT_CODE: [u8; 34] = hex!("6016600c60003960166000f3 5f35602035905b604035815560010181811060065700");
/// Slots that a transaction of the filling writes: below the gas cap of a transaction (EIP-7825).
const SLOTS_PER_FILL: u64 = 700;
/// Gas of a transaction of the filling, and of one that writes a single slot.
const FILL_GAS: u64 = 16_500_000;
const WRITE_GAS: u64 = 100_000;
/// The filling waits after so many slots until all of them are in.
const STEP: u64 = 500_000;
/// New slots have numbers from here on.
const FIRST_NEW_SLOT: u64 = 1 << 40;

/// Which slots are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slots {
    /// Those that exist, chosen at random.
    Random,
    /// Those that were never written.
    New,
}

/// One contract on a chain, and how many slots it has.
#[derive(Debug)]
pub struct GrowingState {
    url: String,
    signers: Vec<PrivateKeySigner>,
    chain_id: u64,
    contract: Address,
    filled: u64,
    /// Transactions that wrote a single slot, so that no two runs write the same value or choose the same slots.
    written: u64,
}

impl GrowingState {
    /// Deploys the contract.
    ///
    /// # Errors
    /// When the endpoint refuses.
    pub async fn deploy(url: &str, signers: Vec<PrivateKeySigner>) -> Result<Self> {
        let deployer = signers.first().context("no senders")?.clone();
        let (chain_id, contract) = deploy(url, deployer, &WRITER_INIT_CODE).await?;
        Ok(Self { url: url.to_owned(), signers, chain_id, contract, filled: 0, written: 0 })
    }

    /// Fills slots until there are so many (besides those that [`Slots::New`] has written).
    ///
    /// # Errors
    /// When a transaction is refused.
    pub async fn fill(&mut self, slots: u64) -> Result<()> {
        while self.filled < slots {
            self.fill_step(slots.min(self.filled + STEP)).await?;
        }
        Ok(())
    }

    async fn fill_step(&mut self, slots: u64) -> Result<()> {
        let from = self.filled;
        let fills = (slots - from).div_ceil(SLOTS_PER_FILL) as usize;
        let counts = self.shares(fills);
        let places = places(&counts);
        // One in a batch: each is as much work as hundreds of others.
        self.send(&counts, 1, |sender, index| {
            let first = from + (places.get(sender).copied().unwrap_or_default() + index as u64) * SLOTS_PER_FILL;
            (first, slots.min(first + SLOTS_PER_FILL), 1, FILL_GAS)
        })
        .await?;
        self.filled = slots;
        Ok(())
    }

    /// Writes a slot with each of so many transactions, in batches of `batch`.
    ///
    /// # Errors
    /// When a transaction is refused.
    pub async fn write(&mut self, slots: Slots, transactions: usize, batch: usize) -> Result<LoadReport> {
        let (filled, written) = (self.filled.max(1), self.written);
        let counts = self.shares(transactions);
        let places = places(&counts);
        let report = self
            .send(&counts, batch, |sender, index| {
                let number = written + places.get(sender).copied().unwrap_or_default() + index as u64;
                let slot = match slots {
                    Slots::New => FIRST_NEW_SLOT + number,
                    Slots::Random => {
                        let [a, b, c, d, e, f, g, h, ..] = keccak256(number.to_be_bytes()).0;
                        u64::from_be_bytes([a, b, c, d, e, f, g, h]) % filled
                    }
                };
                (slot, slot, number + (1 << 32), WRITE_GAS)
            })
            .await?;
        self.written += transactions as u64;
        Ok(report)
    }

    /// So many transactions, spread evenly over the senders.
    fn shares(&self, transactions: usize) -> Vec<usize> {
        let senders = self.signers.len();
        (0..senders).map(|sender| transactions / senders + usize::from(sender < transactions % senders)).collect()
    }

    /// `write` of a sender's place and the index with it: first slot, end, value and gas.
    async fn send(
        &self,
        counts: &[usize],
        batch: usize,
        write: impl Fn(usize, usize) -> (u64, u64, u64, u64) + Sync,
    ) -> Result<LoadReport> {
        let nonces = next_nonces(&self.url, &self.signers).await?;
        let senders: Vec<_> = self.signers.iter().map(PrivateKeySigner::address).collect();
        let workload = Workload::sign_calls(&self.signers, &nonces, counts, self.chain_id, |sender, index, _| {
            let place = senders.iter().position(|known| *known == sender).unwrap_or_default();
            let (first, end, value, gas_limit) = write(place, index);
            let words = [first, end, value].map(U256::from);
            let input: Bytes = words.iter().flat_map(|word| word.to_be_bytes::<32>()).collect::<Vec<_>>().into();
            Call { to: self.contract, value: U256::ZERO, input, gas_limit }
        })?;
        send_all(&self.url, &workload, batch).await
    }
}

/// Where the transactions of each sender begin in the row of all.
fn places(counts: &[usize]) -> Vec<u64> {
    counts
        .iter()
        .scan(0, |next, count| {
            let place = *next;
            *next += *count as u64;
            Some(place)
        })
        .collect()
}
