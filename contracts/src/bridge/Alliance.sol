// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IAlliance} from "../interfaces/IAlliance.sol";
import {IAnchor} from "../interfaces/IAnchor.sol";
import {IRequirementRegistry} from "../interfaces/IRequirementRegistry.sol";
import {AllianceMessages} from "../libraries/AllianceMessages.sol";
import {Policies} from "../libraries/Policies.sol";
import {Outcome, Reason, RequestState} from "../types/AllianceTypes.sol";
import {AllianceState, IdentityCertificate, Member} from "../types/MembershipTypes.sol";
import {Attestation, Endorsement, Request, RequestRecord, SignatureFault} from "../types/RequestTypes.sol";
import {AllianceCertificates} from "./AllianceCertificates.sol";
import {AllianceMembership} from "./AllianceMembership.sol";

/// The coordinator of an alliance's requests; see {IAlliance}. The rules are those of `crates/bridge/src/alliance`.
contract Alliance is AllianceCertificates, IAlliance, EIP712 {
    using AllianceMessages for Request;

    /// Most parts of a request.
    uint256 public constant MAX_PARTS = 16;
    /// Most endorsements of a request.
    uint256 public constant MAX_ENDORSEMENTS = 64;
    /// Longest time from sequencing to deadline, in seconds.
    uint64 public constant MAX_WINDOW = 1 days;

    uint256 private constant OUTCOMES_SLOT = 0;

    /// @inheritdoc IAlliance
    uint64 public requestCount;
    mapping(uint64 number => bytes32[] members) private _parties;
    mapping(uint64 number => bytes32 requestHash) private _requestHashes;
    mapping(bytes32 requester => mapping(bytes32 idempotencyKey => uint64 number)) private _numbers;

    constructor(IRequirementRegistry requirements, uint256[] memory ids, IAnchor[] memory anchors)
        AllianceMembership(requirements, ids, anchors)
        EIP712("Chancery", "1")
    {}

    /// @inheritdoc IAlliance
    function submit(Request calldata asked, Endorsement[] calldata endorsements, bytes calldata signature)
        external
        returns (uint64 number)
    {
        IdentityCertificate memory requester = _identityUnder(asked.certificate);
        bytes32 requestHash = asked.structHash();
        // Of a certificate that is unknown both names are zero, and nothing was ever sequenced for them.
        bytes32 from = _requester(requester.member, requester.node);
        number = _numbers[from][asked.idempotencyKey];
        if (number != 0) {
            if (_requestHashes[number] != requestHash) revert IdempotencyKeyUsed(number);
            return number;
        }
        _checkState(AllianceState.Active);
        _checkForm(asked, endorsements);
        bytes32 digest = _hashTypedDataV4(AllianceMessages.sequence(requestHash, endorsements));
        SignatureFault fault = _requesterFault(asked.certificate, digest, signature);
        if (fault != SignatureFault.NoFault) revert RequesterRefused(asked.certificate, fault);

        number = ++requestCount;
        _numbers[from][asked.idempotencyKey] = number;
        _requestHashes[number] = requestHash;
        if (_isEndorsed(number, requestHash, asked, endorsements)) _sequence(number, requestHash, asked);
        else _invalidate(number, requestHash, asked);
    }

    /// @inheritdoc IAlliance
    function prove(uint64 number, uint256 party, uint64 anchored, bytes[] calldata proof) external {
        bytes32 member = _partyOf(number, party);
        if (member == 0) return;
        Member storage its = _members[member];
        if (its.genesisHash == 0) revert EvidenceMismatch(member);
        uint256 slot = uint256(keccak256(abi.encode(number, OUTCOMES_SLOT)));
        uint256 word = its.anchor.storageAt(anchored, its.nodeContract, slot, proof);
        // From the lowest byte: outcome, reason, and eight bytes each of what was expected and what is.
        // forge-lint: disable-next-line(unsafe-typecast)
        Outcome outcome = Outcome(uint8(word));
        if (_takes(number, party, member, outcome)) {
            emit Proven(number, member, outcome);
            // forge-lint: disable-next-line(unsafe-typecast)
            _decide(number, party, outcome, Reason(uint8(word >> 8)), uint64(word >> 16), uint64(word >> 80));
        }
    }

    /// @inheritdoc IAlliance
    function attest(uint64 number, uint256 party, Outcome outcome, Attestation[] calldata attestations) external {
        bytes32 member = _partyOf(number, party);
        if (member == 0) return;
        if (_members[member].genesisHash != 0) revert EvidenceMismatch(member);
        if (attestations.length > MAX_ENDORSEMENTS) revert EndorsementsMalformed();
        uint256 weight = _attestedWeight(number, member, outcome, attestations);
        uint256 total = totalWeight[member];
        if (!Policies.passes(weight, total)) revert AttestationTooLight(weight, total);
        if (_takes(number, party, member, outcome)) {
            emit Attested(number, member, outcome);
            _decide(number, party, outcome, Reason.NoReason, 0, 0);
        }
    }

    /// @inheritdoc IAlliance
    function expire(uint64 number) external {
        RequestRecord storage record = _requests[number];
        if (record.state == RequestState.Unknown) revert RequestUnknown(number);
        if (record.state != RequestState.Sequenced) return;
        if (block.timestamp <= record.deadline) revert DeadlineAhead(record.deadline);
        record.state = RequestState.Aborted;
        emit Aborted(number, 0, Reason.NoReason, 0, 0);
    }

    /// @inheritdoc IAlliance
    function requestAt(uint64 number) external view returns (RequestRecord memory) {
        return _requests[number];
    }

    /// @inheritdoc IAlliance
    function parties(uint64 number) external view returns (bytes32[] memory) {
        return _parties[number];
    }

    /// @inheritdoc IAlliance
    function partHashOf(uint64 number, bytes32 member) external view returns (bytes32) {
        return _partHashes[number][member];
    }

    /// @inheritdoc IAlliance
    function numberOf(bytes32 member, bytes32 node, bytes32 idempotencyKey) external view returns (uint64) {
        return _numbers[_requester(member, node)][idempotencyKey];
    }

    /// @inheritdoc IAlliance
    function endorseDigest(bytes32 requestHash, bytes32 member, uint64 certificate) public view returns (bytes32) {
        return _hashTypedDataV4(AllianceMessages.endorse(requestHash, member, certificate));
    }

    /// @inheritdoc IAlliance
    function sequenceDigest(Request calldata asked, Endorsement[] calldata endorsements)
        external
        view
        returns (bytes32)
    {
        return _hashTypedDataV4(AllianceMessages.sequence(asked.structHash(), endorsements));
    }

    /// @inheritdoc IAlliance
    function attestDigest(uint64 number, bytes32 partHash, Outcome outcome, uint64 certificate)
        public
        view
        returns (bytes32)
    {
        return _hashTypedDataV4(AllianceMessages.attest(number, partHash, outcome, certificate));
    }

    /// Verifies every endorsement, names the bad ones, and weighs the good ones, each node once (ALLIANCE-10, ALLIANCE-11).
    function _isEndorsed(
        uint64 number,
        bytes32 requestHash,
        Request calldata asked,
        Endorsement[] calldata endorsements
    ) private returns (bool holds) {
        holds = true;
        uint256 examined = 0;
        for (uint256 p = 0; p < asked.parts.length; ++p) {
            bytes32 member = asked.parts[p].member;
            bytes32[] memory nodes = new bytes32[](endorsements.length);
            for (uint256 i = 0; i < nodes.length; ++i) {
                Endorsement calldata each = endorsements[i];
                if (each.member != member) continue;
                ++examined;
                bytes32 digest = endorseDigest(requestHash, member, each.certificate);
                SignatureFault fault;
                (fault, nodes[i]) = _endorserFault(each.certificate, member, digest, each.signature);
                if (fault == SignatureFault.NoFault) continue;
                holds = false;
                emit BadSignature(number, member, each.certificate, fault);
            }
            (uint256 weight, uint256 total) = (_weigh(member, nodes), totalWeight[member]);
            if (Policies.passes(weight, total)) continue;
            holds = false;
            emit WeightMissing(number, member, weight, total);
        }
        if (examined != endorsements.length) revert EndorsementsMalformed();
    }

    function _sequence(uint64 number, bytes32 requestHash, Request calldata asked) private {
        uint64 deadline = uint64(block.timestamp) + asked.window;
        // At most 16 parts.
        // forge-lint: disable-next-line(unsafe-typecast)
        _requests[number] = RequestRecord(RequestState.Sequenced, deadline, uint16(asked.parts.length), 0);
        for (uint256 i = 0; i < asked.parts.length; ++i) {
            _parties[number].push(asked.parts[i].member);
            _partHashes[number][asked.parts[i].member] = asked.parts[i].partHash;
        }
        emit Sequenced(number, requestHash, asked.idempotencyKey, asked.certificate, deadline, asked.parts);
    }

    /// Its part hashes are not kept: there is nothing to prove to a member (ALLIANCE-12).
    function _invalidate(uint64 number, bytes32 requestHash, Request calldata asked) private {
        // forge-lint: disable-next-line(unsafe-typecast)
        _requests[number] = RequestRecord(RequestState.Invalid, 0, uint16(asked.parts.length), 0);
        emit Invalidated(number, requestHash, asked.idempotencyKey, asked.certificate);
    }

    /// Writes the decision that an outcome brings (ALLIANCE-1, ALLIANCE-2). {_takes} has let it pass.
    function _decide(uint64 number, uint256 party, Outcome outcome, Reason reason, uint64 expected, uint64 actual)
        private
    {
        RequestRecord storage record = _requests[number];
        if (outcome == Outcome.Refused) {
            record.state = RequestState.Aborted;
            emit Aborted(number, _parties[number][party], reason, expected, actual);
            return;
        }
        uint256 prepared = record.prepared | 1 << party;
        // At most 16 parts.
        // forge-lint: disable-next-line(unsafe-typecast)
        record.prepared = uint16(prepared);
        if (prepared == (1 << record.parties) - 1) {
            record.state = RequestState.Committed;
            emit Committed(number);
        }
    }

    /// Whether an outcome brings anything new.
    function _takes(uint64 number, uint256 party, bytes32 member, Outcome outcome) private view returns (bool) {
        RequestRecord memory record = _requests[number];
        if (outcome == Outcome.Reserved && record.prepared >> party & 1 == 1) return false;
        if (block.timestamp > record.deadline) revert DeadlinePassed(record.deadline);
        if (outcome == Outcome.Open) revert OutcomeOpen(number, member);
        if (outcome != Outcome.Reserved && outcome != Outcome.Refused) revert OutcomeImpossible(number, outcome);
        return true;
    }

    /// The member of a part; zero if the request is decided already.
    function _partyOf(uint64 number, uint256 party) private view returns (bytes32) {
        RequestRecord memory record = _requests[number];
        if (record.state == RequestState.Unknown) revert RequestUnknown(number);
        if (party >= record.parties) revert PartyUnknown(party, record.parties);
        return record.state == RequestState.Sequenced ? _parties[number][party] : bytes32(0);
    }

    function _attestedWeight(uint64 number, bytes32 member, Outcome outcome, Attestation[] calldata attestations)
        private
        view
        returns (uint256)
    {
        bytes32 partHash = _partHashes[number][member];
        bytes32[] memory nodes = new bytes32[](attestations.length);
        for (uint256 i = 0; i < nodes.length; ++i) {
            Attestation calldata each = attestations[i];
            bytes32 digest = attestDigest(number, partHash, outcome, each.certificate);
            SignatureFault fault;
            (fault, nodes[i]) = _endorserFault(each.certificate, member, digest, each.signature);
            if (fault != SignatureFault.NoFault) revert AttestationRefused(each.certificate, fault);
        }
        return _weigh(member, nodes);
    }

    function _checkForm(Request calldata asked, Endorsement[] calldata endorsements) private view {
        uint256 count = asked.parts.length;
        if (count == 0 || count > MAX_PARTS) revert PartCount(count);
        for (uint256 i = 1; i < count; ++i) {
            if (asked.parts[i].member <= asked.parts[i - 1].member) revert PartOrder();
        }
        if (asked.window == 0 || asked.window > MAX_WINDOW) revert Window(asked.window);
        if (block.timestamp > asked.validUntil) revert RequestLapsed(asked.validUntil);
        for (uint256 i = 0; i < count; ++i) {
            if (!_isMember(asked.parts[i].member)) revert NotAMember(asked.parts[i].member);
        }
        if (endorsements.length > MAX_ENDORSEMENTS) revert EndorsementsMalformed();
    }

    function _requester(bytes32 member, bytes32 node) private pure returns (bytes32) {
        return keccak256(abi.encode(member, node));
    }
}
