#![allow(clippy::unwrap_used)]

use std::{collections::BTreeMap, sync::Arc};

use alloy_primitives::{Address, B256, FixedBytes};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chancery_data::{
    Algorithm, Control, Operation, Reader, Signer, SourceId, Submission, merkle,
    sealed::{KEY_AGREEMENT, PROTECTED},
    submission::{Access, Basis, Statement, TYP},
};
use chancery_ingest::{
    journal::{Group, Position},
    reading::submission_entry,
};
use chancery_reference_points::{
    Code,
    data_format::{FormatReading, FormatReadings},
    data_search::{DataQuery, FieldRange, FieldValue, OperationPlace, TimeStamp, Visibility},
    read_right::{Asker, ReadRight},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    SearchError, SearchIndex,
    chunk::{Row, SubmissionRow},
    query::{Contents, Plan},
    sight::{Sight, summed},
};

mod aggregates;
mod sorted;

const NOW_MS: u64 = 1_795_230_000_000;

/// One submission a place.
fn submission(place: u64, format: &str, access: Access, operations: &[String]) -> Group {
    submission_for(place, format, access, Vec::new(), operations)
}

fn submission_for(place: u64, format: &str, access: Access, readers: Vec<Reader>, operations: &[String]) -> Group {
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
        control: Control { access, retention_days: 1, basis: Basis::NotPersonal, readers },
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

fn everybody(index: &SearchIndex) -> Sight {
    let visibility = Visibility { access: vec![Access::Public], now_ms: NOW_MS };
    Sight::new(index, visibility, Asker::default(), Arc::default())
}

/// Somebody with an address, over formats of which some are sealed or name readers.
fn somebody(index: &SearchIndex, byte: u8, formats: &FormatReadings) -> Sight {
    let visibility = Visibility { access: vec![Access::Public, Access::Restricted], now_ms: NOW_MS };
    let asker = Asker { address: Some(Address::repeat_byte(byte)), ..Asker::default() };
    Sight::new(index, visibility, asker, Arc::new(formats.clone()))
}

fn found(index: &SearchIndex, query: &DataQuery) -> Vec<OperationPlace> {
    found_in(index, query, &Kept::default())
}

fn found_in(index: &SearchIndex, query: &DataQuery, kept: &Kept) -> Vec<OperationPlace> {
    let (mut query, mut all) = (query.clone(), Vec::new());
    loop {
        let (page, next) = Plan::new(query.clone(), everybody(index)).unwrap().run(index, kept).unwrap();
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
        let counted: u64 = summed(index.counts().unwrap().into_iter()).iter().map(|count| count.operations).sum();
        prop_assert_eq!(counted, submissions.iter().map(|operations| operations.len() as u64).sum::<u64>());
        let public = submissions.iter().filter(|operations| operations[0].3).map(|operations| operations.len() as u64);
        let seen = everybody(&index).counts(index.counts().unwrap());
        prop_assert_eq!(seen.iter().map(|count| count.operations).sum::<u64>(), public.sum::<u64>());
    }
}

// SEARCH-4
#[test]
fn a_query_beyond_its_bounds_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let index = SearchIndex::open(folder.path(), u64::MAX).unwrap();
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
        let error = Plan::new(query.clone(), everybody(&index)).err().unwrap();
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
        let visibility = Visibility { access: vec![Access::Public], now_ms };
        let sight = Sight::new(&index, visibility, Asker::default(), Arc::default());
        let (found, _) = Plan::new(query.clone(), sight).unwrap().run(&index, &Kept::default()).unwrap();
        assert_eq!(found.len(), count);
    }
}

fn read(index: &SearchIndex, query: &DataQuery, sight: Sight) -> Vec<(u64, Access, ReadRight)> {
    let plan = Plan::new(query.clone(), sight).unwrap();
    let (found, _) = plan.run(index, &Kept::default()).unwrap();
    found
        .iter()
        .map(|(submission, _)| {
            let (access, right) = plan.seen(submission).unwrap();
            (submission.place, access, right)
        })
        .collect()
}

fn counted(index: &SearchIndex, sight: &Sight) -> u64 {
    sight.counts(index.counts().unwrap()).iter().map(|count| count.operations).sum()
}

// SEARCH-3, M-PRIV: on disk and in the tail, by the source's word and by the format's.
#[test]
fn restricted_data_are_found_by_who_is_named_and_counted_for_who_is_granted() {
    let folder = tempfile::tempdir().unwrap();
    let index = SearchIndex::open_with(folder.path(), u64::MAX, 2).unwrap();
    let operation = || vec![r#"{"time":1,"content":"needle"}"#.to_owned()];
    let named = vec![Reader::Address(Address::repeat_byte(1))];
    let restricted = |place, format| submission_for(place, format, Access::Restricted, named.clone(), &operation());
    for group in [
        restricted(0, "f"),
        submission(1, "f", Access::Restricted, &operation()),
        submission(2, "f", Access::Public, &operation()),
        restricted(3, "g"),
        submission(4, "g", Access::Restricted, &operation()),
    ] {
        index.add(&group).unwrap();
    }
    let granting = FormatReading { sealed: false, readers: vec![Reader::Address(Address::repeat_byte(2))] };
    let formats = BTreeMap::from([("g".to_owned(), granting)]);
    let query = DataQuery { text: Some("needle".into()), ascending: true, ..DataQuery::default() };
    let (open, restricted) = ((2, Access::Public, ReadRight::Open), Access::Restricted);
    let found = |byte| read(&index, &query, somebody(&index, byte, &formats));
    assert_eq!(found(1), [(0, restricted, ReadRight::Named), open, (3, restricted, ReadRight::Named)]);
    assert_eq!(found(2), [open, (3, restricted, ReadRight::Grant), (4, restricted, ReadRight::Grant)]);
    assert_eq!(found(3), [open]);
    assert_eq!(read(&index, &query, everybody(&index)), [open]);
    let counts = |byte| counted(&index, &somebody(&index, byte, &formats));
    assert_eq!((counts(1), counts(2), counts(3), counted(&index, &everybody(&index))), (1, 3, 1, 1));
}

fn sealed_content() -> Value {
    let text = |bytes: usize| URL_SAFE_NO_PAD.encode(vec![7; bytes]);
    let header = json!({"alg": KEY_AGREEMENT, "epk": {"kty": "OKP", "crv": "X25519", "x": text(32)}, "kid": text(32)});
    json!({
        "protected": URL_SAFE_NO_PAD.encode(PROTECTED), "recipients": [{"header": header, "encrypted_key": text(40)}],
        "aad": text(10), "iv": text(12), "ciphertext": text(50), "tag": text(16),
    })
}

// DATA-11: what is sealed is found by its metadata, and by nothing of the ciphertext.
#[test]
fn nothing_of_a_sealed_content_is_in_the_index() {
    let folder = tempfile::tempdir().unwrap();
    let index = SearchIndex::open(folder.path(), u64::MAX).unwrap();
    let operation = json!({"time": 1, "subject": "case 7", "content": sealed_content()}).to_string();
    index.add(&submission(0, "f", Access::Public, &[operation])).unwrap();
    let by_text = |text: &str| DataQuery { text: Some(text.into()), ..DataQuery::default() };
    let by_field = |path: &str, value: &Value| DataQuery {
        fields: vec![FieldValue { path: path.into(), value: value.as_str().unwrap().into() }],
        ..DataQuery::default()
    };
    let sealed = sealed_content();
    assert!(found(&index, &by_text(sealed["tag"].as_str().unwrap())).is_empty());
    for member in ["protected", "aad", "iv", "ciphertext", "tag"] {
        assert!(found(&index, &by_field(member, &sealed[member])).is_empty(), "{member}");
    }
    assert!(found(&index, &by_field("recipients.header.kid", &sealed["recipients"][0]["header"]["kid"])).is_empty());
    let by_subject = DataQuery { subject: Some("case 7".into()), ..DataQuery::default() };
    assert_eq!((found(&index, &by_subject).len(), found(&index, &by_text("case 7")).len()), (1, 1));
}

// DATA-11: what was accepted in clear of a format that is sealed now is restricted, whatever its source said.
#[test]
fn what_is_in_clear_of_a_sealed_format_is_restricted() {
    let folder = tempfile::tempdir().unwrap();
    let index = SearchIndex::open(folder.path(), u64::MAX).unwrap();
    let sealed = json!({"time": 1, "content": sealed_content()}).to_string();
    let clear = r#"{"time":1,"content":"needle"}"#.to_owned();
    index.add(&submission(0, "f", Access::Public, &[clear])).unwrap();
    index.add(&submission(1, "f", Access::Public, &[sealed])).unwrap();
    let query = DataQuery { ascending: true, ..DataQuery::default() };
    let open = |place| (place, Access::Public, ReadRight::Open);
    assert_eq!(read(&index, &query, somebody(&index, 1, &BTreeMap::new())), [open(0), open(1)]);
    let reading = |readers| BTreeMap::from([("f".to_owned(), FormatReading { sealed: true, readers })]);
    let seals = reading(Vec::new());
    assert_eq!(read(&index, &query, somebody(&index, 1, &seals)), [open(1)]);
    assert_eq!(counted(&index, &somebody(&index, 1, &seals)), 1);
    let grants = reading(vec![Reader::Address(Address::repeat_byte(1))]);
    let granted = (0, Access::Restricted, ReadRight::Grant);
    assert_eq!(read(&index, &query, somebody(&index, 1, &grants)), [granted, open(1)]);
}
