//! The alliance (`docs/specs/alliance.md`): two-phase commit whose coordinator is a chain.
//!
//! | module | rules of |
//! |---|---|
//! | [`member_slots`] | where members stand, and what their words say |
//! | [`message`] | what is signed, with its EIP-712 hash |
//! | [`certificate`] | who may request and endorse, and what is wrong with a signature |
//! | [`certificate_slots`] | where certificates stand, and what their words say |
//! | [`comparison`] | whether what was suggested is what an endorser finds, and which key differs |
//! | [`policy`] | more than half of the weight |
//! | [`sequence`] | whether endorsements are good and enough, and who is named if not |
//! | [`submission`] | what a requester hands to a relay, and its bounds |
//! | [`decision`] | the alliance chain: sequenced, committed, aborted, by a deadline |
//! | [`slots`] | where the words stand that are proven |
//! | [`store`] | a member chain: versions, reservations, apply, release |

pub mod certificate;
pub mod certificate_slots;
pub mod comparison;
pub mod decision;
pub mod member_slots;
pub mod message;
pub mod policy;
pub mod sequence;
pub mod slots;
pub mod store;
pub mod submission;
