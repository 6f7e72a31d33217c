// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// ERC-1056, lightweight identity: every address is an identity, its own owner until it says otherwise.
/// Signed variants take a secp256k1 signature of
/// `keccak256(0x19 || 0x00 || this || nonce[owner] || identity || method name || arguments)`.
interface IERC1056 {
    event DIDOwnerChanged(address indexed identity, address owner, uint256 previousChange);
    event DIDDelegateChanged(
        address indexed identity, bytes32 delegateType, address delegate, uint256 validTo, uint256 previousChange
    );
    event DIDAttributeChanged(
        address indexed identity, bytes32 name, bytes value, uint256 validTo, uint256 previousChange
    );

    /// Ask the owner: only it may change the identity.
    error NotIdentityOwner(address identity, address owner, address actual);
    /// Sign with the owner's key, over the owner's current nonce.
    error OwnerSignatureInvalid(address identity, address owner, uint256 nonce);
    /// Publish less: at most `maximum` bytes.
    error AttributeLength(uint256 length, uint256 maximum);

    /// Owner by identity, where it was changed; `identityOwner` is what to ask.
    function owners(address identity) external view returns (address);

    /// Last second of a delegation, by identity, `keccak256(abi.encodePacked(delegateType))` and delegate.
    function delegates(address identity, bytes32 delegateTypeHash, address delegate) external view returns (uint256);

    /// Block of the last change: the head of a list linked through `previousChange`.
    function changed(address identity) external view returns (uint256);

    /// Count of signed changes by owner.
    function nonce(address owner) external view returns (uint256);

    function identityOwner(address identity) external view returns (address);
    function validDelegate(address identity, bytes32 delegateType, address delegate) external view returns (bool);

    function changeOwner(address identity, address newOwner) external;
    function changeOwnerSigned(address identity, uint8 sigV, bytes32 sigR, bytes32 sigS, address newOwner) external;

    /// @param validity in seconds from now.
    function addDelegate(address identity, bytes32 delegateType, address delegate, uint256 validity) external;
    function addDelegateSigned(
        address identity,
        uint8 sigV,
        bytes32 sigR,
        bytes32 sigS,
        bytes32 delegateType,
        address delegate,
        uint256 validity
    ) external;
    function revokeDelegate(address identity, bytes32 delegateType, address delegate) external;
    function revokeDelegateSigned(
        address identity,
        uint8 sigV,
        bytes32 sigR,
        bytes32 sigS,
        bytes32 delegateType,
        address delegate
    ) external;

    /// @param validity in seconds from now.
    function setAttribute(address identity, bytes32 name, bytes calldata value, uint256 validity) external;
    function setAttributeSigned(
        address identity,
        uint8 sigV,
        bytes32 sigR,
        bytes32 sigS,
        bytes32 name,
        bytes calldata value,
        uint256 validity
    ) external;
    function revokeAttribute(address identity, bytes32 name, bytes calldata value) external;
    function revokeAttributeSigned(
        address identity,
        uint8 sigV,
        bytes32 sigR,
        bytes32 sigS,
        bytes32 name,
        bytes calldata value
    ) external;
}
