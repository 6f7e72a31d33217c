//! Sources of data and what they submit.

use std::{path::PathBuf, str::FromStr};

use alloy_primitives::{Address, B256};
use chancery_data::Reader;
use clap::{Args, Subcommand, ValueEnum};

/// How a source signs.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum SourceKeyAlgorithm {
    /// Ed25519.
    Eddsa,
    /// P-256.
    Es256,
    /// secp256k1.
    Es256k,
}

/// What a source is.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum SourceSort {
    /// A person.
    Person,
    /// An organization as such.
    Organization,
    /// A device.
    Device,
    /// An application.
    Application,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SourceCommand {
    /// Make a key of a source, in a file (readable by you alone) or in a PKCS#11 token (see `chancery key new --help`), and print the name of the source that it becomes.
    Key {
        /// The file, which must not exist; or the name that the key in the token shall have.
        #[arg(value_name = "FILE|pkcs11:...")]
        file: PathBuf,
        /// How it signs.
        #[arg(long, value_enum, default_value = "eddsa")]
        algorithm: SourceKeyAlgorithm,
    },
    /// Register a source (operator).
    Register {
        /// Its key.
        #[arg(long, value_name = "FILE|pkcs11:...")]
        source_key: PathBuf,
        /// What it is.
        #[arg(long, value_enum, default_value = "device")]
        kind: SourceSort,
        /// Whose it is: the code of an organization.
        #[arg(long)]
        organization: String,
        /// What people call it.
        #[arg(long)]
        name: String,
        /// Say what would change, and change nothing.
        #[arg(long)]
        check: bool,
    },
    /// Replace the key of a source. With the old key nobody else is needed; without it the operator asks.
    Rotate {
        /// The source.
        source: Address,
        /// The key that takes over.
        #[arg(long, value_name = "FILE|pkcs11:...")]
        new_key: PathBuf,
        /// The present key.
        #[arg(long, value_name = "FILE|pkcs11:...")]
        source_key: Option<PathBuf>,
    },
    /// Accept nothing more from a source (operator). What it has submitted stays provable.
    Withdraw {
        /// The source.
        source: Address,
        /// Why.
        #[arg(long, default_value = "unspecified")]
        reason: String,
        /// Say what would change, and change nothing.
        #[arg(long)]
        check: bool,
    },
    /// Take the withdrawal of a source back (operator): the key that it had then submits again.
    Restore {
        /// The source.
        source: Address,
        /// Why.
        #[arg(long, default_value = "unspecified")]
        reason: String,
        /// Say what would change, and change nothing.
        #[arg(long)]
        check: bool,
    },
    /// Show a source with the history of its keys (operator, supervisor).
    Show {
        /// The source.
        source: Address,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Submit {
    /// One operation a line, or with --content one content a line. `-` is standard input.
    pub(crate) file: PathBuf,
    /// The source's key.
    #[arg(long, value_name = "FILE|pkcs11:...")]
    pub(crate) source_key: PathBuf,
    /// The source, if its key has been replaced since it was registered.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) source: Option<Address>,
    /// Name of the data format.
    #[arg(long)]
    pub(crate) format: String,
    /// Its version in force.
    #[arg(long, default_value_t = 1)]
    pub(crate) format_version: u32,
    /// Access class: public, internal or restricted.
    #[arg(long, default_value = "internal")]
    pub(crate) access: String,
    /// How long it is kept.
    #[arg(long, default_value_t = 365)]
    pub(crate) retention_days: u32,
    /// Lawful basis (GDPR 6(1)): consent, contract, legal-obligation, vital-interests, public-task, legitimate-interests, not-personal.
    #[arg(long, default_value = "not-personal")]
    pub(crate) basis: String,
    /// Who may read it, of --access restricted: an address, or organization:CODE; repeat it.
    #[arg(long = "reader", value_name = "ADDRESS|organization:CODE")]
    pub(crate) readers: Vec<Reader>,
    /// Of a sealed format: seal each content to this reader, here, after it was checked against the format. The reader's X25519 key (0x and 64 hexadecimal digits), or its
    /// address, whose published key the main chain proves (with --genesis); repeat it.
    #[arg(long, value_name = "KEY|ADDRESS")]
    pub(crate) seal_to: Vec<SealTo>,
    /// The genesis file of the main chain: all that is trusted of the keys of --seal-to ADDRESS.
    #[arg(long, value_name = "FILE", env = "CHANCERY_GENESIS")]
    pub(crate) genesis: Option<PathBuf>,
    /// JSON-RPC endpoint of a node of the main chain; what it says is verified. Default: the one that the gateway names.
    #[arg(long, value_name = "URL", env = "CHANCERY_RPC")]
    pub(crate) rpc: Option<String>,
    /// Lines are contents: each becomes an operation of this moment, about nothing in particular.
    #[arg(long)]
    pub(crate) content: bool,
    /// Operations under one signature, 1 to 1000.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) batch: u16,
    /// Check each receipt by this public key of the city's journal (JWK), as its operator handed it out: `receipts.jwk` in the city's data folder.
    #[arg(long, value_name = "FILE")]
    pub(crate) receipt_key: Option<PathBuf>,
    /// Wait until all are final, and write the proof of each submission's first operation here, as PLACE.json.
    #[arg(long, value_name = "DIR")]
    pub(crate) proofs: Option<PathBuf>,
}

/// To whom a content is sealed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SealTo {
    /// To this key.
    Key(B256),
    /// To the key that this address has published.
    Address(Address),
}

impl FromStr for SealTo {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix("0x").unwrap_or_default();
        let read = match digits.len() {
            64 => digits.parse().ok().map(Self::Key),
            40 => digits.parse().ok().map(Self::Address),
            _ => None,
        };
        read.ok_or("write 0x and the 64 hexadecimal digits of a key, or the 40 of an address")
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum DataCommand {
    /// Open the sealed content of an operation with your key, and check it against its format.
    Open {
        /// The operation, as `chancery search` names it.
        #[arg(value_name = "PLACE.INDEX")]
        at: String,
        /// Where the content is written, readable by you alone; must not exist. Default: it is printed.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Open it although nothing shows that the source has sealed it: the gateway, or anybody else who knows your public key, may have.
        #[arg(long)]
        unproven: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Trace {
    /// Code of the organization that owns it.
    #[arg(long)]
    pub(crate) organization: String,
    /// Its format.
    #[arg(long)]
    pub(crate) format: String,
    /// Its subject.
    pub(crate) subject: String,
    /// Only versions before this one, as the trace before it says at its end.
    #[arg(long, value_name = "PLACE.INDEX")]
    pub(crate) before: Option<String>,
    /// Print the graph in Mermaid's notation.
    #[arg(long)]
    pub(crate) mermaid: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Audit {
    /// From this place of the journal on. What is kept beside it is looked at from the beginning.
    #[arg(long, default_value_t = 0)]
    pub(crate) from: u64,
    /// Only show how the audit goes that runs by itself, and which alerts are open (operator, supervisor).
    #[arg(long, conflicts_with = "from")]
    pub(crate) status: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AlertCommand {
    /// Say who is told of alerts (operator).
    #[command(subcommand)]
    Receivers(ReceiversCommand),
    /// Send a message that says that it is a test, and show what became of it (operator).
    Test {
        /// The receiver's name.
        receiver: String,
        /// A word for whoever reads it.
        #[arg(long)]
        note: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ReceiversCommand {
    /// Post each alert to a URL: JSON, signed as Standard Webhooks says. Prints the secret of the signatures, this once.
    Add {
        /// Where: https, or http on the gateway's machine.
        #[arg(id = "receiver_url", value_name = "URL")]
        url: String,
        /// It may be in a private network or on the gateway's machine.
        #[arg(long)]
        allow_private: bool,
        /// Only say whether it could be added.
        #[arg(long)]
        check: bool,
    },
    /// Show who is told, and how that goes.
    List,
    /// Tell a receiver nothing more.
    Remove {
        /// Its name.
        receiver: String,
        /// Only say which one would go.
        #[arg(long)]
        check: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct RepairJournal {
    /// The city's data directory.
    #[arg(long, value_name = "DIR", default_value = "chancery-data", env = "CHANCERY_DATA_DIR")]
    pub(crate) data_dir: PathBuf,
    /// Drop what was said. What is cut off is kept beside it.
    #[arg(long)]
    pub(crate) apply: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ServiceCommand {
    /// Show what is offered.
    List,
    /// Offer a service again that was withdrawn (operator).
    Offer {
        /// Its name.
        service: String,
        /// Only say what would change.
        #[arg(long)]
        check: bool,
    },
    /// Withdraw a service: nobody is answered by it until it is offered again (operator).
    Withdraw {
        /// Its name.
        service: String,
        /// Only say what would change.
        #[arg(long)]
        check: bool,
    },
    /// Say who may ask for a service, within what it allows by itself.
    #[command(subcommand)]
    Access(AccessCommand),
}

#[derive(Debug, Subcommand)]
pub(crate) enum AccessCommand {
    /// Show who may ask, and the versions of the access rule (operator, supervisor).
    Show {
        /// The service.
        service: String,
    },
    /// Make the next version of the access rule, in the place of the one in force as a whole (operator). Without entries: the service itself says who may ask.
    Set {
        /// The service.
        service: String,
        /// Who may: anybody, role:NAME, organization:CODE; repeat it.
        #[arg(long, value_name = "SUBJECT")]
        allow: Vec<String>,
        /// Who may not; repeat it.
        #[arg(long, value_name = "SUBJECT")]
        deny: Vec<String>,
        /// Only say who would gain and who would lose.
        #[arg(long)]
        check: bool,
    },
    /// Make an earlier version the next one (operator).
    Restore {
        /// The service.
        service: String,
        /// The earlier version.
        #[arg(value_name = "VERSION")]
        number: u32,
        /// Only say who would gain and who would lose.
        #[arg(long)]
        check: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum QuotaCommand {
    /// Show what is set, its newest changes, and what is used today (operator, supervisor).
    Show,
    /// Say how much is accepted (operator). What is not named is not bounded; the setting takes the place of the one before as a whole.
    Set {
        /// `organizations` or `sources` (of each without a quota of its own), `organization:CODE`, `source:0x...`.
        subject: String,
        /// Most operations in a day (UTC).
        #[arg(long)]
        operations_per_day: Option<u64>,
        /// Most bytes of operations in a day (UTC).
        #[arg(long)]
        bytes_per_day: Option<u64>,
        /// The rate: most operations in a minute.
        #[arg(long)]
        operations_per_minute: Option<u64>,
        /// Only say what would change, and who would be over.
        #[arg(long)]
        check: bool,
    },
    /// Take a setting away: the default counts again (operator).
    Remove {
        /// As it was set.
        subject: String,
        /// Only say what would change.
        #[arg(long)]
        check: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum FormatCommand {
    /// Configure a format, or its next version.
    Configure {
        /// Its name: 1 to 32 characters of a-z 0-9 / -.
        name: String,
        /// JSON: version, chain, title, source, sealed, schema (JSON Schema 2020-12, with metadata rules in x-metadata).
        file: PathBuf,
        /// Only say what would change.
        #[arg(long)]
        check: bool,
    },
}
