//! Cities that this machine has met: the genesis that a gateway gave at the first inspection, where nobody gave another. It is kept as it was, and what the
//! gateway shows later takes its place only when a person removes the file (docs/specs/stapled.md, "With a network").

use std::{
    env, fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use alloy_primitives::{hex, keccak256};
use anyhow::{Context, Result, ensure};
use chancery_certificates::{services::rfc3339, stapled::trust_fingerprint};
use chancery_light::ChainEssentials;
use chancery_primitives::UnixSeconds;
use serde::{Deserialize, Serialize};

use super::{handing_out::write_private, read_bounded};

const VERSION: u32 = 1;
/// Largest file that is read, in bytes: that of a hundred chains with a hundred validators each is as large.
const MAX_FILE_BYTES: u64 = 2 * 1024 * 1024;
/// Bytes of the hash of an address that name its file.
const NAME_BYTES: usize = 16;

/// What is kept of a city.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct KnownCity {
    version: u32,
    /// The gateway's address.
    url: String,
    /// RFC 3339.
    pub(super) met_at: String,
    /// What people compare.
    pub(super) fingerprint: String,
    /// Chain id of the main chain.
    pub(super) authority: u64,
    pub(super) chains: Vec<ChainEssentials>,
}

impl KnownCity {
    pub(super) fn new(url: &str, authority: u64, chains: Vec<ChainEssentials>, now: UnixSeconds) -> Self {
        let fingerprint = fingerprint_of(authority, &chains);
        Self { version: VERSION, url: origin(url).to_owned(), met_at: rfc3339(now), fingerprint, authority, chains }
    }
}

/// Where cities are kept: where it is said, otherwise in the person's folder of configurations; `None` where there is none.
pub(super) fn folder(asked: Option<&Path>) -> Option<PathBuf> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    asked.map(Path::to_path_buf).or_else(|| {
        let configurations = set("XDG_CONFIG_HOME").or_else(|| Some(set("HOME")?.join(".config")))?;
        Some(configurations.join("chancery").join("cities"))
    })
}

/// The file of a gateway.
pub(super) fn file_of(folder: &Path, url: &str) -> PathBuf {
    let hash = keccak256(origin(url));
    folder.join(format!("{}.json", hex::encode(&hash[..NAME_BYTES])))
}

/// What is kept of a gateway's city; `None`: it was never met.
///
/// # Errors
/// When the file is there and is not what was written: it is not taken for none.
pub(super) fn read(folder: &Path, url: &str) -> Result<Option<KnownCity>> {
    let path = file_of(folder, url);
    if fs::metadata(&path).is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        return Ok(None);
    }
    let damaged = || format!("what {} keeps of this city is damaged", path.display());
    let known: KnownCity = serde_json::from_slice(&read_bounded(&path, MAX_FILE_BYTES)?).with_context(damaged)?;
    let is_whole = known.version == VERSION
        && known.url == origin(url)
        && known.fingerprint == fingerprint_of(known.authority, &known.chains);
    ensure!(is_whole, damaged());
    Ok(Some(known))
}

/// Keeps a city that is met for the first time.
pub(super) fn remember(folder: &Path, known: &KnownCity) -> Result<PathBuf> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let path = file_of(folder, &known.url);
    write_private(&path, &serde_json::to_vec_pretty(known)?)?;
    Ok(path)
}

fn fingerprint_of(authority: u64, chains: &[ChainEssentials]) -> String {
    trust_fingerprint(authority, &chains.iter().collect::<Vec<_>>())
}

/// An address with and without a slash at its end is one.
fn origin(url: &str) -> &str {
    url.trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use alloy_primitives::B256;

    use super::*;

    const URL: &str = "https://city.example";

    fn city() -> KnownCity {
        let chain = |chain_id| ChainEssentials { chain_id, genesis_hash: B256::repeat_byte(7), validators: Vec::new() };
        KnownCity::new(URL, 7100, vec![chain(7100), chain(7103)], UnixSeconds(1_800_000_000))
    }

    // STAPLE-16
    #[test]
    fn a_city_is_known_from_the_first_time_on_by_its_address() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("cities");
        assert_eq!(read(&folder, URL).unwrap(), None);
        let path = remember(&folder, &city()).unwrap();
        assert_eq!(read(&folder, "https://city.example/").unwrap(), Some(city()));
        assert_eq!(read(&folder, "https://other.example").unwrap(), None);
        assert_eq!(path, file_of(&folder, URL));
    }

    // STAPLE-16
    #[test]
    fn what_was_damaged_or_put_in_its_place_is_not_taken_for_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = remember(folder.path(), &city()).unwrap();
        let mut other = city();
        other.chains[1].genesis_hash = B256::repeat_byte(8);
        for content in [serde_json::to_string(&other).unwrap(), "{}".to_owned(), String::new()] {
            fs::write(&path, content).unwrap();
            assert!(format!("{:#}", read(folder.path(), URL).unwrap_err()).contains("damaged"));
        }
    }

    #[test]
    fn where_cities_are_kept_can_be_said() {
        assert_eq!(folder(Some(Path::new("/srv/cities"))), Some(PathBuf::from("/srv/cities")));
    }
}
