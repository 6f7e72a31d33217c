// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IAnchor} from "../interfaces/IAnchor.sol";
import {IAnchoredFacts} from "../interfaces/IAnchoredFacts.sol";
import {AnchorRecord} from "../types/AnchorTypes.sol";
import {Origin} from "../types/TrustTypes.sol";

/// Facts of one contract of another chain, and how long they count; see {IAnchoredFacts}.
abstract contract AnchoredFacts is IAnchoredFacts {
    /// Shortest time for which a fact may count, in seconds: what takes longer to be shown than it counts would never count.
    uint64 public constant MIN_MAX_AGE = 5 minutes;
    /// Longest time for which a fact may count, in seconds.
    uint64 public constant MAX_MAX_AGE = 7 days;
    /// How far a block's time may lie ahead of this chain's, in seconds.
    uint64 public constant MAX_AHEAD = 60;

    IAnchor internal immutable _ANCHOR;
    address internal immutable _SOURCE;
    uint64 internal immutable _MAX_AGE;

    constructor(IAnchor anchor_, address source_, uint64 maxAge_) {
        if (maxAge_ < MIN_MAX_AGE || maxAge_ > MAX_MAX_AGE) revert MaxAgeMalformed(maxAge_);
        (_ANCHOR, _SOURCE, _MAX_AGE) = (anchor_, source_, maxAge_);
    }

    /// @inheritdoc IAnchoredFacts
    function maxAge() external view returns (uint64) {
        return _MAX_AGE;
    }

    /// @inheritdoc IAnchoredFacts
    function anchor() external view returns (address) {
        return address(_ANCHOR);
    }

    /// @inheritdoc IAnchoredFacts
    function source() external view returns (address) {
        return _SOURCE;
    }

    /// Refuses a block that is not anchored, or lies ahead (TRUST-1, TRUST-4, TRUST-5).
    function _originOf(uint64 number) internal view returns (Origin memory) {
        AnchorRecord memory found = _ANCHOR.record(number);
        uint64 latest = uint64(block.timestamp) + MAX_AHEAD;
        if (found.timestamp > latest) revert BlockAhead(number, found.timestamp, latest);
        return Origin({generation: _ANCHOR.generation(), number: number, time: found.timestamp});
    }

    /// What stands in a slot in that block.
    function _word(uint64 number, bytes32 slot, bytes[] calldata proof) internal view returns (uint256) {
        return _ANCHOR.storageAt(number, _SOURCE, uint256(slot), proof);
    }

    /// Refuses what is older than what is known (TRUST-2). Whether both are of one generation of the anchor.
    function _checkNotOlder(Origin memory shown, Origin memory known) internal pure returns (bool isSameGeneration) {
        isSameGeneration = known.time != 0 && known.generation == shown.generation;
        if (isSameGeneration && shown.number < known.number) revert FactOlder(shown.number, known.number);
    }

    function _isFrozen() internal view returns (bool) {
        return _ANCHOR.conflict().first != 0;
    }

    function _isOfGeneration(Origin memory origin, uint32 generation) internal pure returns (bool) {
        return origin.time != 0 && origin.generation == generation;
    }

    /// TRUST-3.
    function _isLapsed(Origin memory origin) internal view returns (bool) {
        return block.timestamp > uint256(origin.time) + _MAX_AGE;
    }
}
