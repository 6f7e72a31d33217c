// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Resource} from "../types/SharingTypes.sol";

/// The city's directory of shared resources (S-DIR; SHARE-12).
interface IResourceDirectory {
    event ResourceRegistered(bytes32 indexed resource, address indexed asset, bytes32 indexed organization);
    event ResourceDescribed(bytes32 indexed resource, bytes32 descriptionHash, uint32 visibility);
    event ResourceTakenOver(bytes32 indexed resource, bytes32 indexed from, bytes32 indexed to);
    event ResourceWithdrawn(bytes32 indexed resource);

    /// Name the resource.
    error ResourceZero();
    /// Choose another name: this one was taken.
    error ResourceTaken(bytes32 resource);
    /// Check the name.
    error ResourceUnknown(bytes32 resource);
    /// The asset's owner alone may do this.
    error NotAssetOwner(address sender);
    /// Have the organization authorize this key for the right `sharing`.
    error KeyNotAuthorized(address key, bytes32 organization);
    /// It is this organization's already.
    error OrganizationAlready(bytes32 organization);
    /// Shorten the description to `maximum` bytes.
    error DescriptionLength(uint256 length, uint256 maximum);
    /// What not everybody may see is not put on a chain: give its hash alone.
    error DescriptionNotForEverybody(uint32 visibility);
    /// Give the description whose hash is given.
    error DescriptionMismatch(bytes32 expected, bytes32 actual);

    /// Registers a resource. Owner of the asset, with a key of the organization for the right `sharing`.
    function register(
        bytes32 resource,
        address asset,
        bytes32 organization,
        uint32 visibility,
        bytes32 descriptionHash,
        string calldata description
    ) external;

    /// Describes it anew. As {register}.
    function describe(bytes32 resource, uint32 visibility, bytes32 descriptionHash, string calldata description)
        external;

    /// Puts the entry under another organization, after its asset has changed hands. Owner of the asset, with a key of that organization for the right `sharing`.
    function takeOver(bytes32 resource, bytes32 organization) external;

    /// Takes it out; its name stays taken. Owner of the asset.
    function withdraw(bytes32 resource) external;

    function resourceAt(bytes32 resource) external view returns (Resource memory);
    function isVisible(bytes32 resource, uint8 role) external view returns (bool);
    function resourceCount() external view returns (uint256);
    /// Names in the order of registration, at most 100; withdrawn ones too.
    function resources(uint256 offset, uint256 limit) external view returns (bytes32[] memory);
}
