// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Outcome, Reason, RequestState} from "../types/AllianceTypes.sol";
import {
    Attestation,
    Endorsement,
    PartReference,
    Request,
    RequestRecord,
    SignatureFault
} from "../types/RequestTypes.sol";
import {IAllianceCertificates} from "./IAllianceCertificates.sol";

/// The alliance chain's side of requests (`docs/specs/alliance.md`, "A request, step by step"). Whoever sends a message changes nothing about
/// its effect: what counts is signed or proven.
interface IAlliance is IAllianceCertificates {
    event Sequenced(
        uint64 indexed number,
        bytes32 indexed requestHash,
        bytes32 indexed idempotencyKey,
        uint64 certificate,
        uint64 deadline,
        PartReference[] parts
    );
    /// The request is recorded as invalid: see the events `BadSignature` and `WeightMissing` of its number.
    event Invalidated(
        uint64 indexed number, bytes32 indexed requestHash, bytes32 indexed idempotencyKey, uint64 certificate
    );
    event BadSignature(uint64 indexed number, bytes32 indexed member, uint64 indexed certificate, SignatureFault fault);
    /// The member's good endorsers are not more than half of its weight.
    event WeightMissing(uint64 indexed number, bytes32 indexed member, uint256 weight, uint256 total);
    /// A member's outcome, shown by its state.
    event Proven(uint64 indexed number, bytes32 indexed member, Outcome outcome);
    /// A foreign member's outcome, on its endorsers' word.
    event Attested(uint64 indexed number, bytes32 indexed member, Outcome outcome);
    event Committed(uint64 indexed number);
    /// @param member that refused; zero if the deadline has passed.
    /// @param reason why, as its state shows; `NoReason` if attested or expired.
    /// @param expected see `INodeContract.Refused`.
    /// @param actual see `INodeContract.Refused`.
    event Aborted(uint64 indexed number, bytes32 indexed member, Reason reason, uint64 expected, uint64 actual);

    /// A request has 1 to 16 parts.
    error PartCount(uint256 parts);
    /// Put the parts in ascending order of their members, each once.
    error PartOrder();
    /// A window is 1 to 86,400 seconds.
    error Window(uint64 window);
    /// A request has at most 64 endorsements, each for a member of a part.
    error EndorsementsMalformed();
    /// Make another request: this one was to be sequenced until then.
    error RequestLapsed(uint64 validUntil);
    /// The requester's certificate or signature does not hold.
    error RequesterRefused(uint64 certificate, SignatureFault fault);
    /// The node has used this key for another request.
    error IdempotencyKeyUsed(uint64 number);
    /// There is no request of that number.
    error RequestUnknown(uint64 number);
    /// The request has fewer parts.
    error PartyUnknown(uint256 party, uint256 parties);
    /// It could be committed until then: let it expire.
    error DeadlinePassed(uint64 deadline);
    /// It can be committed until then.
    error DeadlineAhead(uint64 deadline);
    /// The member has not decided in that block: reserve there first.
    error OutcomeOpen(uint64 number, bytes32 member);
    /// A member cannot have come to this before the decision.
    error OutcomeImpossible(uint64 number, Outcome outcome);
    /// A foreign member's outcomes are attested, another's are proven.
    error EvidenceMismatch(bytes32 member);
    /// Leave this signature out.
    error AttestationRefused(uint64 certificate, SignatureFault fault);
    /// These endorsers are not more than half of the member's weight.
    error AttestationTooLight(uint256 weight, uint256 total);

    /// Sequences a request: gives it the next number, verifies every endorsement, and records it as sequenced or as invalid. The same request
    /// again has the number that it got. Anybody.
    /// @param signature the requester's, of `Sequence`.
    function submit(Request calldata asked, Endorsement[] calldata endorsements, bytes calldata signature)
        external
        returns (uint64 number);

    /// Takes a part's outcome from its member's state; the last reservation commits, a refusal aborts. Of a decided request nothing changes. Anybody.
    /// @param party place of the part in the request.
    /// @param anchored number of the member's block that the proof is about.
    /// @param proof trie nodes of the number's outcome in the node contract's storage.
    function prove(uint64 number, uint256 party, uint64 anchored, bytes[] calldata proof) external;

    /// Takes a foreign member's outcome from more than half of its endorsers' weight. Anybody.
    function attest(uint64 number, uint256 party, Outcome outcome, Attestation[] calldata attestations) external;

    /// Aborts a request whose deadline has passed. Of a decided request nothing changes. Anybody.
    function expire(uint64 number) external;

    /// A request as members are shown it.
    function requestAt(uint64 number) external view returns (RequestRecord memory);

    /// The members of its parts, in their order; empty for an invalid one.
    function parties(uint64 number) external view returns (bytes32[] memory);

    /// Hash of a member's part; zero if it has none there.
    function partHashOf(uint64 number, bytes32 member) external view returns (bytes32);

    /// The number that a node's request got; zero if there is none under that key.
    function numberOf(bytes32 member, bytes32 node, bytes32 idempotencyKey) external view returns (uint64);

    /// The highest number.
    function requestCount() external view returns (uint64);

    /// EIP-712 hash that an endorser signs.
    function endorseDigest(bytes32 requestHash, bytes32 member, uint64 certificate) external view returns (bytes32);

    /// EIP-712 hash that the requester signs.
    function sequenceDigest(Request calldata asked, Endorsement[] calldata endorsements) external view returns (bytes32);

    /// EIP-712 hash that an endorser of a foreign member signs.
    function attestDigest(uint64 number, bytes32 partHash, Outcome outcome, uint64 certificate)
        external
        view
        returns (bytes32);
}
