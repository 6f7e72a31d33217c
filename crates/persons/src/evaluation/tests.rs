#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

fn bytes<const N: usize>(hex: &str) -> [u8; N] {
    hex::decode(hex).unwrap().try_into().unwrap()
}

fn key(byte: u8) -> EvaluatorKey {
    EvaluatorKey::from_seed(&[byte; 32]).unwrap()
}

/// The office's and the evaluator's part, in one.
fn output(key: &EvaluatorKey, input: [u8; 32]) -> [u8; OUTPUT_BYTES] {
    let blinding = Blinding::of(&Zeroizing::new(input)).unwrap();
    let evaluated = key.evaluate(blinding.blinded()).unwrap();
    *blinding.finish(&evaluated, &key.public()).unwrap()
}

// RFC 9497, A.3.2: key and evaluation of the first two vectors of VOPRF(P-256, SHA-256).
#[test]
fn keys_and_evaluations_are_those_of_the_standard() {
    let key = EvaluatorKey::derive(&[0xa3; 32], b"test key").unwrap();
    assert_eq!(key.public().to_string(), "0x03e17e70604bcabe198882c0a1f27a92441e774224ed9c702e51dd17038b102462");
    for (blinded, element) in [
        (
            "02dd05901038bb31a6fae01828fd8d0e49e35a486b5c5d4b4994013648c01277da",
            "0209f33cab60cf8fe69239b0afbcfcd261af4c1c5632624f2e9ba29b90ae83e4a2",
        ),
        (
            "03cd0f033e791c4d79dfa9c6ed750f2ac009ec46cd4195ca6fd3800d1e9b887dbd",
            "030d2985865c693bf7af47ba4d3a3813176576383d19aff003ef7b0784a0d83cf1",
        ),
    ] {
        assert_eq!(key.evaluate(&bytes::<33>(blinded)).unwrap().element, bytes::<33>(element));
    }
}

// RFC 9497, A.3.2.1: whatever the blinding, the output is that of the standard.
#[test]
fn outputs_are_those_of_the_standard() {
    let key = EvaluatorKey::derive(&[0xa3; 32], b"test key").unwrap();
    for (input, expected) in [
        (vec![0_u8], "0412e8f78b02c415ab3a288e228978376f99927767ff37c5718d420010a645a1"),
        (vec![0x5a; 17], "771e10dcd6bcd3664e23b8f2a710cfaaa8357747c4a8cbba03133967b5c24f18"),
    ] {
        let blinding = VoprfClient::<Suite>::blind(&input, &mut OsRng).unwrap();
        let evaluated = key.evaluate(&blinding.message.serialize()[..]).unwrap();
        let element = EvaluationElement::<Suite>::deserialize(&evaluated.element).unwrap();
        let proof = Proof::<Suite>::deserialize(&evaluated.proof).unwrap();
        let public = <Suite as Group>::deserialize_elem(key.public().bytes()).unwrap();
        let output = blinding.state.finalize(&input, &element, &proof, public).unwrap();
        assert_eq!(hex::encode(output), expected);
    }
}

// PERSONS-1: the same person twice is two unrelated points, and no hash of the input.
#[test]
fn what_an_evaluator_sees_never_repeats() {
    let input = Zeroizing::new([7; 32]);
    let (one, other) = (Blinding::of(&input).unwrap(), Blinding::of(&input).unwrap());
    assert_ne!(one.blinded(), other.blinded());
    assert_eq!(output(&key(1), *input), output(&key(1), *input));
    assert_ne!(output(&key(1), *input), output(&key(2), *input));
}

// PERSONS-2
#[test]
fn an_evaluation_of_another_key_or_an_altered_one_is_refused() {
    let (right, other) = (key(1), key(2));
    let blinding = Blinding::of(&Zeroizing::new([7; 32])).unwrap();
    let foreign = other.evaluate(blinding.blinded()).unwrap();
    assert_eq!(blinding.finish(&foreign, &right.public()).unwrap_err(), EvaluationError::OtherKey);
    let good = right.evaluate(blinding.blinded()).unwrap();
    let swapped = Evaluated { element: foreign.element, ..good };
    assert!(blinding.finish(&swapped, &right.public()).is_err());
    for byte in [0, 20, 40, 63] {
        let mut altered = good;
        altered.proof[byte] ^= 1;
        assert!(blinding.finish(&altered, &right.public()).is_err(), "byte {byte}");
    }
    assert!(blinding.finish(&good, &right.public()).is_ok());
}

#[test]
fn what_is_no_point_is_refused() {
    let key = key(1);
    for wrong in [vec![], vec![0; 33], vec![2; 32], vec![0xff; 33], [&[2][..], &[0xff; 32]].concat(), vec![2; 66]] {
        assert_eq!(key.evaluate(&wrong).unwrap_err(), EvaluationError::Element, "{wrong:?}");
    }
    assert!("0x00".parse::<EvaluatorPublicKey>().is_err());
    assert!(key.public().to_string()[2..].parse::<EvaluatorPublicKey>().is_err());
    assert_eq!(key.public().to_string().parse::<EvaluatorPublicKey>().unwrap(), key.public());
    assert!(!format!("{key:?}").contains(&hex::encode([1; 32])));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    // C-ID: one person has one output, and two have two.
    #[test]
    fn outputs_follow_inputs(one: [u8; 32], other: [u8; 32], seed: [u8; 32]) {
        let key = EvaluatorKey::from_seed(&seed).unwrap();
        prop_assert_eq!(output(&key, one), output(&key, one));
        prop_assert_eq!(output(&key, one) == output(&key, other), one == other);
    }
}
