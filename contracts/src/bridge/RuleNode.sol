// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {IAnchor} from "../interfaces/IAnchor.sol";
import {Part, Read, Write} from "../types/AllianceTypes.sol";
import {NodeContract} from "./NodeContract.sol";

/// A register whose owner says what an operation rests on and what it writes. A call is `abi.encode(bytes32 operation, bytes32 subject, bytes32 value)`:
/// "mortgage of parcel 7 is loan 12". The rule is asked when a call is suggested and again when its part is reserved, so that it holds whatever endorsers
/// sign: a part with other reads or writes than those of its call is refused.
contract RuleNode is NodeContract, Ownable {
    /// What an operation on a subject rests on, and what it writes. Kinds are names of registers: a key is that of a kind and a subject.
    struct Rule {
        /// Of the word that is looked at; zero for an operation that is not defined.
        bytes32 requiredKind;
        /// What that word has to be.
        bytes32 requiredValue;
        /// Of the word that gets the call's value; zero to write nothing.
        bytes32 writtenKind;
    }

    /// The rule of an operation, as it is now.
    mapping(bytes32 operation => Rule) public ruleOf;

    event RuleDefined(bytes32 indexed operation, Rule rule);

    /// Nobody has said what the operation rests on.
    error OperationUnknown(bytes32 operation);
    /// The word that the operation rests on is another one.
    error RuleBroken(bytes32 operation, bytes32 key, bytes32 required, bytes32 found);

    constructor(IAnchor anchor, address alliance, bytes32 member, address owner)
        NodeContract(anchor, alliance, member)
        Ownable(owner)
    {}

    /// Says what an operation rests on, or says it anew. The owner.
    function defineRule(bytes32 operation, Rule calldata rule) external onlyOwner {
        ruleOf[operation] = rule;
        emit RuleDefined(operation, rule);
    }

    /// Writes a word of the register outside any request; refused while a request holds it. The owner.
    function set(bytes32 kind, bytes32 subject, bytes32 value) external onlyOwner {
        _set(keyOf(kind, subject), value);
    }

    /// What the operation reads and writes; reverts if its rule is broken.
    function suggest(bytes calldata call) external view returns (Read[] memory reads, Write[] memory writes) {
        (bytes32 operation, bytes32 subject, bytes32 value) = abi.decode(call, (bytes32, bytes32, bytes32));
        Rule memory rule = ruleOf[operation];
        if (rule.requiredKind == 0) revert OperationUnknown(operation);
        bytes32 key = keyOf(rule.requiredKind, subject);
        (bytes32 found, uint64 version) = _get(key);
        if (found != rule.requiredValue) revert RuleBroken(operation, key, rule.requiredValue, found);
        bool isWriting = rule.writtenKind != 0;
        bytes32 written = isWriting ? keyOf(rule.writtenKind, subject) : key;
        reads = new Read[](written == key ? 1 : 2);
        reads[0] = Read(key, version);
        if (written != key) {
            (, version) = _get(written);
            // Keys ascend.
            uint256 place = written < key ? 0 : 1;
            reads[1 - place] = reads[0];
            reads[place] = Read(written, version);
        }
        writes = new Write[](isWriting ? 1 : 0);
        if (isWriting) writes[0] = Write(written, value);
    }

    /// The key of a subject in a register.
    function keyOf(bytes32 kind, bytes32 subject) public pure returns (bytes32) {
        return keccak256(abi.encode(kind, subject));
    }

    function _accepts(Part calldata part) internal view override returns (bool) {
        try this.suggest(part.call) returns (Read[] memory reads, Write[] memory writes) {
            return keccak256(abi.encode(reads, writes)) == keccak256(abi.encode(part.reads, part.writes));
        } catch {
            return false;
        }
    }
}
