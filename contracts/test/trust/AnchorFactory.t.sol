// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Anchor} from "../../src/bridge/Anchor.sol";
import {IAnchorFactory} from "../../src/interfaces/IAnchorFactory.sol";
import {IAnchoredFacts} from "../../src/interfaces/IAnchoredFacts.sol";
import {Predeploys} from "../../src/libraries/Predeploys.sol";
import {AnchorFactory} from "../../src/trust/AnchorFactory.sol";
import {HeldCertificates} from "../../src/trust/HeldCertificates.sol";
import {vm} from "../support/Vm.sol";

/// Contracts of which whoever knows the genesis knows by which arguments they were made (`docs/specs/trust.md`, "Asked from outside").
contract AnchorFactoryTest {
    uint64 private constant CHAIN = 7103;
    bytes32 private constant GENESIS = bytes32(uint256(0x9e));
    uint64 private constant MAX_AGE = 900;

    AnchorFactory private factory;
    bytes private anchorCode = type(Anchor).creationCode;
    bytes private heldCode = type(HeldCertificates).creationCode;

    function setUp() public {
        factory = new AnchorFactory(keccak256(anchorCode), keccak256(heldCode));
    }

    /// C-CHAINS, SHOWN-6.
    function test_what_is_made_has_the_arguments_that_it_was_asked_for_with() public {
        vm.assertEq(factory.anchorOf(CHAIN, GENESIS), address(0), "not made yet");
        Anchor anchor = Anchor(factory.makeAnchor(CHAIN, GENESIS, anchorCode));
        vm.assertEq(factory.anchorOf(CHAIN, GENESIS), address(anchor), "where it stands");
        vm.assertEq(uint256(anchor.chain().chainId), CHAIN, "the chain");
        vm.assertEq(anchor.chain().genesisHash, GENESIS, "its genesis");
        vm.assertEq(address(anchor.REGISTRY()), Predeploys.VALIDATOR_REGISTRY, "whose organizations vote");
        address registry = Predeploys.CERTIFICATE_REGISTRY;
        HeldCertificates held =
            HeldCertificates(factory.makeHeldCertificates(CHAIN, GENESIS, registry, MAX_AGE, heldCode));
        vm.assertEq(factory.heldCertificatesOf(address(anchor), registry, MAX_AGE), address(held), "where it stands");
        vm.assertEq(held.anchor(), address(anchor), "over that anchor");
        vm.assertEq(held.source(), registry, "of that registry");
        vm.assertEq(uint256(held.maxAge()), MAX_AGE, "for that long");
    }

    /// C-CHAINS: `factory_slots` of `crates/certificates` and `factorySlots` of the client in TypeScript reckon with this.
    function test_where_it_stands_is_kept_in_these_slots() public {
        address anchor = factory.makeAnchor(CHAIN, GENESIS, anchorCode);
        address registry = Predeploys.CERTIFICATE_REGISTRY;
        address held = factory.makeHeldCertificates(CHAIN, GENESIS, registry, MAX_AGE, heldCode);
        bytes32 ofChain = keccak256(abi.encode(uint256(CHAIN), uint256(0)));
        vm.assertEq(_at(keccak256(abi.encode(GENESIS, ofChain))), anchor, "the anchor");
        bytes32 ofAnchor = keccak256(abi.encode(anchor, uint256(1)));
        bytes32 ofRegistry = keccak256(abi.encode(registry, ofAnchor));
        vm.assertEq(_at(keccak256(abi.encode(uint256(MAX_AGE), ofRegistry))), held, "over it");
    }

    function test_each_is_made_once() public {
        address anchor = factory.makeAnchor(CHAIN, GENESIS, anchorCode);
        vm.expectRevert(abi.encodeWithSelector(IAnchorFactory.AlreadyMade.selector, anchor));
        factory.makeAnchor(CHAIN, GENESIS, anchorCode);
        address registry = Predeploys.CERTIFICATE_REGISTRY;
        address held = factory.makeHeldCertificates(CHAIN, GENESIS, registry, MAX_AGE, heldCode);
        vm.expectRevert(abi.encodeWithSelector(IAnchorFactory.AlreadyMade.selector, held));
        factory.makeHeldCertificates(CHAIN, GENESIS, registry, MAX_AGE, heldCode);
        // Another chain, another branch of it, another age: each has its own.
        address other = factory.makeAnchor(CHAIN + 1, GENESIS, anchorCode);
        address branch = factory.makeAnchor(CHAIN, bytes32(uint256(0x9f)), anchorCode);
        vm.assertTrue(other != anchor && branch != anchor && other != branch, "three anchors");
        vm.assertTrue(
            factory.makeHeldCertificates(CHAIN, GENESIS, registry, MAX_AGE + 1, heldCode) != held, "another age"
        );
    }

    /// C-CHAINS, SHOWN-6: nothing else is made, so that the slot says what stands there.
    function test_other_code_is_refused(bytes calldata other) public {
        vm.assume(keccak256(other) != keccak256(anchorCode));
        bytes32 found = keccak256(other);
        vm.expectRevert(
            abi.encodeWithSelector(IAnchorFactory.CreationCodeUnknown.selector, found, keccak256(anchorCode))
        );
        factory.makeAnchor(CHAIN, GENESIS, other);
        factory.makeAnchor(CHAIN, GENESIS, anchorCode);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAnchorFactory.CreationCodeUnknown.selector, keccak256(anchorCode), keccak256(heldCode)
            )
        );
        factory.makeHeldCertificates(CHAIN, GENESIS, Predeploys.CERTIFICATE_REGISTRY, MAX_AGE, anchorCode);
    }

    function test_certificates_are_shown_over_an_anchor_that_was_made_here() public {
        vm.expectRevert(abi.encodeWithSelector(IAnchorFactory.AnchorUnknown.selector, CHAIN, GENESIS));
        factory.makeHeldCertificates(CHAIN, GENESIS, Predeploys.CERTIFICATE_REGISTRY, MAX_AGE, heldCode);
    }

    /// What a constructor refuses leaves nothing.
    function test_what_is_refused_is_not_kept() public {
        address anchor = factory.makeAnchor(CHAIN, GENESIS, anchorCode);
        vm.expectRevert(abi.encodeWithSelector(IAnchoredFacts.MaxAgeMalformed.selector, uint64(1)));
        factory.makeHeldCertificates(CHAIN, GENESIS, Predeploys.CERTIFICATE_REGISTRY, 1, heldCode);
        vm.assertEq(
            factory.heldCertificatesOf(anchor, Predeploys.CERTIFICATE_REGISTRY, 1), address(0), "nothing is kept"
        );
    }

    function _at(bytes32 slot) private view returns (address) {
        return address(uint160(uint256(vm.load(address(factory), slot))));
    }
}
