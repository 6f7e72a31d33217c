//! What the doors answer: the examples of the interface, in the terms of the doors.

use alloy_primitives::{Address, B256};
use chancery_data::submission::Access;
use chancery_gateway::doors::{AnchorSeen, AnchoredBlock, ChainPeers, PeerSeen};
use chancery_reference_points::{
    Role,
    access_rule::{AccessRule, ServiceAccess},
    chain_records::ChainStatus,
    change_approval::{ApprovalStatus, ChangeKind, ChangeReview, ProposedChange, SignedChange},
    contract_release::{ContractRelease, ContractReview, ContractSimulation, RecordedStep, ReleaseStatus, ReleaseStep},
    data_block::{OperationProof, TransactionLocator},
    data_format::{DataFormat, FormatId, Title},
    data_search::{DataQuery, Subscription},
    operation::ChainName,
    organization::{Organization, OrganizationKey},
    r2d::SubmissionReceipt,
    source_data::{AcceptedSubmission, Source, SourceOperationProof, SourceSubmission, SubmissionState},
    u2s::{ServiceDescription, ServiceRequest},
};
use chancery_rest::types::{
    Example as _, Page,
    certificates::{Certificate, CertificateDocument},
    data::Trace,
    inspections::{Checked, Inspection},
    kinds::Conditions,
    resources::{AccessRequest, AccessesKept, AssetReader, DescribedResource, SharedResource},
    users::PublicKey,
};
use serde_json::{Value, json};

use crate::{
    callers::{holder, office},
    harness::NOW_S,
};

pub(crate) fn locator() -> TransactionLocator {
    TransactionLocator {
        chain: ChainName("degree".into()),
        tx_hash: B256::repeat_byte(0x71),
        block_number: 128,
        block_hash: B256::repeat_byte(0xb1),
    }
}

pub(crate) fn receipt() -> SubmissionReceipt {
    SubmissionReceipt {
        operation_digest: B256::repeat_byte(0xd1),
        data_block_root: B256::repeat_byte(0xdb),
        data_block: locator(),
        operation: Some(locator()),
    }
}

pub(crate) fn service_access(service: &str) -> ServiceAccess {
    let entries = serde_json::from_value(json!({"role:inspector": "deny"})).unwrap();
    let rule =
        AccessRule { service: service.to_owned(), version: 2, entries, by: office().address(), configured_at: NOW_S };
    ServiceAccess {
        service: service.to_owned(),
        roles: Some(vec![Role::Inspector, Role::Issuer]),
        versions: vec![rule],
    }
}

pub(crate) fn change_review() -> ChangeReview {
    let step = |time| ReleaseStep { operator: office().address(), time };
    let proposal = ProposedChange {
        change: B256::repeat_byte(0xcc),
        kind: ChangeKind::Services,
        status: ApprovalStatus::Approved,
        change_hash: B256::repeat_byte(0xc4),
        expires_at: NOW_S + 600,
        proposed_block: 128,
        proposed: step(NOW_S),
        decided: Some(step(NOW_S + 1)),
        withdrawn: None,
        applied: None,
    };
    let signed = SignedChange {
        content: "{}".into(),
        salt: B256::repeat_byte(0x5a),
        expires_at: NOW_S + 600,
        deadline: NOW_S + 60,
        signature: vec![0x1b].into(),
    };
    ChangeReview { proposal, signed }
}

pub(crate) fn contract_simulation() -> ContractSimulation {
    ContractSimulation {
        chain_id: 7100,
        verifying_contract: office().address(),
        address: holder().address(),
        init_code_hash: B256::repeat_byte(0x1c),
        runtime_code_hash: B256::repeat_byte(0x2c),
        runtime_code_bytes: 420,
        interface_hash: B256::repeat_byte(0xab),
        arguments: vec!["uint256 first = 7".into()],
    }
}

pub(crate) fn contract_release() -> ContractRelease {
    let step = |time| ReleaseStep { operator: office().address(), time };
    ContractRelease {
        chain: ChainName("main".into()),
        release: B256::repeat_byte(0xce),
        name: "counter".parse().unwrap(),
        version: 3,
        status: ReleaseStatus::Approved,
        address: holder().address(),
        init_code_hash: B256::repeat_byte(0x1c),
        runtime_code_hash: B256::repeat_byte(0x2c),
        interface_hash: B256::repeat_byte(0xab),
        source_hash: B256::repeat_byte(0x50),
        salt: B256::ZERO,
        proposed_block: 128,
        proposed: step(NOW_S),
        reviewed: Some(step(NOW_S + 1)),
        deployed: None,
        released: None,
        withdrawn: None,
    }
}

pub(crate) fn contract_review() -> ContractReview {
    ContractReview {
        release: contract_release(),
        creation_code: vec![0x60, 0x00].into(),
        arguments: vec![7].into(),
        decoded_arguments: vec!["uint256 first = 7".into()],
        interface: "[]".into(),
        deadline: NOW_S + 600,
        steps: vec![RecordedStep {
            status: ReleaseStatus::Proposed,
            operator: office().address(),
            reason: String::new(),
            deadline: NOW_S + 600,
            digest: B256::repeat_byte(0xce),
            signature: vec![0x1b; 65].into(),
            recorded: locator(),
        }],
    }
}

pub(crate) fn proof() -> OperationProof {
    OperationProof {
        operation_digest: B256::repeat_byte(0xd1),
        source: holder().address(),
        operation_type: B256::repeat_byte(0x0d),
        content_hash: B256::repeat_byte(0xc0),
        time: NOW_S,
        siblings: vec![B256::repeat_byte(0x51)],
        root: B256::repeat_byte(0xdb),
        chain: ChainName("main".into()),
        recorded: locator(),
        proof: None,
    }
}

pub(crate) fn format() -> DataFormat {
    DataFormat {
        id: FormatId("certificate/degree".into()),
        version: 1,
        chain: ChainName("degree".into()),
        title: Title { en: "Degree".into(), zh: "学位".into() },
        source: "a test".into(),
        sealed: true,
        schema: json!({"type": "object"}),
        schema_hash: B256::ZERO,
    }
}

pub(crate) fn chains() -> Vec<ChainStatus> {
    ["archive", "degree", "main"].map(chain).into()
}

fn chain(name: &str) -> ChainStatus {
    ChainStatus {
        name: ChainName(name.into()),
        chain_id: 7100,
        rpc_url: "http://127.0.0.1:8545".into(),
        genesis_hash: B256::repeat_byte(0x6e),
        genesis: None,
        height: Some(128),
        block_time_ms: Some(NOW_S * 1000),
    }
}

/// The side chain follows the main chain, which has been shown two branches of it.
pub(crate) fn anchors(chain: &str) -> Vec<AnchorSeen> {
    let block = AnchoredBlock { number: 120, hash: B256::repeat_byte(0x78), time_ms: NOW_S * 1000 - 90_500 };
    let seen = |follows: &str, newest: Option<AnchoredBlock>| AnchorSeen {
        follows: follows.into(),
        contract: Address::repeat_byte(0x0a),
        newest,
        is_frozen: newest.is_none(),
    };
    match chain {
        "degree" => vec![seen("main", Some(block))],
        "main" => vec![seen("degree", None)],
        _ => Vec::new(),
    }
}

/// Of two validators of the side chain one is gone. No node of the others runs here.
pub(crate) fn peers(chain: &str) -> Option<ChainPeers> {
    let peer = |name: &str, height: Option<u64>| PeerSeen {
        organization: name.into(),
        is_connected: height.is_some(),
        last_heard_ms: height.map(|_| NOW_S * 1000),
        height,
        blocks_behind: height.map(|height| 128 - height),
    };
    (chain == "degree").then(|| ChainPeers {
        final_height: 128,
        epoch: 1,
        view: 200,
        waiting_transactions: 5,
        is_sick: false,
        findings: vec!["silent".into()],
        peers: vec![peer("city 1", Some(126)), peer("city 2", None)],
    })
}

pub(crate) fn described(name: &str, roles: &[Role]) -> ServiceDescription {
    ServiceDescription { name: name.into(), description: "What it does.".into(), roles: roles.to_vec() }
}

pub(crate) fn organization() -> Organization {
    let key = |address: alloy_primitives::Address, right: &str| OrganizationKey {
        address,
        right: right.into(),
        not_before: NOW_S - 1000,
        not_after: None,
        revoked_at: None,
    };
    Organization {
        code: "12440300455765412A".into(),
        name: "Riverside University".into(),
        administrator: office().address(),
        suspended: false,
        keys: vec![key(office().address(), "degree")],
    }
}

/// The answer of a service of the catalogue.
pub(crate) fn service(request: &ServiceRequest) -> Value {
    let answer = match request.service.as_str() {
        "users.public-key" => serde_json::to_value(PublicKey::example()),
        "certificates.query" | "certificates.staple" => serde_json::to_value(CertificateDocument::example()),
        "certificates.status" => {
            serde_json::to_value(Certificate { holder: holder().address().into(), ..Certificate::example() })
        }
        "certificates.conditions" => serde_json::to_value(Conditions::example()),
        "certificates.of-holder" => serde_json::to_value(Page::<Certificate>::example()),
        "certificates.check" => serde_json::to_value(Checked::example()),
        "certificates.activity" => Ok(json!({
            "changes": [{"day": 20_778, "kind": "degree", "change": "issued", "count": 12}],
            "standing": [{"kind": "degree", "standing": "not-yet-valid", "count": 480}],
            "inspections": [{"day": 20_779, "kind": "degree", "outcome": "valid", "count": 7}],
            "inspectors": [{"inspector": holder().address(), "organization": "11440300007542689X", "count": 31}],
            "unreachable": ["marriage"],
        })),
        // A long directory, in two answers.
        "sharing.activity" if request.parameters["first"] == json!(1089) => Ok(json!({
            "resources": 1,
            "events": [],
            "cut": ["weather-daily"],
            "restricted": ["wells"],
            "aliases": [{"resource": "weather", "of": "weather-daily"}],
        })),
        "sharing.activity" => Ok(json!({
            "resources": 2,
            "events": [{"day": 20_778, "resource": "weather-daily", "event": "granted", "count": 2}],
            "cut": [],
            "restricted": ["rivers"],
            "aliases": [],
            "next": 1089,
        })),
        "certificates.inspections" => {
            let mut page = serde_json::to_value(Page::<Inspection>::example()).unwrap();
            page["counts"] = json!([
                {"inspector": holder().address(), "organization": "11440300007542689X", "count": 31},
                {"inspector": office().address(), "organization": "PUBLIC", "count": 4},
            ]);
            Ok(page)
        }
        "fees.charges" => Ok(json!({
            "counts": [{"inspector": holder().address(), "organization": "BANK", "count": 3, "bytes": 1 << 20}],
        })),
        "sharing.find" => serde_json::to_value(Page::<SharedResource>::example()),
        "sharing.resource" => serde_json::to_value(SharedResource::example()),
        "sharing.readers" => serde_json::to_value(Page::<AssetReader>::example()),
        "sharing.trace" | "certificates.trace" => serde_json::to_value(Trace::example()),
        "sharing.request" => serde_json::to_value(AccessRequest::example()),
        "sharing.accesses" => serde_json::to_value(AccessesKept::example()),
        "sharing.describe" => serde_json::to_value(DescribedResource::example()),
        unknown => panic!("the gateway asks for {unknown}, which no service of the city is"),
    };
    answer.unwrap()
}

pub(crate) fn accepted(submission: &SourceSubmission) -> AcceptedSubmission {
    AcceptedSubmission {
        place: 128,
        digest: B256::repeat_byte(0xce),
        source: holder().address(),
        key: alloy_primitives::FixedBytes::repeat_byte(0x1d),
        count: u32::try_from(submission.operations.len()).unwrap(),
        accepted_at_ms: NOW_S * 1000,
        repeated: false,
        receipt: "a.b.c".into(),
    }
}

pub(crate) fn submission_state() -> SubmissionState {
    SubmissionState {
        place: 128,
        digest: B256::repeat_byte(0xce),
        source: holder().address(),
        count: 1,
        accepted_at_ms: NOW_S * 1000,
        access: Access::Public,
        expires_ms: u64::MAX,
        recorded: Some((B256::repeat_byte(0xdb), locator())),
    }
}

pub(crate) fn subscription() -> Subscription {
    Subscription {
        id: B256::repeat_byte(0xce),
        name: "wells".into(),
        query: DataQuery { sources: vec![holder().address()], ..DataQuery::default() },
        start: 128,
        created_at: NOW_S * 1000,
        expires_at: NOW_S * 1000 + 1,
    }
}

pub(crate) fn submitted_operation_proof() -> SourceOperationProof {
    let hash = B256::repeat_byte(0xdb);
    serde_json::from_value(json!({
        "version": 1, "operation": "{}", "index": 0, "submission": "a.b.c", "siblings": [], "keys": [],
        "leaf": {"siblings": [], "root": hash},
        "recorded": {"chain": "main", "txHash": hash, "blockNumber": 1, "blockHash": hash}, "proof": null,
    }))
    .unwrap()
}

pub(crate) fn source() -> Source {
    serde_json::from_value(json!({
        "source": holder().address(), "kind": "device", "organization": "12440300455765412A", "name": "station 1", "keys": [],
        "registeredBy": holder().address(),
    }))
    .unwrap()
}
