#![allow(clippy::unwrap_used)]

use std::{fs, io::Write as _, time::SystemTime};

use super::*;

struct Log {
    folder: tempfile::TempDir,
    tail: Tail,
}

impl Log {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        Self { folder, tail: Tail { path, json: false, position: None, patience: 0, quiet: 0 } }
    }

    fn write(&self, text: &str) {
        let mut file = fs::OpenOptions::new().create(true).append(true).open(&self.tail.path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn rename(&self, name: &str) {
        fs::rename(&self.tail.path, self.folder.path().join(name)).unwrap();
    }

    /// Everything that is there, and what changed.
    fn read(&mut self) -> (Vec<String>, Vec<Change>) {
        let (mut lines, mut changes) = (Vec::new(), Vec::new());
        while let Some(taken) = self.tail.read().unwrap() {
            lines.extend(taken.records.iter().map(|record| record["line"].as_str().unwrap().to_owned()));
            changes.extend(taken.change);
            self.tail.position = Some(taken.position);
        }
        (lines, changes)
    }
}

// S-COL
#[test]
fn a_rotated_log_is_read_to_its_end_and_then_the_new_one() {
    let mut log = Log::new();
    assert_eq!(log.read(), (vec![], vec![]));
    log.write("a\nb\r\nc");
    assert_eq!(log.read().0, ["a", "b"], "a line has an end");
    log.write("c\nd\n");
    log.rename("log.1");
    assert_eq!(log.read().0, ["cc", "d"], "also before there is a new file");
    fs::write(log.folder.path().join("log.1"), "a\nb\r\ncc\nd\nlate").unwrap();
    log.write("e\n");
    assert_eq!(log.read(), (vec!["late".to_owned(), "e".to_owned()], vec![]));
    log.rename("log.2");
    log.write("f\n");
    fs::remove_file(log.folder.path().join("log.2")).unwrap();
    assert_eq!(log.read(), (vec!["f".to_owned()], vec![Change::Gone]));
}

// S-COL
#[test]
fn a_log_that_changed_under_its_reader_is_noticed_and_read_anew() {
    let mut log = Log::new();
    log.write("one\ntwo\n");
    assert_eq!(log.read().0.len(), 2);
    fs::write(&log.tail.path, "x\n").unwrap();
    assert_eq!(log.read(), (vec!["x".to_owned()], vec![Change::Truncated]));
    fs::write(&log.tail.path, "y\nz\n").unwrap();
    assert_eq!(log.read(), (vec!["y".to_owned(), "z".to_owned()], vec![Change::Rewritten]));
    assert_eq!(log.read(), (vec![], vec![]), "once");
}

// S-COL
#[test]
fn a_line_without_end_comes_in_pieces() {
    let mut log = Log::new();
    log.write(&"x".repeat(MAX_LINE_BYTES * 2 + 10));
    let lines = log.read().0;
    assert_eq!(lines.iter().map(String::len).collect::<Vec<_>>(), [MAX_LINE_BYTES, MAX_LINE_BYTES]);
    log.write("\n");
    assert_eq!(log.read().0, ["x".repeat(10)]);
}

// S-COL
#[test]
fn of_several_rotations_at_once_each_file_is_read_and_nothing_else_beside_them() {
    let mut log = Log::new();
    let dated = |log: &Log, name: &str, hour: u64| {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 + hour * 3600);
        File::options().write(true).open(log.folder.path().join(name)).unwrap().set_modified(time).unwrap();
    };
    fs::write(log.folder.path().join("log.9"), "long ago\n").unwrap();
    dated(&log, "log.9", 0);
    log.write("");
    assert_eq!(log.read().0, [""; 0]);
    // Also of a file of which nothing was read yet.
    for (name, hour) in [("log.3", 1), ("log.2", 2), ("log.1", 3)] {
        log.write(&format!("{name}\n"));
        log.rename(name);
        dated(&log, name, hour);
    }
    for beside in ["log.errors", "log.1.gz", "logs"] {
        fs::write(log.folder.path().join(beside), "another\n").unwrap();
        dated(&log, beside, 2);
    }
    log.write("present\n");
    assert_eq!(log.read().0, ["log.3", "log.2", "log.1", "present"]);
    assert_eq!(log.read(), (vec![], vec![]), "once");
}

// S-COL
#[test]
fn a_renamed_log_is_read_while_it_is_still_written() {
    let mut log = Log::new();
    log.tail.patience = 1;
    log.write("a\n");
    assert_eq!(log.read().0, ["a"]);
    log.rename("log.1");
    log.write("c\n");
    assert_eq!(log.read().0, [""; 0]);
    fs::write(log.folder.path().join("log.1"), "a\nb\n").unwrap();
    assert_eq!(log.read().0, ["b"]);
    assert_eq!(log.read().0, ["c"]);
}

// S-COL
#[test]
fn a_log_whose_device_has_another_number_is_known_by_what_was_read() {
    let mut log = Log::new();
    log.write("a\nb\n");
    assert_eq!(log.read().0, ["a", "b"]);
    log.tail.position.as_mut().unwrap().device += 1;
    log.write("c\n");
    assert_eq!(log.read(), (vec!["c".to_owned()], vec![]));
}

// S-COL
#[test]
fn records_of_one_read_are_bounded() {
    let mut log = Log::new();
    log.write(&"\n".repeat(MAX_READ_RECORDS + 1));
    assert_eq!(log.tail.read().unwrap().unwrap().records.len(), MAX_READ_RECORDS);
    assert_eq!(log.read().0.len(), MAX_READ_RECORDS + 1);
}
