//! S-COL, SHARE-1, SHARE-3: CSV, NDJSON and SQLite. What breaks the declaration is kept with its reason, corrected and replayed.
#![allow(missing_docs, clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use arrow_array::{Array, Int64Array, StringArray};
use async_trait::async_trait;
use chancery_sharing::{
    extract::{
        ColumnType, Comparison, Condition, Declaration, DeclarationError, EpochKey, ExtractError, ExtractState,
        FileFormat, FileSource, Literal, MAX_REJECTS, PART_REJECTS, SqliteSource, extract_part, remove_superseded,
        reseal_part,
    },
    name::ObjectName,
    sealing::DataKey,
    storage::{ByteStream, DirectoryStore, FileStore, Location, StoreError},
};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::support::{Desk, dataset, declared, rejects};

fn weather() -> Declaration {
    declared(&[("date", ColumnType::Date), ("temp_max", ColumnType::Float), ("weather", ColumnType::Text)])
}

#[tokio::test]
async fn a_real_csv_is_taken_whole_and_its_rows_are_chosen() {
    let desk = Desk::new();
    let source = FileSource::new(&dataset("seattle-weather.csv"), FileFormat::Csv);
    let part = desk.extract(&source, &weather()).await.unwrap().unwrap();
    assert_eq!((part.rows, part.rejected, &part.rejects), (1461, 0, &None));
    let first = desk.read(&part).await.remove(0);
    assert_eq!(first.column(2).as_any().downcast_ref::<StringArray>().unwrap().value(0), "drizzle");
    let mut some = weather();
    let value = Literal::Text("snow".to_owned());
    some.conditions = vec![Condition { column: "weather".to_owned(), comparison: Comparison::Eq, value }];
    let csv = std::fs::read_to_string(dataset("seattle-weather.csv")).unwrap();
    let snow = csv.lines().filter(|line| line.ends_with(",snow")).count() as u64;
    assert!(snow > 0);
    assert_eq!(desk.extract(&source, &some).await.unwrap().unwrap().rows, snow);
}

#[tokio::test]
async fn rejects_are_kept_corrected_and_replayed() {
    let desk = Desk::new();
    let csv = "date,temp_max,weather\n2012-01-01,12.8,rain\n2012-01-32,1,sun\n2012-01-03,hot,sun\n2012-01-04,3\n";
    let csv = [csv.as_bytes(), b"2012-01-05,4,\xff\n", b"2012-01-06,,\"a \"\"b\"\"\n c\"\n"].concat();
    let source = FileSource::new(&desk.write("in.csv", csv), FileFormat::Csv);
    let part = desk.extract(&source, &weather()).await.unwrap().unwrap();
    assert_eq!((part.rows, part.rejected), (2, 4));
    let mut kept = rejects(&part);
    let reasons: Vec<_> = kept.iter().map(|reject| (reject.position, reject.column.as_deref())).collect();
    assert_eq!(reasons, [(2, Some("date")), (3, Some("temp_max")), (4, None), (5, None)]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(part.rejects.as_ref().unwrap()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    kept[0].fields["date"] = "2012-01-02".into();
    kept[1].fields["temp_max"] = 3.5.into();
    let corrected: Vec<String> = kept.iter().map(|reject| serde_json::to_string(reject).unwrap()).collect();
    let source = FileSource::new(&desk.write("corrected.ndjson", corrected[..2].join("\n")), FileFormat::Rejects);
    let part = desk.extract(&source, &weather()).await.unwrap().unwrap();
    assert_eq!((part.rows, part.rejected), (2, 0));
    assert_eq!(desk.published(), 2, "a part of its own");

    // The same file once more would share its rows twice.
    let again = desk.extract(&source, &weather()).await;
    assert!(matches!(again, Err(ExtractError::Replayed { part: 2 })), "{again:?}");
    assert_eq!(desk.published(), 2);
    let source = FileSource::new(&desk.write("corrected.ndjson", &corrected[2]), FileFormat::Rejects);
    assert_eq!(desk.extract(&source, &weather()).await.unwrap().unwrap().rows, 1, "another file is taken");
}

/// A store that keeps what is to be removed, as if the process had ended before.
#[derive(Debug)]
struct KeepingStore(DirectoryStore);

#[async_trait]
impl FileStore for KeepingStore {
    async fn publish(&self, name: &ObjectName, staged: &Path) -> Result<Location, StoreError> {
        self.0.publish(name, staged).await
    }
    async fn open(&self, location: &Location) -> Result<ByteStream, StoreError> {
        self.0.open(location).await
    }
    async fn remove(&self, _: &Location) -> Result<(), StoreError> {
        Err(StoreError::Temporary("it went away".to_owned()))
    }
}

// SHARE-8
#[tokio::test]
async fn nothing_stays_under_the_old_key_when_sealing_anew_is_broken_off() {
    let desk = Desk::new();
    let source =
        FileSource::new(&desk.write("in.csv", "date,temp_max,weather\n2012-01-01,12.8,rain\n"), FileFormat::Csv);
    let old = desk.extract(&source, &weather()).await.unwrap().unwrap();
    let (asset, state) = ("weather".parse().unwrap(), desk.directory.path().join("state.json"));
    let next = EpochKey { epoch: 2, key: DataKey::random().unwrap() };
    let keeping = KeepingStore(desk.store.clone());
    let broken = reseal_part(0, &desk.key, &next, &keeping, &asset, &state).await;
    assert!(matches!(broken, Err(ExtractError::Store(_))), "{broken:?}");
    let kept = ExtractState::load(&state).unwrap();
    assert_eq!((kept.parts[0].key_epoch, &kept.superseded), (2, &vec![old.location.clone()]));
    assert_eq!(desk.published(), 2, "the old file lies there still");

    remove_superseded(&desk.store, &state).await.unwrap();
    assert_eq!(desk.published(), 1);
    assert!(matches!(desk.store.open(&old.location).await, Err(StoreError::NotFound(_))));
    let kept = ExtractState::load(&state).unwrap();
    assert_eq!(kept.superseded, []);
    assert!(desk.store.open(&kept.parts[0].location).await.is_ok());
}

#[tokio::test]
async fn ndjson_is_read_a_line_at_a_time() {
    let desk = Desk::new();
    let cars: Vec<serde_json::Value> = serde_json::from_slice(&std::fs::read(dataset("cars.json")).unwrap()).unwrap();
    let mut lines: Vec<String> = cars.iter().map(ToString::to_string).collect();
    lines.push("[1]".to_owned());
    lines.push("{\"Name\":{}}".to_owned());
    let source = FileSource::new(&desk.write("cars.ndjson", lines.join("\n")), FileFormat::Ndjson).finished();
    let declaration = declared(&[("Name", ColumnType::Text), ("Cylinders", ColumnType::Integer)]);
    let part = desk.extract(&source, &declaration).await.unwrap().unwrap();
    assert_eq!((part.rows, part.rejected), (cars.len() as u64, 2));
}

#[tokio::test]
async fn hostile_files_end_with_an_error_and_publish_nothing() {
    let desk = Desk::new();
    // A quote that is never closed, and a line that never ends.
    let endless = [b"date,temp_max,weather\n\"".as_slice(), &vec![b'x'; 6 << 20]].concat();
    let source = FileSource::new(&desk.write("a", endless), FileFormat::Csv);
    assert!(matches!(desk.extract(&source, &weather()).await, Err(ExtractError::SourceMalformed(_))));
    let source = FileSource::new(&desk.write("b", vec![b'x'; 6 << 20]), FileFormat::Ndjson);
    assert!(matches!(desk.extract(&source, &weather()).await, Err(ExtractError::SourceMalformed(_))));
    // Doubled and missing columns.
    for header in ["date,temp_max,weather,date", "date,weather"] {
        let source = FileSource::new(&desk.write("c", header), FileFormat::Csv);
        let refused = desk.extract(&source, &weather()).await;
        let expected = matches!(
            refused,
            Err(ExtractError::Declaration(DeclarationError::Twice(_) | DeclarationError::NoColumn(_)))
        );
        assert!(expected, "{refused:?}");
    }
    let many = "date,temp_max,weather\n".to_owned() + &"x,1,y\n".repeat(usize::try_from(MAX_REJECTS).unwrap() + 1);
    let source = FileSource::new(&desk.write("d", many), FileFormat::Csv);
    assert!(matches!(desk.extract(&source, &weather()).await, Err(ExtractError::TooManyRejects)));
    let source = FileSource::new(&desk.write("e", "date,temp_max,weather\nx,1,y\n"), FileFormat::Csv);
    let all = desk.extract(&source, &weather()).await;
    let Err(ExtractError::AllRejected(path)) = all else { panic!("{all:?}") };
    assert!(path.exists());
    let cursor = Declaration { cursor: Some("n".to_owned()), ..declared(&[("n", ColumnType::Integer)]) };
    let source = FileSource::new(&desk.write("f", "n\n1\n"), FileFormat::Csv);
    assert!(matches!(desk.extract(&source, &cursor).await, Err(ExtractError::Declaration(_))));
    assert_eq!(desk.published(), 0);
    let left = std::fs::read_dir(desk.directory.path()).unwrap().count();
    assert_eq!(
        left, 9,
        "six inputs, the store, the file of rejects, and the state, which knows the file that has them all"
    );
}

// SHARE-3: how many bytes of a file were read says nothing of a table, and the other way round.
#[tokio::test]
async fn the_position_in_a_file_is_kept_apart_from_that_in_a_table() {
    let desk = Desk::new();
    let columns = [("id", ColumnType::Integer), ("name", ColumnType::Text)];
    let of_file = declared(&columns);
    let of_table = Declaration { cursor: Some("id".to_owned()), ..declared(&columns) };
    let options = SqliteConnectOptions::new().filename(desk.directory.path().join("desk.db")).create_if_missing(true);
    let mut database = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql(
        "CREATE TABLE weather (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO weather VALUES (1, 'a'), (2, 'b');",
    )
    .execute(&mut database)
    .await
    .unwrap();
    let table = SqliteSource::new(&desk.directory.path().join("desk.db"));
    let file = FileSource::new(&desk.write("past.csv", "id,name\n-2,y\n-1,z\n"), FileFormat::Csv);
    assert_eq!(desk.extract(&file, &of_file).await.unwrap().unwrap().rows, 2);
    assert_eq!(desk.extract(&table, &of_table).await.unwrap().unwrap().rows, 2, "the file has twenty bytes");
    assert_eq!(desk.extract(&file, &of_file).await.unwrap(), None, "it was read");
    assert_eq!(desk.extract(&table, &of_table).await.unwrap(), None, "and so was the table");
    sqlx::raw_sql("INSERT INTO weather VALUES (3, 'c');").execute(&mut database).await.unwrap();
    assert_eq!(desk.extract(&table, &of_table).await.unwrap().unwrap().rows, 1);
}

// SHARE-3: more rejects than a run may have end parts, and no run at the same cursor for ever.
#[tokio::test]
async fn a_part_ends_with_its_rejects_and_the_next_one_goes_on_behind_them() {
    let desk = Desk::new();
    let path = desk.directory.path().join("desk.db");
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let mut database = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql(
        "CREATE TABLE weather (id INTEGER PRIMARY KEY, station INTEGER);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25102)
         INSERT INTO weather SELECT i, CASE WHEN i IN (1, 25102) THEN i ELSE 'unknown' END FROM n;",
    )
    .execute(&mut database)
    .await
    .unwrap();
    let columns = [("id", ColumnType::Integer), ("station", ColumnType::Integer)];
    let declaration = Declaration { cursor: Some("id".to_owned()), part_rows: 1_000_000, ..declared(&columns) };
    let source = SqliteSource::new(&path);
    let part = desk.extract(&source, &declaration).await.unwrap().unwrap();
    assert_eq!((part.rows, part.rejected, desk.state().cursor), (1, PART_REJECTS, Some(25_001)));
    let part = desk.extract(&source, &declaration).await.unwrap().unwrap();
    assert_eq!((part.rows, part.rejected, desk.state().cursor), (1, 100, Some(25_102)));
}

#[tokio::test]
async fn sqlite_goes_on_after_its_cursor_and_checks_every_value() {
    let desk = Desk::new();
    let path = desk.directory.path().join("desk.db");
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let mut database = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql(
        "CREATE TABLE weather (id INTEGER PRIMARY KEY, station TEXT, \"od\"\"d\" INTEGER, photo BLOB);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
         INSERT INTO weather SELECT i, 'station ' || i, i * 2, x'00ff' FROM n;
         UPDATE weather SET \"od\"\"d\" = 'many' WHERE id = 7;
         UPDATE weather SET station = x'00' WHERE id = 2000;",
    )
    .execute(&mut database)
    .await
    .unwrap();
    let mut declaration = declared(&[
        ("id", ColumnType::Integer),
        ("station", ColumnType::Text),
        ("od\"d", ColumnType::Integer),
        ("photo", ColumnType::Bytes),
    ]);
    declaration.cursor = Some("id".to_owned());
    let source = SqliteSource::new(&path);
    let (mut ids, mut rejected) = (Vec::new(), Vec::new());
    while let Some(part) = desk.extract(&source, &declaration).await.unwrap() {
        for batch in desk.read(&part).await {
            let column = batch.column(0).as_any().downcast_ref::<Int64Array>().unwrap();
            ids.extend(column.values().iter().copied());
            assert_eq!(batch.column(3).null_count(), 0);
        }
        if part.rejected > 0 {
            rejected.extend(rejects(&part).iter().map(|reject| reject.fields["id"].as_i64().unwrap()));
        }
    }
    assert_eq!(rejected, [7, 2000]);
    assert_eq!(ids, (1..=2500).filter(|id| ![7, 2000].contains(id)).collect::<Vec<i64>>());
    assert_eq!(desk.published(), 3);

    for hostile in ["' OR 1=1 --", "x'; DROP TABLE weather; --"] {
        let value = Literal::Text(hostile.to_owned());
        let mut some = Declaration { cursor: None, ..declaration.clone() };
        some.conditions = vec![Condition { column: "station".to_owned(), comparison: Comparison::Eq, value }];
        assert_eq!(desk.extract(&source, &some).await.unwrap(), None, "{hostile}");
        let mut some = declaration.clone();
        some.columns[1].name = hostile.to_owned();
        let refused = desk.extract(&source, &some).await;
        assert!(matches!(refused, Err(ExtractError::Declaration(DeclarationError::NoColumn(_)))), "{refused:?}");
    }
    declaration.cursor = Some("od\"d".to_owned());
    let refused = desk.extract(&source, &declaration).await;
    assert!(matches!(refused, Err(ExtractError::Declaration(DeclarationError::Cursor(_)))), "{refused:?}");
}

/// A store that is full; when it says so, somebody has tidied up the folder of rejects.
#[derive(Debug)]
struct Full(PathBuf);

#[async_trait]
impl FileStore for Full {
    async fn publish(&self, _: &ObjectName, _: &Path) -> Result<Location, StoreError> {
        let files = std::fs::read_dir(&self.0)?.map(|entry| entry.map(|entry| entry.path()));
        for file in files.collect::<Result<Vec<_>, _>>()? {
            if file.to_string_lossy().ends_with(".rejects.ndjson") {
                std::fs::remove_file(file)?;
            }
        }
        Err(StoreError::Full)
    }

    async fn open(&self, location: &Location) -> Result<ByteStream, StoreError> {
        Err(StoreError::NotFound(location.to_string()))
    }

    async fn remove(&self, _: &Location) -> Result<(), StoreError> {
        Ok(())
    }
}

// S-ODS, SHARE-3
#[tokio::test]
async fn what_a_store_says_is_not_hidden_by_rejects_that_cannot_be_removed() {
    let desk = Desk::new();
    let csv = "date,temp_max,weather\n2012-01-01,12.8,rain\n2012-01-32,1,sun\n";
    let source = FileSource::new(&desk.write("in.csv", csv), FileFormat::Csv);
    let store = Full(desk.directory.path().to_owned());
    let asset = "weather".parse().unwrap();
    let refused = extract_part(&source, &weather(), &desk.epoch_key(), &store, &asset, &desk.state_path()).await;
    assert!(matches!(refused, Err(ExtractError::Store(StoreError::Full))), "{refused:?}");
}
