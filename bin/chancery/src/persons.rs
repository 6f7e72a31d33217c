//! What joins identity databases to a network (C-ID, decision 0047): the service of an evaluator or register, and the office's way to them.

mod door;
mod office;
mod peers;
mod service;

pub(crate) use self::{
    office::{join, keep},
    service::{public_key, serve},
};

/// Keys of offices are of the main chain of a city, wherever that city is.
const MAIN_CHAIN_ID: u64 = 7100;

fn now_ms() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or(0)
}
