// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

import {IContractFactory} from "./interfaces/IContractFactory.sol";
import {IContractReleases} from "./interfaces/IContractReleases.sol";
import {Names} from "./libraries/Names.sol";
import {Pages} from "./libraries/Pages.sol";
import {ReleaseOperations} from "./libraries/ReleaseOperations.sol";
import {Roles} from "./libraries/Roles.sol";
import {ChangeRelease, ContractRelease, ProposeContract, ReleaseStatus, ReleaseStep} from "./types/ReleaseTypes.sol";

/// The registry of releases; see {IContractReleases}.
contract ContractReleases is IContractReleases, EIP712 {
    using ReleaseOperations for ProposeContract;
    using ReleaseOperations for ChangeRelease;

    /// Longest creation code with its arguments (EIP-3860).
    uint256 public constant MAX_INIT_CODE_BYTES = 49_152;
    /// Longest ABI.
    uint256 public constant MAX_INTERFACE_BYTES = 65_536;
    /// Longest reason.
    uint256 public constant MAX_REASON_BYTES = 512;
    /// Longest time from now to a deadline, in seconds.
    uint256 public constant MAX_VALIDITY = 1 days;
    /// `keccak256` of the code of `ContractFactory`.
    bytes32 public constant FACTORY_CODE_HASH = 0xfa8ad08bb4cce932ec8b8af6bc1f1aaa4c36b816cf19a1ff5d4a425a4ca9363a;

    IAccessManager private immutable _authority;

    address private _factory;
    bytes32[] private _order;
    mapping(bytes32 release => ContractRelease) private _releases;
    mapping(bytes32 name => bytes32 release) private _latest;
    mapping(address deployed => bytes32 release) private _releaseAt;

    constructor(IAccessManager authority) EIP712("Chancery", "1") {
        _authority = authority;
    }

    /// @inheritdoc IContractReleases
    function appointFactory(address factory_) external {
        if (_hasFactory()) revert FactoryKnown(_factory);
        if (factory_.codehash != FACTORY_CODE_HASH) revert FactoryCode(FACTORY_CODE_HASH, factory_.codehash);
        _factory = factory_;
        emit FactoryAppointed(factory_);
    }

    /// @inheritdoc IContractReleases
    function propose(
        ProposeContract calldata operation,
        address proposer,
        bytes calldata signature,
        bytes calldata creationCode,
        bytes calldata arguments,
        bytes calldata interfaceText
    ) external returns (bytes32 release) {
        _checkProposal(operation, creationCode, arguments, interfaceText);
        release = proposeContractDigest(operation);
        if (_releases[release].status != ReleaseStatus.UNKNOWN) revert AlreadyProposed(release);
        _checkOperator(operation.deadline, proposer, release, signature);

        _store(release, operation, proposer);
        emit ContractProposed(
            release, operation.name, proposer, operation, signature, creationCode, arguments, interfaceText
        );
    }

    /// @inheritdoc IContractReleases
    function changeRelease(ChangeRelease calldata operation, address operator, bytes calldata signature) external {
        uint8 status = operation.status;
        ContractRelease storage entry = _releases[operation.release];
        // Only {deploy} brings the code.
        if (status == ReleaseStatus.DEPLOYED) revert ReleaseTransition(entry.status, status);
        _checkChange(entry, operation, operator, signature);

        entry.status = status;
        ReleaseStep memory step = ReleaseStep(operator, uint64(block.timestamp));
        if (status == ReleaseStatus.RELEASED) {
            _checkStanding(entry, operation.release);
            entry.release = step;
            _latest[entry.name] = operation.release;
        } else if (status == ReleaseStatus.WITHDRAWN) {
            entry.withdrawal = step;
        } else {
            entry.review = step;
        }
        _emitChange(operation, operator, signature);
    }

    /// @inheritdoc IContractReleases
    function deploy(
        ChangeRelease calldata operation,
        address operator,
        bytes calldata signature,
        bytes calldata initCode
    ) external {
        ContractRelease storage entry = _releases[operation.release];
        if (operation.status != ReleaseStatus.DEPLOYED) revert ReleaseTransition(entry.status, operation.status);
        _checkChange(entry, operation, operator, signature);
        if (!_hasFactory()) revert FactoryMissing();
        if (keccak256(initCode) != entry.initCodeHash) {
            revert InitCodeMismatch(entry.initCodeHash, keccak256(initCode));
        }
        if (entry.deployed.code.length != 0) revert AddressTaken(entry.deployed);

        // Before the constructor runs: what it calls finds the release as it will be.
        entry.status = ReleaseStatus.DEPLOYED;
        entry.deployment = ReleaseStep(operator, uint64(block.timestamp));
        _releaseAt[entry.deployed] = operation.release;
        _emitChange(operation, operator, signature);

        address created = IContractFactory(_factory).deploy(entry.salt, initCode);
        if (created != entry.deployed || created.codehash != entry.runtimeCodeHash) {
            revert RuntimeCodeMismatch(entry.runtimeCodeHash, created.codehash);
        }
    }

    /// @inheritdoc IContractReleases
    function factory() external view returns (address) {
        return _hasFactory() ? _factory : address(0);
    }

    /// @inheritdoc IContractReleases
    function contractRelease(bytes32 release) external view returns (ContractRelease memory) {
        return _releases[release];
    }

    /// @inheritdoc IContractReleases
    function latest(bytes32 name) external view returns (bytes32) {
        return _latest[name];
    }

    /// @inheritdoc IContractReleases
    function releaseAt(address deployed) external view returns (bytes32) {
        return _releaseAt[deployed];
    }

    /// @inheritdoc IContractReleases
    function isReleased(address deployed) external view returns (bool) {
        return _releases[_releaseAt[deployed]].status == ReleaseStatus.RELEASED;
    }

    /// @inheritdoc IContractReleases
    function releaseCount() external view returns (uint256) {
        return _order.length;
    }

    /// @inheritdoc IContractReleases
    function releases(uint256 offset, uint256 limit) external view returns (bytes32[] memory page) {
        page = new bytes32[](Pages.rows(_order.length, offset, limit));
        for (uint256 i = 0; i < page.length; ++i) {
            page[i] = _order[offset + i];
        }
    }

    /// @inheritdoc IContractReleases
    function proposeContractDigest(ProposeContract calldata operation) public view returns (bytes32) {
        return _hashTypedDataV4(operation.structHash());
    }

    /// @inheritdoc IContractReleases
    function changeReleaseDigest(ChangeRelease calldata operation) public view returns (bytes32) {
        return _hashTypedDataV4(operation.structHash());
    }

    function _checkProposal(
        ProposeContract calldata operation,
        bytes calldata creationCode,
        bytes calldata arguments,
        bytes calldata interfaceText
    ) private view {
        if (!_hasFactory()) revert FactoryMissing();
        if (!Names.isWords(operation.name)) revert NameMalformed(operation.name);
        _checkVersion(operation.name, operation.version);
        uint256 length = creationCode.length + arguments.length;
        if (creationCode.length == 0 || length > MAX_INIT_CODE_BYTES) {
            revert InitCodeLength(length, MAX_INIT_CODE_BYTES);
        }
        bytes32 initCodeHash = keccak256(bytes.concat(creationCode, arguments));
        if (initCodeHash != operation.initCodeHash) revert InitCodeMismatch(operation.initCodeHash, initCodeHash);
        bytes32 argumentsHash = keccak256(arguments);
        if (argumentsHash != operation.argumentsHash) revert ArgumentsMismatch(operation.argumentsHash, argumentsHash);
        if (interfaceText.length == 0 || interfaceText.length > MAX_INTERFACE_BYTES) {
            revert InterfaceLength(interfaceText.length, MAX_INTERFACE_BYTES);
        }
        bytes32 interfaceHash = keccak256(interfaceText);
        if (interfaceHash != operation.interfaceHash) revert InterfaceMismatch(operation.interfaceHash, interfaceHash);
        if (operation.runtimeCodeHash == 0 || operation.runtimeCodeHash == keccak256("")) revert RuntimeCodeEmpty();
        address where = _address(operation.salt, initCodeHash);
        if (where.code.length != 0) revert AddressTaken(where);
    }

    /// An account that destroys itself in the transaction that made it (EIP-6780) is no factory afterwards: then another may be appointed.
    function _hasFactory() private view returns (bool) {
        return _factory.codehash == FACTORY_CODE_HASH;
    }

    function _checkVersion(bytes32 name, uint32 version) private view {
        uint32 released = _releases[_latest[name]].version;
        if (version <= released) revert VersionOutOfOrder(released, version);
    }

    /// What was deployed may have destroyed itself in that transaction (EIP-6780), and another release may stand there since.
    function _checkStanding(ContractRelease storage entry, bytes32 release) private view {
        address deployed = entry.deployed;
        if (deployed.codehash != entry.runtimeCodeHash) {
            revert RuntimeCodeMismatch(entry.runtimeCodeHash, deployed.codehash);
        }
        if (_releaseAt[deployed] != release) revert AddressTaken(deployed);
    }

    function _checkChange(
        ContractRelease storage entry,
        ChangeRelease calldata operation,
        address operator,
        bytes calldata signature
    ) private view {
        uint8 status = operation.status;
        if (entry.status == ReleaseStatus.UNKNOWN) revert ReleaseUnknown(operation.release);
        if (!ReleaseOperations.isTransition(entry.status, status)) revert ReleaseTransition(entry.status, status);
        uint256 length = bytes(operation.reason).length;
        bool needed = status == ReleaseStatus.REJECTED || status == ReleaseStatus.WITHDRAWN;
        if (length > MAX_REASON_BYTES || (needed && length == 0)) revert ReasonLength(length, MAX_REASON_BYTES);
        if (status == ReleaseStatus.RELEASED) _checkVersion(entry.name, entry.version);
        if (status == ReleaseStatus.DEPLOYED || status == ReleaseStatus.RELEASED) {
            address reviewer = entry.review.operator;
            if (!_isContractOperator(reviewer)) revert ReviewerNotContractOperator(reviewer);
        }
        _checkOperator(operation.deadline, operator, changeReleaseDigest(operation), signature);
        bool second = status != ReleaseStatus.DEPLOYED && status != ReleaseStatus.WITHDRAWN;
        if (second && operator == entry.proposal.operator) revert SecondOperatorRequired(operator);
    }

    function _checkOperator(uint64 deadline, address signer, bytes32 digest, bytes calldata signature) private view {
        if (block.timestamp > deadline) revert OperationExpired(deadline, block.timestamp);
        uint256 latestDeadline = block.timestamp + MAX_VALIDITY;
        if (deadline > latestDeadline) revert DeadlineTooLate(deadline, latestDeadline);
        if (!_isContractOperator(signer)) revert NotContractOperator(signer);
        if (!SignatureChecker.isValidSignatureNowCalldata(signer, digest, signature)) {
            revert SignatureInvalid(signer, digest);
        }
    }

    /// Who has the role only after a delay for every action has none here: steps are taken at once.
    function _isContractOperator(address account) private view returns (bool) {
        (bool isMember, uint32 delay) = _authority.hasRole(Roles.CONTRACT_OPERATOR, account);
        return isMember && delay == 0;
    }

    function _store(bytes32 release, ProposeContract calldata operation, address proposer) private {
        _order.push(release);
        ContractRelease storage entry = _releases[release];
        entry.name = operation.name;
        entry.version = operation.version;
        entry.status = ReleaseStatus.PROPOSED;
        entry.proposedBlock = uint64(block.number);
        entry.initCodeHash = operation.initCodeHash;
        entry.runtimeCodeHash = operation.runtimeCodeHash;
        entry.interfaceHash = operation.interfaceHash;
        entry.sourceHash = operation.sourceHash;
        entry.salt = operation.salt;
        entry.deployed = _address(operation.salt, operation.initCodeHash);
        entry.proposal = ReleaseStep(proposer, uint64(block.timestamp));
    }

    function _emitChange(ChangeRelease calldata operation, address operator, bytes calldata signature) private {
        emit ReleaseChanged(
            operation.release, operation.status, operator, operation, changeReleaseDigest(operation), signature
        );
    }

    /// EIP-1014.
    function _address(bytes32 salt, bytes32 initCodeHash) private view returns (address) {
        return address(uint160(uint256(keccak256(abi.encodePacked(bytes1(0xff), _factory, salt, initCodeHash)))));
    }
}
