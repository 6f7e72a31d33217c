use std::{io::ErrorKind, net::SocketAddr, path::PathBuf};

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
    /// A write failed; a later one is tried again, when what it has left is taken back.
    #[error("the spool {path:?} cannot be written at present: {reason}")]
    Unwritten {
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
    #[error(
        "the spool {0:?} remembers the batches of as many senders as it may: name those that send (http_senders), and the others are forgotten"
    )]
    TooManySenders(PathBuf),
    /// Others are named.
    #[error("the sender {0} is not named: add it to http_senders in the collector's declaration if it is one of yours")]
    UnnamedSender(String),
    /// A name that no sender has.
    #[error(
        "{0:?} is the name of no sender: http_senders has 32 hexadecimal digits for each, as a sender's forward.json has them, and at most 4096"
    )]
    NoSender(String),
    /// Something else came under the number of the last batch.
    #[error("the batch {0} is there with another content: send what is new under the next number")]
    BatchChanged(String),
    /// A number that is over.
    #[error(
        "the batch {batch} comes late: batch {last} of its sender is there, and what came before is not compared; go on behind that number, with a folder of state that is not restored from before"
    )]
    BatchPassed {
        /// Which.
        batch: String,
        /// Number of the last one.
        last: u64,
    },
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
        "{0} is reached from other machines, and syslog comes there in plain text, of anybody: take it over TLS (syslog_tls, with syslog_client_ca_file), or listen on a loopback address, behind a syslog daemon that speaks TLS with your senders"
    )]
    PlainSyslog(SocketAddr),
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
    /// Of a write to a spool.
    pub(super) fn writing(path: &std::path::Path, error: &std::io::Error) -> Self {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full(path.to_owned()),
            // Of what is there, and not of the disk: it does not pass.
            ErrorKind::AlreadyExists | ErrorKind::InvalidData => Self::spool(path, error),
            _ => Self::Unwritten { path: path.to_owned(), reason: error.to_string() },
        }
    }

    /// Whether what was not taken is to be sent again.
    pub(super) const fn passes(&self) -> bool {
        matches!(self, Self::Full(_) | Self::Unwritten { .. })
    }

    pub(super) fn spool(path: &std::path::Path, error: &impl ToString) -> Self {
        Self::Spool { path: path.to_owned(), reason: error.to_string() }
    }

    pub(super) fn listen(address: SocketAddr, error: &impl ToString) -> Self {
        Self::Listen { address, reason: error.to_string() }
    }
}
