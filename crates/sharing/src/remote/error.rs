//! Why nothing is fetched, and what to do then.

use std::{
    io,
    net::IpAddr,
    path::{Path, PathBuf},
};

use crate::directory::is_control;

/// Longest text of a server that is shown.
const MAX_SAID_CHARS: usize = 200;

/// Why a directory of a server is not taken.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// Correct the declaration.
    #[error("the declaration of the remote directory cannot be used: {0}")]
    Configuration(String),
    /// FTP without TLS to another machine.
    #[error(
        "over ftp {0} is spoken to in clear, and whoever is on the way can read and replace each file: use ftps (with ca_file for an authority of its own) or sftp; ftp is for a server of this machine"
    )]
    InClear(String),
    /// The server is away, or broke off.
    #[error("the server does not answer or broke off, run again, a file goes on where it ended: {0}")]
    Lost(String),
    /// The server sends nothing, or hardly anything.
    #[error("the server was too slow: nothing whole came within {seconds} s; run again, a file goes on where it ended")]
    Stalled {
        /// How long it was waited for.
        seconds: u64,
    },
    /// Something came, but all of it together took too long.
    #[error(
        "the server was too slow: {what} was not done within {seconds} s; run again, a file goes on where it ended"
    )]
    Overdue {
        /// The listing, the file or the run.
        what: &'static str,
        /// How long it was waited for.
        seconds: u64,
    },
    /// TLS did not come about.
    #[error("the server's certificate or its TLS is not accepted: {0}; check host and ca_file")]
    Certificate(String),
    /// The server has no TLS.
    #[error("the server offers no TLS ({0}): ask its operator for it, or use sftp")]
    NoTls(String),
    /// The host key is another, or none is known.
    #[error(
        "the server's host key is not the one that is declared: ask its operator which one is right before you change it"
    )]
    HostKey,
    /// Who comes is not let in.
    #[error("the server does not let this user in: {0}")]
    Login(String),
    /// The server says no.
    #[error("the server refuses: {0}")]
    Refused(String),
    /// The server says no to one file.
    #[error("the server refuses {name:?}: {reason}; have it made readable or removed there")]
    RefusedFile {
        /// Its name.
        name: String,
        /// What it says.
        reason: String,
    },
    /// The server says what its protocol does not allow.
    #[error("the server breaks its protocol: {0}")]
    Protocol(&'static str),
    /// A data connection to another machine.
    #[error("the server names {named} for the data, but it is {server}: nothing is fetched from elsewhere")]
    DataElsewhere {
        /// What it named.
        named: IpAddr,
        /// Where it is.
        server: IpAddr,
    },
    /// A name that is no plain file name.
    #[error("the server lists the name {name:?}, {reason}: have it renamed or removed there")]
    Name {
        /// As it came.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A symbolic link.
    #[error(
        "{0:?} is a symbolic link on the server: only files of the directory itself are taken; choose a pattern without it"
    )]
    Link(String),
    /// More files than are taken.
    #[error(
        "the directory holds too much: more than {} files that match, or {} entries; use a narrower pattern or several directories",
        super::MAX_FILES,
        super::MAX_ENTRIES
    )]
    TooManyFiles,
    /// A listing beyond its bound.
    #[error("the listing of the directory is longer than {} bytes", super::MAX_LISTING_BYTES)]
    ListingTooLong,
    /// A file beyond its bound.
    #[error(
        "{name:?} has {bytes} bytes, more than the {bound} that are allowed: raise max_file_mb and max_mb, or have it split"
    )]
    TooLarge {
        /// Its name.
        name: String,
        /// As listed.
        bytes: u64,
        /// As declared.
        bound: u64,
    },
    /// A file that is being written all the time.
    #[error(
        "{0:?} changes each time that it is fetched: have it written under another name and renamed when it is whole"
    )]
    Changing(String),
    /// A file that was replaced by a shorter one while it was fetched.
    #[error(
        "{name:?} had {was} bytes and has {is} now: it was replaced while it was fetched; run again when it is whole"
    )]
    Shrunk {
        /// Its name.
        name: String,
        /// As listed.
        was: u64,
        /// As it is now.
        is: u64,
    },
    /// A file that was listed and is no more.
    #[error("{0:?} was listed and is gone: run again")]
    Disappeared(String),
    /// A file of which more, or less, came than the server says it has.
    #[error("{name:?} has {listed} bytes, says the server, and sends {sent}: it cannot be fetched whole")]
    WrongLength {
        /// Its name.
        name: String,
        /// As listed.
        listed: u64,
        /// What came; one more than listed stands for any number.
        sent: u64,
    },
    /// `ssh` is not there.
    #[error("ssh cannot be started ({0}): install openssh-client")]
    NoSsh(String),
    /// Two use the same spool.
    #[error("another command uses the spool {0:?}: wait for it")]
    Busy(PathBuf),
    /// The spool is not the one of this data set.
    #[error(
        "the spool {0:?} is another than the one that was read, or lost files: put the old one back, or begin with another folder of state and of spool"
    )]
    SpoolReplaced(PathBuf),
    /// The spool is a folder that others may enter.
    #[error("the spool {0:?} may be entered by others: chmod 700 it, or name another folder")]
    SpoolExposed(PathBuf),
    /// The spool cannot be used.
    #[error("the spool {path:?} cannot be used: {reason}")]
    Spool {
        /// Its folder.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// No space is left in the spool's file system.
    #[error("no space is left for the spool {0:?}")]
    Full(PathBuf),
}

impl RemoteError {
    pub(super) fn lost(error: &io::Error) -> Self {
        Self::Lost(said(&error.to_string()))
    }

    /// Whether one file is the reason, and others can be fetched without it.
    pub(super) const fn is_about_a_file(&self) -> bool {
        matches!(
            self,
            Self::TooLarge { .. }
                | Self::Changing(_)
                | Self::Shrunk { .. }
                | Self::WrongLength { .. }
                | Self::Disappeared(_)
                | Self::RefusedFile { .. }
        )
    }

    /// Whether nothing more comes for now, and what was fetched before is as good as it was. What a server says that nobody should say is no such error.
    pub(super) const fn leaves_the_spool(&self) -> bool {
        matches!(
            self,
            Self::Lost(_)
                | Self::Stalled { .. }
                | Self::Overdue { .. }
                | Self::Certificate(_)
                | Self::NoTls(_)
                | Self::HostKey
                | Self::Login(_)
                | Self::Refused(_)
                | Self::NoSsh(_)
                | Self::Full(_)
        )
    }

    pub(super) fn spool(path: &Path, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full(path.to_owned()),
            _ => Self::Spool { path: path.to_owned(), reason: error.to_string() },
        }
    }
}

/// Text of a server, short and without characters that a terminal obeys or that turn the direction of what follows.
pub(crate) fn said(text: &str) -> String {
    text.trim().chars().take(MAX_SAID_CHARS).map(|each| if is_control(each) { ' ' } else { each }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // S-COL, SHARE-14
    #[test]
    fn what_a_server_says_is_shown_short_and_obeyed_by_no_terminal() {
        assert_eq!(said(" no\r\n\u{1b}[2J\u{9b}a\u{202e}b\u{2066}c "), "no   [2J a b c");
        assert_eq!(said(&"x".repeat(MAX_SAID_CHARS + 1)).len(), MAX_SAID_CHARS);
    }
}
