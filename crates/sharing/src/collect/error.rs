use std::{net::SocketAddr, path::PathBuf};

/// Why nothing is collected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CollectError {
    /// A file of the spool, or the folder, cannot be used.
    #[error("the spool {path:?} cannot be used: {reason}")]
    Spool {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Another collector writes it.
    #[error("another collector writes the spool {0:?}: stop that one first")]
    Busy(PathBuf),
    /// As full as it may be.
    #[error("the spool {0:?} is full: make extracts of it, or give it more room")]
    Full(PathBuf),
    /// As many as are remembered.
    #[error("the spool {0:?} remembers the batches of as many senders as it may: begin with another spool")]
    TooManySenders(PathBuf),
    /// Nothing can listen there.
    #[error("cannot listen on {address}: {reason}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        reason: String,
    },
    /// What comes there would cross in the clear.
    #[error(
        "{0} is reached from other machines, and nothing is encrypted there: give a certificate and its key, or listen on a loopback address, behind a proxy that speaks TLS"
    )]
    Open(SocketAddr),
    /// TLS needs one.
    #[error("syslog over TLS on {0} needs a certificate and its key")]
    NoCertificate(SocketAddr),
    /// Anybody could write there.
    #[error(
        "{0} is reached from other machines, and anybody could write there: name a token_file, or listen on a loopback address"
    )]
    NoToken(SocketAddr),
    /// Anybody could write there, and everybody on the way reads it.
    #[error(
        "{0} is reached from other machines, and syslog comes there in plain text, of anybody: take it over TLS (syslog_tls), listen on a loopback address, or name the addresses of your senders (syslog_plain_senders) where a network of your own leads to them"
    )]
    NoSenders(SocketAddr),
    /// Anybody could write there.
    #[error(
        "syslog over TLS on {0} is reached from other machines, and anybody could write there: name the authority of your senders' certificates (syslog_client_ca_file), or listen on a loopback address"
    )]
    UnverifiedSenders(SocketAddr),
    /// Everybody has it.
    #[error("the token that senders have to show is empty: put one into its file")]
    EmptyToken,
    /// A part of the collector ended.
    #[error("collecting ended: {0}")]
    Stopped(String),
}

impl CollectError {
    pub(super) fn spool(path: &std::path::Path, error: &impl ToString) -> Self {
        Self::Spool { path: path.to_owned(), reason: error.to_string() }
    }

    pub(super) fn listen(address: SocketAddr, error: &impl ToString) -> Self {
        Self::Listen { address, reason: error.to_string() }
    }
}
