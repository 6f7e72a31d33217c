//! Numbers as they are written: compared exactly, and added up exactly within [`Fixed`]'s bounds. No binary fraction is between.

use std::{cmp::Ordering, fmt, str::FromStr};

use alloy_primitives::{I256, Sign, U256};

/// Most digits before the point, and most after it, of a number that is added up.
pub const MAX_DIGITS: usize = 30;
/// Digits after the point of a mean.
pub const MEAN_DIGITS: usize = 12;
/// An exponent beyond this is compared as this: no number that fits into an operation comes near.
const MAX_POWER: i64 = i64::MAX / 4;

/// This is no number as JSON writes it, or one beyond the bounds of a sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no number, or one of more than {MAX_DIGITS} digits before or after the point")]
pub struct NotANumber;

/// A number of any size: `0.DIGITS` times ten to the power of `exponent`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Decimal {
    is_negative: bool,
    /// Without zeros at either end; empty for zero.
    digits: Vec<u8>,
    exponent: i64,
}

impl Decimal {
    const ZERO: Self = Self { is_negative: false, digits: Vec::new(), exponent: 0 };

    const fn sign(&self) -> i8 {
        match (self.digits.is_empty(), self.is_negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }
}

impl FromStr for Decimal {
    type Err = NotANumber;

    /// A number as JSON writes it (RFC 8259, section 6).
    fn from_str(text: &str) -> Result<Self, NotANumber> {
        let (is_negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, power) = rest.split_once(['e', 'E']).map_or((rest, None), |(left, right)| (left, Some(right)));
        let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(left, right)| (left, Some(right)));
        let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_digits(whole)
            || (whole.len() > 1 && whole.starts_with('0'))
            || fraction.is_some_and(|one| !is_digits(one))
        {
            return Err(NotANumber);
        }
        let power = match power {
            None => 0,
            Some(power) => {
                let (is_less, size) = power.strip_prefix('-').map_or((false, power), |rest| (true, rest));
                let size = if is_less { size } else { size.strip_prefix('+').unwrap_or(size) };
                if !is_digits(size) {
                    return Err(NotANumber);
                }
                let size = size.parse::<i64>().unwrap_or(MAX_POWER).min(MAX_POWER);
                if is_less { -size } else { size }
            }
        };
        let all: Vec<u8> = whole.bytes().chain(fraction.unwrap_or_default().bytes()).collect();
        let leading = all.iter().take_while(|digit| **digit == b'0').count();
        let mut digits = all.get(leading..).unwrap_or_default().to_vec();
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        if digits.is_empty() {
            return Ok(Self::ZERO);
        }
        let places = i64::try_from(whole.len()).ok().zip(i64::try_from(leading).ok());
        // Bounded as a power is: what is written of it reads as the same.
        let exponent = places.map(|(whole, leading)| (whole - leading + power).clamp(-MAX_POWER, MAX_POWER));
        let exponent = exponent.ok_or(NotANumber)?;
        Ok(Self { is_negative, digits, exponent })
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        self.sign().cmp(&other.sign()).then_with(|| {
            // Without zeros at the end, the order of the digits as text is that of the fractions.
            let size = self.exponent.cmp(&other.exponent).then_with(|| self.digits.cmp(&other.digits));
            if self.is_negative { size.reverse() } else { size }
        })
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Decimal {
    /// In one way for each number: without exponent if it has at most [`MAX_DIGITS`] digits on both sides of the point.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Fixed::try_from(self) {
            Ok(fixed) => fixed.fmt(f),
            Err(NotANumber) => {
                let digits = std::str::from_utf8(&self.digits).map_err(|_| fmt::Error)?;
                write!(f, "{}0.{digits}e{}", if self.is_negative { "-" } else { "" }, self.exponent)
            }
        }
    }
}

/// A number in units of ten to the power of minus [`MAX_DIGITS`]: what is added up. A sum has room for more than 10^16 of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fixed(I256);

impl Fixed {
    /// The sum; `None` beyond all room.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The sum divided by how many it is of, to [`MEAN_DIGITS`] digits after the point, half to even; `None` of none.
    #[must_use]
    pub fn mean(self, count: u64) -> Option<Self> {
        let unit = power(MAX_DIGITS - MEAN_DIGITS);
        let (sign, size) = self.0.into_sign_and_abs();
        let divisor = unit.checked_mul(U256::from(count)).filter(|divisor| !divisor.is_zero())?;
        let (mut quotient, rest) = size.div_rem(divisor);
        let is_up = match (rest * U256::from(2)).cmp(&divisor) {
            Ordering::Less => false,
            Ordering::Equal => quotient.bit(0),
            Ordering::Greater => true,
        };
        if is_up {
            quotient += U256::from(1);
        }
        I256::checked_from_sign_and_abs(sign, quotient.checked_mul(unit)?).map(Self)
    }
}

fn power(of_ten: usize) -> U256 {
    U256::from(10).pow(U256::from(of_ten))
}

impl TryFrom<&Decimal> for Fixed {
    type Error = NotANumber;

    fn try_from(number: &Decimal) -> Result<Self, NotANumber> {
        let most = i64::try_from(MAX_DIGITS).map_err(|_| NotANumber)?;
        let after = i64::try_from(number.digits.len()).map_err(|_| NotANumber)?.saturating_sub(number.exponent);
        if number.exponent > most || after > most {
            return Err(NotANumber);
        }
        let digit = |size: U256, digit: &u8| size * U256::from(10) + U256::from(digit - b'0');
        // Both are within bounds: at most 60 digits.
        let size = number.digits.iter().fold(U256::ZERO, digit);
        let shift = usize::try_from(most - after).map_err(|_| NotANumber)?;
        let sign = if number.is_negative { Sign::Negative } else { Sign::Positive };
        let size = if size.is_zero() { size } else { size * power(shift) };
        I256::checked_from_sign_and_abs(sign, size).map(Self).ok_or(NotANumber)
    }
}

impl FromStr for Fixed {
    type Err = NotANumber;

    fn from_str(text: &str) -> Result<Self, NotANumber> {
        Self::try_from(&text.parse::<Decimal>()?)
    }
}

impl fmt::Display for Fixed {
    /// All digits, none more: `-0.5`, `12`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, size) = self.0.into_sign_and_abs();
        let (whole, rest) = size.div_rem(power(MAX_DIGITS));
        let minus = if sign.is_negative() { "-" } else { "" };
        if rest.is_zero() {
            return write!(f, "{minus}{whole}");
        }
        let rest = format!("{:0>width$}", rest.to_string(), width = MAX_DIGITS);
        write!(f, "{minus}{whole}.{}", rest.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    // M-SER-2: what is compared is what is written.
    #[test]
    fn numbers_are_ordered_exactly_whatever_their_spelling() {
        let ordered = [
            "-1e400",
            "-2",
            "-1.5",
            "-1e-400",
            "0",
            "1e-400",
            "0.1",
            "0.10000000000000000001",
            "9007199254740993",
            "1e400",
        ];
        for (left, one) in ordered.iter().enumerate() {
            for (right, other) in ordered.iter().enumerate() {
                assert_eq!(decimal(one).cmp(&decimal(other)), left.cmp(&right), "{one} and {other}");
            }
        }
        for (one, same) in
            [("1", "1.0"), ("100", "1e2"), ("0.5", "5E-1"), ("-0", "0"), ("0e9", "0.000"), ("12.30", "123e-1")]
        {
            assert_eq!(decimal(one), decimal(same));
        }
        for text in ["", "-", "01", ".5", "1.", "1e", "1e+", "+1", "0x1", "NaN", "1 ", "١"] {
            assert!(text.parse::<Decimal>().is_err(), "{text:?}");
        }
    }

    // S-APP: tenths add up to what they are.
    #[test]
    fn sums_are_exact_and_means_are_rounded_in_one_way() {
        let sum = |texts: &[&str]| {
            texts
                .iter()
                .map(|text| text.parse::<Fixed>().unwrap())
                .fold(Fixed::default(), |sum, one| sum.checked_add(one).unwrap())
        };
        assert_eq!(sum(&["0.1"; 10]).to_string(), "1");
        assert_eq!(sum(&["0.1", "0.2"]).to_string(), "0.3");
        assert_eq!(
            sum(&["9007199254740993", "-0.5", "1e-30"]).to_string(),
            "9007199254740992.500000000000000000000000000001"
        );
        let mean = |text: &str, count| text.parse::<Fixed>().unwrap().mean(count).map(|mean| mean.to_string());
        assert_eq!(mean("1", 3).as_deref(), Some("0.333333333333"));
        assert_eq!(mean("-2", 3).as_deref(), Some("-0.666666666667"));
        // Halves of the last digit go to the even one.
        assert_eq!(mean("0.000000000001", 2).as_deref(), Some("0"));
        assert_eq!(mean("0.000000000003", 2).as_deref(), Some("0.000000000002"));
        assert_eq!(mean("1", 0), None);
    }

    #[test]
    fn what_has_no_room_in_a_sum_is_refused_and_not_cut() {
        for text in ["1e30", "1e-31", "1e400", "123456789012345678901234567890.1234567890123456789012345678901"] {
            assert!(text.parse::<Fixed>().is_err(), "{text}");
            assert_eq!(decimal(&decimal(text).to_string()), decimal(text));
        }
        let most = "-999999999999999999999999999999.999999999999999999999999999999";
        assert_eq!(most.parse::<Fixed>().unwrap().to_string(), most);
    }
}
