//! The bindings say what `chancery-primitives` signs, and the init codes are what the genesis needs.
#![allow(clippy::unwrap_used)]

use alloy_primitives::{Address, B256, Bytes, keccak256};
use alloy_sol_types::{SolStruct, SolValue};
use chancery_contracts::{
    AccessRuleRegistry, Anchor, AnchorFactory, Authorities, CertificateRegistry, ChangeApprovals,
    ConditionalCertificateRegistry, ContractFactory, ContractReleases, DataBlockRegistry, DataFormatRegistry,
    EthereumDIDRegistry, FollowedMain, FollowedSide, GenesisAccessManager, HeldCertificates, OrganizationRegistry,
    Permissions, Predeploy, ResourceDirectory, TrustRegistry, ValidatorRegistry, anchor_code, anchored_side_chain,
    main_chain, predeploys, side_chain,
};
use chancery_primitives::{
    ApprovalStatus, CertificateId, CertificateKind, CertificateStatus, ChangeKind, ChangeRelease, ChangeStatus,
    ContractName, DataOperation, DecideChange, Inspect, Issue, OrganizationCode, Outcome, ProposeChange,
    ProposeContract, ReleaseStatus, RevocationReason, SignedOperation, UnixSeconds,
};

fn authorities() -> Authorities {
    Authorities {
        administrator: Address::repeat_byte(0xad),
        operators: vec![Address::repeat_byte(0x0b)],
        submitters: vec![Address::repeat_byte(0x5b), Address::repeat_byte(0x5c)],
        contract_operators: vec![Address::repeat_byte(0xc1), Address::repeat_byte(0xc2)],
        approval_requirement: 5,
    }
}

fn id(byte: u8) -> CertificateId {
    CertificateId::new(B256::repeat_byte(byte)).unwrap()
}

// C-ISSUE: an operation is sent with the members that were signed, each in its place.
#[test]
fn operations_keep_their_hash_on_the_way_into_a_call() {
    let organization = OrganizationCode::parse("91110000MA01ABCD2X").unwrap();
    let issue = Issue {
        certificate_id: id(0xa1),
        kind: CertificateKind::BUSINESS_LICENCE,
        organization,
        holder: Address::repeat_byte(1),
        content_hash: keccak256("document"),
        sealed_hash: keccak256("sealed"),
        valid_from: UnixSeconds(2),
        valid_until: UnixSeconds(3),
        previous: Some(id(0xa2)),
        deadline: UnixSeconds(4),
    };
    assert_eq!(CertificateRegistry::Issue::from(&issue).eip712_hash_struct(), issue.struct_hash());
    let first = Issue { previous: None, ..issue };
    assert_eq!(CertificateRegistry::Issue::from(&first).eip712_hash_struct(), first.struct_hash());

    let change = ChangeStatus {
        certificate_id: id(0xa1),
        status: CertificateStatus::Suspended,
        reason: RevocationReason::CertificateHold,
        revision: 7,
        deadline: UnixSeconds(8),
    };
    assert_eq!(CertificateRegistry::ChangeStatus::from(&change).eip712_hash_struct(), change.struct_hash());

    let inspection = Inspect {
        certificate_id: id(0xa1),
        holder: Address::repeat_byte(1),
        organization,
        presentation_hash: B256::repeat_byte(5),
        outcome: Outcome::CannotDetermine,
        deadline: UnixSeconds(9),
    };
    assert_eq!(CertificateRegistry::Inspect::from(&inspection).eip712_hash_struct(), inspection.struct_hash());

    let data = DataOperation {
        data_format: B256::repeat_byte(1),
        content_hash: B256::repeat_byte(2),
        source: Address::repeat_byte(3),
        subject: B256::repeat_byte(4),
        previous: B256::repeat_byte(5),
        time: UnixSeconds(6),
        idempotency_key: B256::repeat_byte(7),
    };
    assert_eq!(DataBlockRegistry::DataOperation::from(&data).eip712_hash_struct(), data.struct_hash());

    let proposal = ProposeContract {
        name: ContractName::parse("counter").unwrap(),
        version: 1,
        init_code_hash: B256::repeat_byte(2),
        arguments_hash: B256::repeat_byte(10),
        runtime_code_hash: B256::repeat_byte(3),
        interface_hash: B256::repeat_byte(4),
        source_hash: B256::repeat_byte(5),
        salt: B256::repeat_byte(6),
        deadline: UnixSeconds(7),
    };
    assert_eq!(ContractReleases::ProposeContract::from(&proposal).eip712_hash_struct(), proposal.struct_hash());
    let step = ChangeRelease {
        release: B256::repeat_byte(8),
        status: ReleaseStatus::Withdrawn,
        reason: "replaced".to_owned(),
        deadline: UnixSeconds(9),
    };
    assert_eq!(ContractReleases::ChangeRelease::from(&step).eip712_hash_struct(), step.struct_hash());

    let proposed = ProposeChange {
        kind: ChangeKind::Quotas,
        change_hash: B256::repeat_byte(1),
        salt: B256::repeat_byte(2),
        expires_at: UnixSeconds(3),
        deadline: UnixSeconds(4),
    };
    assert_eq!(ChangeApprovals::ProposeChange::from(&proposed).eip712_hash_struct(), proposed.struct_hash());
    let decided = DecideChange {
        change: B256::repeat_byte(5),
        status: ApprovalStatus::Rejected,
        reason: "no".to_owned(),
        deadline: UnixSeconds(6),
    };
    assert_eq!(ChangeApprovals::DecideChange::from(&decided).eip712_hash_struct(), decided.struct_hash());
}

#[test]
fn predeploys_stand_where_the_specification_says() {
    let last_bytes =
        |predeploys: &[Predeploy]| -> Vec<u8> { predeploys.iter().map(|predeploy| predeploy.address[19]).collect() };
    let main = main_chain(&authorities());
    let side = side_chain(&authorities(), &[CertificateKind::DEGREE]);
    assert_eq!(last_bytes(&main), [1, 2, 3, 4, 5, 9, 10, 13, 14, 15]);
    assert_eq!(last_bytes(&side), [1, 2, 5, 6, 10]);
    let anchored = anchored_side_chain(&authorities(), &[CertificateKind::DEGREE], &main_of_city(), &[]);
    assert_eq!(last_bytes(&anchored), [1, 5, 11, 12, 6, 10]);
    let asking = anchored_side_chain(&authorities(), &[CertificateKind::DEGREE], &main_of_city(), &[marriage()]);
    let places: Vec<_> = asking.iter().map(|contract| contract.address[18..].to_vec()).collect();
    assert_eq!(places[4..6], [[1, 1], [2, 1]], "the anchor of the first side chain, and what is shown of it");
    assert_eq!(main, main_chain(&authorities()), "the same at every run");
    assert_eq!(main[0], side[0], "the same on every chain");
    for predeploy in main.iter().chain(&side) {
        assert_eq!(predeploy.address[..2], [0xc4, 0xa0], "{}", predeploy.name);
    }
}

#[test]
fn init_codes_end_with_their_constructor_arguments() {
    let main = main_chain(&authorities());
    let manager = &main[0].init_code;
    let (code, arguments) = manager.split_at(GenesisAccessManager::BYTECODE.len());
    assert_eq!(code, GenesisAccessManager::BYTECODE.as_ref());
    let Authorities { administrator, operators, submitters, contract_operators, approval_requirement } = authorities();
    type Arguments = (Address, Vec<Address>, Vec<Address>, Vec<Address>);
    let expected = (administrator, operators, submitters, contract_operators);
    assert_eq!(Arguments::abi_decode_params(arguments).unwrap(), expected);
    assert_eq!(main[2].init_code, EthereumDIDRegistry::BYTECODE, "no arguments");
    let changes = main[8].init_code.split_at(ChangeApprovals::BYTECODE.len()).1;
    let expected = (predeploys::ACCESS_MANAGER, u16::from(approval_requirement));
    assert_eq!(<(Address, u16)>::abi_decode_params(changes).unwrap(), expected);

    // It takes the codes of what this version makes.
    let factory = main[9].init_code.split_at(AnchorFactory::BYTECODE.len()).1;
    let expected = (keccak256(&Anchor::BYTECODE), keccak256(&HeldCertificates::BYTECODE));
    assert_eq!(<(B256, B256)>::abi_decode_params(factory).unwrap(), expected);

    let kinds = [CertificateKind::DEGREE, CertificateKind::MARRIAGE];
    let side = side_chain(&authorities(), &kinds);
    let arguments = side[3].init_code.split_at(CertificateRegistry::BYTECODE.len()).1;
    let (organizations, enabled) = <(Address, Vec<B256>)>::abi_decode_params(arguments).unwrap();
    assert_eq!(organizations, predeploys::ORGANIZATION_REGISTRY);
    assert_eq!(enabled, kinds.map(|kind| kind.to_bytes32()));
}

fn main_of_city() -> FollowedMain {
    FollowedMain { chain_id: 7100, genesis_hash: B256::repeat_byte(0x71), max_age_s: 900 }
}

// C-CHAINS, TRUST-1, TRUST-3: a side chain of a city has no register of rights that anybody could write to.
#[test]
fn a_side_chain_of_a_city_asks_what_was_proven_of_its_main_chain() {
    let [_, _, anchor, trust, certificates, _] = <[Predeploy; 6]>::try_from(anchored_side_chain(
        &authorities(),
        &[CertificateKind::DEGREE],
        &main_of_city(),
        &[],
    ))
    .unwrap();
    let arguments = |predeploy: &Predeploy, code: &Bytes| predeploy.init_code.split_at(code.len()).1.to_vec();
    let anchored = arguments(&anchor, &Anchor::BYTECODE);
    assert_eq!(
        <(Address, u64, B256)>::abi_decode_params(&anchored).unwrap(),
        (predeploys::VALIDATOR_REGISTRY, 7100, B256::repeat_byte(0x71))
    );
    assert_eq!(anchor.init_code, anchor_code(7100, B256::repeat_byte(0x71)));
    let proven = arguments(&trust, &TrustRegistry::BYTECODE);
    assert_eq!(
        <(Address, Address, u64)>::abi_decode_params(&proven).unwrap(),
        (predeploys::MAIN_ANCHOR, predeploys::ORGANIZATION_REGISTRY, 900)
    );
    let asked = arguments(&certificates, &ConditionalCertificateRegistry::BYTECODE);
    let (manager, rights, kinds, sources) = Conditional::abi_decode_params(&asked).unwrap();
    assert_eq!((manager, rights), (predeploys::ACCESS_MANAGER, predeploys::TRUST_REGISTRY));
    assert_eq!(kinds, [CertificateKind::DEGREE.to_bytes32()]);
    assert!(sources.is_empty());
}

/// Arguments of a `ConditionalCertificateRegistry`.
type Conditional = (Address, Address, Vec<B256>, Vec<(B256, Address)>);

fn marriage() -> FollowedSide {
    let kind = CertificateKind::MARRIAGE;
    FollowedSide { number: 1, chain_id: 7101, genesis_hash: B256::repeat_byte(0x72), kind, max_age_s: 900 }
}

// C-CHAINS: what a rule may ask for, and who answers, is in the genesis; no operator names a contract that says yes to everything.
#[test]
fn a_rule_of_a_side_chain_asks_what_its_genesis_names() {
    let all = anchored_side_chain(&authorities(), &[CertificateKind::DEGREE], &main_of_city(), &[marriage()]);
    let [_, _, _, _, anchor, held, certificates, _] = <[Predeploy; 8]>::try_from(all).unwrap();
    assert_eq!(anchor.init_code, anchor_code(7101, B256::repeat_byte(0x72)));
    let shown = held.init_code.split_at(HeldCertificates::BYTECODE.len()).1;
    assert_eq!(
        <(Address, Address, u64)>::abi_decode_params(shown).unwrap(),
        (anchor.address, predeploys::CERTIFICATE_REGISTRY, 900)
    );
    let asked = certificates.init_code.split_at(ConditionalCertificateRegistry::BYTECODE.len()).1;
    let sources = Conditional::abi_decode_params(asked).unwrap().3;
    assert_eq!(sources, [(CertificateKind::MARRIAGE.to_bytes32(), held.address)]);
}

// docs/specs/permissions.md: who may create contracts is asked of a transaction alone, so no contract of a genesis may do it for everybody.
#[test]
fn no_contract_of_a_genesis_creates_contracts() {
    const PUSH: std::ops::RangeInclusive<u8> = 0x60..=0x7f;
    const CREATE: [u8; 2] = [0xf0, 0xf5];
    let contracts = [
        ("GenesisAccessManager", &GenesisAccessManager::DEPLOYED_BYTECODE),
        ("OrganizationRegistry", &OrganizationRegistry::DEPLOYED_BYTECODE),
        ("Anchor", &Anchor::DEPLOYED_BYTECODE),
        ("TrustRegistry", &TrustRegistry::DEPLOYED_BYTECODE),
        ("EthereumDIDRegistry", &EthereumDIDRegistry::DEPLOYED_BYTECODE),
        ("DataFormatRegistry", &DataFormatRegistry::DEPLOYED_BYTECODE),
        ("DataBlockRegistry", &DataBlockRegistry::DEPLOYED_BYTECODE),
        ("CertificateRegistry", &CertificateRegistry::DEPLOYED_BYTECODE),
        ("ConditionalCertificateRegistry", &ConditionalCertificateRegistry::DEPLOYED_BYTECODE),
        ("HeldCertificates", &HeldCertificates::DEPLOYED_BYTECODE),
        ("ResourceDirectory", &ResourceDirectory::DEPLOYED_BYTECODE),
        ("ValidatorRegistry", &ValidatorRegistry::DEPLOYED_BYTECODE),
        ("Permissions", &Permissions::DEPLOYED_BYTECODE),
        ("ContractReleases", &ContractReleases::DEPLOYED_BYTECODE),
        ("AccessRuleRegistry", &AccessRuleRegistry::DEPLOYED_BYTECODE),
        ("ChangeApprovals", &ChangeApprovals::DEPLOYED_BYTECODE),
    ];
    for (name, code) in contracts {
        let (mut at, mut operations) = (0, Vec::new());
        while at < code.len() {
            operations.push(code[at]);
            at += if PUSH.contains(&code[at]) { usize::from(code[at] - PUSH.start()) + 2 } else { 1 };
        }
        assert!(!operations.is_empty() && !operations.iter().any(|code| CREATE.contains(code)), "{name}");
    }
}

// RELEASE-4: the factory that `ContractReleases` accepts is the one that is put on a chain.
#[test]
fn the_registry_of_releases_knows_the_factory_by_its_code() {
    let known = keccak256(&ContractFactory::DEPLOYED_BYTECODE);
    let push = [&[0x7f], known.as_slice()].concat();
    assert!(ContractReleases::DEPLOYED_BYTECODE.windows(33).any(|window| window == push), "{known}");
}
