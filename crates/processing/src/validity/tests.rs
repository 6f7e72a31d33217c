#![allow(clippy::unwrap_used)]

use super::*;

const OPERATOR: Address = Address::repeat_byte(0x0b);

fn chain(name: &str) -> ChainName {
    ChainName(name.to_owned())
}

fn validity() -> Validity {
    let right = |name, chain, contracts| AccessRight { name, holders: Holders::Anybody, chain, contracts };
    let of_some = right("certificates.query", None, Contracts::Of(CERTIFICATES));
    let of_all = right("sharing.find", Some(chain("main")), Contracts::All);
    // Nobody widens a right of the city.
    let widened = right(rights::CHAINS, None, Contracts::All);
    let rights = [of_some, of_all, widened].map(|right| (right.name, right));
    let mut rights: BTreeMap<_, _> = rights.into();
    rights.extend(of_the_city(&chain("main")).map(|right| (right.name, right)));
    let (operators, supervisors) = ([OPERATOR].into(), BTreeSet::new());
    Validity { rights, operators, supervisors, standings: Standings::default() }
}

fn covers(right: &str, asked: Asked<'_>) -> bool {
    let by = Mandate::of_the_city(right);
    match validity().covering(&by, asked) {
        Ok(_) => true,
        Err(error) => {
            assert_eq!(error.code(), Code::NotCovered);
            assert_eq!(error.members()["right"], by.shown_right());
            false
        }
    }
}

// M-PRO-2, M-PRO-5, PROCESSING-5
#[test]
fn a_right_covers_its_contracts_on_its_chain_and_nothing_else() {
    let (main, degree) = (chain("main"), chain("degree"));
    let (known, foreign) = (predeploys::CERTIFICATE_REGISTRY, Address::repeat_byte(9));
    assert!(covers("certificates.query", Asked::Contract(&degree, Some(known))));
    assert!(covers("certificates.query", Asked::Transaction(None)));
    assert!(!covers("certificates.query", Asked::Contract(&degree, Some(foreign))));
    assert!(!covers("certificates.query", Asked::Contract(&degree, None)), "the events of every contract");
    assert!(covers("sharing.find", Asked::Contract(&main, Some(foreign))), "its parties choose their contracts");
    assert!(!covers("sharing.find", Asked::Contract(&degree, Some(known))), "on the main chain");
    assert!(!covers("sharing.find", Asked::Transaction(None)));
    assert!(covers(rights::IDENTIFICATION, Asked::Contract(&main, Some(predeploys::ORGANIZATION_REGISTRY))));
    assert!(!covers(rights::IDENTIFICATION, Asked::Contract(&main, Some(predeploys::RESOURCE_DIRECTORY))));
    assert!(covers(rights::CHAINS, Asked::Chains));
    assert!(!covers(rights::CHAINS, Asked::Contract(&main, Some(known))), "of the city, and not widened");
    for unknown in ["", "everything", "certificates.query\n"] {
        assert!(!covers(unknown, Asked::Chains), "{unknown:?}");
    }
}

// M-PRO-2, M-CON-3
#[test]
fn a_door_is_for_its_right_and_its_role() {
    let validity = validity();
    let only = |by: &Mandate| validity.only(rights::CONFIGURATION, Role::Operator, by).map_err(|error| error.code());
    let operator = Actor::new(OPERATOR, [Role::Operator]);
    assert_eq!(only(&Mandate::of(&operator, rights::CONFIGURATION)), Ok(()));
    assert_eq!(only(&Mandate::of(&operator, rights::SUPERVISION)), Err(Code::NotCovered));
    assert_eq!(only(&Mandate::of_the_city(rights::CONFIGURATION)), Err(Code::RoleRequired));
    // Who says so and is none, and who is one and acts as something else.
    let (claims, acts) = (Actor::new(Address::ZERO, [Role::Operator]), Actor::new(OPERATOR, [Role::Citizen]));
    assert_eq!(only(&Mandate::of(&claims, rights::CONFIGURATION)), Err(Code::RoleRequired));
    assert_eq!(only(&Mandate::of(&acts, rights::CONFIGURATION)), Err(Code::RoleRequired));
}
