// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {BlockHeader} from "@openzeppelin/contracts/utils/BlockHeader.sol";
import {Memory} from "@openzeppelin/contracts/utils/Memory.sol";
import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {IFinalityErrors} from "../../src/interfaces/IFinalityErrors.sol";
import {FinalHeader, HeaderFault} from "../../src/types/FinalityTypes.sol";
import {HexDigits} from "../../src/libraries/finality/HexDigits.sol";
import {FinalityVerifier} from "../support/FinalityVerifier.sol";
import {vm} from "../support/Vm.sol";

/// Our reader of headers is held to OpenZeppelin's, which costs much more and is much less strict (FINALITY-3).
contract HeaderReaderTest {
    using RLP for RLP.Encoder;
    using BlockHeader for Memory.Slice[];

    FinalityVerifier private verifier = new FinalityVerifier();

    struct Numbers {
        uint256 difficulty;
        uint64 number;
        uint64 gasLimit;
        uint64 gasUsed;
        uint64 timestamp;
        uint64 baseFee;
        uint64 blobGasUsed;
        uint64 excessBlobGas;
    }

    struct Context {
        uint32 epoch;
        uint64 proposedView;
        uint64 parentView;
        uint16 millisecond;
    }

    function testFuzz_headers_are_read_as_openzeppelin_reads_them(
        bytes32[9] memory hashes,
        address beneficiary,
        Numbers calldata numbers,
        uint8[8] calldata widths,
        Context memory context
    ) public view {
        context.millisecond %= 1000;
        bytes memory extra = abi.encodePacked(
            uint8(1), context.epoch, context.proposedView, context.parentView, context.millisecond, bytes9(0)
        );
        bytes memory rlp = _encode(hashes, beneficiary, _narrowed(numbers, widths), abi.decode(extra, (bytes32)));
        FinalHeader memory header = verifier.readHeader(rlp);
        Memory.Slice[] memory members = BlockHeader.parseHeader(rlp);
        vm.assertEq(header.hash, keccak256(rlp), "hash");
        vm.assertEq(header.parentHash, members.getParentHash(), "parentHash");
        vm.assertEq(header.stateRoot, members.getStateRoot(), "stateRoot");
        vm.assertEq(header.transactionsRoot, members.getTransactionsRoot(), "transactionsRoot");
        vm.assertEq(header.receiptsRoot, members.getReceiptsRoot(), "receiptsRoot");
        vm.assertEq(header.number, members.getNumber(), "number");
        vm.assertEq(header.timestamp, members.getTimestamp(), "timestamp");
        vm.assertEq(header.epoch, context.epoch, "epoch");
        vm.assertEq(header.proposedView, context.proposedView, "proposedView");
        vm.assertEq(header.parentView, context.parentView, "parentView");
        vm.assertEq(header.millisecond, context.millisecond, "millisecond");
    }

    function test_a_header_has_neither_more_nor_less_than_its_members() public {
        bytes32[9] memory hashes;
        Numbers memory numbers;
        bytes memory rlp = _encode(hashes, address(0), numbers, bytes32(bytes1(0x01)));
        verifier.readHeader(rlp);
        // A member too many; the last one cut short; the last one missing. The list's own length is right each time.
        _expectRefusal(bytes.concat(rlp, hex"80"));
        _expectRefusal(_first(rlp, rlp.length - 1));
        _expectRefusal(_first(rlp, rlp.length - 33));
    }

    function _expectRefusal(bytes memory rlp) private {
        uint256 length = rlp.length - 3;
        (rlp[1], rlp[2]) = (bytes1(uint8(length >> 8)), bytes1(uint8(length % 256)));
        vm.expectRevert(abi.encodeWithSelector(IFinalityErrors.HeaderMalformed.selector, HeaderFault.NotAHeader));
        verifier.readHeader(rlp);
    }

    function _first(bytes memory data, uint256 length) private pure returns (bytes memory start) {
        start = bytes.concat(data);
        assembly ("memory-safe") {
            mstore(start, length)
        }
    }

    function testFuzz_hexadecimal_digits_are_openzeppelins(bytes32 word) public pure {
        string memory ours = string.concat("0x", string(HexDigits.digits(word)));
        vm.assertEq(ours, Strings.toHexString(uint256(word), 32), "digits");
    }

    /// Numbers of every length, not only the longest.
    function _narrowed(Numbers memory numbers, uint8[8] calldata widths) private pure returns (Numbers memory) {
        numbers.difficulty >>= 8 * uint256(widths[0] % 33);
        numbers.number >>= 8 * uint64(widths[1] % 9);
        numbers.gasLimit >>= 8 * uint64(widths[2] % 9);
        numbers.gasUsed >>= 8 * uint64(widths[3] % 9);
        numbers.timestamp >>= 8 * uint64(widths[4] % 9);
        numbers.baseFee >>= 8 * uint64(widths[5] % 9);
        numbers.blobGasUsed >>= 8 * uint64(widths[6] % 9);
        numbers.excessBlobGas >>= 8 * uint64(widths[7] % 9);
        return numbers;
    }

    function _encode(bytes32[9] memory hashes, address beneficiary, Numbers memory numbers, bytes32 extra)
        private
        pure
        returns (bytes memory)
    {
        RLP.Encoder memory list = RLP.encoder();
        for (uint256 i = 0; i < 5; ++i) {
            if (i == 2) list.push(beneficiary);
            list.push(hashes[i]);
        }
        list.push(bytes.concat(abi.encode(hashes[0], hashes[1], hashes[2]), new bytes(160))); // the bloom filter
        list.push(numbers.difficulty).push(uint256(numbers.number)).push(uint256(numbers.gasLimit));
        list.push(uint256(numbers.gasUsed)).push(uint256(numbers.timestamp)).push(extra).push(hashes[5]);
        list.push(abi.encodePacked(bytes8(hashes[6]))).push(uint256(numbers.baseFee)).push(hashes[6]);
        list.push(uint256(numbers.blobGasUsed)).push(uint256(numbers.excessBlobGas));
        list.push(hashes[7]).push(hashes[8]);
        return list.encode();
    }
}
