//! What can be asked on the command line.

use std::{num::NonZeroU64, path::PathBuf};

use alloy_primitives::{Address, B256};
use clap::{Args, Parser, Subcommand, ValueEnum};

mod data;
mod message;
mod share;
mod storage;

pub(crate) use data::{
    Audit, FormatCommand, RepairJournal, Search, SourceCommand, SourceKeyAlgorithm, SourceSort, Submit, Trace,
};
pub(crate) use message::{MessageCommand, ReadMessage, SendMessage};
pub(crate) use share::{
    AskAccess, EndAccess, FetchShared, FindShared, OwnerFile, ServeShared, ShareCommand, TrustedMain,
};
pub(crate) use storage::{Backup, ExportSnapshot, ImportSnapshot, Prune, Restore, SnapshotCommand, VerifySnapshot};

/// Issue, show and check electronic certificates on chains that anybody can verify.
#[derive(Debug, Parser)]
#[command(
    name = "chancery",
    version,
    disable_help_subcommand = true,
    arg_required_else_help = true,
    max_term_width = 100
)]
pub(crate) struct Arguments {
    /// Print one JSON document instead of text.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) connection: Connection,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Which city to speak to, and with which key.
#[derive(Clone, Debug, Args)]
pub(crate) struct Connection {
    /// The gateway of the city.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "CHANCERY_URL",
        default_value = "http://127.0.0.1:8080",
        help_heading = "Connection"
    )]
    pub(crate) url: String,
    /// Key file of the person or office that asks (made by `chancery key new`).
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "CHANCERY_KEY",
        conflicts_with = "dev_key",
        help_heading = "Connection"
    )]
    pub(crate) key: Option<PathBuf>,
    /// Public development key number N instead of a key file (0 operator, 1-5 sample offices, 6 registrar, 7 inspector, 8 supervisor). Development cities only.
    #[arg(long, global = true, value_name = "N", help_heading = "Connection")]
    pub(crate) dev_key: Option<u32>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start a city: main chain, side chains, gateway and web in one process on embedded storage.
    Up(Up),
    /// Run one node of a chain that several organizations run: a validator or a follower.
    Node(RunNode),
    /// Carry headers and proofs between chains, and requests of an alliance to their ends. Holds no key that counts; anybody may run one.
    Relay(RunRelay),
    /// Endorse a member's parts of an alliance's requests: execute, compare, sign.
    Endorser(RunEndorser),
    /// Prepare such a chain: keys, the shared genesis file, each node's configuration.
    #[command(subcommand)]
    Network(NetworkCommand),
    /// Write, verify and import snapshots: the state after a final block, from which an empty node begins.
    #[command(subcommand)]
    Snapshot(SnapshotCommand),
    /// Write everything that a node needs to begin again, but its votes; the node may run meanwhile.
    Backup(Backup),
    /// Let a node begin again from a back-up.
    Restore(Restore),
    /// Forget the state of old blocks, and on request their transactions and receipts.
    Prune(Prune),
    /// Run four validators on four hosts of their own on this machine, cut, delay and lose what they send one another, and say what survived.
    Chaos(Chaos),
    /// Say why a chain stands still, or why a node does not start, and what to do.
    Doctor(Doctor),
    /// Show validators whose votes contradict each other, with the votes; verify such evidence.
    Evidence(Evidence),
    /// Make and show keys. Private keys never leave this machine.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Register people and confirm their real names.
    #[command(subcommand)]
    User(UserCommand),
    /// Issue, query, renew, suspend and revoke certificates.
    #[command(subcommand)]
    Certificate(CertificateCommand),
    /// Check a certificate that somebody shows, and record the check.
    Inspect(Inspect),
    /// Show the public keys of an address, as the main chain records them.
    PublicKey {
        /// The address.
        address: Address,
    },
    /// Make keys of data sources; register, show and withdraw sources (operator), replace a source's key.
    #[command(subcommand)]
    Source(SourceCommand),
    /// Configure the formats in which data may be submitted (operator).
    #[command(subcommand)]
    Format(FormatCommand),
    /// Submit data of a registered source: operations from a file or standard input, one JSON object a line.
    Submit(Submit),
    /// Search the data of registered sources.
    Search(Search),
    /// Share tables of a business database with other public bodies, sealed and by contract; find, ask for and fetch what others share.
    #[command(subcommand)]
    Share(ShareCommand),
    /// Write to other organizations, sealed, and receive from them; with receipts on the chain.
    #[command(subcommand)]
    Message(MessageCommand),
    /// Show every version, source and reader of an asset, as a list and as a graph.
    Trace(Trace),
    /// Compute hashes, signatures and data blocks of everything submitted anew, and measure its times (supervisor).
    Audit(Audit),
    /// Say what is damaged in the journal of submitted data of a city that stands still, and on request drop it.
    RepairJournal(RepairJournal),
    /// Verify a certificate file, the proof of submitted data, or the proof of a message, without any network, knowing a chain's genesis alone.
    Verify(Verify),
    /// Print the fingerprint of a city's genesis folder: the operator publishes it, and whoever trusts the city in a browser compares it.
    Fingerprint {
        /// The city's genesis folder.
        #[arg(long, value_name = "DIR", default_value = "chancery-data/genesis", env = "CHANCERY_GENESIS")]
        genesis: PathBuf,
    },
    /// Register organizations and authorize their keys (operator).
    #[command(subcommand)]
    Organization(OrganizationCommand),
    /// Show what happened to a certificate, in time order and verified (supervisor, issuer, holder).
    History {
        /// The certificate.
        certificate: B256,
    },
    /// Live the whole life of certificates of all five kinds against a running development city, tampering included; `demo alliance`: a request over three chains.
    Demo(Demo),
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Up {
    /// Where chains, databases and keys are kept. Made when it does not exist.
    #[arg(long, value_name = "DIR", default_value = "chancery-data", env = "CHANCERY_DATA_DIR")]
    pub(crate) data_dir: PathBuf,
    /// Address of the gateway and the web; port 0 takes a free one.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080")]
    pub(crate) gateway: std::net::SocketAddr,
    /// JSON-RPC port of the main chain; side chains take the next ones. 0 takes free ones.
    #[arg(long, value_name = "PORT", default_value_t = 8545)]
    pub(crate) rpc_base_port: u16,
    /// Address where registered sources submit over MQTT (3.1.1 and 5); port 0 takes a free one. Default: 127.0.0.1:1883, or a free port if that is taken.
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) mqtt: Option<std::net::SocketAddr>,
    /// Address of gRPC; port 0 takes a free one. Default: 127.0.0.1:9090, or a free port if that is taken.
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) grpc: Option<std::net::SocketAddr>,
    /// An MQTT broker that others run (mqtt://[USER[:PASSWORD]@]HOST[:PORT]): what registered sources publish there is submitted too. May be given several times.
    #[arg(
        long = "mqtt-broker",
        value_name = "URL",
        env = "CHANCERY_MQTT_BROKER",
        hide_env_values = true,
        value_delimiter = ' '
    )]
    pub(crate) mqtt_brokers: Vec<String>,
    /// Built web apps to serve (`cargo xtask web` builds them into web/dist).
    #[arg(long, value_name = "DIR", env = "CHANCERY_WEB_DIR")]
    pub(crate) web_dir: Option<PathBuf>,
    /// Validators of each chain, all in this process, when the city is new: 4 show how consensus behaves. A city that exists keeps what it has.
    #[arg(long, value_name = "N")]
    pub(crate) validators: Option<u16>,
    /// Identity database: `postgres://...`, or `sqlite:FILE`. Default: SQLite in the data directory.
    #[arg(long, value_name = "URL", env = "CHANCERY_DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
    /// An alliance whose requests are shown at /alliance: the file that `chancery relay` takes. It is read alone: nothing is carried, and no key is needed.
    #[arg(long, value_name = "FILE")]
    pub(crate) alliance: Option<PathBuf>,
    /// Stop when standard input ends: for a program that starts a city and must not leave it behind.
    #[arg(long)]
    pub(crate) until_stdin_ends: bool,
    #[command(flatten)]
    pub(crate) traces: Traces,
    /// URL under which people reach the gateway, if it stands behind a proxy. It is what they sign in to.
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<String>,
}

/// Where traces go.
#[derive(Debug, Args)]
pub(crate) struct Traces {
    /// OpenTelemetry collector that traces are sent to (OTLP over HTTP, such as http://127.0.0.1:4318/v1/traces).
    #[arg(long, value_name = "URL", env = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")]
    pub(crate) otlp_endpoint: Option<String>,
    /// The share of traces that is sent, from 0 to 1.
    #[arg(long, value_name = "SHARE", default_value_t = 0.1, env = "OTEL_TRACES_SAMPLER_ARG")]
    pub(crate) otlp_sample: f64,
}

#[derive(Debug, Args)]
pub(crate) struct RunNode {
    /// The node's configuration (node.toml).
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    #[command(flatten)]
    pub(crate) traces: Traces,
    /// Stop when standard input ends: for a program that starts a node and must not leave it behind.
    #[arg(long)]
    pub(crate) until_stdin_ends: bool,
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

#[derive(Debug, Subcommand)]
pub(crate) enum NetworkCommand {
    /// Make a chain of several nodes on this machine, for a trial: keys, genesis file, a configuration for each.
    Init(InitNetwork),
    /// Make the keys of one node, or read them if they exist, and print the public part that goes into the genesis file.
    Key(MakeNodeKey),
    /// Make the genesis file from the public keys of all validators.
    Genesis(MakeGenesis),
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
    /// Take back a proposal of your organization's.
    Withdraw(OwnProposal),
    /// Note that a proposal's time is over, so that it no longer counts as open. Any voting account.
    Clear(OwnProposal),
}

#[derive(Debug, Args)]
pub(crate) struct ShowValidators {
    /// JSON-RPC endpoint of a node of the chain.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8545")]
    pub(crate) rpc: String,
}

/// Which chain to vote on, and with which key.
#[derive(Debug, Args)]
pub(crate) struct Voting {
    /// JSON-RPC endpoint of a node of the chain.
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
    /// JSON-RPC endpoint of a node of the chain.
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
    /// Address on which the nodes listen.
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
    /// How long each spell of weather lasts, in seconds.
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
pub(crate) struct MakeGenesis {
    /// What `chancery network key` printed, a file for each validator.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) members: Vec<PathBuf>,
    /// Which chain of a city it is: main, or the kind of certificate that it carries.
    #[arg(long, default_value = "main")]
    pub(crate) chain: String,
    /// Where to write it; must not exist.
    #[arg(long, value_name = "FILE", default_value = "genesis.json")]
    pub(crate) out: PathBuf,
    /// Blocks of an epoch: validators that were voted in or out change at its end. At least 8.
    #[arg(long, value_name = "BLOCKS", default_value = "1024")]
    pub(crate) epoch_length: NonZeroU64,
}

#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 nothing is wrong; 1 the question makes no sense; 2 wrong usage; \
                        3 the chain goes on, but something needs attention; 4 the chain stands still, or the node does not follow it, answer or start.")]
pub(crate) struct Doctor {
    /// JSON-RPC of a node that runs: what it has heard says why the chain stands still.
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
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Evidence {
    /// JSON-RPC of a node.
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

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key: writes the file (readable by you alone) and prints the address. The phrase in it recovers everything: keep a copy on paper.
    New {
        /// The file; must not exist.
        file: PathBuf,
        /// Recover from a phrase, read from standard input, instead of making a new one.
        #[arg(long)]
        recover: bool,
    },
    /// Show address and public keys of the key given by --key or --dev-key.
    Show,
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Register the owner of --key with the real name that an office will confirm.
    Register {
        /// Account name.
        #[arg(long)]
        account: String,
        /// Full name.
        #[arg(long)]
        name: String,
        /// Employer, school or other unit.
        #[arg(long)]
        unit: String,
        /// City.
        #[arg(long)]
        city: String,
        /// Country, ISO 3166-1 alpha-2.
        #[arg(long)]
        country: String,
        /// Number of an identity document.
        #[arg(long)]
        document_number: Option<String>,
        /// Date of birth, YYYY-MM-DD.
        #[arg(long)]
        birth_date: Option<String>,
        /// The key of a confirmed registration is lost: this one is to take its place.
        #[arg(long)]
        recovery: bool,
    },
    /// Show the registration of the owner of --key.
    Show,
    /// List registrations that wait for confirmation (registrar).
    Pending,
    /// Confirm a person's real name, which puts the digital identity on the main chain (registrar).
    Confirm {
        /// The person's address.
        address: Address,
        /// Reject instead, with a reason.
        #[arg(long, value_name = "REASON")]
        reject: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum CertificateCommand {
    /// List the certificate kinds and their formats.
    Kinds {
        /// Show this kind's JSON Schema.
        kind: Option<String>,
    },
    /// Issue a certificate: build it from the subject, seal it to the holder, sign it, send it (C-API-2).
    Send(Send),
    /// Fetch a certificate by holder's address, block number and transaction hash (C-API-5), with its proof.
    Query(Query),
    /// List the certificates of the owner of --key.
    List,
    /// Decrypt a certificate file (from `query --out`) with --key and show it.
    Open {
        /// The file.
        file: PathBuf,
    },
    /// Renew a certificate: issues a new one that names the old, which becomes `renewed`.
    Renew(Renew),
    /// Revoke a certificate for good.
    Revoke(ChangeStatus),
    /// Suspend a certificate.
    Suspend(ChangeStatus),
    /// Make a suspended certificate valid again.
    Resume {
        /// The certificate.
        certificate: B256,
    },
    /// Show a certificate of the owner of --key as a QR code and link, for an inspector; or as a file, for one who has no network.
    Present {
        /// The certificate.
        certificate: B256,
        /// Write a file with the document and every proof here instead, for `chancery verify` and the inspector's page.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Genesis folder by which the file is verified before it is written. Default: what the gateway says of its chains.
        #[arg(long, value_name = "PATH", env = "CHANCERY_GENESIS")]
        genesis: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Send {
    /// Kind of certificate: marriage, real-estate, degree, business-licence, health-licence.
    #[arg(long)]
    pub(crate) kind: String,
    /// Address of the holder, who must be confirmed.
    #[arg(long)]
    pub(crate) holder: Address,
    /// Code of the issuing organization.
    #[arg(long)]
    pub(crate) organization: String,
    /// JSON file with the subject, by the kind's schema; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) subject: PathBuf,
    /// First day of validity, YYYY-MM-DD. Default: now.
    #[arg(long, value_name = "DATE")]
    pub(crate) valid_from: Option<String>,
    /// Last moment of validity, YYYY-MM-DD (end of that day, UTC). Default: without end.
    #[arg(long, value_name = "DATE")]
    pub(crate) valid_until: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Query {
    /// Address of the holder.
    pub(crate) address: Address,
    /// Number of the block.
    pub(crate) block: u64,
    /// Hash of the transaction.
    pub(crate) tx_hash: B256,
    /// Chain, when it is known; otherwise all are asked.
    #[arg(long)]
    pub(crate) chain: Option<String>,
    /// Write the certificate and its proof here, for `chancery verify`.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// With the proof of its status and of its issuer's right, so that the file says how old it is.
    #[arg(long, requires = "out")]
    pub(crate) staple: bool,
    /// With --staple: genesis folder by which the file is verified before it is written. Default: what the gateway says of its chains.
    #[arg(long, value_name = "PATH", env = "CHANCERY_GENESIS")]
    pub(crate) genesis: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Renew {
    /// The certificate that is renewed.
    pub(crate) certificate: B256,
    #[command(flatten)]
    pub(crate) send: RenewedContent,
}

#[derive(Debug, Args)]
pub(crate) struct RenewedContent {
    /// JSON file with the subject of the new certificate; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) subject: PathBuf,
    /// First day of validity, YYYY-MM-DD. Default: now.
    #[arg(long, value_name = "DATE")]
    pub(crate) valid_from: Option<String>,
    /// Last day of validity, YYYY-MM-DD. Default: without end.
    #[arg(long, value_name = "DATE")]
    pub(crate) valid_until: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ChangeStatus {
    /// The certificate.
    pub(crate) certificate: B256,
    /// Why.
    #[arg(long, value_enum, default_value_t = Reason::Unspecified)]
    pub(crate) reason: Reason,
}

/// Why a certificate is revoked or suspended (RFC 5280, 5.3.1).
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Reason {
    Unspecified,
    KeyCompromise,
    AffiliationChanged,
    Superseded,
    CessationOfOperation,
    CertificateHold,
    PrivilegeWithdrawn,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 valid and recorded (or --dry-run); 1 any other outcome, not recorded, or an error; 2 wrong usage."
)]
pub(crate) struct Inspect {
    /// The link behind the QR code.
    pub(crate) code: String,
    /// Only look: record nothing on the chain.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 genuine and valid; 1 not genuine (a check failed), or an error; 2 wrong usage; \
                        3 genuine, but revoked, replaced, suspended, expired or not yet in force; 4 genuine, but the file proves no status, or one older than --max-age.")]
pub(crate) struct Verify {
    /// The certificate file (from `certificate query --out` or `certificate present --out`), or the proof of an operation (from `submit --proofs`).
    pub(crate) file: PathBuf,
    /// Genesis file of a chain, or a city's genesis folder. It decides what is believed: get it from somebody you trust, not from who shows the certificate.
    #[arg(long, value_name = "PATH", default_value = "chancery-data/genesis", env = "CHANCERY_GENESIS")]
    pub(crate) genesis: PathBuf,
    /// The decrypted document, to check that it is the one that was issued.
    #[arg(long, value_name = "FILE")]
    pub(crate) document: Option<PathBuf>,
    /// Of a file with a staple: the oldest proof that is accepted, as a number with its unit (90s, 15m, 12h, 7d), or `any`: its age is shown. Default: 24h.
    #[arg(long, value_name = "AGE", value_parser = max_age)]
    pub(crate) max_age: Option<MaxAge>,
}

/// The oldest proof that is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MaxAge {
    /// Whoever verifies looks at the age.
    Any,
    /// In seconds.
    Seconds(u64),
}

fn max_age(text: &str) -> Result<MaxAge, String> {
    if text == "any" { Ok(MaxAge::Any) } else { age_s(text).map(MaxAge::Seconds) }
}

/// Reads `15m` as seconds.
fn age_s(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no age: write a number with its unit, as 90s, 15m, 12h or 7d, or `any`");
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let seconds: u64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let number = text.strip_suffix(unit).ok_or_else(wrong)?;
    number.parse::<u64>().ok().and_then(|number| number.checked_mul(seconds)).ok_or_else(wrong)
}

#[derive(Debug, Subcommand)]
pub(crate) enum OrganizationCommand {
    /// List organizations and their keys.
    List,
    /// Register an organization.
    Register {
        /// Its code (GB 32100, 18 characters; or 1 to 32 characters of 0-9 A-Z -).
        code: String,
        /// Its public name.
        #[arg(long)]
        name: String,
        /// Who administers it. Default: the operator.
        #[arg(long)]
        administrator: Option<Address>,
        /// Only say what would change.
        #[arg(long)]
        check: bool,
    },
    /// Authorize a key to sign for an organization.
    AuthorizeKey {
        /// The organization.
        code: String,
        /// The key's address.
        address: Address,
        /// A certificate kind, or inspection, registration, sharing, submission.
        #[arg(long)]
        right: String,
        /// Only say what would change.
        #[arg(long)]
        check: bool,
    },
    /// Retire a key: what it has signed stays valid.
    RetireKey {
        /// The organization.
        code: String,
        /// The key's address.
        address: Address,
    },
    /// Revoke a key that others may have: nothing it signs from now on is believed.
    RevokeKey {
        /// The organization.
        code: String,
        /// The key's address.
        address: Address,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Wait for Enter after each chapter.
    #[arg(long, global = true)]
    pub(crate) pause: bool,
    #[command(subcommand)]
    pub(crate) story: Option<Story>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Story {
    /// A bank, a land registry and a tax office record mortgages over three chains: rules, a stale version, a lying endorser, a forged signature, an expired
    /// certificate, a killed relay. It starts its own chains.
    Alliance(DemoAlliance),
}

#[derive(Debug, Args)]
pub(crate) struct DemoAlliance {
    /// Where chains, configurations and logs are kept: a folder that does not exist or is empty. Default: one that is removed at the end.
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
}
