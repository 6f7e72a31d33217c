//! Where a PIN comes from (TOKEN-4).

use std::{fs::File, io::Read as _, path::Path};

use cryptoki::types::AuthPin;
use zeroize::Zeroizing;

use crate::TokenError;

/// Longest PIN that is read, in bytes.
const MAX_PIN_BYTES: u64 = 256;

/// The first line of a file that nobody but its owner may read.
pub(crate) fn from_file(path: &Path) -> Result<AuthPin, TokenError> {
    let unusable = |reason: &'static str| TokenError::PinFile { path: path.to_owned(), reason };
    let file = File::open(path).map_err(|_| unusable("it cannot be opened"))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = file.metadata().map_err(|_| unusable("it cannot be opened"))?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(unusable("others may read it: chmod 600 it, and change the PIN if somebody may have read it"));
        }
    }
    let mut text = Zeroizing::new(String::with_capacity(1 + MAX_PIN_BYTES as usize));
    file.take(MAX_PIN_BYTES + 1).read_to_string(&mut text).map_err(|_| unusable("it is no text"))?;
    if text.len() as u64 > MAX_PIN_BYTES {
        return Err(unusable("it is longer than a PIN and a line's end"));
    }
    match text.lines().next() {
        Some(pin) if !pin.is_empty() => Ok(secret(pin)),
        _ => Err(unusable("its first line is empty")),
    }
}

/// A PIN that is wiped when it is dropped.
pub(crate) fn secret(pin: &str) -> AuthPin {
    AuthPin::from(Box::<str>::from(pin))
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    // TOKEN-4
    #[test]
    fn a_pin_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pin");
        fs::write(&path, "123456\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = from_file(&path).unwrap_err();
        assert!(matches!(error, TokenError::PinFile { .. }), "{error}");
        assert!(!error.to_string().contains("123456"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(!format!("{:?}", from_file(&path).unwrap()).contains("123456"));
    }

    #[test]
    fn an_empty_an_endless_and_a_missing_file_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pin");
        assert!(from_file(&path).is_err());
        for text in [String::new(), "\n123456".to_owned(), "1".repeat(MAX_PIN_BYTES as usize + 1)] {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            assert!(from_file(&path).is_err());
        }
    }
}
