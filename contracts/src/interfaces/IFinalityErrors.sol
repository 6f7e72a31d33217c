// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {CertificateFault, HandoverFault, HeaderFault, KeyFault, RoundFault} from "../types/FinalityTypes.sol";

/// Why a proof of finality was refused. The names of failed checks are those of `docs/specs/finality.md`, the same in the
/// Rust and TypeScript verifiers and in the shared vectors.
interface IFinalityErrors {
    /// Give one header as the chain hashes it.
    error HeaderMalformed(HeaderFault fault);
    /// Ask for a nearer finality certificate.
    error TooManyHeaders(uint256 found, uint256 limit);
    /// Give every header after the block, ascending.
    error HeaderLinkBroken(uint256 position);
    /// Give the certificate as `chancery_getFinality` answers it, with its signature's point.
    error CertificateMalformed(CertificateFault fault);
    /// Give the certificate of the last header.
    error HeaderHashMismatch(bytes32 certificate, bytes32 header);
    /// The certificate is not of a round in which this header can have become final.
    error RoundMismatch(RoundFault fault);
    /// The certificate is of an epoch before those that these validators decide.
    error EpochMismatch(uint64 from, uint64 found);
    /// The signers are named among another number of validators than the chain has.
    error UnknownValidator(uint256 expected, uint256 found);
    /// Too few have signed.
    error BelowQuorum(uint256 signers, uint256 quorum);
    /// The named validators have not signed this block of this chain.
    error FinalitySignature();

    /// Give the handover at the end of an epoch in which the set was changed.
    error HandoverMalformed(HandoverFault fault);
    /// The validator registry names other keys.
    error HandoverValidatorsMismatch(bytes32 registry, bytes32 keys);

    /// Give the keys that this chain was trusted with.
    error ValidatorKeysMismatch(bytes32 expected, bytes32 found);
    /// The genesis header is another chain's.
    error GenesisHashMismatch(bytes32 expected, bytes32 found);
    /// The genesis header commits to other keys.
    error GenesisValidatorsMismatch(bytes32 header, bytes32 keys);
    /// Give 1 to 256 keys of 128 bytes.
    error ValidatorCount(uint256 keyBytes);
    /// The key is no EIP-2537 G1 point of the subgroup other than infinity.
    error MalformedKey(uint256 index, KeyFault fault);
    /// One validator would count as two.
    error DuplicateKey(uint256 index);

    /// A trie proof exceeds its bounds.
    error ProofTooLarge(uint256 found, uint256 limit);
    /// The transaction does not stand at that index of the block.
    error TransactionNotIncluded(uint256 index, bytes32 blockHash);
    /// The receipt does not stand at that index of the block.
    error ReceiptNotIncluded(uint256 index, bytes32 blockHash);
    /// The path shows neither the account nor its absence.
    error AccountNotProven(address account, bytes32 blockHash);
    /// The path shows neither the slot nor its absence.
    error StorageNotProven(address account, uint256 slot);

    /// Nothing was decided: send it again with more gas.
    error GasTooLow(uint256 needed);
    /// Nothing was decided: this chain does not have the precompile, or asks more gas for it than EIP-2537 or EIP-7883 says.
    error PrecompileUnusable(address precompile);
}
