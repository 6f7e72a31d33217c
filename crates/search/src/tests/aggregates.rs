//! Ranges and answers over many operations, compared with looking at each.

use std::{collections::BTreeMap, sync::Arc};

use alloy_primitives::Address;
use chancery_data::{Reader, submission::Access};
use chancery_reference_points::{
    Code,
    data_format::{FormatReading, FormatReadings},
    data_search::{
        DataAggregate, DataQuery, Every, FieldRange, Group, Interval, MAX_AGGREGATED_SUBJECTS, MAX_GROUPS, Member,
        OperationPlace, Visibility,
    },
    read_right::Asker,
};
use proptest::prelude::*;

use super::{Kept, NOW_MS, everybody, found_in, sealed_content, somebody, submission, submission_for};
use crate::{
    SearchIndex,
    aggregate::{Answered, AssetName, Question},
    moments,
    sight::Sight,
};

/// Tenths, so that what a naive computation adds up are whole numbers.
#[derive(Clone, Debug)]
struct Reading {
    tenths: i64,
    word: u8,
    day: u64,
}

const DAY_MS: u64 = 86_400_000;
const FORMATS: [(&str, &str); 2] = [("near", "level"), ("far", "height")];

impl Reading {
    /// In the members that a format has. A level that is a multiple of seven tenths is no number.
    fn text(&self, format: usize) -> String {
        let (tenths, (_, name)) = (self.tenths, FORMATS[format]);
        let sign = if tenths < 0 { "-" } else { "" };
        let number = format!("{sign}{}.{}", tenths.abs() / 10, tenths.abs() % 10);
        let level = if self.is_number() { number } else { format!("\"{number}\"") };
        format!(r#"{{"time":{},"content":{{"{name}":{level},"word":"w{}"}}}}"#, self.day * DAY_MS, self.word)
    }

    const fn is_number(&self) -> bool {
        self.tenths % 7 != 0
    }
}

fn readings() -> impl Strategy<Value = Vec<(usize, bool, Vec<Reading>)>> {
    let reading = (-500..500_i64, 0..3_u8, 0..70_u64).prop_map(|(tenths, word, day)| Reading { tenths, word, day });
    prop::collection::vec((0..2_usize, any::<bool>(), prop::collection::vec(reading, 1..4)), 1..60)
}

fn city(submissions: &[(usize, bool, Vec<Reading>)]) -> (tempfile::TempDir, SearchIndex, Kept) {
    let folder = tempfile::tempdir().unwrap();
    let index = SearchIndex::open_with(folder.path(), u64::MAX, 16).unwrap();
    let mut kept = Kept::default();
    for (place, (format, is_public, readings)) in (0..).zip(submissions) {
        let texts: Vec<String> = readings.iter().map(|reading| reading.text(*format)).collect();
        let access = if *is_public { Access::Public } else { Access::Internal };
        kept.keep(place, &texts);
        index.add(&submission(place, FORMATS[*format].0, access, &texts)).unwrap();
    }
    (folder, index, kept)
}

fn member(path: &str) -> Member {
    Member { path: path.into(), ..Member::default() }
}

fn level() -> Member {
    Member { path: "level".into(), in_formats: BTreeMap::from([("far".into(), "height".into())]) }
}

fn answer(index: &SearchIndex, kept: &Kept, asked: DataAggregate, sees: Sight) -> (Vec<Group>, Vec<AssetName>) {
    let question = Question::new(asked, sees).unwrap();
    let Answered { aggregates, assets, .. } = question.answer(index, kept, |_| "OFFICE".into()).unwrap().unwrap();
    assert_eq!(aggregates.next, None);
    assert_eq!(aggregates.operations, aggregates.groups.iter().map(|group| group.operations).sum::<u64>());
    (aggregates.groups, assets.into_iter().collect())
}

fn office(index: &SearchIndex) -> Sight {
    let visibility = Visibility { access: vec![Access::Public, Access::Internal], now_ms: NOW_MS };
    Sight::new(index, visibility, Asker { is_office: true, ..Asker::default() }, Arc::default())
}

fn decimal(tenths: i64) -> String {
    let (sign, size) = (if tenths < 0 { "-" } else { "" }, tenths.abs());
    if size % 10 == 0 { format!("{sign}{}", size / 10) } else { format!("{sign}{}.{}", size / 10, size % 10) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    // SEARCH-2, SEARCH-5, M-SER-2: over chunks, the tail and pages, the same as looking at each.
    #[test]
    fn a_range_finds_exactly_what_is_within(
        submissions in readings(), least in -500..500_i64, width in 0..300_i64, is_open: bool, ascending: bool, limit in 1..9_usize,
    ) {
        let (_folder, index, kept) = city(&submissions);
        let (low, high) = (Some(decimal(least)), Some(decimal(least + width)));
        let range = FieldRange { path: "level".into(), ..FieldRange::default() };
        let range = if is_open { FieldRange { above: low, below: high, ..range } } else { FieldRange { at_least: low, at_most: high, ..range } };
        let within = |tenths: i64| if is_open { least < tenths && tenths < least + width } else { (least..=least + width).contains(&tenths) };
        let mut expected = Vec::new();
        for (place, (format, is_public, readings)) in (0..).zip(&submissions) {
            for (index, reading) in (0..).zip(readings) {
                if *is_public && *format == 0 && reading.is_number() && within(reading.tenths) {
                    expected.push(OperationPlace { place, index });
                }
            }
        }
        if !ascending {
            expected.reverse();
        }
        let query = DataQuery { ranges: vec![range], ascending, limit: Some(limit), ..DataQuery::default() };
        prop_assert_eq!(found_in(&index, &query, &kept), expected);
    }

    // SEARCH-6, S-APP: over two formats whose members have other names, by a member and by month.
    #[test]
    fn an_answer_over_many_is_that_of_looking_at_each(submissions in readings(), sees_all: bool, from in 0..70_u64) {
        let (_folder, index, kept) = city(&submissions);
        // Month of 1970, word: operations, others, and the tenths of the numbers.
        let mut naive: BTreeMap<(u64, u8), (u64, u64, Vec<i64>)> = BTreeMap::new();
        for (_, is_public, readings) in &submissions {
            for reading in readings.iter().filter(|reading| (*is_public || sees_all) && reading.day >= from) {
                let month = [31, 59].iter().filter(|end| reading.day >= **end).count() as u64;
                let (operations, others, tenths) = naive.entry((month, reading.word)).or_default();
                *operations += 1;
                if reading.is_number() { tenths.push(reading.tenths) } else { *others += 1 }
            }
        }
        let sees = if sees_all { office(&index) } else { everybody(&index) };
        let asked = DataAggregate {
            query: DataQuery { from: Some(from * DAY_MS), ..DataQuery::default() },
            value: Some(level()),
            by: vec![member("word")],
            every: Some(Every { interval: Interval::Month, member: None }),
        };
        let (groups, _) = answer(&index, &kept, asked, sees);
        prop_assert_eq!(groups.len(), naive.len());
        for (group, ((month, word), (operations, others, tenths))) in groups.iter().zip(&naive) {
            let begin = [0, 31, 59][usize::try_from(*month).unwrap()] * i64::try_from(DAY_MS).unwrap();
            prop_assert_eq!((group.from, &group.key), (Some(begin), &vec![Some(format!("w{word}"))]));
            prop_assert_eq!((group.operations, group.others, group.values), (*operations, *others, tenths.len() as u64));
            prop_assert_eq!(group.sum.clone(), (!tenths.is_empty()).then(|| decimal(tenths.iter().sum())));
            prop_assert_eq!(group.least.clone(), tenths.iter().min().map(|one| decimal(*one)));
            prop_assert_eq!(group.most.clone(), tenths.iter().max().map(|one| decimal(*one)));
            if let Some(mean) = &group.mean {
                let expected = tenths.iter().sum::<i64>() as f64 / 10.0 / tenths.len() as f64;
                prop_assert!((mean.parse::<f64>().unwrap() - expected).abs() < 1e-9);
            }
        }
    }
}

// SEARCH-6: the public count needs no content; what is narrowed by a range does.
#[test]
fn a_count_without_members_reads_nothing() {
    let reading = |tenths| Reading { tenths, word: 0, day: 1 };
    let (_folder, index, kept) = city(&[(0, true, vec![reading(1), reading(20)]), (1, true, vec![reading(3)])]);
    let all = answer(&index, &Kept::default(), DataAggregate::default(), everybody(&index)).0;
    assert_eq!(all, [Group { operations: 3, ..Group::default() }]);
    let range = FieldRange { path: "level".into(), at_least: Some("1".into()), ..FieldRange::default() };
    let asked =
        DataAggregate { query: DataQuery { ranges: vec![range], ..DataQuery::default() }, ..DataAggregate::default() };
    assert_eq!(answer(&index, &kept, asked, everybody(&index)).0, [Group { operations: 1, ..Group::default() }]);
}

// SEARCH-6: a number that no sum has room for is counted, and never rounded in.
#[test]
fn what_is_not_added_up_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let index = SearchIndex::open(folder.path(), u64::MAX).unwrap();
    let texts = ["0.1", "0.2", "1e300", "null", "[1,2]", "[]"]
        .map(|level| format!(r#"{{"time":1,"content":{{"level":{level}}}}}"#));
    let mut kept = Kept::default();
    kept.keep(0, &texts);
    index.add(&submission(0, "near", Access::Public, &texts)).unwrap();
    let asked = DataAggregate { value: Some(member("level")), ..DataAggregate::default() };
    let [group] = answer(&index, &kept, asked, everybody(&index)).0.try_into().unwrap();
    assert_eq!((group.operations, group.values, group.others), (6, 4, 3));
    assert_eq!((group.sum.as_deref(), group.mean.as_deref()), (Some("3.3"), Some("0.825")));
}

// SEARCH-6, SEARCH-4: what is beyond a bound is refused by name.
#[test]
fn an_answer_beyond_its_bounds_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let index = SearchIndex::open(folder.path(), u64::MAX).unwrap();
    let mut kept = Kept::default();
    let mut add = |place: u64, access, texts: Vec<String>| {
        kept.keep(place, &texts);
        index.add(&submission(place, "near", access, &texts)).unwrap();
    };
    for place in 0..=MAX_GROUPS as u64 / 1000 {
        add(
            place,
            Access::Public,
            (0..1000).map(|n| format!(r#"{{"time":1,"content":{{"n":{place}.{n:03}}}}}"#)).collect(),
        );
    }
    let subjects =
        |from: usize| (from..from + 501).map(|n| format!(r#"{{"time":1,"subject":"s{n}","content":1}}"#)).collect();
    add(100, Access::Internal, subjects(0));
    add(101, Access::Internal, subjects(MAX_AGGREGATED_SUBJECTS / 2));
    let refused = |asked: DataAggregate, sees: Sight| {
        let error = match Question::new(asked, sees) {
            Ok(question) => question.answer(&index, &kept, |_| String::new()).unwrap().unwrap_err(),
            Err(error) => error,
        };
        assert_eq!(error.code(), Code::MalformedRequest);
        error.members()["member"].as_str().unwrap().to_owned()
    };
    let by = |path: &str| DataAggregate { by: vec![member(path)], ..DataAggregate::default() };
    assert_eq!(refused(by("n"), everybody(&index)), "by");
    assert_eq!(refused(DataAggregate::default(), office(&index)), "query");
    assert_eq!(refused(by(""), everybody(&index)), "by");
    assert_eq!(
        refused(DataAggregate { by: vec![member("n"); 5], ..DataAggregate::default() }, everybody(&index)),
        "by"
    );
    assert_eq!(
        refused(DataAggregate { value: Some(member(&"x".repeat(300))), ..DataAggregate::default() }, everybody(&index)),
        "value"
    );
    // Half of the subjects are within the bound, and each is named.
    let half = DataAggregate {
        query: DataQuery { to: Some(2), subject: Some("s1".into()), ..DataQuery::default() },
        ..DataAggregate::default()
    };
    assert_eq!(
        answer(&index, &kept, half, office(&index)).1,
        [("OFFICE".to_owned(), "near".to_owned(), "s1".to_owned())]
    );
}

// SEARCH-6, SEARCH-3, M-PRIV: restricted data are added up for who is named, in clear of a sealed format they are restricted, and their subjects are named for the record.
#[test]
fn restricted_data_are_added_up_for_who_may_read_them() {
    let folder = tempfile::tempdir().unwrap();
    let index = SearchIndex::open_with(folder.path(), u64::MAX, 2).unwrap();
    let mut kept = Kept::default();
    let mut add = |place: u64, format: &str, access, readers: Vec<Reader>| {
        let texts =
            [format!(r#"{{"time":1,"subject":"s{place}","content":{{"level":{}}}}}"#, 10_u32.pow(place as u32))];
        kept.keep(place, &texts);
        index.add(&submission_for(place, format, access, readers, &texts)).unwrap();
    };
    let named = |byte| vec![Reader::Address(Address::repeat_byte(byte))];
    add(0, "f", Access::Public, Vec::new());
    add(1, "f", Access::Restricted, named(1));
    add(2, "g", Access::Restricted, Vec::new());
    add(3, "sealed", Access::Public, Vec::new());
    add(4, "f", Access::Internal, Vec::new());
    let formats = BTreeMap::from([
        ("g".to_owned(), FormatReading { sealed: false, readers: named(2) }),
        ("sealed".to_owned(), FormatReading { sealed: true, readers: named(2) }),
    ]);
    let asked = || DataAggregate { value: Some(member("level")), ..DataAggregate::default() };
    let sum = |asked, sees| {
        let (groups, assets) = answer(&index, &kept, asked, sees);
        let subjects: Vec<String> = assets.into_iter().map(|(_, _, subject)| subject).collect();
        (groups.first().and_then(|group| group.sum.clone()).unwrap_or_default(), subjects.join(","))
    };
    let of = |byte, formats: &FormatReadings| sum(asked(), somebody(&index, byte, formats));
    let expected = |total: &str, subjects: &str| (total.to_owned(), subjects.to_owned());
    assert_eq!(of(1, &formats), expected("11", "s1"));
    assert_eq!(of(2, &formats), expected("1101", "s2,s3"));
    assert_eq!(of(3, &formats), expected("1", ""));
    assert_eq!(of(3, &BTreeMap::new()), expected("1001", ""), "the format is not sealed");
    assert_eq!(sum(asked(), everybody(&index)), expected("1001", ""));
    // A count of everything reads nothing that is public, and everything else: by the class that counts.
    let (groups, assets) = answer(&index, &kept, DataAggregate::default(), somebody(&index, 2, &formats));
    assert_eq!((groups[0].operations, assets.len()), (3, 2));
    let range = FieldRange { path: "level".into(), at_least: Some("0".into()), ..FieldRange::default() };
    let within = DataAggregate { query: DataQuery { ranges: vec![range], ..DataQuery::default() }, ..asked() };
    assert_eq!(sum(within, somebody(&index, 1, &formats)), expected("11", "s1"));
}

// SEARCH-6, M-MON-2: what is not public and about no subject is counted for the record, in a count alone too.
#[test]
fn what_is_not_public_and_names_no_subject_is_told_for_the_record() {
    let folder = tempfile::tempdir().unwrap();
    let index = SearchIndex::open_with(folder.path(), u64::MAX, 2).unwrap();
    let mut kept = Kept::default();
    for (place, access) in (0..).zip([Access::Public, Access::Internal, Access::Internal]) {
        let texts = [r#"{"time":1,"content":{"level":7}}"#.to_owned()];
        kept.keep(place, &texts);
        index.add(&submission(place, "f", access, &texts)).unwrap();
    }
    for value in [None, Some(member("level"))] {
        let asked = || DataAggregate { value: value.clone(), ..DataAggregate::default() };
        let unnamed = |sees| Question::new(asked(), sees).unwrap().answer(&index, &kept, |_| String::new());
        assert_eq!(unnamed(office(&index)).unwrap().unwrap().unnamed, 2);
        assert_eq!(unnamed(everybody(&index)).unwrap().unwrap().unnamed, 0);
    }
}

// SEARCH-5, SEARCH-6, DATA-11: what is sealed is counted, and is in no range, sum or key; in a chunk and in the tail.
#[test]
fn nothing_of_a_sealed_content_is_compared_or_added_up() {
    let folder = tempfile::tempdir().unwrap();
    let index = SearchIndex::open_with(folder.path(), u64::MAX, 2).unwrap();
    let mut kept = Kept::default();
    let mut sealed = sealed_content();
    // Base64url, and a date all the same.
    let date = "2012-01-31T1000";
    assert!(moments::nanoseconds(date).is_some());
    sealed["ciphertext"] = date.into();
    for place in 0..3 {
        let texts = [serde_json::json!({"time": 1, "content": sealed}).to_string()];
        kept.keep(place, &texts);
        index.add(&submission(place, "f", Access::Public, &texts)).unwrap();
    }
    for path in ["ciphertext", "iv", "recipients.header.kid"] {
        let asked = DataAggregate { value: Some(member(path)), by: vec![member(path)], ..DataAggregate::default() };
        let [group] = answer(&index, &kept, asked, everybody(&index)).0.try_into().unwrap();
        assert_eq!((group.key, group.operations, group.values, group.others), (vec![None], 3, 0, 3), "{path}");
    }
    let range = FieldRange { path: "ciphertext".into(), at_least: Some("2012-01-31".into()), ..FieldRange::default() };
    let query = DataQuery { ranges: vec![range], ..DataQuery::default() };
    assert!(found_in(&index, &query, &kept).is_empty());
    let asked = DataAggregate { query, ..DataAggregate::default() };
    assert!(answer(&index, &kept, asked, everybody(&index)).0.is_empty());
}
