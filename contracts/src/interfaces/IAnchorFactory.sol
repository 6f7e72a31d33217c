// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// Makes what shows certificates of chains that were founded after this one: an {IAnchor} of each, and an {IHeldCertificates} over it. It makes nothing else, so where it
/// stands in a genesis, the slot of what it has made says what stands there and by which arguments it was made, whoever asked for it (`docs/specs/trust.md`, "Asked from
/// outside"). Sending is anybody's.
interface IAnchorFactory {
    event AnchorMade(uint64 indexed chainId, bytes32 indexed genesisHash, address anchor);
    event HeldCertificatesMade(
        address indexed anchor, address indexed certificates, uint64 maxAge, address heldCertificates
    );

    /// Give the creation code, without arguments, of the contract of this version.
    error CreationCodeUnknown(bytes32 hash, bytes32 expected);
    /// It stands already.
    error AlreadyMade(address made);
    /// Make the anchor first.
    error AnchorUnknown(uint64 chainId, bytes32 genesisHash);

    /// Makes an anchor of the chain with this genesis (EIP-1014). @param creationCode of `Anchor`, without arguments.
    function makeAnchor(uint64 chainId, bytes32 genesisHash, bytes calldata creationCode)
        external
        returns (address anchor);

    /// Makes what shows certificates of that chain's registry, by the anchor that was made here; what was shown counts for `maxAge` seconds (TRUST-3).
    /// @param creationCode of `HeldCertificates`, without arguments.
    function makeHeldCertificates(
        uint64 chainId,
        bytes32 genesisHash,
        address certificates,
        uint64 maxAge,
        bytes calldata creationCode
    ) external returns (address heldCertificates);

    /// The anchor of that chain; zero before it is made.
    function anchorOf(uint64 chainId, bytes32 genesisHash) external view returns (address);

    /// What shows certificates of that registry over an anchor; zero before it is made.
    function heldCertificatesOf(address anchor, address certificates, uint64 maxAge) external view returns (address);
}
