//! Files that nothing uses any more and nobody removes: whoever put them there may be asked about them.

use std::{fs, io, path::Path};

use super::{
    DepartmentError,
    folder::{make_private, state},
};

/// Most folders of this kind in one place.
const MAX_FOLDERS: u32 = 1_000;

/// Moves files of a folder into a new folder in it, `aside-N`. None, and there is no new one.
pub(super) fn set_aside(directory: &Path, names: &[String]) -> Result<(), DepartmentError> {
    if names.is_empty() {
        return Ok(());
    }
    let free = (1..=MAX_FOLDERS).map(|number| directory.join(format!("aside-{number}")));
    let mut free = free.filter(|path| fs::symlink_metadata(path).is_err_and(|error| is_missing(&error)));
    let target = free.next().ok_or_else(|| state(directory, &"it has too many folders of what was put aside"))?;
    make_private(&target)?;
    for name in names {
        let from = directory.join(name);
        fs::rename(&from, target.join(name)).map_err(|error| state(&from, &error))?;
    }
    fs::File::open(directory).and_then(|opened| opened.sync_all()).map_err(|error| state(directory, &error))
}

fn is_missing(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

/// Names of files `<before>N<after>` in a folder, with that number.
pub(super) fn numbered<N: std::str::FromStr>(
    directory: &Path,
    before: &str,
    after: &str,
) -> Result<Vec<(N, String)>, DepartmentError> {
    let listed = fs::read_dir(directory).map_err(|error| state(directory, &error))?;
    let mut found = Vec::new();
    for entry in listed {
        let name = entry.map_err(|error| state(directory, &error))?.file_name();
        let Some(name) = name.to_str() else { continue };
        let number = name.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
        if let Some(number) = number.and_then(|number| number.parse().ok()) {
            found.push((number, name.to_owned()));
        }
    }
    Ok(found)
}
