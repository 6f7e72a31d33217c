// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IFinalityErrors} from "../../src/interfaces/IFinalityErrors.sol";
import {Precompile} from "../../src/libraries/finality/Precompile.sol";
import {vm} from "../support/Vm.sol";

/// What a precompile cannot be asked is no verdict about a proof.
contract PrecompileTest {
    address private constant PAIRING_CHECK = address(0x0f);
    address private constant NOBODY = address(0xbeef);

    function test_a_chain_without_the_precompile_is_named() public {
        vm.expectRevert(abi.encodeWithSelector(IFinalityErrors.PrecompileUnusable.selector, NOBODY));
        this.pair(NOBODY, new bytes(384), 70_300);
    }

    function test_a_precompile_that_costs_more_is_named_where_it_cannot_refuse() public {
        vm.expectRevert(abi.encodeWithSelector(IFinalityErrors.PrecompileUnusable.selector, PAIRING_CHECK));
        this.mustPair(PAIRING_CHECK, new bytes(384), 70_299);
    }

    function test_too_little_gas_says_how_much_is_needed() public {
        uint256 needed = 70_300 + uint256(70_300) / 63 + 1_000;
        vm.expectRevert(abi.encodeWithSelector(IFinalityErrors.GasTooLow.selector, needed));
        this.pair{gas: 60_000}(PAIRING_CHECK, new bytes(384), 70_300);
    }

    function test_a_refusal_is_told_from_an_answer() public view {
        vm.assertTrue(this.pair(PAIRING_CHECK, new bytes(384), 70_300), "infinity is a point");
        bytes memory noPoint = new bytes(384);
        noPoint[383] = 0x01;
        vm.assertFalse(this.pair(PAIRING_CHECK, noPoint, 70_300), "not on the curve");
    }

    function pair(address precompile, bytes calldata input, uint256 gasCost) external view returns (bool) {
        bytes memory data = input;
        uint256 place = Precompile.start(data);
        return Precompile.call(precompile, gasCost, place, data.length, place, 32);
    }

    function mustPair(address precompile, bytes calldata input, uint256 gasCost) external view {
        bytes memory data = input;
        uint256 place = Precompile.start(data);
        Precompile.mustCall(precompile, gasCost, place, data.length, place, 32);
    }
}
