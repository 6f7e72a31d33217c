// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ContractFactory} from "../src/ContractFactory.sol";
import {IContractFactory} from "../src/interfaces/IContractFactory.sol";
import {IContractReleases} from "../src/interfaces/IContractReleases.sol";
import {Predeploys} from "../src/libraries/Predeploys.sol";
import {Roles} from "../src/libraries/Roles.sol";
import {ChangeRelease, ContractRelease, ProposeContract, ReleaseStatus} from "../src/types/ReleaseTypes.sol";
import {Counter, Moment, Prompter, Reentrant} from "./support/Counter.sol";
import {ReleaseScene} from "./support/ReleaseScene.sol";
import {vm} from "./support/Vm.sol";

/// docs/specs/contract-release.md
contract ContractReleasesTest is ReleaseScene, Prompter {
    /// @inheritdoc Prompter
    bytes public prompt;

    uint256 private immutable FIRST = FIRST_OPERATOR_KEY;
    uint256 private immutable SECOND = SECOND_OPERATOR_KEY;

    function setUp() public override {
        super.setUp();
        _appoint();
    }

    // RELEASE-1..5, S-SVC
    function test_a_contract_is_proposed_reviewed_deployed_released_and_withdrawn() public {
        bytes32 release = _released(1, 7, FIRST, SECOND);
        ContractRelease memory entry = contractReleases.contractRelease(release);
        vm.assertEq(entry.status, ReleaseStatus.RELEASED, "status");
        vm.assertEq(entry.proposal.operator, vm.addr(FIRST), "proposer");
        vm.assertEq(entry.review.operator, vm.addr(SECOND), "reviewer");
        vm.assertEq(entry.deployment.operator, vm.addr(FIRST), "deployer");
        vm.assertEq(entry.release.operator, vm.addr(SECOND), "releaser");
        vm.assertEq(entry.deployed.codehash, entry.runtimeCodeHash, "code");
        vm.assertEq(contractReleases.latest(COUNTER), release, "latest");
        vm.assertEq(contractReleases.releaseAt(entry.deployed), release, "by address");
        vm.assertTrue(contractReleases.isReleased(entry.deployed), "released");

        Counter counter = Counter(entry.deployed);
        counter.increment();
        vm.assertEq(counter.count(), 8, "it works");
        vm.assertEq(counter.self(), entry.deployed, "it knows where it stands");

        _step(release, ReleaseStatus.WITHDRAWN, FIRST);
        vm.assertFalse(contractReleases.isReleased(entry.deployed), "withdrawn");
        vm.assertEq(contractReleases.latest(COUNTER), release, "it stays the latest");
    }

    // RELEASE-2: two persons.
    function test_whoever_proposes_neither_reviews_nor_releases() public {
        bytes32 release = _propose(_proposal(1, 7), 7, FIRST);
        _refuseSecond(release, ReleaseStatus.APPROVED);
        _refuseSecond(release, ReleaseStatus.REJECTED);
        _step(release, ReleaseStatus.APPROVED, SECOND);
        _deploy(release, 7, FIRST);
        _refuseSecond(release, ReleaseStatus.RELEASED);
        _step(release, ReleaseStatus.RELEASED, SECOND);
    }

    // RELEASE-1: keys of people alone; the gateway's key, an operator of organizations, is none of them.
    function test_only_operators_of_contracts_sign() public {
        ProposeContract memory operation = _proposal(1, 7);
        vm.expectRevert(abi.encodeWithSelector(IContractReleases.NotContractOperator.selector, STRANGER));
        this.proposeAs(operation, STRANGER_KEY);
        bytes32 release = _propose(operation, 7, FIRST);
        vm.expectRevert(abi.encodeWithSelector(IContractReleases.NotContractOperator.selector, STRANGER));
        this.stepAs(release, ReleaseStatus.APPROVED, STRANGER_KEY);
    }

    // RELEASE-3: no step without the one before it, and none twice.
    function testFuzz_steps_follow_one_another(uint8 from, uint8 to) public {
        from = from % 7;
        to = to % 8;
        bytes32 release = from == 0 ? bytes32(uint256(1)) : _at(from);
        bool allowed = from == 1 ? (to == 2 || to == 3 || to == 6) : false;
        allowed = allowed || (from == 2 && to == 6) || (from == 4 && (to == 5 || to == 6)) || (from == 5 && to == 6);
        try this.stepAs(release, to, SECOND) {
            vm.assertTrue(allowed, "refused");
        } catch (bytes memory reason) {
            vm.assertFalse(allowed, "allowed");
            bytes4 expected = from == 0 && to != ReleaseStatus.DEPLOYED
                ? IContractReleases.ReleaseUnknown.selector
                : IContractReleases.ReleaseTransition.selector;
            vm.assertEq(bytes32(bytes4(reason)), bytes32(expected), "refusal");
        }
    }

    function test_what_was_signed_is_what_is_recorded() public {
        ProposeContract memory operation = _proposal(1, 7);
        bytes memory signature = _signature(FIRST, contractReleases.proposeContractDigest(operation));
        operation.sourceHash = 0;
        vm.expectPartialRevert(IContractReleases.SignatureInvalid.selector);
        contractReleases.propose(
            operation, vm.addr(FIRST), signature, type(Counter).creationCode, abi.encode(7), INTERFACE
        );
        vm.expectPartialRevert(IContractReleases.InitCodeMismatch.selector);
        contractReleases.propose(
            operation, vm.addr(FIRST), signature, type(Counter).creationCode, abi.encode(8), INTERFACE
        );
        vm.expectPartialRevert(IContractReleases.InterfaceMismatch.selector);
        contractReleases.propose(operation, vm.addr(FIRST), signature, type(Counter).creationCode, abi.encode(7), "[ ]");
    }

    // RELEASE-1: whoever carries it does not choose where the code ends and the arguments begin.
    function test_the_cut_between_code_and_arguments_is_signed() public {
        ProposeContract memory operation = _proposal(1, 7);
        bytes memory signature = _signature(FIRST, contractReleases.proposeContractDigest(operation));
        vm.expectRevert(
            abi.encodeWithSelector(IContractReleases.ArgumentsMismatch.selector, operation.argumentsHash, keccak256(""))
        );
        contractReleases.propose(operation, vm.addr(FIRST), signature, _initCode(7), "", INTERFACE);
        _propose(operation, 7, FIRST);
    }

    function test_a_proposal_is_recorded_once_and_in_time() public {
        ProposeContract memory operation = _proposal(1, 7);
        bytes32 release = _propose(operation, 7, FIRST);
        vm.expectRevert(abi.encodeWithSelector(IContractReleases.AlreadyProposed.selector, release));
        this.proposeAs(operation, FIRST);
        vm.warp(operation.deadline + 1);
        operation.salt = "other";
        vm.expectPartialRevert(IContractReleases.OperationExpired.selector);
        this.proposeAs(operation, FIRST);
    }

    function test_versions_rise() public {
        _released(2, 7, FIRST, SECOND);
        ProposeContract memory operation = _proposal(3, 8);
        operation.version = 2;
        vm.expectRevert(abi.encodeWithSelector(IContractReleases.VersionOutOfOrder.selector, 2, 2));
        this.proposeAs(operation, FIRST);
    }

    // Two were under way; the older one is not released over the newer one.
    function test_an_older_version_is_not_released_over_a_newer_one() public {
        bytes32 older = _propose(_proposal(1, 7), 7, FIRST);
        _step(older, ReleaseStatus.APPROVED, SECOND);
        _deploy(older, 7, FIRST);
        _released(2, 8, FIRST, SECOND);
        vm.expectRevert(abi.encodeWithSelector(IContractReleases.VersionOutOfOrder.selector, 2, 1));
        this.stepAs(older, ReleaseStatus.RELEASED, SECOND);
    }

    function test_bounds() public {
        ProposeContract memory operation = _proposal(1, 7);
        operation.name = "With Space";
        vm.expectPartialRevert(IContractReleases.NameMalformed.selector);
        this.proposeAs(operation, FIRST);
        operation.name = COUNTER;
        operation.runtimeCodeHash = keccak256("");
        vm.expectRevert(IContractReleases.RuntimeCodeEmpty.selector);
        this.proposeAs(operation, FIRST);
        bytes memory signature = "";
        vm.expectPartialRevert(IContractReleases.InitCodeLength.selector);
        contractReleases.propose(operation, vm.addr(FIRST), signature, new bytes(49_153), "", INTERFACE);
        vm.expectPartialRevert(IContractReleases.InterfaceLength.selector);
        contractReleases.propose(
            operation, vm.addr(FIRST), signature, type(Counter).creationCode, abi.encode(7), new bytes(65_537)
        );
    }

    function test_a_rejection_and_a_withdrawal_say_why() public {
        bytes32 release = _propose(_proposal(1, 7), 7, FIRST);
        ChangeRelease memory operation = _change(release, ReleaseStatus.REJECTED);
        operation.reason = "";
        bytes memory signature = _signed(operation, SECOND);
        vm.expectPartialRevert(IContractReleases.ReasonLength.selector);
        contractReleases.changeRelease(operation, vm.addr(SECOND), signature);
        operation.status = ReleaseStatus.WITHDRAWN;
        signature = _signed(operation, SECOND);
        vm.expectPartialRevert(IContractReleases.ReasonLength.selector);
        contractReleases.changeRelease(operation, vm.addr(SECOND), signature);
    }

    // RELEASE-4
    function test_only_the_approved_code_is_deployed() public {
        bytes32 release = _propose(_proposal(1, 7), 7, FIRST);
        _step(release, ReleaseStatus.APPROVED, SECOND);
        vm.expectPartialRevert(IContractReleases.InitCodeMismatch.selector);
        this.deployAs(release, 8, FIRST);
        vm.assertEq(contractReleases.contractRelease(release).status, ReleaseStatus.APPROVED, "as before");
    }

    // RELEASE-4: the code that was reviewed is the code that stands there, or nothing does.
    function test_code_that_differs_from_the_simulation_is_taken_back() public {
        bytes memory initCode = type(Moment).creationCode;
        ProposeContract memory operation = _proposal(1, 7);
        operation.initCodeHash = keccak256(initCode);
        operation.argumentsHash = keccak256("");
        operation.runtimeCodeHash = _simulated(operation.salt, initCode);
        bytes memory signature = _signature(FIRST, contractReleases.proposeContractDigest(operation));
        bytes32 release = contractReleases.propose(operation, vm.addr(FIRST), signature, initCode, "", INTERFACE);
        _step(release, ReleaseStatus.APPROVED, SECOND);
        vm.warp(block.timestamp + 60);
        ChangeRelease memory change = _change(release, ReleaseStatus.DEPLOYED);
        signature = _signed(change, SECOND);
        vm.expectPartialRevert(IContractReleases.RuntimeCodeMismatch.selector);
        contractReleases.deploy(change, vm.addr(SECOND), signature, initCode);
        vm.assertEq(contractReleases.contractRelease(release).deployed.code.length, 0, "nothing stands there");
    }

    function test_the_factory_serves_the_registry_alone() public {
        vm.expectRevert(abi.encodeWithSelector(IContractFactory.NotReleases.selector, address(this)));
        factory.deploy(0, _initCode(7));
        vm.expectPartialRevert(Counter.TooHigh.selector);
        factory.simulate(0, _initCode(101));
        vm.expectRevert(IContractFactory.CreationFailed.selector);
        factory.simulate(0, hex"fe");
    }

    function test_the_factory_is_known_by_its_code_and_appointed_once() public {
        vm.assertEq(address(factory).codehash, contractReleases.FACTORY_CODE_HASH(), "FACTORY_CODE_HASH");
        ContractFactory other = new ContractFactory();
        vm.expectRevert(abi.encodeWithSelector(IContractReleases.FactoryKnown.selector, address(factory)));
        contractReleases.appointFactory(address(other));
    }

    // RELEASE-4: nothing is released that has gone since.
    function test_what_stands_no_more_is_not_released() public {
        bytes32 release = _at(ReleaseStatus.DEPLOYED);
        ContractRelease memory entry = contractReleases.contractRelease(release);
        vm.etch(entry.deployed, hex"fe");
        vm.expectRevert(
            abi.encodeWithSelector(
                IContractReleases.RuntimeCodeMismatch.selector, entry.runtimeCodeHash, keccak256(hex"fe")
            )
        );
        this.stepAs(release, ReleaseStatus.RELEASED, SECOND);
    }

    // RELEASE-4: an address is one release's. What is gone leaves it to the next, and is not released in its stead.
    function test_two_releases_of_the_same_code_and_salt_do_not_share_an_address() public {
        ProposeContract memory operation = _proposal(1, 7);
        bytes32 first = _propose(operation, 7, FIRST);
        operation.version = 2;
        bytes32 second = _propose(operation, 7, FIRST);
        _step(first, ReleaseStatus.APPROVED, SECOND);
        _step(second, ReleaseStatus.APPROVED, SECOND);
        _deploy(first, 7, FIRST);
        address deployed = contractReleases.contractRelease(first).deployed;
        vm.expectRevert(abi.encodeWithSelector(IContractReleases.AddressTaken.selector, deployed));
        this.deployAs(second, 7, FIRST);

        vm.etch(deployed, "");
        vm.resetNonce(deployed);
        _deploy(second, 7, FIRST);
        vm.assertEq(contractReleases.releaseAt(deployed), second, "whose it is");
        vm.expectRevert(abi.encodeWithSelector(IContractReleases.AddressTaken.selector, deployed));
        this.stepAs(first, ReleaseStatus.RELEASED, SECOND);
        _step(second, ReleaseStatus.RELEASED, SECOND);
        vm.assertTrue(contractReleases.isReleased(deployed), "released");
    }

    // RELEASE-1: an approval lasts as long as its reviewer is an operator.
    function test_an_approval_ends_with_the_role_of_its_reviewer() public {
        bytes32 release = _at(ReleaseStatus.APPROVED);
        _revoke(SECOND);
        bytes memory ended =
            abi.encodeWithSelector(IContractReleases.ReviewerNotContractOperator.selector, vm.addr(SECOND));
        vm.expectRevert(ended);
        this.deployAs(release, 7, FIRST);
        _grant(SECOND, 0);
        _deploy(release, 7, FIRST);
        _revoke(SECOND);
        vm.expectRevert(ended);
        this.stepAs(release, ReleaseStatus.RELEASED, THIRD_OPERATOR_KEY);
        // What is taken back needs no review.
        _step(release, ReleaseStatus.WITHDRAWN, FIRST);
    }

    // RELEASE-1: who was removed takes no step, whatever was signed before.
    function test_an_operator_who_was_removed_between_steps_takes_none() public {
        bytes32 release = _at(ReleaseStatus.DEPLOYED);
        ChangeRelease memory operation = _change(release, ReleaseStatus.RELEASED);
        bytes memory signature = _signed(operation, THIRD_OPERATOR_KEY);
        _revoke(THIRD_OPERATOR_KEY);
        address third = vm.addr(THIRD_OPERATOR_KEY);
        vm.expectRevert(abi.encodeWithSelector(IContractReleases.NotContractOperator.selector, third));
        contractReleases.changeRelease(operation, third, signature);
    }

    // RELEASE-1: steps are taken at once, so a role with a delay is none.
    function test_a_role_with_a_delay_is_none() public {
        _grant(STRANGER_KEY, 60);
        ProposeContract memory operation = _proposal(1, 7);
        vm.expectRevert(abi.encodeWithSelector(IContractReleases.NotContractOperator.selector, STRANGER));
        this.proposeAs(operation, STRANGER_KEY);
    }

    // RELEASE-1: a signature that nobody has sent is worth nothing after a day.
    function test_a_deadline_is_within_a_day() public {
        ProposeContract memory operation = _proposal(1, 7);
        operation.deadline = uint64(block.timestamp) + 1 days + 1;
        vm.expectRevert(
            abi.encodeWithSelector(
                IContractReleases.DeadlineTooLate.selector, operation.deadline, block.timestamp + 1 days
            )
        );
        this.proposeAs(operation, FIRST);
        operation.deadline -= 1;
        _propose(operation, 7, FIRST);
    }

    // RELEASE-1: what was signed for one chain is nothing on another.
    function test_a_signature_of_another_chain_is_refused() public {
        bytes32 release = _at(ReleaseStatus.PROPOSED);
        ChangeRelease memory operation = _change(release, ReleaseStatus.APPROVED);
        bytes memory signature = _signed(operation, SECOND);
        vm.chainId(block.chainid + 1);
        vm.expectPartialRevert(IContractReleases.SignatureInvalid.selector);
        contractReleases.changeRelease(operation, vm.addr(SECOND), signature);
    }

    // RELEASE-3, RELEASE-4: a constructor takes no step of its own release.
    function test_a_constructor_that_calls_the_registry_gains_nothing() public {
        bytes memory arguments = abi.encode(address(this));
        bytes memory initCode = bytes.concat(type(Reentrant).creationCode, arguments);
        ProposeContract memory operation = _proposal(1, 7);
        operation.initCodeHash = keccak256(initCode);
        operation.argumentsHash = keccak256(arguments);
        operation.runtimeCodeHash = _simulated(operation.salt, initCode);
        bytes memory signature = _signature(FIRST, contractReleases.proposeContractDigest(operation));
        bytes32 release = contractReleases.propose(
            operation, vm.addr(FIRST), signature, type(Reentrant).creationCode, arguments, INTERFACE
        );
        _step(release, ReleaseStatus.APPROVED, SECOND);
        ChangeRelease memory deployment = _change(release, ReleaseStatus.DEPLOYED);
        signature = _signed(deployment, FIRST);

        prompt = abi.encodeCall(IContractReleases.deploy, (deployment, vm.addr(FIRST), signature, initCode));
        vm.expectRevert(abi.encodeWithSelector(IContractReleases.ReleaseTransition.selector, 4, 4));
        contractReleases.deploy(deployment, vm.addr(FIRST), signature, initCode);
        ChangeRelease memory step = _change(release, ReleaseStatus.RELEASED);
        prompt = abi.encodeCall(IContractReleases.changeRelease, (step, vm.addr(SECOND), _signed(step, SECOND)));
        vm.expectRevert(
            abi.encodeWithSelector(
                IContractReleases.RuntimeCodeMismatch.selector, operation.runtimeCodeHash, keccak256("")
            )
        );
        contractReleases.deploy(deployment, vm.addr(FIRST), signature, initCode);
        vm.assertEq(contractReleases.contractRelease(release).status, ReleaseStatus.APPROVED, "as before");
    }

    // RELEASE-1: who appoints an account that is gone after the transaction stops nobody (EIP-6780).
    function test_a_factory_that_is_gone_is_replaced() public {
        ProposeContract memory operation = _proposal(1, 7);
        bytes32 approved = _propose(operation, 7, FIRST);
        _step(approved, ReleaseStatus.APPROVED, SECOND);
        vm.etch(address(factory), "");
        vm.assertEq(contractReleases.factory(), address(0), "none: the gateway brings another");
        operation.salt = "other";
        vm.expectRevert(IContractReleases.FactoryMissing.selector);
        this.proposeAs(operation, FIRST);
        vm.expectRevert(IContractReleases.FactoryMissing.selector);
        this.deployAs(approved, 7, FIRST);
        _appoint();
        vm.assertEq(contractReleases.factory(), address(factory), "the new one");
        bytes32 release = _released(2, 8, FIRST, SECOND);
        vm.assertTrue(contractReleases.isReleased(contractReleases.contractRelease(release).deployed), "it works");
        ContractFactory other = new ContractFactory();
        vm.expectRevert(abi.encodeWithSelector(IContractReleases.FactoryKnown.selector, address(factory)));
        contractReleases.appointFactory(address(other));
    }

    // RELEASE-1: what is signed here is what Rust signs, and viem.
    function test_steps_hash_as_the_vectors_say() public {
        string memory json = vm.readFile("../crates/primitives/vectors/releases.json");
        uint256 count = 0;
        for (uint256 i = 0; vm.keyExistsJson(json, _vector(i, "")); ++i) {
            vm.chainId(vm.parseJsonUint(json, _vector(i, ".chainId")));
            bytes32 digest = vm.parseJsonBytes32(json, _vector(i, ".digest"));
            string memory name = vm.parseJsonString(json, _vector(i, ".type"));
            bool proposal = keccak256(bytes(name)) == keccak256("ProposeContract");
            vm.assertEq(proposal ? _proposalDigest(json, i) : _changeDigest(json, i), digest, name);
            ++count;
        }
        vm.assertEq(count, 4, "every vector");
    }

    function _proposalDigest(string memory json, uint256 i) private view returns (bytes32) {
        return contractReleases.proposeContractDigest(
            ProposeContract({
                name: vm.parseJsonBytes32(json, _vector(i, ".message.name")),
                version: uint32(vm.parseJsonUint(json, _vector(i, ".message.version"))),
                initCodeHash: vm.parseJsonBytes32(json, _vector(i, ".message.initCodeHash")),
                argumentsHash: vm.parseJsonBytes32(json, _vector(i, ".message.argumentsHash")),
                runtimeCodeHash: vm.parseJsonBytes32(json, _vector(i, ".message.runtimeCodeHash")),
                interfaceHash: vm.parseJsonBytes32(json, _vector(i, ".message.interfaceHash")),
                sourceHash: vm.parseJsonBytes32(json, _vector(i, ".message.sourceHash")),
                salt: vm.parseJsonBytes32(json, _vector(i, ".message.salt")),
                deadline: uint64(vm.parseJsonUint(json, _vector(i, ".message.deadline")))
            })
        );
    }

    function _changeDigest(string memory json, uint256 i) private view returns (bytes32) {
        return contractReleases.changeReleaseDigest(
            ChangeRelease({
                release: vm.parseJsonBytes32(json, _vector(i, ".message.release")),
                status: uint8(vm.parseJsonUint(json, _vector(i, ".message.status"))),
                reason: vm.parseJsonString(json, _vector(i, ".message.reason")),
                deadline: uint64(vm.parseJsonUint(json, _vector(i, ".message.deadline")))
            })
        );
    }

    function _vector(uint256 i, string memory member) private pure returns (string memory) {
        return string.concat(".vectors[", vm.toString(i), "]", member);
    }

    function proposeAs(ProposeContract memory operation, uint256 key) external {
        _propose(operation, 7, key);
    }

    function stepAs(bytes32 release, uint8 status, uint256 key) external {
        _step(release, status, key);
    }

    function deployAs(bytes32 release, uint256 first, uint256 key) external {
        _deploy(release, first, key);
    }

    function _revoke(uint256 key) private {
        vm.prank(ADMINISTRATOR);
        manager.revokeRole(Roles.CONTRACT_OPERATOR, vm.addr(key));
    }

    function _grant(uint256 key, uint32 delay) private {
        vm.prank(ADMINISTRATOR);
        manager.grantRole(Roles.CONTRACT_OPERATOR, vm.addr(key), delay);
    }

    function _refuseSecond(bytes32 release, uint8 status) private {
        vm.expectRevert(abi.encodeWithSelector(IContractReleases.SecondOperatorRequired.selector, vm.addr(FIRST)));
        this.stepAs(release, status, FIRST);
    }

    function _released(uint32 version, uint256 first, uint256 proposer, uint256 second)
        private
        returns (bytes32 release)
    {
        release = _propose(_proposal(version, first), first, proposer);
        _step(release, ReleaseStatus.APPROVED, second);
        _deploy(release, first, proposer);
        _step(release, ReleaseStatus.RELEASED, second);
    }

    /// A release of a status.
    function _at(uint8 status) private returns (bytes32 release) {
        release = _propose(_proposal(1, 7), 7, FIRST);
        if (status == ReleaseStatus.PROPOSED) return release;
        if (status == ReleaseStatus.REJECTED || status == ReleaseStatus.WITHDRAWN) {
            _step(release, status, SECOND);
            return release;
        }
        _step(release, ReleaseStatus.APPROVED, SECOND);
        if (status == ReleaseStatus.APPROVED) return release;
        _deploy(release, 7, FIRST);
        if (status == ReleaseStatus.RELEASED) _step(release, status, SECOND);
    }
}

/// Before there is a factory.
contract ContractFactoryMissingTest is ReleaseScene {
    function test_nothing_is_proposed_without_a_factory_and_no_other_is_appointed() public {
        vm.expectPartialRevert(IContractReleases.FactoryCode.selector);
        contractReleases.appointFactory(Predeploys.DATA_BLOCK_REGISTRY);
        factory = new ContractFactory();
        ProposeContract memory operation = _proposal(1, 7);
        vm.expectRevert(IContractReleases.FactoryMissing.selector);
        this.propose(operation);
    }

    function propose(ProposeContract memory operation) external {
        _propose(operation, 7, FIRST_OPERATOR_KEY);
    }
}
