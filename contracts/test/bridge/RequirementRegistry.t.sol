// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {RequirementRegistry} from "../../src/bridge/RequirementRegistry.sol";
import {IRequirementRegistry} from "../../src/interfaces/IRequirementRegistry.sol";
import {Endorser, PolicyFault, Requirement} from "../../src/types/MembershipTypes.sol";
import {vm} from "../support/Vm.sol";

/// A-EST: requirements are collected, and those that belong together are told from others.
contract RequirementRegistryTest {
    RequirementRegistry private registry = new RequirementRegistry();
    address private constant AUTHORITY = address(0xa);

    function test_a_declared_requirement_is_its_authoritys() public {
        Requirement memory wanted = _requirement("a", "b");
        vm.expectEmit(address(registry));
        emit IRequirementRegistry.Declared(0, AUTHORITY, "mortgages", "a", 1000);
        vm.prank(AUTHORITY);
        uint256 id = registry.declare(wanted);
        (Requirement memory found, address authority) = registry.open(id);
        vm.assertEq(keccak256(abi.encode(found)), keccak256(abi.encode(wanted)), "as declared");
        vm.assertEq(authority, AUTHORITY, "authority");
    }

    function test_requirements_that_name_one_another_belong_together() public {
        _declare("a", "b");
        _declare("b", "a");
        vm.assertTrue(registry.belongTogether(_ids(0, 1)), "each names the other");
        vm.assertFalse(registry.belongTogether(_ids(0, 0)), "nobody is its own partner");
        _declare("c", "a");
        vm.assertFalse(registry.belongTogether(_ids(0, 2)), "one alone wants it");
        vm.assertFalse(registry.belongTogether(_ids(0, 9)), "there is none");
    }

    function test_of_three_each_names_both_others() public {
        bytes32[3] memory three = [bytes32("a"), "b", "c"];
        for (uint256 i = 0; i < 3; ++i) {
            Requirement memory wanted = _requirement(three[i], 0);
            wanted.partners = new bytes32[](2);
            (wanted.partners[0], wanted.partners[1]) = i == 0 ? (three[1], three[2]) : (three[0], three[3 - i]);
            registry.declare(wanted);
        }
        uint256[] memory ids = new uint256[](3);
        (ids[1], ids[2]) = (1, 2);
        vm.assertTrue(registry.belongTogether(ids), "all of them");
        vm.assertFalse(registry.belongTogether(_ids(0, 1)), "two of them want a third");
    }

    function test_another_purpose_does_not_belong_together() public {
        _declare("a", "b");
        Requirement memory other = _requirement("b", "a");
        other.purpose = "statistics";
        registry.declare(other);
        vm.assertFalse(registry.belongTogether(_ids(0, 1)), "for something else");
    }

    function test_what_has_lapsed_or_was_withdrawn_is_closed() public {
        _declare("a", "b");
        _declare("b", "a");
        vm.warp(1000);
        vm.assertTrue(registry.belongTogether(_ids(0, 1)), "the last second counts");
        vm.prank(AUTHORITY);
        registry.withdraw(1);
        vm.assertFalse(registry.belongTogether(_ids(0, 1)), "withdrawn");
        vm.expectRevert(abi.encodeWithSelector(IRequirementRegistry.RequirementClosed.selector, 1));
        registry.open(1);
        vm.warp(1001);
        vm.expectRevert(abi.encodeWithSelector(IRequirementRegistry.RequirementClosed.selector, 0));
        registry.open(0);
        (, address authority) = registry.declared(0);
        vm.assertEq(authority, AUTHORITY, "what was declared can be read for ever");
    }

    function test_only_the_authority_withdraws() public {
        _declare("a", "b");
        vm.expectRevert(abi.encodeWithSelector(IRequirementRegistry.NotTheAuthority.selector, address(this)));
        registry.withdraw(0);
        vm.expectRevert(abi.encodeWithSelector(IRequirementRegistry.RequirementUnknown.selector, 1));
        registry.withdraw(1);
    }

    function test_a_requirement_without_meaning_is_refused() public {
        Requirement memory wanted = _requirement("a", "b");
        wanted.openUntil = uint64(block.timestamp);
        _expectRefused(wanted, abi.encodeWithSelector(IRequirementRegistry.RequirementMalformed.selector));
        wanted = _requirement("a", "b");
        wanted.nodeContract = address(0);
        _expectRefused(wanted, abi.encodeWithSelector(IRequirementRegistry.RequirementMalformed.selector));
        bytes memory partners = abi.encodeWithSelector(IRequirementRegistry.PartnersMalformed.selector);
        _expectRefused(_requirement("a", "a"), partners);
        _expectRefused(_requirement("a", 0), partners);
        wanted.nodeContract = address(1);
        wanted.partners = new bytes32[](2);
        (wanted.partners[0], wanted.partners[1]) = ("c", "b");
        _expectRefused(wanted, partners);
        wanted.partners = new bytes32[](16);
        for (uint256 i = 0; i < 16; ++i) {
            wanted.partners[i] = bytes32(i + 1);
        }
        _expectRefused(wanted, partners);
    }

    /// The faults and their order are those of `Policy::new` in `crates/bridge`.
    function test_a_policy_without_meaning_is_refused() public {
        Requirement memory wanted = _requirement("a", "b");
        wanted.endorsers = new Endorser[](0);
        _expectPolicy(wanted, PolicyFault.EndorserCount, 0);
        wanted.endorsers = new Endorser[](2);
        wanted.endorsers[0] = Endorser("n", 1);
        wanted.endorsers[1] = Endorser("n", 0);
        _expectPolicy(wanted, PolicyFault.WeightZero, "n");
        wanted.endorsers[1].weight = 1;
        _expectPolicy(wanted, PolicyFault.Duplicate, "n");
        wanted.endorsers = new Endorser[](65);
        for (uint256 i = 0; i < 65; ++i) {
            wanted.endorsers[i] = Endorser(bytes32(i), 1);
        }
        _expectPolicy(wanted, PolicyFault.EndorserCount, 0);
    }

    function _expectPolicy(Requirement memory wanted, PolicyFault fault, bytes32 node) private {
        _expectRefused(wanted, abi.encodeWithSelector(IRequirementRegistry.PolicyMalformed.selector, fault, node));
    }

    function _expectRefused(Requirement memory wanted, bytes memory refusal) private {
        vm.expectRevert(refusal);
        registry.declare(wanted);
        vm.assertEq(registry.requirementCount(), 0, "nothing was declared");
    }

    function _declare(bytes32 name, bytes32 partner) private {
        vm.prank(AUTHORITY);
        registry.declare(_requirement(name, partner));
    }

    function _requirement(bytes32 name, bytes32 partner) private pure returns (Requirement memory wanted) {
        (wanted.purpose, wanted.name, wanted.chainId) = ("mortgages", name, 7101);
        (wanted.nodeContract, wanted.openUntil) = (address(1), 1000);
        wanted.partners = new bytes32[](1);
        wanted.partners[0] = partner;
        wanted.endorsers = new Endorser[](1);
        wanted.endorsers[0] = Endorser("node", 1);
    }

    function _ids(uint256 one, uint256 other) private pure returns (uint256[] memory ids) {
        ids = new uint256[](2);
        (ids[0], ids[1]) = (one, other);
    }
}
