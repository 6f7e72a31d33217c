//! Verification from the genesis alone: vectors that three implementations share, properties, changes of the validators.
#![allow(clippy::unwrap_used, missing_docs)]

mod evidence;
mod finality_vectors;
mod handovers;
mod membership;
mod properties;
mod support;
mod vectors;
