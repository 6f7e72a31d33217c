//! Contracts that two operators release (docs/specs/contract-release.md).
#![allow(unreachable_pub, reason = "the list of scenarios is above")]

use std::sync::Arc;

use alloy::signers::{SignerSync as _, local::PrivateKeySigner};
use alloy::sol_types::{SolCall as _, SolError as _, SolEvent as _, SolValue as _};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use chancery_contracts::{ContractFactory::Simulated, ContractReleases, DataFormatRegistry, predeploys};
use chancery_primitives::{ChangeRelease, ReleaseStatus, SignedOperation as _, SigningDomain, UnixSeconds};
use chancery_reference_points::{
    Code, DoorError,
    c2p::C2p,
    contract_release::{ContractArtifact, ContractSimulation, MAX_VALIDITY_S, SignedProposal, SignedStep},
    m2p::M2p,
    o2c::{Change, Mode},
    s2p::Retrieval,
};

use chancery_testing::process::{Fault, rpc};
use serde_json::json;

use crate::support::{City, by_operator, by_supervisor, contract_operator, main_name, now, side_name};

/// What the constructor of the sample takes: an address.
const INTERFACE: &str =
    r#"[{"type":"constructor","stateMutability":"nonpayable","inputs":[{"name":"authority","type":"address"}]}]"#;

/// Creation code that refuses with the 100 bytes behind it: CODECOPY, REVERT.
const FORGER: [u8; 10] = [0x60, 0x64, 0x60, 0x0a, 0x5f, 0x39, 0x60, 0x64, 0x5f, 0xfd];

/// Creation code that leaves how many contracts were proposed: another code after each proposal.
fn counting() -> Bytes {
    let ask = [&[0x63][..], &ContractReleases::releaseCountCall::SELECTOR, &[0x5f, 0x52]].concat();
    let call =
        [&[0x60, 0x20, 0x5f, 0x60, 0x04, 0x60, 0x1c, 0x73][..], predeploys::CONTRACT_RELEASES.as_slice()].concat();
    let leave = [0x5a, 0xfa, 0x50, 0x60, 0x20, 0x5f, 0xf3];
    [&ask[..], &call, &leave].concat().into()
}

/// On the side chain; the sample has nothing to do there but to stand and to answer.
fn artifact(version: u32) -> ContractArtifact {
    ContractArtifact {
        chain: side_name(),
        name: "formats".parse().unwrap(),
        version,
        creation_code: DataFormatRegistry::BYTECODE.clone(),
        arguments: predeploys::ACCESS_MANAGER.abi_encode().into(),
        interface: INTERFACE.to_owned(),
        source_hash: keccak256("source"),
        salt: B256::with_last_byte(u8::try_from(version).unwrap()),
    }
}

fn domain(city: &City) -> SigningDomain {
    SigningDomain::new(city.chain_id, predeploys::CONTRACT_RELEASES)
}

fn sign(signer: &PrivateKeySigner, digest: B256) -> Bytes {
    signer.sign_hash_sync(&digest).unwrap().as_bytes().to_vec().into()
}

/// A proposal, signed, and its name.
fn proposal(
    city: &City,
    signer: &PrivateKeySigner,
    artifact: ContractArtifact,
    simulation: &ContractSimulation,
) -> (B256, Change) {
    let mut proposal = SignedProposal {
        artifact,
        runtime_code_hash: simulation.runtime_code_hash,
        deadline: now() + 600,
        signature: Bytes::new(),
    };
    let operation = proposal.operation(simulation.init_code_hash, simulation.interface_hash);
    let release = operation.digest(&domain(city));
    proposal.signature = sign(signer, release);
    (release, Change::ProposeContract { proposal, by: signer.address() })
}

fn step(city: &City, signer: &PrivateKeySigner, release: B256, status: ReleaseStatus, reason: &str) -> Change {
    let deadline = now() + 600;
    let operation = ChangeRelease { release, status, reason: reason.to_owned(), deadline: UnixSeconds(deadline) };
    let step = SignedStep {
        chain: side_name(),
        release,
        status,
        reason: reason.to_owned(),
        deadline,
        signature: sign(signer, operation.digest(&domain(city))),
    };
    Change::ChangeRelease { step, by: signer.address() }
}

async fn refused(city: &City, change: &Change) -> DoorError {
    // What a check finds, an application finds too.
    let checked = city.processing.control(&by_operator(), change, Mode::Check).await.unwrap_err();
    let applied = city.processing.control(&by_operator(), change, Mode::Apply).await.unwrap_err();
    assert_eq!(checked.code(), applied.code(), "{checked:?}, {applied:?}");
    checked
}

/// RELEASE-1..5, S-SVC, M-CON-4
pub async fn a_contract_is_released_by_two_operators(city: Arc<City>) {
    let (first, second) = (contract_operator(0), contract_operator(1));
    let simulation = city.processing.simulate_contract(&by_operator(), &artifact(1)).await.unwrap();
    assert_eq!(simulation.arguments, [format!("address authority = {}", predeploys::ACCESS_MANAGER)]);
    assert_eq!(
        city.processing.simulate_contract(&by_operator(), &artifact(1)).await.unwrap(),
        simulation,
        "it left nothing"
    );
    let (release, change) = proposal(&city, &first, artifact(1), &simulation);
    assert_eq!(city.control(change.clone(), Mode::Check).await.len(), 1);
    // A check asks for no signature that could be sent afterwards; what is applied has one.
    let Change::ProposeContract { proposal: mut unsigned, by } = change.clone() else { panic!() };
    unsigned.signature = Bytes::new();
    let unsigned = Change::ProposeContract { proposal: unsigned, by };
    assert_eq!(city.control(unsigned.clone(), Mode::Check).await.len(), 1);
    let error = city.processing.control(&by_operator(), &unsigned, Mode::Apply).await.unwrap_err();
    assert_eq!(error.code(), Code::SignatureInvalid);
    assert!(city.processing.contracts(&side_name(), 0).await.unwrap().is_empty(), "a check changes nothing");
    city.control(change.clone(), Mode::Apply).await;
    let again = city.processing.control(&by_operator(), &change, Mode::Apply).await.unwrap();
    assert!(again.recorded.is_empty(), "proposed once: {again:?}");

    // Nobody alone: neither the review nor the release is the proposer's, and nothing is left out.
    let own = refused(&city, &step(&city, &first, release, ReleaseStatus::Approved, "")).await;
    assert_eq!((own.code(), own.members()["proposer"].as_str().is_some()), (Code::SecondOperatorRequired, true));
    let early = refused(&city, &step(&city, &first, release, ReleaseStatus::Deployed, "")).await;
    assert_eq!((early.code(), &early.members()["status"]), (Code::ReleaseConflict, &serde_json::json!("proposed")));
    let approval = step(&city, &second, release, ReleaseStatus::Approved, "read");
    let Change::ChangeRelease { step: mut unsigned, by } = approval.clone() else { panic!() };
    unsigned.signature = Bytes::new();
    let unsigned = Change::ChangeRelease { step: unsigned, by };
    assert_eq!(city.control(unsigned.clone(), Mode::Check).await.len(), 1);
    let error = city.processing.control(&by_operator(), &unsigned, Mode::Apply).await.unwrap_err();
    assert_eq!(error.code(), Code::SignatureInvalid);
    city.control(approval.clone(), Mode::Apply).await;
    // Sent again, it is recorded once; another's is a conflict.
    let again = city.processing.control(&by_operator(), &approval, Mode::Apply).await.unwrap();
    assert!(again.recorded.is_empty() && again.effects.len() == 1, "{again:?}");
    let late = refused(&city, &step(&city, &first, release, ReleaseStatus::Approved, "")).await;
    assert_eq!(late.code(), Code::ReleaseConflict);
    city.control(step(&city, &first, release, ReleaseStatus::Deployed, ""), Mode::Apply).await;
    let own = refused(&city, &step(&city, &first, release, ReleaseStatus::Released, "")).await;
    assert_eq!(own.code(), Code::SecondOperatorRequired);
    city.control(step(&city, &second, release, ReleaseStatus::Released, ""), Mode::Apply).await;

    // It stands where the simulation said, and answers.
    let call = alloy::sol_types::SolCall::abi_encode(&DataFormatRegistry::authorityCall {});
    let answer = city.processing.view(&side_name(), simulation.address, call.into()).await.unwrap();
    assert_eq!(Address::abi_decode(&answer.data).unwrap(), predeploys::ACCESS_MANAGER);
    let other = ContractArtifact { source_hash: keccak256("other source"), ..artifact(1) };
    let (_, other) = proposal(&city, &first, other, &simulation);
    assert_eq!(refused(&city, &other).await.code(), Code::ConfigurationInvalid, "its address is taken");

    city.control(step(&city, &first, release, ReleaseStatus::Withdrawn, "replaced"), Mode::Apply).await;
    let review = city.fresh().await.contract(&side_name(), release).await.unwrap();
    assert_eq!((review.release.status, review.release.address), (ReleaseStatus::Withdrawn, simulation.address));
    assert_eq!(review.creation_code, DataFormatRegistry::BYTECODE);
    assert_eq!(review.decoded_arguments, simulation.arguments);
    let steps: Vec<_> =
        review.steps.iter().map(|step| format!("{} {} {}", step.status, step.operator, step.reason)).collect();
    let (first, second) = (first.address(), second.address());
    let expected = [
        format!("proposed {first} "),
        format!("approved {second} read"),
        format!("deployed {first} "),
        format!("released {second} "),
        format!("withdrawn {first} replaced"),
    ];
    assert_eq!(steps, expected);
    assert_eq!(city.processing.contracts(&side_name(), 0).await.unwrap(), [review.release]);
    // M-MON-2: supervisors see each step, by whom.
    let history = city.processing.subject_history(&by_supervisor(), release).await.unwrap();
    let told: Vec<_> = history.iter().map(|entry| format!("{} {}", entry.facts, entry.by.unwrap())).collect();
    let rest = [("approved", second), ("deployed", first), ("released", second), ("withdrawn", first)];
    let rest = rest.map(|(status, by)| format!("{status} {by}"));
    assert_eq!((told[0].as_str(), &told[1..]), (format!("contract formats version 1 {first}").as_str(), &rest[..]));
    assert!(city.processing.contracts(&side_name(), 1).await.unwrap().is_empty());
    // A node that leaves out a step is found out: the registry says how many there are.
    let changed = json!(ContractReleases::ReleaseChanged::SIGNATURE_HASH);
    city.wire.set(Fault::lie(move |method, result| {
        if let ("eth_getLogs", Some(logs)) = (method, result.as_array_mut()) {
            logs.retain(|log| log["topics"][0] != changed);
        }
    }));
    let error = city.fresh().await.contract(&side_name(), release).await.unwrap_err();
    assert_eq!(error.code(), Code::ChainUnreachable);
}

/// RELEASE-1, M-CON-4, bad input: found out before anything is sent.
pub async fn what_is_no_proposal_is_refused_with_its_rule(city: Arc<City>) {
    let (operator, stranger) = (contract_operator(0), PrivateKeySigner::random());
    let simulation = city.processing.simulate_contract(&by_operator(), &artifact(1)).await.unwrap();
    let (release, right) = proposal(&city, &operator, artifact(1), &simulation);

    let (_, strangers) = proposal(&city, &stranger, artifact(1), &simulation);
    assert_eq!(refused(&city, &strangers).await.code(), Code::RoleRequired);
    let Change::ProposeContract { proposal: signed, by } = right else { panic!() };
    let altered = SignedProposal { deadline: signed.deadline + 1, ..signed.clone() };
    let altered = refused(&city, &Change::ProposeContract { proposal: altered, by }).await;
    assert_eq!(altered.code(), Code::SignatureInvalid);
    let far = SignedProposal { deadline: now() + MAX_VALIDITY_S + 60, ..signed.clone() };
    let far = refused(&city, &Change::ProposeContract { proposal: far, by }).await;
    assert!(far.detail().contains("deadline"), "{far:?}");
    let late = SignedProposal { deadline: now() - 1, ..signed };
    assert_eq!(refused(&city, &Change::ProposeContract { proposal: late, by }).await.code(), Code::OperationExpired);
    let wrong = ContractSimulation { runtime_code_hash: B256::ZERO, ..simulation };
    let (_, other) = proposal(&city, &operator, artifact(1), &wrong);
    let other = refused(&city, &other).await;
    assert!(other.detail().contains("simulate it again"), "{other:?}");
    let unknown = refused(&city, &step(&city, &operator, release, ReleaseStatus::Withdrawn, "why")).await;
    assert_eq!(unknown.code(), Code::UnknownContract);

    // A constructor that refuses, one that does not end, and code that is none.
    let reverts = Bytes::from_static(&[0x5f, 0x5f, 0xfd]);
    let endless = Bytes::from_static(&[0x5b, 0x5f, 0x56]);
    let nothing = Bytes::from_static(&[0x5f, 0x5f, 0xf3]);
    // One that answers in the factory's words, of an address that is not its own.
    let forged = Simulated { created: Address::ZERO, runtimeCodeHash: keccak256("code"), runtimeCodeBytes: U256::ONE };
    let forged = Bytes::from([&FORGER[..], &forged.abi_encode()].concat());
    let words = [(reverts, "refuses"), (endless, "refuses"), (nothing, "EIP-170"), (forged, "refuses")];
    for (code, word) in words {
        let artifact =
            ContractArtifact { creation_code: code, arguments: Bytes::new(), interface: "[]".into(), ..artifact(2) };
        let error = city.processing.simulate_contract(&by_operator(), &artifact).await.unwrap_err();
        assert_eq!(error.code(), Code::ConfigurationInvalid);
        assert!(error.detail().contains(word), "{error:?}");
    }
    // What would be deployed now is not what was proposed: nobody approves it.
    let counting =
        ContractArtifact { creation_code: counting(), arguments: Bytes::new(), interface: "[]".into(), ..artifact(3) };
    let simulation = city.processing.simulate_contract(&by_operator(), &counting).await.unwrap();
    let (release, change) = proposal(&city, &operator, counting, &simulation);
    city.control(change, Mode::Apply).await;
    let approval = step(&city, &contract_operator(1), release, ReleaseStatus::Approved, "");
    let changed = refused(&city, &approval).await;
    assert!(changed.detail().contains("propose it again"), "{changed:?}");
    let nowhere = ContractArtifact { chain: City::no_chain(), ..artifact(1) };
    assert_eq!(
        city.processing.simulate_contract(&by_operator(), &nowhere).await.unwrap_err().code(),
        Code::UnknownChain
    );
    assert!(city.processing.contracts(&main_name(), 0).await.unwrap().is_empty());
    if !city.certified {
        // A chain that was founded without the registry says so, and does not look like one that is down.
        rpc(&city.wire.url, "anvil_setCode", json!([predeploys::CONTRACT_RELEASES, "0x"])).await.unwrap();
        let error = city.processing.contracts(&side_name(), 0).await.unwrap_err();
        assert_eq!(error.code(), Code::UnknownContract);
        assert!(error.detail().contains("founded without"), "{error:?}");
    }
}
