//! What joins identity databases to a network (C-ID, decision 0047): the service of an evaluator or register, and the office's way to them.

mod door;
mod office;
mod peers;
mod service;

pub(crate) use self::{
    office::{join, keep},
    service::{public_key, serve},
};

use crate::founding::chain_ids;

/// What offices name when they sign, unless their network has agreed on another id: all declarations of a network say the same, wherever its offices' cities are.
const fn usual_chain_id() -> u64 {
    chain_ids::DEVELOPMENT
}

fn now_ms() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or(0)
}
