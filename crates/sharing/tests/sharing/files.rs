//! S-COL, SHARE-2, SHARE-3: JSON arrays and Parquet files, also those that are made to hurt.

use std::{fs::File, path::Path, sync::Arc};

use arrow_array::{
    Array, ArrayRef, Date32Array, DictionaryArray, Float64Array, Int32Array, Int64Array, ListArray, RecordBatch,
    StringArray, TimestampMillisecondArray, UInt64Array, types::Int32Type,
};
use chancery_sharing::extract::{
    ColumnType, Comparison, Condition, DeclarationError, ExtractError, FileFormat, FileSource, Literal, MAX_FIELD_BYTES,
};
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, Encoding},
    file::properties::WriterProperties,
};

use crate::support::{Desk, dataset, declared, rejects};

fn written(path: &Path, columns: Vec<(&str, ArrayRef)>, properties: WriterProperties) -> FileSource {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    FileSource::new(path, FileFormat::Parquet)
}

fn snappy() -> WriterProperties {
    WriterProperties::builder().set_compression(Compression::SNAPPY).build()
}

// S-COL
#[tokio::test]
async fn a_json_array_is_read_an_element_at_a_time() {
    let desk = Desk::new();
    let source = FileSource::new(&dataset("cars.json"), FileFormat::Json);
    let declaration = declared(&[("Name", ColumnType::Text), ("Cylinders", ColumnType::Integer)]);
    let cars: Vec<serde_json::Value> = serde_json::from_slice(&std::fs::read(dataset("cars.json")).unwrap()).unwrap();
    let part = desk.extract(&source, &declaration).await.unwrap().unwrap();
    assert_eq!((part.rows, part.rejected), (cars.len() as u64, 0));
    let first = desk.read(&part).await.remove(0);
    let names = first.column(0).as_any().downcast_ref::<StringArray>().unwrap();
    assert_eq!(names.value(7), cars[7]["Name"].as_str().unwrap());

    let mixed = r#"[ {"Name": "a]", "Cylinders": 4}, 7, {"Name": {}, "Cylinders": 4} ]"#;
    let source = FileSource::new(&desk.write("mixed.json", mixed), FileFormat::Json);
    let part = desk.extract(&source, &declaration).await.unwrap().unwrap();
    assert_eq!((part.rows, part.rejected), (1, 2));
    assert_eq!(rejects(&part)[0].position, 2);
    let before = desk.published();
    let endless = format!("[\"{}", "x".repeat(6 << 20));
    let deep = "[".repeat(100_000);
    for wrong in [r#"[{"Name": "a"}"#, "{}", "", r#"[{"Name": "a"}] []"#, &endless, &deep] {
        let source = FileSource::new(&desk.write("wrong.json", wrong), FileFormat::Json);
        let refused = desk.extract(&source, &declaration).await;
        assert!(matches!(refused, Err(ExtractError::SourceMalformed(_))), "{refused:?}");
    }
    assert_eq!(desk.published(), before);
}

// S-COL, SHARE-3
#[tokio::test]
async fn a_parquet_file_is_read_by_its_types_and_its_rows_are_chosen() {
    let desk = Desk::new();
    let words: DictionaryArray<Int32Type> = vec![Some("rain"), None, Some("sun"), Some("rain")].into_iter().collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(Int32Array::from(vec![1, 2, 3, 4]))),
        ("day", Arc::new(Date32Array::from(vec![Some(1), None, Some(3), Some(4)]))),
        ("at", Arc::new(TimestampMillisecondArray::from(vec![1, 2, 3, i64::MAX]))),
        ("large", Arc::new(UInt64Array::from(vec![1, u64::MAX, 3, 4]))),
        ("word", Arc::new(words)),
        ("wind", Arc::new(Float64Array::from(vec![0.5, 1.5, f64::NAN, 4.0]))),
    ];
    let source = written(&desk.directory.path().join("in.parquet"), columns, snappy());
    let mut declaration = declared(&[
        ("word", ColumnType::Text),
        ("id", ColumnType::Integer),
        ("day", ColumnType::Date),
        ("at", ColumnType::Timestamp),
        ("large", ColumnType::Integer),
        ("wind", ColumnType::Float),
    ]);
    let part = desk.extract(&source, &declaration).await.unwrap().unwrap();
    assert_eq!((part.rows, part.rejected), (1, 3));
    let columns: Vec<_> = rejects(&part).iter().map(|reject| reject.column.clone().unwrap()).collect();
    assert_eq!(columns, ["large", "wind", "at"]);
    assert_eq!(desk.read(&part).await[0].column(1).as_any().downcast_ref::<Int64Array>().unwrap().value(0), 1);

    declaration = declared(&[("id", ColumnType::Integer)]);
    let value = Literal::Text("rain".to_owned());
    declaration.conditions = vec![Condition { column: "word".to_owned(), comparison: Comparison::Eq, value }];
    let part = desk.extract(&source, &declaration).await.unwrap().unwrap();
    assert_eq!((part.rows, part.rejected), (2, 0));
    let missing = declared(&[("nothing", ColumnType::Text)]);
    let refused = desk.extract(&source, &missing).await;
    assert!(matches!(refused, Err(ExtractError::Declaration(DeclarationError::NoColumn(_)))), "{refused:?}");

    // What an extract wrote is read as it was.
    let many: ArrayRef = Arc::new(Int64Array::from_iter_values(0..100_000));
    let source = written(&desk.directory.path().join("many.parquet"), vec![("id", many)], snappy());
    let part = desk.extract(&source, &declared(&[("id", ColumnType::Integer)])).await.unwrap().unwrap();
    let rows: Vec<i64> = desk
        .read(&part)
        .await
        .iter()
        .flat_map(|batch| batch.column(0).as_any().downcast_ref::<Int64Array>().unwrap().values().to_vec())
        .collect();
    assert_eq!(rows, (0..100_000).collect::<Vec<i64>>());
}

// S-COL, SHARE-2
#[tokio::test]
async fn a_parquet_file_that_was_made_to_hurt_is_an_error() {
    let desk = Desk::new();
    let declaration = declared(&[("word", ColumnType::Text)]);
    let path = desk.directory.path().join("in.parquet");
    // A page beyond its bound: 20 MiB of one letter, which Snappy makes small.
    let large: ArrayRef = Arc::new(StringArray::from(vec!["x".repeat(20 << 20)]));
    let no_dictionary =
        || WriterProperties::builder().set_compression(Compression::SNAPPY).set_dictionary_enabled(false);
    let source = written(&path, vec![("word", large)], no_dictionary().build());
    let refused = desk.extract(&source, &declaration).await;
    assert!(matches!(refused, Err(ExtractError::SourceMalformed(_))), "{refused:?}");
    // Encodings that claim their number of values, and lists.
    let words: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
    let delta = no_dictionary().set_encoding(Encoding::DELTA_BYTE_ARRAY).build();
    let source = written(&path, vec![("word", Arc::clone(&words))], delta);
    let refused = desk.extract(&source, &declaration).await;
    assert!(matches!(refused, Err(ExtractError::SourceMalformed(_))), "{refused:?}");
    let lists: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(vec![Some(vec![Some(1)])]));
    let source = written(&path, vec![("word", lists)], snappy());
    let refused = desk.extract(&source, &declaration).await;
    assert!(matches!(refused, Err(ExtractError::Declaration(DeclarationError::Nested(_)))), "{refused:?}");
    for wrong in [b"".as_slice(), b"PAR1", b"PAR1\xff\xff\xff\x7fPAR1", b"PAR1\x04\0\0\0\0\0\0\0PAR1"] {
        let source = FileSource::new(&desk.write("in.parquet", wrong), FileFormat::Parquet);
        let refused = desk.extract(&source, &declaration).await;
        assert!(matches!(refused, Err(ExtractError::SourceMalformed(_))), "{refused:?}");
    }
    assert_eq!(desk.published(), 0);
    let kept: Vec<_> = std::fs::read_dir(desk.directory.path()).unwrap().collect();
    assert_eq!(kept.len(), 2, "the input and the store");

    // One long value for many rows: small in the file, written a batch after the other.
    let long = "x".repeat(MAX_FIELD_BYTES / 2);
    let words: DictionaryArray<Int32Type> = std::iter::repeat_n(Some(long.as_str()), 100).collect();
    let source = written(&path, vec![("word", Arc::new(words))], snappy());
    let part = desk.extract(&source, &declaration).await.unwrap().unwrap();
    assert_eq!((part.rows, part.rejected), (100, 0));
}

// S-COL, SHARE-2
#[tokio::test]
async fn a_parquet_file_with_any_byte_changed_is_read_or_refused() {
    let desk = Desk::new();
    let words: DictionaryArray<Int32Type> = vec![Some("rain"), None, Some("sun")].into_iter().collect();
    let columns: Vec<(&str, ArrayRef)> =
        vec![("word", Arc::new(words)), ("id", Arc::new(Int64Array::from(vec![1, 2, 3])))];
    let path = desk.directory.path().join("in.parquet");
    let source = written(&path, columns, snappy());
    let declaration = declared(&[("word", ColumnType::Text), ("id", ColumnType::Integer)]);
    let good = std::fs::read(&path).unwrap();
    for place in (0..good.len()).step_by(3) {
        let mut wrong = good.clone();
        wrong[place] ^= 0x55;
        std::fs::write(&path, wrong).unwrap();
        let read = desk.extract(&source, &declaration).await;
        let expected = matches!(
            &read,
            Ok(_) | Err(ExtractError::SourceMalformed(_) | ExtractError::Declaration(_) | ExtractError::AllRejected(_))
        );
        assert!(expected, "byte {place}: {read:?}");
    }
}
