// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Alliance} from "../../src/bridge/Alliance.sol";
import {Anchor} from "../../src/bridge/Anchor.sol";
import {NodeContract} from "../../src/bridge/NodeContract.sol";
import {RuleNode} from "../../src/bridge/RuleNode.sol";
import {StoreNode} from "../../src/bridge/StoreNode.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IAlliance} from "../../src/interfaces/IAlliance.sol";
import {IAllianceMembership} from "../../src/interfaces/IAllianceMembership.sol";
import {IAnchor} from "../../src/interfaces/IAnchor.sol";
import {IRequirementRegistry} from "../../src/interfaces/IRequirementRegistry.sol";
import {IValidatorRegistry} from "../../src/interfaces/IValidatorRegistry.sol";
import {Predeploys} from "../../src/libraries/Predeploys.sol";
import {AllianceMessages} from "../../src/libraries/AllianceMessages.sol";
import {Outcome, Part, Read, Reason, Write} from "../../src/types/AllianceTypes.sol";
import {Ballot, BallotKind, Requirement} from "../../src/types/MembershipTypes.sol";
import {Attestation, Endorsement, Request} from "../../src/types/RequestTypes.sol";
import {HandoverFile, HandoverVector} from "./HandoverFile.sol";
import {OpenAnchor} from "./OpenAnchor.sol";
import {Partnership} from "./Partnership.sol";
import {vm} from "./Vm.sol";

/// Who may do it, of those that the matrix asks.
enum Who {
    Nobody,
    Anybody,
    /// The account that speaks for the bank.
    Authority,
    /// Whoever has the role of the access manager.
    Operator
}

/// A call that goes through for who may make it, and what the others are told.
struct SceneRow {
    string contractName;
    address target;
    string signature;
    bytes call;
    Who who;
    bytes4 refusal;
}

/// The contracts between chains, each in a state in which a call can go through.
contract BridgeScene is Partnership {
    string private constant PROVEN = "(uint64,(bytes32,bytes,(bytes32,uint64)[],(bytes32,bytes32)[]),uint64,bytes[])";

    address private immutable AUTHORITY;
    HandoverFile private handovers = new HandoverFile();
    SceneRow[] private _rows;

    constructor(address authority) {
        AUTHORITY = authority;
    }

    function rows() external returns (SceneRow[] memory) {
        setUp();
        _addAnchor();
        _addRequirements();
        _addMembership();
        _addCertificates();
        _addRequests();
        _addStore();
        _addRules();
        return _rows;
    }

    function _authority(bytes32 member) internal view override returns (address) {
        return member == BANK ? AUTHORITY : super._authority(member);
    }

    function _addAnchor() private {
        (uint64 chainId, bytes32 genesisHash, bytes memory header, bytes memory keys) = handovers.chain();
        (, HandoverVector memory vector) = handovers.vectorAt(0);
        IValidatorRegistry voters = IValidatorRegistry(Predeploys.VALIDATOR_REGISTRY);
        Anchor anchor = new Anchor(voters, chainId, genesisHash);
        _add("Anchor", address(anchor), "begin(bytes,bytes)", abi.encodeCall(anchor.begin, (header, keys)));

        anchor = new Anchor(voters, chainId, genesisHash);
        anchor.begin(header, keys);
        _add(
            "Anchor",
            address(anchor),
            "submit((bytes,bytes,bytes,bytes[]),bytes)",
            abi.encodeCall(anchor.submit, (vector.steps[0].proof.last, keys))
        );
        _add(
            "Anchor",
            address(anchor),
            "follow(((bytes,bytes,bytes,bytes[]),bytes[],bytes[],bytes[]),bytes,bytes)",
            abi.encodeCall(anchor.follow, (vector.steps[0].proof, keys, vector.steps[0].keys))
        );
        bytes memory vote = abi.encodeCall(anchor.voteTrust, (1, keys));
        _add("Anchor", address(anchor), "voteTrust(uint64,bytes)", vote, Who.Authority, IAnchor.NotAVoter.selector);

        anchor = new Anchor(voters, chainId, genesisHash);
        anchor.begin(header, keys);
        anchor.submit(vector.steps[0].proof.last, keys);
        _add(
            "Anchor",
            address(anchor),
            "proveAccount(uint64,address,bytes[])",
            abi.encodeCall(
                anchor.proveAccount, (anchor.latest(), Predeploys.VALIDATOR_REGISTRY, vector.steps[0].proof.account)
            )
        );
    }

    function _addRequirements() private {
        Requirement memory wanted = _requirement(BANK);
        _add(
            "RequirementRegistry",
            address(requirements),
            "declare((bytes32,bytes32,uint64,bytes32,address,uint64,bytes32[],(bytes32,uint64)[]))",
            abi.encodeCall(requirements.declare, (wanted))
        );
        vm.prank(AUTHORITY);
        uint256 id = requirements.declare(wanted);
        _add(
            "RequirementRegistry",
            address(requirements),
            "withdraw(uint256)",
            abi.encodeCall(requirements.withdraw, (id)),
            Who.Authority,
            IRequirementRegistry.NotTheAuthority.selector
        );
    }

    function _addMembership() private {
        Alliance proposed = _propose();
        address target = address(proposed);
        _addManaged(target, "accept(bytes32)", abi.encodeCall(proposed.accept, (BANK)));
        // That anybody can end what has lapsed, and what has expired, is in the tests of `test/bridge`.
        bytes4 open = IAllianceMembership.AcceptingOpen.selector;
        _add("Alliance", target, "lapse()", abi.encodeCall(proposed.lapse, ()), Who.Nobody, open);
        Ballot memory ballot = Ballot(BallotKind.Remove, TAX, 0, IAnchor(address(0)));
        _addManaged(
            address(alliance),
            "vote(bytes32,(uint8,bytes32,uint256,address))",
            abi.encodeCall(alliance.vote, (BANK, ballot))
        );
        _addManaged(address(alliance), "leave(bytes32)", abi.encodeCall(alliance.leave, (BANK)));
    }

    function _addCertificates() private {
        address target = address(alliance);
        uint64 transaction = certificates[BANK][A];
        uint64 identity = alliance.transactionCertificate(transaction).identity;
        _addManaged(
            target,
            "issueIdentity(bytes32,bytes32,address,uint64)",
            abi.encodeCall(alliance.issueIdentity, (BANK, "node", AUTHORITY, NOW + 60))
        );
        _addManaged(target, "revokeIdentity(uint64)", abi.encodeCall(alliance.revokeIdentity, (identity)));
        _addManaged(
            target,
            "issueTransaction(uint64,uint8,uint64)",
            abi.encodeCall(alliance.issueTransaction, (identity, 1, NOW + 60))
        );
        _addManaged(target, "revokeTransaction(uint64)", abi.encodeCall(alliance.revokeTransaction, (transaction)));
    }

    function _addRequests() private {
        address target = address(alliance);
        uint64 number = _start("sequenced", 3);
        Request memory request = _request("new", 1);
        Endorsement[] memory endorsements = _endorseAll(request);
        _add(
            "Alliance",
            target,
            "submit((bytes32,uint64,uint64,uint64,(bytes32,bytes32)[]),(uint64,bytes32,bytes)[],bytes)",
            abi.encodeCall(alliance.submit, (request, endorsements, _sequenced(request, endorsements)))
        );
        (uint64 block_, bytes[] memory proof) = _shown(number, BANK, Outcome.Reserved, Reason.NoReason, 0, 0);
        _add(
            "Alliance",
            target,
            "prove(uint64,uint256,uint64,bytes[])",
            abi.encodeCall(alliance.prove, (number, 0, block_, proof))
        );
        Attestation[] memory attestations = new Attestation[](2);
        attestations[0] = _attest(number, TAX, Outcome.Refused, A);
        attestations[1] = _attest(number, TAX, Outcome.Refused, B);
        _add(
            "Alliance",
            target,
            "attest(uint64,uint256,uint8,(uint64,bytes)[])",
            abi.encodeCall(alliance.attest, (number, 2, Outcome.Refused, attestations))
        );
        bytes4 ahead = IAlliance.DeadlineAhead.selector;
        _add("Alliance", target, "expire(uint64)", abi.encodeCall(alliance.expire, (number)), Who.Nobody, ahead);
    }

    function _addStore() private {
        OpenAnchor anchor = new OpenAnchor(7100, "alliance's genesis");
        StoreNode node = new StoreNode(IAnchor(address(anchor)), address(alliance), BANK, AUTHORITY);
        _addNode("StoreNode", node, anchor, "");
        _addOwned("StoreNode", address(node), "set(bytes32,bytes32)", abi.encodeCall(node.set, ("key", "value")));
    }

    function _addRules() private {
        OpenAnchor anchor = new OpenAnchor(7100, "alliance's genesis");
        RuleNode node = new RuleNode(IAnchor(address(anchor)), address(alliance), BANK, AUTHORITY);
        RuleNode.Rule memory rule = RuleNode.Rule("identity", 0, 0);
        vm.prank(AUTHORITY);
        node.defineRule("look", rule);
        _addNode("RuleNode", node, anchor, abi.encode(bytes32("look"), bytes32("ana"), bytes32(0)));
        bytes memory call = abi.encodeCall(node.set, ("identity", "ben", "valid"));
        _addOwned("RuleNode", address(node), "set(bytes32,bytes32,bytes32)", call);
        call = abi.encodeCall(node.defineRule, ("look", rule));
        _addOwned("RuleNode", address(node), "defineRule(bytes32,(bytes32,bytes32,bytes32))", call);
    }

    /// Request 1 is to be reserved; 2 is reserved and committed, 3 reserved and aborted.
    function _addNode(string memory name, NodeContract node, OpenAnchor anchor, bytes memory asked) private {
        Part memory part = Part(BANK, asked, new Read[](0), new Write[](0));
        if (asked.length != 0) (part.reads, part.writes) = node.suggest(asked);
        for (uint64 number = 1; number <= 3; ++number) {
            uint256 slot = uint256(keccak256(abi.encode(BANK, keccak256(abi.encode(number, 1)))));
            (uint64 block_, bytes[] memory proof) =
                _shownWord(anchor, address(alliance), slot, uint256(this.partHash(part)));
            bytes memory call = abi.encodeCall(node.reserve, (number, part, block_, proof));
            if (number == 1) {
                _add(name, address(node), string.concat("reserve", PROVEN), call);
                continue;
            }
            node.reserve(number, part, block_, proof);
            (block_, proof) = _shownWord(anchor, address(alliance), uint256(keccak256(abi.encode(number, 0))), number);
            if (number == 2) {
                call = abi.encodeCall(node.applyDecision, (number, part, block_, proof));
                _add(name, address(node), string.concat("applyDecision", PROVEN), call);
            } else {
                call = abi.encodeCall(node.release, (number, part, block_, proof));
                _add(name, address(node), string.concat("release", PROVEN), call);
            }
        }
        _addOwned(
            name, address(node), "transferOwnership(address)", abi.encodeCall(Ownable.transferOwnership, (AUTHORITY))
        );
        _addOwned(name, address(node), "renounceOwnership()", abi.encodeCall(Ownable.renounceOwnership, ()));
    }

    function partHash(Part calldata part) external pure returns (bytes32) {
        return AllianceMessages.structHash(part);
    }

    function _addOwned(string memory name, address target, string memory signature, bytes memory call) private {
        bytes4 refusal = Ownable.OwnableUnauthorizedAccount.selector;
        _add(name, target, signature, call, Who.Authority, refusal);
    }

    function _addManaged(address target, string memory signature, bytes memory call) private {
        bytes4 refusal = IAllianceMembership.NotTheAuthority.selector;
        _add("Alliance", target, signature, call, Who.Authority, refusal);
    }

    function _add(string memory name, address target, string memory signature, bytes memory call) private {
        _add(name, target, signature, call, Who.Anybody, 0);
    }

    function _add(
        string memory name,
        address target,
        string memory signature,
        bytes memory call,
        Who who,
        bytes4 refusal
    ) private {
        _rows.push(SceneRow(name, target, signature, call, who, refusal));
    }
}
