//! BLS12-381 points as EIP-2537 writes them: uncompressed, every element of the field in 64 bytes. The consensus library
//! knows only the compressed form, and it refuses points that forged vectors need; so the square roots are taken here.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, dead_code)]

use alloy_primitives::{Bytes, Uint};

type U384 = Uint<384, 6>;

const COMPRESSED: u8 = 0x80;
const INFINITY: u8 = 0x40;
const LARGER_Y: u8 = 0x20;
const FIELD_BYTES: usize = 48;

fn modulus() -> U384 {
    "0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab"
        .parse()
        .unwrap()
}

fn add(a: U384, b: U384) -> U384 {
    a.add_mod(b, modulus())
}

fn negate(a: U384) -> U384 {
    if a.is_zero() { a } else { modulus() - a }
}

fn multiply(a: U384, b: U384) -> U384 {
    a.mul_mod(b, modulus())
}

/// The modulus is 3 modulo 4, so one power is the root, if there is one.
fn square_root(a: U384) -> Option<U384> {
    let root = a.pow_mod((modulus() + U384::from(1)) >> 2, modulus());
    (multiply(root, root) == a).then_some(root)
}

fn half(a: U384) -> U384 {
    multiply(a, (modulus() + U384::from(1)) >> 1)
}

fn is_larger(a: U384) -> bool {
    a > modulus() >> 1
}

/// An element of Fp2: c0 + c1 i, where i squared is -1.
#[derive(Clone, Copy, PartialEq)]
struct Pair(U384, U384);

impl Pair {
    fn multiply(self, other: Self) -> Self {
        let real = add(multiply(self.0, other.0), negate(multiply(self.1, other.1)));
        Self(real, add(multiply(self.0, other.1), multiply(self.1, other.0)))
    }

    fn negate(self) -> Self {
        Self(negate(self.0), negate(self.1))
    }

    fn is_larger(self) -> bool {
        if self.1.is_zero() { is_larger(self.0) } else { is_larger(self.1) }
    }

    fn square_root(self) -> Option<Self> {
        let norm = square_root(add(multiply(self.0, self.0), multiply(self.1, self.1)))?;
        [norm, negate(norm)].into_iter().find_map(|norm| {
            let real = square_root(half(add(self.0, norm)))?;
            let imaginary = half(multiply(self.1, real.inv_mod(modulus())?));
            let root = Self(real, imaginary);
            (root.multiply(root) == self).then_some(root)
        })
    }

    /// The y of a point of the twisted curve y^2 = x^3 + 4 (1 + i), the one of the two that is asked for.
    fn ordinate(self, larger: bool) -> Option<Self> {
        let cube = self.multiply(self).multiply(self);
        let y = Self(add(cube.0, U384::from(4)), add(cube.1, U384::from(4))).square_root()?;
        Some(if y.is_larger() == larger { y } else { y.negate() })
    }
}

fn element(bytes: &[u8]) -> U384 {
    U384::from_be_slice(bytes)
}

fn padded(elements: &[U384]) -> Bytes {
    elements.iter().flat_map(|element| [&[0; 16][..], &element.to_be_bytes::<FIELD_BYTES>()].concat()).collect()
}

fn without_flags(compressed: &[u8]) -> Vec<u8> {
    let mut bytes = compressed.to_vec();
    bytes[0] &= !(COMPRESSED | INFINITY | LARGER_Y);
    bytes
}

/// The uncompressed form of a G1 point of 48 bytes; infinity is all zeros, and what is on no curve gets a y of 1.
pub fn uncompressed_g1(compressed: &[u8]) -> Bytes {
    if compressed[0] & INFINITY != 0 {
        return vec![0; 128].into();
    }
    let x = element(&without_flags(compressed));
    let y = square_root(add(multiply(multiply(x, x), x), U384::from(4))).unwrap_or(U384::from(1));
    padded(&[x, if is_larger(y) == (compressed[0] & LARGER_Y != 0) { y } else { negate(y) }])
}

/// The uncompressed form of a G2 point of 96 bytes; infinity is all zeros, and what is on no curve gets some y of the sign
/// that the flag says: the best that a forger can do.
pub fn uncompressed_g2(compressed: &[u8]) -> Bytes {
    if compressed[0] & INFINITY != 0 {
        return vec![0; 256].into();
    }
    let larger = compressed[0] & LARGER_Y != 0;
    let bytes = without_flags(compressed);
    let (second, first) = bytes.split_at(FIELD_BYTES);
    let x = Pair(element(first), element(second));
    let made_up = if larger { Pair(U384::ZERO, negate(U384::from(1))) } else { Pair(U384::ZERO, U384::from(1)) };
    let y = x.ordinate(larger).unwrap_or(made_up);
    padded(&[x.0, x.1, y.0, y.1])
}

/// A compressed G1 point that is on the curve but, as the curve has far more points than the subgroup, not in the subgroup.
pub fn outside_the_subgroup_g1() -> Vec<u8> {
    let on_curve = |x: &u64| square_root(U384::from(x * x * x + 4)).is_some();
    let x = (1..).find(on_curve).unwrap();
    let mut bytes = U384::from(x).to_be_bytes::<FIELD_BYTES>().to_vec();
    bytes[0] |= COMPRESSED;
    bytes
}

/// A compressed G2 point that is on the curve but not in the subgroup.
pub fn outside_the_subgroup_g2() -> Vec<u8> {
    let x = (1..).map(U384::from).find(|x| Pair(*x, U384::ZERO).ordinate(false).is_some()).unwrap();
    let mut bytes = [[0; FIELD_BYTES], x.to_be_bytes::<FIELD_BYTES>()].concat();
    bytes[0] |= COMPRESSED;
    bytes
}

/// Whether an uncompressed point of 128 or 256 bytes is on its curve.
pub fn is_on_curve(point: &[u8]) -> bool {
    let elements: Vec<_> = point.chunks(64).map(|chunk| element(&chunk[16..])).collect();
    let equation = |x: Pair, y: Pair, b: Pair| {
        let cube = x.multiply(x).multiply(x);
        y.multiply(y) == Pair(add(cube.0, b.0), add(cube.1, b.1))
    };
    let (zero, four) = (U384::ZERO, U384::from(4));
    match elements[..] {
        [x, y] => equation(Pair(x, zero), Pair(y, zero), Pair(four, zero)),
        [x0, x1, y0, y1] => equation(Pair(x0, x1), Pair(y0, y1), Pair(four, four)),
        _ => false,
    }
}

/// The compressed form of an uncompressed point other than infinity.
pub fn compressed(point: &[u8]) -> Vec<u8> {
    let elements: Vec<_> = point.chunks(64).map(|chunk| element(&chunk[16..])).collect();
    let (x, y) = elements.split_at(elements.len() / 2);
    let larger = y.iter().rev().find(|element| !element.is_zero()).is_some_and(|element| is_larger(*element));
    let mut bytes: Vec<_> = x.iter().rev().flat_map(|element| element.to_be_bytes::<FIELD_BYTES>()).collect();
    bytes[0] |= COMPRESSED | if larger { LARGER_Y } else { 0 };
    bytes
}
