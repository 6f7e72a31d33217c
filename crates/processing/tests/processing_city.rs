//! Processing over real chains: the same scenarios on our own nodes, with finality certificates, and on anvil, without.
#![allow(clippy::unwrap_used)]

#[path = "scenarios/changes.rs"]
mod changes;
#[path = "scenarios/releases.rs"]
mod releases;
mod support;
#[path = "scenarios/validity.rs"]
mod validity;

use std::sync::Arc;

use alloy_primitives::{Address, B256};
use chancery_reference_points::{
    Code,
    c2p::C2p,
    data_block::OperationOutcome,
    data_format::{DataFormat, FormatId, Title},
    m2p::M2p,
    mandate::{Mandate, rights},
    o2c::{Change, Mode},
    p2r::P2r,
    s2p::Retrieval,
    v2m::{EventFilter, Happening, Verification},
};
use chancery_testing::process::Fault;
use changes::{
    a_change_is_approved_by_a_second_operator_on_the_main_chain, access_rules_are_recorded_version_by_version,
};
use releases::{a_contract_is_released_by_two_operators, what_is_no_proposal_is_refused_with_its_rule};
use serde_json::json;
use support::{
    City, OFFICE, authorize, block, by_operator, by_supervisor, main_name, reading, register, side_name, subject,
};
use validity::{
    a_person_is_who_the_register_says, a_right_covers_what_it_says_and_a_role_is_looked_up, chains_are_read,
};

macro_rules! on_both {
    ($($(#[$note:meta])* $name:ident;)*) => {
        mod on_own_nodes { $( $(#[$note])* #[test] fn $name() { super::City::on_own_nodes(super::$name); } )* }
        mod on_anvil { $( #[test] fn $name() { super::City::on_anvil(super::$name); } )* }
    };
}

on_both! {
    /// M-PRO-2, M-PRO-5, PROCESSING-5
    a_right_covers_what_it_says_and_a_role_is_looked_up;
    /// M-PRO-2, PROCESSING-5
    a_person_is_who_the_register_says;
    /// M-PRO-4, M-AUTH
    operations_are_recorded_with_their_block;
    /// PROCESSING-2
    the_same_block_again_is_recorded_once;
    /// PROCESSING-1, M-PRO-1
    a_block_that_is_not_what_it_says_is_refused;
    /// M-PRO-3
    what_the_contract_refuses_leaves_the_others;
    /// PROCESSING-2
    an_operation_that_is_recorded_passes_its_check_again;
    /// M-CON-2, M-CON-4
    organizations_and_keys_are_configured_where_they_count;
    /// M-CON-4
    formats_are_recorded_version_by_version;
    /// M-MON-2, M-MON-4
    a_history_is_verified_entry_by_entry;
    /// M-MON-4, WATCH-1
    what_a_chain_has_of_data_blocks_is_proven;
    /// ANCHOR-4, WATCH-10
    anchors_are_read_as_far_as_chains_prove_them;
    /// PROCESSING-3
    a_chain_that_does_not_answer_makes_nothing_unknown;
    /// M-SER-2
    chains_are_read;
    /// ACCESS-5, M-CON-3, M-CON-4, M-MON-2
    access_rules_are_recorded_version_by_version;
    /// CHANGE-1..5, M-CON-3, M-CON-4
    a_change_is_approved_by_a_second_operator_on_the_main_chain;
    /// RELEASE-1..5, S-SVC, M-CON-4
    a_contract_is_released_by_two_operators;
    /// RELEASE-1, M-CON-4
    what_is_no_proposal_is_refused_with_its_rule;
}

async fn operations_are_recorded_with_their_block(city: Arc<City>) {
    let clerk = city.found_office().await;
    let made = block(&city, vec![city.issue(&clerk, 1), reading(1), city.issue(&clerk, 2), reading(2)]);
    let record = city.processing.record(made.clone()).await.unwrap();
    assert_eq!(record.root, made.root);
    let kinds: Vec<bool> =
        record.outcomes.iter().map(|outcome| matches!(outcome, OperationOutcome::Recorded(_))).collect();
    assert_eq!(kinds, [true, false, true, false]);
    assert!(matches!(record.outcomes[1], OperationOutcome::InDataBlock));
    let OperationOutcome::Recorded(first) = &record.outcomes[0] else { panic!() };
    for locator in [&record.recorded, first] {
        let recorded = city.processing.recorded(locator).await.unwrap();
        assert!(recorded.succeeded);
        assert_eq!(&recorded.locator, locator);
        assert_eq!(recorded.proof.is_some(), city.certified);
    }
}

async fn what_a_chain_has_of_data_blocks_is_proven(city: Arc<City>) {
    let clerk = city.found_office().await;
    let made = block(&city, vec![city.issue(&clerk, 1), reading(1), reading(2)]);
    let record = city.processing.record(made.clone()).await.unwrap();
    let by = Mandate::of_the_city(rights::AUDIT);
    let asked = vec![B256::repeat_byte(1), made.root];
    let found = city.processing.recorded_blocks(&by, &made.chain, asked.clone()).await;
    if !city.certified {
        assert_eq!(found.unwrap_err().code(), Code::NotProvable);
        return;
    }
    let found = found.unwrap();
    let block = found[1].as_ref().unwrap();
    assert_eq!((found.len(), found[0].as_ref(), block.root, block.count), (2, None, made.root, 3));
    assert!(block.first_time <= block.last_time && block.recorded_at > 0);
    assert_eq!(block.block_number, record.recorded.block_number);
    let roots = city.processing.recorded_roots(&by, &made.chain, 0).await.unwrap();
    assert_eq!((roots.total, roots.roots.last()), (roots.roots.len() as u64, Some(&made.root)));
    let beyond = city.processing.recorded_roots(&by, &made.chain, roots.total).await.unwrap();
    assert_eq!((beyond.total, beyond.roots.len()), (roots.total, 0));
    let refused = city.processing.recorded_blocks(&by_supervisor(), &made.chain, asked).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotCovered, "by another right");
}

async fn anchors_are_read_as_far_as_chains_prove_them(city: Arc<City>) {
    // A chain proves nothing before its first block is final.
    let clerk = city.found_office().await;
    city.processing.record(block(&city, vec![city.issue(&clerk, 1)])).await.unwrap();
    let found = city.processing.anchors(&Mandate::of_the_city(rights::AUDIT)).await.unwrap();
    let [side, nowhere] = &found[..] else { panic!("{found:?}") };
    assert!(side.head.is_some() && nowhere.head.is_some(), "the main chain answers");
    // Without certificates nothing is known of it, and a chain that is not there hides no other.
    assert_eq!(side.standing.is_some(), city.certified);
    assert!(side.standing.is_none_or(|standing| standing.conflict.is_none()) && nowhere.standing.is_none());
    let refused = city.processing.anchors(&by_supervisor()).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotCovered, "by another right");
}

async fn the_same_block_again_is_recorded_once(city: Arc<City>) {
    let clerk = city.found_office().await;
    let made = block(&city, vec![city.issue(&clerk, 1), reading(1)]);
    let first = city.processing.record(made.clone()).await.unwrap();
    // Also by a process that knows nothing of the first time.
    for processing in [city.processing.clone(), city.fresh().await] {
        let again = processing.record(made.clone()).await.unwrap();
        assert_eq!(again.recorded, first.recorded);
        let (OperationOutcome::Recorded(one), OperationOutcome::Recorded(other)) =
            (&again.outcomes[0], &first.outcomes[0])
        else {
            panic!("{:?}", again.outcomes)
        };
        assert_eq!(one, other);
    }
}

async fn a_block_that_is_not_what_it_says_is_refused(city: Arc<City>) {
    let clerk = city.found_office().await;
    let good = block(&city, vec![city.issue(&clerk, 1), reading(1)]);
    let mut other_root = good.clone();
    other_root.root = B256::repeat_byte(1);
    let mut other_source = good.clone();
    other_source.operations[0].1.source = Address::repeat_byte(9);
    let mut altered = good.clone();
    altered.operations[0].0.message["holder"] = json!(Address::repeat_byte(8));
    let mut elsewhere = good.clone();
    elsewhere.operations[1].0.chain = main_name();
    for (case, code) in [
        (other_root, Code::MalformedRequest),
        (other_source, Code::SignatureInvalid),
        (altered, Code::SignatureInvalid),
        (elsewhere, Code::WrongChain),
    ] {
        assert_eq!(city.processing.record(case).await.unwrap_err().code(), code);
    }
    let history = city.processing.subject_history(&by_supervisor(), subject(1)).await.unwrap();
    assert!(history.is_empty(), "nothing was recorded");
}

async fn what_the_contract_refuses_leaves_the_others(city: Arc<City>) {
    let clerk = city.found_office().await;
    let stranger = alloy::signers::local::PrivateKeySigner::random();
    let made = block(&city, vec![city.issue(&stranger, 1), city.issue(&clerk, 2)]);
    let record = city.processing.record(made).await.unwrap();
    let OperationOutcome::Refused(error) = &record.outcomes[0] else { panic!("{:?}", record.outcomes) };
    assert_eq!(error.code(), Code::IssuerNotAuthorized, "in the application's terms");
    assert_eq!(error.detail(), stranger.address().to_string());
    assert!(matches!(record.outcomes[1], OperationOutcome::Recorded(_)));
}

async fn an_operation_that_is_recorded_passes_its_check_again(city: Arc<City>) {
    let clerk = city.found_office().await;
    let operation = city.issue(&clerk, 1);
    city.processing.check(&operation).await.unwrap();
    city.processing.record(block(&city, vec![operation.clone()])).await.unwrap();
    city.processing.check(&operation).await.unwrap();
    // The same certificate by another operation is a conflict.
    let mut other = city.issue(&clerk, 1);
    other.payload = b"other".to_vec().into();
    other.message["sealedHash"] = json!(alloy_primitives::keccak256("other"));
    let error = city.processing.check(&other).await.unwrap_err();
    assert_eq!(error.code(), Code::CertificateExists);
}

async fn organizations_and_keys_are_configured_where_they_count(city: Arc<City>) {
    let key = Address::repeat_byte(0x21);
    let checked = city.control(register(OFFICE), Mode::Check).await;
    assert!(city.processing.organizations().await.unwrap().is_empty(), "a check changes nothing");
    let applied = city.processing.control(&by_operator(), &register(OFFICE), Mode::Apply).await.unwrap();
    assert_eq!((&checked, applied.recorded.len()), (&applied.effects, 1));
    assert_eq!(checked.len(), 1);
    assert!(checked[0].starts_with("chain main: organization OFFICE-1 is registered"), "{checked:?}");
    let again = city.processing.control(&by_operator(), &register(OFFICE), Mode::Check).await.unwrap_err();
    assert_eq!(again.code(), Code::OrganizationExists);

    let applied = city.control(authorize(OFFICE, key, "degree"), Mode::Apply).await;
    let chains: Vec<&str> = applied.iter().map(|effect| effect.split(':').next().unwrap()).collect();
    assert_eq!(chains, ["chain main", "chain main", "chain degree", "chain degree", "chain degree"], "{applied:?}");
    let again = city.processing.control(&by_operator(), &authorize(OFFICE, key, "degree"), Mode::Apply).await.unwrap();
    assert!(again.recorded.is_empty(), "{:?}", again.effects);

    let organizations = city.processing.organizations().await.unwrap();
    assert_eq!(organizations.len(), 1);
    let [office] = &organizations[..] else { panic!() };
    assert_eq!((office.code.as_str(), office.suspended, office.keys.len()), (OFFICE, false, 1));
    assert_eq!((office.keys[0].address, office.keys[0].right.as_str()), (key, "degree"));

    for (change, code) in [
        (authorize("NOBODY", key, "degree"), Code::UnknownOrganization),
        (authorize(OFFICE, key, "fishing"), Code::ConfigurationInvalid),
        (authorize(OFFICE, Address::ZERO, "degree"), Code::ConfigurationInvalid),
        (register("lower case"), Code::ConfigurationInvalid),
        (
            Change::RetireKey { organization: OFFICE.to_owned(), address: Address::repeat_byte(1), right: None },
            Code::ConfigurationInvalid,
        ),
    ] {
        assert_eq!(
            city.processing.control(&by_operator(), &change, Mode::Check).await.unwrap_err().code(),
            code,
            "{change:?}"
        );
    }

    let suspend = |suspended| Change::SuspendOrganization { organization: OFFICE.to_owned(), suspended };
    assert_eq!(city.control(suspend(true), Mode::Apply).await.len(), 2);
    assert!(city.processing.organizations().await.unwrap()[0].suspended);
    assert_eq!(city.control(suspend(false), Mode::Apply).await.len(), 2);

    let revoke = Change::RevokeKey { organization: OFFICE.to_owned(), address: key, from: support::now() };
    assert_eq!(city.control(revoke, Mode::Apply).await.len(), 2);
    assert!(city.processing.organizations().await.unwrap()[0].keys[0].revoked_at.is_some());
}

// C-CHAINS, decision 0036: nobody writes a right to a side chain that takes it over by proof, and what is on its way is no refusal for good.
#[test]
fn a_right_is_written_to_the_main_chain_alone_where_it_is_proven() {
    City::on_nodes_that_prove(|city| async move {
        let clerk = city.found_office().await;
        let key = Address::repeat_byte(0x21);
        let checked = city.control(authorize(OFFICE, key, "degree"), Mode::Check).await;
        assert!(checked[1].contains("chain degree") && checked[1].contains("once it is proven"), "{checked:?}");
        let applied =
            city.processing.control(&by_operator(), &authorize(OFFICE, key, "degree"), Mode::Apply).await.unwrap();
        assert!(applied.recorded.iter().all(|place| place.chain == main_name()) && applied.recorded.len() == 1);
        assert!(applied.effects[1].contains("on its way"), "nobody carries it: {:?}", applied.effects);
        // The side chain knows nothing of the organization, so there is nothing to take back there.
        let suspend = Change::SuspendOrganization { organization: OFFICE.to_owned(), suspended: true };
        assert_eq!(city.control(suspend, Mode::Apply).await.len(), 1);
        let resume = Change::SuspendOrganization { organization: OFFICE.to_owned(), suspended: false };
        city.control(resume, Mode::Apply).await;
        let retire = Change::RetireKey { organization: OFFICE.to_owned(), address: key, right: None };
        let retired = city.control(retire, Mode::Apply).await;
        assert!(retired[1].contains("the end of key") && !retired[1].contains("on its way"), "{retired:?}");

        // C-CHAINS: a rule asks for what the chain's genesis names, and here it names nothing.
        let rule = |requires: &[&str]| Change::SetConditions {
            kind: "degree".to_owned(),
            requires: requires.iter().map(ToString::to_string).collect(),
        };
        let error = city.processing.control(&by_operator(), &rule(&["real-estate"]), Mode::Check).await.unwrap_err();
        assert!(error.code() == Code::ConfigurationInvalid && error.to_string().contains("shown nothing"), "{error}");
        assert!(city.control(rule(&[]), Mode::Check).await[0].contains("asks for no certificate"));
        let unknown = Change::SetConditions { kind: "fishing".to_owned(), requires: Vec::new() };
        assert_eq!(
            city.processing.control(&by_operator(), &unknown, Mode::Check).await.unwrap_err().code(),
            Code::UnknownKind
        );

        let waits = city.processing.record(block(&city, vec![city.issue(&clerk, 1)])).await.unwrap_err();
        assert_eq!((waits.code(), &waits.members()["chain"]), (Code::RightNotShown, &json!("degree")));
        let detail = waits.to_string();
        assert!(detail.contains("the organization was not shown there yet"), "{detail}");
        let stranger = alloy::signers::local::PrivateKeySigner::random();
        let record = city.processing.record(block(&city, vec![city.issue(&stranger, 2)])).await.unwrap();
        let OperationOutcome::Refused(error) = &record.outcomes[0] else { panic!("{:?}", record.outcomes) };
        assert_eq!(error.code(), Code::IssuerNotAuthorized);
    });
}

fn format(version: u32, schema: serde_json::Value) -> DataFormat {
    let mut format = DataFormat {
        id: FormatId("reading/air".to_owned()),
        version,
        chain: side_name(),
        title: Title { en: "Air".to_owned(), zh: "空气".to_owned() },
        source: "a test".to_owned(),
        sealed: false,
        schema,
        schema_hash: B256::ZERO,
    };
    format.schema_hash = format.canonical_schema().unwrap().1;
    format
}

async fn formats_are_recorded_version_by_version(city: Arc<City>) {
    let configure =
        |format| async { city.processing.control(&by_operator(), &Change::ConfigureFormat(format), Mode::Apply).await };
    let first = format(1, json!({ "type": "object" }));
    let second = format(2, json!({ "type": "object", "required": ["celsius"] }));
    assert_eq!(configure(second.clone()).await.unwrap_err().code(), Code::ConfigurationInvalid);
    assert_eq!(configure(first.clone()).await.unwrap().recorded.len(), 1);
    assert!(configure(first.clone()).await.unwrap().recorded.is_empty(), "it is recorded already");
    assert_eq!(configure(second).await.unwrap().recorded.len(), 1);
    let wrong = DataFormat { version: 3, schema_hash: B256::ZERO, ..first };
    assert_eq!(configure(wrong).await.unwrap_err().code(), Code::ConfigurationInvalid);
    let filter = EventFilter { subject: Some("reading/air".to_owned()), ..EventFilter::default() };
    let entries = M2p::events(&city.processing, &by_supervisor(), &filter).await.unwrap();
    let revisions: Vec<_> = entries.iter().map(|entry| entry.revision).collect();
    assert_eq!(revisions, [Some(2), Some(1)], "newest first");
}

async fn a_history_is_verified_entry_by_entry(city: Arc<City>) {
    let clerk = city.found_office().await;
    city.processing.record(block(&city, vec![city.issue(&clerk, 1)])).await.unwrap();
    let history = city.processing.subject_history(&by_supervisor(), subject(1)).await.unwrap();
    let [entry] = &history[..] else { panic!("{history:?}") };
    assert_eq!((entry.happening, entry.by, entry.revision), (Happening::Created, Some(clerk.address()), Some(0)));
    assert_eq!(entry.subject, subject(1).to_string());
    assert!(entry.facts.contains(&Address::repeat_byte(0x55).to_string()), "the holder: {}", entry.facts);
    match (&entry.verified, city.certified) {
        (Some(Verification::Verified), true) => {}
        (Some(Verification::Unproven { missing }), false) => assert!(missing.contains("finality"), "{missing}"),
        other => panic!("{other:?}"),
    }

    // The office, its right and its key, the block and the certificate; newest first, within the limit and the time.
    let all = M2p::events(&city.processing, &by_supervisor(), &EventFilter::default()).await.unwrap();
    assert!(all.is_sorted_by(|one, other| one.time_ms >= other.time_ms));
    assert!(all.iter().any(|entry| entry.name == "KeyAuthorized" && entry.subject == OFFICE));
    let limited = EventFilter { limit: Some(2), ..EventFilter::default() };
    assert_eq!(M2p::events(&city.processing, &by_supervisor(), &limited).await.unwrap(), all[..2]);
    let created = EventFilter { happenings: vec![Happening::Created], ..EventFilter::default() };
    assert_eq!(M2p::events(&city.processing, &by_supervisor(), &created).await.unwrap().len(), 2);
    let past = EventFilter { to_ms: Some(1), ..EventFilter::default() };
    assert!(M2p::events(&city.processing, &by_supervisor(), &past).await.unwrap().is_empty());
    let none = EventFilter { limit: Some(0), ..EventFilter::default() };
    assert_eq!(
        M2p::events(&city.processing, &by_supervisor(), &none).await.unwrap_err().code(),
        Code::MalformedRequest
    );

    // A renewal is an entry of both.
    city.processing.record(block(&city, vec![city.renew(&clerk, 2, Some(1))])).await.unwrap();
    let history = city.processing.subject_history(&by_supervisor(), subject(1)).await.unwrap();
    let revisions: Vec<_> = history.iter().map(|entry| (entry.name.as_str(), entry.revision)).collect();
    assert_eq!(revisions, [("CertificateIssued", Some(0)), ("CertificateRenewed", Some(1))]);

    // A node that invents: the entry is there, as a finding.
    city.wire.set(Fault::lie(|method, result| {
        if method == "eth_getLogs" && result[0]["data"].is_string() {
            let data = result[0]["data"].as_str().unwrap().replace("5555", "6666");
            result[0]["data"] = json!(data);
        }
    }));
    let history = city.fresh().await.subject_history(&by_supervisor(), subject(1)).await.unwrap();
    let failed = Verification::Failed { check: "ReceiptNotIncluded".to_owned() };
    assert_eq!(history[0].verified, Some(failed));
}

async fn a_chain_that_does_not_answer_makes_nothing_unknown(city: Arc<City>) {
    let clerk = city.found_office().await;
    let record = city.processing.record(block(&city, vec![city.issue(&clerk, 1)])).await.unwrap();
    let place = record.recorded;
    let processing = city.fresh().await;
    let found = processing.transaction(None, place.block_number, place.tx_hash).await.unwrap();
    assert_eq!(found.locator, place);
    let nowhere = processing.transaction(None, place.block_number, B256::repeat_byte(1)).await.unwrap_err();
    assert_eq!(nowhere.code(), Code::UnknownTransaction);

    city.wire.set(Fault::Outage);
    let processing = city.fresh().await;
    for error in [
        processing.transaction(None, place.block_number, place.tx_hash).await.unwrap_err(),
        processing.transaction(Some(&side_name()), place.block_number, place.tx_hash).await.unwrap_err(),
        processing.subject_history(&by_supervisor(), subject(1)).await.unwrap_err(),
        processing.check(&city.issue(&clerk, 2)).await.unwrap_err(),
        processing.record(block(&city, vec![city.issue(&clerk, 2)])).await.unwrap_err(),
    ] {
        assert_eq!(error.code(), Code::ChainUnreachable, "{error:?}");
        assert_eq!(error.members()["chain"], "degree");
    }
    let statuses = processing.chains().await.unwrap();
    let heights: Vec<(&str, bool)> =
        statuses.iter().map(|status| (status.name.0.as_str(), status.height.is_some())).collect();
    assert_eq!(heights, [("degree", false), ("main", true)]);
}
