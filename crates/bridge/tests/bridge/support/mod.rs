//! Chains, an alliance of them and its processes.
#![allow(dead_code, reason = "the benchmark uses its own part of it")]

pub(crate) mod chain;
pub(crate) mod club;
pub(crate) mod partnership;
pub(crate) mod process;
pub(crate) mod trap;
pub(crate) mod world;
