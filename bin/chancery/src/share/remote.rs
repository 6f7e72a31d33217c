//! A source of the kind `ftp`, `ftps` or `sftp`: a directory of a server.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail, ensure};
use chancery_sharing::{
    extract::{FileFormat, RemoteSource},
    remote::{
        Access, DEFAULT_MAX_FILE_BYTES, DEFAULT_MAX_SPOOL_BYTES, Deadlines, FtpLogin, HostKey, PATIENCE, Password,
        Pattern, RemoteConfig,
    },
};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::declaration::Beside;

const MEGABYTE: u64 = 1_000_000;
const ANONYMOUS: &str = "anonymous";

/// Which of the three kinds a section is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Ftp,
    Ftps,
    Sftp,
}

/// Where the files are. Members of other kinds are refused when it is opened.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RemoteSection {
    /// Name or address of the server.
    host: String,
    /// Absent: 21, 22, or 990 with `implicit`.
    port: Option<u16>,
    /// Directory on the server.
    directory: String,
    /// Which files of it, with `*` and `?`.
    files: String,
    format: Format,
    /// Folder for what was fetched.
    spool: PathBuf,
    /// Most megabytes of it.
    max_mb: Option<u64>,
    /// Most megabytes of a file.
    max_file_mb: Option<u64>,
    /// Absent, of FTP: anonymous.
    user: Option<String>,
    /// File with the password, readable by its owner alone.
    password_file: Option<PathBuf>,
    /// Variable of the environment with the password.
    password_env: Option<String>,
    /// FTPS: certificates that vouch for the server; absent: those of the system.
    ca_file: Option<PathBuf>,
    /// FTPS: TLS from the first byte.
    #[serde(default)]
    implicit: bool,
    /// SFTP: private key, readable by its owner alone.
    key_file: Option<PathBuf>,
    /// SFTP: file of host keys.
    known_hosts: Option<PathBuf>,
    /// SFTP: fingerprint of the server's key.
    host_key: Option<String>,
}

/// How the files are read.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    Csv,
    Ndjson,
    Json,
    Parquet,
}

impl From<Format> for FileFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Csv => Self::Csv,
            Format::Ndjson => Self::Ndjson,
            Format::Json => Self::Json,
            Format::Parquet => Self::Parquet,
        }
    }
}

impl RemoteSection {
    pub(super) fn open(&self, protocol: Protocol, set: &Beside) -> Result<RemoteSource> {
        let config = RemoteConfig {
            host: self.host.clone(),
            port: self.port,
            access: self.access(protocol, set)?,
            directory: self.directory.clone(),
            pattern: Pattern::parse(&self.files)?,
            spool: set.beside(&self.spool),
            max_spool_bytes: self.max_mb.map_or(DEFAULT_MAX_SPOOL_BYTES, |most| most.saturating_mul(MEGABYTE)),
            max_file_bytes: self.max_file_mb.map_or_else(
                || DEFAULT_MAX_FILE_BYTES.min(self.max_mb.unwrap_or(u64::MAX).saturating_mul(MEGABYTE)),
                |most| most.saturating_mul(MEGABYTE),
            ),
            patience: PATIENCE,
            deadlines: Deadlines::default(),
        };
        Ok(RemoteSource::new(config, self.format.into()))
    }

    fn access(&self, protocol: Protocol, set: &Beside) -> Result<Access> {
        let is_ssh = protocol == Protocol::Sftp;
        let of_tls = self.ca_file.is_some() || self.implicit;
        let of_ssh = self.key_file.is_some() || self.known_hosts.is_some() || self.host_key.is_some();
        let of_passwords = self.password_file.is_some() || self.password_env.is_some();
        ensure!(protocol == Protocol::Ftps || !of_tls, "[source] has ca_file or implicit: those are of ftps");
        ensure!(is_ssh || !of_ssh, "[source] has key_file, known_hosts or host_key: those are of sftp");
        ensure!(!is_ssh || !of_passwords, "[source] of the kind sftp has a password: it takes a key, in key_file");
        if is_ssh {
            let host_key = match (&self.known_hosts, &self.host_key) {
                (Some(file), None) => HostKey::KnownHosts(set.beside(file)),
                (None, Some(fingerprint)) => HostKey::Fingerprint(fingerprint.clone()),
                _ => bail!("[source] has known_hosts or host_key: by what the server is recognized"),
            };
            return Ok(Access::Sftp {
                user: self.user.clone().context("[source] of the kind sftp has a user")?,
                key_file: set.beside(self.key_file.as_deref().context("[source] of the kind sftp has a key_file")?),
                host_key,
            });
        }
        let login = FtpLogin { user: self.ftp_user()?, password: self.password(set)?.map(Password::new) };
        Ok(match protocol {
            Protocol::Ftp => Access::Ftp(login),
            _ => Access::Ftps {
                login,
                ca_file: self.ca_file.as_deref().map(|file| set.beside(file)),
                implicit: self.implicit,
            },
        })
    }

    fn ftp_user(&self) -> Result<String> {
        match &self.user {
            Some(user) => Ok(user.clone()),
            None if self.password_file.is_some() || self.password_env.is_some() => {
                bail!("[source] has a password and no user")
            }
            None => Ok(ANONYMOUS.to_owned()),
        }
    }

    fn password(&self, set: &Beside) -> Result<Option<Zeroizing<String>>> {
        match (&self.password_file, &self.password_env) {
            (None, None) => Ok(None),
            (Some(file), None) => set.secret(file).map(Some),
            (None, Some(name)) => {
                let password = std::env::var(name).with_context(|| format!("set {name} to the password"))?;
                Ok(Some(Zeroizing::new(password)))
            }
            _ => bail!("[source] has password_file or password_env, not both"),
        }
    }
}
