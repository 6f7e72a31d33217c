//! Reading and submission against a real anvil, and against a wire with faults.
#![allow(clippy::unwrap_used)]

mod keeper;
mod reading;
mod row;
mod submission;
mod support;
mod websocket;
