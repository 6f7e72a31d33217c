// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

import {Anchor} from "../../src/bridge/Anchor.sol";
import {IConditions} from "../../src/interfaces/IConditions.sol";
import {Predeploys} from "../../src/libraries/Predeploys.sol";
import {AnchorFactory} from "../../src/trust/AnchorFactory.sol";
import {ConditionalCertificateRegistry} from "../../src/trust/ConditionalCertificateRegistry.sol";
import {HeldCertificates} from "../../src/trust/HeldCertificates.sol";
import {ChangeStatus, Inspect, Issue} from "../../src/types/CertificateTypes.sol";
import {KindSource} from "../../src/types/TrustTypes.sol";
import {SceneRow, Who} from "./BridgeScene.sol";
import {TrustCity} from "./TrustCity.sol";

/// The contracts of trust between chains, each in a state in which a call can go through, in a city that is founded already and has issued `FIRST`.
contract TrustScene is TrustCity {
    SceneRow[] private _rows;

    function rows() external returns (SceneRow[] memory) {
        _prepareTrust();
        _addTrust();
        _addHeld();
        _addFactory();
        _addConditional();
        return _rows;
    }

    function _addTrust() private {
        uint64 number = _anchored();
        address target = address(trust);
        _add(
            "TrustRegistry",
            target,
            "showOrganization(uint64,bytes32,bytes[])",
            abi.encodeCall(trust.showOrganization, (number, UNIVERSITY, none))
        );
        _add(
            "TrustRegistry",
            target,
            "showRight(uint64,bytes32,bytes32,uint64,bytes[])",
            abi.encodeCall(trust.showRight, (number, UNIVERSITY, DEGREE, 0, none))
        );
        _add(
            "TrustRegistry",
            target,
            "showKey(uint64,bytes32,uint64,bytes[][3])",
            abi.encodeCall(trust.showKey, (number, UNIVERSITY, 0, _threePaths()))
        );
    }

    function _addHeld() private {
        address target = address(held);
        _disclose(DEGREE, _day());
        _add(
            "HeldCertificates",
            target,
            "show(uint64,bytes32,(bytes[],bytes[],bytes[],bytes[]))",
            abi.encodeCall(held.show, (_anchored(), FIRST, _certificateProof()))
        );
        _add(
            "HeldCertificates",
            target,
            "disclose(address,bytes32,uint64,bytes)",
            abi.encodeCall(held.disclose, (HOLDER, DEGREE, _day(), _consent(DEGREE, _day())))
        );
    }

    /// What is made has no rights, and is the same whoever asks for it.
    function _addFactory() private {
        bytes memory anchorCode = type(Anchor).creationCode;
        bytes memory heldCode = type(HeldCertificates).creationCode;
        AnchorFactory made = new AnchorFactory(keccak256(anchorCode), keccak256(heldCode));
        uint64 chainId = 7103;
        _add(
            "AnchorFactory",
            address(made),
            "makeAnchor(uint64,bytes32,bytes)",
            abi.encodeCall(made.makeAnchor, (chainId, bytes32(uint256(1)), anchorCode))
        );
        made.makeAnchor(chainId, bytes32(uint256(2)), anchorCode);
        _add(
            "AnchorFactory",
            address(made),
            "makeHeldCertificates(uint64,bytes32,address,uint64,bytes)",
            abi.encodeCall(
                made.makeHeldCertificates,
                (chainId, bytes32(uint256(2)), Predeploys.CERTIFICATE_REGISTRY, 900, heldCode)
            )
        );
    }

    function _addConditional() private {
        bytes32[] memory kinds = new bytes32[](1);
        kinds[0] = DEGREE;
        ConditionalCertificateRegistry made = new ConditionalCertificateRegistry(
            IAccessManager(Predeploys.ACCESS_MANAGER), organizations, kinds, new KindSource[](0)
        );
        _addSetConditions(address(made));
        Issue memory operation = _issue(FIRST);
        made.issue(operation, ISSUER, _signature(ISSUER_KEY, made.issueDigest(operation)), SEALED);
        operation = _issue(SECOND);
        _add(
            "ConditionalCertificateRegistry",
            address(made),
            "issue((bytes32,bytes32,bytes32,address,bytes32,bytes32,uint64,uint64,bytes32,uint64),address,bytes,bytes)",
            abi.encodeCall(made.issue, (operation, ISSUER, _signature(ISSUER_KEY, made.issueDigest(operation)), SEALED))
        );
        ChangeStatus memory change = _change(FIRST, 3, 0, 0);
        _add(
            "ConditionalCertificateRegistry",
            address(made),
            "changeStatus((bytes32,uint8,uint8,uint64,uint64),address,bytes)",
            abi.encodeCall(made.changeStatus, (change, ISSUER, _signature(ISSUER_KEY, made.changeStatusDigest(change))))
        );
        Inspect memory inspection = _inspection(FIRST, 1);
        _add(
            "ConditionalCertificateRegistry",
            address(made),
            "inspect((bytes32,address,bytes32,bytes32,uint8,uint64),address,bytes)",
            abi.encodeCall(
                made.inspect, (inspection, INSPECTOR, _signature(INSPECTOR_KEY, made.inspectDigest(inspection)))
            )
        );
    }

    /// Operators alone.
    function _addSetConditions(address target) private {
        _rows.push(
            SceneRow(
                "ConditionalCertificateRegistry",
                target,
                "setConditions(bytes32,bytes32[])",
                abi.encodeCall(IConditions.setConditions, (DEGREE, new bytes32[](0))),
                Who.Operator,
                IConditions.NotAnOperator.selector
            )
        );
    }

    function _add(string memory name, address target, string memory signature, bytes memory call) private {
        _rows.push(SceneRow(name, target, signature, call, Who.Anybody, 0));
    }
}
