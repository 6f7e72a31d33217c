//! Rights of a main chain on a side chain and kinds of certificates back, between real nodes (`docs/specs/trust.md`).
mod bodies;
mod older;

use std::{collections::BTreeSet, sync::Arc};

use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::{Address, B256, Bytes};
use alloy_sol_types::SolCall;
use chancery_bridge::relay::{
    AnchorRelay, AnchoredHeader, RelayError, Standing,
    trust::{AgreeingPage, Consent, Entry, HeldRelay, HeldSearch, Issuances, Issued, Issuer, TrustRelay},
};
use chancery_contracts::{
    AnchorFactory, CertificateRegistry, ConditionalCertificateRegistry, GenesisAccessManager, HeldCertificates,
    OrganizationRegistry, TrustRegistry, predeploys,
};
use chancery_ledger::{Call, LedgerError, SubmitterKey};

use crate::support::chain::TestChain;
use crate::support::partnership::anchor;
use bodies::{Bodies, MAX_AGE_S, degree, disclosure, master, standing_slot, university};

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
    let from_before = relay.anchor.prove(relay.organizations, &[standing_slot()]).await.unwrap();
    let suspend = OrganizationRegistry::suspendOrganizationCall { code: university() };
    main.call(bodies.registry, &suspend).await;
    assert_eq!(relay.carry(&issuer).await.unwrap(), 1);
    let third = bodies.successor_issues(&side, certificates, degree(), 3).await;
    assert_eq!(refusal(&relay, certificates, &third).await, "SignerNotAuthorized", "suspended");
    // TRUST-2: a proof from before the loss, which was true and still verifies, comes too late.
    let show_again = TrustRegistry::showOrganizationCall {
        number: from_before.anchored,
        code: university(),
        proof: from_before.slots[0].proof.clone(),
    };
    let call = Call { to: Some(registry), data: show_again.abi_encode().into() };
    let late = side.chain.submit(&relay.anchor.key, call).await;
    assert_eq!(reverted(late.map_err(RelayError::from)), "FactOlder");
    assert_eq!(refusal(&relay, certificates, &third).await, "SignerNotAuthorized", "it still is");

    let stranger = Issuer { organization: B256::repeat_byte(7), rights: vec![] };
    assert!(matches!(relay.carry(&stranger).await, Err(RelayError::NotRegistered { .. })));
}

/// What an organization has of keys, or what is refused of one fact, keeps no loss back. On a chain that follows itself.
#[tokio::test(flavor = "multi_thread")]
async fn neither_too_many_keys_nor_a_refused_fact_keeps_the_others_from_being_shown() {
    let dir = tempfile::tempdir().unwrap();
    let main = TestChain::start(dir.path(), "main").await;
    let bodies = Bodies::found(&main).await;
    let to_itself = anchor(&main, &main).await;
    let (anchor_, organizations) = (to_itself.anchor, bodies.registry);
    let arguments = TrustRegistry::constructorCall { anchor_, organizations, maxAge_: MAX_AGE_S };
    let registry = main.deploy(&TrustRegistry::BYTECODE, &arguments).await;
    let (followed, host) = (main.chain.clone(), main.chain.clone());
    let mut relay = TrustRelay::open(followed, host, registry, to_itself.key.clone()).await.unwrap();
    let issuer = Issuer { organization: university(), rights: vec![degree()] };
    let (code, right) = (university(), degree());

    bodies.rotate(&main).await;
    relay.max_key_records = 1;
    let too_many = relay.carry(&issuer).await;
    assert!(matches!(too_many, Err(RelayError::TooManyKeyRecords { count: 2, limit: 1, .. })), "{too_many:?}");
    let number_of =
        async |key| main.view(registry, &TrustRegistry::keyFactCall { key, code, right }).await.origin.number;
    assert_ne!(number_of(bodies.successor.address()).await, 0, "the newest record was looked at");
    assert_eq!(number_of(bodies.issuer.address()).await, 0, "the older was not");
    let asked = TrustRegistry::isAuthorizedNowCall { key: bodies.successor.address(), code, right };
    assert!(main.view(registry, &asked).await, "organization and right were shown");
    main.call(bodies.registry, &OrganizationRegistry::suspendOrganizationCall { code }).await;
    assert!(matches!(relay.carry(&issuer).await, Err(RelayError::TooManyKeyRecords { .. })));
    let standing = TrustRegistry::organizationFactCall { code };
    assert!(main.view(registry, &standing).await.isSuspended, "its keys do not hold its suspension up");

    // As many records that are none as cross at once, and behind them something that stands.
    main.call(bodies.registry, &OrganizationRegistry::resumeOrganizationCall { code }).await;
    let key = bodies.issuer.address();
    let mut entries: Vec<_> =
        (100..132).map(|index| Entry::Key { code, right, index, key, not_after: 0, revoked_at: 0 }).collect();
    entries.push(Entry::Organization { code, is_suspended: false });
    assert_eq!(reverted(relay.show(&entries).await), "KeyNotRecorded");
    assert!(!main.view(registry, &standing).await.isSuspended, "what was behind them was shown");
}

/// C-CHAINS, ANCHOR-1: nothing but the chain says where an anchor stands that a relay has made. On a chain that follows itself, and was founded without a factory.
#[tokio::test(flavor = "multi_thread")]
async fn an_anchor_is_made_once_and_found_again_by_the_key_that_made_it() {
    let dir = tempfile::tempdir().unwrap();
    let side = TestChain::start(dir.path(), "degree").await;
    let header = side.genesis_header().await;
    let with = |key: &Arc<SubmitterKey>| AnchorRelay {
        followed: side.chain.clone(),
        host: side.chain.clone(),
        anchor: Address::ZERO,
        key: Arc::clone(key),
    };
    let key = Arc::new(SubmitterKey::random());
    let made = with(&key).find_or_make(None).await.unwrap();
    assert_eq!(made.anchor, key.address().create(0));
    made.ensure_begun(header.clone()).await.unwrap();
    made.ensure_begun(header).await.unwrap();
    assert_eq!(made.standing().await.unwrap(), Standing { newest: None, is_frozen: false });
    let number = made.push().await.unwrap();
    let block = side.chain.block(number).await.unwrap();
    let newest = AnchoredHeader { number, hash: block.hash, time_ms: block.time_ms };
    assert_eq!(made.standing().await.unwrap(), Standing { newest: Some(newest), is_frozen: false });

    let found = with(&key).find_or_make(None).await.unwrap();
    assert_eq!(found.anchor, made.anchor, "not made again");
    // It had to send so much before it could make one.
    let late = Arc::new(SubmitterKey::random());
    let nothing = || Call { to: Some(late.address()), data: Bytes::new() };
    for sent in futures::future::join_all((0..70).map(|_| side.chain.submit(&late, nothing()))).await {
        sent.unwrap();
    }
    let made = with(&late).find_or_make(None).await.unwrap();
    assert_eq!(made.anchor, late.address().create(70));
    for sent in futures::future::join_all((0..70).map(|_| side.chain.submit(&late, nothing()))).await {
        sent.unwrap();
    }
    assert_eq!(
        with(&late).find_or_make(None).await.unwrap().anchor,
        made.anchor,
        "behind its first and before its last"
    );
    let other = Arc::new(SubmitterKey::random());
    assert_ne!(with(&other).find_or_make(None).await.unwrap().anchor, made.anchor);
    // Among whose transactions it is found no more, it is known by its note; where something else stands, the note is worth nothing.
    let unfound = Arc::new(SubmitterKey::random());
    assert_eq!(with(&unfound).find_or_make(Some(made.anchor)).await.unwrap().anchor, made.anchor);
    let wrong = with(&unfound).find_or_make(Some(predeploys::VALIDATOR_REGISTRY)).await.unwrap();
    assert_eq!(wrong.anchor, unfound.address().create(0));
}

/// C-CHAINS, SHOWN-7: what the factory of the genesis makes is one for everybody, and known by its arguments; other anchors have nothing shown over it. On a chain that follows itself.
#[tokio::test(flavor = "multi_thread")]
async fn what_shows_certificates_is_made_by_the_factory_once_whoever_asks() {
    let dir = tempfile::tempdir().unwrap();
    let main = TestChain::start(dir.path(), "main").await;
    let with = |key: &Arc<SubmitterKey>| AnchorRelay {
        followed: main.chain.clone(),
        host: main.chain.clone(),
        anchor: Address::ZERO,
        key: Arc::clone(key),
    };
    let (key, other) = (Arc::new(SubmitterKey::random()), Arc::new(SubmitterKey::random()));
    let essentials = main.chain.config().essentials.clone().unwrap();
    let asked = AnchorFactory::anchorOfCall { chainId: essentials.chain_id, genesisHash: essentials.genesis_hash };
    assert_eq!(main.view(predeploys::ANCHOR_FACTORY, &asked).await, Address::ZERO);
    // Both at once: one is told that it stands already, and takes that.
    let (made, again) = tokio::join!(with(&key).find_or_make(None), with(&other).find_or_make(None));
    let made = made.unwrap();
    assert_eq!(again.unwrap().anchor, made.anchor);
    assert_eq!(main.view(predeploys::ANCHOR_FACTORY, &asked).await, made.anchor);
    assert_ne!(made.anchor, key.address().create(0));

    let registry = predeploys::CERTIFICATE_REGISTRY;
    let held = HeldRelay::find_or_make(made.clone(), registry, MAX_AGE_S, None).await.unwrap();
    let again =
        HeldRelay::find_or_make(with_anchor(&with(&other), made.anchor), registry, MAX_AGE_S, None).await.unwrap();
    assert_eq!(again.registry, held.registry);
    let asked =
        AnchorFactory::heldCertificatesOfCall { anchor: made.anchor, certificates: registry, maxAge: MAX_AGE_S };
    assert_eq!(main.view(predeploys::ANCHOR_FACTORY, &asked).await, held.registry);
    assert_eq!(main.view(held.registry, &HeldCertificates::anchorCall {}).await, made.anchor);
    // A city that was founded without a factory has anchors of its relay, and goes on with them.
    let (chain_id, genesis_hash) = (essentials.chain_id, essentials.genesis_hash);
    let own = main.chain.deploy(&key, chancery_contracts::anchor_code(chain_id, genesis_hash)).await.unwrap();
    let noted = with(&key).find_or_make(Some(own)).await.unwrap();
    assert_eq!(noted.anchor, own, "what is noted stands before what the factory has");
    let over = HeldRelay::find_or_make(noted, registry, MAX_AGE_S, None).await.unwrap();
    assert_ne!(over.registry, held.registry);
    assert_eq!(main.view(over.registry, &HeldCertificates::anchorCall {}).await, own);
}

fn with_anchor(relay: &AnchorRelay, anchor: Address) -> AnchorRelay {
    AnchorRelay { anchor, ..relay.clone() }
}

/// C-CHAINS: whoever never had a right that matters on the host is not carried there; all others are from one block.
#[tokio::test(flavor = "multi_thread")]
async fn those_who_are_concerned_are_shown_from_one_block() {
    let dir = tempfile::tempdir().unwrap();
    let main = TestChain::start(dir.path(), "main").await;
    let bodies = Bodies::found(&main).await;
    let to_itself = anchor(&main, &main).await;
    let (anchor_, organizations) = (to_itself.anchor, bodies.registry);
    let arguments = TrustRegistry::constructorCall { anchor_, organizations, maxAge_: MAX_AGE_S };
    let registry = main.deploy(&TrustRegistry::BYTECODE, &arguments).await;
    let (followed, host) = (main.chain.clone(), main.chain.clone());
    let relay = TrustRelay::open(followed, host, registry, to_itself.key.clone()).await.unwrap();
    let issuer = |rights| Issuer { organization: university(), rights };

    assert_eq!(relay.registered(100).await.unwrap(), [university()]);
    assert!(relay.registered(0).await.unwrap().is_empty());
    assert!(relay.concerned(vec![issuer(vec![master()])]).await.unwrap().is_empty());
    let concerned = relay.concerned(vec![issuer(vec![master(), degree()])]).await.unwrap();
    assert_eq!(concerned, [issuer(vec![master(), degree()])]);
    assert_eq!(relay.carry_newest(&concerned).await.unwrap(), 3, "the organization, its right, its key");
    let (code, right, key) = (university(), degree(), bodies.issuer.address());
    let standing = main.view(registry, &TrustRegistry::organizationFactCall { code }).await.origin.number;
    let record = main.view(registry, &TrustRegistry::keyFactCall { key, code, right }).await.origin.number;
    assert_eq!(standing, record, "of one block");
    assert_eq!(relay.carry_newest(&concerned).await.unwrap(), 0);
    assert_eq!(relay.carry_older_keys(&concerned[0]).await.unwrap(), 0, "there are none");
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
    let arguments = GenesisAccessManager::constructorCall {
        administrator: other.operator(),
        operators: vec![other.operator()],
        submitters: Vec::new(),
        contractOperators: Vec::new(),
    };
    let manager = other.deploy(&GenesisAccessManager::BYTECODE, &arguments).await;
    let arguments = ConditionalCertificateRegistry::constructorCall {
        accessManager: manager,
        authorizations: there.registry,
        enabledKinds: vec![degree()],
        sources: vec![ConditionalCertificateRegistry::KindSource { kind: degree(), source: held }],
    };
    let conditional = other.deploy(&ConditionalCertificateRegistry::BYTECODE, &arguments).await;
    let rule = ConditionalCertificateRegistry::setConditionsCall { kind: degree(), requiredKinds: vec![degree()] };
    other.call(conditional, &rule).await;
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
    let consent = Consent { holder: bodies.holder.address(), kind: degree() };
    let kinds_there = relay.kinds().await.unwrap();
    assert_eq!(kinds_there, [master(), degree()]);
    let page = relay.agreeing(&kinds_there, None, 10).await.unwrap();
    assert_eq!((page.holders, page.before), ([(consent.holder, 0)].into(), None));
    assert_eq!(relay.agreed(consent.holder, &kinds_there).await.unwrap().into_keys().collect::<Vec<_>>(), [degree()]);
    let issued = relay.issued_to(consent.holder).await.unwrap();
    assert_eq!(issued, [Issued { id, kind: degree() }]);
    let mut issuances = Issuances::default();
    while !relay.read_issuances(&mut issuances).await.unwrap() {}
    assert_eq!(issuances.of(consent.holder), Some(issued.clone()));
    assert_eq!(issuances.of(Address::repeat_byte(9)), Some(Vec::new()), "nobody");
    assert_eq!(relay.whose(id).await.unwrap(), consent);
    assert!(relay.whose(B256::repeat_byte(9)).await.unwrap().holder.is_zero(), "of nobody");
    let of_another_kind = Consent { kind: master(), ..consent };
    assert!(relay.due(of_another_kind, &issued, true).await.unwrap().is_empty());
    assert_eq!(relay.due(consent, &issued, false).await.unwrap(), [id], "nothing was shown yet");
    assert_eq!(relay.carry(&[id, B256::repeat_byte(9)]).await.unwrap(), 1, "there is no other");
    assert!(relay.due(consent, &issued, true).await.unwrap().is_empty(), "it is fresh, and valid");
    assert_eq!(other.view(held, &kinds()).await, vec![degree()]);
    let fact = HeldCertificates::heldFactCall { holder: bodies.holder.address(), kind: degree() };
    assert_eq!(other.view(held, &fact).await.organization, university());
    other.call(conditional, &wanted).await;

    let unknown = relay.show(B256::repeat_byte(9)).await;
    assert!(matches!(unknown, Err(RelayError::CertificateUnknown { .. })), "{unknown:?}");
    side.call(certificates, &bodies.revoke(&side, certificates, 1).await).await;
    assert!(relay.due(consent, &issued, false).await.unwrap().is_empty(), "what is fresh is not looked at");
    assert_eq!(relay.due(consent, &issued, true).await.unwrap(), [id]);
    relay.show(id).await.unwrap();
    assert!(other.view(held, &kinds()).await.is_empty(), "its revocation was shown");
    assert!(relay.due(consent, &issued, true).await.unwrap().is_empty(), "nothing stands any more");
    found_again(&relay, (certificates, held), &bodies, &other).await;
    let again = there.issue_to(&bodies.holder, &other, conditional, degree(), 10).await;
    let call = Call { to: Some(conditional), data: again.abi_encode().into() };
    let refused = other.chain.simulate(other.operator(), &call).await;
    assert_eq!(reverted(refused.map_err(RelayError::from)), "ConditionNotMet");
}

/// What a relay's key has made is found by it; what it has made so late that it is not, by what was noted; and whatever else rests on something else is not taken for it.
async fn found_again(relay: &HeldRelay, (certificates, held): (Address, Address), bodies: &Bodies, other: &TestChain) {
    let known = async |known, max_age_s| {
        let found = HeldRelay::find_or_make(relay.anchor.clone(), certificates, max_age_s, known).await;
        found.unwrap().registry
    };
    // This one was made by another key: nowhere among its own transactions.
    assert_eq!(known(Some(held), MAX_AGE_S).await, held);
    let made = known(None, MAX_AGE_S).await;
    assert_ne!(made, held);
    assert_eq!(known(None, MAX_AGE_S).await, made);
    assert_eq!(known(Some(relay.anchor.anchor), MAX_AGE_S).await, made, "a note that is wrong");
    assert_ne!(known(Some(held), MAX_AGE_S + 1).await, held, "it was made for another age");

    // TRUST-8: whatever the key has sent before and after it, the note is lost, and somebody agrees to something there: it is found by that. At the other one they agree, too.
    other.call(made, &bodies.disclose(other, made, degree(), 3600).await).await;
    let mut search = HeldSearch::of_events(1);
    let (mut pages, mut before) = (0, None);
    let found = loop {
        let page = HeldRelay::search(&relay.anchor, certificates, MAX_AGE_S, (None, &mut search));
        if let Some(found) = Box::pin(page).await.unwrap() {
            break found.registry;
        }
        pages += 1;
        assert!(before.is_none_or(|before| search.next_block() == before + 1), "each page goes on from the last");
        before = Some(search.next_block());
    };
    assert_eq!(found, made, "not that of another key, and none is made");
    assert!(pages > 0 && pages <= other.height().await, "page by page: {pages}");
}

/// What the registry says to an issue, without sending it.
async fn refusal(relay: &TrustRelay, certificates: Address, call: &impl SolCall) -> String {
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

/// TRUST-11: consents cost nothing. Those of other kinds are not even read, and however many there are, everybody is come to.
#[tokio::test(flavor = "multi_thread")]
async fn strangers_consents_push_nobody_out_and_those_of_no_kind_are_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let main = TestChain::start(dir.path(), "main").await;
    let bodies = Bodies::found(&main).await;
    let arguments =
        CertificateRegistry::constructorCall { organizations: bodies.registry, enabledKinds: vec![master(), degree()] };
    let certificates = main.deploy(&CertificateRegistry::BYTECODE, &arguments).await;
    let to_itself = anchor(&main, &main).await;
    let arguments = HeldCertificates::constructorCall { anchor_: to_itself.anchor, certificates, maxAge_: MAX_AGE_S };
    let held = main.deploy(&HeldCertificates::BYTECODE, &arguments).await;
    let (followed, host) = (main.chain.clone(), main.chain.clone());
    let relay = HeldRelay::open(followed, host, held, to_itself.key.clone()).await.unwrap();
    let kinds = relay.kinds().await.unwrap();

    main.call(held, &bodies.disclose(&main, held, degree(), 3600).await).await;
    let until = main.time_s().await + 3600;
    let strangers: Vec<_> = (1..=4).map(|_| PrivateKeySigner::random()).collect();
    for (stranger, kind) in strangers.iter().zip([degree(), master(), degree(), B256::repeat_byte(9)]) {
        main.call(held, &disclosure(stranger, &main, held, kind, until).await).await;
    }
    let at = |index: usize| strangers[index].address();
    let first = relay.agreeing(&kinds, None, 2).await.unwrap();
    assert_eq!(first.holders.into_keys().collect::<BTreeSet<_>>(), [at(1), at(2)].into(), "the newest of a kind");
    let (mut before, mut seen, mut pages) = (first.before, BTreeSet::new(), 0);
    while let Some(block) = before {
        let page = relay.agreeing(&kinds, Some(block), 2).await.unwrap();
        seen.extend(page.holders.into_keys());
        (before, pages) = (page.before, pages + 1);
        assert!(pages < 10, "it comes to an end");
    }
    assert!(seen.contains(&bodies.holder.address()), "behind them all");
    assert!(!seen.contains(&at(3)), "of no kind of the registry");
    assert!(relay.agreed(at(3), &kinds).await.unwrap().is_empty());
    assert!(relay.issued_to(at(0)).await.unwrap().is_empty(), "who agrees to nothing has nothing");
    assert_eq!(relay.agreeing(&[], None, 2).await.unwrap(), AgreeingPage::default(), "no kind is not every kind");

    main.call(held, &bodies.withdraw(&main, held, degree()).await).await;
    let page = relay.agreeing(&kinds, None, 1).await.unwrap();
    assert!(page.holders[&bodies.holder.address()] > 0, "taken back, and when");
    assert!(relay.agreed(bodies.holder.address(), &kinds).await.unwrap().is_empty());
}
