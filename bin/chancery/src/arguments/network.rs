//! What is asked of networks of nodes: keys, genesis, votes, permissions, evidence, the trial of faults.

use std::{num::NonZeroU64, path::PathBuf};

use alloy_primitives::Address;
use chancery_rpc::RpcGroup;
use clap::{Args, Subcommand, ValueEnum};

use super::founding::{MakeFounding, MakeGenesis};
use crate::founding::chain_ids;

#[derive(Debug, Subcommand)]
pub(crate) enum NetworkCommand {
    /// Make a chain of several nodes on this machine, for a trial: keys, genesis file, a configuration for each. Its authorities are the public development keys.
    Init(InitNetwork),
    /// Make the keys of one node, or read them if they exist, and print the public part that goes into the genesis file.
    Key(MakeNodeKey),
    /// Write a founding file: who holds which authority from the first block on, and which chain it is. Every member reads it before a genesis is made by it.
    Founding(MakeFounding),
    /// Make the genesis file from the public keys of all validators and the founding file. Everybody makes it, and compares the hash.
    Genesis(MakeGenesis),
    /// Make a token for somebody who is to call a node's JSON-RPC, and add its hash to the file that `rpc.tokens` of node.toml names.
    Token(MakeToken),
    /// Show the validators of a chain, the organizations that vote, and the open proposals.
    Validators(ShowValidators),
    /// Propose a validator, and vote for it.
    ProposeAdd(ProposeAddition),
    /// Propose that a validator leaves, and vote for that.
    ProposeRemove(ProposeRemoval),
    /// Propose another voting account for an organization whose key was lost or stolen, and vote for that.
    ProposeVoter(ProposeVoter),
    /// Show who may connect to a chain, send, and create contracts, and the open proposals about that.
    Permissions(ShowPermissions),
    /// Propose that a node may connect, or that an account may send or create contracts, and vote for that.
    ProposePermit(ProposePermit),
    /// Propose that it may no longer, and vote for that.
    ProposeForbid(ProposeForbid),
    /// Propose that a list is closed (only those listed) or opened (everybody), and vote for that.
    ProposeMode(ProposeMode),
    /// Vote for a proposal.
    Vote(VoteFor),
    /// Show what an anchor follows, and what has frozen it.
    Anchor(ShowAnchor),
    /// Vote whom a frozen anchor is to trust, by the validators that a node of the followed chain has. More than two thirds of the organizations of the chain on which the anchor stands set it free.
    VoteTrust(VoteTrust),
    /// Take back a proposal of your organization's.
    Withdraw(OwnProposal),
    /// Note that a proposal's time is over, so that it no longer counts as open. Any voting account.
    Clear(OwnProposal),
}

/// A family of methods.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum TokenGroup {
    /// Blocks, transactions, state, logs, calls, proofs, subscriptions.
    Read,
    /// Sending transactions.
    Send,
    /// Traces and simulations.
    Trace,
    /// How the node is, and whom it has caught: what `chancery doctor` and `chancery evidence` ask.
    Admin,
}

impl From<TokenGroup> for RpcGroup {
    fn from(group: TokenGroup) -> Self {
        match group {
            TokenGroup::Read => Self::Read,
            TokenGroup::Send => Self::Send,
            TokenGroup::Trace => Self::Trace,
            TokenGroup::Admin => Self::Admin,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct MakeToken {
    /// Whose it is: a name of its own among the node's tokens.
    pub(crate) name: String,
    /// What it reaches, separated by commas.
    #[arg(long, value_enum, value_delimiter = ',', required = true, value_name = "GROUP")]
    pub(crate) groups: Vec<TokenGroup>,
    /// The node's file of tokens; it is made if it does not exist.
    #[arg(long, value_name = "FILE", default_value = "rpc-tokens.toml")]
    pub(crate) tokens: PathBuf,
    /// Where the token is written; must not exist.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ShowValidators {
    /// JSON-RPC endpoint of a node of the chain. With `#token-file=/whole/path` behind it where the node asks for a token.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8545")]
    pub(crate) rpc: String,
}

/// Which chain to vote on, and with which key.
#[derive(Debug, Args)]
pub(crate) struct Voting {
    /// JSON-RPC endpoint of a node of the chain. With `#token-file=/whole/path` behind it where the node asks for a token.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8545")]
    pub(crate) rpc: String,
    /// The organization's voting key, which `chancery network key` made beside the node's.
    #[arg(long, value_name = "FILE")]
    pub(crate) voting_key: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ProposeAddition {
    /// What `chancery network key` printed for the new validator.
    #[arg(value_name = "FILE")]
    pub(crate) member: PathBuf,
    /// The organization that runs it, if the file has another name.
    #[arg(long)]
    pub(crate) organization: Option<String>,
    #[command(flatten)]
    pub(crate) voting: Voting,
}

#[derive(Debug, Args)]
pub(crate) struct ProposeRemoval {
    /// The validator's peer key, or the name of an organization that runs one.
    pub(crate) validator: String,
    #[command(flatten)]
    pub(crate) voting: Voting,
}

#[derive(Debug, Args)]
pub(crate) struct ProposeVoter {
    /// The organization.
    pub(crate) organization: String,
    /// The account that shall vote for it.
    pub(crate) account: Address,
    #[command(flatten)]
    pub(crate) voting: Voting,
}

#[derive(Debug, Args)]
pub(crate) struct ShowPermissions {
    /// JSON-RPC endpoint of a node of the chain. With `#token-file=/whole/path` behind it where the node asks for a token.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8545")]
    pub(crate) rpc: String,
}

/// A list of who may do something.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ListName {
    /// Nodes that may connect.
    Connect,
    /// Accounts that may send transactions.
    Send,
    /// Accounts that may create contracts.
    Deploy,
}

/// Who is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListMode {
    /// Everybody.
    Open,
    /// Those alone who are listed (and validators, and whoever votes).
    Closed,
}

#[derive(Debug, Args)]
pub(crate) struct ProposePermit {
    /// What is permitted.
    pub(crate) list: ListName,
    /// The account's address; for `connect` the node's peer key, or the file that `chancery network key` printed for it.
    pub(crate) subject: String,
    /// Whose it is. Not needed with a file that names it.
    #[arg(long, value_name = "NAME")]
    pub(crate) organization: Option<String>,
    #[command(flatten)]
    pub(crate) voting: Voting,
}

#[derive(Debug, Args)]
pub(crate) struct ProposeForbid {
    /// What is forbidden.
    pub(crate) list: ListName,
    /// The account's address; for `connect` the node's peer key, or the file that `chancery network key` printed for it.
    pub(crate) subject: String,
    #[command(flatten)]
    pub(crate) voting: Voting,
}

#[derive(Debug, Args)]
pub(crate) struct ProposeMode {
    /// Which list.
    pub(crate) list: ListName,
    /// Who is allowed.
    pub(crate) mode: ListMode,
    #[command(flatten)]
    pub(crate) voting: Voting,
}

/// What a proposal is about: each has its own numbers.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum VoteOn {
    /// Who decides, as `chancery network validators` shows it.
    Validators,
    /// Who may connect, send and create contracts, as `chancery network permissions` shows it.
    Permissions,
}

#[derive(Debug, Args)]
pub(crate) struct VoteFor {
    /// Its number, as `chancery network validators` or `chancery network permissions` shows it.
    pub(crate) proposal: u64,
    /// What it is about.
    #[arg(long, value_enum, default_value_t = VoteOn::Validators)]
    pub(crate) on: VoteOn,
    #[command(flatten)]
    pub(crate) voting: Voting,
}

#[derive(Debug, Args)]
pub(crate) struct ShowAnchor {
    /// The anchor's address.
    #[arg(value_name = "ADDRESS", default_value_t = chancery_contracts::predeploys::MAIN_ANCHOR)]
    pub(crate) anchor: Address,
    /// JSON-RPC endpoint of a node of the chain on which it stands.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8545")]
    pub(crate) rpc: String,
}

#[derive(Debug, Args)]
pub(crate) struct VoteTrust {
    /// The anchor's address; without it, that of a city's side chain.
    #[arg(value_name = "ADDRESS", default_value_t = chancery_contracts::predeploys::MAIN_ANCHOR)]
    pub(crate) anchor: Address,
    /// JSON-RPC endpoint of a node of the followed chain, on the branch that is to count: its validators are voted for, in its word.
    #[arg(long, value_name = "URL")]
    pub(crate) followed_rpc: String,
    /// The first epoch that these validators decide; without it, the epoch that the node is in.
    #[arg(long, value_name = "N")]
    pub(crate) from_epoch: Option<u64>,
    /// Vote though nothing has frozen it: whatever was shown to it before counts no more.
    #[arg(long)]
    pub(crate) anyway: bool,
    #[command(flatten)]
    pub(crate) voting: Voting,
}

/// A proposal about the validators.
#[derive(Debug, Args)]
pub(crate) struct OwnProposal {
    /// Its number, as `chancery network validators` shows it.
    pub(crate) proposal: u64,
    #[command(flatten)]
    pub(crate) voting: Voting,
}

#[derive(Debug, Args)]
pub(crate) struct InitNetwork {
    /// Where to write it; must be empty or not exist.
    #[arg(long, value_name = "DIR", default_value = "chancery-network")]
    pub(crate) dir: PathBuf,
    /// How many validators.
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub(crate) validators: u16,
    /// How many followers, which verify everything and vote on nothing.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) followers: u16,
    /// Which chain of a city it is: main, or the kind of certificate that it carries.
    #[arg(long, default_value = "main")]
    pub(crate) chain: String,
    /// EIP-155 id of the main chain, if the trial is to differ from others; a side chain has one of the next five.
    #[arg(long, value_name = "N", default_value_t = chain_ids::DEVELOPMENT)]
    pub(crate) chain_id: u64,
    /// Address on which the nodes listen for one another; their JSON-RPC stays on loopback.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1")]
    pub(crate) host: std::net::IpAddr,
    /// Port on which the first node listens for the others; the next nodes take the next ones.
    #[arg(long, value_name = "PORT", default_value_t = 9545)]
    pub(crate) p2p_base_port: u16,
    /// JSON-RPC port of the first node; the next nodes take the next ones.
    #[arg(long, value_name = "PORT", default_value_t = 8545)]
    pub(crate) rpc_base_port: u16,
    /// How long an idle leader waits before it makes an empty block: with 2 s added, how long a silent one is waited for.
    #[arg(long, value_name = "MS", default_value_t = 1000)]
    pub(crate) heartbeat_ms: u64,
    /// Blocks of an epoch: validators that were voted in or out change at its end. At least 8.
    #[arg(long, value_name = "BLOCKS", default_value = "1024")]
    pub(crate) epoch_length: NonZeroU64,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Needs Linux, iproute2 and the right to make network namespaces (root). Nothing outside the hosts that it makes is disturbed.\n\n\
                  Exit codes: 0 survived; 1 a promise was broken, or an error; 2 wrong usage; 3 this machine cannot make hosts."
)]
pub(crate) struct Chaos {
    /// How long each spell of weather lasts, in seconds; longer if hosts that should go on need it, or nodes that are to name who is missing, up to a minute more each.
    #[arg(long, value_name = "SECONDS", default_value_t = 20, value_parser = clap::value_parser!(u64).range(5..=3600))]
    pub(crate) seconds: u64,
    /// How long an idle leader waits before it makes an empty block.
    #[arg(long, value_name = "MS", default_value_t = 500)]
    pub(crate) heartbeat_ms: u64,
    /// Where the hosts keep keys, data and logs, and leave them. Default: a folder that is removed unless something is broken.
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct MakeNodeKey {
    /// The key file. It is made, readable by you alone, if it does not exist.
    pub(crate) file: PathBuf,
    /// The organization's name for its node, as the others will see it: at most 32 bytes.
    #[arg(long)]
    pub(crate) name: String,
    /// The account that will vote for the organization. Left out, a key for it is made beside the node's, with the ending `.vote`.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) voting_account: Option<Address>,
}

#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 nothing is wrong; 1 the question makes no sense; 2 wrong usage; \
                        3 the chain goes on, but something needs attention; 4 the chain stands still, or the node does not follow it, answer or start; of an alliance: requests do not go on.")]
pub(crate) struct Doctor {
    /// JSON-RPC of a node that runs: what it has heard says why the chain stands still. With `#token-file=/whole/path` behind it where the node asks for a token (of the group admin).
    #[arg(long, value_name = "URL", conflicts_with_all = ["config", "data_dir"])]
    pub(crate) rpc: Option<String>,
    /// Configuration (node.toml) of a node that does not start: its files, keys, ports and disk are looked at, nothing is changed.
    #[arg(long, value_name = "FILE", conflicts_with = "data_dir")]
    pub(crate) config: Option<PathBuf>,
    /// The data directory alone, where the configuration is not at hand.
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// With --data-dir: the genesis file that the data should belong to.
    #[arg(long, value_name = "FILE", requires = "data_dir")]
    pub(crate) genesis: Option<PathBuf>,
    /// Of a city over nodes elsewhere: the file that `chancery gateway --chains` takes. Whether what it names belongs together, and whether each node answers, as the chain that was agreed on. Nothing is changed.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["rpc", "config", "data_dir"])]
    pub(crate) chains: Option<PathBuf>,
    /// Of an alliance: a relay's file (relay.toml). Whether it runs, its chains answer, anchors follow and requests go on. Nothing is changed.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["rpc", "config", "data_dir", "chains"])]
    pub(crate) relay: Option<PathBuf>,
    /// Of an alliance: an endorser's file (endorser.toml), as often as there are endorsers. Whether it runs, and its certificates count and for how long; and its database.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["rpc", "config", "data_dir", "chains"])]
    pub(crate) endorser: Vec<PathBuf>,
    /// Of an alliance: the file of a member's database (database.toml). How far its applier is, and what it stands on.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["rpc", "config", "data_dir", "chains"])]
    pub(crate) database: Vec<PathBuf>,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Evidence {
    /// JSON-RPC of a node. With `#token-file=/whole/path` behind it where the node asks for a token (of the group admin).
    #[arg(long, value_name = "URL", conflicts_with = "data_dir")]
    pub(crate) rpc: Option<String>,
    /// Data directory of a node, whether it runs or not.
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Option<EvidenceCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EvidenceCommand {
    /// Verify evidence without any network, knowing the chain's genesis alone.
    Verify(VerifyEvidence),
}

#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 all of it is proven; 1 some of it is not, or an error; 2 wrong usage.")]
pub(crate) struct VerifyEvidence {
    /// What `chancery --json evidence` printed.
    pub(crate) file: PathBuf,
    /// Genesis file of the chain: whom the keys belong to is taken from it, not from the evidence.
    #[arg(long, value_name = "FILE")]
    pub(crate) genesis: PathBuf,
}
