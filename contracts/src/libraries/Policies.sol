// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IRequirementRegistry} from "../interfaces/IRequirementRegistry.sol";
import {Endorser, PolicyFault} from "../types/MembershipTypes.sol";

/// Whose word counts for a member, and when it is enough (ALLIANCE-10); the rules of `crates/bridge/src/alliance/policy.rs`.
library Policies {
    /// Most endorsers of a member.
    uint256 internal constant MAX_ENDORSERS = 64;

    /// Refuses a list that is no policy: nobody, too many, no weight, or a node twice.
    function check(Endorser[] calldata endorsers) internal pure {
        if (endorsers.length == 0) revert IRequirementRegistry.PolicyMalformed(PolicyFault.EndorserCount, 0);
        for (uint256 i = 0; i < endorsers.length; ++i) {
            bytes32 node = endorsers[i].node;
            if (i == MAX_ENDORSERS) revert IRequirementRegistry.PolicyMalformed(PolicyFault.EndorserCount, 0);
            if (endorsers[i].weight == 0) revert IRequirementRegistry.PolicyMalformed(PolicyFault.WeightZero, node);
            for (uint256 j = 0; j < i; ++j) {
                if (endorsers[j].node == node) {
                    revert IRequirementRegistry.PolicyMalformed(PolicyFault.Duplicate, node);
                }
            }
        }
    }

    /// Whether a weight is more than half: exactly half is not enough. 64 weights of 64 bits have 70 bits.
    function passes(uint256 weight, uint256 total) internal pure returns (bool) {
        return 2 * weight > total;
    }
}
