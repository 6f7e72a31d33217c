// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {AccessRequest, AssetVersion, UseRight} from "../types/SharingTypes.sol";

/// A digital asset: what is shared, whose it is, by which rules and rights, and who was granted it (S-ASSET, S-RULES, M-APP; SHARE-8, SHARE-9, SHARE-11, SHARE-15, SHARE-16).
interface IDigitalAsset {
    event VersionPublished(uint32 indexed version, bytes32 fingerprint, uint64 size, uint32 keyEpoch);
    event ReaderListed(address indexed reader);
    event ReaderRemoved(address indexed reader, uint32 keyEpoch);
    event DecisionRuleChanged(bool automatic);
    event AccessRequested(
        uint64 indexed request, address indexed reader, uint32 version, bytes32 readerKey, bytes32 purpose, uint64 right
    );
    event RequestDecided(uint64 indexed request, bool approved);
    event AccessGranted(uint64 indexed request, address indexed reader, bytes32 sealedKeyHash, uint64 validUntil);
    event GrantEnded(uint64 indexed request, address indexed reader);
    /// `to` is zero when an offer is taken back.
    event OwnershipOffered(address indexed owner, address indexed to);
    /// `from` is zero for the first owner.
    event OwnershipTransferred(address indexed from, address indexed to, uint32 keyEpoch);
    event RightGiven(uint64 indexed right, address indexed holder, bytes32 purpose, uint64 validUntil);
    event RightWithdrawn(uint64 indexed right, address indexed holder, uint32 keyEpoch);

    /// The asset's owner alone may do this.
    error NotOwner(address sender);
    /// Ask the owner to be listed.
    error NotListed(address sender);
    /// Only the request's reader may do this.
    error NotReader(address sender);
    /// Name somebody.
    error AddressZero();
    /// Give a fingerprint and a size, or metadata.
    error VersionEmpty();
    /// Shorten the metadata to `maximum` bytes.
    error MetadataLength(uint256 length, uint256 maximum);
    /// Read the versions again: the next is `expected`.
    error VersionOutOfOrder(uint32 expected, uint32 actual);
    /// Seal it under the key of epoch `expected`.
    error KeyEpochOutdated(uint32 expected, uint32 actual);
    /// Ask for a version that there is.
    error VersionUnknown(uint32 version);
    /// Give the key to which the data key is to be sealed.
    error ReaderKeyZero();
    /// At most `maximum` identities are listed at once.
    error TooManyReaders(uint256 maximum);
    /// Wait for the decisions: at most `maximum` of a reader's requests are open at once.
    error TooManyOpenRequests(uint256 maximum);
    /// The request is in a state in which this cannot be done.
    error RequestStateWrong(uint64 request, uint8 state);
    /// The end lies in the past.
    error GrantAlreadyOver(uint64 validUntil);
    /// Give the hash of the sealed key.
    error SealedKeyHashZero();
    /// Offer it to somebody else: this is its owner.
    error OwnerAlready(address owner);
    /// Ask the owner to offer it to you.
    error NotOffered(address sender);
    /// Say for what it may be used.
    error PurposeZero();
    /// The end of the right lies in the past.
    error RightAlreadyOver(uint64 validUntil);
    /// Check the number of the right.
    error RightUnknown(uint64 right);
    /// There is nothing more to do.
    error RightAlreadyWithdrawn(uint64 right);
    /// Only the right's holder may do this.
    error NotHolder(address sender);
    /// The right has expired or was withdrawn: ask the owner for another.
    error RightNotEffective(uint64 right);
    /// End the grant at the latest when the right ends.
    error GrantOutlivesRight(uint64 validUntil, uint64 rightValidUntil);

    /// Publishes the next version. Owner.
    function publish(
        uint32 version,
        bytes32 dataType,
        bytes32 hashAlgorithm,
        bytes32 fingerprint,
        uint64 size,
        uint32 keyEpoch_,
        bytes calldata metadata
    ) external;

    /// Lists an identity: it may ask. Owner. Listing twice does nothing.
    function list(address reader) external;

    /// Removes an identity, ends what it has open because it was listed, and begins a new key epoch. Owner.
    function remove(address reader) external;

    /// Whether requests of listed identities are approved at once. Owner.
    function setAutomatic(bool automatic_) external;

    /// Asks for a version. Listed identities.
    function request(uint32 version, bytes32 readerKey, bytes32 purpose) external returns (uint64 id);

    /// Decides a pending request. Owner.
    function decide(uint64 id, bool approved) external;

    /// Grants an approved request: the data key is sealed to the reader. Owner.
    /// @param validUntil last second of the grant; zero for no end.
    function grant(uint64 id, bytes32 sealedKeyHash, uint64 validUntil) external;

    /// Ends a grant, or gives up a request. Owner, or its reader.
    function end(uint64 id) external;

    /// Offers the asset to another owner, or with zero takes an offer back. Owner. Nothing changes until it is accepted.
    function offerOwnership(address to) external;

    /// Takes over what is offered: the sender is the owner from now on, and a new key epoch begins. Whoever it was offered to. Readers, rights and
    /// grants stay as they are, and are the new owner's to change.
    function acceptOwnership() external;

    /// Gives a right of use. Owner.
    /// @param purpose hash of what it may be used for.
    /// @param validUntil its last second.
    function giveRight(address holder, bytes32 purpose, uint64 validUntil) external returns (uint64 right);

    /// Takes a right back: what its holder has open under it ends, and a new key epoch begins. Owner.
    function withdrawRight(uint64 right) external;

    /// Asks for a version by a right of use, for its purpose. Holder of the right, listed or not.
    function requestUnder(uint64 right, uint32 version, bytes32 readerKey) external returns (uint64 id);

    function owner() external view returns (address);
    function offeredTo() external view returns (address);
    function rightCount() external view returns (uint64);
    function rightAt(uint64 right) external view returns (UseRight memory);
    /// Whether a right counts now: given, not withdrawn, not over.
    function isEffective(uint64 right) external view returns (bool);
    function automatic() external view returns (bool);
    function keyEpoch() external view returns (uint32);
    function latestVersion() external view returns (uint32);
    function versionAt(uint32 version) external view returns (AssetVersion memory);
    function isListed(address reader) external view returns (bool);
    /// Listed identities, at most 100.
    function readers(uint256 offset, uint256 limit) external view returns (address[] memory);
    function requestCount() external view returns (uint64);
    function requestAt(uint64 id) external view returns (AccessRequest memory);
    /// Commitment of a grant, zero when there is none or it ended: `keccak256(abi.encode(reader, readerKey, version, keyEpoch, sealedKeyHash, validUntil))`.
    function grants(uint64 id) external view returns (bytes32);
}
