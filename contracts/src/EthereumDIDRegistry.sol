// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IERC1056} from "./interfaces/IERC1056.sol";

/// Digital identities, as ERC-1056 has them, so that resolvers of did:ethr work; see {IERC1056}.
contract EthereumDIDRegistry is IERC1056 {
    /// Longest value of an attribute.
    uint256 public constant MAX_ATTRIBUTE_BYTES = 4096;

    /// @inheritdoc IERC1056
    mapping(address identity => address) public owners;
    /// @inheritdoc IERC1056
    mapping(address identity => mapping(bytes32 delegateTypeHash => mapping(address delegate => uint256))) public
        delegates;
    /// @inheritdoc IERC1056
    mapping(address identity => uint256) public changed;
    /// @inheritdoc IERC1056
    mapping(address owner => uint256) public nonce;

    modifier onlyOwner(address identity) {
        _checkOwner(identity);
        _;
    }

    /// @inheritdoc IERC1056
    function changeOwner(address identity, address newOwner) external onlyOwner(identity) {
        _changeOwner(identity, newOwner);
    }

    /// @inheritdoc IERC1056
    function changeOwnerSigned(address identity, uint8 sigV, bytes32 sigR, bytes32 sigS, address newOwner) external {
        _useSignature(identity, sigV, sigR, sigS, abi.encodePacked("changeOwner", newOwner));
        _changeOwner(identity, newOwner);
    }

    /// @inheritdoc IERC1056
    function addDelegate(address identity, bytes32 delegateType, address delegate, uint256 validity)
        external
        onlyOwner(identity)
    {
        _setDelegate(identity, delegateType, delegate, _end(validity));
    }

    /// @inheritdoc IERC1056
    function addDelegateSigned(
        address identity,
        uint8 sigV,
        bytes32 sigR,
        bytes32 sigS,
        bytes32 delegateType,
        address delegate,
        uint256 validity
    ) external {
        _useSignature(identity, sigV, sigR, sigS, abi.encodePacked("addDelegate", delegateType, delegate, validity));
        _setDelegate(identity, delegateType, delegate, _end(validity));
    }

    /// @inheritdoc IERC1056
    function revokeDelegate(address identity, bytes32 delegateType, address delegate) external onlyOwner(identity) {
        _setDelegate(identity, delegateType, delegate, block.timestamp);
    }

    /// @inheritdoc IERC1056
    function revokeDelegateSigned(
        address identity,
        uint8 sigV,
        bytes32 sigR,
        bytes32 sigS,
        bytes32 delegateType,
        address delegate
    ) external {
        _useSignature(identity, sigV, sigR, sigS, abi.encodePacked("revokeDelegate", delegateType, delegate));
        _setDelegate(identity, delegateType, delegate, block.timestamp);
    }

    /// @inheritdoc IERC1056
    function setAttribute(address identity, bytes32 name, bytes calldata value, uint256 validity)
        external
        onlyOwner(identity)
    {
        _setAttribute(identity, name, value, _end(validity));
    }

    /// @inheritdoc IERC1056
    function setAttributeSigned(
        address identity,
        uint8 sigV,
        bytes32 sigR,
        bytes32 sigS,
        bytes32 name,
        bytes calldata value,
        uint256 validity
    ) external {
        _useSignature(identity, sigV, sigR, sigS, abi.encodePacked("setAttribute", name, value, validity));
        _setAttribute(identity, name, value, _end(validity));
    }

    /// @inheritdoc IERC1056
    function revokeAttribute(address identity, bytes32 name, bytes calldata value) external onlyOwner(identity) {
        _setAttribute(identity, name, value, 0);
    }

    /// @inheritdoc IERC1056
    function revokeAttributeSigned(
        address identity,
        uint8 sigV,
        bytes32 sigR,
        bytes32 sigS,
        bytes32 name,
        bytes calldata value
    ) external {
        _useSignature(identity, sigV, sigR, sigS, abi.encodePacked("revokeAttribute", name, value));
        _setAttribute(identity, name, value, 0);
    }

    /// @inheritdoc IERC1056
    function validDelegate(address identity, bytes32 delegateType, address delegate) external view returns (bool) {
        return delegates[identity][keccak256(abi.encodePacked(delegateType))][delegate] > block.timestamp;
    }

    /// @inheritdoc IERC1056
    function identityOwner(address identity) public view returns (address) {
        address owner = owners[identity];
        return owner == address(0) ? identity : owner;
    }

    function _changeOwner(address identity, address newOwner) private {
        uint256 previousChange = _recordChange(identity);
        owners[identity] = newOwner;
        emit DIDOwnerChanged(identity, newOwner, previousChange);
    }

    function _setDelegate(address identity, bytes32 delegateType, address delegate, uint256 validTo) private {
        uint256 previousChange = _recordChange(identity);
        delegates[identity][keccak256(abi.encodePacked(delegateType))][delegate] = validTo;
        emit DIDDelegateChanged(identity, delegateType, delegate, validTo, previousChange);
    }

    function _setAttribute(address identity, bytes32 name, bytes calldata value, uint256 validTo) private {
        if (value.length > MAX_ATTRIBUTE_BYTES) revert AttributeLength(value.length, MAX_ATTRIBUTE_BYTES);
        uint256 previousChange = _recordChange(identity);
        emit DIDAttributeChanged(identity, name, value, validTo, previousChange);
    }

    function _recordChange(address identity) private returns (uint256 previousChange) {
        previousChange = changed[identity];
        changed[identity] = block.number;
    }

    /// Checks that the owner signed the method and its arguments, and uses up its nonce.
    function _useSignature(address identity, uint8 sigV, bytes32 sigR, bytes32 sigS, bytes memory call) private {
        address owner = identityOwner(identity);
        uint256 current = nonce[owner];
        bytes32 digest = keccak256(abi.encodePacked(bytes2(0x1900), address(this), current, identity, call));
        (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecover(digest, sigV, sigR, sigS);
        if (failure != ECDSA.RecoverError.NoError || signer != owner) {
            revert OwnerSignatureInvalid(identity, owner, current);
        }
        nonce[owner] = current + 1;
    }

    function _checkOwner(address identity) private view {
        address owner = identityOwner(identity);
        if (msg.sender != owner) revert NotIdentityOwner(identity, owner, msg.sender);
    }

    /// The end of a validity; a validity beyond the end of time means for ever.
    function _end(uint256 validity) private view returns (uint256) {
        return Math.saturatingAdd(block.timestamp, validity);
    }
}
