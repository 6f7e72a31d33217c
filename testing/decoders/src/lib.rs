//! What holds of every decoder that meets bytes from outside: for each one function that takes any bytes, and panics where a property does not hold.
//!
//! Outside is whoever is not this process: peers, callers of the RPC and of the gateway, the file that somebody hands over, and the node's own disk
//! after damage. The properties go beyond "no panic": what decodes has one encoding, another decoder of the same format agrees, and a
//! verifier proves nothing but what is true, whatever its proof is changed to.
//!
//! Place: `fuzz/` wraps each target in libFuzzer (`cargo xtask fuzz`); `tests/seeds.rs` runs the seeds and all inputs that once were findings, so that an
//! ordinary test run keeps them. Must not: be shipped, or know a decoder's inside.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a property that does not hold is a panic")]

pub mod blocks;
pub mod bundles;
pub mod certificate_files;
pub mod certificates;
pub mod consensus;
pub mod copied_rows;
pub mod evidence;
pub mod genesis;
pub mod handovers;
pub mod messages;
pub mod mqtt_packets;
pub mod node_certificates;
pub mod operations;
mod patches;
pub mod remote_servers;
pub mod request_proofs;
pub mod rpc;
pub mod sealed_documents;
pub mod signed_requests;
pub mod snapshots;
pub mod stapled_files;
pub mod state_proofs;
pub mod stored_values;
pub mod submissions;
pub mod syslog_messages;
pub mod transactions;

/// A group of decoders with its property and its seeds.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name of the fuzz target.
    pub name: &'static str,
    /// Panics where a property does not hold of these bytes.
    pub check: fn(&[u8]),
    /// Bytes to start from.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

macro_rules! targets {
    ($($name:ident),* $(,)?) => {
        &[$(Target { name: stringify!($name), check: $name::check, seeds: $name::seeds }),*]
    };
}

/// Every target.
pub const TARGETS: &[Target] = targets![
    blocks,
    bundles,
    certificate_files,
    certificates,
    consensus,
    copied_rows,
    evidence,
    genesis,
    handovers,
    messages,
    mqtt_packets,
    node_certificates,
    operations,
    remote_servers,
    request_proofs,
    rpc,
    sealed_documents,
    signed_requests,
    snapshots,
    stapled_files,
    state_proofs,
    stored_values,
    submissions,
    syslog_messages,
    transactions,
];
