// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IFinalityErrors} from "../../src/interfaces/IFinalityErrors.sol";
import {HeaderFault, KeyFault, TrustedChain} from "../../src/types/FinalityTypes.sol";
import {ChainVector, FinalityFile} from "../support/FinalityFile.sol";
import {FinalityVerifier} from "../support/FinalityVerifier.sol";
import {vm} from "../support/Vm.sol";

/// A chain is trusted for its genesis hash alone (FINALITY-4, FINALITY-7).
contract ValidatorSetTest {
    FinalityFile private file = new FinalityFile();
    FinalityVerifier private verifier = new FinalityVerifier();

    function test_a_genesis_stands_for_its_validators() public view {
        for (uint256 i = 0; i < 4; ++i) {
            ChainVector memory vector = file.chain(i);
            TrustedChain memory trusted = _trust(vector);
            vm.assertEq(trusted.chainId, vector.chainId, "chain id");
            vm.assertEq(trusted.genesisHash, vector.genesisHash, "genesis");
            vm.assertEq(trusted.keysHash, keccak256(vector.keys), "keys");
        }
    }

    function test_another_genesis_is_refused() public {
        ChainVector memory vector = file.chain(1);
        bytes32 found = vector.genesisHash;
        vector.genesisHash = keccak256("another");
        vm.expectRevert(abi.encodeWithSelector(IFinalityErrors.GenesisHashMismatch.selector, vector.genesisHash, found));
        _trust(vector);
    }

    function test_keys_that_the_genesis_does_not_commit_to_are_refused() public {
        ChainVector memory vector = file.chain(1);
        // The same keys in another order are another set: the bitmap would mean others.
        vector.keys = _swapped(vector.keys);
        vm.expectPartialRevert(IFinalityErrors.GenesisValidatorsMismatch.selector);
        _trust(vector);
        // The opposite of a key is a key too.
        vector = file.chain(0);
        vector.keys = _negated(vector.keys);
        verifier.check(vector.keys);
        vm.expectPartialRevert(IFinalityErrors.GenesisValidatorsMismatch.selector);
        _trust(vector);
    }

    function test_a_later_block_is_no_genesis() public {
        ChainVector memory vector = file.chain(1);
        vector.genesisHeader = file.named("3 of 4 signed").proof.header;
        vm.expectRevert(abi.encodeWithSelector(IFinalityErrors.HeaderMalformed.selector, HeaderFault.GenesisNumber));
        _trust(vector);
    }

    function test_sets_of_no_possible_size_are_refused() public {
        bytes memory keys = file.chain(0).keys;
        _expectCount(keys.length + 1);
        verifier.check(bytes.concat(keys, hex"00"));
        _expectCount(keys.length - 1);
        verifier.check(_first(keys, keys.length - 1));
        _expectCount(257 * 128);
        verifier.check(new bytes(257 * 128));
        // 256 are possible; these are refused for what they are.
        vm.expectRevert(abi.encodeWithSelector(IFinalityErrors.MalformedKey.selector, 0, KeyFault.IsInfinity));
        verifier.check(new bytes(256 * 128));
    }

    function test_a_quorum_is_more_than_two_thirds() public view {
        uint8[10] memory quorums = [1, 2, 3, 3, 4, 5, 5, 6, 7, 7];
        for (uint256 i = 0; i < 10; ++i) {
            vm.assertEq(verifier.quorum(i + 1), quorums[i], vm.toString(i + 1));
        }
    }

    function testFuzz_two_quorums_share_an_honest_validator(uint8 validators) public view {
        uint256 n = uint256(validators) + 1;
        uint256 faulty = (n - 1) / 3;
        uint256 shared = 2 * verifier.quorum(n) - n;
        vm.assertTrue(shared > faulty, vm.toString(n));
    }

    function testFuzz_a_key_with_a_flipped_bit_is_refused(uint256 bit) public {
        ChainVector memory vector = file.chain(1);
        bit = bit % (8 * vector.keys.length);
        vector.keys[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        vm.expectPartialRevert(IFinalityErrors.MalformedKey.selector);
        verifier.check(vector.keys);
    }

    function _trust(ChainVector memory vector) private view returns (TrustedChain memory) {
        return verifier.trust(vector.chainId, vector.genesisHash, vector.genesisHeader, vector.keys);
    }

    function _expectCount(uint256 keyBytes) private {
        vm.expectRevert(abi.encodeWithSelector(IFinalityErrors.ValidatorCount.selector, keyBytes));
    }

    function _first(bytes memory data, uint256 length) private pure returns (bytes memory start) {
        start = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            start[i] = data[i];
        }
    }

    /// The first two keys in each other's place.
    function _swapped(bytes memory keys) private pure returns (bytes memory) {
        for (uint256 i = 0; i < 128; ++i) {
            (keys[i], keys[128 + i]) = (keys[128 + i], keys[i]);
        }
        return keys;
    }

    /// The key with p - y for y.
    function _negated(bytes memory key) private pure returns (bytes memory) {
        (bytes32 xHigh, bytes32 xLow, uint256 high, uint256 low) = abi.decode(key, (bytes32, bytes32, uint256, uint256));
        uint256 pHigh = 0x1a0111ea397fe69a4b1ba7b6434bacd7;
        uint256 pLow = 0x64774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab;
        unchecked {
            uint256 borrow = low > pLow ? 1 : 0;
            return abi.encode(xHigh, xLow, pHigh - high - borrow, pLow - low);
        }
    }
}
