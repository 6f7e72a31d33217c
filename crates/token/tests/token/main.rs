//! Keys in a real token (SoftHSM). Its library reads where the token is from the environment of the process, so each test runs in a process of its own, which it
//! starts with that environment.
#![allow(missing_docs, clippy::unwrap_used)]

mod agreeing;
mod child;
mod losing;
mod naming;
mod signing;
