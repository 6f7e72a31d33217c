//! Chains of real nodes: in real time, and on the deterministic runtime with faults.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod diagnosis;
mod evidence;
mod faults;
mod kill;
mod many;
mod membership;
mod node;
mod permissions;
mod simulation;
mod support;
