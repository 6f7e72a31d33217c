//! Files that are exchanged under a request.

use std::{net::SocketAddr, path::PathBuf};

use alloy_primitives::B256;
use clap::{Args, Subcommand};
use url::Url;

use crate::arguments::Traces;

#[derive(Debug, Subcommand)]
pub(crate) enum FileCommand {
    /// Seal a file for one request, and say the digest that it writes as the value of an entry.
    Seal(SealFile),
    /// Say for which request a sealed file is from now on: one that was sealed before this could be said, or for a request that was given up.
    Assign(AssignFile),
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
    #[command(flatten)]
    pub(crate) request: ForRequest,
}

/// The request that a file is handed out for: whoever gets its digest committed by another one is not handed it.
#[derive(Debug, Args)]
pub(crate) struct ForRequest {
    /// The idempotency_key of that request's file: a text, or 0x and 64 digits.
    #[arg(long, value_name = "KEY")]
    pub(crate) request: String,
    /// The member whose node asks for it.
    #[arg(long, value_name = "NAME")]
    pub(crate) requester: String,
    /// That node: keys count for each by itself. Absent: any node of the member.
    #[arg(long, value_name = "NAME")]
    pub(crate) node: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct AssignFile {
    /// The digest that `seal` has said.
    #[arg(value_name = "DIGEST")]
    pub(crate) digest: B256,
    /// The folder of sealed files and their keys.
    #[arg(long, value_name = "DIR")]
    pub(crate) shelf: PathBuf,
    #[command(flatten)]
    pub(crate) request: ForRequest,
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
