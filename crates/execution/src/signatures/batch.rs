//! Many ECDSA signatures of known keys, verified together.
//!
//! A signature (r, s) over a digest z by the key Q is valid exactly if s R = z G + r Q, where R is the point with abscissa r whose ordinate has the parity
//! that the signature names (SEC 1, 4.1.6; Ethereum's signatures name it, and never an abscissa of r + n). With t = 1 / s that is
//! R - t z G - t r Q = 0. A sum of such terms, each with a coefficient of its own, is zero for every choice of coefficients only if each term is; if one
//! is not, a random choice of 127 bits gives zero with a chance of 2^-127 (Naccache, M'Raihi, Vaudenay, Raphaeli, EUROCRYPT '94; Bellare, Garay, Rabin,
//! EUROCRYPT '98). Coefficients are drawn from a hash of everything that is verified (as Fiat and Shamir draw challenges), so a seed gives one run
//! and who makes signatures can choose none of them.

use std::collections::HashMap;

use alloy_consensus::TxEnvelope;
use alloy_primitives::{B256, Keccak256, keccak256};
use k256::{
    AffinePoint, FieldBytes, ProjectivePoint, Scalar, U256,
    elliptic_curve::{
        PrimeField as _,
        group::{Group as _, GroupEncoding as _},
        ops::Reduce,
        point::DecompressPoint as _,
    },
};

use super::{keys::HALF_ORDER, multiply};

/// What has to hold for one transaction.
pub(super) struct Equation {
    r: Scalar,
    s: Scalar,
    /// R.
    point: AffinePoint,
    z: Scalar,
    key: AffinePoint,
}

impl Equation {
    /// That `key` signed the transaction. `None`: no key can have, because the signature is out of range (EIP-2 included).
    pub(super) fn of(envelope: &TxEnvelope, key: AffinePoint) -> Option<Self> {
        let signature = envelope.signature();
        if signature.s() > HALF_ORDER {
            return None;
        }
        let abscissa = FieldBytes::from(signature.r().to_be_bytes::<32>());
        let r = Scalar::from_repr(abscissa).into_option()?;
        let s = Scalar::from_repr(signature.s().to_be_bytes::<32>().into()).into_option()?;
        if bool::from(r.is_zero() | s.is_zero()) {
            return None;
        }
        let point = AffinePoint::decompress(&abscissa, u8::from(signature.v()).into()).into_option()?;
        let z = <Scalar as Reduce<U256>>::reduce_bytes(&envelope.signature_hash().0.into());
        Some(Self { r, s, point, z, key })
    }
}

/// Whether all of them hold.
pub(super) fn all_hold(equations: &[Equation]) -> bool {
    let Some(inverses) = inverses(equations) else { return false };
    let coefficients = Coefficients::new(equations);
    let mut points = Vec::with_capacity(equations.len());
    let mut of_generator = Scalar::ZERO;
    let mut of_keys: HashMap<[u8; 33], (AffinePoint, Scalar)> = HashMap::new();
    for ((equation, inverse), coefficient) in equations.iter().zip(inverses).zip(coefficients) {
        points.push((coefficient, equation.point));
        let t = Scalar::from(coefficient) * inverse;
        of_generator += t * equation.z;
        of_keys.entry(equation.key.to_bytes().into()).or_insert((equation.key, Scalar::ZERO)).1 += t * equation.r;
    }
    let mut rest = ProjectivePoint::GENERATOR * of_generator;
    for (key, factor) in of_keys.into_values() {
        rest += key * factor;
    }
    bool::from((multiply::sum(&points) - rest).is_identity())
}

/// 1 / s of each, with one inversion for all (Montgomery's trick).
fn inverses(equations: &[Equation]) -> Option<Vec<Scalar>> {
    let mut products = Vec::with_capacity(equations.len());
    let mut product = Scalar::ONE;
    for equation in equations {
        products.push(product);
        product *= equation.s;
    }
    let mut inverse: Scalar = product.invert().into_option()?;
    for (equation, product) in equations.iter().zip(&mut products).rev() {
        *product *= inverse;
        inverse *= equation.s;
    }
    Some(products)
}

/// Odd numbers of 128 bits, from a hash of all that is verified.
struct Coefficients {
    seed: B256,
    drawn: u64,
    spare: Option<u128>,
}

impl Coefficients {
    fn new(equations: &[Equation]) -> Self {
        let mut hash = Keccak256::new();
        for Equation { r, s, point, z, key } in equations {
            // The parity of R is in its encoding.
            [r, s, z].iter().for_each(|scalar| hash.update(scalar.to_bytes()));
            [point, key].iter().for_each(|point| hash.update(point.to_bytes()));
        }
        Self { seed: hash.finalize(), drawn: 0, spare: None }
    }
}

impl Iterator for Coefficients {
    type Item = u128;

    fn next(&mut self) -> Option<u128> {
        if let Some(spare) = self.spare.take() {
            return Some(spare);
        }
        let mut input = [0; 40];
        input[..32].copy_from_slice(self.seed.as_slice());
        input[32..].copy_from_slice(&self.drawn.to_be_bytes());
        self.drawn += 1;
        let [first, second] = halves(keccak256(input)).map(|half| half | 1);
        self.spare = Some(second);
        Some(first)
    }
}

fn halves(word: B256) -> [u128; 2] {
    let (mut first, mut second) = ([0; 16], [0; 16]);
    first.copy_from_slice(&word[..16]);
    second.copy_from_slice(&word[16..]);
    [first, second].map(u128::from_be_bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use k256::elliptic_curve::point::AffineCoordinates as _;

    use super::*;

    fn times(factor: Scalar) -> AffinePoint {
        (ProjectivePoint::GENERATOR * factor).to_affine()
    }

    /// An equation that is wrong by `error` times the generator, for whatever reason.
    fn wrong_by(error: Scalar, number: u64) -> Equation {
        let [k, d, z] = [3, 5, 7].map(|factor| Scalar::from(number * 100 + factor));
        let point = times(k);
        let r = <Scalar as Reduce<U256>>::reduce_bytes(&point.x());
        let s = (z + r * d) * (k - error).invert().unwrap();
        Equation { r, s, point, z, key: times(d) }
    }

    fn honest(count: u64) -> Vec<Equation> {
        (0..count).map(|number| wrong_by(Scalar::ZERO, number)).collect()
    }

    // CHAIN-8: errors that cancel each other in a plain sum do not in a random one.
    #[test]
    fn errors_do_not_cancel() {
        assert!(all_hold(&honest(20)));
        let one = Scalar::ONE;
        for errors in [
            vec![(0, one), (1, -one)],
            vec![(1, one), (2, -one)],
            vec![(3, one), (17, -one)],
            vec![(4, one), (5, one), (6, -(one + one))],
            vec![(19, one)],
        ] {
            let mut equations = honest(20);
            for (index, error) in &errors {
                equations[*index] = wrong_by(*error, *index as u64);
            }
            assert!(!all_hold(&equations), "{:?}", errors.iter().map(|(index, _)| index).collect::<Vec<_>>());
        }
    }

    #[test]
    fn coefficients_are_odd_and_all_different() {
        let drawn: std::collections::HashSet<u128> = Coefficients::new(&honest(2)).take(4_096).collect();
        assert_eq!(drawn.len(), 4_096);
        assert!(drawn.iter().all(|coefficient| coefficient % 2 == 1));
    }

    #[test]
    fn whatever_is_verified_changes_every_coefficient() {
        let first = |equations: &[Equation]| Coefficients::new(equations).take(4).collect::<Vec<_>>();
        let plain = first(&honest(3));
        let changes: [fn(&mut Vec<Equation>); 6] = [
            |equations| equations[2].r += Scalar::ONE,
            |equations| equations[2].s += Scalar::ONE,
            |equations| equations[2].z += Scalar::ONE,
            |equations| equations[2].point = -equations[2].point,
            |equations| equations[2].key = -equations[2].key,
            |equations| equations.swap(0, 2),
        ];
        for (number, change) in changes.iter().enumerate() {
            let mut equations = honest(3);
            change(&mut equations);
            let changed = first(&equations);
            assert!(plain.iter().zip(&changed).all(|(one, other)| one != other), "change {number}");
        }
    }
}
