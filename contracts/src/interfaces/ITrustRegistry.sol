// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {KeyFact, OrganizationFact, Refusal, RightFact} from "../types/TrustTypes.sol";
import {IAnchoredFacts} from "./IAnchoredFacts.sol";
import {IAuthorizations} from "./IAuthorizations.sol";

/// What was proven of the organizations, rights and keys on the main chain (`docs/specs/trust.md`). Sending is anybody's.
interface ITrustRegistry is IAnchoredFacts, IAuthorizations {
    event OrganizationShown(bytes32 indexed code, uint64 indexed number, uint64 time, bool isSuspended);
    event RightShown(
        bytes32 indexed code, bytes32 indexed right, uint64 indexed number, uint64 time, uint64 index, uint64 until
    );
    event KeyShown(
        bytes32 indexed code, address indexed key, bytes32 indexed right, uint64 number, uint64 index, KeyFact fact
    );

    /// The main chain knows no organization of this code.
    error OrganizationNotRegistered(bytes32 code);
    /// The organization has no period of this index for the right.
    error RightNotGranted(bytes32 code, bytes32 right, uint64 index);
    /// The organization has no key record of this index.
    error KeyNotRecorded(bytes32 code, uint64 index);
    /// A later period or record was shown already: show that one or a still later one.
    error IndexOlder(uint64 index, uint64 known);

    /// Shows whether an organization is registered and suspended. Anybody.
    /// @param number a block with the registry's account, proven at the anchor.
    /// @param proof trie nodes of the slot, root first.
    function showOrganization(uint64 number, bytes32 code, bytes[] calldata proof) external;

    /// Shows a period in which an organization had a right: the last one, in the order of granting, says whether it has it. Anybody.
    function showRight(uint64 number, bytes32 code, bytes32 right, uint64 index, bytes[] calldata proof) external;

    /// Shows a record of a key. Anybody.
    /// @param proofs of its three slots.
    function showKey(uint64 number, bytes32 code, uint64 index, bytes[][3] calldata proofs) external;

    /// Why a signature of the key may not be recorded in this block; `None` when it may.
    function refusalOf(address key, bytes32 code, bytes32 right) external view returns (Refusal);

    /// What was shown last, whether it counts or not; all zero when nothing was.
    function organizationFact(bytes32 code) external view returns (OrganizationFact memory);
    function rightFact(bytes32 code, bytes32 right) external view returns (RightFact memory);
    function keyFact(address key, bytes32 code, bytes32 right) external view returns (KeyFact memory);
}
