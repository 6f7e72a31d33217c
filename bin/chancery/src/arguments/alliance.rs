//! What can be asked of the processes of an alliance.

use std::path::PathBuf;

use alloy_primitives::Address;
use clap::{Args, Subcommand, ValueEnum};

mod city;
mod database;
mod file;
mod member;
mod node_contract;
mod request;
mod requirements;

pub(crate) use city::{CityNodeContract, FoundAlliance, MemberOfCity};
pub(crate) use database::{ApplyEntries, DatabaseCommand, RestoreRow, WhichDatabase};

pub(crate) use file::{AssignFile, FetchFile, FileCommand, ForRequest, SealFile, ServeFiles};
pub(crate) use member::{
    Admit, AsMember, Join, MemberOfAlliance, OpenRegistry, Propose, RemoveMember, Require, ShowAlliance,
};
pub(crate) use node_contract::{DefineRules, EntryCommand, RuleCommand, SetEntry, ShowEntry, WhichEntry, WithdrawRule};

pub(crate) use request::{RequestCommand, RequestProofFile, RequestQuestion, RequestStatus};
pub(crate) use requirements::{
    ListRequirements, MatchRequirements, RequirementsCommand, WhichRegistry, WithdrawRequirement,
};

use super::Traces;

#[derive(Debug, Subcommand)]
pub(crate) enum AllianceCommand {
    /// Make an alliance of chains of a running city: anchors, node contracts, certificates, and every file that its members' commands take. Asked again, it goes on where it was.
    Found(FoundAlliance),
    /// Put a registry of requirements on the alliance chain; members of one alliance declare in the same.
    OpenRegistry(OpenRegistry),
    /// Declare what the member wants: with whom, for what, with which endorsers. Puts its anchors on both chains before. Asked again, it goes on where it was.
    Require(Require),
    /// What members want: list it, find what belongs together, take an own requirement back.
    #[command(subcommand)]
    Requirements(RequirementsCommand),
    /// Make the alliance of requirements that belong together. Anybody; its members accept it with `join`.
    Propose(Propose),
    /// Put the member's node contract in its place, and accept the alliance. Asked again, it goes on where it was.
    Join(Join),
    /// Take the member out of the alliance. What was sequenced before goes on to its decision.
    Leave(AsMember),
    /// Vote to take a member in, or to renew its policy, by what it has declared.
    Admit(Admit),
    /// Vote to put a member out.
    Remove(RemoveMember),
    /// Vote to dissolve the alliance.
    Dissolve(AsMember),
    /// What the operations of the member's node contract rest on and write: define it, list it, take it back (the contract's owner).
    #[command(subcommand)]
    Rule(RuleCommand),
    /// Words of the member's node contract outside any request: bring one in (the contract's owner), show one with its version.
    #[command(subcommand)]
    Entry(EntryCommand),
    /// Who is a member, since when, with which weights and certificates, and when these end.
    #[command(visible_alias = "show")]
    Members(ShowAlliance),
    /// Bring a request from a file to its end, and tell each step; `request status N`, `request proof N` of one that was asked before.
    Request(RequestCommand),
    /// Keep a business database behind the node contract: write into it what the chain has committed, and look whether anybody else has changed that.
    #[command(subcommand)]
    Database(DatabaseCommand),
    /// Exchange files under a request: seal one for its entry, hand it over once that is committed, fetch it.
    #[command(subcommand)]
    File(FileCommand),
    /// Make an X.509 certificate, with a new TLS key, of a certificate that the alliance has on chain. A process that uses the file takes the new one by itself.
    Certificate(IssueCertificate),
    /// Say on chain which key a node of the member has (the member's authority).
    IssueIdentity(IssueIdentity),
    /// Say on chain what a node of the member may do, for seven days at most (the member's authority).
    IssueTransaction(IssueTransaction),
    /// Revoke an identity, and with it what rests on it (the member's authority).
    RevokeIdentity(RevokeSerial),
    /// Revoke a transaction certificate (the member's authority).
    RevokeTransaction(RevokeSerial),
}

/// Which alliance, and through which node.
#[derive(Debug, Args)]
pub(crate) struct WhichAlliance {
    /// JSON-RPC endpoint of a node of the alliance chain. What it says is verified.
    #[arg(long, value_name = "URL")]
    pub(crate) rpc: String,
    /// Genesis file of the alliance chain: what is trusted.
    #[arg(long, value_name = "FILE")]
    pub(crate) genesis: PathBuf,
    /// The alliance's contract.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) contract: Address,
}

/// Who issues and revokes for a member.
#[derive(Debug, Args)]
pub(crate) struct Authority {
    #[command(flatten)]
    pub(crate) alliance: WhichAlliance,
    /// Hexadecimal key of the member's authority on the alliance chain, readable by its owner alone; or a key in a token (`pkcs11:...`).
    #[arg(long, value_name = "FILE|pkcs11:...")]
    pub(crate) key_file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct IssueIdentity {
    #[command(flatten)]
    pub(crate) authority: Authority,
    /// The member's name in the alliance.
    #[arg(long)]
    pub(crate) member: String,
    /// The node's name, as the member's policy has it.
    #[arg(long)]
    pub(crate) node: String,
    /// The address of the node's key.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) node_key: Address,
    /// How long it counts, from the newest final block on; 730 days at most.
    #[arg(long, value_name = "DAYS", default_value_t = 365, value_parser = clap::value_parser!(u64).range(1..=730))]
    pub(crate) days: u64,
}

#[derive(Debug, Args)]
pub(crate) struct IssueTransaction {
    #[command(flatten)]
    pub(crate) authority: Authority,
    /// Serial number of the node's identity.
    #[arg(long, value_name = "SERIAL")]
    pub(crate) identity: u64,
    /// What the node may do.
    #[arg(long)]
    pub(crate) scope: NodeScope,
    /// How long it counts, from the newest final block on; 168 hours at most, and not longer than the identity.
    #[arg(long, value_name = "HOURS", default_value_t = 72, value_parser = clap::value_parser!(u64).range(1..=168))]
    pub(crate) hours: u64,
}

/// What a transaction certificate allows.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum NodeScope {
    /// To put requests together.
    Request,
    /// To endorse and attest.
    Endorse,
    /// Both.
    Both,
}

#[derive(Debug, Args)]
pub(crate) struct RevokeSerial {
    #[command(flatten)]
    pub(crate) authority: Authority,
    /// Its serial number.
    #[arg(long, value_name = "SERIAL")]
    pub(crate) serial: u64,
}

#[derive(Debug, Args)]
pub(crate) struct IssueCertificate {
    #[command(flatten)]
    pub(crate) alliance: WhichAlliance,
    /// Hexadecimal key that the identity certificate names, readable by its owner alone; or a key in a token (`pkcs11:...`). It signs, and is not written anywhere.
    #[arg(long, value_name = "FILE|pkcs11:...")]
    pub(crate) key_file: PathBuf,
    /// Serial number of a transaction certificate: for requesters and endorsers. Lasts as long as that.
    #[arg(long, value_name = "SERIAL", required_unless_present = "identity", conflicts_with = "identity")]
    pub(crate) transaction: Option<u64>,
    /// Serial number of an identity certificate: says who, and not what for. Enough for a relay.
    #[arg(long, value_name = "SERIAL")]
    pub(crate) identity: Option<u64>,
    /// Where TLS key and certificate are written, both in PEM, readable by their owner alone. What stands there is replaced at once.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct RunRelay {
    /// What is carried where (relay.toml).
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    #[command(flatten)]
    pub(crate) traces: Traces,
    /// Stop when standard input ends: for a program that starts a relay and must not leave it behind.
    #[arg(long)]
    pub(crate) until_stdin_ends: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RunEndorser {
    /// For whom and with which key (endorser.toml).
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    #[command(flatten)]
    pub(crate) traces: Traces,
    /// Stop when standard input ends: for a program that starts an endorser and must not leave it behind.
    #[arg(long)]
    pub(crate) until_stdin_ends: bool,
}
