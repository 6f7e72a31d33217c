//! A whole version with its metadata, word by word out of the proven state.

use alloy_primitives::{Address, B256, U256, keccak256};
use chancery_ledger::{Chain, ChainHead};

use super::{ChainTrust, MAX_TEXT_BYTES, ReleaseError, Standing, evidence::young_enough, grant::whole_version_slots};

/// Slot of (automatic, key epoch, newest version, number of requests), packed from the right.
const LATEST_SLOT: u64 = 1;
/// Bits before the newest version: a flag of 8 and an epoch of 32.
const LATEST_SHIFT: usize = 40;
/// Slots in one proof.
const SLOTS_OF_A_PROOF: usize = 32;
const WORD_BYTES: usize = 32;

/// A version as the chain has it.
pub(super) struct WholeVersion {
    pub(super) version: u32,
    pub(super) data_type: String,
    /// Zero for a text.
    pub(super) algorithm: B256,
    pub(super) fingerprint: B256,
    /// In bytes.
    pub(super) size: u64,
    /// Unix seconds.
    pub(super) published_at_s: u64,
    pub(super) metadata: Vec<u8>,
    /// The final block at which it was read.
    pub(super) block: ChainHead,
}

/// Reads a version; the newest one without a number.
///
/// # Errors
/// [`ReleaseError::NoVersion`], [`ReleaseError::Stale`], [`ReleaseError::Unproven`], [`ReleaseError::Chain`], [`ReleaseError::Answer`].
pub(super) async fn whole_version(
    chain: &Chain,
    trust: &ChainTrust,
    asset: Address,
    version: Option<u32>,
    now_s: u64,
) -> Result<WholeVersion, ReleaseError> {
    let version = match version {
        Some(version) => version,
        None => {
            let (_, words) = proven(chain, trust, asset, &[U256::from(LATEST_SLOT).into()], now_s).await?;
            low_u32(words.first().copied().ok_or(ReleaseError::Answer)? >> LATEST_SHIFT)
        }
    };
    let (block, words) = proven(chain, trust, asset, &whole_version_slots(version), now_s).await?;
    let [data_type, algorithm, fingerprint, packed, head] = words.as_slice() else { return Err(ReleaseError::Answer) };
    let published_at_s = (*packed >> 64usize).as_limbs()[0];
    if version == 0 || published_at_s == 0 {
        return Err(ReleaseError::NoVersion { version });
    }
    let metadata = match length(*head).ok_or(ReleaseError::Answer)? {
        Length::Within(length) => B256::from(*head)[..length].to_vec(),
        Length::Beside(length) => {
            let slots = data_slots(whole_version_slots(version)[4], length);
            let mut bytes = Vec::with_capacity(slots.len() * WORD_BYTES);
            // A version does not change once it is there: its words may be read at one block after the other.
            for slots in slots.chunks(SLOTS_OF_A_PROOF) {
                let (_, words) = proven(chain, trust, asset, slots, now_s).await?;
                if words.len() != slots.len() {
                    return Err(ReleaseError::Answer);
                }
                bytes.extend(words.into_iter().flat_map(|word| B256::from(word).0));
            }
            bytes.truncate(length);
            bytes
        }
    };
    let name = B256::from(*data_type);
    let data_type = String::from_utf8_lossy(&name.0).trim_end_matches('\0').to_owned();
    let (algorithm, fingerprint) = (B256::from(*algorithm), B256::from(*fingerprint));
    let size = packed.as_limbs()[0];
    Ok(WholeVersion { version, data_type, algorithm, fingerprint, size, published_at_s, metadata, block })
}

async fn proven(
    chain: &Chain,
    trust: &ChainTrust,
    asset: Address,
    slots: &[B256],
    now_s: u64,
) -> Result<(ChainHead, Vec<U256>), ReleaseError> {
    let evidence = chain.state(asset, slots).await?.ok_or(ReleaseError::Unproven)?;
    young_enough(&Standing::Proven(evidence.block), trust, now_s)?;
    Ok((evidence.block, evidence.state.storage.into_iter().map(|(_, value)| value).collect()))
}

/// Where Solidity keeps bytes: up to 31 in the slot itself with twice their number in the last byte, more from `keccak256(slot)` on with twice their
/// number and one in the slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Length {
    Within(usize),
    Beside(usize),
}

/// `None` for what the contract never writes.
fn length(head: U256) -> Option<Length> {
    if head.bit(0) {
        let length = usize::try_from(head >> 1usize).ok()?;
        return (WORD_BYTES..=MAX_TEXT_BYTES).contains(&length).then_some(Length::Beside(length));
    }
    let length = usize::from(head.byte(0)) / 2;
    (length < WORD_BYTES).then_some(Length::Within(length))
}

fn data_slots(head: B256, length: usize) -> Vec<B256> {
    let first = U256::from_be_bytes(keccak256(head).0);
    (0..length.div_ceil(WORD_BYTES)).map(|index| first.wrapping_add(U256::from(index)).into()).collect()
}

/// The 32 bits on the right.
fn low_u32(word: U256) -> u32 {
    (word.as_limbs()[0] & u64::from(u32::MAX)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    // S-ASSET
    #[test]
    fn lengths_are_read_as_solidity_writes_them() {
        assert_eq!(length(U256::from(2 * 5)), Some(Length::Within(5)));
        assert_eq!(length(U256::from(2 * 31)), Some(Length::Within(31)));
        assert_eq!(length(U256::from(2 * 32 + 1)), Some(Length::Beside(32)));
        assert_eq!(length(U256::from(2 * MAX_TEXT_BYTES + 1)), Some(Length::Beside(MAX_TEXT_BYTES)));
        assert_eq!(length(U256::ZERO), Some(Length::Within(0)), "a file without metadata");
        for never in [2 * 32, 2 * 31 + 1, 2 * (MAX_TEXT_BYTES + 1) + 1] {
            assert_eq!(length(U256::from(never)), None, "{never}");
        }
        assert_eq!(length(U256::MAX), None);
        assert_eq!(data_slots(B256::ZERO, 33).len(), 2);
    }
}
