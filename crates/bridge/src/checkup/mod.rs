//! What is wrong with an alliance, as far as it is seen from one place: each finding says what to do. It reads, and changes nothing; what it says is the word of the nodes that it asks.
//!
//! | module | looks at |
//! |---|---|
//! | [`chains`] | whether each chain answers, and shows new blocks |
//! | [`members`] | node contracts, and whether the anchors of both ways follow |
//! | [`requests`] | what is past its deadline and not ended, undecided for long, or not applied |
//! | [`certificates`] | an endorser's identity and transaction certificate, and its weight |
//! | [`applier`] | how far a member's business database is, and what its applier stands on |

pub mod applier;
pub mod certificates;
pub mod chains;
mod finding;
pub mod members;
pub mod requests;

pub use self::finding::{Finding, Severity, worst};
