// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// A chain whose finality can be verified: what a contract keeps of it. Made by `ValidatorSet.trust`, which checks the keys
/// against the genesis, and by `Handover.follow`; a contract that writes one by itself vouches for the keys.
struct TrustedChain {
    /// EIP-155 chain id.
    uint64 chainId;
    /// The first epoch that these validators decide; they do until they hand over.
    uint64 fromEpoch;
    /// Hash of the genesis header.
    bytes32 genesisHash;
    /// `keccak256` of the validators' public keys: EIP-2537 G1 points of 128 bytes each, in the order of the set.
    bytes32 keysHash;
}

/// The evidence that a block is final.
struct FinalityProof {
    /// RLP of the block's header.
    bytes header;
    /// The certificate as validators make it, with its signature compressed (FINALITY-2).
    bytes certificate;
    /// The same signature as an EIP-2537 G2 point, 256 bytes. Nothing has to be trusted about it: it is held against the
    /// compressed one. The square root that would unpack that costs more than all the rest.
    bytes signaturePoint;
    /// RLP of the headers after it up to the one that the certificate names; empty if that is the block itself.
    bytes[] descendants;
}

/// The evidence that other validators decide from an epoch on.
struct HandoverProof {
    /// The last block of the epoch before is final.
    FinalityProof last;
    /// Trie nodes of the validator registry's account in its state, root first.
    bytes[] account;
    /// Trie nodes of the registry's slot with the hash of the set.
    bytes[] setHash;
    /// Trie nodes of its slot with the length of an epoch.
    bytes[] epochLength;
}

/// What a finality certificate says, before its signature is checked.
struct Certificate {
    uint64 epoch;
    /// View in which the block was finalised.
    uint64 finalView;
    /// View of the parent that it was proposed on.
    uint64 parentView;
    bytes32 blockHash;
    /// Size of the set that the bitmap is over.
    uint256 validators;
    /// Bit *i* is validator *i*.
    uint256 signers;
    /// What the validators signed, without the namespace: the certificate's bytes up to the end of the block hash.
    bytes message;
    /// Compressed G2 point, 96 bytes: x.c1 with three flags in its highest bits, then x.c0.
    bytes signature;
}

/// A header that was read, and proven final if it comes from `FinalityCertificate.verifyFinality`.
struct FinalHeader {
    bytes32 hash;
    bytes32 parentHash;
    bytes32 stateRoot;
    bytes32 transactionsRoot;
    bytes32 receiptsRoot;
    uint64 number;
    /// Seconds since 1970 at which the leader says it made the block.
    uint64 timestamp;
    /// Milliseconds within that second.
    uint16 millisecond;
    /// Names the validator set.
    uint32 epoch;
    /// View in which it was proposed.
    uint64 proposedView;
    /// View in which its parent was proposed.
    uint64 parentView;
}

/// An account in the state of a final block.
struct ProvenAccount {
    address account;
    uint64 nonce;
    /// In wei.
    uint256 balance;
    bytes32 storageRoot;
    bytes32 codeHash;
}

/// What is wrong with the bytes of a certificate.
enum CertificateFault {
    TooLong,
    Truncated,
    /// A number does not fit 64 bits.
    NumberTooLarge,
    /// A number is not in its shortest form.
    NumberNotShortest,
    /// Not 1 to 256 validators.
    SetSizeOutOfRange,
    /// The bitmap has bits beyond the validator set.
    BitBeyondSet,
    BytesFollow,
    /// The flags of a compressed point that is not infinity are missing.
    SignatureNotCompressed,
    SignatureIsInfinity,
    /// `signaturePoint` is not the point that the certificate's signature stands for.
    SignaturePointDiffers,
    SignatureNotOnCurve,
    SignatureNotInSubgroup
}

/// What is wrong with the bytes of a header.
enum HeaderFault {
    TooLong,
    /// Not the canonical RLP of a list of the 21 members that a header has.
    NotAHeader,
    ExtraDataVersion,
    /// More than 999 milliseconds.
    ExtraDataMillisecond,
    /// Bytes where zeros belong.
    ExtraDataReserved,
    /// The genesis block has number 0.
    GenesisNumber
}

/// How a certificate's round contradicts the header's.
enum RoundFault {
    OtherEpoch,
    FinalBeforeProposed,
    OtherParentView
}

/// What is wrong with a handover to other validators.
enum HandoverFault {
    /// The block is not the last one of its epoch.
    NotLastOfEpoch,
    /// The certificate is a descendant's: the last block of an epoch has its own.
    HasDescendants
}

/// What is wrong with a validator's public key.
enum KeyFault {
    IsInfinity,
    NotOnCurve,
    NotInSubgroup
}
