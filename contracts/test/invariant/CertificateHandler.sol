// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ICertificateRegistry} from "../../src/interfaces/ICertificateRegistry.sol";
import {CertificateStatus, ChangeStatus, Inspect, Issue} from "../../src/types/CertificateTypes.sol";
import {City} from "../support/City.sol";
import {vm} from "../support/Vm.sol";

/// Does to certificates whatever can be done, well and badly, and keeps its own account of what should have come of it.
contract CertificateHandler is City {
    struct Expected {
        uint8 status;
        uint64 revision;
        bytes32 renewedBy;
        bytes32 commitment;
    }

    bytes32[] public ids;
    mapping(bytes32 id => Expected) public expected;
    mapping(bytes32 digest => bool) public inspected;
    bytes32[] public digests;
    uint256 public refusals;

    function idCount() external view returns (uint256) {
        return ids.length;
    }

    function digestCount() external view returns (uint256) {
        return digests.length;
    }

    function issue(uint256 seed, bool renew, uint256 pick) external {
        Issue memory operation = _issue(keccak256(abi.encode(seed % 64)));
        if (renew && ids.length != 0) operation.previous = ids[pick % ids.length];
        bytes32 digest = registry.issueDigest(operation);
        bytes memory signature = _signature(ISSUER_KEY, digest);

        bool fresh = expected[operation.certificateId].status == CertificateStatus.UNKNOWN;
        bool renewable = operation.previous == 0 || expected[operation.previous].status == CertificateStatus.VALID;
        try registry.issue(operation, ISSUER, signature, SEALED) {
            require(fresh && renewable, "issued what cannot be issued");
        } catch {
            require(!(fresh && renewable), "refused what can be issued");
            ++refusals;
            return;
        }
        ids.push(operation.certificateId);
        expected[operation.certificateId] =
            Expected(CertificateStatus.VALID, 0, 0, keccak256(abi.encode(digest, ISSUER, uint64(block.timestamp))));
        if (operation.previous != 0) {
            Expected storage old = expected[operation.previous];
            old.status = CertificateStatus.RENEWED;
            old.revision += 1;
            old.renewedBy = operation.certificateId;
        }
    }

    function changeStatus(uint256 pick, uint8 status, uint8 staleBy) external {
        if (ids.length == 0) return;
        bytes32 id = ids[pick % ids.length];
        Expected storage held = expected[id];
        uint64 revision = held.revision + staleBy % 2;
        ChangeStatus memory operation = _change(id, status % 5, 0, revision);
        bytes memory signature = _signature(ISSUER_KEY, registry.changeStatusDigest(operation));

        bool open = held.status == CertificateStatus.VALID || held.status == CertificateStatus.SUSPENDED;
        bool target = operation.status >= CertificateStatus.VALID && operation.status <= CertificateStatus.REVOKED;
        bool possible = open && target && operation.status != held.status && revision == held.revision;
        try registry.changeStatus(operation, ISSUER, signature) {
            require(possible, "changed what cannot be changed");
        } catch {
            require(!possible, "refused what can be changed");
            ++refusals;
            return;
        }
        held.status = operation.status;
        held.revision += 1;
    }

    function inspect(uint256 pick, uint8 outcome) external {
        bytes32 id = ids.length == 0 ? bytes32(pick | 1) : ids[pick % ids.length];
        Inspect memory operation = _inspection(id, outcome % 6 + 1);
        bytes32 digest = registry.inspectDigest(operation);
        bytes memory signature = _signature(INSPECTOR_KEY, digest);
        try registry.inspect(operation, INSPECTOR, signature) {
            require(!inspected[digest], "recorded an inspection twice");
        } catch {
            require(inspected[digest], "refused an inspection");
            ++refusals;
            return;
        }
        inspected[digest] = true;
        digests.push(digest);
    }

    /// A stranger signs: nothing ever comes of it.
    function intrude(uint256 seed, uint256 pick) external {
        Issue memory operation = _issue(keccak256(abi.encode(seed)));
        bytes memory signature = _signature(STRANGER_KEY, registry.issueDigest(operation));
        try registry.issue(operation, STRANGER, signature, SEALED) {
            revert("a stranger issued");
        } catch {}
        try registry.issue(operation, ISSUER, signature, SEALED) {
            revert("a stranger issued in the issuer's name");
        } catch {}
        if (ids.length == 0) return;
        bytes32 id = ids[pick % ids.length];
        ChangeStatus memory change = _change(id, CertificateStatus.REVOKED, 0, expected[id].revision);
        signature = _signature(STRANGER_KEY, registry.changeStatusDigest(change));
        try registry.changeStatus(change, ISSUER, signature) {
            revert("a stranger revoked");
        } catch {}
    }

    function wait_(uint16 duration) external {
        vm.warp(block.timestamp + duration % 1000);
        vm.roll(block.number + 1);
    }
}
