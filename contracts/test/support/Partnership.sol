// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Alliance} from "../../src/bridge/Alliance.sol";
import {RequirementRegistry} from "../../src/bridge/RequirementRegistry.sol";
import {IAnchor} from "../../src/interfaces/IAnchor.sol";
import {AllianceMessages} from "../../src/libraries/AllianceMessages.sol";
import {Outcome, Reason} from "../../src/types/AllianceTypes.sol";
import {Endorser, Requirement} from "../../src/types/MembershipTypes.sol";
import {Attestation, Endorsement, PartReference, Request} from "../../src/types/RequestTypes.sol";
import {OneSlotBlock, OneSlotChain} from "./OneSlotChain.sol";
import {OpenAnchor} from "./OpenAnchor.sol";
import {vm} from "./Vm.sol";

/// An alliance of a bank, a land registry and a tax office on a foreign chain. Each has endorsers A, B and C that weigh 50, 49 and 1; the bank's
/// clerk puts requests together.
abstract contract Partnership {
    bytes32 internal constant BANK = "bank";
    bytes32 internal constant LAND = "land registry";
    bytes32 internal constant TAX = "tax office";
    bytes32 internal constant CLERK = "clerk";
    bytes32 internal constant A = "A";
    bytes32 internal constant B = "B";
    bytes32 internal constant C = "C";
    uint64 internal constant NOW = 1_767_225_601;
    uint64 internal constant OPEN_UNTIL = NOW + 30 days;

    RequirementRegistry internal requirements = new RequirementRegistry();
    Alliance internal alliance;
    mapping(bytes32 member => OpenAnchor) internal anchors;
    /// Serial number of a node's transaction certificate.
    mapping(bytes32 member => mapping(bytes32 node => uint64)) internal certificates;
    uint64 private _height;

    function setUp() public virtual {
        vm.warp(NOW);
        anchors[BANK] = new OpenAnchor(7101, "bank's genesis");
        anchors[LAND] = new OpenAnchor(7102, "land registry's genesis");
        alliance = _propose();
        _acceptAll();
        _certify(BANK, CLERK, 1);
        bytes32[3] memory names = _names();
        for (uint256 i = 0; i < 3; ++i) {
            _certify(names[i], A, 2);
            _certify(names[i], B, 2);
            _certify(names[i], C, 2);
        }
    }

    function _propose() internal returns (Alliance) {
        bytes32[3] memory names = _names();
        uint256[] memory ids = new uint256[](3);
        IAnchor[] memory followers = new IAnchor[](3);
        for (uint256 i = 0; i < 3; ++i) {
            Requirement memory requirement = _requirement(names[i]);
            vm.prank(_authority(names[i]));
            ids[i] = requirements.declare(requirement);
            followers[i] = IAnchor(address(anchors[names[i]]));
        }
        return new Alliance(requirements, ids, followers);
    }

    function _acceptAll() internal {
        bytes32[3] memory names = _names();
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(_authority(names[i]));
            alliance.accept(names[i]);
        }
    }

    function _certify(bytes32 member, bytes32 node, uint8 scope) internal returns (uint64) {
        uint64 until = uint64(block.timestamp) + 7 days;
        vm.prank(_authority(member));
        uint64 identity = alliance.issueIdentity(member, node, vm.addr(_key(member, node)), until);
        vm.prank(_authority(member));
        certificates[member][node] = alliance.issueTransaction(identity, scope, until);
        return certificates[member][node];
    }

    function _submit(Request memory request, Endorsement[] memory endorsements) internal returns (uint64) {
        return alliance.submit(request, endorsements, _sequenced(request, endorsements));
    }

    /// The clerk's signature.
    function _sequenced(Request memory request, Endorsement[] memory endorsements)
        internal
        view
        returns (bytes memory)
    {
        return _sign(_key(BANK, CLERK), alliance.sequenceDigest(request, endorsements));
    }

    /// A request that all of A and C endorse for each member.
    function _start(bytes32 idempotencyKey, uint256 parts) internal returns (uint64) {
        Request memory request = _request(idempotencyKey, parts);
        return _submit(request, _endorseAll(request));
    }

    function _endorseAll(Request memory request) internal view returns (Endorsement[] memory endorsements) {
        endorsements = new Endorsement[](2 * request.parts.length);
        for (uint256 i = 0; i < request.parts.length; ++i) {
            endorsements[2 * i] = _endorse(request, request.parts[i].member, A);
            endorsements[2 * i + 1] = _endorse(request, request.parts[i].member, C);
        }
    }

    function _endorse(Request memory request, bytes32 member, bytes32 node) internal view returns (Endorsement memory) {
        return _endorseUnder(request, member, certificates[member][node], _key(member, node));
    }

    function _endorseUnder(Request memory request, bytes32 member, uint64 certificate, uint256 key)
        internal
        view
        returns (Endorsement memory)
    {
        bytes32 digest = alliance.endorseDigest(this.hashOf(request), member, certificate);
        return Endorsement(certificate, member, _sign(key, digest));
    }

    function hashOf(Request calldata request) external pure returns (bytes32) {
        return AllianceMessages.structHash(request);
    }

    /// The member's node contract has that outcome in a final block.
    function _shown(uint64 number, bytes32 member, Outcome outcome, Reason reason, uint64 expected, uint64 actual)
        internal
        returns (uint64, bytes[] memory)
    {
        uint256 word = uint256(outcome) | uint256(reason) << 8 | uint256(expected) << 16 | uint256(actual) << 80;
        return _shownWord(anchors[member], _nodeContract(member), uint256(keccak256(abi.encode(number, 0))), word);
    }

    function _shownWord(OpenAnchor anchor, address account, uint256 slot, uint256 word)
        internal
        returns (uint64, bytes[] memory)
    {
        OneSlotBlock memory made = OneSlotChain.blockWith(++_height, uint64(block.timestamp), account, slot, word);
        anchor.keep(made.header);
        anchor.proveAccount(_height, account, made.account);
        return (_height, made.slot);
    }

    function _prove(uint64 number, uint256 party, bytes32 member, Outcome outcome) internal {
        (uint64 block_, bytes[] memory proof) = _shown(number, member, outcome, Reason.NoReason, 0, 0);
        alliance.prove(number, party, block_, proof);
    }

    function _attest(uint64 number, bytes32 member, Outcome outcome, bytes32 node)
        internal
        view
        returns (Attestation memory)
    {
        uint64 certificate = certificates[member][node];
        bytes32 digest = alliance.attestDigest(number, alliance.partHashOf(number, member), outcome, certificate);
        return Attestation(certificate, _sign(_key(member, node), digest));
    }

    function _sign(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    /// The first members' parts.
    function _request(bytes32 idempotencyKey, uint256 parts) internal view returns (Request memory request) {
        bytes32[3] memory names = _names();
        request.idempotencyKey = idempotencyKey;
        request.certificate = certificates[BANK][CLERK];
        request.validUntil = uint64(block.timestamp) + 600;
        request.window = 60;
        request.parts = new PartReference[](parts);
        for (uint256 i = 0; i < parts; ++i) {
            request.parts[i] = PartReference(names[i], keccak256(abi.encode(idempotencyKey, names[i])));
        }
    }

    function _requirement(bytes32 name) internal pure returns (Requirement memory requirement) {
        bytes32[3] memory names = _names();
        requirement.purpose = "mortgages";
        requirement.name = name;
        requirement.chainId = name == BANK ? 7101 : name == LAND ? 7102 : 1;
        requirement.genesisHash =
            name == BANK ? bytes32("bank's genesis") : name == LAND ? bytes32("land registry's genesis") : bytes32(0);
        requirement.nodeContract = _nodeContract(name);
        requirement.openUntil = OPEN_UNTIL;
        requirement.partners = new bytes32[](name == BANK || name == LAND || name == TAX ? 2 : 3);
        uint256 count = 0;
        for (uint256 i = 0; i < 3; ++i) {
            if (names[i] != name) requirement.partners[count++] = names[i];
        }
        requirement.endorsers = new Endorser[](3);
        requirement.endorsers[0] = Endorser(A, 50);
        requirement.endorsers[1] = Endorser(B, 49);
        requirement.endorsers[2] = Endorser(C, 1);
    }

    function _names() internal pure returns (bytes32[3] memory) {
        return [BANK, LAND, TAX];
    }

    function _nodeContract(bytes32 member) internal pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode("node contract", member)))));
    }

    function _authority(bytes32 member) internal view virtual returns (address) {
        return vm.addr(_key(member, "authority"));
    }

    /// Below the order of secp256k1, and not zero.
    function _key(bytes32 member, bytes32 node) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(member, node))) >> 1 | 1;
    }
}
