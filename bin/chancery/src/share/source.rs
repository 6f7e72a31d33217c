//! Where rows come from, as a declaration says it.

use std::path::PathBuf;

use anyhow::{Result, bail};
use chancery_sharing::{
    collect::CollectorConfig,
    extract::{
        FileFormat, FileSource, MySqlSource, PostgresSource, RestConfig, RestSource, Source, SpoolSource, SqliteSource,
    },
};
use serde::Deserialize;

use super::{
    database_url::DatabaseUrl,
    declaration::Beside,
    log::LogSection,
    remote::{Protocol, RemoteSection},
};

/// Where rows come from. A database's URL may hold a password, so it is in a file or in the environment.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum SourceSection {
    Postgres(DatabaseUrl),
    /// MariaDB too.
    #[serde(alias = "mariadb")]
    Mysql(DatabaseUrl),
    Sqlite {
        file: PathBuf,
    },
    Csv(LinesSection),
    Ndjson(LinesSection),
    /// One array of objects.
    Json {
        file: PathBuf,
    },
    Parquet {
        file: PathBuf,
    },
    /// A spool that `chancery share collect` fills.
    Log(Box<LogSection>),
    /// A directory of a server, without encryption.
    Ftp(Box<RemoteSection>),
    /// The same under TLS.
    Ftps(Box<RemoteSection>),
    /// The same over `ssh`.
    Sftp(Box<RemoteSection>),
    Rest {
        /// Of the first page.
        url: String,
        /// JSON pointer to the rows of a page; absent: the page is the array.
        #[serde(default)]
        rows: String,
        /// JSON pointer to the next page's address; absent: it is in the field `Link`.
        next: Option<String>,
        /// Parameter of the query that carries the cursor.
        cursor_parameter: Option<String>,
        /// File with a bearer token, readable by its owner alone.
        token_file: Option<PathBuf>,
    },
}

/// A file of lines.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LinesSection {
    file: PathBuf,
    /// Whether nothing more is written to it: a last line without an end is a record then, and waits for its end otherwise.
    #[serde(default, rename = "final")]
    is_final: bool,
}

impl LinesSection {
    fn open(&self, format: FileFormat, set: &Beside) -> Box<dyn Source> {
        let source = FileSource::new(&set.beside(&self.file), format);
        Box::new(if self.is_final { source.finished() } else { source })
    }
}

impl SourceSection {
    /// The source itself.
    pub(super) fn open(&self, set: &Beside) -> Result<Box<dyn Source>> {
        let file = |path: &PathBuf, format| Box::new(FileSource::new(&set.beside(path), format));
        Ok(match self {
            Self::Postgres(url) => Box::new(PostgresSource::new(url.read(set.folder())?.to_string())),
            Self::Mysql(url) => Box::new(MySqlSource::new(url.read(set.folder())?.to_string())),
            Self::Sqlite { file } => Box::new(SqliteSource::new(&set.beside(file))),
            Self::Csv(lines) => lines.open(FileFormat::Csv, set),
            Self::Ndjson(lines) => lines.open(FileFormat::Ndjson, set),
            Self::Json { file: path } => file(path, FileFormat::Json),
            Self::Parquet { file: path } => file(path, FileFormat::Parquet),
            Self::Log(log) => Box::new(SpoolSource::new(&set.beside(&log.spool))),
            Self::Ftp(remote) => Box::new(remote.open(Protocol::Ftp, set)?),
            Self::Ftps(remote) => Box::new(remote.open(Protocol::Ftps, set)?),
            Self::Sftp(remote) => Box::new(remote.open(Protocol::Sftp, set)?),
            Self::Rest { url, rows, next, cursor_parameter, token_file } => Box::new(RestSource::new(RestConfig {
                url: url.clone(),
                rows: rows.clone(),
                next: next.clone(),
                cursor_parameter: cursor_parameter.clone(),
                token: token_file.as_ref().map(|file| set.secret(file)).transpose()?,
            })?),
        })
    }

    /// The file of authorities of the certificates that senders of syslog show.
    pub(super) fn sender_authorities(&self, set: &Beside) -> Option<PathBuf> {
        let Self::Log(log) = self else { return None };
        log.sender_authorities().map(|file| set.beside(file))
    }

    /// What is collected into its spool.
    pub(super) fn collector(&self, set: &Beside) -> Result<CollectorConfig> {
        let Self::Log(log) = self else { bail!("[source] is not of the kind \"log\": there is nothing to collect") };
        log.config(|path| set.beside(path), |file| set.secret(file))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // S-COL
    #[test]
    fn each_kind_of_source_has_its_own_members_and_no_others() {
        let read = toml::from_str::<SourceSection>;
        for right in [
            "kind = 'mariadb'\nurl_env = 'X'",
            "kind = 'mysql'\nurl_file = 'x'",
            "kind = 'parquet'\nfile = 'x'",
            "kind = 'json'\nfile = 'x'",
            "kind = 'csv'\nfile = 'x'\nfinal = true",
            "kind = 'ndjson'\nfile = 'x'",
            "kind = 'rest'\nurl = 'https://a/'\nrows = '/rows'\ntoken_file = 't'\ncursor_parameter = 'after'",
            "kind = 'ftps'\nhost = 'a'\ndirectory = 'd'\nfiles = '*.csv'\nformat = 'csv'\nspool = 's'\npassword_file = 'p'",
            "kind = 'sftp'\nhost = 'a'\ndirectory = 'd'\nfiles = '*'\nformat = 'json'\nspool = 's'\nkey_file = 'k'",
            "kind = 'log'\nspool = 's'\nsyslog_tls = '0.0.0.0:6514'\nsyslog_client_ca_file = 'c'",
            "kind = 'log'\nspool = 's'\nsyslog_udp = '127.0.0.1:514'\nsyslog_plain_senders = ['127.0.0.7', '::1']",
            "kind = 'log'\nspool = 's'\nsyslog_tcp = '127.0.0.1:5514'\ntail = [{ file = 'a.log', json = true }]",
        ] {
            read(right).unwrap();
        }
        for wrong in [
            "kind = 'mysql'\nurl = 'mysql://a:b@c/d'",
            "kind = 'rest'\nurl = 'https://a/'\ntoken = 'secret'",
            "kind = 'log'\nspool = 's'\ntoken = 'secret'",
            "kind = 'log'\nspool = 's'\ntail = ['a.log']",
            "kind = 'log'\nspool = 's'\nsyslog_udp = '127.0.0.1:514'\nsyslog_plain_senders = ['127.0.0.0/24']",
            "kind = 'ftp'",
            "kind = 'json'\nfile = 'x'\nfinal = true",
            "kind = 'ftps'\nhost = 'a'\ndirectory = 'd'\nfiles = '*.csv'\nformat = 'csv'\nspool = 's'\npassword = 'secret'",
            "kind = 'sftp'\nhost = 'a'\ndirectory = 'd'\nfiles = '*'\nformat = 'rejects'\nspool = 's'",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
