// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Packing} from "@openzeppelin/contracts/utils/Packing.sol";
import {IFinalityErrors} from "../../interfaces/IFinalityErrors.sol";
import {FinalHeader, HeaderFault} from "../../types/FinalityTypes.sol";

/// Reads block headers of our chains. What `extraData` holds is in `docs/specs/encodings.md`.
///
/// OpenZeppelin's `BlockHeader` takes several encodings for one value, refuses with errors that name no check, and costs a
/// quarter of the whole verification. A header has one form here: its members in their order, each in its one encoding. Tests
/// hold this reader to OpenZeppelin's.
library HeaderReader {
    using Packing for bytes32;

    /// Longest header accepted. One of our chains has about 620 bytes.
    uint256 internal constant MAX_HEADER_BYTES = 2048;
    bytes1 private constant EXTRA_DATA_VERSION = 0x01;
    uint256 private constant MILLISECONDS_PER_SECOND = 1000;
    uint256 private constant BLOOM_BYTES = 256;

    /// Refuses with `HeaderMalformed`.
    function read(bytes calldata rlp) internal pure returns (FinalHeader memory header) {
        bytes32 extra;
        (header, extra) = _read(rlp);
        if (extra[0] != EXTRA_DATA_VERSION) _refuse(HeaderFault.ExtraDataVersion);
        header.epoch = uint32(extra.extract_32_4(1));
        header.proposedView = uint64(extra.extract_32_8(5));
        header.parentView = uint64(extra.extract_32_8(13));
        header.millisecond = uint16(extra.extract_32_2(21));
        if (header.millisecond >= MILLISECONDS_PER_SECOND) _refuse(HeaderFault.ExtraDataMillisecond);
        if (extra << 184 != 0) _refuse(HeaderFault.ExtraDataReserved);
    }

    /// What the genesis header carries for its validators. Refuses with `HeaderMalformed`.
    function genesisCommitment(bytes calldata rlp) internal pure returns (bytes32) {
        (FinalHeader memory header, bytes32 extra) = _read(rlp);
        if (header.number != 0) _refuse(HeaderFault.GenesisNumber);
        return extra;
    }

    function _read(bytes calldata rlp) private pure returns (FinalHeader memory header, bytes32 extra) {
        if (rlp.length > MAX_HEADER_BYTES) _refuse(HeaderFault.TooLong);
        // Hashes and the bloom filter alone make the list longer than 255 bytes, so its length has two.
        if (rlp.length < 259 || uint24(bytes3(rlp[:3])) != 0xf90000 + rlp.length - 3) _refuse(HeaderFault.NotAHeader);
        uint256 cursor = 3;
        (header.parentHash, cursor) = _hash(rlp, cursor);
        (, cursor) = _hash(rlp, cursor); // ommers
        cursor = _skip(rlp, cursor, 20); // beneficiary
        (header.stateRoot, cursor) = _hash(rlp, cursor);
        (header.transactionsRoot, cursor) = _hash(rlp, cursor);
        (header.receiptsRoot, cursor) = _hash(rlp, cursor);
        cursor = _skipBloom(rlp, cursor);
        (, cursor) = _number(rlp, cursor, 32); // difficulty
        (header.number, cursor) = _number64(rlp, cursor);
        (, cursor) = _number64(rlp, cursor); // gas limit
        (, cursor) = _number64(rlp, cursor); // gas used
        (header.timestamp, cursor) = _number64(rlp, cursor);
        (extra, cursor) = _hash(rlp, cursor);
        (, cursor) = _hash(rlp, cursor); // randomness
        cursor = _skip(rlp, cursor, 8); // nonce
        (, cursor) = _number64(rlp, cursor); // base fee
        (, cursor) = _hash(rlp, cursor); // withdrawals
        (, cursor) = _number64(rlp, cursor); // blob gas used
        (, cursor) = _number64(rlp, cursor); // excess blob gas
        (, cursor) = _hash(rlp, cursor); // parent beacon block
        (, cursor) = _hash(rlp, cursor); // requests
        // Each member was read without looking for the header's end; all of them end there, so none lies beyond it.
        if (cursor != rlp.length) _refuse(HeaderFault.NotAHeader);
        header.hash = keccak256(rlp);
    }

    /// A string of 32 bytes.
    function _hash(bytes calldata rlp, uint256 cursor) private pure returns (bytes32 value, uint256 next) {
        next = _skip(rlp, cursor, 32);
        value = _load(rlp, cursor + 1);
    }

    /// A string of a length of at most 55 bytes.
    function _skip(bytes calldata rlp, uint256 cursor, uint256 length) private pure returns (uint256 next) {
        if (uint256(_load(rlp, cursor)) >> 248 != 0x80 + length) _refuse(HeaderFault.NotAHeader);
        return cursor + 1 + length;
    }

    /// A string of 256 bytes: its length needs two.
    function _skipBloom(bytes calldata rlp, uint256 cursor) private pure returns (uint256 next) {
        if (uint256(_load(rlp, cursor)) >> 232 != 0xb90000 + BLOOM_BYTES) _refuse(HeaderFault.NotAHeader);
        return cursor + 3 + BLOOM_BYTES;
    }

    function _number64(bytes calldata rlp, uint256 cursor) private pure returns (uint64 value, uint256 next) {
        uint256 number;
        (number, next) = _number(rlp, cursor, 8);
        // It has at most eight bytes.
        // forge-lint: disable-next-line(unsafe-typecast)
        value = uint64(number);
    }

    /// A number of at most `maxBytes` bytes, without zeros in front. One below 0x80 is its own encoding, but zero has no bytes.
    function _number(bytes calldata rlp, uint256 cursor, uint256 maxBytes)
        private
        pure
        returns (uint256 value, uint256 next)
    {
        uint256 prefix = uint256(_load(rlp, cursor)) >> 248;
        if (prefix == 0x80) return (0, cursor + 1);
        if (prefix > 0 && prefix < 0x80) return (prefix, cursor + 1);
        if (prefix == 0 || prefix > 0x80 + maxBytes) _refuse(HeaderFault.NotAHeader);
        uint256 length = prefix - 0x80;
        value = uint256(_load(rlp, cursor + 1)) >> (256 - 8 * length);
        bool leadingZero = value >> (8 * (length - 1)) == 0;
        if (leadingZero || value < 0x80) _refuse(HeaderFault.NotAHeader);
        next = cursor + 1 + length;
    }

    /// 32 bytes from `cursor` on, be they the header's or what follows it in the calldata.
    function _load(bytes calldata rlp, uint256 cursor) private pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := calldataload(add(rlp.offset, cursor))
        }
    }

    function _refuse(HeaderFault fault) private pure {
        revert IFinalityErrors.HeaderMalformed(fault);
    }
}
