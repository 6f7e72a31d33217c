//! The proof of how a request ended, in one file that is checked with no network, knowing which alliance it has to be of (genesis and contract) and the members' genesis files (A-MORE-3; `docs/specs/alliance.md`, "The proof of a request").
//!
//! ```text
//! alliance chain: transaction that decided, receipt, header, finality; request, part hashes and members in the state
//!    |- part hash -> the part itself                    |- member -> chain, genesis, node contract
//!    '- member's chain: transaction that applied it, receipt with each write, header, finality
//! ```
//! Place: rules here and in `verify`; `gather` reads chains. Invariants: REQUEST-PROOF-1 to REQUEST-PROOF-8.

mod file;
mod gather;
mod ruling;
mod verify;
mod writes;

pub use self::{
    file::{MAX_REQUEST_PROOF_BYTES, MemberProof, ProofFailure, REQUEST_PROOF_VERSION, RequestProof, is_request_proof},
    verify::{Ending, ProvenRefusal, ProvenWrite, RecordedAt, VerifiedMember, VerifiedRequest},
};
