// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Predeploys} from "../src/libraries/Predeploys.sol";
import {Consortium} from "./support/Consortium.sol";
import {vm} from "./support/Vm.sol";

/// EIP-170: what is larger could not be deployed on another Ethereum chain.
contract SizesTest is Consortium {
    uint256 private constant MAX_CODE_BYTES = 24_576;

    function setUp() public override {
        super.setUp();
        _consortium(1);
    }

    function test_every_contract_fits_eip_170() public view {
        address[11] memory contracts = [
            Predeploys.ACCESS_MANAGER,
            Predeploys.ORGANIZATION_REGISTRY,
            Predeploys.ETHEREUM_DID_REGISTRY,
            Predeploys.DATA_FORMAT_REGISTRY,
            Predeploys.DATA_BLOCK_REGISTRY,
            Predeploys.CERTIFICATE_REGISTRY,
            Predeploys.VALIDATOR_REGISTRY,
            Predeploys.PERMISSIONS,
            Predeploys.CONTRACT_RELEASES,
            Predeploys.ACCESS_RULES,
            Predeploys.CHANGE_APPROVALS
        ];
        for (uint256 i = 0; i < contracts.length; ++i) {
            _check(contracts[i].code.length);
        }
    }

    /// These have to fit on foreign chains too. What their constructors make immutable does not change their length.
    function test_every_contract_between_chains_fits_eip_170() public view {
        string[9] memory names = [
            "Alliance",
            "Anchor",
            "RequirementRegistry",
            "StoreNode",
            "RuleNode",
            "TrustRegistry",
            "HeldCertificates",
            "AnchorFactory",
            "ConditionalCertificateRegistry"
        ];
        for (uint256 i = 0; i < names.length; ++i) {
            string memory json = vm.readFile(string.concat("out/", names[i], ".sol/", names[i], ".json"));
            _check(vm.parseJsonBytes(json, ".deployedBytecode.object").length);
        }
    }

    function _check(uint256 size) private pure {
        vm.assertTrue(size != 0 && size <= MAX_CODE_BYTES, vm.toString(size));
    }
}
