//! Requests on their way through the alliance, as anybody can see who reads its chains: for each request the five steps that leave a trace there
//! (`docs/specs/alliance.md`, "A request, step by step"), and for each member how far it is.
//!
//! ```text
//!  alliance chain --.                                             .--> [`ProgressBoard::request`], [`ProgressBoard::requests`]
//!  member chains  --+--> [`Follower`] --[`Told`]--> [`ProgressWindow`] (pure)
//!                        proven events               in a [`ProgressBoard`] '--> [`ProgressBoard::changes`], for who waits for news
//! ```
//!
//! | module | is |
//! |---|---|
//! | [`told`] | what an event of a chain tells |
//! | [`window`] | facts to state: no I/O, no clock; the same facts in any interleaving of the chains make the same state |
//! | [`steps`] | state to what is shown: the five steps of each party, who is awaited, until when |
//! | [`endorsing`] | who has endorsed, who badly, who not |
//! | [`follower`] | chains to facts; begins anew from what is on chain, and keeps nothing else |
//! | [`proposals`] | what is reported of requests before they have a number, and proven by nothing |
//! | [`board`] | the state, shared between the follower, those who report and those who look at it |
//!
//! It reads and holds no key. Every event is proven by its block where the chain has finality certificates; that none is left out, the names of nodes behind certificates and
//! the weights of endorsers are the node's word, as everything that [`crate::contracts`] reads. Keys, values and calls of parts are not looked at: they are nobody's business
//! but the members'.

pub mod board;
pub mod endorsing;
pub mod follower;
pub mod proposals;
pub mod standing;
pub mod steps;
pub mod told;
pub mod window;

pub use self::{
    board::{Changed, News, ProgressBoard, Reading},
    endorsing::Endorsing,
    follower::Follower,
    proposals::{ProposalProgress, ProposalState, Reported},
    standing::{AllianceState, MemberStanding, Standing},
    steps::{PartyProgress, RequestProgress, Status, Step, StepName, StepState},
    told::{AllianceFact, Asked, End, Head, MemberFact, Place, Reason, Signed, Source, Told},
    window::ProgressWindow,
};
