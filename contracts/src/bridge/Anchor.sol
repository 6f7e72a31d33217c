// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IAnchor} from "../interfaces/IAnchor.sol";
import {IValidatorRegistry} from "../interfaces/IValidatorRegistry.sol";
import {FinalityCertificate} from "../libraries/finality/FinalityCertificate.sol";
import {Handover} from "../libraries/finality/Handover.sol";
import {HeaderProof} from "../libraries/finality/HeaderProof.sol";
import {HeaderReader} from "../libraries/finality/HeaderReader.sol";
import {ValidatorSet} from "../libraries/finality/ValidatorSet.sol";
import {AnchorConflict, AnchorRecord, Submission} from "../types/AnchorTypes.sol";
import {FinalHeader, FinalityProof, HandoverProof, ProvenAccount, TrustedChain} from "../types/FinalityTypes.sol";

/// Follows one other chain; see {IAnchor}.
contract Anchor is IAnchor {
    /// How long voices for new validators count, in seconds.
    uint64 public constant VOTING_PERIOD = 14 days;

    /// Voices for a set of validators.
    struct Ballot {
        /// Last second in which they count.
        uint64 expiresAt;
        bytes32[] voices;
    }

    /// Whose organizations vote: that of the chain this contract stands on.
    IValidatorRegistry public immutable REGISTRY;

    TrustedChain private _chain;
    AnchorConflict private _conflict;
    uint32 private _generation;
    uint64 private _latest;
    mapping(uint32 generation => mapping(uint64 number => AnchorRecord)) private _records;
    mapping(uint32 generation => mapping(uint64 number => mapping(address account => bytes32))) private _storageRoots;
    mapping(bytes32 subject => Ballot) private _ballots;

    /// The genesis hash is what is trusted; whoever has the genesis header shows it and the keys with {begin}.
    constructor(IValidatorRegistry registry, uint64 chainId, bytes32 genesisHash) {
        REGISTRY = registry;
        _chain = TrustedChain({chainId: chainId, fromEpoch: 0, genesisHash: genesisHash, keysHash: 0});
    }

    /// @inheritdoc IAnchor
    function begin(bytes calldata genesisHeader, bytes calldata keys) external {
        if (_chain.keysHash != 0) revert AlreadyBegun();
        _setChain(ValidatorSet.trust(_chain.chainId, _chain.genesisHash, genesisHeader, keys));
    }

    /// @inheritdoc IAnchor
    function submit(FinalityProof calldata proof, bytes calldata keys) external returns (Submission) {
        _checkNotFrozen();
        return _record(FinalityCertificate.verifyFinality(_chain, keys, proof));
    }

    /// @inheritdoc IAnchor
    function follow(HandoverProof calldata handover, bytes calldata keys, bytes calldata next)
        external
        returns (Submission submission)
    {
        _checkNotFrozen();
        TrustedChain memory following = Handover.follow(_chain, keys, handover, next);
        // `follow` has verified this header; only what it says is read again.
        submission = _record(HeaderReader.read(handover.last.header));
        if (submission != Submission.Froze) _setChain(following);
    }

    /// @inheritdoc IAnchor
    function proveAccount(uint64 number, address account, bytes[] calldata proof)
        external
        returns (bytes32 storageRoot)
    {
        FinalHeader memory header = _header(number);
        storageRoot = HeaderProof.proveAccount(header, account, proof).storageRoot;
        _storageRoots[_generation][number][account] = storageRoot;
        emit AccountProven(number, account, storageRoot);
    }

    /// @inheritdoc IAnchor
    function voteTrust(uint64 fromEpoch, bytes calldata keys) external {
        bytes32 organization = REGISTRY.organizationOf(msg.sender);
        if (organization == 0) revert NotAVoter(msg.sender);
        ValidatorSet.check(keys);
        bytes32 keysHash = keccak256(keys);
        Ballot storage ballot = _ballots[_subject(fromEpoch, keysHash)];
        if (block.timestamp > ballot.expiresAt) {
            delete ballot.voices;
            ballot.expiresAt = uint64(block.timestamp) + VOTING_PERIOD;
        }
        uint256 seated = _countSeated(ballot.voices, organization) + 1;
        ballot.voices.push(organization);
        emit TrustVoted(organization, _generation, fromEpoch, keysHash);
        if (3 * seated > 2 * REGISTRY.organizationCount()) _trustAnew(fromEpoch, keysHash);
    }

    /// @inheritdoc IAnchor
    function storageAt(uint64 number, address account, uint256 slot, bytes[] calldata proof)
        external
        view
        returns (uint256)
    {
        _checkNotFrozen();
        ProvenAccount memory proven;
        proven.account = account;
        proven.storageRoot = _storageRoots[_generation][number][account];
        if (proven.storageRoot == 0) revert AccountNotAnchored(number, account);
        return HeaderProof.proveStorage(proven, slot, proof);
    }

    /// @inheritdoc IAnchor
    function verifyReceipt(uint64 number, uint256 index, bytes calldata receipt, bytes[] calldata proof) external view {
        HeaderProof.verifyReceipt(_header(number), index, receipt, proof);
    }

    /// @inheritdoc IAnchor
    function record(uint64 number) external view returns (AnchorRecord memory found) {
        _checkNotFrozen();
        found = _records[_generation][number];
        if (found.hash == 0) revert NotAnchored(number);
    }

    /// @inheritdoc IAnchor
    function latest() external view returns (uint64) {
        return _latest;
    }

    /// @inheritdoc IAnchor
    function chain() external view returns (TrustedChain memory) {
        return _chain;
    }

    /// @inheritdoc IAnchor
    function generation() external view returns (uint32) {
        return _generation;
    }

    /// @inheritdoc IAnchor
    function conflict() external view returns (AnchorConflict memory) {
        return _conflict;
    }

    /// @inheritdoc IAnchor
    function voices(uint64 fromEpoch, bytes32 keysHash) external view returns (bytes32[] memory counted) {
        Ballot storage ballot = _ballots[_subject(fromEpoch, keysHash)];
        if (block.timestamp <= ballot.expiresAt) counted = ballot.voices;
    }

    /// The caller has proven it final.
    function _record(FinalHeader memory header) internal returns (Submission) {
        (uint32 current, uint64 number) = (_generation, header.number);
        AnchorRecord storage place = _records[current][number];
        bytes32 known = place.hash;
        if (known == header.hash) return Submission.Known;
        if (known != 0) {
            _conflict = AnchorConflict({number: number, first: known, second: header.hash});
            emit Frozen(number, known, header.hash);
            return Submission.Froze;
        }
        (place.hash, place.stateRoot, place.receiptsRoot) = (header.hash, header.stateRoot, header.receiptsRoot);
        (place.timestamp, place.millisecond, place.epoch) = (header.timestamp, header.millisecond, header.epoch);
        if (number > _latest) _latest = number;
        emit Anchored(number, header.hash, current);
        return Submission.Recorded;
    }

    function _setChain(TrustedChain memory following) private {
        _chain = following;
        emit Followed(following.fromEpoch, following.keysHash);
    }

    function _trustAnew(uint64 fromEpoch, bytes32 keysHash) private {
        (_chain.fromEpoch, _chain.keysHash) = (fromEpoch, keysHash);
        delete _conflict;
        _latest = 0;
        ++_generation;
        emit TrustSet(_generation, fromEpoch, keysHash);
    }

    /// Voices of organizations that have a seat now. Refuses if the one that votes is among them.
    function _countSeated(bytes32[] storage cast, bytes32 organization) private view returns (uint256 seated) {
        for (uint256 i = 0; i < cast.length; ++i) {
            if (cast[i] == organization) revert AlreadyVoted(organization);
            if (REGISTRY.seat(cast[i]).validators != 0) ++seated;
        }
    }

    /// What a recorded header commits to.
    function _header(uint64 number) private view returns (FinalHeader memory header) {
        _checkNotFrozen();
        AnchorRecord storage found = _records[_generation][number];
        if (found.hash == 0) revert NotAnchored(number);
        (header.hash, header.stateRoot, header.receiptsRoot) = (found.hash, found.stateRoot, found.receiptsRoot);
    }

    function _subject(uint64 fromEpoch, bytes32 keysHash) private view returns (bytes32) {
        return keccak256(abi.encode(_generation, fromEpoch, keysHash));
    }

    function _checkNotFrozen() private view {
        AnchorConflict storage found = _conflict;
        if (found.first != 0) revert AnchorFrozen(found.number, found.first, found.second);
    }
}
