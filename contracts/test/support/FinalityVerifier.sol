// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {CertificateReader} from "../../src/libraries/finality/CertificateReader.sol";
import {FinalityCertificate} from "../../src/libraries/finality/FinalityCertificate.sol";
import {HeaderProof} from "../../src/libraries/finality/HeaderProof.sol";
import {HeaderReader} from "../../src/libraries/finality/HeaderReader.sol";
import {ValidatorSet} from "../../src/libraries/finality/ValidatorSet.sol";
import {FinalHeader, FinalityProof, ProvenAccount, TrustedChain} from "../../src/types/FinalityTypes.sol";

/// The finality libraries as a contract that uses them has them: everything comes in as calldata.
contract FinalityVerifier {
    function trust(uint64 chainId, bytes32 genesisHash, bytes calldata genesisHeader, bytes calldata keys)
        external
        view
        returns (TrustedChain memory)
    {
        return ValidatorSet.trust(chainId, genesisHash, genesisHeader, keys);
    }

    function check(bytes calldata keys) external view {
        ValidatorSet.check(keys);
    }

    function quorum(uint256 validators) external pure returns (uint256) {
        return ValidatorSet.quorum(validators);
    }

    function verifyFinality(TrustedChain calldata chain, bytes calldata keys, FinalityProof calldata proof)
        external
        view
        returns (FinalHeader memory)
    {
        return FinalityCertificate.verifyFinality(chain, keys, proof);
    }

    function verifyCertificate(
        TrustedChain calldata chain,
        bytes calldata keys,
        bytes calldata certificate,
        bytes calldata signaturePoint
    ) external view {
        FinalityCertificate.verifyCertificate(chain, keys, CertificateReader.read(certificate), signaturePoint);
    }

    function readHeader(bytes calldata header) external pure returns (FinalHeader memory) {
        return HeaderReader.read(header);
    }

    function verifyTransaction(bytes calldata header, uint256 index, bytes calldata item, bytes[] calldata proof)
        external
        pure
    {
        HeaderProof.verifyTransaction(HeaderReader.read(header), index, item, proof);
    }

    function verifyReceipt(bytes calldata header, uint256 index, bytes calldata item, bytes[] calldata proof)
        external
        pure
    {
        HeaderProof.verifyReceipt(HeaderReader.read(header), index, item, proof);
    }

    function proveAccount(bytes calldata header, address account, bytes[] calldata proof)
        external
        pure
        returns (ProvenAccount memory)
    {
        return HeaderProof.proveAccount(HeaderReader.read(header), account, proof);
    }

    function proveStorage(ProvenAccount calldata account, uint256 slot, bytes[] calldata proof)
        external
        pure
        returns (uint256)
    {
        return HeaderProof.proveStorage(account, slot, proof);
    }
}
