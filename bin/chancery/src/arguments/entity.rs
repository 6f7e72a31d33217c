//! Running the five entities as one process or as five.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{AuditRate, Traces};

/// How the five entities run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Entities {
    /// In this process.
    #[default]
    Together,
    /// Each in a process of its own, which is started again when it ends.
    Separate,
}

/// One of the five functional entities of D3.7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum EntityName {
    /// Takes data from sources, keeps the journal, gathers data blocks.
    Representation,
    /// Answers data users.
    Provisioning,
    /// Reaches the chains.
    Processing,
    /// Configures the others for operators.
    Controlling,
    /// Shows supervisors what happened.
    Monitoring,
}

impl EntityName {
    /// All five, those that others use first.
    pub(crate) const ALL: [Self; 5] =
        [Self::Processing, Self::Representation, Self::Provisioning, Self::Controlling, Self::Monitoring];

    /// The name in commands, of its socket and of its lock.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Representation => "representation",
            Self::Provisioning => "provisioning",
            Self::Processing => "processing",
            Self::Controlling => "controlling",
            Self::Monitoring => "monitoring",
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct RunEntity {
    /// Which of the five.
    #[arg(value_enum)]
    pub(crate) entity: EntityName,
    /// The data directory of the city, which runs already (`chancery up` or `chancery gateway`, with `--entities separate`).
    #[arg(long, value_name = "DIR", default_value = "chancery-data", env = "CHANCERY_DATA_DIR")]
    pub(crate) data_dir: PathBuf,
    /// Identity database: `postgres://...` (of another machine with `?sslmode=verify-full`), or `sqlite:FILE`. Default: SQLite in the data directory.
    #[arg(long, value_name = "URL", env = "CHANCERY_DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
    #[command(flatten)]
    pub(crate) audit: AuditRate,
    /// Stop when standard input ends: for a program that starts an entity and must not leave it behind.
    #[arg(long)]
    pub(crate) until_stdin_ends: bool,
    #[command(flatten)]
    pub(crate) traces: Traces,
}
