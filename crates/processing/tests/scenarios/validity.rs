//! What processing reads of real chains, and by which right it is asked.
#![allow(unreachable_pub, reason = "the list of scenarios is above")]

use std::sync::Arc;

use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::Address;
use chancery_contracts::{CertificateRegistry, predeploys};
use chancery_primitives::{CertificateId, certificate_storage::CertificateSlots};
use chancery_reference_points::{
    Actor, Code, DoorResult, Role,
    c2p::C2p,
    chain_records::EventQuery,
    m2p::M2p,
    mandate::{Mandate, rights},
    o2c::{Change, Mode},
    p2r::P2r,
    s2p::{Retrieval, S2p},
    v2m::EventFilter,
};
use chancery_testing::process::rpc;
use serde_json::json;

use crate::support::{City, OFFICE, authorize, block, by_supervisor, register, side_name, subject};

async fn status_of(city: &City, by: &Mandate, contract: Address) -> Result<(), Code> {
    use alloy::sol_types::SolCall as _;
    let call = CertificateRegistry::statusOfCall { certificateId: subject(1) }.abi_encode();
    code(S2p::view(&city.processing, by, &side_name(), contract, call.into()).await)
}

fn code<T>(answer: DoorResult<T>) -> Result<(), Code> {
    answer.map(|_| ()).map_err(|error| error.code())
}

pub async fn a_right_covers_what_it_says_and_a_role_is_looked_up(city: Arc<City>) {
    let clerk = city.found_office().await;
    city.processing.record(block(&city, vec![city.issue(&clerk, 1)])).await.unwrap();

    // What is read: by a right that is known, and no further than it goes.
    let anybody = Mandate::of_the_city("certificates.query");
    assert_eq!(status_of(&city, &anybody, predeploys::CERTIFICATE_REGISTRY).await, Ok(()));
    assert_eq!(status_of(&city, &anybody, predeploys::DATA_BLOCK_REGISTRY).await, Err(Code::NotCovered));
    let unknown = Mandate::of_the_city("certificates.everything");
    assert_eq!(status_of(&city, &unknown, predeploys::CERTIFICATE_REGISTRY).await, Err(Code::NotCovered));
    let every = EventQuery { chain: Some(side_name()), ..EventQuery::default() };
    assert_eq!(code(S2p::events(&city.processing, &anybody, every).await), Err(Code::NotCovered));

    // Who reads: a role that the door says somebody has counts when the main chain says so too.
    let inspector = PrivateKeySigner::random().address();
    let claimed = Mandate::of(&Actor::new(inspector, [Role::Inspector]), "certificates.check");
    assert_eq!(status_of(&city, &claimed, predeploys::CERTIFICATE_REGISTRY).await, Err(Code::RoleRequired));
    city.control(authorize(OFFICE, inspector, "inspection"), Mode::Apply).await;
    assert_eq!(status_of(&city, &claimed, predeploys::CERTIFICATE_REGISTRY).await, Ok(()));
    let unclaimed = Mandate::of(&Actor::new(inspector, []), "certificates.check");
    assert_eq!(status_of(&city, &unclaimed, predeploys::CERTIFICATE_REGISTRY).await, Err(Code::RoleRequired));

    // What is taken away through processing ends at once, not when it is no longer believed.
    let revoked = Change::RevokeKey { organization: OFFICE.to_owned(), address: inspector, from: 1 };
    city.control(revoked, Mode::Apply).await;
    assert_eq!(status_of(&city, &claimed, predeploys::CERTIFICATE_REGISTRY).await, Err(Code::RoleRequired));

    // Who changes, and who looks.
    let citizen = Actor::new(Address::repeat_byte(1), [Role::Citizen]);
    let change = register("OFFICE-2");
    let by = Mandate::of(&citizen, rights::CONFIGURATION);
    assert_eq!(code(city.processing.control(&by, &change, Mode::Apply).await), Err(Code::RoleRequired));
    let claimed = Mandate::of(&Actor::new(Address::repeat_byte(1), [Role::Operator]), rights::CONFIGURATION);
    assert_eq!(code(city.processing.control(&claimed, &change, Mode::Apply).await), Err(Code::RoleRequired));
    let looking = |actor: &Actor| Mandate::of(actor, rights::SUPERVISION);
    assert_eq!(
        code(city.processing.subject_history(&looking(&citizen), subject(1)).await),
        Err(Code::RoleRequired),
        "it concerns others"
    );
    let issuer = Actor::new(clerk.address(), [Role::Issuer]);
    assert_eq!(code(city.processing.subject_history(&looking(&issuer), subject(1)).await), Ok(()));
    assert_eq!(code(city.processing.subject_history(&by_supervisor(), subject(1)).await), Ok(()));
    assert_eq!(
        code(M2p::events(&city.processing, &looking(&issuer), &EventFilter::default()).await),
        Err(Code::RoleRequired)
    );
}

pub async fn a_person_is_who_the_register_says(city: Arc<City>) {
    let registry = predeploys::CERTIFICATE_REGISTRY;
    let (person, stranger) = (Address::repeat_byte(0x71), Address::repeat_byte(0x72));
    let by = |address, role| Mandate::of(&Actor::new(address, [role]), "certificates.of-holder");
    city.register.write(person, Role::Registered);
    assert_eq!(status_of(&city, &by(person, Role::Registered), registry).await, Ok(()));
    // That the door says so makes nobody registered, nor a citizen of whoever waits for an office.
    assert_eq!(status_of(&city, &by(stranger, Role::Registered), registry).await, Err(Code::RoleRequired));
    assert_eq!(status_of(&city, &by(stranger, Role::Citizen), registry).await, Err(Code::RoleRequired));
    let waits = Address::repeat_byte(0x73);
    city.register.write(waits, Role::Registered);
    assert_eq!(status_of(&city, &by(waits, Role::Citizen), registry).await, Err(Code::RoleRequired));
    city.register.write(waits, Role::Citizen);
    assert_eq!(status_of(&city, &by(waits, Role::Citizen), registry).await, Ok(()));
    // Whoever is not said to be one is not looked up, and a register is no register of offices.
    assert_eq!(status_of(&city, &by(person, Role::Inspector), registry).await, Err(Code::RoleRequired));
    // An outage is no "no".
    city.register.falls_silent();
    assert_eq!(status_of(&city, &by(stranger, Role::Citizen), registry).await, Err(Code::DatabaseUnreachable));

    // An office is one on the main chain, by the right for data alone.
    let clerk = city.found_office().await;
    // It may be a citizen too, and the register still does not answer: the chain gives the right.
    let both = |address| Mandate::of(&Actor::new(address, [Role::Citizen, Role::Issuer]), "certificates.trace");
    assert_eq!(status_of(&city, &both(clerk.address()), registry).await, Ok(()));
    assert_eq!(status_of(&city, &both(stranger), registry).await, Err(Code::DatabaseUnreachable));
    let office = |address, right| Mandate::of(&Actor::new(address, [Role::Issuer]), right);
    assert!(S2p::is_office(&city.processing, &office(clerk.address(), rights::DATA)).await.unwrap());
    assert!(!S2p::is_office(&city.processing, &office(stranger, rights::DATA)).await.unwrap());
    let other = office(clerk.address(), rights::SUPERVISION);
    assert_eq!(code(S2p::is_office(&city.processing, &other).await), Err(Code::NotCovered));

    // SEARCH-3: of which organization a key is, the chain says, and of no other than the door names.
    let said = |address, right| {
        let organizations = [OFFICE.to_owned(), "CITY-HALL".to_owned(), "no code".to_owned()];
        Mandate::of(&Actor::new(address, [Role::Operator]).of_organizations(organizations), right)
    };
    let stands = S2p::standing(&city.processing, &said(clerk.address(), rights::DATA)).await.unwrap();
    assert_eq!((stands.organizations, stands.roles.len()), ([OFFICE.to_owned()].into(), 0));
    let unsaid = S2p::standing(&city.processing, &office(clerk.address(), rights::DATA)).await.unwrap();
    assert!(unsaid.organizations.is_empty());
    let strange = S2p::standing(&city.processing, &said(stranger, rights::DATA)).await.unwrap();
    assert!(strange.organizations.is_empty() && strange.roles.is_empty());
    let other = said(clerk.address(), rights::SUPERVISION);
    assert_eq!(code(S2p::standing(&city.processing, &other).await), Err(Code::NotCovered));
}

pub async fn chains_are_read(city: Arc<City>) {
    let clerk = city.found_office().await;
    city.processing.record(block(&city, vec![city.issue(&clerk, 1), city.issue(&clerk, 2)])).await.unwrap();
    let query = EventQuery {
        chain: Some(side_name()),
        contract: Some(predeploys::CERTIFICATE_REGISTRY),
        ..EventQuery::default()
    };
    let all = Retrieval::events(&city.processing, query.clone()).await.unwrap();
    assert_eq!(all.len(), 2);
    // Of a time its blocks alone are read: from its first moment on, and before its last one.
    let at = all[0].block_time_ms;
    for (from_ms, to_ms, found) in [
        (Some(at), Some(at + 1), true),
        (Some(at), None, true),
        (None, Some(at), false),
        (Some(at + 1), Some(at + 2), false),
        (Some(u64::MAX), None, false),
        (Some(0), Some(0), false),
    ] {
        let events = Retrieval::events(&city.processing, EventQuery { from_ms, to_ms, ..query.clone() }).await.unwrap();
        assert_eq!(events.contains(&all[0]), found, "{from_ms:?} {to_ms:?}");
    }
    let unknown = EventQuery { chain: Some(City::no_chain()), ..query };
    assert_eq!(Retrieval::events(&city.processing, unknown).await.unwrap_err().code(), Code::UnknownChain);

    let id = CertificateId::new(subject(1)).unwrap();
    let slot = CertificateSlots::of(id).status;
    let proof = Retrieval::state_proof(&city.processing, &side_name(), predeploys::CERTIFICATE_REGISTRY, vec![slot])
        .await
        .unwrap();
    assert_eq!(proof.is_some(), city.certified);
    if let Some(proof) = proof {
        assert!(proof.finality.is_some());
        assert!(!proof.account.storage_proof[0].value.is_zero());
    }
    assert!(rpc(&city.wire.url, "web3_clientVersion", json!([])).await.is_ok());
}
