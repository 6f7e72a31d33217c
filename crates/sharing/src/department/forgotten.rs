//! Sums of what the journal of the owner's service has forgotten. The journal is bounded, and who comes often makes it forget: that somebody came, for what, how
//! often and when the first and the last time, stays; of refusals nothing stays. There are no more sums than requests that were granted, twice.

use std::{collections::BTreeMap, fs, io, path::Path};

use alloy_primitives::{Address, B256};
use serde::{Deserialize, Serialize};

use super::{DepartmentError, Fetch, Fetched, folder::state};
use crate::private_folder::replace;

const SUMS: &str = "fetches-forgotten.json";
/// Most sums that are kept: those of whom it is longest that they came go first.
const MAX_SUMS: usize = 20_000;
/// Largest file of them, in bytes.
const MAX_SUMS_BYTES: u64 = 8 * 1024 * 1024;

/// How often somebody came for one thing, of what the journal has no lines of any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ForgottenFetches {
    /// Who signed the requests.
    pub reader: Address,
    /// The request at the asset.
    pub request: u64,
    /// The version that it is for.
    pub version: u32,
    /// What for.
    pub fetched: Fetched,
    /// How often.
    pub count: u64,
    /// The first time, Unix seconds.
    pub first_at: u64,
    /// The last time.
    pub last_at: u64,
}

/// The file as it stands.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Sums {
    /// Number of the last line that was counted: a file that was counted before a crash is not counted again.
    through: u64,
    sums: Vec<ForgottenFetches>,
}

/// The sums, in the order of requests.
///
/// # Errors
/// [`DepartmentError::State`].
pub(super) fn read(folder: &Path) -> Result<Vec<ForgottenFetches>, DepartmentError> {
    Ok(load(folder).map_err(|error| state(&folder.join(SUMS), &error))?.sums)
}

/// Adds what is to be forgotten now; durable afterwards.
pub(super) fn forget(folder: &Path, fetches: &[(Fetch, B256)]) -> io::Result<()> {
    let Some((last, _)) = fetches.last() else { return Ok(()) };
    let mut known = load(folder)?;
    let key = |sum: &ForgottenFetches| (sum.request, sum.reader, sum.fetched);
    let mut sums: BTreeMap<_, _> = known.sums.drain(..).map(|sum| (key(&sum), sum)).collect();
    // Who is refused may be anybody, under as many names as it likes: that pushes out nobody's sum.
    let counted = |fetch: &Fetch| fetch.number > known.through && fetch.refused.is_none();
    for (fetch, _) in fetches.iter().filter(|(fetch, _)| counted(fetch)) {
        let sum = ForgottenFetches {
            reader: fetch.reader,
            request: fetch.request,
            version: fetch.version,
            fetched: fetch.fetched,
            count: 0,
            first_at: fetch.at,
            last_at: fetch.at,
        };
        let sum = sums.entry(key(&sum)).or_insert(sum);
        sum.count += 1;
        sum.last_at = fetch.at;
    }
    let mut sums: Vec<ForgottenFetches> = sums.into_values().collect();
    if sums.len() > MAX_SUMS {
        sums.sort_by_key(|sum| std::cmp::Reverse(sum.last_at));
        sums.truncate(MAX_SUMS);
        sums.sort_by_key(key);
    }
    let through = known.through.max(last.number);
    replace(folder, SUMS, &serde_json::to_vec(&Sums { through, sums })?)
}

fn load(folder: &Path) -> io::Result<Sums> {
    let path = folder.join(SUMS);
    match fs::metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Sums::default()),
        Ok(found) if found.len() > MAX_SUMS_BYTES => return Err(io::Error::other("it is too long")),
        other => other?,
    };
    Ok(serde_json::from_slice(&fs::read(path)?)?)
}
