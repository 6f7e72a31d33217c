//! What can be asked on the command line.

use std::path::{Path, PathBuf};

use alloy_primitives::{Address, B256};
use clap::{Args, Parser, Subcommand};

mod alliance;
mod certificate;
mod change;
mod contract;
mod data;
mod entity;
mod key;
mod message;
mod network;
mod persons;
mod report;
mod share;
mod shown;
mod storage;

pub(crate) use alliance::{
    Admit, AllianceCommand, ApplyEntries, AsMember, AssignFile, Authority, CityNodeContract, DatabaseCommand,
    FetchFile, FileCommand, ForRequest, FoundAlliance, IssueCertificate, IssueIdentity, IssueTransaction, Join,
    MemberOfAlliance, MemberOfCity, NodeScope, OpenRegistry, Propose, RemoveMember, RequestCommand, RequestProofFile,
    RequestQuestion, RequestStatus, Require, RestoreRow, RevokeSerial, RunEndorser, RunRelay, SealFile, ServeFiles,
    ShowAlliance, WhichAlliance, WhichDatabase,
};
pub(crate) use certificate::{CertificateCommand, Content, Inspect, MaxAge, Query, Reason, RenewedContent, Verify};
pub(crate) use change::ChangeCommand;
pub(crate) use contract::{ContractCommand, ProposeContract, ReviewContract, WhichRelease};
pub(crate) use data::{
    AccessCommand, Audit, FormatCommand, QuotaCommand, RepairJournal, Search, ServiceCommand, SourceCommand,
    SourceKeyAlgorithm, SourceSort, Submit, Trace,
};
pub(crate) use entity::{Entities, EntityName, RunEntity};
pub(crate) use key::KeyCommand;
pub(crate) use message::{AcknowledgeMessage, MessageCommand, ReadMessage, SendMessage};
pub(crate) use network::{
    Chaos, Doctor, Evidence, EvidenceCommand, InitNetwork, ListMode, ListName, MakeGenesis, MakeNodeKey,
    NetworkCommand, OwnProposal, ProposeAddition, ProposeForbid, ProposeMode, ProposePermit, ProposeRemoval,
    ProposeVoter, ShowAnchor, ShowPermissions, ShowValidators, VerifyEvidence, VoteFor, VoteOn, VoteTrust,
};
pub(crate) use persons::{PersonsCommand, ServePersons};
pub(crate) use report::{FeeCommand, Report};
pub(crate) use share::{
    AskAccess, EndAccess, FetchShared, FindShared, FollowLink, OwnerFile, ReadText, RightCommand, ServeShared,
    ShareCommand, ShowReaders, TlsFiles, TransferCommand, TrustedMain,
};
pub(crate) use shown::{ConditionCommand, ConsentCommand};
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
    /// Authorities (PEM, one or more) whose certificates are trusted over https, of the gateway and of services that share data. Default: those of the system.
    #[arg(long, global = true, value_name = "FILE", env = "CHANCERY_CA_FILE", help_heading = "Connection")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Key of the person or office that asks (made by `chancery key new`): a file, or a key in a PKCS#11 token, as pkcs11:token=LABEL;object=NAME?module-path=FILE&pin-source=file:PATH.
    #[arg(
        long,
        global = true,
        value_name = "FILE|pkcs11:...",
        env = "CHANCERY_KEY",
        conflicts_with = "dev_key",
        help_heading = "Connection"
    )]
    pub(crate) key: Option<PathBuf>,
    /// Public development key number N instead of a key file (0 operator, 1-5 sample offices, 6 registrar, 7 inspector, 8 supervisor, 9 second operator). Development cities only.
    #[arg(long, global = true, value_name = "N", help_heading = "Connection")]
    pub(crate) dev_key: Option<u32>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start a city: main chain, side chains, gateway and web on embedded storage, in one process unless `--entities separate` is given.
    Up(Up),
    /// Run one of the five entities of a city in a process of its own; `chancery up --entities separate` starts all five.
    Entity(RunEntity),
    /// Run one node of a chain that several organizations run: a validator or a follower.
    Node(RunNode),
    /// Carry headers and proofs between chains, and requests of an alliance to their ends. Holds no key that counts; anybody may run one.
    Relay(RunRelay),
    /// Endorse a member's parts of an alliance's requests: execute, compare, sign.
    Endorser(RunEndorser),
    /// What a member of an alliance does, with its own key: declare, propose, join, vote, leave; certificates of its nodes; requests.
    #[command(subcommand)]
    Alliance(AllianceCommand),
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
    /// Agree that a chain shows which kinds of certificates you have, without their content; take that back; see what is shown of somebody.
    #[command(subcommand)]
    Consent(ConsentCommand),
    /// See which certificates of other chains a kind asks for, and set it (operator).
    #[command(subcommand)]
    Condition(ConditionCommand),
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
    /// Bound what is accepted of sources and organizations in a day and in a minute, and see what is used.
    #[command(subcommand)]
    Quota(QuotaCommand),
    /// See what data users may ask for; offer and withdraw it (operator).
    #[command(subcommand)]
    Service(ServiceCommand),
    /// See and set what inspections cost (operator), and what is owed for them.
    #[command(subcommand)]
    Fee(FeeCommand),
    /// See what the city did in a period, in numbers (operator, supervisor).
    Report(Report),
    /// Change the configuration by two operators: what was proposed; propose, approve, reject, withdraw.
    #[command(subcommand)]
    Change(ChangeCommand),
    /// Release contracts on a chain, by two operators: propose, review, deploy, release, withdraw; see how far they are.
    #[command(subcommand)]
    Contract(ContractCommand),
    /// Submit data of a registered source: operations from a file or standard input, one JSON object a line.
    Submit(Submit),
    /// Search the data of registered sources.
    Search(Search),
    /// Share tables of a business database with other public bodies, sealed and by contract; find, ask for and fetch what others share.
    #[command(subcommand)]
    Share(ShareCommand),
    /// One person over several identity databases: serve a network's offices as evaluator or register.
    #[command(subcommand)]
    Persons(PersonsCommand),
    /// Write to other organizations, sealed, and receive from them; with receipts on the chain.
    #[command(subcommand)]
    Message(MessageCommand),
    /// Show every version, source and reader of an asset, as a list and as a graph.
    Trace(Trace),
    /// Compute hashes, signatures and data blocks of everything submitted anew, and measure its times (supervisor).
    Audit(Audit),
    /// Say what is damaged in the journal of submitted data of a city that stands still, and on request drop it.
    RepairJournal(RepairJournal),
    /// Verify a certificate file, or the proof of submitted data, of a message or of an alliance's request, without any network, knowing the genesis of its chains (of a request also which contract its alliance is).
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
    /// Speak TLS alone there (at 127.0.0.1:8883 by default): its certificate chain, PEM. Replaced files are taken within seconds.
    #[arg(long, value_name = "FILE", requires = "mqtt_tls_key")]
    pub(crate) mqtt_tls_certificate: Option<PathBuf>,
    /// The private key of that certificate, PEM, of mode 0600.
    #[arg(long, value_name = "FILE", requires = "mqtt_tls_certificate")]
    pub(crate) mqtt_tls_key: Option<PathBuf>,
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
    /// Kinds of changes that need two operators, when the city is new: organizations, keys, formats, services, access, quotas; separated by commas. It stands in the
    /// genesis of the main chain, and a city that exists keeps what it has. Default: none, one operator is enough.
    #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = change::kind)]
    pub(crate) two_operators: Vec<chancery_primitives::ChangeKind>,
    /// Identity database: `postgres://...`, or `sqlite:FILE`. Default: SQLite in the data directory.
    #[arg(long, value_name = "URL", env = "CHANCERY_DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
    /// The network of identity databases that this city's is one of (`docs/specs/persons.md`): a person is registered at one of its offices only.
    #[arg(long, value_name = "FILE")]
    pub(crate) persons: Option<PathBuf>,
    /// Whether the five entities run in this process, or each in one of its own that is started again when it ends.
    #[arg(long, value_enum, default_value_t, env = "CHANCERY_ENTITIES")]
    pub(crate) entities: Entities,
    /// An alliance whose requests are shown at /alliance: the file that `chancery relay` takes. It is read alone: nothing is carried, and no key is needed.
    #[arg(long, value_name = "FILE")]
    pub(crate) alliance: Option<PathBuf>,
    /// Certificate of the gateway (PEM, its authorities' after it): REST, web and gRPC over TLS 1.3. Replaced files are taken within seconds.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_certificate: Option<PathBuf>,
    /// Private key of that certificate (PEM), readable by its owner alone.
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Stop when standard input ends: for a program that starts a city and must not leave it behind.
    #[arg(long)]
    pub(crate) until_stdin_ends: bool,
    #[command(flatten)]
    pub(crate) traces: Traces,
    /// URL under which people reach the gateway, if it stands behind a proxy. It is what they sign in to.
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<String>,
}

impl Up {
    /// Certificate and key of the own MQTT listener, if it speaks TLS. One is not taken without the other.
    pub(crate) fn mqtt_tls(&self) -> Option<(&Path, &Path)> {
        self.mqtt_tls_certificate.as_deref().zip(self.mqtt_tls_key.as_deref())
    }
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::{Command, CommandFactory as _};

    use super::Arguments;

    /// clap reads an argument by its name: one that is named as a global one would be read as that.
    #[test]
    fn no_command_names_an_argument_as_a_global_one_is_named() {
        fn look(command: &Command, globals: &BTreeSet<String>, found: &mut Vec<String>) {
            for own in command.get_arguments().filter(|argument| !argument.is_global_set()) {
                if globals.contains(own.get_id().as_str()) {
                    found.push(format!("{}: {}", command.get_name(), own.get_id()));
                }
            }
            command.get_subcommands().for_each(|inner| look(inner, globals, found));
        }
        let command = Arguments::command();
        let globals: BTreeSet<String> = command
            .get_arguments()
            .filter(|argument| argument.is_global_set())
            .map(|argument| argument.get_id().to_string())
            .collect();
        assert!(globals.contains("key"));
        let mut found = Vec::new();
        look(&command, &globals, &mut found);
        assert!(found.is_empty(), "{found:?}");
        command.debug_assert();
    }
}
