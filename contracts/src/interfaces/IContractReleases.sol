// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ChangeRelease, ContractRelease, ProposeContract} from "../types/ReleaseTypes.sol";

/// Contracts on their way: proposed, reviewed by a second operator, deployed, released by a second operator, withdrawn (S-SVC). Each step is an operator's
/// own signature; anybody may send it.
interface IContractReleases {
    /// @param creationCode what was proposed, without arguments.
    /// @param interfaceText its ABI, as JSON.
    event ContractProposed(
        bytes32 indexed release,
        bytes32 indexed name,
        address indexed proposer,
        ProposeContract operation,
        bytes signature,
        bytes creationCode,
        bytes arguments,
        bytes interfaceText
    );
    event ReleaseChanged(
        bytes32 indexed release,
        uint8 indexed status,
        address indexed operator,
        ChangeRelease operation,
        bytes32 digest,
        bytes signature
    );
    event FactoryAppointed(address indexed factory);

    /// It has its factory already.
    error FactoryKnown(address factory);
    /// Appoint the contract whose code is the factory's.
    error FactoryCode(bytes32 expected, bytes32 actual);
    /// Put the factory on the chain and appoint it first.
    error FactoryMissing();
    /// Name it with 1 to 32 of `[0-9a-z-]`.
    error NameMalformed(bytes32 name);
    /// Use a version higher than the one that was released last.
    error VersionOutOfOrder(uint32 released, uint32 actual);
    /// Give code, and with its arguments at most `maximum` bytes (EIP-3860).
    error InitCodeLength(uint256 length, uint256 maximum);
    /// Send the code whose hash is signed.
    error InitCodeMismatch(bytes32 expected, bytes32 actual);
    /// Send the arguments whose hash is signed, apart from the code.
    error ArgumentsMismatch(bytes32 expected, bytes32 actual);
    /// Give the ABI, in at most `maximum` bytes.
    error InterfaceLength(uint256 length, uint256 maximum);
    /// Send the ABI whose hash is signed.
    error InterfaceMismatch(bytes32 expected, bytes32 actual);
    /// Simulate it: a contract has code.
    error RuntimeCodeEmpty();
    /// Choose another salt: a contract stands there.
    error AddressTaken(address where);
    /// It is proposed already.
    error AlreadyProposed(bytes32 release);
    /// Check the name of the release.
    error ReleaseUnknown(bytes32 release);
    /// Read the release again: this step does not follow its status.
    error ReleaseTransition(uint8 from, uint8 to);
    /// Say why, in at most `maximum` bytes.
    error ReasonLength(uint256 length, uint256 maximum);
    /// Another operator has to do this: whoever proposes neither reviews nor releases.
    error SecondOperatorRequired(address proposer);
    /// Ask an operator of contracts to sign.
    error NotContractOperator(address signer);
    /// Withdraw it and propose it again: who approved it is an operator of contracts no more.
    error ReviewerNotContractOperator(address reviewer);
    /// Sign it again: it is past its deadline.
    error OperationExpired(uint64 deadline, uint256 time);
    /// Sign it with a deadline of at most a day from now.
    error DeadlineTooLate(uint64 deadline, uint256 latest);
    /// Sign exactly what is sent.
    error SignatureInvalid(address signer, bytes32 digest);
    /// Propose it again: it is not what the simulation gave.
    error RuntimeCodeMismatch(bytes32 expected, bytes32 actual);

    /// Appoints the factory, unless one stands already. Anybody: its code is known.
    function appointFactory(address factory_) external;

    /// Proposes a contract. An operator of contracts signs.
    /// @return release its name from now on: the digest that was signed.
    function propose(
        ProposeContract calldata operation,
        address proposer,
        bytes calldata signature,
        bytes calldata creationCode,
        bytes calldata arguments,
        bytes calldata interfaceText
    ) external returns (bytes32 release);

    /// Approves, rejects, releases or withdraws. An operator of contracts signs; to approve, to reject and to release, another than the proposer.
    function changeRelease(ChangeRelease calldata operation, address operator, bytes calldata signature) external;

    /// Deploys what is approved. An operator of contracts signs the status `DEPLOYED`.
    /// @param initCode creation code and arguments as they were proposed.
    function deploy(
        ChangeRelease calldata operation,
        address operator,
        bytes calldata signature,
        bytes calldata initCode
    ) external;

    /// Where contracts are made; zero as long as none is appointed whose code is the factory's.
    function factory() external view returns (address);

    /// One release; its status is zero when there is none.
    function contractRelease(bytes32 release) external view returns (ContractRelease memory);

    /// The release under a name that was released last, whether or not it was withdrawn since; zero when none was.
    function latest(bytes32 name) external view returns (bytes32);

    /// The release whose contract stands at an address; zero when none does.
    function releaseAt(address deployed) external view returns (bytes32);

    /// Whether the contract at an address is released and not withdrawn.
    function isReleased(address deployed) external view returns (bool);

    /// How many were proposed.
    function releaseCount() external view returns (uint256);

    /// Releases in the order of their proposals, at most 100.
    function releases(uint256 offset, uint256 limit) external view returns (bytes32[] memory);

    /// What a proposer signs.
    function proposeContractDigest(ProposeContract calldata operation) external view returns (bytes32);

    /// What an operator signs for a step.
    function changeReleaseDigest(ChangeRelease calldata operation) external view returns (bytes32);
}
