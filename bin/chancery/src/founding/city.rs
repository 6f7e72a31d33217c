//! What a founding file says of the city that `chancery up` or `chancery gateway` runs.

use std::path::{Path, PathBuf};

use alloy_primitives::Address;
use serde::{Deserialize, Serialize};

use crate::keys::is_in_token;

/// The part `[city]`. Nothing of it is in a genesis: it may change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CitySection {
    /// The key that the city sends its transactions with: made by `chancery key new`, or `pkcs11:...`. Its account is one of `operators` and of `submitters`.
    pub(super) submitter_key: PathBuf,
    /// The key that signs receipts of what sources submit: made by `chancery source key`, or `pkcs11:...`; absent: the city's own, a file that is made at its first start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) receipts_key: Option<PathBuf>,
    /// The key with which the city's relay pays, which has no role: made by `chancery key new`, or `pkcs11:...`; absent: as of `receipts_key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) relay_key: Option<PathBuf>,
    /// Who supervises.
    #[serde(default)]
    pub(super) supervisors: Vec<Address>,
}

impl CitySection {
    /// Makes the places of keys independent of where the file stands that names them. The name of a key in a token is the same everywhere.
    pub(super) fn place_keys_in(&mut self, folder: &Path) {
        let optional = [&mut self.receipts_key, &mut self.relay_key].into_iter().flatten();
        for key in [&mut self.submitter_key].into_iter().chain(optional) {
            if !is_in_token(key) {
                *key = folder.join(&*key);
            }
        }
    }

    /// Where the key is that signs receipts, if not at the city's own place.
    pub(crate) fn receipts_key(&self) -> Option<&Path> {
        self.receipts_key.as_deref()
    }

    /// Where the key is with which the relay pays, if not at the city's own place.
    pub(crate) fn relay_key(&self) -> Option<&Path> {
        self.relay_key.as_deref()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // S-SVC, FOUND-1
    #[test]
    fn keys_are_beside_the_file_or_in_a_token_and_absent_ones_are_the_citys_own() {
        let token = "pkcs11:token=city;object=receipts";
        let text =
            format!("submitter_key = \"submitter.key\"\nreceipts_key = \"{token}\"\nrelay_key = \"/keys/relay\"\n");
        let mut city: CitySection = toml::from_str(&text).unwrap();
        city.place_keys_in(Path::new("/founded"));
        assert_eq!(city.submitter_key, Path::new("/founded/submitter.key"));
        assert_eq!(city.receipts_key(), Some(Path::new(token)));
        assert_eq!(city.relay_key(), Some(Path::new("/keys/relay")));
        assert_eq!(toml::from_str::<CitySection>(&toml::to_string(&city).unwrap()).unwrap(), city);

        // A file of an earlier release, which is written as it was.
        let earlier: CitySection = toml::from_str("submitter_key = \"submitter.key\"\n").unwrap();
        assert_eq!((earlier.receipts_key(), earlier.relay_key()), (None, None));
        let written = toml::to_string(&earlier).unwrap();
        assert!(!written.contains("receipts_key") && !written.contains("relay_key"), "{written}");
        let misspelt = toml::from_str::<CitySection>("submitter_key = \"a\"\nreceipt_key = \"b\"\n").unwrap_err();
        assert!(misspelt.to_string().contains("receipt_key"), "{misspelt}");
    }
}
