//! Secrets of a city: files in a folder that only the owner may read, made at the first start.

use std::{
    fs,
    io::{ErrorKind, Write},
    path::Path,
};

use anyhow::{Context, Result, bail};
use zeroize::Zeroizing;

/// Length of a secp256k1 private key.
pub(crate) const PRIVATE_KEY_BYTES: usize = 32;

/// A folder that only the owner may enter.
pub(crate) fn private_directory(path: &Path) -> Result<()> {
    fs::create_dir_all(path).with_context(|| format!("cannot make the folder {}", path.display()))?;
    restrict(path, 0o700)
}

/// The private key in a file, made at random if the file does not exist.
pub(crate) fn load_or_create_private_key(path: &Path) -> Result<Zeroizing<[u8; PRIVATE_KEY_BYTES]>> {
    match read_private(path) {
        Ok(text) => {
            let mut key = Zeroizing::new([0; PRIVATE_KEY_BYTES]);
            hex::decode_to_slice(text.trim().trim_start_matches("0x"), key.as_mut_slice()).ok().with_context(|| {
                format!(
                    "{} does not hold a private key of 64 hexadecimal digits; restore it from a copy",
                    path.display()
                )
            })?;
            Ok(key)
        }
        Err(error) if is_missing(&error) => {
            let mut key = Zeroizing::new([0; PRIVATE_KEY_BYTES]);
            getrandom::fill(key.as_mut_slice()).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
            write_new_private(path, &Zeroizing::new(hex::encode(key.as_slice())))?;
            Ok(key)
        }
        Err(error) => Err(error),
    }
}

fn is_missing(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::NotFound)
}

/// Reads a secret; refuses a file that others may read.
pub(crate) fn read_private(path: &Path) -> Result<Zeroizing<String>> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path)?.permissions().mode();
        if mode & 0o077 != 0 {
            bail!(
                "{} may be read by others (mode {:o}): chmod 600 it, and make a new key if somebody may have read it",
                path.display(),
                mode & 0o777
            );
        }
    }
    Ok(Zeroizing::new(fs::read_to_string(path)?))
}

/// Writes a secret to a file that must not exist, readable by the owner alone, and on disk before this returns.
pub(crate) fn write_new_private(path: &Path, text: &str) -> Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file =
        options.open(path).with_context(|| format!("cannot make {} (it must not exist yet)", path.display()))?;
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    Ok(())
}

fn restrict(path: &Path, mode: u32) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    }
    #[cfg(not(unix))]
    let _ = (path, mode);
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_key_is_made_once_and_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("gateway.key");
        let made = load_or_create_private_key(&path).unwrap();
        assert_eq!(load_or_create_private_key(&path).unwrap(), made);
        assert!(write_new_private(&path, "other").is_err(), "a key is never overwritten");
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("gateway.key");
        load_or_create_private_key(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(load_or_create_private_key(&path).unwrap_err().to_string().contains("chmod 600"));
    }

    #[test]
    fn a_damaged_key_is_not_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("gateway.key");
        write_new_private(&path, "not a key").unwrap();
        assert!(load_or_create_private_key(&path).unwrap_err().to_string().contains("restore it"));
    }
}
