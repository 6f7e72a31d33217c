//! What happens to machines happens to nodes: damaged files, a full disk, a clock that is off. A node recovers, or stops and says what to do; it
//! never serves what is wrong and never forgets what was final. `docs/specs/chain.md`: CHAIN-5, CHAIN-6.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "damage/identity.rs"]
mod identity;
#[path = "damage/stores.rs"]
mod stores;

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use chancery_ingest::journal::{self, Entry, Journal, JournalError};
use chancery_testing::{
    left_out,
    process::{MOUNTING, Network, NodeProcess, SmallDisk, built_binary},
};

/// Many times what a loaded machine needs.
const MAX_WAIT: Duration = Duration::from_secs(120);
const HEARTBEAT_MS: u64 = 100;
/// Words of an error that says how the node can be repaired.
const REPAIRS: [&str; 4] = ["restore", "delete", "remove", "empty it"];

/// What the log says when a part of a node panics.
const GAVE_UP: &str = "a part of the node gives up";

async fn grow(node: &NodeProcess, by: u64) -> u64 {
    let height = node.height().await.unwrap() + by;
    node.block_hash(height).await.unwrap();
    height
}

fn files_below(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut left = vec![directory.to_path_buf()];
    while let Some(directory) = left.pop() {
        for entry in fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                left.push(entry);
            } else if fs::metadata(&entry).unwrap().len() > 0 {
                files.push(entry);
            }
        }
    }
    files.sort();
    files
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").args(["-a", "--sparse=always"]).arg(from).arg(to).status().unwrap();
    assert!(copied.success());
}

/// Changes a byte of what is written, or cuts it in half. Files of a journal are larger than what is written in them: zeros follow.
fn damage(path: &Path, cuts: bool) {
    let mut bytes = fs::read(path).unwrap();
    let written = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    if cuts {
        bytes.truncate(written / 2);
    } else if written > 0 {
        bytes[written / 2] ^= 0xFF;
    }
    fs::write(path, bytes).unwrap();
}

// CHAIN-5, CHAIN-6
#[tokio::test]
async fn a_node_with_a_damaged_file_recovers_or_says_how_to_repair_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut network = Network::init(dir.path(), 1, 0, HEARTBEAT_MS).unwrap();
    network.start_all().unwrap();
    let height = grow(&network.nodes[0], 12).await;
    let known: Vec<String> = {
        let mut known = Vec::new();
        for number in 0..=height {
            known.push(network.nodes[0].block_hash(number).await.unwrap());
        }
        known
    };
    network.nodes[0].kill().unwrap();
    let home = network.dir().join("validator-1");
    let (data, whole, log) = (home.join("data"), home.join("whole"), home.join("node.log"));
    copy(&data, &whole);

    let (mut recovered, mut refused) = (0, 0);
    for file in files_below(&whole) {
        for cuts in [false, true] {
            fs::remove_dir_all(&data).unwrap();
            copy(&whole, &data);
            let victim = data.join(file.strip_prefix(&whole).unwrap());
            damage(&victim, cuts);
            fs::write(&log, "").unwrap();
            let what = format!("{} {}", victim.display(), if cuts { "cut" } else { "changed" });
            match network.nodes[0].start() {
                Ok(()) => {
                    recovered += 1;
                    let mut refusals = Vec::new();
                    for (number, hash) in known.iter().enumerate() {
                        let found = network.nodes[0].block_hash_now(number as u64).await;
                        // What cannot be read is refused; what is served is what was final.
                        match found {
                            Ok(found) => assert_eq!(found, *hash, "{what}: another block {number}"),
                            Err(error) => refusals.push(error.to_string()),
                        }
                    }
                    network.nodes[0].kill().unwrap();
                    // It serves everything, or says of what it does not how it is repaired.
                    let said = refusals.concat() + &fs::read_to_string(&log).unwrap();
                    let is_told = REPAIRS.iter().any(|repair| said.contains(repair));
                    assert!(refusals.is_empty() || is_told, "{what}: {said}");
                }
                Err(error) => {
                    refused += 1;
                    let said = error.to_string();
                    assert!(REPAIRS.iter().any(|repair| said.contains(repair)), "{what}: {said}");
                }
            }
        }
    }
    assert!(recovered > 0 && refused > 0, "{recovered} recovered, {refused} refused");

    // What is said of consensus' files repairs: without any of them the node has every block, and goes on.
    fs::remove_dir_all(&data).unwrap();
    copy(&whole, &data);
    fs::remove_dir_all(data.join("consensus")).unwrap();
    let node = &mut network.nodes[0];
    node.start().unwrap();
    for (number, hash) in known.iter().enumerate() {
        assert_eq!(node.block_hash_now(number as u64).await.unwrap(), *hash, "block {number}");
    }
    grow(node, 2).await;
}

#[tokio::test]
async fn a_node_whose_disk_is_full_stops_by_name_and_goes_on_when_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let mut network = Network::init(dir.path(), 1, 0, HEARTBEAT_MS).unwrap();
    let home = network.dir().join("validator-1");
    let Some(disk) = SmallDisk::mount(&home.join("data"), 128).unwrap() else {
        return left_out("a node whose disk is full", MOUNTING);
    };
    let node = &mut network.nodes[0];
    node.start_through(disk.enter());
    node.start().unwrap();
    let height = grow(node, 3).await;
    let hash = node.block_hash(height).await.unwrap();

    disk.fill(16).unwrap();
    let said = node.ended(MAX_WAIT).unwrap();
    assert!(said.contains("the disk is full") && said.contains("make room"), "{said}");
    assert!(!said.contains(GAVE_UP), "{said}");
    let refused = node.start().unwrap_err().to_string();
    assert!(refused.contains("the disk is full"), "it does not start while there is no room: {refused}");

    disk.free().unwrap();
    node.start().unwrap();
    assert_eq!(node.block_hash(height).await.unwrap(), hash);
    grow(node, 2).await;
}

/// Where a journal is to be written on a disk that becomes full; set by the test that follows for a process of its own.
const SMALL_DISK: &str = "CHANCERY_TEST_SMALL_DISK";
/// Of an entry: a part of one stays on the disk when it is full.
const ENTRY_BYTES: usize = 192 * 1024;

/// On a disk that is nearly full: what does not fit is refused by name and leaves nothing, and what comes when there is room follows what was there.
fn fill_a_journal(folder: &Path) {
    let at = folder.join("journal");
    let mut journal = Journal::open(&at, 7100, 0).unwrap();
    fs::write(folder.join("filler"), vec![1; 1 << 20]).unwrap();
    let body = vec![7; ENTRY_BYTES];
    let entries = [Entry { kind: 1, body: &body }];
    let mut refusals = 0;
    while refusals < 2 {
        match journal.append(&entries) {
            Ok(_) => assert!(refusals == 0 && journal.next_place() < 100, "nothing follows what did not fit"),
            Err(JournalError::Io { source, .. }) => {
                assert_eq!(source.kind(), ErrorKind::StorageFull, "each time it is the disk: {source}");
                refusals += 1;
            }
            Err(error) => panic!("{error}"),
        }
    }
    let kept = journal.next_place();
    assert!(kept > 0);
    fs::remove_file(folder.join("filler")).unwrap();
    journal.append(&entries).unwrap();
    drop(journal);
    let reopened = Journal::open(&at, 7100, kept + 1).unwrap();
    assert_eq!(reopened.next_place(), kept + 1);
    let first = journal::first_position(&at).unwrap().unwrap();
    let whole = journal::read_from(&at, first).unwrap().flat_map(|group| group.unwrap().entries);
    assert_eq!(whole.filter(|(kind, read)| *kind == 1 && *read == body).count() as u64, kept + 1);
}

// DATA-2, DATA-7: what sources submit, on a disk that is full.
#[test]
fn a_journal_whose_disk_is_full_keeps_what_it_acknowledged_and_goes_on_when_there_is_room() {
    if let Some(folder) = std::env::var_os(SMALL_DISK) {
        fill_a_journal(Path::new(&folder));
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().join("disk");
    let Some(disk) = SmallDisk::mount(&at, 4).unwrap() else {
        return left_out("a journal whose disk is full", MOUNTING);
    };
    let enter = disk.enter();
    // This test again, in a process that sees the small disk.
    let test = "a_journal_whose_disk_is_full_keeps_what_it_acknowledged_and_goes_on_when_there_is_room";
    let output = Command::new(&enter[0])
        .args(&enter[1..])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(SMALL_DISK, &at)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

/// Seconds that a node's clock is off, and how they get there.
struct WrongClock {
    library: PathBuf,
    seconds: PathBuf,
}

impl WrongClock {
    fn new(dir: &Path) -> Self {
        let (library, seconds) = (dir.join("clock.so"), dir.join("seconds"));
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/damage/clock.c");
        let compiled =
            Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(source).arg("-ldl").status();
        assert!(compiled.unwrap().success());
        Self { library, seconds }
    }

    fn set(&self, seconds: i64) {
        // At once, so that nobody reads half a number.
        let aside = self.seconds.with_extension("new");
        fs::write(&aside, seconds.to_string()).unwrap();
        fs::rename(aside, &self.seconds).unwrap();
    }

    fn wear(&self, node: &mut NodeProcess) {
        let preload = format!("LD_PRELOAD={}", self.library.display());
        node.start_through(vec!["env".into(), preload, format!("CLOCK_OFF_BY={}", self.seconds.display())]);
    }
}

fn doctor_says(node: &NodeProcess, words: &str) {
    let started = Instant::now();
    loop {
        let output = Command::new(built_binary()).args(["doctor", "--rpc", &node.rpc]).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        if said.contains(words) {
            return;
        }
        assert!(started.elapsed() < MAX_WAIT, "{} was to say {words}, and says {said}", node.name);
    }
}

#[tokio::test]
async fn a_clock_that_is_off_by_an_hour_is_named_and_the_others_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut network = Network::init(dir.path(), 4, 0, HEARTBEAT_MS).unwrap();
    let clock = WrongClock::new(dir.path());
    clock.set(0);
    clock.wear(&mut network.nodes[3]);
    network.start_all().unwrap();
    let height = grow(&network.nodes[0], 3).await;
    network.agree_at(height).await.unwrap();

    // Put forward while it runs: its blocks are from the future, and its turns are skipped.
    clock.set(3_600);
    doctor_says(&network.nodes[3], "put forward by");
    grow(&network.nodes[0], 5).await;

    // Put back: its timers would fire an hour late, so it stops.
    clock.set(0);
    let said = network.nodes[3].ended(MAX_WAIT).unwrap();
    assert!(said.contains("the clock of this machine was put back") && said.contains("start the node again"), "{said}");
    grow(&network.nodes[0], 5).await;

    // Started with a clock that is off, either way, it reaches nobody, and says why.
    for (seconds, words) in
        [(3_600, "min ahead of the clock of the machine that asks"), (-3_600, "this node's clock is off")]
    {
        clock.set(seconds);
        network.nodes[3].start().unwrap();
        doctor_says(&network.nodes[3], words);
        doctor_says(&network.nodes[3], "cut off");
        grow(&network.nodes[0], 3).await;
        network.nodes[3].kill().unwrap();
    }

    clock.set(0);
    network.nodes[3].start().unwrap();
    let height = grow(&network.nodes[0], 3).await;
    network.agree_at(height).await.unwrap();
}
