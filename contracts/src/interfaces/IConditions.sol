// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Condition, KindSource} from "../types/TrustTypes.sol";

/// Which certificates of other chains a holder needs to get one here.
interface IConditions {
    /// @param requiredKinds all that is asked from now on; none when it is empty.
    event ConditionsSet(bytes32 indexed kind, bytes32[] requiredKinds, address operator);

    /// Show at `source` that the holder has a valid certificate of `requiredKind`, which takes the holder's consent.
    error ConditionNotMet(address holder, bytes32 requiredKind, address source);
    /// Give a kind of this chain, and at most 8 required kinds, each once.
    error ConditionMalformed(uint256 index);
    /// Ask for one of {requirableKinds}: of another nothing can be shown here.
    error KindNotRequirable(bytes32 requiredKind);
    /// Give a contract that stands, with the answers of `IHeldCertificates`, and each kind once.
    error ConditionSourceWithoutCode(uint256 index, address source);
    /// Let an operator of this chain send it.
    error NotAnOperator(address account);

    /// Says what is asked of whoever gets a certificate of a kind from now on; what was issued stands. Operators.
    /// @param requiredKinds at most 8; takes the place of what was asked before.
    function setConditions(bytes32 kind, bytes32[] calldata requiredKinds) external;

    /// What is asked of whoever gets a certificate of a kind.
    function conditionsOf(bytes32 kind) external view returns (Condition[] memory);

    /// The first required kind that the holder was not shown to have; zero when none is missing.
    function missingFor(address holder, bytes32 kind) external view returns (bytes32 requiredKind);

    /// What can be asked for, and where it is shown: fixed when the contract is made.
    function requirableKinds() external view returns (KindSource[] memory);
}
