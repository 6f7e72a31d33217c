//! Concat KDF (RFC 7518 4.6.2, NIST SP 800-56A 5.8.1) with SHA-256, for one 256-bit key: one round.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// The content encryption key for `A256GCM` from an ECDH-ES shared secret, without party info.
pub(super) fn derive_a256gcm(shared: &[u8]) -> Zeroizing<[u8; 32]> {
    derive(shared, b"A256GCM", b"", b"", 256)
}

/// The key encryption key for `ECDH-ES+A256KW` from an ECDH-ES shared secret, without party info (RFC 7518 4.6.2: the algorithm is that of `alg`).
#[must_use]
pub fn derive_a256kw(shared: &[u8]) -> Zeroizing<[u8; 32]> {
    derive(shared, b"ECDH-ES+A256KW", b"", b"", 256)
}

fn derive(shared: &[u8], algorithm: &[u8], party_u: &[u8], party_v: &[u8], key_bits: u32) -> Zeroizing<[u8; 32]> {
    let mut hash = Sha256::new();
    hash.update(1u32.to_be_bytes());
    hash.update(shared);
    for part in [algorithm, party_u, party_v] {
        hash.update((part.len() as u32).to_be_bytes());
        hash.update(part);
    }
    hash.update(key_bits.to_be_bytes());
    Zeroizing::new(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 7518, appendix C: a 128-bit key for A128GCM with party info "Alice" and "Bob".
    #[test]
    fn the_derivation_is_that_of_rfc_7518_appendix_c() {
        let shared = [
            158, 86, 217, 29, 129, 113, 53, 211, 114, 131, 66, 131, 191, 132, 38, 156, 251, 49, 110, 163, 218, 128,
            106, 72, 246, 218, 167, 121, 140, 254, 144, 196,
        ];
        let derived = derive(&shared, b"A128GCM", b"Alice", b"Bob", 128);
        assert_eq!(derived[..16], [86, 170, 141, 234, 248, 35, 109, 32, 92, 34, 40, 205, 113, 167, 16, 26]);
    }
}
