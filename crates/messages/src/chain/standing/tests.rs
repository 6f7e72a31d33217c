#![allow(clippy::unwrap_used)]

use alloy_primitives::Address;

use super::*;
use crate::{
    made_city::{MadeCity, NOW_S, STANDING_BLOCK, of, persons, word},
    members::RIGHT,
};

const NOW: UnixSeconds = UnixSeconds(NOW_S);

fn sender() -> Correspondent {
    of("SENDER-1", &persons()[0])
}

/// What a proof shows at the block whose words are altered so.
fn shown(alter: impl FnOnce(&mut [U256; 6])) -> Result<StandingAt, StandingError> {
    let city = MadeCity::new(1);
    city.standing(sender(), STANDING_BLOCK, NOW_S, alter).verify_now(&city.chain(), sender(), RIGHT, NOW)
}

// MSG-13: knowing the genesis alone.
#[test]
fn a_key_in_force_is_shown_by_the_genesis_of_its_city_and_of_no_other() {
    let (city, other) = (MadeCity::new(1), MadeCity::new(2));
    let standing = city.standing(sender(), STANDING_BLOCK, NOW_S, |_| ());
    let at = standing.verify_now(&city.chain(), sender(), RIGHT, NOW).unwrap();
    assert_eq!((at.block_number, at.time), (STANDING_BLOCK, NOW));
    assert_eq!(standing.verify(&city.chain(), sender(), RIGHT), Ok(at));
    let refused = standing.verify_now(&other.chain(), sender(), RIGHT, NOW);
    assert!(matches!(refused, Err(StandingError::Proof(VerifyError::FinalitySignature))), "{refused:?}");
    // As it travels.
    let text = serde_json::to_string(&standing).unwrap();
    assert_eq!(serde_json::from_str::<Standing>(&text).unwrap(), standing);
}

// MSG-13: what was taken away, and what never was.
#[test]
fn a_key_that_does_not_count_is_refused_by_its_name() {
    let ended = |refused| matches!(refused, Err(StandingError::Ended(_)));
    let never = |refused| matches!(refused, Err(StandingError::NeverAMember(_)));
    assert!(shown(|_| ()).is_ok());
    assert_eq!(shown(|words| words[0] = word(&[(1, 160), (1, 224)])), Err(StandingError::Suspended));
    assert!(ended(shown(|words| words[2] = word(&[(1, 0), (NOW_S, 64)]))), "the organization lost the right");
    assert!(ended(shown(|words| words[5] = word(&[(1, 0), (NOW_S, 128)]))), "the key was revoked");
    assert!(ended(shown(|words| words[5] = word(&[(1, 0), (NOW_S - 1, 64)]))), "the key is over");
    assert!(never(shown(|words| words[0] = U256::ZERO)), "no such organization");
    assert!(never(shown(|words| words[1] = U256::ZERO)), "never granted");
    let another = U256::from_be_bytes(Address::repeat_byte(7).into_word().0);
    assert!(never(shown(|words| words[3] = another)), "the record is of another key");
    assert!(never(shown(|words| words[4] = U256::from(1))), "the record is of another right");
    // Another period than the last one is no answer: the slots would be others.
    assert_eq!(shown(|words| words[1] = U256::from(2)), Err(StandingError::OtherSlots));
}

// MSG-13: a proof of something else, and a proof that is altered.
#[test]
fn a_forged_proof_shows_nothing() {
    let city = MadeCity::new(1);
    let good = || city.standing(sender(), STANDING_BLOCK, NOW_S, |_| ());
    let refused = |standing: Standing| standing.verify_now(&city.chain(), sender(), RIGHT, NOW).unwrap_err();
    let is_unproven = |error| matches!(error, StandingError::Proof(VerifyError::StorageNotProven { .. }));

    let mut standing = good();
    standing.record = 4;
    assert_eq!(refused(standing), StandingError::OtherSlots);
    let mut standing = good();
    standing.proof.finality = None;
    assert_eq!(refused(standing), StandingError::OtherSlots);
    let mut standing = good();
    standing.proof.account.storage_proof.pop();
    assert_eq!(refused(standing), StandingError::OtherSlots);
    let mut standing = good();
    standing.proof.account.storage_proof.swap(3, 4);
    assert_eq!(refused(standing), StandingError::OtherSlots);
    // The revocation is left out.
    let mut standing = city.standing(sender(), STANDING_BLOCK, NOW_S, |words| words[5] = word(&[(1, 0), (NOW_S, 128)]));
    standing.proof.account.storage_proof[5].value = word(&[(1, 0)]);
    assert!(is_unproven(refused(standing)));
    // A state that no validator has signed.
    let mut standing = good();
    let unsigned = city.standing(sender(), STANDING_BLOCK, NOW_S + 1, |_| ()).proof.finality.unwrap();
    standing.proof.finality.as_mut().unwrap().header = unsigned.header;
    assert!(matches!(refused(standing), StandingError::Proof(VerifyError::HeaderHashMismatch { .. })));
    // The standing of somebody else.
    let other = of("SENDER-2", &persons()[0]);
    let of_other = city.standing(other, STANDING_BLOCK, NOW_S, |_| ());
    assert_eq!(refused(of_other), StandingError::OtherSlots);
}

// MSG-13, MSG-14
#[test]
fn the_block_is_young_and_not_ahead() {
    let city = MadeCity::new(1);
    let at = |time_s| {
        city.standing(sender(), STANDING_BLOCK, time_s, |_| ()).verify_now(&city.chain(), sender(), RIGHT, NOW)
    };
    assert!(at(NOW_S - MAX_STANDING_AGE_S).is_ok());
    let age_s = MAX_STANDING_AGE_S + 1;
    assert_eq!(at(NOW_S - age_s), Err(StandingError::Stale { age_s }));
    assert!(at(NOW_S + MAX_CLOCK_SKEW_S).is_ok());
    let ahead_s = MAX_CLOCK_SKEW_S + 1;
    assert_eq!(at(NOW_S + ahead_s), Err(StandingError::Ahead { ahead_s }));
}
