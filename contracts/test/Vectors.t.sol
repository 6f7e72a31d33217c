// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ChangeStatus, Inspect, Issue} from "../src/types/CertificateTypes.sol";
import {DataOperation} from "../src/types/DataTypes.sol";
import {City} from "./support/City.sol";
import {vm} from "./support/Vm.sol";

/// The golden vectors that Rust and TypeScript are held to as well (`crates/primitives/vectors`).
contract VectorsTest is City {
    string private constant DIRECTORY = "../crates/primitives/vectors/";

    function test_operations_hash_as_the_vectors_say() public {
        string memory json = vm.readFile(string.concat(DIRECTORY, "operations.json"));
        uint256 count = 0;
        for (uint256 i = 0; vm.keyExistsJson(json, _at(i, "")); ++i) {
            string memory name = vm.parseJsonString(json, _at(i, ".type"));
            vm.chainId(vm.parseJsonUint(json, _at(i, ".chainId")));
            bytes32 digest = vm.parseJsonBytes32(json, _at(i, ".digest"));
            if (_equal(name, "Issue")) vm.assertEq(registry.issueDigest(_readIssue(json, i)), digest, name);
            else if (_equal(name, "ChangeStatus")) vm.assertEq(_changeDigest(json, i), digest, name);
            else if (_equal(name, "Inspect")) vm.assertEq(_inspectDigest(json, i), digest, name);
            else if (_equal(name, "DataOperation")) vm.assertEq(_dataDigest(json, i), digest, name);
            else vm.assertEq(name, "Present", "presentations are checked off chain alone");
            _checkSigner(json, i, digest);
            ++count;
        }
        vm.assertEq(count, 9, "every vector");
    }

    function test_data_blocks_prove_as_the_vectors_say() public {
        string memory json = vm.readFile(string.concat(DIRECTORY, "data-blocks.json"));
        uint256 blocksRead = 0;
        for (uint256 i = 0; vm.keyExistsJson(json, _at(i, "")); ++i) {
            bytes32 root = vm.parseJsonBytes32(json, _at(i, ".root"));
            vm.prank(SUBMITTER);
            blocks.record(root, 1, START, START);
            for (uint256 j = 0; vm.keyExistsJson(json, _leaf(i, j, "")); ++j) {
                bytes32 leaf = _leafHash(json, i, j);
                vm.assertEq(leaf, vm.parseJsonBytes32(json, _leaf(i, j, ".hash")), "leaf");
                bytes32[] memory proof = vm.parseJsonBytes32Array(json, _leaf(i, j, ".proof"));
                vm.assertTrue(blocks.verify(leaf, proof, root), "proof");
                vm.assertFalse(blocks.verify(keccak256(abi.encode(leaf)), proof, root), "another leaf");
            }
            ++blocksRead;
        }
        vm.assertEq(blocksRead, 6, "every vector");
    }

    function test_signed_identity_changes_are_accepted() public {
        string memory json = vm.readFile(string.concat(DIRECTORY, "identity.json"));
        address identity = vm.parseJsonAddress(json, ".identity");
        (bytes32 r, bytes32 s, uint8 v) = _split(vm.parseJsonBytes(json, ".setAttribute.signature"));
        identities.setAttributeSigned(
            identity,
            v,
            r,
            s,
            vm.parseJsonBytes32(json, ".setAttribute.name"),
            vm.parseJsonBytes(json, ".setAttribute.value"),
            vm.parseJsonUint(json, ".setAttribute.validity")
        );
        (r, s, v) = _split(vm.parseJsonBytes(json, ".changeOwner.signature"));
        address newOwner = vm.parseJsonAddress(json, ".changeOwner.newOwner");
        identities.changeOwnerSigned(identity, v, r, s, newOwner);
        vm.assertEq(identities.identityOwner(identity), newOwner, "owner");
    }

    function _readIssue(string memory json, uint256 i) private pure returns (Issue memory operation) {
        operation.certificateId = vm.parseJsonBytes32(json, _at(i, ".message.certificateId"));
        operation.kind = vm.parseJsonBytes32(json, _at(i, ".message.kind"));
        operation.organization = vm.parseJsonBytes32(json, _at(i, ".message.organization"));
        operation.holder = vm.parseJsonAddress(json, _at(i, ".message.holder"));
        operation.contentHash = vm.parseJsonBytes32(json, _at(i, ".message.contentHash"));
        operation.sealedHash = vm.parseJsonBytes32(json, _at(i, ".message.sealedHash"));
        operation.validFrom = uint64(vm.parseJsonUint(json, _at(i, ".message.validFrom")));
        operation.validUntil = uint64(vm.parseJsonUint(json, _at(i, ".message.validUntil")));
        operation.previous = vm.parseJsonBytes32(json, _at(i, ".message.previous"));
        operation.deadline = uint64(vm.parseJsonUint(json, _at(i, ".message.deadline")));
    }

    function _changeDigest(string memory json, uint256 i) private view returns (bytes32) {
        return registry.changeStatusDigest(
            ChangeStatus({
                certificateId: vm.parseJsonBytes32(json, _at(i, ".message.certificateId")),
                status: uint8(vm.parseJsonUint(json, _at(i, ".message.status"))),
                reason: uint8(vm.parseJsonUint(json, _at(i, ".message.reason"))),
                revision: uint64(vm.parseJsonUint(json, _at(i, ".message.revision"))),
                deadline: uint64(vm.parseJsonUint(json, _at(i, ".message.deadline")))
            })
        );
    }

    function _inspectDigest(string memory json, uint256 i) private view returns (bytes32) {
        return registry.inspectDigest(
            Inspect({
                certificateId: vm.parseJsonBytes32(json, _at(i, ".message.certificateId")),
                holder: vm.parseJsonAddress(json, _at(i, ".message.holder")),
                organization: vm.parseJsonBytes32(json, _at(i, ".message.organization")),
                presentationHash: vm.parseJsonBytes32(json, _at(i, ".message.presentationHash")),
                outcome: uint8(vm.parseJsonUint(json, _at(i, ".message.outcome"))),
                deadline: uint64(vm.parseJsonUint(json, _at(i, ".message.deadline")))
            })
        );
    }

    function _dataDigest(string memory json, uint256 i) private view returns (bytes32) {
        return blocks.dataOperationDigest(
            DataOperation({
                dataFormat: vm.parseJsonBytes32(json, _at(i, ".message.dataFormat")),
                contentHash: vm.parseJsonBytes32(json, _at(i, ".message.contentHash")),
                source: vm.parseJsonAddress(json, _at(i, ".message.source")),
                subject: vm.parseJsonBytes32(json, _at(i, ".message.subject")),
                previous: vm.parseJsonBytes32(json, _at(i, ".message.previous")),
                time: uint64(vm.parseJsonUint(json, _at(i, ".message.time"))),
                idempotencyKey: vm.parseJsonBytes32(json, _at(i, ".message.idempotencyKey"))
            })
        );
    }

    function _leafHash(string memory json, uint256 i, uint256 j) private pure returns (bytes32) {
        bytes memory fields = abi.encode(
            vm.parseJsonBytes32(json, _leaf(i, j, ".leaf.operationDigest")),
            vm.parseJsonAddress(json, _leaf(i, j, ".leaf.source")),
            bytes32(bytes(vm.parseJsonString(json, _leaf(i, j, ".leaf.type")))),
            vm.parseJsonBytes32(json, _leaf(i, j, ".leaf.contentHash")),
            uint64(vm.parseJsonUint(json, _leaf(i, j, ".leaf.time")))
        );
        return keccak256(bytes.concat(keccak256(fields)));
    }

    function _checkSigner(string memory json, uint256 i, bytes32 digest) private pure {
        (bytes32 r, bytes32 s, uint8 v) = _split(vm.parseJsonBytes(json, _at(i, ".signature")));
        vm.assertEq(ecrecover(digest, v, r, s), vm.parseJsonAddress(json, _at(i, ".signer")), "signer");
    }

    function _split(bytes memory signature) private pure returns (bytes32 r, bytes32 s, uint8 v) {
        (r, s) = abi.decode(signature, (bytes32, bytes32));
        v = uint8(signature[64]);
    }

    function _at(uint256 i, string memory member) private pure returns (string memory) {
        return string.concat(".vectors[", vm.toString(i), "]", member);
    }

    function _leaf(uint256 i, uint256 j, string memory member) private pure returns (string memory) {
        return string.concat(".vectors[", vm.toString(i), "].leaves[", vm.toString(j), "]", member);
    }

    function _equal(string memory one, string memory other) private pure returns (bool) {
        return keccak256(bytes(one)) == keccak256(bytes(other));
    }
}
