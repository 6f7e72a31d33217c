#![allow(clippy::unwrap_used)]

use serde_json::json;

use super::*;

fn record(text: &str) -> Record {
    Record::from_iter([("line".to_owned(), json!(text))])
}

// S-COL
#[test]
fn what_was_acknowledged_is_there_and_what_was_not_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = Spool::open(folder.path(), 1 << 20).unwrap();
    assert!(matches!(Spool::open(folder.path(), 1 << 20), Err(CollectError::Busy(_))));
    spool.append(vec![record("a"), record("b")]).unwrap();
    let id = identity(folder.path()).unwrap();
    drop(spool);
    let path = segments(folder.path()).unwrap()[0].path.clone();
    let whole = fs::read(&path).unwrap();
    fs::write(&path, [whole.as_slice(), b"{\"_seq\":3,\"li"].concat()).unwrap();
    let mut spool = Spool::open(folder.path(), 1 << 20).unwrap();
    spool.append(vec![record("c")]).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let numbers: Vec<u64> =
        text.lines().map(|line| serde_json::from_str::<Record>(line).unwrap()[SEQUENCE].as_u64().unwrap()).collect();
    assert_eq!(numbers, [1, 2, 3]);
    assert_eq!(identity(folder.path()).unwrap(), id);
    drop(spool);
    fs::write(&path, text.replacen("\"_seq\":2", "\"_seq\":9", 1)).unwrap();
    assert!(matches!(Spool::open(folder.path(), 1 << 20), Err(CollectError::Spool { .. })));
}

// S-COL
#[test]
fn an_append_that_a_crash_cut_is_taken_back_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = Spool::open(folder.path(), 1 << 20).unwrap();
    spool.append(vec![record("a")]).unwrap();
    let batch = || vec![record("b"), record("c"), record("d")];
    spool.append(batch()).unwrap();
    drop(spool);
    let path = segments(folder.path()).unwrap()[0].path.clone();
    let whole = fs::read_to_string(&path).unwrap();
    for kept in 2..4 {
        fs::write(&path, whole.split_inclusive('\n').take(kept).collect::<String>()).unwrap();
        let mut spool = Spool::open(folder.path(), 1 << 20).unwrap();
        spool.append(batch()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), whole, "{kept} lines were written");
    }
}

// S-COL
#[test]
fn a_segment_that_was_begun_and_is_empty_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    create(folder.path(), 7).unwrap();
    create(folder.path(), 7).unwrap().write_all(b"x").unwrap();
    assert_eq!(create(folder.path(), 7).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
}

// S-COL
#[test]
fn a_full_spool_takes_nothing_until_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = Spool::open(folder.path(), 130).unwrap();
    spool.append(vec![record(&"x".repeat(50))]).unwrap();
    assert!(matches!(spool.append(vec![record(&"x".repeat(50))]), Err(CollectError::Full(_))));
    spool.append(vec![record("y")]).unwrap();
    let text = fs::read_to_string(&segments(folder.path()).unwrap()[0].path).unwrap();
    assert_eq!(text.lines().count(), 2);
}

// S-COL, STORE-2: after a sync that failed what it was for can be read, and is not believed.
#[test]
fn what_a_failed_sync_was_for_is_cut_off_and_what_follows_begins_another_segment() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = Spool::open(folder.path(), 1 << 20).unwrap();
    spool.append(vec![record("a"), record("b")]).unwrap();
    let path = segments(folder.path()).unwrap()[0].path.clone();
    let kept = fs::read_to_string(&path).unwrap();
    // As it is when `sync_data` fails: the whole append is in the file, and was not acknowledged.
    let refused = || {
        let line = json!({ SEQUENCE: 3, UNTIL: 3, "line": "never acknowledged" });
        fs::write(&path, format!("{kept}{line}\n")).unwrap();
    };
    refused();
    (spool.broken, spool.standing) = (true, Standing::of("spool"));
    spool.standing.failed(&"as if a sync had failed");
    let error = spool.append(vec![record("c")]).unwrap_err();
    assert!(matches!(error, CollectError::Unwritten { .. }) && error.passes(), "{error}");
    spool.standing = Standing::of("spool");
    spool.append(vec![record("c")]).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), kept);
    let all = segments(folder.path()).unwrap();
    assert_eq!(all.iter().map(|segment| segment.first).collect::<Vec<_>>(), [1, 3]);
    assert!(fs::read_to_string(&all[1].path).unwrap().contains("\"c\""));
    drop(spool);
    Spool::open(folder.path(), 1 << 20).unwrap().append(vec![record("d")]).unwrap();
    // What a sync has kept is not there: nothing follows it, and it does not pass.
    let mut spool = Spool::open(folder.path(), 1 << 20).unwrap();
    fs::write(&all[1].path, "").unwrap();
    spool.broken = true;
    let error = spool.append(vec![record("e")]).unwrap_err();
    assert!(matches!(error, CollectError::Spool { .. }) && !error.passes(), "{error}");
}
