use chancery_ledger::RevertReason;

use super::*;

const CODE: B256 = B256::ZERO;

const fn key(revoked_at: u64) -> Entry {
    Entry::Key { code: CODE, right: CODE, index: 0, key: Address::ZERO, not_after: 0, revoked_at }
}

fn refused(name: &str) -> LedgerError {
    let reason = RevertReason { name: name.to_owned(), arguments: Vec::new(), data: Bytes::new() };
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
    assert!(is_known_already(&refused("FactOlder")) && is_known_already(&refused("IndexOlder")));
    assert!(!is_known_already(&refused("NotDisclosed")) && !is_known_already(&refused("BlockAhead")));
    assert!(!is_known_already(&LedgerError::UnknownChain { chain: "degree".to_owned() }));
}
