//! One person over several identity databases.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Traces, share::TlsFiles};

#[derive(Debug, Subcommand)]
pub(crate) enum PersonsCommand {
    /// Serve offices of a network: evaluate what they have blinded, keep the register of tags, or both, until told to stop.
    ///
    /// A declaration, for example:
    ///
    ///   listen = "127.0.0.1:9480"
    ///   url = "https://persons.example"
    ///   database = "sqlite:persons.sqlite"
    ///   key_file = "evaluator.key"          # it evaluates
    ///   register_of = ["0x02...", "0x03..."]  # it keeps the register: public keys of all evaluators
    ///   daily_evaluations = 1000
    ///
    ///   [[office]]
    ///   name = "Harbour"
    ///   address = "0x..."
    #[command(verbatim_doc_comment)]
    Serve(ServePersons),
    /// Show the public key of an evaluator, for the declarations of offices and of the register. Its secret is made the first time.
    Key {
        /// The file of the secret, which only its owner may read.
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ServePersons {
    /// The declaration (TOML).
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) tls: TlsFiles,
    #[command(flatten)]
    pub(crate) traces: Traces,
    /// Stop when standard input ends: for a program that starts a service and must not leave it behind.
    #[arg(long)]
    pub(crate) until_stdin_ends: bool,
}
