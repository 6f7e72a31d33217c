// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {IDataFormatRegistry} from "./interfaces/IDataFormatRegistry.sol";
import {Pages} from "./libraries/Pages.sol";
import {DataFormat} from "./types/DataTypes.sol";

/// Declared data formats; see {IDataFormatRegistry}.
contract DataFormatRegistry is IDataFormatRegistry, AccessManaged {
    /// Longest URI.
    uint256 public constant MAX_URI_BYTES = 2048;
    /// Longest schema that is carried in the event.
    uint256 public constant MAX_SCHEMA_BYTES = 65_536;

    bytes32[] private _formats;
    mapping(bytes32 format => uint32) private _latestVersion;
    mapping(bytes32 format => mapping(uint32 version => DataFormat)) private _versions;

    constructor(address authority) AccessManaged(authority) {}

    /// @inheritdoc IDataFormatRegistry
    function configure(bytes32 format, uint32 version, bytes32 schemaHash, string calldata uri, bytes calldata schema)
        external
        restricted
    {
        if (format == 0) revert FormatZero();
        if (schemaHash == 0) revert SchemaHashZero();
        uint32 expected = _latestVersion[format] + 1;
        if (version != expected) revert VersionOutOfOrder(expected, version);
        if (bytes(uri).length > MAX_URI_BYTES) revert UriLength(bytes(uri).length, MAX_URI_BYTES);
        if (schema.length > MAX_SCHEMA_BYTES) revert SchemaLength(schema.length, MAX_SCHEMA_BYTES);
        if (schema.length != 0 && keccak256(schema) != schemaHash) {
            revert SchemaMismatch(schemaHash, keccak256(schema));
        }

        if (version == 1) _formats.push(format);
        _latestVersion[format] = version;
        _versions[format][version] = DataFormat({
            schemaHash: schemaHash, version: version, configuredAt: uint64(block.timestamp), withdrawnAt: 0, uri: uri
        });
        emit DataFormatConfigured(format, version, schemaHash, uri, schema);
    }

    /// @inheritdoc IDataFormatRegistry
    function withdraw(bytes32 format, uint32 version) external restricted {
        DataFormat storage entry = _versions[format][version];
        if (entry.version == 0) revert FormatVersionUnknown(format, version);
        if (entry.withdrawnAt != 0) revert FormatVersionWithdrawn(format, version);
        entry.withdrawnAt = uint64(block.timestamp);
        emit DataFormatWithdrawn(format, version);
    }

    /// @inheritdoc IDataFormatRegistry
    function latest(bytes32 format) external view returns (DataFormat memory) {
        return _versions[format][_latestVersion[format]];
    }

    /// @inheritdoc IDataFormatRegistry
    function formatVersion(bytes32 format, uint32 version) external view returns (DataFormat memory) {
        return _versions[format][version];
    }

    /// @inheritdoc IDataFormatRegistry
    function formatCount() external view returns (uint256) {
        return _formats.length;
    }

    /// @inheritdoc IDataFormatRegistry
    function formats(uint256 offset, uint256 limit) external view returns (bytes32[] memory page) {
        page = new bytes32[](Pages.rows(_formats.length, offset, limit));
        for (uint256 i = 0; i < page.length; ++i) {
            page[i] = _formats[offset + i];
        }
    }
}
