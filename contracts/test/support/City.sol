// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {AccessRuleRegistry} from "../../src/AccessRuleRegistry.sol";
import {CertificateRegistry} from "../../src/CertificateRegistry.sol";
import {ChangeApprovals} from "../../src/ChangeApprovals.sol";
import {ContractReleases} from "../../src/ContractReleases.sol";
import {DataBlockRegistry} from "../../src/DataBlockRegistry.sol";
import {DataFormatRegistry} from "../../src/DataFormatRegistry.sol";
import {EthereumDIDRegistry} from "../../src/EthereumDIDRegistry.sol";
import {GenesisAccessManager} from "../../src/GenesisAccessManager.sol";
import {OrganizationRegistry} from "../../src/OrganizationRegistry.sol";
import {Predeploys} from "../../src/libraries/Predeploys.sol";
import {ChangeStatus, Inspect, Issue} from "../../src/types/CertificateTypes.sol";
import {ChangeKind} from "../../src/types/ChangeTypes.sol";
import {vm} from "./Vm.sol";

/// A chain as its genesis makes it: constructors run directly at the predeploy addresses. With a university that issues
/// degrees, an inspectorate, and keys for everybody.
abstract contract City {
    bytes32 internal constant DEGREE = "degree";
    bytes32 internal constant MARRIAGE = "marriage";
    bytes32 internal constant INSPECTION = "inspection";
    bytes32 internal constant UNIVERSITY = "91110000MA01ABCD2X";
    bytes32 internal constant OTHER_UNIVERSITY = "91110000MA01ABCD3X";
    bytes32 internal constant INSPECTORATE = "INSPECTORATE-7";

    uint256 internal constant ISSUER_KEY = 0x1551;
    uint256 internal constant OTHER_ISSUER_KEY = 0x1552;
    uint256 internal constant INSPECTOR_KEY = 0x1553;
    uint256 internal constant HOLDER_KEY = 0x1554;
    uint256 internal constant STRANGER_KEY = 0x1555;
    uint256 internal constant FIRST_OPERATOR_KEY = 0x1556;
    uint256 internal constant SECOND_OPERATOR_KEY = 0x1557;
    uint256 internal constant THIRD_OPERATOR_KEY = 0x1558;

    address internal immutable ISSUER = vm.addr(ISSUER_KEY);
    address internal immutable OTHER_ISSUER = vm.addr(OTHER_ISSUER_KEY);
    address internal immutable INSPECTOR = vm.addr(INSPECTOR_KEY);
    address internal immutable HOLDER = vm.addr(HOLDER_KEY);
    address internal immutable STRANGER = vm.addr(STRANGER_KEY);

    address internal constant ADMINISTRATOR = address(0xad1);
    address internal constant OPERATOR = address(0x0be);
    address internal constant SUBMITTER = address(0x5b);
    address internal constant UNIVERSITY_ADMINISTRATOR = address(0xa1);
    address internal constant OTHER_ADMINISTRATOR = address(0xa2);
    address internal constant INSPECTORATE_ADMINISTRATOR = address(0xa3);

    uint64 internal constant START = 1_767_225_600;
    bytes internal constant SEALED = "sealed payload";
    /// Changes of keys and access rules need two operators.
    uint8 internal constant REQUIREMENT = uint8((1 << ChangeKind.KEYS) | (1 << ChangeKind.ACCESS));

    GenesisAccessManager internal manager = GenesisAccessManager(Predeploys.ACCESS_MANAGER);
    OrganizationRegistry internal organizations = OrganizationRegistry(Predeploys.ORGANIZATION_REGISTRY);
    EthereumDIDRegistry internal identities = EthereumDIDRegistry(Predeploys.ETHEREUM_DID_REGISTRY);
    DataFormatRegistry internal formats = DataFormatRegistry(Predeploys.DATA_FORMAT_REGISTRY);
    DataBlockRegistry internal blocks = DataBlockRegistry(Predeploys.DATA_BLOCK_REGISTRY);
    CertificateRegistry internal registry = CertificateRegistry(Predeploys.CERTIFICATE_REGISTRY);
    ContractReleases internal contractReleases = ContractReleases(Predeploys.CONTRACT_RELEASES);
    AccessRuleRegistry internal accessRules = AccessRuleRegistry(Predeploys.ACCESS_RULES);
    ChangeApprovals internal approvals = ChangeApprovals(Predeploys.CHANGE_APPROVALS);

    function setUp() public virtual {
        vm.warp(START);
        vm.roll(100);
        _genesis();
        vm.warp(START + 1);
        _found(UNIVERSITY, "University", UNIVERSITY_ADMINISTRATOR, DEGREE, ISSUER);
        _found(OTHER_UNIVERSITY, "Other University", OTHER_ADMINISTRATOR, DEGREE, OTHER_ISSUER);
        _found(INSPECTORATE, "Inspectorate", INSPECTORATE_ADMINISTRATOR, INSPECTION, INSPECTOR);
    }

    function _genesis() internal {
        address[] memory operators = new address[](1);
        operators[0] = OPERATOR;
        address[] memory submitters = new address[](1);
        submitters[0] = SUBMITTER;
        address[] memory contractOperators = new address[](3);
        contractOperators[0] = vm.addr(FIRST_OPERATOR_KEY);
        contractOperators[1] = vm.addr(SECOND_OPERATOR_KEY);
        contractOperators[2] = vm.addr(THIRD_OPERATOR_KEY);
        bytes32[] memory kinds = new bytes32[](1);
        kinds[0] = DEGREE;
        address authority = Predeploys.ACCESS_MANAGER;

        _construct(
            authority,
            abi.encodePacked(
                type(GenesisAccessManager).creationCode,
                abi.encode(ADMINISTRATOR, operators, submitters, contractOperators)
            )
        );
        _construct(
            Predeploys.ORGANIZATION_REGISTRY,
            abi.encodePacked(type(OrganizationRegistry).creationCode, abi.encode(authority))
        );
        _construct(Predeploys.ETHEREUM_DID_REGISTRY, type(EthereumDIDRegistry).creationCode);
        _construct(
            Predeploys.DATA_FORMAT_REGISTRY,
            abi.encodePacked(type(DataFormatRegistry).creationCode, abi.encode(authority))
        );
        _construct(
            Predeploys.DATA_BLOCK_REGISTRY,
            abi.encodePacked(type(DataBlockRegistry).creationCode, abi.encode(authority))
        );
        _construct(
            Predeploys.CERTIFICATE_REGISTRY,
            abi.encodePacked(
                type(CertificateRegistry).creationCode, abi.encode(Predeploys.ORGANIZATION_REGISTRY, kinds)
            )
        );
        _construct(
            Predeploys.CONTRACT_RELEASES, abi.encodePacked(type(ContractReleases).creationCode, abi.encode(authority))
        );
        _construct(
            Predeploys.ACCESS_RULES, abi.encodePacked(type(AccessRuleRegistry).creationCode, abi.encode(authority))
        );
        _construct(
            Predeploys.CHANGE_APPROVALS,
            abi.encodePacked(type(ChangeApprovals).creationCode, abi.encode(authority, REQUIREMENT))
        );
    }

    /// Runs init code at an address, as the genesis does.
    function _construct(address where, bytes memory initCode) internal {
        vm.etch(where, initCode);
        (bool constructed, bytes memory runtime) = where.call("");
        require(constructed, "a constructor reverted");
        vm.etch(where, runtime);
    }

    function _found(bytes32 code, string memory name, address administrator, bytes32 right, address key) internal {
        vm.prank(OPERATOR);
        organizations.registerOrganization(code, name, keccak256(bytes(name)), administrator);
        vm.prank(OPERATOR);
        organizations.grantRight(code, right);
        vm.prank(administrator);
        organizations.authorizeKey(code, key, right, 0, 0);
    }

    function _issue(bytes32 certificateId) internal view returns (Issue memory) {
        return Issue({
            certificateId: certificateId,
            kind: DEGREE,
            organization: UNIVERSITY,
            holder: HOLDER,
            contentHash: keccak256("document"),
            sealedHash: keccak256(SEALED),
            validFrom: START,
            validUntil: START + 365 days,
            previous: 0,
            deadline: uint64(block.timestamp) + 600
        });
    }

    function _change(bytes32 certificateId, uint8 status, uint8 reason, uint64 revision)
        internal
        view
        returns (ChangeStatus memory)
    {
        return ChangeStatus(certificateId, status, reason, revision, uint64(block.timestamp) + 600);
    }

    function _inspection(bytes32 certificateId, uint8 outcome) internal view returns (Inspect memory) {
        return
            Inspect(
                certificateId, HOLDER, INSPECTORATE, keccak256("presentation"), outcome, uint64(block.timestamp) + 600
            );
    }

    function _signature(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    /// Issues with the university's key; anybody sends.
    function _send(Issue memory operation) internal {
        registry.issue(operation, ISSUER, _signature(ISSUER_KEY, registry.issueDigest(operation)), SEALED);
    }

    /// Changes a status with the university's key.
    function _send(ChangeStatus memory operation) internal {
        registry.changeStatus(operation, ISSUER, _signature(ISSUER_KEY, registry.changeStatusDigest(operation)));
    }

    /// Records an inspection with the inspectorate's key.
    function _send(Inspect memory operation) internal {
        registry.inspect(operation, INSPECTOR, _signature(INSPECTOR_KEY, registry.inspectDigest(operation)));
    }
}
