// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IFinalityErrors} from "../../src/interfaces/IFinalityErrors.sol";
import {Predeploys} from "../../src/libraries/Predeploys.sol";
import {RegistrySlots} from "../../src/libraries/RegistrySlots.sol";
import {TrustRegistry} from "../../src/trust/TrustRegistry.sol";
import {OneSlotBlock, OneSlotChain} from "../support/OneSlotChain.sol";
import {OpenAnchor} from "../support/OpenAnchor.sol";
import {TrustCity} from "../support/TrustCity.sol";
import {vm} from "../support/Vm.sol";

/// What trust costs, with proofs where the real anchor reads them; and that these proofs are looked at (TRUST-1).
contract TrustCostTest is TrustCity {
    string private constant GROUP = "trust";
    uint256 private constant MOST_FOR_A_SLOT = 150_000;
    /// What each recorded certificate pays for asking by proof.
    uint256 private constant MOST_FOR_THE_ANSWER = 50_000;

    function test_an_organization_is_shown_by_the_path_of_its_word() public {
        OpenAnchor real = new OpenAnchor(7100, "genesis");
        TrustRegistry shown = new TrustRegistry(real, Predeploys.ORGANIZATION_REGISTRY, MAX_AGE);
        uint256 word = (uint256(block.timestamp) << 160) | uint160(UNIVERSITY_ADMINISTRATOR);
        OneSlotBlock memory made = OneSlotChain.blockWith(
            7,
            uint64(block.timestamp),
            Predeploys.ORGANIZATION_REGISTRY,
            uint256(RegistrySlots.organization(UNIVERSITY)),
            word
        );
        real.keep(made.header);
        real.proveAccount(7, Predeploys.ORGANIZATION_REGISTRY, made.account);
        vm.expectPartialRevert(IFinalityErrors.StorageNotProven.selector);
        shown.showOrganization(7, UNIVERSITY, none);
        shown.showOrganization(7, UNIVERSITY, made.slot);
        uint256 used = vm.snapshotGasLastCall(GROUP, "trust registry: an organization, a proof of 1 node");
        vm.assertTrue(used < MOST_FOR_A_SLOT, vm.toString(used));
        vm.assertEq(uint256(shown.organizationFact(UNIVERSITY).origin.number), 7, "kept");
    }

    function test_asking_whose_signature_counts() public {
        _showAll(_anchored());
        bool counts = trust.isAuthorizedNow(ISSUER, UNIVERSITY, DEGREE);
        uint256 used = vm.snapshotGasLastCall(GROUP, "trust registry: whether a signature counts");
        vm.assertTrue(counts, "with all three facts");
        vm.assertTrue(used < MOST_FOR_THE_ANSWER, vm.toString(used));
    }
}
