//! What can be asked on the command line.

use std::path::PathBuf;

use alloy_primitives::{Address, B256};
use clap::{Args, Parser, Subcommand};

mod alliance;
mod certificate;
mod change;
mod contract;
mod data;
mod entity;
mod founding;
mod key;
mod message;
mod network;
mod office;
mod persons;
mod query;
mod report;
mod share;
mod shown;
mod storage;
mod up;

pub(crate) use alliance::{
    Admit, AllianceCommand, ApplyEntries, AsMember, AssignFile, Authority, CityNodeContract, DatabaseCommand,
    DefineRules, EntryCommand, FetchFile, FileCommand, ForRequest, FoundAlliance, IssueCertificate, IssueIdentity,
    IssueTransaction, Join, ListRequirements, MatchRequirements, MemberOfAlliance, MemberOfCity, NodeScope,
    OpenRegistry, Propose, RemoveMember, RequestCommand, RequestProofFile, RequestQuestion, RequestStatus, Require,
    RequirementsCommand, RestoreRow, RevokeSerial, RuleCommand, RunEndorser, RunRelay, SealFile, ServeFiles, SetEntry,
    ShowAlliance, ShowEntry, WhichAlliance, WhichDatabase, WhichEntry, WhichRegistry, WithdrawRequirement,
    WithdrawRule,
};
pub(crate) use certificate::{
    CertificateCommand, CityTrust, Content, Inspect, MaxAge, Query, Reason, RenewedContent, Verify,
};
pub(crate) use change::ChangeCommand;
pub(crate) use contract::{ContractCommand, ProposeContract, ReviewContract, WhichRelease};
pub(crate) use data::{
    AccessCommand, AlertCommand, Audit, DataCommand, FormatCommand, QuotaCommand, ReceiversCommand, RepairJournal,
    SealTo, ServiceCommand, SourceCommand, SourceKeyAlgorithm, SourceSort, Submit, Trace,
};
pub(crate) use entity::{Entities, EntityName, RunEntity};
pub(crate) use founding::{MakeFounding, MakeGenesis};
pub(crate) use key::KeyCommand;
pub(crate) use message::{AcknowledgeMessage, MessageCommand, ReadMessage, SendMessage};
pub(crate) use network::{
    Chaos, Doctor, Evidence, EvidenceCommand, InitNetwork, ListMode, ListName, MakeNodeKey, MakeToken, NetworkCommand,
    OwnProposal, ProposeAddition, ProposeForbid, ProposeMode, ProposePermit, ProposeRemoval, ProposeVoter, ShowAnchor,
    ShowPermissions, ShowValidators, TokenGroup, VerifyEvidence, VoteFor, VoteOn, VoteTrust,
};
pub(crate) use office::{OrganizationCommand, UserCommand};
pub(crate) use persons::{PersonsCommand, ServePersons};
pub(crate) use query::{Aggregate, Search, Span, SubscriptionCommand, Which};
pub(crate) use report::{FeeCommand, Report};
pub(crate) use share::{
    AskAccess, EndAccess, FetchShared, FindShared, FollowLink, KeysFound, OwnerFile, ReadText, RightCommand,
    ServeShared, ShareCommand, ShowReaders, TlsFiles, TraceShared, TransferCommand, TrustedMain,
};
pub(crate) use shown::{ConditionCommand, ConsentCommand};
pub(crate) use storage::{Backup, ExportSnapshot, ImportSnapshot, Prune, Restore, SnapshotCommand, VerifySnapshot};
pub(crate) use up::{AuditRate, RunGateway, RunNode, Services, Traces, Up};

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
    /// Print one JSON document instead of text; what runs on says in one line of JSON that it is ready.
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
    /// Run the gateway, the web and the entities of a city whose chains other processes run, on this machine or elsewhere (`chancery node`).
    Gateway(RunGateway),
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
    /// Count and add up the data of registered sources: sums, bounds and means of members, by members and times, over one or several formats.
    Aggregate(Aggregate),
    /// Keep a query over the data of registered sources, and read what matches it as it comes.
    #[command(subcommand)]
    Subscription(SubscriptionCommand),
    /// Open sealed data of registered sources.
    #[command(subcommand)]
    Data(DataCommand),
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
    /// Compute hashes, signatures and data blocks of everything that is stored anew (the journal, single operations of each chain, messages), compare them with the chains, and measure times (supervisor).
    Audit(Audit),
    /// Say who is told when something is not as it should be, by signed messages over HTTP.
    #[command(subcommand)]
    Alert(AlertCommand),
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
    /// Print a completion script for a shell: the script itself, also with --json.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
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
    /// certificate, a killed relay. It starts its own chains, and says how the web shows them live; on a terminal they run on until you press Enter.
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
