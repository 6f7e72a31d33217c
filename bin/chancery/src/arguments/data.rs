//! Sources of data and what they submit.

use std::path::PathBuf;

use alloy_primitives::Address;
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
    /// Lines are contents: each becomes an operation of this moment, about nothing in particular.
    #[arg(long)]
    pub(crate) content: bool,
    /// Operations under one signature, 1 to 1000.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) batch: u16,
    /// Wait until all are final, and write the proof of each submission's first operation here, as PLACE.json.
    #[arg(long, value_name = "DIR")]
    pub(crate) proofs: Option<PathBuf>,
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
    /// Print the graph in Mermaid's notation.
    #[arg(long)]
    pub(crate) mermaid: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Audit {
    /// From this place on.
    #[arg(long, default_value_t = 0)]
    pub(crate) from: u64,
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
