//! The EIP-712 types exactly as the contracts declare them; member names are theirs, since they are hashed.

use super::SigningDomain;
use alloy_primitives::{B256, U256, keccak256};
use alloy_sol_types::Eip712Domain;
use std::borrow::Cow;

/// `name` of the EIP-712 domain.
pub const DOMAIN_NAME: &str = "Chancery";
/// `version` of the EIP-712 domain.
pub const DOMAIN_VERSION: &str = "1";

alloy_sol_types::sol! {
    struct Issue {
        bytes32 certificateId;
        bytes32 kind;
        bytes32 organization;
        address holder;
        bytes32 contentHash;
        bytes32 sealedHash;
        uint64 validFrom;
        uint64 validUntil;
        bytes32 previous;
        uint64 deadline;
    }

    struct ChangeStatus {
        bytes32 certificateId;
        uint8 status;
        uint8 reason;
        uint64 revision;
        uint64 deadline;
    }

    struct Inspect {
        bytes32 certificateId;
        address holder;
        bytes32 organization;
        bytes32 presentationHash;
        uint8 outcome;
        uint64 deadline;
    }

    struct Present {
        bytes32 certificateId;
        address holder;
        bytes32 contentHash;
        uint64 presentedAt;
        bytes32 nonce;
    }

    struct DataOperation {
        bytes32 dataFormat;
        bytes32 contentHash;
        address source;
        bytes32 subject;
        bytes32 previous;
        uint64 time;
        bytes32 idempotencyKey;
    }

    struct ProposeContract {
        bytes32 name;
        uint32 version;
        bytes32 initCodeHash;
        bytes32 argumentsHash;
        bytes32 runtimeCodeHash;
        bytes32 interfaceHash;
        bytes32 sourceHash;
        bytes32 salt;
        uint64 deadline;
    }

    struct ChangeRelease {
        bytes32 release;
        uint8 status;
        string reason;
        uint64 deadline;
    }

    struct ProposeChange {
        uint8 kind;
        bytes32 changeHash;
        bytes32 salt;
        uint64 expiresAt;
        uint64 deadline;
    }

    struct DecideChange {
        bytes32 change;
        uint8 status;
        string reason;
        uint64 deadline;
    }

    struct Disclose {
        address holder;
        bytes32 kind;
        uint64 until;
        uint256 nonce;
    }
}

pub(super) fn separator(domain: &SigningDomain) -> B256 {
    Eip712Domain {
        name: Some(Cow::Borrowed(DOMAIN_NAME)),
        version: Some(Cow::Borrowed(DOMAIN_VERSION)),
        chain_id: Some(U256::from(domain.chain_id)),
        verifying_contract: Some(domain.verifying_contract),
        salt: None,
    }
    .separator()
}

pub(super) fn digest(domain: &SigningDomain, struct_hash: B256) -> B256 {
    let mut preimage = [0; 66];
    preimage[..2].copy_from_slice(&[0x19, 0x01]);
    preimage[2..34].copy_from_slice(separator(domain).as_slice());
    preimage[34..].copy_from_slice(struct_hash.as_slice());
    keccak256(preimage)
}
