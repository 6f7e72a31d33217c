//! One person over the identity databases of two offices, SQLite and a real PostgreSQL, with two evaluators and a register.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

mod guesses;
mod keeping;
mod outages;
#[allow(dead_code)]
#[path = "../../../identity/tests/support/mod.rs"]
mod postgres;
mod recognition;
mod world;
