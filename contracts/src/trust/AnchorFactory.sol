// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Create2} from "@openzeppelin/contracts/utils/Create2.sol";

import {IAnchorFactory} from "../interfaces/IAnchorFactory.sol";
import {Predeploys} from "../libraries/Predeploys.sol";

/// See {IAnchorFactory}. Creation codes come with each call and are compared: with both in it, its own code would be larger than EIP-170 allows.
contract AnchorFactory is IAnchorFactory {
    bytes32 private immutable _ANCHOR_CODE;
    bytes32 private immutable _HELD_CERTIFICATES_CODE;

    mapping(uint64 chainId => mapping(bytes32 genesisHash => address)) private _anchors;
    mapping(address anchor => mapping(address certificates => mapping(uint64 maxAge => address))) private
        _heldCertificates;

    /// @param anchorCode keccak256 of the creation code of `Anchor`, without arguments.
    /// @param heldCertificatesCode of `HeldCertificates`.
    constructor(bytes32 anchorCode, bytes32 heldCertificatesCode) {
        (_ANCHOR_CODE, _HELD_CERTIFICATES_CODE) = (anchorCode, heldCertificatesCode);
    }

    /// @inheritdoc IAnchorFactory
    function makeAnchor(uint64 chainId, bytes32 genesisHash, bytes calldata creationCode)
        external
        returns (address anchor)
    {
        _checkNew(_anchors[chainId][genesisHash]);
        bytes memory initCode =
            _initCode(creationCode, _ANCHOR_CODE, abi.encode(Predeploys.VALIDATOR_REGISTRY, chainId, genesisHash));
        anchor = Create2.computeAddress(0, keccak256(initCode));
        _anchors[chainId][genesisHash] = anchor;
        emit AnchorMade(chainId, genesisHash, anchor);
        Create2.deploy(0, 0, initCode);
    }

    /// @inheritdoc IAnchorFactory
    function makeHeldCertificates(
        uint64 chainId,
        bytes32 genesisHash,
        address certificates,
        uint64 maxAge,
        bytes calldata creationCode
    ) external returns (address heldCertificates) {
        address anchor = _anchors[chainId][genesisHash];
        if (anchor == address(0)) revert AnchorUnknown(chainId, genesisHash);
        _checkNew(_heldCertificates[anchor][certificates][maxAge]);
        bytes memory initCode =
            _initCode(creationCode, _HELD_CERTIFICATES_CODE, abi.encode(anchor, certificates, maxAge));
        heldCertificates = Create2.computeAddress(0, keccak256(initCode));
        _heldCertificates[anchor][certificates][maxAge] = heldCertificates;
        emit HeldCertificatesMade(anchor, certificates, maxAge, heldCertificates);
        Create2.deploy(0, 0, initCode);
    }

    /// @inheritdoc IAnchorFactory
    function anchorOf(uint64 chainId, bytes32 genesisHash) external view returns (address) {
        return _anchors[chainId][genesisHash];
    }

    /// @inheritdoc IAnchorFactory
    function heldCertificatesOf(address anchor, address certificates, uint64 maxAge) external view returns (address) {
        return _heldCertificates[anchor][certificates][maxAge];
    }

    function _checkNew(address made) private pure {
        if (made != address(0)) revert AlreadyMade(made);
    }

    function _initCode(bytes calldata creationCode, bytes32 expected, bytes memory arguments)
        private
        pure
        returns (bytes memory)
    {
        bytes32 found = keccak256(creationCode);
        if (found != expected) revert CreationCodeUnknown(found, expected);
        return bytes.concat(creationCode, arguments);
    }
}
