#![allow(clippy::unwrap_used)]

use alloy_primitives::Address;
use proptest::prelude::*;

use super::*;

const OFFICES: Audience = Audience::Roles(&[Role::Issuer, Role::Inspector, Role::Operator]);

fn rule(text: &str) -> AccessEntries {
    serde_json::from_str(text).unwrap()
}

fn actor(roles: &[Role], organizations: &[&str]) -> Actor {
    Actor::new(Address::repeat_byte(1), roles.iter().copied())
        .of_organizations(organizations.iter().map(|code| (*code).to_owned()))
}

// ACCESS-1, M-CON-3
#[test]
fn the_most_particular_entry_decides() {
    let entries = rule(r#"{"role:inspector":"deny","organization:GOOD-1":"allow","organization:BAD-1":"deny"}"#);
    let judged = |roles: &[Role], organizations: &[&str]| judge(OFFICES, &entries, &actor(roles, organizations));
    assert_eq!(judged(&[Role::Issuer], &["ANY-1"]), Ok(()));
    assert_eq!(judged(&[Role::Inspector], &["ANY-1"]), Err(Refusal::Role(vec![Role::Issuer, Role::Operator])));
    assert_eq!(judged(&[Role::Inspector], &["GOOD-1"]), Ok(()), "an organization is more particular than a role");
    assert_eq!(judged(&[Role::Issuer], &["BAD-1"]), Err(Refusal::Organization("BAD-1".into())));
    let both = judged(&[Role::Issuer], &["BAD-1", "GOOD-1"]);
    assert_eq!(both, Err(Refusal::Organization("BAD-1".into())), "a denial counts before an allowance");
    assert_eq!(judged(&[Role::Inspector, Role::Issuer], &[]), Ok(()), "one role that may is enough");
}

// ACCESS-2
#[test]
fn no_rule_opens_what_the_service_closes() {
    let open = rule(r#"{"anybody":"allow","organization:GOOD-1":"allow"}"#);
    let refused = judge(OFFICES, &open, &actor(&[Role::Citizen], &["GOOD-1"])).unwrap_err();
    assert_eq!(refused, Refusal::Role(vec![Role::Issuer, Role::Inspector, Role::Operator]));
    judge(OFFICES, &open, &Actor::public()).unwrap_err();
    let error = check(OFFICES, &rule(r#"{"role:citizen":"allow"}"#)).unwrap_err();
    assert_eq!((error.code(), &error.members()["entry"]), (Code::ConfigurationInvalid, &"role:citizen".into()));
}

// ACCESS-3
#[test]
fn nobody_locks_the_operators_out() {
    for (audience, text) in [
        (OFFICES, r#"{"role:operator":"deny"}"#),
        (OFFICES, r#"{"anybody":"deny","role:issuer":"allow"}"#),
        (Audience::Public, r#"{"anybody":"deny"}"#),
    ] {
        assert_eq!(check(audience, &rule(text)).unwrap_err().code(), Code::OperatorsLockedOut, "{text}");
    }
    check(Audience::Public, &rule(r#"{"anybody":"deny","role:operator":"allow"}"#)).unwrap();
    // A service that was never for operators has none to lock out.
    check(Audience::Roles(&[Role::Issuer]), &rule(r#"{"role:issuer":"deny"}"#)).unwrap();
    // Neither by their organization.
    let entries = rule(r#"{"organization:BAD-1":"deny"}"#);
    judge(OFFICES, &entries, &actor(&[Role::Operator, Role::Issuer], &["BAD-1"])).unwrap();
}

// ACCESS-2: who may be anybody is not kept out by what she can leave away.
#[test]
fn a_public_service_is_narrowed_for_all_or_not_at_all() {
    for text in [r#"{"role:citizen":"deny"}"#, r#"{"organization:BAD-1":"deny"}"#] {
        assert_eq!(check(Audience::Public, &rule(text)).unwrap_err().code(), Code::ConfigurationInvalid, "{text}");
    }
    let narrowed = rule(r#"{"anybody":"deny","role:inspector":"allow","role:operator":"allow"}"#);
    check(Audience::Public, &narrowed).unwrap();
    let wanted = Refusal::Role(vec![Role::Inspector, Role::Operator]);
    assert_eq!(judge(Audience::Public, &narrowed, &Actor::public()), Err(wanted));
    judge(Audience::Public, &narrowed, &actor(&[Role::Inspector], &[])).unwrap();
    judge(Audience::Public, &AccessEntries::new(), &Actor::public()).unwrap();
}

// M-CON-4
#[test]
fn a_dry_run_names_who_gains_and_who_loses() {
    let before = rule(r#"{"role:inspector":"deny","organization:BAD-1":"deny"}"#);
    let after = rule(r#"{"role:issuer":"deny"}"#);
    let lines = difference("s", OFFICES, &before, &after);
    assert_eq!(
        lines,
        [
            "service s: role issuer may not ask any more",
            "service s: role inspector may ask again",
            "service s: organization:BAD-1 from deny to as its roles say",
        ]
    );
    assert_eq!(difference("s", OFFICES, &after, &after), ["service s: nobody may ask more or less than before"]);
    let narrowed = rule(r#"{"anybody":"deny","role:operator":"allow"}"#);
    let lines = difference("s", Audience::Public, &AccessEntries::new(), &narrowed);
    assert_eq!(lines[0], "service s: who has none of the roles allowed may not ask any more");
    assert!(!lines.iter().any(|line| line.contains("operator")), "{lines:?}");
}

fn entries() -> impl Strategy<Value = AccessEntries> {
    let subject = prop_oneof![
        Just(AccessSubject::Anybody),
        prop::sample::select(Role::ALL.to_vec()).prop_map(AccessSubject::Role),
        prop::sample::select(vec!["A-1", "B-1"]).prop_map(|code| AccessSubject::Organization(code.to_owned())),
    ];
    let effect = prop::sample::select(vec![AccessEffect::Allow, AccessEffect::Deny]);
    prop::collection::btree_map(subject, effect, 0..8)
}

proptest! {
    // ACCESS-2, ACCESS-3: whatever stands on the chain, checked or not.
    #[test]
    fn a_rule_narrows_and_spares_operators(
        entries in entries(),
        roles in prop::collection::btree_set(prop::sample::select(Role::ALL.to_vec()), 0..4),
        organizations in prop::collection::btree_set(prop::sample::select(vec!["A-1".to_owned(), "B-1".to_owned()]), 0..3),
    ) {
        let asking = Actor { address: Some(Address::ZERO), roles, organizations };
        for audience in [Audience::Public, OFFICES, Audience::Roles(&[Role::Citizen])] {
            let judged = judge(audience, &entries, &asking);
            if !audience.admits(&asking) {
                prop_assert!(judged.is_err());
            }
            if audience.admits(&asking) && audience.names(Role::Operator) && asking.is(Role::Operator) {
                prop_assert!(judged.is_ok());
            }
            if entries.is_empty() {
                prop_assert_eq!(judged.is_ok(), audience.admits(&asking));
            }
        }
    }
}
