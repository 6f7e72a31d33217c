//! What an address may do, from what is recorded and configured.
#![allow(clippy::unwrap_used)]

use chancery_reference_points::Code;

use super::*;
use crate::recorded_city::{
    INSPECTORS, OFFICE, RecordedCity, desk::Desk, directory, holder, inspector, office, other_office, stranger,
};

fn resolver(desk: &Desk, city: &RecordedCity) -> RoleResolver {
    let configured =
        ConfiguredRoles { operators: [other_office().address()].into(), supervisors: [stranger().address()].into() };
    RoleResolver::new(desk.database.clone(), directory(), Arc::new(city.clone()), configured, desk.clock())
}

async fn roles(resolver: &RoleResolver, address: Address) -> Vec<Role> {
    resolver.roles_of(address).await.unwrap().into_iter().collect()
}

#[tokio::test]
async fn roles_come_from_keys_registrations_and_the_configuration() {
    let (desk, city) = (Desk::open().await, RecordedCity::founded());
    city.authorize(INSPECTORS, other_office().address(), Right::REGISTRATION);
    city.authorize(INSPECTORS, other_office().address(), Right::SUBMISSION);
    let resolver = resolver(&desk, &city);
    assert_eq!(roles(&resolver, office().address()).await, [Role::Issuer]);
    assert_eq!(roles(&resolver, inspector().address()).await, [Role::Inspector]);
    assert_eq!(roles(&resolver, other_office().address()).await, [Role::Registrar, Role::Source, Role::Operator]);
    assert_eq!(roles(&resolver, stranger().address()).await, [Role::Supervisor]);
    assert_eq!(roles(&resolver, Address::ZERO).await, []);
    assert_eq!(resolver.issuing_kinds(office().address()).await.unwrap(), [CertificateKind::DEGREE].into());
    assert_eq!(resolver.issuing_kinds(inspector().address()).await.unwrap(), [].into());
}

// C-ID
#[tokio::test]
async fn a_registration_makes_a_citizen_when_an_office_has_confirmed_it() {
    let (desk, city) = (Desk::open().await, RecordedCity::founded());
    let resolver = resolver(&desk, &city);
    desk.waits(holder()).await;
    assert_eq!(roles(&resolver, holder().address()).await, [Role::Registered]);
    desk.decides(holder().address(), true).await;
    assert_eq!(roles(&resolver, holder().address()).await, [Role::Citizen]);
    desk.waits(inspector()).await;
    desk.decides(inspector().address(), false).await;
    assert_eq!(roles(&resolver, inspector().address()).await, [Role::Inspector]);
}

#[test]
fn only_waiting_and_confirmed_registrations_have_a_role() {
    assert_eq!(role_of_status(UserStatus::Recovering), Some(Role::Registered));
    assert_eq!((role_of_status(UserStatus::Rejected), role_of_status(UserStatus::Replaced)), (None, None));
}

#[tokio::test]
async fn a_right_that_does_not_count_now_gives_no_role() {
    let (desk, city) = (Desk::open().await, RecordedCity::founded());
    let resolver = resolver(&desk, &city);
    city.suspend(OFFICE);
    assert_eq!(roles(&resolver, office().address()).await, []);
    city.end_key(inspector().address(), UnixSeconds(1));
    assert_eq!(roles(&resolver, inspector().address()).await, []);
}

// ACCESS-1: access rules are about organizations too; who has a right of one in force comes of it.
#[tokio::test]
async fn whoever_has_a_right_in_force_comes_of_its_organization() {
    let (desk, city) = (Desk::open().await, RecordedCity::founded());
    city.authorize(INSPECTORS, office().address(), Right::SUBMISSION);
    let resolver = resolver(&desk, &city);
    let of = async |address| resolver.organizations_of(address).await.unwrap();
    assert_eq!(of(office().address()).await, [INSPECTORS.to_owned(), OFFICE.to_owned()].into());
    assert_eq!(of(stranger().address()).await, [].into());
    city.suspend(OFFICE);
    resolver.forget();
    assert_eq!(of(office().address()).await, [INSPECTORS.to_owned()].into());
}

// bad input: a rotated key
#[tokio::test]
async fn the_roles_that_a_key_had_are_known_after_its_end() {
    let (desk, city) = (Desk::open().await, RecordedCity::founded());
    let resolver = resolver(&desk, &city);
    let ended = async |address| resolver.ended_roles_of(address).await.unwrap();
    assert_eq!(ended(office().address()).await, [].into());
    city.end_key(office().address(), crate::recorded_city::NOW);
    assert_eq!(ended(office().address()).await, [Role::Issuer].into());
    assert_eq!(ended(stranger().address()).await, [].into());
    // Authorized anew, it has the role again, so none has ended.
    city.authorize(OFFICE, office().address(), Right::issue(CertificateKind::DEGREE));
    assert_eq!(ended(office().address()).await, [].into());
    city.silence("main");
    let unknown = resolver.ended_roles_of(office().address()).await.unwrap_err();
    assert_eq!(unknown.code(), Code::ChainUnreachable);
}

// bad input: an organization that may do nothing now
#[tokio::test]
async fn the_roles_that_a_suspension_takes_are_known() {
    let (desk, city) = (Desk::open().await, RecordedCity::founded());
    let resolver = resolver(&desk, &city);
    let suspended = async |address| resolver.suspended_roles_of(address).await.unwrap();
    assert_eq!(suspended(office().address()).await, [].into());
    city.suspend(OFFICE);
    assert_eq!(suspended(office().address()).await, [Role::Issuer].into());
    assert_eq!(suspended(stranger().address()).await, [].into());
    city.end_key(office().address(), UnixSeconds(1));
    assert_eq!(suspended(office().address()).await, [].into(), "its key has ended besides");
}

// ACCOUNT-4, bad input: unknown addresses
#[tokio::test]
async fn whoever_registered_or_has_a_key_or_a_role_is_known_and_nobody_else() {
    let (desk, city) = (Desk::open().await, RecordedCity::founded());
    let resolver = resolver(&desk, &city);
    let known = async |address| resolver.is_known(address).await.unwrap();
    assert!(known(office().address()).await, "by its key");
    assert!(known(other_office().address()).await && known(stranger().address()).await, "by configuration");
    assert!(!known(holder().address()).await && !known(Address::ZERO).await);
    desk.waits(holder()).await;
    assert!(known(holder().address()).await, "registered");
    desk.decides(holder().address(), false).await;
    assert!(known(holder().address()).await, "whatever was decided");
    city.end_key(office().address(), UnixSeconds(1));
    assert!(known(office().address()).await, "an ended key stands in the registry");
    city.silence("main");
    assert_eq!(resolver.is_known(Address::ZERO).await.unwrap_err().code(), Code::ChainUnreachable);
    assert!(known(stranger().address()).await, "who is configured needs no chain");
}

#[tokio::test]
async fn a_silent_main_chain_leaves_what_is_certain_and_says_that_it_may_not_be_all() {
    let (desk, city) = (Desk::open().await, RecordedCity::founded());
    let resolver = resolver(&desk, &city);
    city.silence("main");
    let resolved = resolver.resolve(other_office().address()).await.unwrap();
    assert_eq!(resolved.roles, [Role::Operator].into());
    assert_eq!(resolved.incomplete.unwrap().code(), Code::ChainUnreachable);
    assert_eq!(resolver.roles_of(office().address()).await.unwrap_err().code(), Code::ChainUnreachable);
}

#[tokio::test]
async fn rights_are_believed_for_a_bounded_time_and_their_absence_is_not_kept() {
    let (desk, city) = (Desk::open().await, RecordedCity::founded());
    let resolver = resolver(&desk, &city);
    assert_eq!(roles(&resolver, office().address()).await, [Role::Issuer]);
    let readings = city.readings();
    city.end_key(office().address(), UnixSeconds(1));
    desk.pass_ms(CACHE_LIFE_MS - 1);
    assert_eq!((roles(&resolver, office().address()).await, city.readings()), (vec![Role::Issuer], readings));
    desk.pass_ms(1);
    assert_eq!(roles(&resolver, office().address()).await, []);
    city.authorize(OFFICE, office().address(), Right::issue(CertificateKind::DEGREE));
    assert_eq!(roles(&resolver, office().address()).await, [Role::Issuer]);
}

#[tokio::test]
async fn what_was_changed_here_is_forgotten_at_once() {
    let (desk, city) = (Desk::open().await, RecordedCity::founded());
    let resolver = resolver(&desk, &city);
    assert_eq!(roles(&resolver, office().address()).await, [Role::Issuer]);
    city.end_key(office().address(), UnixSeconds(1));
    resolver.clone().forget();
    assert_eq!(roles(&resolver, office().address()).await, []);
}
