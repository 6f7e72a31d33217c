// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IAnchor} from "../interfaces/IAnchor.sol";
import {INodeContract} from "../interfaces/INodeContract.sol";
import {AllianceMessages} from "../libraries/AllianceMessages.sol";
import {Entry, Outcome, OutcomeRecord, Part, Read, Reason, RequestState} from "../types/AllianceTypes.sol";

/// What every node contract of an alliance does; see {INodeContract}. An organization inherits it, first of its bases, and says in {suggest} what a call means
/// and in {_accepts} what it does not let happen. The first two slots are proven to the alliance: their places are part of the protocol.
abstract contract NodeContract is INodeContract {
    /// Most reads of a part, and most writes.
    uint256 public constant MAX_KEYS = 32;
    /// Longest `call`, in bytes.
    uint256 public constant MAX_CALL_BYTES = 4096;

    uint256 private constant REQUESTS_SLOT = 0;
    uint256 private constant PARTS_SLOT = 1;

    /// Follows the alliance's chain.
    IAnchor public immutable ANCHOR;
    /// The alliance's contract on that chain.
    address public immutable ALLIANCE;
    /// This member's name.
    bytes32 public immutable MEMBER;

    mapping(uint64 number => OutcomeRecord) private _outcomes; // slot 0
    mapping(bytes32 key => Entry) private _entries; // slot 1
    mapping(uint64 number => bytes32 partHash) private _parts;
    mapping(uint64 number => bytes32 key) private _refusedKeys;

    constructor(IAnchor anchor, address alliance, bytes32 member) {
        (ANCHOR, ALLIANCE, MEMBER) = (anchor, alliance, member);
    }

    /// @inheritdoc INodeContract
    function reserve(uint64 number, Part calldata part, uint64 anchored, bytes[] calldata proof)
        external
        returns (Outcome)
    {
        Outcome known = _outcomes[number].outcome;
        if (known != Outcome.Open) return known;
        bytes32 partHash = AllianceMessages.structHash(part);
        _checkSequenced(number, partHash, anchored, proof);
        (OutcomeRecord memory found, bytes32 key) = _examine(number, part);
        _outcomes[number] = found;
        if (found.outcome == Outcome.Refused) {
            if (key != 0) _refusedKeys[number] = key;
            emit Refused(number, found.reason, key, found.expected, found.actual);
            return Outcome.Refused;
        }
        _parts[number] = partHash;
        _hold(number, part);
        emit Reserved(number, partHash);
        return Outcome.Reserved;
    }

    /// @inheritdoc INodeContract
    function applyDecision(uint64 number, Part calldata part, uint64 anchored, bytes[] calldata proof) external {
        if (_outcomes[number].outcome == Outcome.Applied) return;
        _checkReserved(number, part);
        (RequestState state,) = _decision(number, anchored, proof);
        if (state != RequestState.Committed) revert NotCommitted(number, state);
        _outcomes[number].outcome = Outcome.Applied;
        _giveBack(part);
        for (uint256 i = 0; i < part.writes.length; ++i) {
            _write(part.writes[i].key, part.writes[i].value);
        }
        emit Applied(number);
    }

    /// @inheritdoc INodeContract
    function release(uint64 number, Part calldata part, uint64 anchored, bytes[] calldata proof) external {
        if (_outcomes[number].outcome == Outcome.Released) return;
        _checkReserved(number, part);
        (RequestState state, uint64 deadline) = _decision(number, anchored, proof);
        if (state == RequestState.Committed) revert IsCommitted(number);
        if (state == RequestState.Unknown) revert RequestNotShown(number);
        if (state == RequestState.Sequenced) {
            uint64 time = ANCHOR.record(anchored).timestamp;
            if (time <= deadline) revert DecisionOpen(number, deadline, time);
        }
        _outcomes[number].outcome = Outcome.Released;
        _giveBack(part);
        emit Released(number);
    }

    /// @inheritdoc INodeContract
    function outcome(uint64 number) external view returns (OutcomeRecord memory) {
        return _outcomes[number];
    }

    /// @inheritdoc INodeContract
    function refusedKey(uint64 number) external view returns (bytes32) {
        return _refusedKeys[number];
    }

    /// @inheritdoc INodeContract
    function entry(bytes32 key) external view returns (Entry memory) {
        return _entries[key];
    }

    /// The organization's own rule, asked once, before anything is held. What it lets pass will be applied if the alliance commits.
    function _accepts(Part calldata part) internal view virtual returns (bool);

    /// The organization's own write, outside any request. Nobody writes what is held (ALLIANCE-6).
    function _set(bytes32 key, bytes32 value) internal {
        uint64 holder = _holder(_entries[key], true);
        if (holder != 0) revert KeyHeld(key, holder);
        _write(key, value);
    }

    /// A key's value and version, for {suggest}.
    function _get(bytes32 key) internal view returns (bytes32 value, uint64 version) {
        Entry storage found = _entries[key];
        return (found.value, found.version);
    }

    function _write(bytes32 key, bytes32 value) private {
        Entry storage written = _entries[key];
        written.value = value;
        emit Written(key, ++written.version, value);
    }

    /// What becomes of a part, with the key that it is refused for. A refusal goes before waiting.
    function _examine(uint64 number, Part calldata part)
        private
        view
        returns (OutcomeRecord memory found, bytes32 key)
    {
        if (!_isWellFormed(part)) {
            return _refused(Reason.Malformed, 0, 0, 0);
        }
        (found, key) = _findStale(part);
        if (found.outcome == Outcome.Open) (found, key) = _findHolder(number, part);
        if (found.outcome != Outcome.Open) return (found, key);
        if (!_accepts(part)) return _refused(Reason.Rejected, 0, 0, 0);
        found.outcome = Outcome.Reserved;
    }

    function _findStale(Part calldata part) private view returns (OutcomeRecord memory found, bytes32 key) {
        for (uint256 i = 0; i < part.reads.length; ++i) {
            Read calldata read = part.reads[i];
            uint64 actual = _entries[read.key].version;
            if (actual != read.version) return _refused(Reason.Stale, read.key, read.version, actual);
        }
    }

    /// Refuses for an older holder, and waits for a younger one (ALLIANCE-8).
    function _findHolder(uint64 number, Part calldata part)
        private
        view
        returns (OutcomeRecord memory found, bytes32 key)
    {
        (bytes32 heldKey, uint64 younger) = (0, 0);
        uint256 reads = part.reads.length;
        for (uint256 i = 0; i < reads + part.writes.length; ++i) {
            key = i < reads ? part.reads[i].key : part.writes[i - reads].key;
            uint64 holder = _holder(_entries[key], i >= reads);
            if (holder != 0 && holder < number) return _refused(Reason.Conflict, key, 0, holder);
            if (holder != 0 && younger == 0) (heldKey, younger) = (key, holder);
        }
        if (younger != 0) revert KeyHeld(heldKey, younger);
        return (found, 0);
    }

    function _hold(uint64 number, Part calldata part) private {
        for (uint256 i = 0; i < part.writes.length; ++i) {
            _entries[part.writes[i].key].writer = number;
        }
        for (uint256 i = 0; i < part.reads.length; ++i) {
            Entry storage read = _entries[part.reads[i].key];
            // What it writes as well, it holds alone already.
            if (read.writer == number) continue;
            if (++read.readers == 1 || number < read.oldestReader) read.oldestReader = number;
        }
    }

    /// The other way round than {_hold}: reads first, as long as the written keys can be told by their writer.
    function _giveBack(Part calldata part) private {
        for (uint256 i = 0; i < part.reads.length; ++i) {
            Entry storage read = _entries[part.reads[i].key];
            // No other request writes a key that is read.
            if (read.writer != 0) continue;
            if (--read.readers == 0) read.oldestReader = 0;
        }
        for (uint256 i = 0; i < part.writes.length; ++i) {
            _entries[part.writes[i].key].writer = 0;
        }
    }

    function _checkReserved(uint64 number, Part calldata part) private view {
        Outcome found = _outcomes[number].outcome;
        if (found != Outcome.Reserved) revert NotReserved(number, found);
        bytes32 partHash = AllianceMessages.structHash(part);
        if (partHash != _parts[number]) revert PartDiffers(_parts[number], partHash);
    }

    /// The part stands under that number in the alliance.
    function _checkSequenced(uint64 number, bytes32 partHash, uint64 anchored, bytes[] calldata proof) private view {
        uint256 slot = uint256(keccak256(abi.encode(MEMBER, keccak256(abi.encode(number, PARTS_SLOT)))));
        bytes32 sequenced = bytes32(ANCHOR.storageAt(anchored, ALLIANCE, slot, proof));
        if (sequenced != partHash) revert PartNotSequenced(number, sequenced, partHash);
    }

    /// What a final header of the alliance's chain shows of a request.
    function _decision(uint64 number, uint64 anchored, bytes[] calldata proof)
        private
        view
        returns (RequestState state, uint64 deadline)
    {
        uint256 slot = uint256(keccak256(abi.encode(number, REQUESTS_SLOT)));
        uint256 word = ANCHOR.storageAt(anchored, ALLIANCE, slot, proof);
        // Its lowest byte, and the eight after that; the rest is not looked at here.
        // forge-lint: disable-next-line(unsafe-typecast)
        return (RequestState(uint8(word)), uint64(word >> 8));
    }

    /// The oldest request that stands in the way of reading a key, or of writing it; zero for none.
    function _holder(Entry storage held, bool writes) private view returns (uint64 holder) {
        holder = held.writer;
        if (writes && held.readers != 0 && (holder == 0 || held.oldestReader < holder)) holder = held.oldestReader;
    }

    function _isWellFormed(Part calldata part) private view returns (bool) {
        if (part.member != MEMBER || part.call.length > MAX_CALL_BYTES) return false;
        if (part.reads.length > MAX_KEYS || part.writes.length > MAX_KEYS) return false;
        for (uint256 i = 1; i < part.reads.length; ++i) {
            if (part.reads[i].key <= part.reads[i - 1].key) return false;
        }
        for (uint256 i = 1; i < part.writes.length; ++i) {
            if (part.writes[i].key <= part.writes[i - 1].key) return false;
        }
        return true;
    }

    function _refused(Reason reason, bytes32 key, uint64 expected, uint64 actual)
        private
        pure
        returns (OutcomeRecord memory, bytes32)
    {
        return (OutcomeRecord(Outcome.Refused, reason, expected, actual), key);
    }
}
