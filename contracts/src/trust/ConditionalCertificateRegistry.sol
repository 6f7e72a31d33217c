// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {CertificateRegistry} from "../CertificateRegistry.sol";
import {IAuthorizations} from "../interfaces/IAuthorizations.sol";
import {IConditions} from "../interfaces/IConditions.sol";
import {Issue} from "../types/CertificateTypes.sol";
import {Condition} from "../types/TrustTypes.sol";

/// A certificate registry that issues and renews a kind only to whoever holds certificates of other chains; see {IConditions}. What is asked is fixed when the contract
/// is made: an issuer cannot drop it for a friend.
contract ConditionalCertificateRegistry is CertificateRegistry, IConditions {
    /// Most conditions of one kind.
    uint256 public constant MAX_CONDITIONS = 8;

    mapping(bytes32 kind => Condition[]) private _conditions;

    constructor(IAuthorizations authorizations, bytes32[] memory enabledKinds, Condition[] memory conditions)
        CertificateRegistry(authorizations, enabledKinds)
    {
        for (uint256 i = 0; i < conditions.length; ++i) {
            Condition memory condition = conditions[i];
            if (
                !isKindEnabled(condition.kind) || condition.requiredKind == 0
                    || _conditions[condition.kind].length == MAX_CONDITIONS
            ) revert ConditionMalformed(i);
            // Nothing that it asks for could ever be shown there.
            if (address(condition.source).code.length == 0) {
                revert ConditionSourceWithoutCode(i, address(condition.source));
            }
            _conditions[condition.kind].push(condition);
        }
    }

    /// @inheritdoc CertificateRegistry
    function issue(Issue calldata operation, address issuer, bytes calldata signature, bytes calldata sealedPayload)
        public
        override
    {
        Condition[] storage conditions = _conditions[operation.kind];
        for (uint256 i = 0; i < conditions.length; ++i) {
            Condition memory condition = conditions[i];
            if (!condition.source.isHeld(operation.holder, condition.requiredKind)) {
                revert ConditionNotMet(operation.holder, condition.requiredKind, address(condition.source));
            }
        }
        super.issue(operation, issuer, signature, sealedPayload);
    }

    /// @inheritdoc IConditions
    function conditionsOf(bytes32 kind) external view returns (Condition[] memory) {
        return _conditions[kind];
    }
}
