//! What people compare before chains are trusted: one short text over everything that is trusted (`docs/specs/stapled.md`, "Fingerprint").

use chancery_light::ChainEssentials;
use sha2::{Digest as _, Sha256};

const DOMAIN: &[u8] = b"chancery-trust-1";
const FINGERPRINT_BYTES: usize = 16;

/// 32 hexadecimal digits in groups of four: of all chains that are trusted, and which of them (`authority`, a chain id) is the main one.
#[must_use]
pub fn trust_fingerprint(authority: u64, chains: &[&ChainEssentials]) -> String {
    let mut ordered = chains.to_vec();
    ordered.sort_by_key(|chain| chain.chain_id);
    let mut hasher = Sha256::new();
    hasher.update(DOMAIN);
    hasher.update(authority.to_be_bytes());
    for chain in ordered {
        hasher.update(chain.chain_id.to_be_bytes());
        hasher.update(chain.genesis_hash);
        hasher.update((chain.validators.len() as u64).to_be_bytes());
        for key in &chain.validators {
            hasher.update(key);
        }
    }
    let digest = hasher.finalize();
    let groups = digest[..FINGERPRINT_BYTES].chunks(2).map(alloy_primitives::hex::encode);
    groups.collect::<Vec<_>>().join(" ")
}
