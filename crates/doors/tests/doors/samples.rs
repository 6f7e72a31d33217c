//! Values of every type that crosses, made from a number: the same number makes the same value.

mod entities;
mod sources;

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, B256, Bytes, FixedBytes, U256};
use chancery_reference_points::{Code, DoorError};
use serde_json::{Map, Value, json};

/// SplitMix64 (Steele, Lea, Flood 2014): small, and the same everywhere.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) const fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.roll() % bound as u64).unwrap()
    }

    pub(crate) fn one_of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }

    pub(crate) fn sample<T: Sample>(&mut self) -> T {
        T::sample(self)
    }
}

/// A type that crosses.
pub(crate) trait Sample {
    fn sample(dice: &mut Dice) -> Self;
}

/// Structures, each member of which is one.
macro_rules! structures {
    ($($name:ident { $($member:ident),* $(,)? })*) => {
        $(impl crate::samples::Sample for $name {
            fn sample(dice: &mut crate::samples::Dice) -> Self {
                Self { $($member: dice.sample()),* }
            }
        })*
    };
}

/// Names, which are text.
macro_rules! names {
    ($($name:ident)*) => {
        $(impl crate::samples::Sample for $name {
            fn sample(dice: &mut crate::samples::Dice) -> Self {
                Self(dice.sample())
            }
        })*
    };
}

pub(crate) use {names, structures};

impl Sample for u64 {
    fn sample(dice: &mut Dice) -> Self {
        let drawn = dice.roll();
        dice.one_of(&[0, 1, drawn, drawn >> 40, Self::MAX])
    }
}

impl Sample for u32 {
    fn sample(dice: &mut Dice) -> Self {
        Self::try_from(dice.roll() >> 32).unwrap()
    }
}

impl Sample for u16 {
    fn sample(dice: &mut Dice) -> Self {
        Self::try_from(dice.roll() >> 48).unwrap()
    }
}

impl Sample for usize {
    fn sample(dice: &mut Dice) -> Self {
        dice.below(1 << 20)
    }
}

impl Sample for i64 {
    fn sample(dice: &mut Dice) -> Self {
        let drawn = dice.roll().cast_signed();
        dice.one_of(&[0, -1, drawn, Self::MIN, Self::MAX])
    }
}

impl Sample for bool {
    fn sample(dice: &mut Dice) -> Self {
        dice.roll().is_multiple_of(2)
    }
}

impl Sample for String {
    fn sample(dice: &mut Dice) -> Self {
        const LETTERS: [char; 12] =
            ['a', 'Z', '7', ' ', '"', '\\', '\n', '\u{0}', '\u{e9}', '\u{4e2d}', '\u{1f600}', '\u{2028}'];
        (0..dice.below(24)).map(|_| dice.one_of(&LETTERS)).collect()
    }
}

impl Sample for Bytes {
    fn sample(dice: &mut Dice) -> Self {
        (0..dice.below(80)).map(|_| dice.roll().to_be_bytes()[0]).collect::<Vec<u8>>().into()
    }
}

impl<const N: usize> Sample for FixedBytes<N> {
    fn sample(dice: &mut Dice) -> Self {
        Self::from_slice(&(0..N).map(|_| dice.roll().to_be_bytes()[0]).collect::<Vec<u8>>())
    }
}

impl Sample for Address {
    fn sample(dice: &mut Dice) -> Self {
        Self(dice.sample())
    }
}

impl Sample for U256 {
    fn sample(dice: &mut Dice) -> Self {
        dice.sample::<B256>().into()
    }
}

impl<T: Sample> Sample for Option<T> {
    fn sample(dice: &mut Dice) -> Self {
        dice.sample::<bool>().then(|| dice.sample())
    }
}

impl<T: Sample> Sample for Vec<T> {
    fn sample(dice: &mut Dice) -> Self {
        (0..dice.below(4)).map(|_| dice.sample()).collect()
    }
}

impl<T: Sample + Ord> Sample for BTreeSet<T> {
    fn sample(dice: &mut Dice) -> Self {
        (0..dice.below(4)).map(|_| dice.sample()).collect()
    }
}

impl Sample for BTreeMap<String, String> {
    fn sample(dice: &mut Dice) -> Self {
        (0..dice.below(4)).map(|_| (dice.sample(), dice.sample())).collect()
    }
}

impl<A: Sample, B: Sample> Sample for (A, B) {
    fn sample(dice: &mut Dice) -> Self {
        (dice.sample(), dice.sample())
    }
}

impl<T: Sample> Sample for [T; 4] {
    fn sample(dice: &mut Dice) -> Self {
        std::array::from_fn(|_| dice.sample())
    }
}

impl Sample for Map<String, Value> {
    fn sample(dice: &mut Dice) -> Self {
        (0..dice.below(4)).map(|_| (dice.sample(), leaf(dice))).collect()
    }
}

/// No document of the doors is `null` by itself: where there is none, it is absent.
impl Sample for Value {
    fn sample(dice: &mut Dice) -> Self {
        let (members, item) = (dice.sample::<Map<String, Self>>(), leaf(dice));
        dice.one_of(&[Self::Object(members.clone()), json!([item, {"nested": [members]}]), json!(7)])
    }
}

/// Numbers as people write them; those that need more digits than fifteen are not promised to the last place.
fn leaf(dice: &mut Dice) -> Value {
    let (text, number, signed) = (dice.sample::<String>(), dice.sample::<u64>(), dice.sample::<i64>());
    dice.one_of(&[Value::Null, json!(true), json!(text), json!(number), json!(signed), json!(-12.625), json!(1e-7)])
}

impl Sample for DoorError {
    fn sample(dice: &mut Dice) -> Self {
        let mut error = Self::new(dice.one_of(Code::ALL), dice.sample::<String>());
        for (name, value) in dice.sample::<Map<String, Value>>() {
            error = error.with(&name, value);
        }
        match dice.sample::<Option<String>>() {
            Some(cause) => error.caused_by(std::io::Error::other(cause)),
            None => error,
        }
    }
}
