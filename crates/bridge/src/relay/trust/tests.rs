use chancery_ledger::RevertReason;

use super::*;

const CODE: B256 = B256::ZERO;

const fn key(revoked_at: u64) -> Entry {
    Entry::Key { code: CODE, right: CODE, index: 0, key: Address::ZERO, not_after: 0, revoked_at }
}

fn refused(name: &str) -> LedgerError {
    refused_with(name, Bytes::new())
}

fn older(number: u64, known: u64) -> LedgerError {
    refused_with("FactOlder", TrustRegistry::FactOlder { number, known }.abi_encode().into())
}

fn refused_with(name: &str, data: Bytes) -> LedgerError {
    let reason = RevertReason { name: name.to_owned(), arguments: Vec::new(), data };
    LedgerError::Reverted { chain: "degree".to_owned(), reason: Box::new(reason), tx_hash: None }
}

#[test]
fn what_takes_away_is_shown_before_what_gives_and_otherwise_in_order() {
    let standing = Entry::Organization { code: CODE, is_suspended: false };
    let suspended = Entry::Organization { code: CODE, is_suspended: true };
    let given = Entry::Right { code: CODE, right: CODE, index: 3, until: 0 };
    let ended = Entry::Right { code: CODE, right: CODE, index: 2, until: 9 };
    let all = [standing.clone(), given.clone(), key(0), ended.clone(), key(7), suspended.clone()];
    assert_eq!(losses_first(&all), [ended, key(7), suspended, standing, given, key(0)]);
}

#[test]
fn what_crosses_at_once_fits_into_one_proof_and_is_never_nothing() {
    let keys = vec![key(0); 40];
    assert_eq!(crossing_at_once(&keys), 32, "three slots each");
    assert_eq!(crossing_at_once(&keys[..5]), 5);
    assert_eq!(crossing_at_once(&keys[..1]), 1);
}

/// TRUST-2: to rights and to certificates alike.
#[test]
fn what_the_host_knows_already_is_told_from_a_refusal() {
    assert_eq!(known_already(&older(5, 9)), Some(9));
    assert_eq!(known_already(&refused("IndexOlder")), Some(0));
    assert!(known_already(&refused("NotDisclosed")).is_none() && known_already(&refused("BlockAhead")).is_none());
    assert!(known_already(&LedgerError::UnknownChain { chain: "degree".to_owned() }).is_none());
}

/// TRUST-2: a main chain that was put back would be shown in vain, and nothing would say so.
#[test]
fn a_chain_that_lies_behind_what_the_host_was_shown_is_no_success() {
    assert!(not_behind("main", "degree", 9, 9).is_ok(), "somebody was there before");
    let behind = not_behind("main", "degree", 8, 9).map_err(|error| error.to_string());
    let Err(told) = behind else { panic!("block 9 is not of this chain") };
    assert!(told.contains("main lies behind what the host was shown"), "{told}");
}
