#![allow(clippy::unwrap_used)]

use alloy_consensus::{EthereumTxEnvelope, Signed, TxEip1559, TxEnvelope, transaction::SignerRecoverable as _};
use alloy_eips::Encodable2718 as _;
use alloy_primitives::{Signature, U256, uint};
use proptest::prelude::*;

use super::*;
use crate::testing::{Wallet, call, signed};

const ORDER: U256 = uint!(0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141_U256);

/// What a peer may do to a transaction that it passes on.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Honest,
    Silent,
    /// Says that it is from somebody else, who signs here too.
    FalseClaim,
    /// From somebody who signs nothing.
    Stranger,
    OtherParity,
    /// The other signature of the same key, which EIP-2 forbids.
    HighS,
    ZeroR,
    ZeroS,
    /// Not below the order.
    LargeR,
    OtherS,
    /// The same key's, of another transaction.
    OfAnother,
}

fn deed() -> impl Strategy<Value = Deed> {
    use Deed::{FalseClaim, HighS, Honest, LargeR, OfAnother, OtherParity, OtherS, Silent, Stranger, ZeroR, ZeroS};
    prop_oneof![
        600 => Just(Honest),
        1 => prop::sample::select(vec![
            Silent, FalseClaim, Stranger, OtherParity, HighS, ZeroR, ZeroS, LargeR, OtherS, OfAnother
        ]),
    ]
}

fn transaction(number: usize, signers: u64, deed: Deed) -> Arc<SignedTransaction> {
    let wallet = Wallet::new(number as u64 % signers);
    let unsigned = call(number as u64, Address::ZERO, vec![7; number % 5].into());
    let signature = wallet.sign_hash(alloy_consensus::SignableTransaction::signature_hash(&unsigned));
    let (r, s, parity) = (signature.r(), signature.s(), signature.v());
    let changed = match deed {
        Deed::OtherParity => Signature::new(r, s, !parity),
        Deed::HighS => Signature::new(r, ORDER - s, !parity),
        Deed::ZeroR => Signature::new(U256::ZERO, s, parity),
        Deed::ZeroS => Signature::new(r, U256::ZERO, parity),
        Deed::LargeR => Signature::new(ORDER + U256::ONE, s, parity),
        Deed::OtherS => Signature::new(r, s ^ U256::ONE, parity),
        Deed::OfAnother => wallet.sign_hash(alloy_primitives::B256::repeat_byte(5)),
        _ => signature,
    };
    let envelope: TxEnvelope = EthereumTxEnvelope::Eip1559(Signed::<TxEip1559>::new_unhashed(unsigned, changed));
    let transaction = signed(envelope.encoded_2718().into());
    match deed {
        Deed::Silent => {}
        Deed::FalseClaim => transaction.claim_sender(Wallet::new((number as u64 + 1) % signers).address()),
        Deed::Stranger => transaction.claim_sender(Address::repeat_byte(9)),
        _ => transaction.claim_sender(wallet.address()),
    }
    transaction
}

fn one_by_one(transactions: &[Arc<SignedTransaction>]) -> Vec<Option<Address>> {
    transactions.iter().map(|transaction| transaction.envelope().recover_signer().ok()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    // CHAIN-8: senders are those who signed, whatever is claimed.
    #[test]
    fn claims_change_no_sender(deeds in prop::collection::vec(deed(), 60..260), signers in 2..9u64) {
        let transactions: Vec<_> =
            deeds.iter().enumerate().map(|(number, deed)| transaction(number, signers, *deed)).collect();
        prop_assert_eq!(recover_senders(&transactions), one_by_one(&transactions));
        prop_assert_eq!(recover_senders(&transactions), one_by_one(&transactions), "once more, from what is known");
    }
}

fn honest(count: usize) -> Vec<Arc<SignedTransaction>> {
    (0..count).map(|number| transaction(number, 8, Deed::Honest)).collect()
}

#[test]
fn true_claims_are_confirmed_together() {
    let transactions = honest(700);
    let confirmed = confirm_claims(&transactions, &vec![None; 700]);
    // The first of each sender gave its key away, if no other test has learned it.
    assert!((692..=700).contains(&confirmed.len()), "{}", confirmed.len());
    for (index, sender) in confirmed {
        assert_eq!(transactions[index].known_sender(), Some(sender));
        assert_eq!(Some(sender), transactions[index].envelope().recover_signer().ok());
    }
}

#[test]
fn one_false_claim_fails_its_part_and_is_not_noted() {
    let mut transactions = honest(100);
    transactions[40] = transaction(40, 8, Deed::FalseClaim);
    assert!(confirm_claims(&transactions, &[None; 100]).is_empty());
    assert_eq!(transactions[40].known_sender(), None);
    assert_eq!(recover_senders(&transactions)[40], Some(Wallet::new(0).address()));
}

#[test]
fn a_lie_in_one_part_leaves_the_others_confirmed() {
    let mut transactions = honest(4 * PART);
    transactions[40] = transaction(40, 8, Deed::OfAnother);
    let confirmed = confirm_claims(&transactions, &vec![None; 4 * PART]);
    assert!((PART..4 * PART).contains(&confirmed.len()), "{}", confirmed.len());
    assert_eq!(recover_senders(&transactions), one_by_one(&transactions));
}

#[test]
fn few_signatures_and_keys_that_sign_once_are_left_to_the_usual_way() {
    assert!(confirm_claims(&honest(MIN_TOGETHER - 1), &[None; MIN_TOGETHER - 1]).is_empty());
    let each_another: Vec<_> = (0..100).map(|number| transaction(number, 100, Deed::Honest)).collect();
    assert!(confirm_claims(&each_another, &[None; 100]).is_empty());
}

// Every part of an equation counts.
#[test]
fn no_equation_holds_for_another_transaction_or_key() {
    let transactions = honest(MIN_TOGETHER);
    let key = |index: usize| keys::recover(transactions[index].envelope()).unwrap().1;
    let equations = |swap: bool| -> Vec<Equation> {
        let of = |index: usize| {
            let signer = if swap && index < 2 { 1 - index } else { index };
            Equation::of(transactions[index].envelope(), key(signer)).unwrap()
        };
        (0..transactions.len()).map(of).collect()
    };
    assert!(batch::all_hold(&equations(false)));
    assert!(!batch::all_hold(&equations(true)), "two keys that changed places");
    assert!(batch::all_hold(&[]));
    for (name, deed) in [("parity", Deed::OtherParity), ("s", Deed::OtherS), ("z", Deed::OfAnother)] {
        let mut equations = equations(false);
        equations[5] = Equation::of(transaction(5, 8, deed).envelope(), key(5)).unwrap();
        assert!(!batch::all_hold(&equations), "{name}");
    }
    for deed in [Deed::HighS, Deed::ZeroR, Deed::ZeroS, Deed::LargeR] {
        assert!(Equation::of(transaction(5, 8, deed).envelope(), key(5)).is_none(), "{deed:?}");
    }
}
