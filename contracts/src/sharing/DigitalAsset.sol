// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Pages} from "../libraries/Pages.sol";
import {IDigitalAsset} from "../interfaces/IDigitalAsset.sol";
import {AccessRequest, AssetVersion, RequestState, UseRight} from "../types/SharingTypes.sol";

/// One shared asset, deployed by its owner; see {IDigitalAsset}.
contract DigitalAsset is IDigitalAsset {
    /// Longest metadata.
    uint256 public constant MAX_METADATA_BYTES = 4096;
    /// Most identities that are listed at once.
    uint256 public constant MAX_READERS = 1000;
    /// Most requests and grants of one reader that are open at once: bounds what {remove} and {withdrawRight} have to end.
    uint256 public constant MAX_OPEN_REQUESTS = 16;

    /// Slot 0: releases are proven by it (SHARE-9).
    mapping(uint64 id => bytes32) public grants;

    bool public automatic;
    uint32 public keyEpoch = 1;
    uint32 public latestVersion;
    uint64 public requestCount;
    mapping(uint32 version => AssetVersion) private _versions;
    mapping(uint64 id => AccessRequest) private _requests;
    mapping(address reader => uint64[]) private _open;
    address[] private _readers;
    /// Place in `_readers`, from 1.
    mapping(address reader => uint256) private _place;
    /// Slot 7, with `rightCount`: who hands out is proven to be the owner by it (SHARE-15).
    address public owner;
    uint64 public rightCount;
    /// To whom the owner offers the asset; zero: to nobody.
    address public offeredTo;
    mapping(uint64 right => UseRight) private _rights;

    modifier onlyOwner() {
        if (msg.sender != owner) revert NotOwner(msg.sender);
        _;
    }

    constructor() {
        owner = msg.sender;
        emit OwnershipTransferred(address(0), msg.sender, keyEpoch);
    }

    /// @inheritdoc IDigitalAsset
    function offerOwnership(address to) external onlyOwner {
        if (to == owner) revert OwnerAlready(to);
        offeredTo = to;
        emit OwnershipOffered(owner, to);
    }

    /// @inheritdoc IDigitalAsset
    function acceptOwnership() external {
        if (msg.sender != offeredTo) revert NotOffered(msg.sender);
        address before = owner;
        owner = msg.sender;
        delete offeredTo;
        ++keyEpoch;
        emit OwnershipTransferred(before, msg.sender, keyEpoch);
    }

    /// @inheritdoc IDigitalAsset
    function giveRight(address holder, bytes32 purpose, uint64 validUntil) external onlyOwner returns (uint64 right) {
        if (holder == address(0)) revert AddressZero();
        if (purpose == 0) revert PurposeZero();
        if (validUntil < block.timestamp) revert RightAlreadyOver(validUntil);
        right = ++rightCount;
        _rights[right] = UseRight({
            holder: holder, givenAt: uint64(block.timestamp), purpose: purpose, validUntil: validUntil, withdrawnAt: 0
        });
        emit RightGiven(right, holder, purpose, validUntil);
    }

    /// @inheritdoc IDigitalAsset
    function withdrawRight(uint64 right) external onlyOwner {
        UseRight storage given = _rights[right];
        if (given.holder == address(0)) revert RightUnknown(right);
        if (given.withdrawnAt != 0) revert RightAlreadyWithdrawn(right);
        given.withdrawnAt = uint64(block.timestamp);
        _endOpen(given.holder, right);
        ++keyEpoch;
        emit RightWithdrawn(right, given.holder, keyEpoch);
    }

    /// @inheritdoc IDigitalAsset
    function publish(
        uint32 version,
        bytes32 dataType,
        bytes32 hashAlgorithm,
        bytes32 fingerprint,
        uint64 size,
        uint32 keyEpoch_,
        bytes calldata metadata
    ) external onlyOwner {
        if (metadata.length > MAX_METADATA_BYTES) {
            revert MetadataLength(metadata.length, MAX_METADATA_BYTES);
        }
        bool file = hashAlgorithm != 0;
        if (file ? (fingerprint == 0 || size == 0) : metadata.length == 0) revert VersionEmpty();
        if (version != latestVersion + 1) revert VersionOutOfOrder(latestVersion + 1, version);
        if (keyEpoch_ != keyEpoch) revert KeyEpochOutdated(keyEpoch, keyEpoch_);
        latestVersion = version;
        _versions[version] = AssetVersion({
            dataType: dataType,
            hashAlgorithm: hashAlgorithm,
            fingerprint: fingerprint,
            size: size,
            publishedAt: uint64(block.timestamp),
            keyEpoch: keyEpoch_,
            metadata: metadata
        });
        emit VersionPublished(version, fingerprint, size, keyEpoch_);
    }

    /// @inheritdoc IDigitalAsset
    function list(address reader) external onlyOwner {
        if (reader == address(0)) revert AddressZero();
        if (_place[reader] != 0) return;
        if (_readers.length >= MAX_READERS) revert TooManyReaders(MAX_READERS);
        _readers.push(reader);
        _place[reader] = _readers.length;
        emit ReaderListed(reader);
    }

    /// @inheritdoc IDigitalAsset
    function remove(address reader) external onlyOwner {
        uint256 place = _place[reader];
        if (place == 0) revert NotListed(reader);
        address last = _readers[_readers.length - 1];
        _readers[place - 1] = last;
        _place[last] = place;
        _readers.pop();
        delete _place[reader];
        _endOpen(reader, 0);
        ++keyEpoch;
        emit ReaderRemoved(reader, keyEpoch);
    }

    /// @inheritdoc IDigitalAsset
    function setAutomatic(bool automatic_) external onlyOwner {
        automatic = automatic_;
        emit DecisionRuleChanged(automatic_);
    }

    /// @inheritdoc IDigitalAsset
    function request(uint32 version, bytes32 readerKey, bytes32 purpose) external returns (uint64 id) {
        if (_place[msg.sender] == 0) revert NotListed(msg.sender);
        return _ask(version, readerKey, purpose, 0);
    }

    /// @inheritdoc IDigitalAsset
    function requestUnder(uint64 right, uint32 version, bytes32 readerKey) external returns (uint64 id) {
        if (msg.sender != _rights[right].holder) revert NotHolder(msg.sender);
        if (!isEffective(right)) revert RightNotEffective(right);
        return _ask(version, readerKey, _rights[right].purpose, right);
    }

    /// @inheritdoc IDigitalAsset
    function decide(uint64 id, bool approved) external onlyOwner {
        AccessRequest storage asked = _requests[id];
        _inState(id, RequestState.Pending);
        if (approved) {
            asked.state = RequestState.Approved;
        } else {
            asked.state = RequestState.Refused;
            _close(id);
        }
        emit RequestDecided(id, approved);
    }

    /// @inheritdoc IDigitalAsset
    function grant(uint64 id, bytes32 sealedKeyHash, uint64 validUntil) external onlyOwner {
        _inState(id, RequestState.Approved);
        if (sealedKeyHash == 0) revert SealedKeyHashZero();
        if (validUntil != 0 && validUntil < block.timestamp) revert GrantAlreadyOver(validUntil);
        AccessRequest storage asked = _requests[id];
        if (asked.right != 0) {
            if (!isEffective(asked.right)) revert RightNotEffective(asked.right);
            uint64 end_ = _rights[asked.right].validUntil;
            if (validUntil == 0 || validUntil > end_) revert GrantOutlivesRight(validUntil, end_);
        }
        asked.state = RequestState.Granted;
        grants[id] = keccak256(
            abi.encode(
                asked.reader,
                asked.readerKey,
                asked.version,
                _versions[asked.version].keyEpoch,
                sealedKeyHash,
                validUntil
            )
        );
        emit AccessGranted(id, asked.reader, sealedKeyHash, validUntil);
    }

    /// @inheritdoc IDigitalAsset
    function end(uint64 id) external {
        AccessRequest storage asked = _requests[id];
        if (msg.sender != owner && msg.sender != asked.reader) revert NotReader(msg.sender);
        RequestState state = asked.state;
        if (state != RequestState.Pending && state != RequestState.Approved && state != RequestState.Granted) {
            revert RequestStateWrong(id, uint8(state));
        }
        _end(id);
    }

    /// @inheritdoc IDigitalAsset
    function versionAt(uint32 version) external view returns (AssetVersion memory) {
        return _versions[version];
    }

    /// @inheritdoc IDigitalAsset
    function isListed(address reader) external view returns (bool) {
        return _place[reader] != 0;
    }

    /// @inheritdoc IDigitalAsset
    function readers(uint256 offset, uint256 limit) external view returns (address[] memory page) {
        page = new address[](Pages.rows(_readers.length, offset, limit));
        for (uint256 i = 0; i < page.length; ++i) {
            page[i] = _readers[offset + i];
        }
    }

    /// @inheritdoc IDigitalAsset
    function requestAt(uint64 id) external view returns (AccessRequest memory) {
        return _requests[id];
    }

    /// @inheritdoc IDigitalAsset
    function rightAt(uint64 right) external view returns (UseRight memory) {
        return _rights[right];
    }

    /// @inheritdoc IDigitalAsset
    function isEffective(uint64 right) public view returns (bool) {
        UseRight storage given = _rights[right];
        return given.holder != address(0) && given.withdrawnAt == 0 && block.timestamp <= given.validUntil;
    }

    function _ask(uint32 version, bytes32 readerKey, bytes32 purpose, uint64 right) private returns (uint64 id) {
        if (version == 0 || version > latestVersion) revert VersionUnknown(version);
        if (readerKey == 0) revert ReaderKeyZero();
        uint64[] storage open = _open[msg.sender];
        if (open.length >= MAX_OPEN_REQUESTS) revert TooManyOpenRequests(MAX_OPEN_REQUESTS);
        id = ++requestCount;
        open.push(id);
        _requests[id] = AccessRequest({
            reader: msg.sender,
            requestedAt: uint64(block.timestamp),
            state: automatic ? RequestState.Approved : RequestState.Pending,
            version: version,
            right: right,
            readerKey: readerKey,
            purpose: purpose
        });
        emit AccessRequested(id, msg.sender, version, readerKey, purpose, right);
        if (automatic) emit RequestDecided(id, true);
    }

    /// Ends what a reader has open under a right, or, with zero, because it is listed. From behind: {_close} puts the last in the place of what it takes out.
    function _endOpen(address reader, uint64 right) private {
        uint64[] storage open = _open[reader];
        for (uint256 i = open.length; i != 0; --i) {
            uint64 id = open[i - 1];
            if (_requests[id].right == right) _end(id);
        }
    }

    function _inState(uint64 id, RequestState wanted) private view {
        RequestState state = _requests[id].state;
        if (state != wanted) revert RequestStateWrong(id, uint8(state));
    }

    function _end(uint64 id) private {
        _requests[id].state = RequestState.Ended;
        delete grants[id];
        _close(id);
        emit GrantEnded(id, _requests[id].reader);
    }

    function _close(uint64 id) private {
        uint64[] storage open = _open[_requests[id].reader];
        for (uint256 i = 0; i < open.length; ++i) {
            if (open[i] == id) {
                open[i] = open[open.length - 1];
                open.pop();
                return;
            }
        }
    }
}
