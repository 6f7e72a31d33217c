//! A search is answered as the asker likes it: by `as`, or by the header `accept`.

use alloy_primitives::B256;
use arrow_array::{RecordBatch, cast::AsArray as _, types};
use arrow_ipc::reader::StreamReader;
use bytes::Bytes;
use chancery_data::{Operation, submission::Access};
use chancery_reference_points::{
    Code, DoorError,
    data_search::{DataOperation, DataPage, OperationPlace},
    read_right::ReadRight,
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use serde_json::{Value, json};

use crate::{
    answers,
    callers::{Caller, holder},
    harness::{Harness, NOW_S},
    wire::{Answer, Request},
};

const PARQUET: &str = "application/vnd.apache.parquet";
const ARROW: &str = "application/vnd.apache.arrow.stream";
const TEXT: &str = r#"{"time":1795229999000,"content":{"place":"harbour"}}"#;

/// Two operations of the submission that the doors know.
pub(crate) fn page() -> DataPage {
    let operation = |index| DataOperation {
        at: OperationPlace { place: 128, index },
        digest: answers::submission_state().digest,
        name: Operation::name(TEXT.as_bytes()),
        source: holder().address(),
        organization: "12440300455765412A".into(),
        format: "reading/air-quality".into(),
        format_version: 1,
        access: Access::Public,
        right: ReadRight::Open,
        accepted_at: NOW_S * 1000,
        operation: TEXT.into(),
    };
    let next = Some(OperationPlace { place: 128, index: 1 });
    DataPage { operations: vec![operation(0), operation(1)], next, next_key: None }
}

async fn search(harness: &Harness, accept: Option<&str>, body: &Value) -> Answer {
    let request = Request::new("POST", "/v1/data/search").json(body);
    harness.send(accept.into_iter().fold(request, |request, accept| request.with("accept", accept))).await
}

fn columns(answer: &Answer) -> RecordBatch {
    match answer.header("content-type") {
        PARQUET => ParquetRecordBatchReader::try_new(Bytes::from(answer.body.clone()), 100).unwrap().next(),
        ARROW => StreamReader::try_new(answer.body.as_slice(), None).unwrap().next(),
        other => panic!("{other} has no columns"),
    }
    .unwrap()
    .unwrap()
}

fn text<'a>(columns: &'a RecordBatch, name: &str) -> &'a str {
    columns.column_by_name(name).unwrap().as_string::<i32>().value(0)
}

// S-APP
#[tokio::test]
async fn a_page_is_written_as_asked_for_and_as_accepted_otherwise() {
    let harness = Harness::start().await;
    harness.behind.find(page());
    let json = "application/json";
    let csv = "text/csv; charset=utf-8";
    let both = format!("{ARROW};q=0.4, {PARQUET};q=0.8, {json};q=0.1");
    for (accept, body, expected) in [
        (None, json!({}), json),
        (Some("*/*"), json!({}), json),
        (Some("text/csv"), json!({}), csv),
        (Some(PARQUET), json!({}), PARQUET),
        (Some(ARROW), json!({}), ARROW),
        (Some(both.as_str()), json!({}), PARQUET),
        (Some(PARQUET), json!({"as": "json"}), json),
        (Some("text/html"), json!({"as": "arrow"}), ARROW),
        (None, json!({"as": "parquet"}), PARQUET),
        (None, json!({"as": "csv"}), csv),
    ] {
        let answer = search(&harness, accept, &body).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, expected), "{accept:?} {body}");
        assert!(answer.headers.iter().any(|(name, value)| name == "vary" && value == "accept"), "{:?}", answer.headers);
        let next = json!({"place": 128, "index": 1});
        let said = if expected == json { answer.json()["next"].clone() } else { header_json(&answer) };
        assert_eq!(said, next, "{accept:?} {body}");
    }
    harness.stop().await;
}

// SEARCH-7: of a sorted page it is said by what it goes on, in a header as in JSON; what cannot be sorted by reaches no door.
#[tokio::test]
async fn a_sorted_page_says_by_what_it_goes_on() {
    let harness = Harness::start().await;
    harness.behind.find(DataPage { next_key: Some("\"\\u6e2f\"".into()), ..page() });
    let next = json!({"place": 128, "index": 1, "key": "\"\\u6e2f\""});
    let asked = json!({"sort": "content.place:desc", "after": next});
    assert_eq!(search(&harness, None, &asked).await.json()["next"], next);
    assert_eq!(header_json(&search(&harness, Some("text/csv"), &asked).await), next);
    harness.behind.take_calls();
    for (body, member) in
        [(json!({"sort": "digest:asc"}), "sort"), (json!({"sort": "time"}), "sort"), (json!({"after": next}), "after")]
    {
        let answer = search(&harness, None, &body).await;
        assert_eq!((answer.status, answer.json()["member"].as_str()), (400, Some(member)), "{body}: {}", answer.text());
    }
    assert_eq!(harness.behind.take_calls(), Vec::<String>::new());
    harness.stop().await;
}

// S-APP, SEARCH-6: groups have a column for each member, in every form, and say where they go on.
#[tokio::test]
async fn groups_are_written_as_asked_for() {
    let harness = Harness::start().await;
    let next = json!({"place": 128, "index": 1});
    let ask = async |body: &Value| harness.send(Request::new("POST", "/v1/data/aggregate").json(body)).await;
    let by = json!([{"path": "station"}, {"path": "kind", "inFormats": {"a/b": "sort"}}]);
    let answer = ask(&json!({"by": by.clone()})).await.json();
    let group = &answer["groups"][0];
    assert_eq!((&answer["next"], &group["sum"], &group["key"]), (&next, &json!("-0.5"), &json!(["station", "kind"])));
    let csv = ask(&json!({"by": by.clone(), "as": "csv"})).await;
    assert_eq!((csv.header("content-type"), header_json(&csv)), ("text/csv; charset=utf-8", next.clone()));
    assert!(String::from_utf8(csv.body).unwrap().contains("\"1\",\"station\",\"kind\",\"2\",\"1\",\"1\",\"-0.5\""));
    for form in ["parquet", "arrow"] {
        let answer = ask(&json!({"by": by.clone(), "as": form})).await;
        assert_eq!(header_json(&answer), next, "{form}");
        let columns = columns(&answer);
        assert_eq!((columns.num_rows(), columns.num_columns()), (1, 1 + 2 + 3 + 4), "{form}");
        assert_eq!((text(&columns, "by.kind"), text(&columns, "sum")), ("kind", "-0.5"), "{form}");
        let begins = columns.column_by_name("from").unwrap().as_primitive::<types::TimestampMillisecondType>();
        assert_eq!(begins.values(), &[1_i64], "{form}");
    }
    harness.stop().await;
}

// SEARCH-4, bad input: what is of a page has no place in a question or a subscription, and a cursor is one.
#[tokio::test]
async fn questions_and_subscriptions_that_are_none_are_refused_before_any_door() {
    let harness = Harness::start().await;
    let caller = Caller::new(&harness, holder(), []).await;
    for (path, body, member) in [
        ("/v1/data/aggregate", json!({"query": {"limit": 5}}), "query"),
        ("/v1/data/aggregate", json!({"query": {"proofs": true}}), "query"),
        ("/v1/data/aggregate", json!({"by": [{"path": "a"}, {"path": "a"}]}), "by"),
        ("/v1/subscriptions", json!({"query": {"after": {"place": 1, "index": 0}}}), "query"),
    ] {
        let request = Request::new("POST", path).json(&body);
        let answer = harness.send(caller.bearing(request)).await;
        assert_eq!((answer.status, &answer.json()["member"]), (400, &json!(member)), "{path} {body}");
    }
    harness.stop().await;
}

fn header_json(answer: &Answer) -> Value {
    serde_json::from_str(answer.header("chancery-next")).unwrap()
}

// S-APP: a row says what its proof is asked for by, and where its data block is recorded.
#[tokio::test]
async fn columns_carry_what_a_proof_needs() {
    let harness = Harness::start().await;
    harness.behind.find(page());
    for accept in [PARQUET, ARROW] {
        let columns = columns(&search(&harness, Some(accept), &json!({})).await);
        // Both operations are of one submission, which is looked up once.
        assert_eq!(harness.behind.take_calls(), ["u2s.search_data", "r2d.submission"], "{accept}");
        assert_eq!((columns.num_rows(), columns.num_columns()), (2, 22), "{accept}");
        assert_eq!((text(&columns, "operation"), text(&columns, "content")), (TEXT, r#"{"place":"harbour"}"#));
        assert_eq!(text(&columns, "digest"), answers::submission_state().digest.to_string());
        assert_eq!(text(&columns, "dataBlockRoot"), B256::repeat_byte(0xdb).to_string());
        let recorded = answers::locator();
        assert_eq!((text(&columns, "chain"), text(&columns, "txHash")), ("degree", &*recorded.tx_hash.to_string()));
        assert_eq!(text(&columns, "blockHash"), recorded.block_hash.to_string());
        let indices = columns.column_by_name("index").unwrap().as_primitive::<types::UInt32Type>();
        assert_eq!(indices.values(), &[0_u32, 1]);
    }
    harness.stop().await;
}

// S-APP, bad input
#[tokio::test]
async fn what_cannot_be_written_is_refused_before_any_door() {
    let harness = Harness::start().await;
    for accept in ["text/html", "application/json;q=0", "image/*, application/vnd.apache.arrow.file"] {
        let answer = search(&harness, Some(accept), &json!({})).await;
        assert_eq!((answer.status, answer.problem().as_str()), (406, "not-acceptable"), "{accept}");
        assert_eq!(answer.json()["offered"], json!(["application/json", "text/csv", PARQUET, ARROW]));
    }
    for (accept, body) in [(Some(PARQUET), json!({"proofs": true})), (None, json!({"proofs": true, "as": "arrow"}))] {
        let answer = search(&harness, accept, &body).await;
        assert_eq!((answer.status, answer.problem().as_str()), (400, "malformed-request"), "{body}");
    }
    let answer = search(&harness, None, &json!({"as": "xml"})).await;
    assert_eq!((answer.status, answer.problem().as_str()), (400, "malformed-request"));
    assert_eq!(answer.json()["member"], "as");
    assert_eq!(harness.behind.take_calls(), Vec::<String>::new());
    harness.stop().await;
}

// S-APP: a journal that does not answer is a problem, never columns without their evidence.
#[tokio::test]
async fn columns_without_their_evidence_are_not_answered() {
    let harness = Harness::start().await;
    harness.behind.find(page());
    harness.behind.refuse("r2d.submission", DoorError::new(Code::JournalUnavailable, "the disk is full"));
    for accept in [PARQUET, ARROW] {
        let answer = search(&harness, Some(accept), &json!({})).await;
        assert_eq!((answer.status, answer.problem().as_str()), (503, "journal-unavailable"), "{accept}");
    }
    harness.stop().await;
}

// S-APP
#[tokio::test]
async fn a_page_without_operations_has_columns_and_no_next() {
    let harness = Harness::start().await;
    let answer = search(&harness, Some(PARQUET), &json!({})).await;
    assert_eq!((answer.status, answer.header("chancery-next")), (200, ""));
    assert_eq!(ParquetRecordBatchReader::try_new(Bytes::from(answer.body), 100).unwrap().count(), 0);
    let answer = search(&harness, Some(ARROW), &json!({})).await;
    let reader = StreamReader::try_new(answer.body.as_slice(), None).unwrap();
    assert_eq!((reader.schema().fields().len(), reader.count()), (22, 0));
    assert_eq!(harness.behind.take_calls(), ["u2s.search_data"; 2]);
    harness.stop().await;
}
