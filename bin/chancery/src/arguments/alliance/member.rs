//! What a member of an alliance asks for with its own key.

use std::path::PathBuf;

use alloy_primitives::Address;
use clap::Args;

use super::WhichAlliance;

#[derive(Debug, Args)]
pub(crate) struct OpenRegistry {
    /// JSON-RPC endpoint of a node of the alliance chain. What it says is verified.
    #[arg(long, value_name = "URL")]
    pub(crate) rpc: String,
    /// Genesis file of the alliance chain: what is trusted.
    #[arg(long, value_name = "FILE")]
    pub(crate) genesis: PathBuf,
    /// Hexadecimal key of the account that pays, readable by its owner alone; or a key in a token (`pkcs11:...`).
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Require {
    /// The member: name, key, chains, partners, endorsers (member.toml).
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// How long the requirement stands, from the newest final block on: in that time an alliance is made of it, and accepted.
    #[arg(long, value_name = "HOURS", default_value_t = 168, value_parser = clap::value_parser!(u64).range(1..=8760))]
    pub(crate) hours: u64,
    /// What was declared, for `propose`, `join` and `admit`; give it to the other members. It holds no secret.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Propose {
    /// Whoever proposes, as in `require`.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// What each member has declared: the files that `require` wrote, or `requirements match --out`.
    #[arg(value_name = "DECLARED", required = true, num_args = 2..=16)]
    pub(crate) declared: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Join {
    #[command(flatten)]
    pub(crate) member: MemberOfAlliance,
    /// What the own `require` wrote.
    #[arg(long, value_name = "FILE")]
    pub(crate) declared: PathBuf,
    /// What each other member's `require` wrote, or `requirements match --out`: the contracts that they bring are looked at before anything is accepted.
    #[arg(value_name = "THEIRS", required = true, num_args = 1..=15)]
    pub(crate) others: Vec<PathBuf>,
}

/// A member, and the alliance that it is of.
#[derive(Debug, Args)]
pub(crate) struct MemberOfAlliance {
    /// The member, as in `require`.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// The alliance's contract.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) contract: Address,
}

#[derive(Debug, Args)]
pub(crate) struct AsMember {
    #[command(flatten)]
    pub(crate) member: MemberOfAlliance,
}

#[derive(Debug, Args)]
pub(crate) struct Admit {
    #[command(flatten)]
    pub(crate) member: MemberOfAlliance,
    /// What the new member's `require` wrote.
    #[arg(value_name = "DECLARED")]
    pub(crate) declared: PathBuf,
    /// Vote even if the name is that of a member, for which another key would speak from then on.
    #[arg(long)]
    pub(crate) replaces: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RemoveMember {
    #[command(flatten)]
    pub(crate) member: MemberOfAlliance,
    /// The name of the member to put out.
    #[arg(value_name = "NAME")]
    pub(crate) removed: String,
}

#[derive(Debug, Args)]
pub(crate) struct ShowAlliance {
    #[command(flatten)]
    pub(crate) alliance: WhichAlliance,
}
