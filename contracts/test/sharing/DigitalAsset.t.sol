// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {DigitalAsset} from "../../src/sharing/DigitalAsset.sol";
import {IDigitalAsset} from "../../src/interfaces/IDigitalAsset.sol";
import {RequestState} from "../../src/types/SharingTypes.sol";
import {vm} from "../support/Vm.sol";

// S-ASSET, S-RULES; SHARE-8, SHARE-9, SHARE-11
contract DigitalAssetTest {
    address private constant OWNER = address(0x0a);
    address private constant READER = address(0x1b);
    address private constant STRANGER = address(0x2c);
    bytes32 private constant KEY = keccak256("reader key");
    bytes32 private constant SEALED_KEY = keccak256("sealed key");
    DigitalAsset private _asset;

    function setUp() public {
        vm.warp(1_767_225_600);
        vm.prank(OWNER);
        _asset = new DigitalAsset();
        vm.prank(OWNER);
        _asset.list(READER);
        _publish(1, 1);
    }

    function test_a_request_is_decided_and_granted_and_its_slot_says_all_of_it() public {
        uint64 id = _request();
        vm.assertEq(uint8(_asset.requestAt(id).state), uint8(RequestState.Pending), "pending");
        vm.assertEq(_asset.grants(id), bytes32(0), "no grant yet");
        vm.prank(OWNER);
        _asset.decide(id, true);
        vm.prank(OWNER);
        _asset.grant(id, SEALED_KEY, 0);
        bytes32 expected = keccak256(abi.encode(READER, KEY, uint32(1), uint32(1), SEALED_KEY, uint64(0)));
        vm.assertEq(_asset.grants(id), expected, "commitment");
        bytes32 slot = keccak256(abi.encode(id, uint256(0)));
        vm.assertEq(vm.load(address(_asset), slot), expected, "slot 0 is what releases are proven by");
    }

    function test_listed_identities_are_approved_at_once_when_the_rule_says_so() public {
        vm.prank(OWNER);
        _asset.setAutomatic(true);
        vm.assertEq(uint8(_asset.requestAt(_request()).state), uint8(RequestState.Approved), "approved");
    }

    function test_who_is_not_listed_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IDigitalAsset.NotListed.selector, STRANGER));
        vm.prank(STRANGER);
        _asset.request(1, KEY, 0);
        vm.assertEq(_asset.requestCount(), 0, "nothing asked");
    }

    function test_a_refused_request_is_never_granted() public {
        uint64 id = _request();
        vm.prank(OWNER);
        _asset.decide(id, false);
        vm.expectRevert(abi.encodeWithSelector(IDigitalAsset.RequestStateWrong.selector, id, 3));
        vm.prank(OWNER);
        _asset.grant(id, SEALED_KEY, 0);
    }

    function test_removing_a_reader_ends_its_grants_and_begins_a_key_epoch() public {
        uint64 id = _granted();
        vm.prank(OWNER);
        _asset.remove(READER);
        vm.assertEq(_asset.grants(id), bytes32(0), "ended");
        vm.assertEq(_asset.keyEpoch(), 2, "new epoch");
        vm.assertFalse(_asset.isListed(READER), "not listed");
        vm.expectRevert(abi.encodeWithSelector(IDigitalAsset.KeyEpochOutdated.selector, 2, 1));
        vm.prank(OWNER);
        _asset.publish(2, "parquet", "sha-256", keccak256("f"), 10, 1, "");
        _publish(2, 2);
    }

    function test_the_reader_or_the_owner_ends_a_grant_and_nobody_else() public {
        uint64 id = _granted();
        vm.expectRevert(abi.encodeWithSelector(IDigitalAsset.NotReader.selector, STRANGER));
        vm.prank(STRANGER);
        _asset.end(id);
        vm.prank(READER);
        _asset.end(id);
        vm.assertEq(_asset.grants(id), bytes32(0), "ended");
    }

    function test_open_requests_are_bounded() public {
        for (uint256 i = 0; i < 16; ++i) {
            _request();
        }
        vm.expectRevert(abi.encodeWithSelector(IDigitalAsset.TooManyOpenRequests.selector, 16));
        vm.prank(READER);
        _asset.request(1, KEY, 0);
        vm.prank(OWNER);
        _asset.decide(1, false);
        _request();
    }

    function test_malformed_versions_are_refused_by_name() public {
        vm.expectRevert(abi.encodeWithSelector(IDigitalAsset.VersionOutOfOrder.selector, 2, 3));
        vm.prank(OWNER);
        _asset.publish(3, "parquet", "sha-256", keccak256("f"), 10, 1, "");
        vm.expectRevert(abi.encodeWithSelector(IDigitalAsset.VersionEmpty.selector));
        vm.prank(OWNER);
        _asset.publish(2, "parquet", "sha-256", 0, 10, 1, "");
        vm.expectRevert(abi.encodeWithSelector(IDigitalAsset.VersionEmpty.selector));
        vm.prank(OWNER);
        _asset.publish(2, "text", 0, 0, 0, 1, "");
        bytes memory long = new bytes(4097);
        vm.expectRevert(abi.encodeWithSelector(IDigitalAsset.MetadataLength.selector, 4097, 4096));
        vm.prank(OWNER);
        _asset.publish(2, "text", 0, 0, 0, 1, long);
        vm.assertEq(_asset.latestVersion(), 1, "unchanged");
    }

    function test_fuzz_only_the_owner_changes_rules(address sender, address reader) public {
        vm.assume(sender != OWNER);
        bytes[5] memory calls = [
            abi.encodeCall(_asset.list, (reader)),
            abi.encodeCall(_asset.remove, (READER)),
            abi.encodeCall(_asset.setAutomatic, (true)),
            abi.encodeCall(_asset.decide, (1, true)),
            abi.encodeCall(_asset.publish, (2, "parquet", "sha-256", keccak256("f"), 10, 1, ""))
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            vm.prank(sender);
            (bool done, bytes memory answer) = address(_asset).call(calls[i]);
            vm.assertFalse(done, "done");
            vm.assertEq(bytes32(bytes4(answer)), bytes32(IDigitalAsset.NotOwner.selector), "refusal");
        }
        vm.assertFalse(_asset.automatic(), "unchanged");
        vm.assertEq(_asset.keyEpoch(), 1, "unchanged");
    }

    function _publish(uint32 version, uint32 epoch) private {
        vm.prank(OWNER);
        _asset.publish(version, "parquet", "sha-256", keccak256("f"), 10, epoch, "");
    }

    function _request() private returns (uint64) {
        vm.prank(READER);
        return _asset.request(1, KEY, keccak256("purpose"));
    }

    function _granted() private returns (uint64 id) {
        id = _request();
        vm.prank(OWNER);
        _asset.decide(id, true);
        vm.prank(OWNER);
        _asset.grant(id, SEALED_KEY, 0);
    }
}
