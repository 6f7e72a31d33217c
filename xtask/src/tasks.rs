//! One file a task.

pub(crate) mod bench;
pub(crate) mod browser;
pub(crate) mod contracts;
pub(crate) mod crash;
pub(crate) mod fuzz;
pub(crate) mod lint;
pub(crate) mod simulate;
pub(crate) mod test;
pub(crate) mod up;
pub(crate) mod web;
