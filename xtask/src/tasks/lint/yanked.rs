//! Versions of `Cargo.lock` that their authors have taken back, by what cargo has of the registry's index. Needs no other program, and no advisory database.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::shell::{cargo, output, root};

/// What cargo writes before the entries of a crate: the version of its cache, that of the index's format (4 bytes), and when it was read, which ends with a zero.
const CACHE_HEADER_BYTES: usize = 5;

/// A version in use.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Locked {
    name: String,
    version: String,
}

/// Refuses versions that were taken back. Says which could not be looked up, and whether the registry was asked.
///
/// # Errors
/// With the versions that are yanked.
pub(super) fn check() -> Result<()> {
    // Asks the registry anew for each crate, and changes nothing.
    if output(cargo().args(["update", "--dry-run", "--quiet"])).is_none() {
        println!("    the registry cannot be reached: yanked versions are looked for in what cargo last saw of it");
    }
    let lock = fs::read_to_string(root().join("Cargo.lock")).context("cannot read Cargo.lock")?;
    let indexes = indexes()?;
    let (mut yanked, mut unknown) = (BTreeSet::new(), BTreeSet::new());
    let locked = of_registry(&lock);
    for one in &locked {
        let entries = indexes.iter().filter_map(|index| fs::read(index.join(place(&one.name))).ok());
        match entries.filter_map(|entry| is_yanked(&entry, &one.version)).reduce(|either, other| either || other) {
            Some(true) => _ = yanked.insert(format!("{} {}", one.name, one.version)),
            Some(false) => {}
            None => _ = unknown.insert(one.name.clone()),
        }
    }
    let yanked: Vec<_> = yanked.into_iter().collect();
    ensure!(yanked.is_empty(), "yanked by their authors: {}; take others with cargo update", yanked.join(", "));
    println!("    {} versions, none yanked; {} not in cargo's index", locked.len(), unknown.len());
    ensure!(unknown.len() < locked.len(), "cargo has no index of the registry: run cargo fetch with a network first");
    Ok(())
}

/// Folders in which cargo keeps what it has read of registries.
fn indexes() -> Result<Vec<PathBuf>> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| env::home_dir().map(|home| home.join(".cargo"))).context("there is no home folder")?;
    let folder = home.join("registry/index");
    let entries = fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    Ok(entries.flatten().map(|entry| entry.path().join(".cache")).filter(|cache| cache.is_dir()).collect())
}

/// Where a crate stands in an index (the cargo book, "Index Files").
fn place(name: &str) -> PathBuf {
    let name = name.to_ascii_lowercase();
    match name.len() {
        0..=2 => Path::new(&name.len().to_string()).join(&name),
        3 => Path::new("3").join(&name[..1]).join(&name),
        _ => Path::new(&name[..2]).join(&name[2..4]).join(&name),
    }
}

/// What a lock file takes from registries; the project's own crates have no source.
fn of_registry(lock: &str) -> Vec<Locked> {
    let value = |package: &str, key: &str| {
        let begin = format!("{key} = \"");
        let line = package.lines().find_map(|line| line.strip_prefix(&begin))?;
        line.strip_suffix('"').map(str::to_owned)
    };
    let packages = lock.split("[[package]]").skip(1);
    let of_registry = packages.filter(|package| {
        value(package, "source").is_some_and(|source| source.starts_with("registry+") || source.starts_with("sparse+"))
    });
    of_registry
        .filter_map(|package| Some(Locked { name: value(package, "name")?, version: value(package, "version")? }))
        .collect()
}

/// Whether a version is yanked by cargo's entry of its crate: pairs of a version and what the index says of it, each ended by a zero. `None`: it does not say.
fn is_yanked(entry: &[u8], version: &str) -> Option<bool> {
    let mut parts = entry.get(CACHE_HEADER_BYTES..)?.split(|byte| *byte == 0).skip(1);
    while let (Some(of), Some(said)) = (parts.next(), parts.next()) {
        if of == version.as_bytes() {
            return serde_json::from_slice::<Value>(said).ok()?.get("yanked")?.as_bool();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Vec<u8> {
        let entries: Vec<u8> = [("1.0.0", true), ("1.0.1", false)]
            .into_iter()
            .flat_map(|(version, yanked)| {
                format!("{version}\0{{\"name\":\"a\",\"vers\":\"{version}\",\"yanked\":{yanked}}}\0").into_bytes()
            })
            .collect();
        [&[3, 2, 0, 0, 0][..], b"Unknown\0", &entries].concat()
    }

    #[test]
    fn a_version_is_yanked_as_the_index_says() {
        assert_eq!(is_yanked(&entry(), "1.0.0"), Some(true));
        assert_eq!(is_yanked(&entry(), "1.0.1"), Some(false));
        assert_eq!(is_yanked(&entry(), "1.0.2"), None);
        assert_eq!(is_yanked(b"", "1.0.0"), None);
    }

    #[test]
    fn crates_stand_where_the_index_has_them() {
        for (name, expected) in [("a", "1/a"), ("cc", "2/cc"), ("url", "3/u/url"), ("Anyhow", "an/yh/anyhow")] {
            assert_eq!(place(name), Path::new(expected));
        }
    }

    #[test]
    fn crates_of_the_project_are_not_looked_up() {
        let lock = "version = 4\n\n[[package]]\nname = \"anyhow\"\nversion = \"1.0.1\"\nsource = \"registry+https://example.org\"\n\n\
                    [[package]]\nname = \"own\"\nversion = \"0.1.0\"\n";
        assert_eq!(of_registry(lock), [Locked { name: "anyhow".to_owned(), version: "1.0.1".to_owned() }]);
    }
}
