//! Sharing among public bodies.

use std::path::PathBuf;

use alloy_primitives::Address;
use clap::{Args, Subcommand, ValueEnum};

use super::Traces;

#[derive(Debug, Subcommand)]
pub(crate) enum ShareCommand {
    /// Make the chain agree with a declaration: deploy the asset's contract, set its rule, list its readers, enter it into the directory. May be repeated.
    Declare {
        #[command(flatten)]
        file: OwnerFile,
        /// Only say what would change.
        #[arg(long)]
        check: bool,
    },
    /// Copy what is new in the source into the store, sealed. Goes on where the last run ended.
    ///
    /// Sources: postgres, mysql (mariadb), sqlite, csv, ndjson, json, parquet, rest, log, and directories over ftp, ftps and sftp, for example:
    ///
    ///   [source]
    ///   kind = "sftp"
    ///   host = "files.example"
    ///   directory = "out"
    ///   files = "weather-*.csv"
    ///   format = "csv"
    ///   spool = "weather-files"
    ///   user = "weather"
    ///   key_file = "sftp.key"
    ///   host_key = "SHA256:..."
    ///
    /// Of csv and ndjson a last line without an end waits for it, unless `final = true` says that nothing more is written to the file.
    #[command(verbatim_doc_comment)]
    Extract(OwnerFile),
    /// Collect logs into the spool of a declaration whose source is of the kind `log`, until told to stop: files that grow, syslog, records over HTTP.
    Collect(ServeShared),
    /// Push what is new in the source on to the collector of the next department, as the section `[forward]` says. Goes on where the last run ended.
    Forward(OwnerFile),
    /// Publish what was extracted as versions of the asset.
    Publish(OwnerFile),
    /// Read everything in the store and compare it with what stands on the chain, or was recorded where it is not published yet.
    Verify(OwnerFile),
    /// Publish a small text as the next version: it stands on the chain itself, for everybody to read.
    PublishText {
        #[command(flatten)]
        file: OwnerFile,
        /// The text, UTF-8, at most 4096 bytes.
        text: PathBuf,
        /// What it is.
        #[arg(long = "type", value_name = "TYPE", default_value = "text/plain")]
        data_type: String,
    },
    /// Read a small text of a resource from the chain, with its proof.
    Text(ReadText),
    /// Publish a link as the next version: the URL stands on the chain with the SHA-256 and the length of what lies there now, for everybody to follow.
    PublishLink {
        #[command(flatten)]
        file: OwnerFile,
        /// Where the file lies: https, or http on this machine. It is fetched once, and nothing of it is kept.
        #[arg(value_name = "LINK")]
        link: String,
        /// What lies there.
        #[arg(long = "type", value_name = "TYPE", default_value = "application/octet-stream")]
        data_type: String,
    },
    /// Follow a link of a resource: what lies there is kept when it is what stands on the chain, proven.
    Follow(FollowLink),
    /// Show the rows that break the declaration, with the reasons.
    Rejects {
        #[command(flatten)]
        file: OwnerFile,
        /// Most rows that are shown of each run.
        #[arg(long, default_value_t = 20)]
        limit: usize,
    },
    /// Take rejects that were corrected: a file of rejects whose `fields` were edited.
    Replay {
        #[command(flatten)]
        file: OwnerFile,
        /// The corrected file.
        corrected: PathBuf,
    },
    /// Show who came to the owner's service for what, and who was refused, newest first, from the journal that it keeps.
    Fetches {
        #[command(flatten)]
        file: OwnerFile,
        /// Most that are shown.
        #[arg(long, default_value_t = 100)]
        limit: usize,
        /// First hand over to supervision what it does not have yet, as the service does by itself while it runs.
        #[arg(long)]
        hand_over: bool,
    },
    /// Show who has asked for access, and how far each request is.
    Requests(OwnerFile),
    /// Show who may read a resource, since when and by which grants, those that were removed too: all to its owner and to supervisors, and to everybody else itself.
    Readers(ShowReaders),
    /// Decide on a request that is pending.
    Decide {
        #[command(flatten)]
        file: OwnerFile,
        /// Its number.
        request: u64,
        /// Grant access.
        #[arg(long, required_unless_present = "refuse", conflicts_with = "refuse")]
        approve: bool,
        /// Refuse it.
        #[arg(long)]
        refuse: bool,
    },
    /// Remove a reader: its grants end, and what is published from then on is sealed under a new key.
    RemoveReader {
        #[command(flatten)]
        file: OwnerFile,
        /// The reader.
        reader: Address,
    },
    /// Give the asset to another owner, in two steps: its owner offers it, and the other accepts it.
    #[command(subcommand)]
    Transfer(TransferCommand),
    /// Give and withdraw rights of use: who may use the asset, for what, until when.
    #[command(subcommand)]
    Right(RightCommand),
    /// Trace a shared resource: its source, owners, rights of use, transfers and accesses, and who came for which key or file and who was refused, as far as you may see them.
    Trace(TraceShared),
    /// Serve readers: grant what the contract has approved, and hand out what is granted and final, until told to stop.
    Serve(ServeShared),
    /// Find what others share.
    Find(FindShared),
    /// Ask for access to a version of a resource. The request is a transaction of your key.
    Ask(AskAccess),
    /// Show how far a request is.
    Request {
        /// The resource.
        resource: String,
        /// The number of the request.
        request: u64,
    },
    /// End a request or its grant, as its reader or as the owner of the asset: nothing is handed out on it any more, and its reader may ask again.
    End(EndAccess),
    /// Fetch what was granted from its owner, verify it against the chain, and open it.
    Fetch(FetchShared),
}

#[derive(Debug, Subcommand)]
pub(crate) enum TransferCommand {
    /// Offer the asset to another owner. Nothing changes until it is accepted.
    Offer {
        #[command(flatten)]
        file: OwnerFile,
        /// The key of the next owner.
        to: Address,
    },
    /// Take an offer back that is not accepted yet.
    Recall(OwnerFile),
    /// Accept the asset that is offered to your key under the declared name, and put its entry under the declared organization. May be repeated.
    ///
    /// Data keys of what is published already are in the folder of state of the owner before: handed over and declared as `state`, it goes on; otherwise a new one
    /// begins behind those versions, and they are handed out by nobody any more.
    Accept {
        #[command(flatten)]
        file: OwnerFile,
        /// What becomes of data keys that lie in the folder of state from the change of hands on. Without it they are put aside, and that is refused when something is sealed under one.
        #[arg(long, value_enum)]
        keys: Option<KeysFound>,
    },
}

/// What becomes of data keys that were found.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum KeysFound {
    /// You have made them, with an earlier release: they stay.
    Keep,
    /// They came with the folder: they are put aside, and what is sealed under them is granted no more.
    SetAside,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RightCommand {
    /// Give a right of use: its holder may ask by it, listed or not, and no grant by it outlives it.
    Give {
        #[command(flatten)]
        file: OwnerFile,
        /// Who gets it.
        holder: Address,
        /// What the data may be used for. Its hash stands on the chain.
        #[arg(long)]
        purpose: String,
        /// Days from now after which it ends.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=36_500))]
        days: u32,
    },
    /// Take a right back: what its holder has open under it ends, and what is published from then on is sealed under a new key.
    Withdraw {
        #[command(flatten)]
        file: OwnerFile,
        /// Its number.
        right: u64,
    },
}

/// A declaration.
#[derive(Debug, Args)]
pub(crate) struct OwnerFile {
    /// The declaration of the data set (TOML): source, shared columns and rows, rules, store.
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ServeShared {
    #[command(flatten)]
    pub(crate) file: OwnerFile,
    #[command(flatten)]
    pub(crate) tls: TlsFiles,
    #[command(flatten)]
    pub(crate) traces: Traces,
    /// Stop when standard input ends: for a program that starts a service and must not leave it behind.
    #[arg(long)]
    pub(crate) until_stdin_ends: bool,
}

/// TLS of what listens for HTTP.
#[derive(Debug, Args)]
pub(crate) struct TlsFiles {
    /// Certificate of the listener (PEM, its authorities' after it): HTTP over TLS 1.3 alone. Without one it listens on loopback only. Replaced files are taken within seconds.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_certificate: Option<PathBuf>,
    /// Private key of that certificate (PEM), readable by its owner alone.
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub(crate) tls_key: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct FindShared {
    /// With all of these words in name, title, description or columns.
    pub(crate) text: Option<String>,
    /// Only of this organization.
    #[arg(long)]
    pub(crate) organization: Option<String>,
    /// Most rows, 1 to 100.
    #[arg(long)]
    pub(crate) limit: Option<usize>,
    /// Where the last page ended.
    #[arg(long)]
    pub(crate) cursor: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ShowReaders {
    /// The resource.
    pub(crate) resource: String,
    /// This one alone.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) reader: Option<Address>,
    /// Most readers, 1 to 100.
    #[arg(long)]
    pub(crate) limit: Option<usize>,
    /// Where the last page ended.
    #[arg(long)]
    pub(crate) cursor: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct TraceShared {
    /// The resource.
    pub(crate) resource: String,
    /// The graph in Mermaid's notation.
    #[arg(long)]
    pub(crate) mermaid: bool,
    /// Most events, 1 to 100, and as many fetches. Default: 2000 events, and 500 fetches.
    #[arg(long)]
    pub(crate) limit: Option<usize>,
    /// Where the last page ended.
    #[arg(long)]
    pub(crate) cursor: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct AskAccess {
    /// The resource.
    pub(crate) resource: String,
    /// What the data are wanted for. Its hash stands on the chain.
    #[arg(long, required_unless_present = "right")]
    pub(crate) purpose: Option<String>,
    /// Ask by this right of use, for its purpose: you need not be listed.
    #[arg(long, value_name = "N", conflicts_with = "purpose")]
    pub(crate) right: Option<u64>,
    /// Which version. Default: the newest.
    #[arg(long = "of-version", value_name = "N")]
    pub(crate) version: Option<u32>,
    #[command(flatten)]
    pub(crate) chain: TrustedMain,
}

#[derive(Debug, Args)]
pub(crate) struct EndAccess {
    /// The resource.
    pub(crate) resource: String,
    /// The number of the request.
    pub(crate) request: u64,
    /// The contract of the asset. Default: the one that the directory names, when it shows you the resource.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) asset: Option<Address>,
    #[command(flatten)]
    pub(crate) chain: TrustedMain,
}

#[derive(Debug, Args)]
pub(crate) struct ReadText {
    /// The resource.
    pub(crate) resource: String,
    /// Which version. Default: the newest.
    #[arg(long = "of-version", value_name = "N")]
    pub(crate) version: Option<u32>,
    /// The contract of the asset. Default: the one that the directory names.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) asset: Option<Address>,
    #[command(flatten)]
    pub(crate) chain: TrustedMain,
}

#[derive(Debug, Args)]
pub(crate) struct FollowLink {
    #[command(flatten)]
    pub(crate) what: ReadText,
    /// Where the file is written; must not exist.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct FetchShared {
    /// The resource.
    pub(crate) resource: String,
    /// The number of the request.
    pub(crate) request: u64,
    /// Where the opened Parquet file is written, readable by you alone; must not exist.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) chain: TrustedMain,
}

/// The main chain as the reader trusts it.
#[derive(Debug, Args)]
pub(crate) struct TrustedMain {
    /// The genesis file of the main chain: all that is trusted.
    #[arg(long, value_name = "FILE", env = "CHANCERY_GENESIS")]
    pub(crate) genesis: PathBuf,
    /// JSON-RPC endpoint of a node of the main chain; what it says is verified. Default: the one that the gateway names.
    #[arg(long, value_name = "URL", env = "CHANCERY_RPC")]
    pub(crate) rpc: Option<String>,
}
