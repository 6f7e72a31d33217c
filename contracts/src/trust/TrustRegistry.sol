// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {SlotDerivation} from "@openzeppelin/contracts/utils/SlotDerivation.sol";

import {IAnchor} from "../interfaces/IAnchor.sol";
import {IAuthorizations} from "../interfaces/IAuthorizations.sol";
import {ITrustRegistry} from "../interfaces/ITrustRegistry.sol";
import {RegistrySlots} from "../libraries/RegistrySlots.sol";
import {KeyFact, OrganizationFact, Origin, Refusal, RightFact} from "../types/TrustTypes.sol";
import {AnchoredFacts} from "./AnchoredFacts.sol";

/// Organizations, rights and keys of the main chain, as far as they were proven; see {ITrustRegistry}.
contract TrustRegistry is AnchoredFacts, ITrustRegistry {
    using SlotDerivation for bytes32;

    mapping(bytes32 code => OrganizationFact) private _organizations;
    mapping(bytes32 code => mapping(bytes32 right => RightFact)) private _rights;
    mapping(bytes32 code => mapping(bytes32 right => mapping(address key => KeyFact))) private _keys;

    /// @param organizations the `OrganizationRegistry` of the chain that the anchor follows.
    constructor(IAnchor anchor_, address organizations, uint64 maxAge_)
        AnchoredFacts(anchor_, organizations, maxAge_)
    {}

    /// @inheritdoc ITrustRegistry
    function showOrganization(uint64 number, bytes32 code, bytes[] calldata proof) external {
        Origin memory origin = _originOf(number);
        OrganizationFact storage fact = _organizations[code];
        bool isSameGeneration = _checkNotOlder(origin, fact.origin);
        // From the low end: administrator, time of registration, whether it is suspended.
        uint256 word = _word(number, RegistrySlots.organization(code), proof);
        if (uint64(word >> 160) == 0) revert OrganizationNotRegistered(code);
        bool isSuspended = uint8(word >> 224) != 0;

        // When a suspension ended stands elsewhere; that it is over is known from this block on.
        if (!isSameGeneration || fact.isSuspended) fact.from = origin.time;
        (fact.origin, fact.isSuspended) = (origin, isSuspended);
        emit OrganizationShown(code, number, origin.time, isSuspended);
    }

    /// @inheritdoc ITrustRegistry
    function showRight(uint64 number, bytes32 code, bytes32 right, uint64 index, bytes[] calldata proof) external {
        Origin memory origin = _originOf(number);
        RightFact storage fact = _rights[code][right];
        if (_checkNotOlder(origin, fact.origin)) _checkIndex(index, fact.index);
        // From the low end: from, until.
        uint256 word = _word(number, RegistrySlots.rightPeriod(code, right, index), proof);
        (uint64 from, uint64 until) = (uint64(word), uint64(word >> 64));
        if (from == 0) revert RightNotGranted(code, right, index);

        (fact.origin, fact.index, fact.from, fact.until) = (origin, index, from, until);
        emit RightShown(code, right, number, origin.time, index, until);
    }

    /// @inheritdoc ITrustRegistry
    function showKey(uint64 number, bytes32 code, uint64 index, bytes[][3] calldata proofs) external {
        Origin memory origin = _originOf(number);
        bytes32 slot = RegistrySlots.keyRecord(code, index);
        address key = address(uint160(_word(number, slot, proofs[0])));
        if (key == address(0)) revert KeyNotRecorded(code, index);
        bytes32 right = bytes32(_word(number, slot.offset(1), proofs[1]));
        KeyFact storage fact = _keys[code][right][key];
        if (_checkNotOlder(origin, fact.origin)) _checkIndex(index, fact.index);
        // From the low end: notBefore, notAfter, revokedAt.
        uint256 times = _word(number, slot.offset(2), proofs[2]);

        (fact.origin, fact.index) = (origin, index);
        (fact.notBefore, fact.notAfter, fact.revokedAt) = (uint64(times), uint64(times >> 64), uint64(times >> 128));
        emit KeyShown(code, key, right, number, index, fact);
    }

    /// @inheritdoc IAuthorizations
    function isAuthorizedNow(address key, bytes32 code, bytes32 right) external view returns (bool) {
        return refusalOf(key, code, right) == Refusal.None;
    }

    /// @inheritdoc ITrustRegistry
    function organizationFact(bytes32 code) external view returns (OrganizationFact memory) {
        return _organizations[code];
    }

    /// @inheritdoc ITrustRegistry
    function rightFact(bytes32 code, bytes32 right) external view returns (RightFact memory) {
        return _rights[code][right];
    }

    /// @inheritdoc ITrustRegistry
    function keyFact(address key, bytes32 code, bytes32 right) external view returns (KeyFact memory) {
        return _keys[code][right][key];
    }

    /// @inheritdoc ITrustRegistry
    function refusalOf(address key, bytes32 code, bytes32 right) public view returns (Refusal) {
        if (_isFrozen()) return Refusal.AnchorFrozen;
        uint32 generation = _ANCHOR.generation();

        OrganizationFact memory organization = _organizations[code];
        if (!_isOfGeneration(organization.origin, generation)) return Refusal.OrganizationNotShown;
        if (_isLapsed(organization.origin)) return Refusal.OrganizationLapsed;
        if (organization.isSuspended) return Refusal.OrganizationSuspended;
        if (block.timestamp < organization.from) return Refusal.OrganizationNotYet;

        RightFact memory period = _rights[code][right];
        if (!_isOfGeneration(period.origin, generation)) return Refusal.RightNotShown;
        if (_isLapsed(period.origin)) return Refusal.RightLapsed;
        if (period.until != 0) return Refusal.RightEnded;
        if (block.timestamp < period.from) return Refusal.RightNotYet;

        KeyFact memory entry = _keys[code][right][key];
        if (!_isOfGeneration(entry.origin, generation)) return Refusal.KeyNotShown;
        if (_isLapsed(entry.origin)) return Refusal.KeyLapsed;
        return _timesOf(entry);
    }

    /// As `OrganizationRegistry.isAuthorizedNow` judges them: what ends at the next second already stops further records.
    function _timesOf(KeyFact memory entry) private view returns (Refusal) {
        if (block.timestamp < entry.notBefore) return Refusal.KeyNotYet;
        if (entry.notAfter != 0 && block.timestamp > entry.notAfter) return Refusal.KeyEnded;
        if (entry.revokedAt != 0 && block.timestamp + 1 >= entry.revokedAt) return Refusal.KeyEnded;
        return Refusal.None;
    }

    /// Periods and records are appended: what is said of an earlier one says nothing of a later. Of a key's records an earlier one may count until the end that was
    /// announced for it; the later one is kept then, and that refuses more than the main chain does, not less.
    function _checkIndex(uint64 index, uint64 known) private pure {
        if (index < known) revert IndexOlder(index, known);
    }
}
