// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {AnchorConflict, AnchorRecord, Submission} from "../types/AnchorTypes.sol";
import {FinalityProof, HandoverProof, TrustedChain} from "../types/FinalityTypes.sol";

/// What this chain knows of another one (ANCHOR-1 to ANCHOR-9 of `docs/specs/anchor.md`). Why a proof was refused, the errors of
/// `IFinalityErrors` say.
interface IAnchor {
    event Anchored(uint64 indexed number, bytes32 indexed hash, uint32 generation);
    event AccountProven(uint64 indexed number, address indexed account, bytes32 storageRoot);
    event Followed(uint64 indexed fromEpoch, bytes32 keysHash);
    /// The alarm: a quorum of the followed chain's validators signed both.
    event Frozen(uint64 indexed number, bytes32 first, bytes32 second);
    event TrustVoted(bytes32 indexed organization, uint32 generation, uint64 fromEpoch, bytes32 keysHash);
    event TrustSet(uint32 indexed generation, uint64 fromEpoch, bytes32 keysHash);

    /// The genesis was shown already.
    error AlreadyBegun();
    /// Two blocks of that number are final: the organizations have to vote whom to trust.
    error AnchorFrozen(uint64 number, bytes32 first, bytes32 second);
    /// Submit the header with its certificate first.
    error NotAnchored(uint64 number);
    /// Prove the account in that block first.
    error AccountNotAnchored(uint64 number, address account);
    /// Ask an organization that runs a validator of this chain; this account votes for none.
    error NotAVoter(address account);
    /// The organization has voted for it already.
    error AlreadyVoted(bytes32 organization);

    /// Shows the genesis header and the validators' keys to which it commits (FINALITY-7). Once; anybody: the genesis hash was trusted already.
    function begin(bytes calldata genesisHeader, bytes calldata keys) external;

    /// Records a final header, or freezes if it contradicts a recorded one. Anybody.
    /// @param keys the validators' keys that are trusted now: EIP-2537 G1 points of 128 bytes.
    function submit(FinalityProof calldata proof, bytes calldata keys) external returns (Submission);

    /// Takes the validators to whom those that are trusted have handed over, and records the header with which they did. Anybody.
    /// @param next the next validators' keys, in the order of the set.
    function follow(HandoverProof calldata handover, bytes calldata keys, bytes calldata next)
        external
        returns (Submission);

    /// Keeps the storage root that an account has in a recorded block, so that its slots can be proven. Anybody.
    /// @param proof trie nodes of the account, root first.
    function proveAccount(uint64 number, address account, bytes[] calldata proof) external returns (bytes32 storageRoot);

    /// Votes to trust these validators from that epoch on, and does so when more than two thirds of the organizations have voted for it. Whatever was
    /// recorded before counts no more. An organization's voting account.
    function voteTrust(uint64 fromEpoch, bytes calldata keys) external;

    /// What stands in a slot of an account that was proven in that block. Zero is proven by absence.
    /// @param proof trie nodes of the slot, root first.
    function storageAt(uint64 number, address account, uint256 slot, bytes[] calldata proof)
        external
        view
        returns (uint256);

    /// A receipt (EIP-2718 bytes) stands at that index of a recorded block.
    function verifyReceipt(uint64 number, uint256 index, bytes calldata receipt, bytes[] calldata proof) external view;

    /// A recorded header.
    function record(uint64 number) external view returns (AnchorRecord memory);

    /// The highest number that is recorded; zero before the first.
    function latest() external view returns (uint64);

    /// The followed chain and the validators that are trusted now.
    function chain() external view returns (TrustedChain memory);

    /// How often the organizations have set the trust.
    function generation() external view returns (uint32);

    /// What froze it; zero when it is not frozen.
    function conflict() external view returns (AnchorConflict memory);

    /// Organizations that have voted for these validators in this generation and time.
    function voices(uint64 fromEpoch, bytes32 keysHash) external view returns (bytes32[] memory);
}
