// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

import {CertificateRegistry} from "../CertificateRegistry.sol";
import {IAuthorizations} from "../interfaces/IAuthorizations.sol";
import {IConditions} from "../interfaces/IConditions.sol";
import {IHeldCertificates} from "../interfaces/IHeldCertificates.sol";
import {Roles} from "../libraries/Roles.sol";
import {Issue} from "../types/CertificateTypes.sol";
import {Condition, KindSource} from "../types/TrustTypes.sol";

/// A certificate registry that issues and renews a kind only to whoever holds certificates of other chains; see {IConditions}. Operators say what is asked: an issuer
/// cannot drop it for a friend. Where it is shown is fixed when the contract is made: an operator cannot name a contract that says yes to everything.
contract ConditionalCertificateRegistry is CertificateRegistry, IConditions {
    /// Most conditions of one kind.
    uint256 public constant MAX_CONDITIONS = 8;

    IAccessManager private immutable _ACCESS_MANAGER;

    KindSource[] private _requirable;
    mapping(bytes32 kind => IHeldCertificates) private _sourceOf;
    mapping(bytes32 kind => bytes32[]) private _required;

    /// @param accessManager says who is an operator.
    constructor(
        IAccessManager accessManager,
        IAuthorizations authorizations,
        bytes32[] memory enabledKinds,
        KindSource[] memory sources
    ) CertificateRegistry(authorizations, enabledKinds) {
        _ACCESS_MANAGER = accessManager;
        for (uint256 i = 0; i < sources.length; ++i) {
            (bytes32 kind, IHeldCertificates source) = (sources[i].kind, sources[i].source);
            // Nothing that it asks for could ever be shown there.
            if (kind == 0 || address(source).code.length == 0 || address(_sourceOf[kind]) != address(0)) {
                revert ConditionSourceWithoutCode(i, address(source));
            }
            _sourceOf[kind] = source;
            _requirable.push(sources[i]);
        }
    }

    /// @inheritdoc IConditions
    function setConditions(bytes32 kind, bytes32[] calldata requiredKinds) external {
        (bool isOperator,) = _ACCESS_MANAGER.hasRole(Roles.OPERATOR, msg.sender);
        if (!isOperator) revert NotAnOperator(msg.sender);
        if (!isKindEnabled(kind)) revert KindNotEnabled(kind);
        for (uint256 i = 0; i < requiredKinds.length; ++i) {
            if (i == MAX_CONDITIONS) revert ConditionMalformed(i);
            if (address(_sourceOf[requiredKinds[i]]) == address(0)) revert KindNotRequirable(requiredKinds[i]);
            for (uint256 j = 0; j < i; ++j) {
                if (requiredKinds[j] == requiredKinds[i]) revert ConditionMalformed(i);
            }
        }
        _required[kind] = requiredKinds;
        emit ConditionsSet(kind, requiredKinds, msg.sender);
    }

    /// @inheritdoc CertificateRegistry
    function issue(Issue calldata operation, address issuer, bytes calldata signature, bytes calldata sealedPayload)
        public
        override
    {
        bytes32 missing = missingFor(operation.holder, operation.kind);
        if (missing != 0) revert ConditionNotMet(operation.holder, missing, address(_sourceOf[missing]));
        super.issue(operation, issuer, signature, sealedPayload);
    }

    /// @inheritdoc IConditions
    function conditionsOf(bytes32 kind) external view returns (Condition[] memory conditions) {
        bytes32[] storage required = _required[kind];
        conditions = new Condition[](required.length);
        for (uint256 i = 0; i < conditions.length; ++i) {
            conditions[i] = Condition(kind, _sourceOf[required[i]], required[i]);
        }
    }

    /// @inheritdoc IConditions
    function requirableKinds() external view returns (KindSource[] memory) {
        return _requirable;
    }

    /// @inheritdoc IConditions
    function missingFor(address holder, bytes32 kind) public view returns (bytes32 requiredKind) {
        bytes32[] storage required = _required[kind];
        uint256 count = required.length;
        for (uint256 i = 0; i < count; ++i) {
            bytes32 asked = required[i];
            if (!_sourceOf[asked].isHeld(holder, asked)) return asked;
        }
    }
}
