#![allow(clippy::unwrap_used)]

use std::fs;

use chancery_chain::ValidatorKeys;
use chancery_execution::ValidatorConfig;

use super::*;
use crate::city::genesis::{Together, together, write};

const FOUNDING: &str = r#"
chain_id = 3377699720527999
timestamp = 1700000000
administrator = "0x0101010101010101010101010101010101010101"
operators = ["0x0202020202020202020202020202020202020202"]
submitters = ["0x0202020202020202020202020202020202020202"]
contract_operators = ["0x0303030303030303030303030303030303030303", "0x0404040404040404040404040404040404040404"]
[chains]
main = ["tax"]
degree = ["university"]
[city]
submitter_key = "submitter.key"
"#;
const CHAINS: &str = r#"
founding = "founding.toml"
[[chains]]
name = "main"
rpc = "http://reader:secret@127.0.0.1:1"
genesis = "genesis/main.json"
[[chains]]
name = "degree"
rpc = "ws://127.0.0.1:2"
genesis = "genesis/degree.json"
"#;

fn members(seed: u64) -> Vec<ValidatorConfig> {
    ["tax", "university"]
        .into_iter()
        .zip(seed..)
        .map(|(name, seed)| ValidatorKeys::from_seed(seed).public(name))
        .collect()
}

/// Writes founding file and genesis files of validators with these seeds, and reads a file of chains over them.
fn founded(folder: &Path, seed: u64) {
    let file = folder.join("founding.toml");
    fs::write(&file, FOUNDING).unwrap();
    let file = FoundingFile::read(&file).unwrap();
    let made = together(&file.sides(), |chain| file.founding_of(chain, &members(seed))).unwrap();
    write(&folder.join("genesis"), made.iter().map(Together::file)).unwrap();
}

fn read_as(folder: &Path, text: &str) -> Result<Elsewhere> {
    let file = folder.join("chains.toml");
    fs::write(&file, text)?;
    read(&file)
}

fn refusal(folder: &Path, text: &str) -> String {
    format!("{:#}", read_as(folder, text).map(drop).unwrap_err())
}

// FOUND-9, bad input
#[test]
fn a_city_takes_the_chains_that_it_was_begun_with_and_no_others() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (folder, other) = (folder.path(), other.path());
    founded(folder, 1);
    founded(other, 3);
    let city = read_as(folder, CHAINS).unwrap();
    assert_eq!(city.sites().iter().map(Site::name).collect::<Vec<_>>(), ["main", "degree"]);
    let data = DataDir::new(&folder.join("city"));
    fs::create_dir(data.path()).unwrap();
    city.ensure_of(&data).unwrap();
    city.keep(&data).unwrap();
    city.ensure_of(&data).unwrap();
    // What an entity's process of its own reads.
    let kept = Founded::of_existing(&data).unwrap();
    assert_eq!(genesis::load(&data, &kept.sides()).unwrap(), city.genesis);

    let stranger = read_as(other, CHAINS).unwrap();
    let refused = stranger.ensure_of(&data).unwrap_err().to_string();
    assert!(refused.contains("another genesis of main"), "{refused}");
    fs::copy(other.join("genesis/degree.json"), folder.join("genesis/degree.json")).unwrap();
    assert!(refusal(folder, CHAINS).contains("follows another main chain"));
}

// FOUND-9, bad input: nothing is read for what the file says wrongly of itself.
#[test]
fn a_file_of_chains_names_each_chain_of_the_founding_file_once() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("founding.toml"), FOUNDING).unwrap();
    for (from, to, why) in [
        ("name = \"degree\"", "name = \"marriage\"", "which the founding file does not"),
        ("name = \"degree\"", "name = \"main\"", "twice"),
        ("http://reader:secret@127.0.0.1:1", "ftp://127.0.0.1", "over http and ws"),
        ("http://reader:secret@127.0.0.1:1", "nowhere", "cannot be used"),
        ("genesis/main.json", "nothing.json", "cannot open"),
        ("founding = \"founding.toml\"", "founding = \"nothing.toml\"", "cannot open"),
        ("founding = \"founding.toml\"", "founding = \"founding.toml\"\nfinder = 1", "unknown field"),
    ] {
        let refused = refusal(folder, &CHAINS.replace(from, to));
        assert!(refused.contains(why), "{to}: {refused}");
    }
    let only_main = CHAINS.rsplit_once("[[chains]]").unwrap().0;
    assert!(refusal(folder, only_main).contains("does not say where chain degree is"));
}

// M-SEC: a password that leads to a node stands in no line that everybody reads.
#[test]
fn a_password_is_not_shown() {
    let with = "http://reader:secret@10.0.0.1:8545/main".parse().unwrap();
    assert_eq!(shown(&with), "http://reader:hidden@10.0.0.1:8545/main");
    assert_eq!(shown(&"ws://10.0.0.1:8546#token-file=/etc/node.token".parse().unwrap()), "ws://10.0.0.1:8546");
}
