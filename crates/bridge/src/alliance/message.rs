//! What requesters and endorsers sign. Domain: the alliance chain's id and its `Alliance` contract.

use alloy_primitives::{B256, Bytes, keccak256};
use alloy_sol_types::{SolStruct, SolValue};
use chancery_primitives::SignedOperation;
use serde::{Deserialize, Serialize};

use super::store::Outcome;

/// Most parts of a request.
pub const MAX_PARTS: usize = 16;
/// Most reads of a part, and most writes.
pub const MAX_KEYS: usize = 32;
/// Longest `call`, in bytes.
pub const MAX_CALL_BYTES: usize = 4096;
/// Most endorsements of a request.
pub const MAX_ENDORSEMENTS: usize = 64;
/// Longest time between sequencing and deadline, in seconds.
pub const MAX_WINDOW_S: u64 = 86_400;

mod typed {
    alloy_sol_types::sol! {
        struct Read { bytes32 key; uint64 version; }
        struct Write { bytes32 key; bytes32 value; }
        struct Part { bytes32 member; bytes call; Read[] reads; Write[] writes; }
        struct PartReference { bytes32 member; bytes32 partHash; }
        struct Request { bytes32 idempotencyKey; uint64 certificate; uint64 validUntil; uint64 window; PartReference[] parts; }
        struct Endorse { bytes32 requestHash; bytes32 member; uint64 certificate; }
        struct Sequence { bytes32 requestHash; bytes32 endorsementsHash; }
        struct Attest { uint64 number; bytes32 partHash; uint8 outcome; uint64 certificate; }

        /// ABI only: what `endorsementsHash` is made of.
        struct Endorsement { uint64 certificate; bytes32 member; bytes signature; }
    }
}

/// A key with the version that was read; 0 was never written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Read {
    /// Which key.
    pub key: B256,
    /// Its version then.
    pub version: u64,
}

/// A key with the value that it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Write {
    /// Which key.
    pub key: B256,
    /// Its value from then on.
    pub value: B256,
}

/// What a request asks of one member.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Part {
    /// The member's name.
    pub member: B256,
    /// What its node contract was asked to suggest.
    pub call: Bytes,
    /// What the suggestion rests on, keys ascending.
    pub reads: Vec<Read>,
    /// What it changes, keys ascending.
    pub writes: Vec<Write>,
}

impl Part {
    /// EIP-712 `hashStruct`.
    #[must_use]
    pub fn hash(&self) -> B256 {
        let reads = self.reads.iter().map(|read| typed::Read { key: read.key, version: read.version });
        let writes = self.writes.iter().map(|write| typed::Write { key: write.key, value: write.value });
        typed::Part { member: self.member, call: self.call.clone(), reads: reads.collect(), writes: writes.collect() }
            .eip712_hash_struct()
    }

    /// The version of a key that it had read; `None`: it does not read it.
    #[must_use]
    pub fn version_read(&self, key: B256) -> Option<u64> {
        self.reads.iter().find(|read| read.key == key).map(|read| read.version)
    }

    /// Whether keys ascend strictly, and nothing exceeds its bound.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        self.call.len() <= MAX_CALL_BYTES
            && ascend(self.reads.iter().map(|read| read.key))
            && ascend(self.writes.iter().map(|write| write.key))
            && self.reads.len() <= MAX_KEYS
            && self.writes.len() <= MAX_KEYS
    }
}

/// A part with its hash, which is made once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HashedPart {
    part: Part,
    hash: B256,
}

impl From<Part> for HashedPart {
    fn from(part: Part) -> Self {
        let hash = part.hash();
        Self { part, hash }
    }
}

impl HashedPart {
    /// [`Part::hash`].
    #[must_use]
    pub const fn part_hash(&self) -> B256 {
        self.hash
    }

    /// The part.
    #[must_use]
    pub const fn part(&self) -> &Part {
        &self.part
    }
}

/// A part as the alliance chain sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PartReference {
    /// The member's name.
    pub member: B256,
    /// [`Part::hash`].
    pub part_hash: B256,
}

/// A request over the parts of several members. Endorsers sign its hash.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Request {
    /// Chosen by the requester: the same request sent again has the same number (ALLIANCE-13).
    pub idempotency_key: B256,
    /// Serial number of the requester's transaction certificate.
    pub certificate: u64,
    /// Last second of the alliance chain in which it is sequenced.
    pub valid_until: u64,
    /// Seconds from sequencing to the deadline.
    pub window: u64,
    /// Ascending by member.
    pub parts: Vec<PartReference>,
}

/// What is wrong with the form of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestFault {
    /// None, or more than [`MAX_PARTS`].
    #[error("a request has 1 to {MAX_PARTS} parts, this one has {0}")]
    PartCount(usize),
    /// Not ascending by member, or a member twice.
    #[error("the parts do not ascend by member")]
    PartOrder,
    /// Zero, or more than [`MAX_WINDOW_S`].
    #[error("the window is 1 to {MAX_WINDOW_S} seconds, not {0}")]
    Window(u64),
}

impl Request {
    /// EIP-712 `hashStruct`.
    #[must_use]
    pub fn hash(&self) -> B256 {
        let parts =
            self.parts.iter().map(|part| typed::PartReference { member: part.member, partHash: part.part_hash });
        typed::Request {
            idempotencyKey: self.idempotency_key,
            certificate: self.certificate,
            validUntil: self.valid_until,
            window: self.window,
            parts: parts.collect(),
        }
        .eip712_hash_struct()
    }

    /// Checks the bounds.
    ///
    /// # Errors
    /// The first fault.
    pub fn check(&self) -> Result<(), RequestFault> {
        if !(1..=MAX_PARTS).contains(&self.parts.len()) {
            return Err(RequestFault::PartCount(self.parts.len()));
        }
        if !ascend(self.parts.iter().map(|part| part.member)) {
            return Err(RequestFault::PartOrder);
        }
        if !(1..=MAX_WINDOW_S).contains(&self.window) {
            return Err(RequestFault::Window(self.window));
        }
        Ok(())
    }
}

/// An endorser has executed a member's part, and found it as suggested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endorse {
    /// [`Request::hash`].
    pub request_hash: B256,
    /// Whose part.
    pub member: B256,
    /// Serial number of the endorser's transaction certificate.
    pub certificate: u64,
}

impl SignedOperation for Endorse {
    fn struct_hash(&self) -> B256 {
        typed::Endorse { requestHash: self.request_hash, member: self.member, certificate: self.certificate }
            .eip712_hash_struct()
    }
}

/// An [`Endorse`] with its signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Endorsement {
    /// Serial number of the endorser's transaction certificate.
    pub certificate: u64,
    /// Whose part.
    pub member: B256,
    /// 65 bytes.
    pub signature: Bytes,
}

/// The requester has put these endorsements together: nobody else can add or take away one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sequence {
    /// [`Request::hash`].
    pub request_hash: B256,
    /// [`endorsements_hash`].
    pub endorsements_hash: B256,
}

impl SignedOperation for Sequence {
    fn struct_hash(&self) -> B256 {
        typed::Sequence { requestHash: self.request_hash, endorsementsHash: self.endorsements_hash }
            .eip712_hash_struct()
    }
}

/// `keccak256(abi.encode(Endorsement[]))`.
#[must_use]
pub fn endorsements_hash(endorsements: &[Endorsement]) -> B256 {
    let listed: Vec<_> = endorsements
        .iter()
        .map(|endorsement| typed::Endorsement {
            certificate: endorsement.certificate,
            member: endorsement.member,
            signature: endorsement.signature.clone(),
        })
        .collect();
    keccak256(listed.abi_encode())
}

/// An endorser of a foreign member says what became of its part there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attest {
    /// The request's number.
    pub number: u64,
    /// [`Part::hash`].
    pub part_hash: B256,
    /// What became of it.
    pub outcome: Outcome,
    /// Serial number of the endorser's transaction certificate.
    pub certificate: u64,
}

impl SignedOperation for Attest {
    fn struct_hash(&self) -> B256 {
        typed::Attest {
            number: self.number,
            partHash: self.part_hash,
            outcome: self.outcome.code(),
            certificate: self.certificate,
        }
        .eip712_hash_struct()
    }
}

fn ascend(keys: impl Iterator<Item = B256>) -> bool {
    keys.is_sorted_by(|one, next| one < next)
}
