//! Rights of a main chain on a side chain and kinds of certificates back, between real nodes (`docs/specs/trust.md`).
#![allow(missing_docs, clippy::unwrap_used)]

#[path = "trust/bodies.rs"]
mod bodies;
#[path = "relay/chain.rs"]
mod chain;
#[path = "relay/partnership.rs"]
mod partnership;

use alloy_primitives::B256;
use alloy_sol_types::SolCall;
use chancery_bridge::relay::{
    RelayError,
    trust::{HeldRelay, Issuer, TrustRelay},
};
use chancery_contracts::{
    CertificateRegistry, ConditionalCertificateRegistry, HeldCertificates, OrganizationRegistry, TrustRegistry,
};
use chancery_ledger::{Call, LedgerError};

use bodies::{Bodies, MAX_AGE_S, degree, master, university};
use chain::TestChain;
use partnership::anchor;

/// TRUST-1, TRUST-6, TRUST-7: whoever carries it has no key that counts.
#[tokio::test(flavor = "multi_thread")]
async fn an_organization_of_the_main_chain_issues_on_a_side_chain_until_its_loss_is_shown() {
    let dir = tempfile::tempdir().unwrap();
    let main = TestChain::start(dir.path(), "main").await;
    let side = TestChain::start(dir.path(), "degree").await;
    let bodies = Bodies::found(&main).await;
    let to_side = anchor(&side, &main).await;
    let arguments =
        TrustRegistry::constructorCall { anchor_: to_side.anchor, organizations: bodies.registry, maxAge_: MAX_AGE_S };
    let registry = side.deploy(&TrustRegistry::BYTECODE, &arguments).await;
    let arguments =
        CertificateRegistry::constructorCall { organizations: registry, enabledKinds: vec![degree(), master()] };
    let certificates = side.deploy(&CertificateRegistry::BYTECODE, &arguments).await;
    let (main_chain, side_chain) = (main.chain.clone(), side.chain.clone());
    let relay = TrustRelay::open(main_chain, side_chain, registry, to_side.key.clone()).await.unwrap();
    assert_eq!((relay.anchor.anchor, relay.organizations), (to_side.anchor, bodies.registry), "read from the chain");
    let issuer = Issuer { organization: university(), rights: vec![degree()] };

    let first = bodies.issue(&side, certificates, degree(), 1).await;
    assert_eq!(refusal(&relay, certificates, &first).await, "SignerNotAuthorized", "nothing was shown");
    assert_eq!(relay.carry(&issuer).await.unwrap(), 3, "the organization, its right, its key");
    side.call(certificates, &first).await;
    let asked = CertificateRegistry::certificateCall { certificateId: B256::with_last_byte(1) };
    assert_eq!(side.view(certificates, &asked).await.issuer, bodies.issuer.address());
    assert_eq!(relay.carry(&issuer).await.unwrap(), 0, "what the host knows is not shown again");

    // The key is rotated: the successor counts once it is shown, the old one ends with the same message.
    bodies.rotate(&main).await;
    let by_old = bodies.issue(&side, certificates, degree(), 2).await;
    let by_new = bodies.successor_issues(&side, certificates, degree(), 2).await;
    assert_eq!(refusal(&relay, certificates, &by_new).await, "SignerNotAuthorized", "not shown yet");
    assert_eq!(relay.carry(&issuer).await.unwrap(), 2);
    assert_eq!(refusal(&relay, certificates, &by_old).await, "SignerNotAuthorized", "its end was shown");
    side.call(certificates, &by_new).await;

    // The organization is suspended: one fact, and no key of it counts.
    let standing = relay.entries(&issuer).await.unwrap();
    let suspend = OrganizationRegistry::suspendOrganizationCall { code: university() };
    main.call(bodies.registry, &suspend).await;
    assert_eq!(relay.carry(&issuer).await.unwrap(), 1);
    let third = bodies.successor_issues(&side, certificates, degree(), 3).await;
    assert_eq!(refusal(&relay, certificates, &third).await, "SignerNotAuthorized", "suspended");
    // To carry what one believed before does no harm: the proof says what stands.
    relay.show(&standing).await.unwrap();
    assert_eq!(refusal(&relay, certificates, &third).await, "SignerNotAuthorized", "it still is");

    let stranger = Issuer { organization: B256::repeat_byte(7), rights: vec![] };
    assert!(matches!(relay.carry(&stranger).await, Err(RelayError::NotRegistered { .. })));
}

/// TRUST-7, TRUST-8, TRUST-9: the other chain shows the kind, and a rule there asks for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_kind_that_its_holder_discloses_is_shown_on_another_chain_and_a_rule_there_asks_for_it() {
    let dir = tempfile::tempdir().unwrap();
    let side = TestChain::start(dir.path(), "degree").await;
    let other = TestChain::start(dir.path(), "business-licence").await;
    let bodies = Bodies::found(&side).await;
    let there = Bodies::found(&other).await;
    let arguments =
        CertificateRegistry::constructorCall { organizations: bodies.registry, enabledKinds: vec![master(), degree()] };
    let certificates = side.deploy(&CertificateRegistry::BYTECODE, &arguments).await;
    let to_other = anchor(&other, &side).await;
    let arguments = HeldCertificates::constructorCall { anchor_: to_other.anchor, certificates, maxAge_: MAX_AGE_S };
    let held = other.deploy(&HeldCertificates::BYTECODE, &arguments).await;
    let arguments = ConditionalCertificateRegistry::constructorCall {
        authorizations: there.registry,
        enabledKinds: vec![degree()],
        conditions: vec![ConditionalCertificateRegistry::Condition {
            kind: degree(),
            source: held,
            requiredKind: degree(),
        }],
    };
    let conditional = other.deploy(&ConditionalCertificateRegistry::BYTECODE, &arguments).await;
    let (from, to) = (side.chain.clone(), other.chain.clone());
    let relay = HeldRelay::open(from, to, held, to_other.key.clone()).await.unwrap();

    let id = B256::with_last_byte(1);
    let issue = bodies.issue(&side, certificates, degree(), 1).await;
    side.call(certificates, &issue).await;
    assert_eq!(reverted(relay.show(id).await), "NotDisclosed", "the holder has not agreed");
    let kinds = || HeldCertificates::kindsOfCall { holder: bodies.holder.address() };
    let wanted = there.issue_to(&bodies.holder, &other, conditional, degree(), 9).await;
    let call = Call { to: Some(conditional), data: wanted.abi_encode().into() };
    let refused = other.chain.simulate(other.operator(), &call).await;
    assert_eq!(reverted(refused.map_err(RelayError::from)), "ConditionNotMet");

    other.call(held, &bodies.disclose(&other, held, degree(), 3600).await).await;
    relay.show(id).await.unwrap();
    assert_eq!(other.view(held, &kinds()).await, vec![degree()]);
    let fact = HeldCertificates::heldFactCall { holder: bodies.holder.address(), kind: degree() };
    assert_eq!(other.view(held, &fact).await.organization, university());
    other.call(conditional, &wanted).await;

    let unknown = relay.show(B256::repeat_byte(9)).await;
    assert!(matches!(unknown, Err(RelayError::CertificateUnknown { .. })), "{unknown:?}");
    side.call(certificates, &bodies.revoke(&side, certificates, 1).await).await;
    relay.show(id).await.unwrap();
    assert!(other.view(held, &kinds()).await.is_empty(), "its revocation was shown");
    let again = there.issue_to(&bodies.holder, &other, conditional, degree(), 10).await;
    let call = Call { to: Some(conditional), data: again.abi_encode().into() };
    let refused = other.chain.simulate(other.operator(), &call).await;
    assert_eq!(reverted(refused.map_err(RelayError::from)), "ConditionNotMet");
}

/// What the registry says to an issue, without sending it.
async fn refusal(relay: &TrustRelay, certificates: alloy_primitives::Address, call: &impl SolCall) -> String {
    let call = Call { to: Some(certificates), data: call.abi_encode().into() };
    let answer = relay.anchor.host.simulate(relay.anchor.key.address(), &call).await;
    reverted(answer.map_err(RelayError::from))
}

fn reverted<T: std::fmt::Debug>(result: Result<T, RelayError>) -> String {
    match result {
        Err(RelayError::Ledger(LedgerError::Reverted { reason, .. })) => reason.name,
        other => panic!("not refused by a contract: {other:?}"),
    }
}
