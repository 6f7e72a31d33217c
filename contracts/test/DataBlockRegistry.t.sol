// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IDataBlockRegistry} from "../src/interfaces/IDataBlockRegistry.sol";
import {DataBlock} from "../src/types/DataTypes.sol";
import {City} from "./support/City.sol";
import {vm} from "./support/Vm.sol";

// M-AUTH, M-REP-3
contract DataBlockRegistryTest is City {
    bytes32 private constant ROOT = keccak256("root");

    function test_a_data_block_is_recorded_with_its_times_and_submitter() public {
        vm.expectEmit(address(blocks));
        emit IDataBlockRegistry.DataBlockRecorded(ROOT, 0, SUBMITTER, 3, START - 5, START);
        vm.prank(SUBMITTER);
        blocks.record(ROOT, 3, START - 5, START);
        DataBlock memory held = blocks.dataBlock(ROOT);
        vm.assertEq(held.root, ROOT, "root");
        vm.assertEq(held.operationCount, 3, "operationCount");
        vm.assertEq(held.firstTime, START - 5, "firstTime");
        vm.assertEq(held.lastTime, START, "lastTime");
        vm.assertEq(held.recordedAt, block.timestamp, "recordedAt");
        vm.assertEq(held.recordedBlock, block.number, "recordedBlock");
        vm.assertEq(held.submitter, SUBMITTER, "submitter");
        vm.assertEq(blocks.dataBlockCount(), 1, "count");
        vm.assertEq(blocks.dataBlocks(0, 5)[0].root, ROOT, "page");
        vm.assertEq(blocks.dataBlocks(1, 5).length, 0, "empty page");
    }

    function test_a_root_is_recorded_once() public {
        vm.prank(SUBMITTER);
        blocks.record(ROOT, 1, START, START);
        _expect(abi.encodeWithSelector(IDataBlockRegistry.RootAlreadyRecorded.selector, ROOT));
        blocks.record(ROOT, 2, START, START);
        vm.assertEq(blocks.dataBlock(ROOT).operationCount, 1, "unchanged");
    }

    function test_malformed_data_blocks_are_refused_by_name() public {
        _expect(abi.encodeWithSelector(IDataBlockRegistry.RootZero.selector));
        blocks.record(0, 1, START, START);
        _expect(abi.encodeWithSelector(IDataBlockRegistry.OperationCountMalformed.selector, 0, 65_536));
        blocks.record(ROOT, 0, START, START);
        _expect(abi.encodeWithSelector(IDataBlockRegistry.OperationCountMalformed.selector, 65_537, 65_536));
        blocks.record(ROOT, 65_537, START, START);
        uint64 latest = uint64(block.timestamp) + 300;
        _expect(abi.encodeWithSelector(IDataBlockRegistry.TimesMalformed.selector, START, START - 1, latest));
        blocks.record(ROOT, 1, START, START - 1);
        _expect(abi.encodeWithSelector(IDataBlockRegistry.TimesMalformed.selector, START, latest + 1, latest));
        blocks.record(ROOT, 1, START, latest + 1);
        vm.assertEq(blocks.dataBlockCount(), 0, "nothing recorded");
    }

    function test_nothing_is_proven_against_a_root_that_is_not_recorded() public {
        bytes32[] memory proof = new bytes32[](0);
        vm.assertFalse(blocks.verify(ROOT, proof, ROOT), "not recorded");
        vm.prank(SUBMITTER);
        blocks.record(ROOT, 1, START, START);
        vm.assertTrue(blocks.verify(ROOT, proof, ROOT), "a block of one");
        vm.assertFalse(blocks.verify(keccak256("other"), proof, ROOT), "other leaf");
    }

    function _expect(bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(SUBMITTER);
    }
}
