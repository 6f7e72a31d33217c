// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IOrganizationRegistry} from "../interfaces/IOrganizationRegistry.sol";
import {Pages} from "../libraries/Pages.sol";
import {IDigitalAsset} from "../interfaces/IDigitalAsset.sol";
import {IResourceDirectory} from "../interfaces/IResourceDirectory.sol";
import {Resource} from "../types/SharingTypes.sol";

/// The directory of a city; see {IResourceDirectory}.
contract ResourceDirectory is IResourceDirectory {
    /// Longest description.
    uint256 public constant MAX_DESCRIPTION_BYTES = 4096;
    /// Visibility of what everybody may see.
    uint32 public constant EVERYBODY = type(uint32).max;
    bytes32 private constant SHARING = "sharing";

    IOrganizationRegistry public immutable organizations;
    bytes32[] private _names;
    mapping(bytes32 resource => Resource) private _resources;
    mapping(bytes32 resource => bool) private _taken;

    constructor(address organizations_) {
        organizations = IOrganizationRegistry(organizations_);
    }

    /// @inheritdoc IResourceDirectory
    function register(
        bytes32 resource,
        address asset,
        bytes32 organization,
        uint32 visibility,
        bytes32 descriptionHash,
        string calldata description
    ) external {
        if (resource == 0) revert ResourceZero();
        if (_taken[resource]) revert ResourceTaken(resource);
        _checkSender(asset, organization);
        _taken[resource] = true;
        _names.push(resource);
        _resources[resource] = Resource(asset, uint64(block.timestamp), 0, organization, 0, "");
        emit ResourceRegistered(resource, asset, organization);
        _describe(resource, visibility, descriptionHash, description);
    }

    /// @inheritdoc IResourceDirectory
    function describe(bytes32 resource, uint32 visibility, bytes32 descriptionHash, string calldata description)
        external
    {
        Resource storage entry = _known(resource);
        _checkSender(entry.asset, entry.organization);
        _describe(resource, visibility, descriptionHash, description);
    }

    /// @inheritdoc IResourceDirectory
    function takeOver(bytes32 resource, bytes32 organization) external {
        Resource storage entry = _known(resource);
        _checkSender(entry.asset, organization);
        bytes32 before = entry.organization;
        if (organization == before) revert OrganizationAlready(organization);
        entry.organization = organization;
        emit ResourceTakenOver(resource, before, organization);
    }

    /// @inheritdoc IResourceDirectory
    function withdraw(bytes32 resource) external {
        if (msg.sender != _ownerOf(_known(resource).asset)) revert NotAssetOwner(msg.sender);
        delete _resources[resource];
        emit ResourceWithdrawn(resource);
    }

    /// @inheritdoc IResourceDirectory
    function resourceAt(bytes32 resource) external view returns (Resource memory) {
        return _resources[resource];
    }

    /// @inheritdoc IResourceDirectory
    function isVisible(bytes32 resource, uint8 role) external view returns (bool) {
        return role < 32 && _resources[resource].visibility & (uint32(1) << role) != 0;
    }

    /// @inheritdoc IResourceDirectory
    function resourceCount() external view returns (uint256) {
        return _names.length;
    }

    /// @inheritdoc IResourceDirectory
    function resources(uint256 offset, uint256 limit) external view returns (bytes32[] memory page) {
        page = new bytes32[](Pages.rows(_names.length, offset, limit));
        for (uint256 i = 0; i < page.length; ++i) {
            page[i] = _names[offset + i];
        }
    }

    function _describe(bytes32 resource, uint32 visibility, bytes32 descriptionHash, string calldata description)
        private
    {
        uint256 length = bytes(description).length;
        if (length > MAX_DESCRIPTION_BYTES) revert DescriptionLength(length, MAX_DESCRIPTION_BYTES);
        if (length != 0) {
            if (visibility != EVERYBODY) revert DescriptionNotForEverybody(visibility);
            bytes32 actual = keccak256(bytes(description));
            if (actual != descriptionHash) revert DescriptionMismatch(descriptionHash, actual);
        }
        Resource storage entry = _resources[resource];
        entry.visibility = visibility;
        entry.descriptionHash = descriptionHash;
        entry.description = description;
        emit ResourceDescribed(resource, descriptionHash, visibility);
    }

    function _known(bytes32 resource) private view returns (Resource storage entry) {
        entry = _resources[resource];
        if (entry.registeredAt == 0) revert ResourceUnknown(resource);
    }

    function _checkSender(address asset, bytes32 organization) private view {
        if (msg.sender != _ownerOf(asset)) revert NotAssetOwner(msg.sender);
        if (!organizations.isAuthorizedNow(msg.sender, organization, SHARING)) {
            revert KeyNotAuthorized(msg.sender, organization);
        }
    }

    /// An account without code, or of another kind, owns nothing.
    function _ownerOf(address asset) private view returns (address) {
        if (asset.code.length == 0) return address(0);
        return IDigitalAsset(asset).owner();
    }
}
