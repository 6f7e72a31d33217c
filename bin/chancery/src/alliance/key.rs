//! Keys of an alliance's processes and commands: in hexadecimal in a file that its owner alone reads, or in a token.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use chancery_ledger::SubmitterKey;

use crate::{city::secrets::read_private, keys};

/// Where the key is that a configuration or a command names: a file, relative to `directory`, or in a token, whose name is the same everywhere.
pub(super) fn place_of(name: &Path, directory: &Path) -> PathBuf {
    if keys::is_in_token(name) { name.to_owned() } else { directory.join(name) }
}

/// The key at a place. It waits for a token.
///
/// # Errors
/// What is wrong with the file, with the key's name, or with the token ([`chancery_token::TokenError`]).
pub(super) fn key_at(place: &Path) -> Result<SubmitterKey> {
    if keys::is_in_token(place) {
        return Ok(keys::account_in_token(place)?.into());
    }
    let text = read_private(place).with_context(|| format!("cannot read the key file {}", place.display()))?;
    SubmitterKey::from_hex(&text).with_context(|| format!("{} holds no key", place.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use chancery_token::{TokenError, UriError};

    use super::*;
    use crate::city::secrets::write_new_private;

    // S-SVC, M-SEC, bad input: a relay, an endorser and a requester name their keys by one rule.
    #[test]
    fn a_key_is_in_a_file_beside_the_configuration_or_in_the_token_that_is_named() {
        let folder = tempfile::tempdir().unwrap();
        write_new_private(&folder.path().join("node.key"), &"46".repeat(32)).unwrap();
        let key = key_at(&place_of(Path::new("node.key"), folder.path())).unwrap();
        assert_eq!(key.address(), SubmitterKey::from_hex(&"46".repeat(32)).unwrap().address());

        let refused = |name: &str| key_at(&place_of(Path::new(name), folder.path())).unwrap_err();
        assert!(refused("other.key").to_string().contains("other.key"));
        let nowhere = refused("pkcs11:token=city;object=node?module-path=/nowhere/p11.so");
        assert!(matches!(nowhere.downcast_ref::<TokenError>(), Some(TokenError::ModuleNotFound { .. })), "{nowhere:#}");
        let vague = refused("pkcs11:object=node");
        assert!(matches!(vague.downcast_ref::<UriError>(), Some(UriError::Vague)), "{vague:#}");
        let with_pin = refused("pkcs11:token=city;object=node?pin-value=246813");
        assert!(matches!(with_pin.downcast_ref::<UriError>(), Some(UriError::PinInUri)), "{with_pin:#}");
        assert!(!format!("{with_pin:#}").contains("246813"));
    }
}
