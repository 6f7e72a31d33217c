// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IFinalityErrors} from "../../interfaces/IFinalityErrors.sol";
import {Certificate, CertificateFault} from "../../types/FinalityTypes.sol";

/// Reads a finality certificate: its layout is in `docs/specs/finality.md`. Every certificate has one encoding (FINALITY-2).
library CertificateReader {
    /// Most validators that a chain may have; so the signers fit the bits of one word.
    uint256 internal constant MAX_VALIDATORS = 256;
    uint256 internal constant SIGNATURE_BYTES = 96;
    uint256 private constant MAX_VARINT_BYTES = 10;
    uint256 private constant MAX_CERTIFICATE_BYTES =
        3 * MAX_VARINT_BYTES + 32 + 8 + MAX_VALIDATORS / 8 + SIGNATURE_BYTES;

    /// Refuses with `CertificateMalformed`. Whether the signature is a point is not looked at.
    function read(bytes calldata data) internal pure returns (Certificate memory certificate) {
        if (data.length > MAX_CERTIFICATE_BYTES) _refuse(CertificateFault.TooLong);
        uint256 cursor = 0;
        (certificate.epoch, cursor) = _varint(data, cursor);
        (certificate.finalView, cursor) = _varint(data, cursor);
        (certificate.parentView, cursor) = _varint(data, cursor);
        certificate.blockHash = bytes32(_take(data, cursor, 32));
        cursor += 32;
        certificate.message = data[:cursor];
        uint256 validators = uint64(bytes8(_take(data, cursor, 8)));
        cursor += 8;
        if (validators == 0 || validators > MAX_VALIDATORS) _refuse(CertificateFault.SetSizeOutOfRange);
        certificate.validators = validators;
        uint256 bitmapBytes = (validators + 7) / 8;
        certificate.signers = _bitmap(_take(data, cursor, bitmapBytes), validators);
        cursor += bitmapBytes;
        certificate.signature = _take(data, cursor, SIGNATURE_BYTES);
        if (data.length != cursor + SIGNATURE_BYTES) _refuse(CertificateFault.BytesFollow);
    }

    /// How many validators signed.
    function signerCount(Certificate memory certificate) internal pure returns (uint256 signers) {
        // Each step clears the lowest bit that is set.
        for (uint256 left = certificate.signers; left != 0; left &= left - 1) {
            ++signers;
        }
    }

    function _take(bytes calldata data, uint256 cursor, uint256 length) private pure returns (bytes calldata) {
        if (data.length < cursor + length) _refuse(CertificateFault.Truncated);
        return data[cursor:cursor + length];
    }

    /// Byte *k* of the bitmap has validators 8*k* to 8*k* + 7, the first in its lowest bit.
    function _bitmap(bytes calldata data, uint256 validators) private pure returns (uint256 signers) {
        for (uint256 i = 0; i < data.length; ++i) {
            signers |= uint256(uint8(data[i])) << (8 * i);
        }
        // A shift by 256 leaves nothing.
        if (signers >> validators != 0) _refuse(CertificateFault.BitBeyondSet);
    }

    /// LEB128 of at most 64 bits: seven bits a byte, the lowest first.
    function _varint(bytes calldata data, uint256 cursor) private pure returns (uint64 value, uint256 next) {
        for (uint64 i = 0; i < MAX_VARINT_BYTES; ++i) {
            if (cursor + i == data.length) _refuse(CertificateFault.Truncated);
            uint8 current = uint8(data[cursor + i]);
            if (i == MAX_VARINT_BYTES - 1 && current > 1) break;
            value |= uint64(current & 0x7f) << (7 * i);
            if (current & 0x80 == 0) {
                if (current == 0 && i != 0) _refuse(CertificateFault.NumberNotShortest);
                return (value, cursor + i + 1);
            }
        }
        _refuse(CertificateFault.NumberTooLarge);
    }

    function _refuse(CertificateFault fault) private pure {
        revert IFinalityErrors.CertificateMalformed(fault);
    }
}
