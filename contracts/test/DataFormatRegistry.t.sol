// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IDataFormatRegistry} from "../src/interfaces/IDataFormatRegistry.sol";
import {DataFormat} from "../src/types/DataTypes.sol";
import {City} from "./support/City.sol";
import {vm} from "./support/Vm.sol";

// M-CON-2, M-ACQ
contract DataFormatRegistryTest is City {
    bytes32 private constant FORMAT = "chancery/degree";
    bytes private constant SCHEMA = "{}";

    function test_versions_follow_one_another_and_stay_readable() public {
        vm.expectEmit(address(formats));
        emit IDataFormatRegistry.DataFormatConfigured(FORMAT, 1, keccak256(SCHEMA), "https://example.org/1", SCHEMA);
        vm.prank(OPERATOR);
        formats.configure(FORMAT, 1, keccak256(SCHEMA), "https://example.org/1", SCHEMA);
        vm.warp(block.timestamp + 10);
        vm.prank(OPERATOR);
        formats.configure(FORMAT, 2, keccak256("2"), "https://example.org/2", "");

        DataFormat memory latest = formats.latest(FORMAT);
        vm.assertEq(latest.version, 2, "version");
        vm.assertEq(latest.schemaHash, keccak256("2"), "schemaHash");
        vm.assertEq(latest.configuredAt, block.timestamp, "configuredAt");
        vm.assertEq(latest.uri, "https://example.org/2", "uri");
        vm.assertEq(formats.formatVersion(FORMAT, 1).schemaHash, keccak256(SCHEMA), "first version");
        vm.assertEq(formats.formatVersion(FORMAT, 3).version, 0, "no third version");
        vm.assertEq(formats.formatCount(), 1, "count");
        vm.assertEq(formats.formats(0, 100)[0], FORMAT, "page");
    }

    function test_a_lost_update_is_refused() public {
        _expect(abi.encodeWithSelector(IDataFormatRegistry.VersionOutOfOrder.selector, 1, 2));
        formats.configure(FORMAT, 2, keccak256(SCHEMA), "", SCHEMA);
        vm.prank(OPERATOR);
        formats.configure(FORMAT, 1, keccak256(SCHEMA), "", SCHEMA);
        _expect(abi.encodeWithSelector(IDataFormatRegistry.VersionOutOfOrder.selector, 2, 1));
        formats.configure(FORMAT, 1, keccak256("other"), "", "other");
        vm.assertEq(formats.latest(FORMAT).schemaHash, keccak256(SCHEMA), "unchanged");
    }

    function test_malformed_configurations_are_refused_by_name() public {
        _expect(abi.encodeWithSelector(IDataFormatRegistry.FormatZero.selector));
        formats.configure(0, 1, keccak256(SCHEMA), "", SCHEMA);
        _expect(abi.encodeWithSelector(IDataFormatRegistry.SchemaHashZero.selector));
        formats.configure(FORMAT, 1, 0, "", SCHEMA);
        _expect(
            abi.encodeWithSelector(IDataFormatRegistry.SchemaMismatch.selector, keccak256("other"), keccak256(SCHEMA))
        );
        formats.configure(FORMAT, 1, keccak256("other"), "", SCHEMA);
        string memory uri = string(new bytes(2049));
        _expect(abi.encodeWithSelector(IDataFormatRegistry.UriLength.selector, 2049, 2048));
        formats.configure(FORMAT, 1, keccak256(SCHEMA), uri, SCHEMA);
        bytes memory schema = new bytes(65_537);
        _expect(abi.encodeWithSelector(IDataFormatRegistry.SchemaLength.selector, 65_537, 65_536));
        formats.configure(FORMAT, 1, keccak256(schema), "", schema);
        vm.assertEq(formats.formatCount(), 0, "nothing configured");
    }

    function test_a_version_is_withdrawn_once() public {
        _expect(abi.encodeWithSelector(IDataFormatRegistry.FormatVersionUnknown.selector, FORMAT, 1));
        formats.withdraw(FORMAT, 1);
        vm.prank(OPERATOR);
        formats.configure(FORMAT, 1, keccak256(SCHEMA), "", SCHEMA);
        vm.prank(OPERATOR);
        formats.withdraw(FORMAT, 1);
        vm.assertEq(formats.latest(FORMAT).withdrawnAt, block.timestamp, "withdrawnAt");
        _expect(abi.encodeWithSelector(IDataFormatRegistry.FormatVersionWithdrawn.selector, FORMAT, 1));
        formats.withdraw(FORMAT, 1);
    }

    function _expect(bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(OPERATOR);
    }
}
