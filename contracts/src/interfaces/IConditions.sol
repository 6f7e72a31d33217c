// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Condition} from "../types/TrustTypes.sol";

/// Which certificates of other chains a holder needs to get one here.
interface IConditions {
    /// Show at `source` that the holder has a valid certificate of `requiredKind`, which takes the holder's consent.
    error ConditionNotMet(address holder, bytes32 requiredKind, address source);
    /// Give a kind of this chain, a required kind, and at most 8 for one kind.
    error ConditionMalformed(uint256 index);
    /// Give a contract that stands, with the answers of `IHeldCertificates`.
    error ConditionSourceWithoutCode(uint256 index, address source);

    /// What is asked of whoever gets a certificate of a kind.
    function conditionsOf(bytes32 kind) external view returns (Condition[] memory);
}
