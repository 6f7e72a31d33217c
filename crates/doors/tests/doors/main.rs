//! The wire between processes held against the doors themselves: `docs/specs/doors.md`.
#![allow(missing_docs, clippy::unwrap_used)]

mod conformance;
mod contract;
mod conversation;
mod ending;
mod house;
mod samples;
mod wired;
