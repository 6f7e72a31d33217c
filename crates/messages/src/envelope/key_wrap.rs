//! AES Key Wrap (RFC 3394) of a 256-bit key under a 256-bit key: `A256KW` of RFC 7518 4.4. Six rounds over four halves, on an audited block cipher.

use aes_gcm::aes::{
    Aes256,
    cipher::{Array, BlockCipherDecrypt as _, BlockCipherEncrypt as _, KeyInit as _},
};
use zeroize::{Zeroize as _, Zeroizing};

use super::EnvelopeError;

/// The default initial value (RFC 3394 2.2.3.1): what has to come out when nothing was altered.
const INITIAL: [u8; 8] = [0xa6; 8];
/// Halves of a block in a 256-bit key.
const HALVES: usize = 4;
/// Length of a wrapped key.
pub(crate) const WRAPPED_BYTES: usize = 8 * (HALVES + 1);

/// RFC 3394 2.2.1.
pub(crate) fn wrap(key: &[u8; 32], content_key: &[u8; 32]) -> [u8; WRAPPED_BYTES] {
    let cipher = Aes256::new(key.into());
    let mut wrapped = [0; WRAPPED_BYTES];
    wrapped[..8].copy_from_slice(&INITIAL);
    wrapped[8..].copy_from_slice(content_key);
    for step in steps() {
        let at = 8 * half_of(step);
        let mut block = Array::from([0u8; 16]);
        block[..8].copy_from_slice(&wrapped[..8]);
        block[8..].copy_from_slice(&wrapped[at..at + 8]);
        cipher.encrypt_block(&mut block);
        count_in(&mut block[..8], step);
        wrapped[..8].copy_from_slice(&block[..8]);
        wrapped[at..at + 8].copy_from_slice(&block[8..]);
        block.as_mut_slice().zeroize();
    }
    wrapped
}

/// RFC 3394 2.2.2.
///
/// # Errors
/// [`EnvelopeError::Altered`].
pub(crate) fn unwrap(key: &[u8; 32], wrapped: &[u8; WRAPPED_BYTES]) -> Result<Zeroizing<[u8; 32]>, EnvelopeError> {
    let cipher = Aes256::new(key.into());
    let mut plain = Zeroizing::new(*wrapped);
    for step in steps().rev() {
        let at = 8 * half_of(step);
        let mut block = Array::from([0u8; 16]);
        block[..8].copy_from_slice(&plain[..8]);
        count_in(&mut block[..8], step);
        block[8..].copy_from_slice(&plain[at..at + 8]);
        cipher.decrypt_block(&mut block);
        plain[..8].copy_from_slice(&block[..8]);
        plain[at..at + 8].copy_from_slice(&block[8..]);
        block.as_mut_slice().zeroize();
    }
    let differs = plain[..8].iter().zip(INITIAL).fold(0, |differs, (found, expected)| differs | (found ^ expected));
    if differs != 0 {
        return Err(EnvelopeError::Altered);
    }
    let mut content_key = Zeroizing::new([0; 32]);
    content_key.copy_from_slice(&plain[8..]);
    Ok(content_key)
}

/// Counted from 1, as the RFC does.
fn steps() -> impl DoubleEndedIterator<Item = usize> {
    1..=6 * HALVES
}

fn half_of(step: usize) -> usize {
    (step - 1) % HALVES + 1
}

fn count_in(half: &mut [u8], step: usize) {
    for (byte, count) in half.iter_mut().zip((step as u64).to_be_bytes()) {
        *byte ^= count;
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::hex;

    use super::*;

    // RFC 3394 4.6: 256 bits of key data with a 256-bit KEK.
    #[test]
    fn the_wrapping_is_that_of_rfc_3394() {
        let key = hex!("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F");
        let content_key = hex!("00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F");
        let wrapped = hex!("28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21");
        assert_eq!(wrap(&key, &content_key), wrapped);
        assert_eq!(unwrap(&key, &wrapped).map(|key| *key), Ok(content_key));
        for position in 0..WRAPPED_BYTES {
            let mut altered = wrapped;
            altered[position] ^= 1;
            assert_eq!(unwrap(&key, &altered), Err(EnvelopeError::Altered), "byte {position}");
        }
    }
}
