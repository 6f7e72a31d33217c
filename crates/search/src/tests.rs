#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use alloy_primitives::{B256, FixedBytes};
use chancery_data::{
    Algorithm, Control, Operation, Signer, SourceId, Submission, merkle,
    submission::{Access, Basis, Statement, TYP},
};
use chancery_ingest::{
    journal::{Group, Position},
    reading::submission_entry,
};
use chancery_reference_points::{
    Code,
    data_search::{DataQuery, FieldRange, FieldValue, OperationPlace, TimeStamp, Visibility},
};
use proptest::prelude::*;

use crate::{
    SearchError, SearchIndex,
    chunk::{Row, SubmissionRow},
    query::{Contents, Plan},
};

mod aggregates;

const NOW_MS: u64 = 1_795_230_000_000;

/// One submission a place.
fn submission(place: u64, format: &str, access: Access, operations: &[String]) -> Group {
    let signer = Signer::from_bytes(Algorithm::EdDsa, &[2; 32]).unwrap();
    let names: Vec<B256> = operations.iter().map(|one| Operation::name(one.as_bytes())).collect();
    let statement = Statement {
        chain_id: 7100,
        source: SourceId::repeat_byte(1),
        key: FixedBytes::new(u128::from(place).to_be_bytes()),
        format: format.into(),
        format_version: 1,
        time: NOW_MS + place,
        count: u32::try_from(names.len()).unwrap(),
        root: merkle::root(&names).unwrap(),
        control: Control { access, retention_days: 1, basis: Basis::NotPersonal },
    };
    let jws = signer.sign(&statement, TYP).unwrap().text().to_owned();
    let operations = operations.iter().map(|one| one.as_bytes().to_vec()).collect();
    let submission = Submission::parse(&jws, operations).unwrap();
    let entries = vec![submission_entry(&submission, NOW_MS + place)];
    Group { position: Position { segment: 0, offset: place * 1000 }, first_place: place, bytes: 0, entries }
}

/// The bytes of operations, by place and index; without any where the query reads none.
#[derive(Default)]
struct Kept(BTreeMap<(u64, u32), Vec<u8>>);

impl Kept {
    fn keep(&mut self, place: u64, operations: &[String]) {
        let numbered = (0..).zip(operations).map(|(index, text)| ((place, index), text.as_bytes().to_vec()));
        self.0.extend(numbered);
    }
}

impl Contents for Kept {
    fn bytes(&self, submission: &SubmissionRow, row: &Row) -> Result<Vec<u8>, SearchError> {
        Ok(self.0[&(submission.place, row.index)].clone())
    }
}

fn everybody() -> Visibility {
    Visibility { access: vec![Access::Public], now_ms: NOW_MS }
}

fn found(index: &SearchIndex, query: &DataQuery) -> Vec<OperationPlace> {
    found_in(index, query, &Kept::default())
}

fn found_in(index: &SearchIndex, query: &DataQuery, kept: &Kept) -> Vec<OperationPlace> {
    let (mut query, mut all) = (query.clone(), Vec::new());
    loop {
        let (page, next) = Plan::new(query.clone(), everybody()).unwrap().run(index, kept).unwrap();
        all.extend(page.iter().map(|(submission, row)| OperationPlace { place: submission.place, index: row.index }));
        match next {
            None => return all,
            next => query.after = next,
        }
    }
}

/// Words, numbers and formats of a small world, so that searches find several.
fn operations() -> impl Strategy<Value = Vec<(u8, u8, u8, bool)>> {
    prop::collection::vec((0..3_u8, 0..4_u8, 0..5_u8, any::<bool>()), 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    // SEARCH-1, SEARCH-2, SEARCH-3, M-SER-2, M-SER-3: over chunks, a restart and pages, the same as looking at each.
    #[test]
    fn a_search_finds_exactly_what_matches(
        submissions in prop::collection::vec(operations(), 1..120),
        word in 0..4_u8, number in 0..5_u8, format in 0..3_u8, by_word: bool, by_number: bool, by_format: bool,
        from in 0..100_u64, ascending: bool, limit in 1..7_usize, cut in any::<prop::sample::Index>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut index = SearchIndex::open_with(folder.path(), u64::MAX, 16).unwrap();
        let (cut, mut expected) = (cut.index(submissions.len()), Vec::new());
        let mut groups = Vec::new();
        for (place, operations) in (0_u64..).zip(&submissions) {
            let (format_of, _, _, is_public) = operations[0];
            let texts: Vec<String> = operations.iter().map(|(_, word, number, _)| {
                format!(r#"{{"time":{},"description":"Word{word} and","content":{{"n":{number}}}}}"#, place * 10)
            }).collect();
            let access = if is_public { Access::Public } else { Access::Internal };
            groups.push(submission(place, &format!("f/{format_of}"), access, &texts));
            for (at, (_, word_of, number_of, _)) in (0..).zip(operations) {
                let matches = is_public && place * 10 >= from
                    && (!by_word || *word_of == word) && (!by_number || *number_of == number) && (!by_format || format_of == format);
                if matches {
                    expected.push(OperationPlace { place, index: at });
                }
            }
        }
        for (place, group) in groups.iter().enumerate() {
            if place == cut {
                // What was in the tail is read again, from the place that the index says.
                drop(index);
                index = SearchIndex::open_with(folder.path(), u64::MAX, 16).unwrap();
                let next = usize::try_from(index.next_place()).unwrap();
                groups[next..place].iter().for_each(|group| index.add(group).unwrap());
            }
            index.add(group).unwrap();
        }
        if !ascending {
            expected.reverse();
        }
        let query = DataQuery {
            text: by_word.then(|| format!("WORD{word}")),
            fields: if by_number { vec![FieldValue { path: "n".into(), value: number.to_string() }] } else { Vec::new() },
            formats: if by_format { vec![format!("f/{format}"), "none".into()] } else { Vec::new() },
            from: Some(from),
            ascending,
            limit: Some(limit),
            ..DataQuery::default()
        };
        prop_assert_eq!(found(&index, &query), expected);
        let counted: u64 = index.statistics().unwrap().iter().map(|count| count.operations).sum();
        prop_assert_eq!(counted, submissions.iter().map(|operations| operations.len() as u64).sum::<u64>());
    }
}

// SEARCH-4
#[test]
fn a_query_beyond_its_bounds_is_refused_by_name() {
    let long = || "x".repeat(300);
    for (query, member) in [
        (DataQuery { limit: Some(0), ..DataQuery::default() }, "limit"),
        (DataQuery { limit: Some(101), ..DataQuery::default() }, "limit"),
        (DataQuery { from: Some(2), to: Some(2), ..DataQuery::default() }, "from"),
        (DataQuery { text: Some(long()), ..DataQuery::default() }, "text"),
        (DataQuery { text: Some("\" * ' --".into()), ..DataQuery::default() }, "text"),
        (DataQuery { text: Some((0..17).map(|n| format!("w{n} ")).collect()), ..DataQuery::default() }, "text"),
        (DataQuery { formats: vec!["f".into(); 17], ..DataQuery::default() }, "formats"),
        (DataQuery { subject: Some(long()), ..DataQuery::default() }, "formats"),
        (DataQuery { ranges: vec![FieldRange::default(); 17], ..DataQuery::default() }, "ranges"),
        (
            DataQuery {
                ranges: vec![FieldRange { path: "n".into(), ..FieldRange::default() }],
                ..DataQuery::default()
            },
            "ranges",
        ),
        (
            DataQuery { fields: vec![FieldValue { path: String::new(), value: "1".into() }], ..DataQuery::default() },
            "fields",
        ),
    ] {
        let error = Plan::new(query.clone(), everybody()).err().unwrap();
        assert_eq!((error.code(), &error.members()["member"]), (Code::MalformedRequest, &member.into()), "{query:?}");
    }
}

// SEARCH-4: words of query languages are words.
#[test]
fn operators_of_query_languages_are_only_words() {
    let folder = tempfile::tempdir().unwrap();
    let index = SearchIndex::open(folder.path(), u64::MAX).unwrap();
    let text = |text: &str| format!(r#"{{"time":1,"description":"{text}","content":1}}"#);
    index.add(&submission(0, "f", Access::Public, &[text("alpha"), text("alpha OR beta"), text("x' OR 1=1")])).unwrap();
    let found = |text: &str| found(&index, &DataQuery { text: Some(text.into()), ..DataQuery::default() }).len();
    assert_eq!((found("alpha OR beta"), found("alpha NOT beta"), found("alph*"), found("x' OR 1=1; --")), (1, 0, 0, 1));
}

// SEARCH-3
#[test]
fn what_is_past_its_retention_is_not_found() {
    let folder = tempfile::tempdir().unwrap();
    let index = SearchIndex::open(folder.path(), u64::MAX).unwrap();
    index.add(&submission(0, "f", Access::Public, &[r#"{"time":1,"content":1}"#.into()])).unwrap();
    let query = DataQuery { time: TimeStamp::Accepted, from: Some(NOW_MS), ..DataQuery::default() };
    for (now_ms, count) in [(NOW_MS, 1), (NOW_MS + 86_400_000, 0)] {
        let visibility = Visibility { now_ms, ..everybody() };
        let (found, _) = Plan::new(query.clone(), visibility).unwrap().run(&index, &Kept::default()).unwrap();
        assert_eq!(found.len(), count);
    }
}
