//! Files that are exchanged under a request.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Subcommand};
use url::Url;

use crate::arguments::Traces;

#[derive(Debug, Subcommand)]
pub(crate) enum FileCommand {
    /// Seal a file, and say the digest that a request writes as the value of an entry.
    Seal(SealFile),
    /// Hand sealed files over to the nodes of a request's members, once that is committed and applied in final blocks; until told to stop.
    Serve(ServeFiles),
    /// Fetch the file of a committed entry, and keep it if it is the one that was committed.
    Fetch(FetchFile),
}

#[derive(Debug, Args)]
pub(crate) struct SealFile {
    /// The file.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The folder of sealed files and their keys, which `serve` hands out; its owner alone may enter it.
    #[arg(long, value_name = "DIR")]
    pub(crate) shelf: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ServeFiles {
    /// Who provides, as for requests (requester.toml); with its `[tls]` other machines are served.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// The folder that `seal` fills.
    #[arg(long, value_name = "DIR")]
    pub(crate) shelf: PathBuf,
    /// Where receivers ask.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8650")]
    pub(crate) listen: SocketAddr,
    #[command(flatten)]
    pub(crate) traces: Traces,
    /// Stop when standard input ends: for a program that starts it and must not leave it behind.
    #[arg(long)]
    pub(crate) until_stdin_ends: bool,
}

#[derive(Debug, Args)]
pub(crate) struct FetchFile {
    /// The request's number.
    pub(crate) number: u64,
    /// Who receives (requester.toml).
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Whose entry it is.
    #[arg(long, value_name = "NAME")]
    pub(crate) member: String,
    /// The entry's key: a text, or 0x and 64 digits.
    #[arg(long, value_name = "KEY")]
    pub(crate) entry: String,
    /// The provider's address, without a path.
    #[arg(long, value_name = "URL")]
    pub(crate) from: Url,
    /// Where the file is written, for its owner alone; nothing may stand there yet.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}
