// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {DataFormat} from "../types/DataTypes.sol";

/// Declared data formats with their versions (D3.7 8.4, M-ACQ).
interface IDataFormatRegistry {
    /// @param schema the schema itself, when it was given; otherwise empty.
    event DataFormatConfigured(
        bytes32 indexed format, uint32 indexed version, bytes32 schemaHash, string uri, bytes schema
    );
    event DataFormatWithdrawn(bytes32 indexed format, uint32 indexed version);

    /// Name the format.
    error FormatZero();
    /// Give the hash of the schema.
    error SchemaHashZero();
    /// Read the format again: the next version is `expected`.
    error VersionOutOfOrder(uint32 expected, uint32 actual);
    /// Shorten the URI to `maximum` bytes.
    error UriLength(uint256 length, uint256 maximum);
    /// Publish the schema at the URI alone: at most `maximum` bytes are carried.
    error SchemaLength(uint256 length, uint256 maximum);
    /// Send the schema whose hash is given.
    error SchemaMismatch(bytes32 expected, bytes32 actual);
    /// Check format and version.
    error FormatVersionUnknown(bytes32 format, uint32 version);
    /// Nothing is to be done: it stands withdrawn.
    error FormatVersionWithdrawn(bytes32 format, uint32 version);

    /// Configures the next version of a format. Operator.
    /// @param version one more than the latest, 1 at first: protects against a lost update.
    /// @param uri where the schema is found; may be empty when the schema is given.
    /// @param schema the schema's bytes, which go to the event; may be empty.
    function configure(bytes32 format, uint32 version, bytes32 schemaHash, string calldata uri, bytes calldata schema)
        external;

    /// Takes a version out of force. Operator.
    function withdraw(bytes32 format, uint32 version) external;

    /// The latest version; `version` is zero when the format is unknown.
    function latest(bytes32 format) external view returns (DataFormat memory);

    /// One version; `version` is zero when there is none.
    function formatVersion(bytes32 format, uint32 version) external view returns (DataFormat memory);

    /// How many formats there are.
    function formatCount() external view returns (uint256);

    /// Formats in the order of their first configuration, at most 100.
    function formats(uint256 offset, uint256 limit) external view returns (bytes32[] memory);
}
