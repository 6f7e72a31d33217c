//! BLS12-381 points as EIP-2537 has them: uncompressed, each element of the field in 64 bytes, big-endian. Contracts get keys and proofs so,
//! because a square root has no precompile.

use alloy_primitives::Bytes;
use blst::min_pk::{PublicKey, Signature};

/// Bytes of an element of the field without the zeros in front.
const ELEMENT_BYTES: usize = 48;
/// The zeros in front of an element.
const PADDING: [u8; 16] = [0; 16];

/// Why bytes are no point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("these bytes are not a compressed BLS12-381 point")]
pub struct PointError;

/// A compressed G1 point (48 bytes, a public key) as 128 bytes: x, y.
///
/// # Errors
/// [`PointError`]. Whether the point lies in the subgroup is not looked at.
pub fn uncompressed_g1(compressed: &[u8]) -> Result<Bytes, PointError> {
    let point = PublicKey::uncompress(compressed).map_err(|_| PointError)?;
    Ok(padded(point.serialize().chunks(ELEMENT_BYTES)))
}

/// A compressed G2 point (96 bytes, a signature) as 256 bytes: x.c0, x.c1, y.c0, y.c1.
///
/// # Errors
/// [`PointError`]. Whether the point lies in the subgroup is not looked at.
pub fn uncompressed_g2(compressed: &[u8]) -> Result<Bytes, PointError> {
    let point = Signature::uncompress(compressed).map_err(|_| PointError)?.serialize();
    // Serialised points have c1 before c0.
    let pairs = point.chunks(2 * ELEMENT_BYTES);
    Ok(padded(pairs.flat_map(|pair| pair.chunks(ELEMENT_BYTES).rev())))
}

fn padded<'a>(elements: impl Iterator<Item = &'a [u8]>) -> Bytes {
    elements.flat_map(|element| PADDING.iter().chain(element)).copied().collect::<Vec<u8>>().into()
}
