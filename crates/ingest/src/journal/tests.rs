#![allow(clippy::unwrap_used)]

use std::fs;

use super::*;

fn group(journal: &mut Journal, bodies: &[&str]) -> Position {
    let entries: Vec<_> = bodies.iter().map(|body| Entry { kind: 1, body: body.as_bytes() }).collect();
    journal.append(&entries).unwrap()
}

fn bodies(directory: &Path) -> Vec<String> {
    let Some(first) = first_position(directory).unwrap() else { return Vec::new() };
    let groups = read_from(directory, first).unwrap();
    groups.flat_map(|group| group.unwrap().entries).map(|(_, body)| String::from_utf8(body).unwrap()).collect()
}

fn last_segment(directory: &Path) -> PathBuf {
    segment_path(directory, segments(directory).unwrap().pop().unwrap())
}

// DATA-2
#[test]
fn what_was_appended_is_there_after_reopening_over_several_segments() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::open_with(folder.path(), 7100, 0, 100).unwrap();
    let mut expected = Vec::new();
    for number in 0..20 {
        let (one, two) = (format!("{number} one"), format!("{number} two"));
        group(&mut journal, &[&one, &two]);
        expected.extend([one, two]);
    }
    drop(journal);
    assert!(segments(folder.path()).unwrap().len() > 5);
    assert_eq!(bodies(folder.path()), expected);
    assert_eq!(Journal::open_with(folder.path(), 7100, 40, 100).unwrap().next_place(), 40);
}

// DATA-7: at every byte at which a kill can cut the last group
#[test]
fn a_torn_end_is_cut_off_wherever_it_is_torn() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(folder.path(), 7100, 0).unwrap();
    group(&mut journal, &["kept"]);
    let torn = group(&mut journal, &["never acknowledged"]);
    drop(journal);
    let path = last_segment(folder.path());
    let whole = fs::read(&path).unwrap();
    for length in torn.offset..whole.len() as u64 {
        fs::write(&path, &whole[..usize::try_from(length).unwrap()]).unwrap();
        let mut journal = Journal::open(folder.path(), 7100, 1).unwrap();
        assert_eq!(journal.next_place(), 1, "cut at {length}");
        group(&mut journal, &["next"]);
        drop(journal);
        assert_eq!(bodies(folder.path()), ["kept", "next"]);
    }
}

// DATA-7
#[test]
fn a_changed_byte_before_the_end_is_damage_with_its_file_and_offset() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(folder.path(), 7100, 0).unwrap();
    let first = group(&mut journal, &["one"]);
    group(&mut journal, &["two"]);
    drop(journal);
    let path = last_segment(folder.path());
    let whole = fs::read(&path).unwrap();
    for byte in first.offset..first.offset + 30 {
        let mut altered = whole.clone();
        altered[usize::try_from(byte).unwrap()] ^= 1;
        fs::write(&path, &altered).unwrap();
        let error = Journal::open(folder.path(), 7100, 0).unwrap_err();
        assert!(matches!(&error, JournalError::Damaged { offset, .. } if *offset == first.offset), "{byte}: {error}");
        assert!(error.to_string().contains("chancery repair-journal"), "{error}");
    }
}

// DATA-7: the last group was acknowledged, so that it does not read is no torn end.
#[test]
fn an_acknowledged_entry_that_is_missing_at_the_end_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(folder.path(), 7100, 0).unwrap();
    group(&mut journal, &["one"]);
    let last = group(&mut journal, &["two"]);
    drop(journal);
    let path = last_segment(folder.path());
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(last.offset + 5).unwrap();
    assert!(matches!(Journal::open(folder.path(), 7100, 2).unwrap_err(), JournalError::Damaged { .. }));
    assert_eq!(Journal::open(folder.path(), 7100, 1).unwrap().next_place(), 1);
}

// DATA-7
#[test]
fn a_repair_says_what_it_drops_and_keeps_it_aside() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::open_with(folder.path(), 7100, 0, 60).unwrap();
    for body in ["one", "two", "three", "four", "five"] {
        group(&mut journal, &[body]);
    }
    drop(journal);
    assert_eq!(plan_repair(folder.path(), 7100).unwrap(), None);
    let first = segment_path(folder.path(), 0);
    let mut bytes = fs::read(&first).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&first, bytes).unwrap();

    let repair = plan_repair(folder.path(), 7100).unwrap().unwrap();
    assert_eq!((repair.lost_from_place, repair.set_aside.len()), (1, 3), "{repair:?}");
    repair.apply().unwrap();
    assert_eq!(bodies(folder.path()), ["one"]);
    assert_eq!(Journal::open_with(folder.path(), 7100, 0, 60).unwrap().next_place(), 1);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1 + 4);
}

#[test]
fn a_journal_of_another_chain_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    drop(Journal::open(folder.path(), 7100, 0).unwrap());
    assert!(matches!(Journal::open(folder.path(), 7101, 0).unwrap_err(), JournalError::OtherChain { found: 7100, .. }));
}

// DATA-7: killed while a segment was begun
#[test]
fn a_segment_without_its_head_holds_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::open_with(folder.path(), 7100, 0, 60).unwrap();
    group(&mut journal, &["one"]);
    group(&mut journal, &["two"]);
    drop(journal);
    fs::write(segment_path(folder.path(), 2), &MAGIC[..7]).unwrap();
    let mut journal = Journal::open_with(folder.path(), 7100, 2, 60).unwrap();
    assert_eq!(journal.next_place(), 2);
    group(&mut journal, &["three"]);
    drop(journal);
    assert_eq!(bodies(folder.path()), ["one", "two", "three"]);
}

// DATA-7, STORE-2: after a sync that failed what it was for can be read, and is not believed.
#[test]
fn what_a_failed_sync_was_for_is_cut_off_and_what_follows_begins_another_segment() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(folder.path(), 7100, 0).unwrap();
    group(&mut journal, &["one"]);
    journal.mend().unwrap();
    assert_eq!(segments(folder.path()).unwrap(), [0], "nothing was to be mended");
    // As it is when `sync_data` fails: the whole group is in the file, and was not accepted.
    let path = last_segment(folder.path());
    let whole = fs::read(&path).unwrap();
    let frame = frame::encode(1, &[Entry { kind: 1, body: b"never acknowledged" }]).unwrap();
    fs::write(&path, [whole.as_slice(), &frame].concat()).unwrap();
    journal.broken = true;
    assert!(matches!(journal.append(&[Entry { kind: 1, body: b"two" }]), Err(JournalError::Io { .. })));
    journal.mend().unwrap();
    assert_eq!(fs::read(&path).unwrap(), whole);
    group(&mut journal, &["two"]);
    assert_eq!(
        (segments(folder.path()).unwrap(), bodies(folder.path())),
        (vec![0, 1], vec!["one".into(), "two".into()])
    );
    // What a sync has kept, and is not there: nothing follows it.
    fs::write(last_segment(folder.path()), &MAGIC[..]).unwrap();
    journal.broken = true;
    assert!(journal.mend().is_err());
    assert!(journal.append(&[Entry { kind: 1, body: b"three" }]).is_err());
}
