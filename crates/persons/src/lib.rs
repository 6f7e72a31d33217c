//! One person over several identity databases (C-ID, decision 0047): how offices find out that somebody is registered at another one, while nobody can test a
//! guess against what is kept or sent.
//!
//! ```text
//!   office                                 evaluators 1..n (different bodies)         register
//!     | person -> input -> blinded  ------> times its key, with a proof  ------+
//!     | proof checked, unblinded  <--------------------------------------------+
//!     | tag = hash of the n outputs  ---------------------------------------------> tag known? whose?
//!     | held by this office, or by another  <--------------------------------------
//! ```
//! - [`evaluation`]: the oblivious keyed function, VOPRF(P-256, SHA-256) of RFC 9497, as `voprf` has it.
//! - [`tags`]: from the outputs of all evaluators to one tag.
//! - [`office`]: the office's side, the adapter behind `chancery_identity::PersonNetwork`.
//! - [`keeping`]: what an office does by itself: it enrols whom the register does not know, and gives up whom it has turned away.
//! - [`service`]: the other side: an evaluator, a register, or both.
//!
//! Invariants:
//! - PERSONS-1: what leaves an office is a uniformly random point for an evaluator, and for the register a tag under keys that it does not have.
//! - PERSONS-2: an output is used only with a proof that it is of the evaluator's public key, so nobody is answered by a key of its own.
//! - PERSONS-3: tags of other evaluators' keys than the register's are refused, or one person would be two.
//! - PERSONS-4: every evaluation is counted for the office that asks, before it is made, and ends at a bound a day; enrolments end at a half of it.
//! - PERSONS-5: who was turned away is given up at the register in the end, and nobody else is.
//!
//! What this crate must not do: speak HTTP (the binary does), decide who is a person, log anything personal.

pub mod evaluation;
pub mod keeping;
pub mod office;
pub mod service;
pub mod tags;
