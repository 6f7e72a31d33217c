//! What a protocol has to do: list, look at a file, read one from a place on.

use async_trait::async_trait;

use super::{Access, Pattern, RemoteConfig, RemoteError, ftp, name::FileName, sftp};

/// What a file is known by, beside its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    /// Its bytes.
    pub(super) size: u64,
    /// When it was changed last, Unix milliseconds by the server's clock.
    pub(super) modified_ms: i64,
}

/// A file of the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: FileName,
    pub(super) identity: Identity,
}

/// A server that let us in, in the directory. After an error it is of no more use.
#[async_trait]
pub(super) trait Connection: Send {
    /// The files of the directory that match, in no order.
    async fn list(&mut self, pattern: &Pattern) -> Result<Vec<Entry>, RemoteError>;

    /// What a file is known by now; none when it is gone.
    async fn identify(&mut self, name: &FileName) -> Result<Option<Identity>, RemoteError>;

    /// Begins to read a file at a place, or at its beginning when the server cannot; answers where. None when it is gone.
    async fn open(&mut self, name: &FileName, from: u64) -> Result<Option<u64>, RemoteError>;

    /// The next bytes of it, at most [`BLOCK_BYTES`](super::BLOCK_BYTES); none at its end. When the bytes that are `left` are there, the end may come without a
    /// good-bye of TLS.
    async fn read(&mut self, left: u64) -> Result<Vec<u8>, RemoteError>;

    /// Ends the reading, at the end of the file.
    async fn finish(&mut self) -> Result<(), RemoteError>;
}

/// Connects, shows who comes, and enters the directory.
pub(super) async fn connect(config: &RemoteConfig) -> Result<Box<dyn Connection>, RemoteError> {
    match &config.access {
        Access::Ftp(login) => Ok(Box::new(ftp::connect(config, login, None).await?)),
        Access::Ftps { login, ca_file, implicit } => {
            let tls = ftp::Tls { ca_file: ca_file.as_deref(), implicit: *implicit };
            Ok(Box::new(ftp::connect(config, login, Some(tls)).await?))
        }
        Access::Sftp { user, key_file, host_key } => {
            Ok(Box::new(sftp::connect(config, user, key_file, host_key).await?))
        }
    }
}

/// Checks what of a declaration can be checked without the server.
pub(super) fn check(config: &RemoteConfig) -> Result<(), RemoteError> {
    let refused = |what: &str| Err(RemoteError::Configuration(what.to_owned()));
    let host = &config.host;
    let plain = |each: char| each.is_ascii_alphanumeric() || matches!(each, '.' | '-' | ':' | '_');
    if host.is_empty() || host.len() > 253 || host.starts_with('-') || !host.chars().all(plain) {
        return refused("host is the name or the address of a server, without scheme and port");
    }
    if config.port == Some(0) {
        return refused("port 0 is none");
    }
    if config.directory.is_empty() || config.directory.len() > 4096 || config.directory.contains(char::is_control) {
        return refused("directory is a path on the server");
    }
    if config.max_file_bytes == 0 || config.max_file_bytes > config.max_spool_bytes {
        return refused("max_file_mb is at least 1 and not more than max_mb");
    }
    let login = match &config.access {
        Access::Ftp(login) | Access::Ftps { login, .. } => login,
        Access::Sftp { user, .. } => {
            let right =
                !user.is_empty() && !user.starts_with('-') && !user.contains(|c: char| c.is_control() || c == ' ');
            return if right { Ok(()) } else { refused("user is a name of an account") };
        }
    };
    let secret = login.password.as_ref().map_or("", |password| password.as_str());
    if login.user.is_empty() || login.user.contains(char::is_control) || secret.contains(char::is_control) {
        return refused("user and password are a line each");
    }
    if matches!(config.access, Access::Ftp(_)) && !crate::this_machine::is_local(host) {
        return Err(RemoteError::InClear(host.clone()));
    }
    Ok(())
}
