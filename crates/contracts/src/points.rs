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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use alloy_primitives::hex;

    use super::*;

    /// The generators, from RFC 9380's curve definitions (draft-irtf-cfrg-pairing-friendly-curves, 4.2.1).
    const G1: [u8; 48] =
        hex!("97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb");
    const G1_Y: [u8; 48] =
        hex!("08b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1");

    #[test]
    fn a_key_has_x_and_y() {
        let point = uncompressed_g1(&G1).unwrap();
        assert_eq!(point.len(), 128);
        assert_eq!(point[..16], PADDING);
        assert_eq!(point[17..64], G1[1..]);
        assert_eq!(point[80..], G1_Y);
    }

    #[test]
    fn a_signature_has_the_real_part_first() {
        let mut compressed = hex!(
            "13e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e"
            "024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"
        );
        let (c1, c0) = (compressed[..48].to_vec(), compressed[48..].to_vec());
        compressed[0] |= 0x80;
        let point = uncompressed_g2(&compressed).unwrap();
        assert_eq!(point.len(), 256);
        assert_eq!((&point[16..64], &point[80..128]), (c0.as_slice(), c1.as_slice()));
    }

    #[test]
    fn what_is_no_point_is_refused() {
        assert_eq!(uncompressed_g1(&[0xff; 48]), Err(PointError));
        assert_eq!(uncompressed_g1(&G1[1..]), Err(PointError));
        assert_eq!(uncompressed_g2(&[0; 96]), Err(PointError));
    }
}
