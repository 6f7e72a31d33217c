#![allow(clippy::unwrap_used)]

use std::{collections::BTreeSet, fs, path::Path};

use alloy_primitives::Address;
use arrow_array::{Array, cast::AsArray as _, types};
use arrow_ipc::reader::StreamReader;
use arrow_schema::extension::EXTENSION_TYPE_NAME_KEY;
use bytes::Bytes;
use chancery_reference_points::{operation::ChainName, read_right::ReadRight};
use parquet::{
    arrow::arrow_reader::ParquetRecordBatchReaderBuilder, basic::LogicalType, file::metadata::ParquetMetaData,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json, value::RawValue};

use super::*;
use crate::routes::data::{arrow_stream::Messages, parquet_file};

fn from_parquet(file: Vec<u8>) -> (SchemaRef, Vec<RecordBatch>, Arc<ParquetMetaData>) {
    let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(file)).unwrap();
    let (schema, metadata) = (Arc::clone(reader.schema()), Arc::clone(reader.metadata()));
    (schema, reader.build().unwrap().map(Result::unwrap).collect(), metadata)
}

fn from_arrow(stream: &[u8]) -> (SchemaRef, Vec<RecordBatch>) {
    let reader = StreamReader::try_new(stream, None).unwrap();
    (reader.schema(), reader.map(Result::unwrap).collect())
}

fn arrow(batches: Batches) -> Vec<u8> {
    let messages: Vec<_> = Messages::new(batches).unwrap().map(Result::unwrap).collect();
    messages.concat()
}

/// The rows of columns as objects; what is null is absent.
fn rows(batches: &[RecordBatch]) -> Vec<Value> {
    let cell = |column: &ArrayRef, row: usize| match column.data_type() {
        _ if column.is_null(row) => None,
        DataType::UInt64 => Some(json!(column.as_primitive::<types::UInt64Type>().value(row))),
        DataType::UInt32 => Some(json!(column.as_primitive::<types::UInt32Type>().value(row))),
        DataType::Utf8 => Some(json!(column.as_string::<i32>().value(row))),
        DataType::Timestamp(TimeUnit::Millisecond, Some(zone)) if **zone == *"UTC" => {
            Some(json!(column.as_primitive::<types::TimestampMillisecondType>().value(row)))
        }
        other => panic!("{other} is no type of the schema"),
    };
    let mut rows = Vec::new();
    for batch in batches {
        let (schema, columns) = (batch.schema(), batch.columns());
        rows.extend((0..batch.num_rows()).map(|row| {
            let named = schema.fields().iter().zip(columns).map(|(field, column)| (field.name(), cell(column, row)));
            let members: Map<_, _> = named.filter_map(|(name, cell)| Some((name.clone(), cell?))).collect();
            Value::Object(members)
        }));
    }
    rows
}

/// A row of the JSON answer with what is written in its operation, and where its data block is recorded, as the REST interface writes it.
fn expected(operation: &DataOperation, recorded: Option<&Recorded>) -> Value {
    let mut row = serde_json::to_value(operation).unwrap();
    let members = row.as_object_mut().unwrap();
    // By which right it was read is no part of an operation.
    members.remove("right").unwrap();
    let at = members.remove("at").unwrap();
    members.extend(at.as_object().unwrap().clone());
    let stated: BTreeMap<String, &RawValue> = serde_json::from_str(&operation.operation).unwrap();
    for (name, value) in stated {
        // The content's exact text, whatever it is.
        let value = if name == "content" { json!(value.get()) } else { serde_json::from_str(value.get()).unwrap() };
        members.insert(name, value);
    }
    if let Some((root, locator)) = recorded {
        members.insert("dataBlockRoot".into(), json!(root));
        members.extend(serde_json::to_value(locator).unwrap().as_object().unwrap().clone());
    }
    row
}

fn operation(place: u64, text: String) -> DataOperation {
    DataOperation {
        at: OperationPlace { place, index: 0 },
        digest: B256::repeat_byte(0xce),
        name: Operation::name(text.as_bytes()),
        source: Address::repeat_byte(0x5e),
        organization: "12440300455765412A".into(),
        format: "reading/air-quality".into(),
        format_version: 1,
        access: Access::Public,
        right: ReadRight::Open,
        accepted_at: 1_795_230_000_000,
        operation: text,
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".{0,6}", inner, 0..4).prop_map(|members| json!(members)),
        ]
    })
}

prop_compose! {
    /// An operation's text: what may be absent is, sometimes, and no two are spaced alike.
    fn any_text()(
        time in 0..=i64::MAX as u64, subject in prop::option::of(".{1,20}"), previous in any::<bool>(),
        description in prop::option::of(".{0,20}"), content in prop::option::of(any_json().prop_filter("null is no content", |content| !content.is_null())), space in "[ \n\t]{0,3}",
    ) -> String {
        let mut members = vec![format!("\"time\":{space}{time}")];
        members.extend(description.map(|text| format!("\"description\" :{}", json!(text))));
        members.extend(subject.as_ref().map(|text| format!("\"subject\":{}", json!(text))));
        members.extend(subject.filter(|_| previous).map(|_| format!("\"previous\":\"0x{}\"", "0b".repeat(32))));
        members.push(content.map_or_else(
            || format!("\"contentHash\":\"0x{}\"", "c0".repeat(32)),
            |content| format!("\"content\":{space}{content:#}"),
        ));
        format!("{{{space}{}}}", members.join(&format!(",{space}")))
    }
}

prop_compose! {
    fn any_operation()(
        place in 0..4_u64, index in any::<u32>(), organization in ".{1,20}", format in ".{1,20}", format_version in any::<u32>(),
        access in prop_oneof![Just(Access::Public), Just(Access::Internal), Just(Access::Restricted)],
        accepted_at in 0..=i64::MAX as u64, source in any::<[u8; 20]>(), text in any_text(),
    ) -> DataOperation {
        let at = OperationPlace { place, index };
        DataOperation { at, organization, format, format_version, access, accepted_at, source: source.into(), ..operation(place, text) }
    }
}

fn locator(place: u64) -> Recorded {
    let hash = |byte| B256::repeat_byte(byte);
    (
        hash(0xdb),
        TransactionLocator {
            chain: ChainName("main".into()),
            tx_hash: hash(0x71),
            block_number: u64::MAX - place,
            block_hash: hash(0xb1),
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    // S-APP: the same page says the same in every form.
    #[test]
    fn rows_of_columns_are_the_rows_of_json(
        operations in prop::collection::vec(any_operation(), 0..12), final_places in prop::collection::btree_set(0..4_u64, 0..4),
    ) {
        let recorded: BTreeMap<_, _> =
            (0..4).map(|place| (place, final_places.contains(&place).then(|| locator(place)))).collect();
        let expected: Vec<_> =
            operations.iter().map(|one| expected(one, recorded[&one.at.place].as_ref())).collect();
        let batches = || Batches::new(operations.clone(), recorded.clone());
        let (_, read, _) = from_parquet(parquet_file::write(batches()).unwrap());
        prop_assert_eq!(&rows(&read), &expected);
        let (_, read) = from_arrow(&arrow(batches()));
        prop_assert_eq!(&rows(&read), &expected);
    }
}

// S-APP
#[test]
fn an_empty_page_has_the_schema_of_every_page() {
    let empty = || Batches::new(Vec::new(), BTreeMap::new());
    let one = || Batches::new(vec![operation(0, r#"{"time":1,"content":{}}"#.into())], BTreeMap::new());
    for (batches, count) in [(empty(), 0), (one(), 1)] {
        let (parquet, read, metadata) = from_parquet(parquet_file::write(batches).unwrap());
        assert_eq!((rows(&read).len(), metadata.num_row_groups()), (count, count));
        assert_eq!((parquet.fields(), parquet.metadata()), (schema().fields(), schema().metadata()));
    }
    for (batches, count) in [(empty(), 0), (one(), 1)] {
        let (arrow, read) = from_arrow(&arrow(batches));
        assert_eq!((arrow, rows(&read).len()), (schema(), count));
    }
}

// S-APP: what a reader sees of the types; the exact text stays text, so that its hash stays the operation's name.
#[test]
fn the_content_is_json_and_the_operation_is_text_in_both_forms() {
    let text = "{\"time\": 1, \"content\": {\"b\":1.0, \"a\":\"=SUM(A1)\"}}";
    let batches = || Batches::new(vec![operation(7, text.into())], BTreeMap::new());
    let (_, read, metadata) = from_parquet(parquet_file::write(batches()).unwrap());
    let logical = |name: &str| {
        let columns = metadata.file_metadata().schema_descr().columns();
        columns.iter().find(|column| column.name() == name).unwrap().logical_type_ref().cloned()
    };
    assert_eq!((logical("content"), logical("operation")), (Some(LogicalType::Json), Some(LogicalType::String)));
    let Some(LogicalType::Timestamp(time)) = logical("time") else { panic!("time is no time stamp") };
    assert!(time.is_adjusted_to_u_t_c);
    let row = &rows(&read)[0];
    assert_eq!((&row["operation"], &row["content"]), (&json!(text), &json!("{\"b\":1.0, \"a\":\"=SUM(A1)\"}")));
    assert_eq!(row["name"], json!(Operation::name(text.as_bytes())));
    let (schema, _) = from_arrow(&arrow(batches()));
    let extension = |name: &str| schema.field_with_name(name).unwrap().metadata().get(EXTENSION_TYPE_NAME_KEY).cloned();
    assert_eq!((extension("content"), extension("operation")), (Some("arrow.json".to_owned()), None));
}

// S-APP: text for a spreadsheet is changed in CSV alone.
#[test]
fn what_a_spreadsheet_would_compute_stays_as_it_is() {
    let formula =
        DataOperation { organization: "=HYPERLINK(1)".into(), ..operation(0, r#"{"time":1,"content":0}"#.into()) };
    let (_, read, _) = from_parquet(parquet_file::write(Batches::new(vec![formula], BTreeMap::new())).unwrap());
    assert_eq!(rows(&read)[0]["organization"], "=HYPERLINK(1)");
}

// S-APP: more than a batch is never in columns at once.
#[test]
fn a_large_page_becomes_columns_a_batch_at_a_time() {
    let large = format!("{{\"time\":1,\"content\":\"{}\"}}", "x".repeat(60_000));
    let page: Vec<_> = (0..100).map(|place| operation(place, large.clone())).collect();
    let mut places = Vec::new();
    for batch in Batches::new(page.clone(), BTreeMap::new()) {
        let rows = rows(&[batch.unwrap()]);
        let bytes: usize = rows.iter().map(|row| row["operation"].as_str().unwrap().len()).sum();
        assert!(bytes < BATCH_BYTES + large.len(), "{bytes}");
        places.extend(rows.iter().map(|row| row["place"].as_u64().unwrap()));
    }
    assert_eq!(places, (0..100).collect::<Vec<_>>());
    let messages: Vec<_> = Messages::new(Batches::new(page, BTreeMap::new())).unwrap().map(Result::unwrap).collect();
    assert!(messages.len() > 10, "{}", messages.len());
    assert!(messages.iter().all(|message| message.len() < 3 * BATCH_BYTES));
}

// Bad input that cannot have been accepted: an error, and no file that looks whole.
#[test]
fn what_is_no_operation_ends_the_page_without_quoting_it() {
    let good = operation(0, format!("{{\"time\":1,\"content\":\"{}\"}}", "x".repeat(50_000)));
    let (secret, late) = ("{\"secret\":1}", format!("{{\"time\":{},\"content\":1}}", u64::MAX));
    for bad in [operation(9, secret.into()), operation(9, late)] {
        let page = || Batches::new([vec![good.clone(); 8], vec![bad.clone()]].concat(), BTreeMap::new());
        let error = parquet_file::write(page()).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
        let mut messages = Messages::new(page()).unwrap();
        let begun: Vec<u8> = messages.by_ref().map_while(Result::ok).flatten().collect();
        assert!(messages.next().is_none(), "nothing follows an error");
        assert!(!begun.is_empty());
        assert!(!begun.ends_with(&[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]), "the end of a stream is missing");
    }
}

// The table of docs/specs/data.md is the schema.
#[test]
fn the_documented_columns_are_those_of_the_schema() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/specs/data.md");
    let text = fs::read_to_string(page).unwrap();
    let table = text.split_once("### Columns\n").unwrap().1;
    let table = table.split_once("\n## ").unwrap().0;
    let documented: Vec<(String, String, bool)> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .flat_map(|line| {
            let cells: Vec<_> = line.split(" | ").map(str::to_owned).collect();
            let names = cells[0].split(", ").map(|name| name.trim_matches('`').to_owned()).collect::<Vec<_>>();
            names.into_iter().map(move |name| (name, cells[1].clone(), cells[2] == "yes"))
        })
        .collect();
    let of = |kind: &DataType| match kind {
        DataType::UInt64 => "UInt64",
        DataType::UInt32 => "UInt32",
        DataType::Timestamp(TimeUnit::Millisecond, Some(_)) => "Timestamp",
        _ => "Utf8",
    };
    let described: Vec<_> = schema()
        .fields()
        .iter()
        .map(|field| {
            let json = field.metadata().contains_key(EXTENSION_TYPE_NAME_KEY);
            (field.name().clone(), if json { "JSON" } else { of(field.data_type()) }.to_owned(), field.is_nullable())
        })
        .collect();
    assert_eq!(documented, described);
    let once: BTreeSet<_> = described.iter().map(|(name, ..)| name).collect();
    assert_eq!(once.len(), described.len(), "a name stands twice");
    for (key, value) in METADATA {
        assert!(table.contains(&format!("`{key}`")) && table.contains(value), "{key}");
    }
}
