//! A chain that several organizations run, each on its own machine: keys, the shared genesis file, each node's configuration, and the node.
//!
//! ```text
//! each member:  network key  ----> NAME.json (public keys, proof of possession) ----+
//! one of them:  network founding --> founding.toml (who holds which authority, which chains), read by everybody ----+
//! each member:  network genesis <---------------------------------------------------------------------------------+----> genesis.json, or genesis/ of several chains, whose hashes they compare
//! each member:  node --config node.toml
//!
//! for others:   network token: who may call a node's JSON-RPC, and what
//!
//! later:        network propose-add, propose-remove, propose-voter, vote, validators: the organizations change who decides
//!               network propose-permit, propose-forbid, propose-mode, vote, permissions: and who may connect, send, create contracts
//!
//! on one machine, for a trial:  network init  makes all of it at once
//! ```

mod anchors;
mod chaos;
pub(crate) mod config;
mod consortia;
mod files;
mod init;
pub(crate) mod measured;
mod membership;
mod node;
mod observed;
mod permissions;
mod tokens;
mod voting;

pub(crate) use self::init::{Member, Trial, write_network};

use std::process::ExitCode;

use anyhow::Result;

use crate::{
    arguments::{Chaos, NetworkCommand, RunNode, VoteOn},
    founding,
    output::Output,
};

pub(crate) fn run(command: NetworkCommand, output: &Output) -> Result<ExitCode> {
    match command {
        NetworkCommand::Init(init) => init::run(&init, output),
        NetworkCommand::Key(key) => files::make_key(&key, output),
        NetworkCommand::Founding(founding) => founding::make(&founding, output),
        NetworkCommand::Genesis(genesis) => files::make_genesis(&genesis, output),
        NetworkCommand::Token(token) => tokens::make(&token, output),
        NetworkCommand::Validators(show) => membership::validators(&show, output),
        NetworkCommand::ProposeAdd(propose) => membership::propose_addition(&propose, output),
        NetworkCommand::ProposeRemove(propose) => membership::propose_removal(&propose, output),
        NetworkCommand::ProposeVoter(propose) => membership::propose_voter(&propose, output),
        NetworkCommand::Permissions(show) => permissions::show(&show, output),
        NetworkCommand::ProposePermit(propose) => permissions::propose_permit(&propose, output),
        NetworkCommand::ProposeForbid(propose) => permissions::propose_forbid(&propose, output),
        NetworkCommand::ProposeMode(propose) => permissions::propose_mode(&propose, output),
        NetworkCommand::Vote(vote) => match vote.on {
            VoteOn::Validators => membership::vote(&vote, output),
            VoteOn::Permissions => permissions::vote(&vote, output),
        },
        NetworkCommand::Anchor(show) => anchors::show(&show, output),
        NetworkCommand::VoteTrust(vote) => anchors::vote_trust(&vote, output),
        NetworkCommand::Withdraw(command) => membership::withdraw(&command, output),
        NetworkCommand::Clear(command) => membership::clear(&command, output),
    }
    .map(|()| ExitCode::SUCCESS)
}

/// Runs one node until it is told to stop.
pub(crate) fn run_node(options: &RunNode, output: Output) -> Result<ExitCode> {
    node::run(options, output).map(|()| ExitCode::SUCCESS)
}

/// Four hosts, bad weather between them, and what survived.
pub(crate) fn run_chaos(command: &Chaos, output: &Output) -> Result<ExitCode> {
    chaos::run(command, output)
}
