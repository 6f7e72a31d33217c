//! A directory on a server of FTP, FTPS or SFTP: its files are fetched into a spool on this machine, whole and each once (S-COL, SHARE-13, SHARE-14).
//!
//! ```text
//! connect -> list (names checked, pattern, bounds) -> what is new -> fetch (resumed, compared, hashed) -> ledger
//!                                                         ^                  |
//!                                                         +---- changed -----+
//! ```
//!
//! Place: below the extracts, which read what lies in the spool as files. The server is not believed: what it says of names, lengths and addresses is checked
//! before it is used. A file is known by its name, its size and the time of its last change, and by its SHA-256 once it is here.
//!
//! Must not: use a name of the server as a path of this machine, log a password, send one where others can read it, connect where the server says.

mod connection;
mod error;
mod fetch;
mod ftp;
mod ledger;
mod name;
mod partial;
mod patience;
mod sftp;
mod spool;

use std::{path::PathBuf, time::Duration};

use zeroize::Zeroizing;

// For `testing/decoders` alone: what a server says is read through a connection by everybody else.
pub use self::{error::RemoteError, name::Pattern};
pub(crate) use self::{
    error::said,
    fetch::update,
    spool::{Kept, Spool},
};
#[doc(hidden)]
pub use self::{
    ftp::{read_listing, read_reply},
    sftp::read_answer,
};

/// Most files that a directory may hold of those that match.
pub const MAX_FILES: usize = 10_000;
/// Most entries of a directory that are looked at.
pub const MAX_ENTRIES: usize = 100_000;
/// Longest listing.
pub const MAX_LISTING_BYTES: usize = 16 * 1024 * 1024;
/// How long the server may take for a reply, or for [`BLOCK_BYTES`] of a file.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// What is read of a file at a time.
pub const BLOCK_BYTES: usize = 64 * 1024;
/// Largest file when nothing is said.
pub const DEFAULT_MAX_FILE_BYTES: u64 = 1_000_000_000;
/// Largest spool when nothing is said.
pub const DEFAULT_MAX_SPOOL_BYTES: u64 = 4_000_000_000;
/// Most bytes that come in one run, in sizes of the spool: what changes while it is fetched, or was only touched, comes without filling that.
pub const MAX_RUN_SPOOLS: u64 = 4;
/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Where the files are, and how much of them is taken.
#[derive(Clone, Debug)]
pub struct RemoteConfig {
    /// The server's name or address.
    pub host: String,
    /// Its port; none: that of the protocol.
    pub port: Option<u16>,
    /// How it is spoken to, and what shows that it is the right one.
    pub access: Access,
    /// The directory there.
    pub directory: String,
    /// Which files of it.
    pub pattern: Pattern,
    /// Folder on this machine for what was fetched. It belongs to one data set.
    pub spool: PathBuf,
    /// Most bytes of files that wait there.
    pub max_spool_bytes: u64,
    /// Largest file.
    pub max_file_bytes: u64,
    /// How long the server may take; [`PATIENCE`] unless there is a reason.
    pub patience: Duration,
    /// How long all of it together may take.
    pub deadlines: Deadlines,
}

/// How long what has many steps may take, though each of them is in time ([`PATIENCE`]). What ends so goes on in the next run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// Connecting and listing.
    pub listing: Duration,
    /// A file: its bytes at this pace, and the slack.
    pub min_bytes_per_s: u64,
    /// For what a file needs beside its bytes.
    pub file_slack: Duration,
    /// All that is listed and fetched in a run.
    pub run: Duration,
}

impl Default for Deadlines {
    /// 10 minutes for a listing, 64 KiB/s and 2 minutes for a file, 6 hours for a run.
    fn default() -> Self {
        Self {
            listing: Duration::from_secs(10 * 60),
            min_bytes_per_s: 64 * 1024,
            file_slack: Duration::from_secs(2 * 60),
            run: Duration::from_secs(6 * 60 * 60),
        }
    }
}

/// A protocol, with what both sides show one another.
#[derive(Clone, Debug)]
pub enum Access {
    /// RFC 959 without encryption: on this machine alone.
    Ftp(FtpLogin),
    /// RFC 4217: TLS on the control connection and on every data connection.
    Ftps {
        /// Who comes.
        login: FtpLogin,
        /// File of certificates (PEM) that vouch for the server; none: those of the system.
        ca_file: Option<PathBuf>,
        /// TLS from the first byte (commonly port 990), instead of `AUTH TLS`.
        implicit: bool,
    },
    /// SFTP version 3 over the `ssh` of the system.
    Sftp {
        /// Who comes.
        user: String,
        /// Private key (OpenSSH), readable by its owner alone, without a passphrase.
        key_file: PathBuf,
        /// The server's key.
        host_key: HostKey,
    },
}

/// A user of FTP.
#[derive(Clone, Debug)]
pub struct FtpLogin {
    /// `anonymous` needs no password.
    pub user: String,
    /// Never logged.
    pub password: Option<Password>,
}

/// A password, which shows itself to nobody.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes it.
    #[must_use]
    pub fn new(text: Zeroizing<String>) -> Self {
        Self(text)
    }

    fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Password(..)")
    }
}

/// By what a server of SFTP is recognized.
#[derive(Clone, Debug)]
pub enum HostKey {
    /// A file of host keys (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT").
    KnownHosts(PathBuf),
    /// `SHA256:` and 43 characters of Base64, as `ssh-keygen -l` prints it: of the key that the server shows first.
    Fingerprint(String),
}
