//! How PKCS#11 writes curves and public keys.

use chancery_keys::Curve;

/// `CKA_EC_PARAMS` that stand for a curve; the first is what a new key is made with. Object identifiers (SEC 2, RFC 5480, RFC 8410) and, for the curves of
/// Bernstein, the names that PKCS#11 3.0 (2.3.7) also allows and SoftHSM keeps.
pub(crate) const fn parameters(curve: Curve) -> &'static [&'static [u8]] {
    match curve {
        // 1.3.132.0.10
        Curve::Secp256k1 => &[&[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a]],
        // 1.2.840.10045.3.1.7
        Curve::P256 => &[&[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]],
        // 1.3.101.112, edwards25519
        Curve::Ed25519 => &[&[0x06, 0x03, 0x2b, 0x65, 0x70], b"\x13\x0cedwards25519"],
        // 1.3.101.110, curve25519
        Curve::X25519 => &[&[0x06, 0x03, 0x2b, 0x65, 0x6e], b"\x13\x0acurve25519"],
    }
}

/// A public key as `CKA_EC_POINT` holds it: a DER octet string, as the standard says, a bit string, or bare, as some tokens do.
pub(crate) fn public_key(curve: Curve, point: &[u8]) -> Option<Vec<u8>> {
    let length = curve.public_key_bytes();
    let short = u8::try_from(length).ok()?;
    let bare = match point {
        bare if bare.len() == length => bare,
        [0x04, said, bare @ ..] if *said == short => bare,
        [0x03, said, 0x00, bare @ ..] if *said == short + 1 => bare,
        _ => return None,
    };
    // SEC1, 2.3.3: an uncompressed point.
    let is_point = matches!(curve, Curve::Ed25519 | Curve::X25519) || bare.first() == Some(&0x04);
    (bare.len() == length && is_point).then(|| bare.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_read_in_each_of_its_forms_and_in_no_other() {
        let point: Vec<u8> = [0x04].into_iter().chain([7; 64]).collect();
        let octets = [&[0x04, 65][..], &point].concat();
        for form in [&point, &octets] {
            assert_eq!(public_key(Curve::P256, form).as_ref(), Some(&point));
        }
        let key = [9; 32];
        let forms: [Vec<u8>; 3] = [key.to_vec(), [&[0x04, 32][..], &key].concat(), [&[0x03, 33, 0][..], &key].concat()];
        for form in &forms {
            assert_eq!(public_key(Curve::X25519, form).as_deref(), Some(&key[..]));
        }
        let compressed: Vec<u8> = [0x02].into_iter().chain([7; 32]).collect();
        let longer = [octets.as_slice(), &[0]].concat();
        let wrong: [Vec<u8>; 6] = [vec![], vec![0x04], octets[..66].to_vec(), compressed, vec![7; 65], longer];
        for wrong in &wrong {
            assert_eq!(public_key(Curve::Secp256k1, wrong), None, "{wrong:?}");
        }
    }
}
