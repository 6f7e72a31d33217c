// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {DigitalAsset} from "../../src/sharing/DigitalAsset.sol";
import {IDigitalAsset} from "../../src/interfaces/IDigitalAsset.sol";
import {RequestState} from "../../src/types/SharingTypes.sol";
import {vm} from "../support/Vm.sol";

// M-APP, S-ASSET; SHARE-15, SHARE-16
contract AssetRightsTest {
    address private constant OWNER = address(0x0a);
    address private constant NEXT_OWNER = address(0x0b);
    address private constant HOLDER = address(0x1b);
    address private constant STRANGER = address(0x2c);
    bytes32 private constant KEY = keccak256("reader key");
    bytes32 private constant SEALED_KEY = keccak256("sealed key");
    bytes32 private constant PURPOSE = keccak256("statistics");
    uint64 private constant START = 1_767_225_600;
    uint64 private constant UNTIL = START + 1000;
    DigitalAsset private _asset;

    function setUp() public {
        vm.warp(START);
        vm.prank(OWNER);
        _asset = new DigitalAsset();
        vm.prank(OWNER);
        _asset.publish(1, "parquet", "sha-256", keccak256("f"), 10, 1, "");
    }

    function test_an_asset_changes_hands_in_two_steps() public {
        vm.expectEmit(address(_asset));
        emit IDigitalAsset.OwnershipOffered(OWNER, NEXT_OWNER);
        _offer(NEXT_OWNER);
        vm.assertEq(_asset.owner(), OWNER, "an offer changes nothing");
        vm.expectEmit(address(_asset));
        emit IDigitalAsset.OwnershipTransferred(OWNER, NEXT_OWNER, 2);
        vm.prank(NEXT_OWNER);
        _asset.acceptOwnership();
        vm.assertEq(_asset.owner(), NEXT_OWNER, "accepted");
        vm.assertEq(_asset.offeredTo(), address(0), "nothing is offered any more");
        vm.assertEq(_asset.keyEpoch(), 2, "the owner before has no key of what comes");
        bytes32 slot = vm.load(address(_asset), bytes32(uint256(7)));
        vm.assertEq(address(uint160(uint256(slot))), NEXT_OWNER, "slot 7 is what owners are proven by");
    }

    function test_only_whom_it_is_offered_to_accepts_and_an_offer_can_be_taken_back() public {
        vm.expectRevert(abi.encodeWithSelector(IDigitalAsset.NotOffered.selector, STRANGER));
        vm.prank(STRANGER);
        _asset.acceptOwnership();
        _offer(NEXT_OWNER);
        vm.expectRevert(abi.encodeWithSelector(IDigitalAsset.NotOffered.selector, STRANGER));
        vm.prank(STRANGER);
        _asset.acceptOwnership();
        _offer(address(0));
        vm.expectRevert(abi.encodeWithSelector(IDigitalAsset.NotOffered.selector, NEXT_OWNER));
        vm.prank(NEXT_OWNER);
        _asset.acceptOwnership();
        vm.expectRevert(abi.encodeWithSelector(IDigitalAsset.OwnerAlready.selector, OWNER));
        _offer(OWNER);
        vm.assertEq(_asset.owner(), OWNER, "unchanged");
    }

    function test_the_new_owner_manages_readers_and_the_old_one_no_longer_does() public {
        _offer(NEXT_OWNER);
        vm.prank(NEXT_OWNER);
        _asset.acceptOwnership();
        vm.expectRevert(abi.encodeWithSelector(IDigitalAsset.NotOwner.selector, OWNER));
        vm.prank(OWNER);
        _asset.list(STRANGER);
        vm.prank(NEXT_OWNER);
        _asset.list(STRANGER);
        vm.assertTrue(_asset.isListed(STRANGER), "listed by the new one");
        vm.expectRevert(abi.encodeWithSelector(IDigitalAsset.NotOwner.selector, OWNER));
        _offer(OWNER);
    }

    function test_a_holder_asks_by_its_right_for_its_purpose() public {
        uint64 right = _give();
        uint64 id = _ask(right);
        vm.assertEq(_asset.requestAt(id).purpose, PURPOSE, "the purpose of the right");
        vm.assertEq(_asset.requestAt(id).right, right, "by the right");
        _approve(id);
        vm.prank(OWNER);
        _asset.grant(id, SEALED_KEY, UNTIL);
        vm.assertTrue(_asset.grants(id) != 0, "granted");
    }

    function test_a_right_is_its_holders_alone() public {
        uint64 right = _give();
        vm.expectRevert(abi.encodeWithSelector(IDigitalAsset.NotHolder.selector, STRANGER));
        vm.prank(STRANGER);
        _asset.requestUnder(right, 1, KEY);
        vm.expectRevert(abi.encodeWithSelector(IDigitalAsset.NotHolder.selector, HOLDER));
        vm.prank(HOLDER);
        _asset.requestUnder(right + 1, 1, KEY);
    }

    function test_a_right_that_is_over_gives_nothing() public {
        uint64 right = _give();
        uint64 id = _ask(right);
        _approve(id);
        vm.warp(UNTIL);
        vm.assertTrue(_asset.isEffective(right), "in its last second");
        vm.warp(UNTIL + 1);
        vm.assertFalse(_asset.isEffective(right), "over");
        vm.expectRevert(abi.encodeWithSelector(IDigitalAsset.RightNotEffective.selector, right));
        _ask(right);
        vm.expectRevert(abi.encodeWithSelector(IDigitalAsset.RightNotEffective.selector, right));
        vm.prank(OWNER);
        _asset.grant(id, SEALED_KEY, UNTIL + 10);
    }

    function test_no_grant_outlives_its_right() public {
        uint64 id = _ask(_give());
        _approve(id);
        uint64[2] memory ends = [uint64(0), UNTIL + 1];
        for (uint256 i = 0; i < ends.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IDigitalAsset.GrantOutlivesRight.selector, ends[i], UNTIL));
            vm.prank(OWNER);
            _asset.grant(id, SEALED_KEY, ends[i]);
        }
    }

    function test_withdrawing_a_right_ends_what_is_open_under_it_and_nothing_else() public {
        vm.prank(OWNER);
        _asset.list(HOLDER);
        vm.prank(HOLDER);
        uint64 listed = _asset.request(1, KEY, 0);
        (uint64 right, uint64 other) = (_give(), _give());
        (uint64 first, uint64 second, uint64 third) = (_ask(right), _ask(other), _ask(right));
        vm.expectEmit(address(_asset));
        emit IDigitalAsset.RightWithdrawn(right, HOLDER, 2);
        vm.prank(OWNER);
        _asset.withdrawRight(right);
        vm.assertFalse(_asset.isEffective(right), "withdrawn");
        vm.assertTrue(_state(first) == RequestState.Ended && _state(third) == RequestState.Ended, "ended");
        vm.assertTrue(_state(second) == RequestState.Pending && _state(listed) == RequestState.Pending, "the others");
        vm.expectRevert(abi.encodeWithSelector(IDigitalAsset.RightAlreadyWithdrawn.selector, right));
        vm.prank(OWNER);
        _asset.withdrawRight(right);
        vm.prank(OWNER);
        _asset.remove(HOLDER);
        vm.assertTrue(_state(second) == RequestState.Pending, "who is listed no longer keeps its right");
        vm.assertTrue(_state(listed) == RequestState.Ended, "and nothing by the list");
    }

    function test_rights_that_say_too_little_are_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IDigitalAsset.AddressZero.selector));
        vm.prank(OWNER);
        _asset.giveRight(address(0), PURPOSE, UNTIL);
        vm.expectRevert(abi.encodeWithSelector(IDigitalAsset.PurposeZero.selector));
        vm.prank(OWNER);
        _asset.giveRight(HOLDER, 0, UNTIL);
        vm.expectRevert(abi.encodeWithSelector(IDigitalAsset.RightAlreadyOver.selector, START - 1));
        vm.prank(OWNER);
        _asset.giveRight(HOLDER, PURPOSE, START - 1);
        vm.expectRevert(abi.encodeWithSelector(IDigitalAsset.RightUnknown.selector, 1));
        vm.prank(OWNER);
        _asset.withdrawRight(1);
        vm.assertEq(_asset.rightCount(), 0, "none given");
    }

    function _offer(address to) private {
        vm.prank(OWNER);
        _asset.offerOwnership(to);
    }

    function _give() private returns (uint64) {
        vm.prank(OWNER);
        return _asset.giveRight(HOLDER, PURPOSE, UNTIL);
    }

    function _ask(uint64 right) private returns (uint64) {
        vm.prank(HOLDER);
        return _asset.requestUnder(right, 1, KEY);
    }

    function _approve(uint64 id) private {
        vm.prank(OWNER);
        _asset.decide(id, true);
    }

    function _state(uint64 id) private view returns (RequestState) {
        return _asset.requestAt(id).state;
    }
}
