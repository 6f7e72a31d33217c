//! A sum of many points of secp256k1, each times a number of 128 bits (Pippenger, FOCS 1976): one number's digits at a time, every point is added to the
//! bucket of its digit, and a bucket counts as often as its digit says. Digits are signed, which halves the buckets.

use k256::{AffinePoint, ProjectivePoint};

const BITS: u32 = 128;

/// The widths of a digit, in bits, that are considered: wider ones need more points than come together.
const WIDTHS: std::ops::RangeInclusive<u32> = 2..=12;

/// The width of a digit, in bits, that needs the fewest additions.
fn width(points: usize) -> u32 {
    let additions = |width: &u32| digits_of(*width) * (points + (1 << width));
    WIDTHS.min_by_key(additions).unwrap_or(2)
}

/// Digits of a number; the last takes what the others carry.
const fn digits_of(width: u32) -> usize {
    (BITS / width + 1) as usize
}

/// The sum of the products.
pub(super) fn sum(terms: &[(u128, AffinePoint)]) -> ProjectivePoint {
    sum_with(width(terms.len()), terms)
}

fn sum_with(width: u32, terms: &[(u128, AffinePoint)]) -> ProjectivePoint {
    let digits: Vec<Vec<i16>> = split(terms, width);
    let mut buckets = vec![ProjectivePoint::IDENTITY; 1 << (width - 1)];
    let mut total = ProjectivePoint::IDENTITY;
    for place in digits.iter().rev() {
        for _ in 0..width {
            total = total.double();
        }
        buckets.fill(ProjectivePoint::IDENTITY);
        for (digit, (_, point)) in place.iter().zip(terms) {
            let Some(bucket) = usize::from(digit.unsigned_abs()).checked_sub(1).and_then(|at| buckets.get_mut(at))
            else {
                continue;
            };
            if *digit > 0 {
                *bucket += *point;
            } else {
                *bucket -= *point;
            }
        }
        total += weighted(&buckets);
    }
    total
}

/// Once the first bucket, twice the second, and so on.
fn weighted(buckets: &[ProjectivePoint]) -> ProjectivePoint {
    let (mut from_here, mut all) = (ProjectivePoint::IDENTITY, ProjectivePoint::IDENTITY);
    for bucket in buckets.iter().rev() {
        from_here += bucket;
        all += from_here;
    }
    all
}

/// The digits of all numbers, place by place from the lowest one on; each between -2^(width-1), exclusively, and 2^(width-1).
fn split(terms: &[(u128, AffinePoint)], width: u32) -> Vec<Vec<i16>> {
    let half = 1 << (width - 1);
    let mut carries = vec![0; terms.len()];
    let places = (0..digits_of(width) as u32).map(|place| {
        let digit = |((number, _), carry): (&(u128, AffinePoint), &mut i16)| {
            let raw = number.checked_shr(place * width).unwrap_or(0) & ((1 << width) - 1);
            // At most 12 bits.
            let digit = raw as i16 + *carry;
            *carry = i16::from(digit > half);
            digit - (*carry << width)
        };
        terms.iter().zip(&mut carries).map(digit).collect()
    });
    places.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use k256::Scalar;
    use proptest::prelude::*;

    fn slow(terms: &[(u128, AffinePoint)]) -> ProjectivePoint {
        terms.iter().map(|(number, point)| *point * Scalar::from(*number)).sum()
    }

    fn points(numbers: &[u128]) -> Vec<(u128, AffinePoint)> {
        let point = |factor: usize| (ProjectivePoint::GENERATOR * Scalar::from(factor as u64)).to_affine();
        numbers.iter().enumerate().map(|(index, number)| (*number, point(index % 7))).collect()
    }

    #[test]
    fn extreme_numbers_of_every_width() {
        for width in WIDTHS {
            // All digits the same: around the half, where digits begin to be negative.
            let all = |digit: u128| {
                (0..digits_of(width) as u32)
                    .fold(0_u128, |number, place| number | digit.checked_shl(place * width).unwrap_or(0))
            };
            let half = 1 << (width - 1);
            let mut numbers = vec![0, 1, 2, u128::MAX, u128::MAX - 1, 1 << 127, (1 << 127) - 1];
            numbers.extend([half - 1, half, half + 1, 2 * half - 1].map(all));
            let terms = points(&numbers);
            assert_eq!(sum_with(width, &terms), slow(&terms), "digits of {width} bits");
        }
    }

    #[test]
    fn many_points() {
        let numbers: Vec<u128> = (0..1_500).map(|number| u128::MAX / (number + 1)).collect();
        let terms = points(&numbers);
        assert_eq!(sum(&terms), slow(&terms));
        assert_eq!(sum(&[]), ProjectivePoint::IDENTITY);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn is_the_sum_of_the_products(numbers in prop::collection::vec(any::<u128>(), 0..80)) {
            let terms = points(&numbers);
            prop_assert_eq!(sum(&terms), slow(&terms));
        }
    }
}
