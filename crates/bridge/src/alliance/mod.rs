//! The alliance (`docs/specs/alliance.md`): two-phase commit whose coordinator is a chain.
//!
//! | module | rules of |
//! |---|---|
//! | [`message`] | what is signed, with its EIP-712 hash |
//! | [`certificate`] | who may request and endorse, and what is wrong with a signature |
//! | [`policy`] | more than half of the weight |
//! | [`decision`] | the alliance chain: sequenced, committed, aborted, by a deadline |
//! | [`store`] | a member chain: versions, reservations, apply, release |

pub mod certificate;
pub mod decision;
pub mod message;
pub mod policy;
pub mod store;
