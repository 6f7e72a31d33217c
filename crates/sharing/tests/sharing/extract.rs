//! S-ODS, S-COL, SHARE-1 to SHARE-3: a real table of a real PostgreSQL, in sealed parts.
#![allow(missing_docs, clippy::unwrap_used)]

use std::io::Read;

use crate::support::{PostgresServer, dataset};
use arrow_array::{Array, Int64Array, RecordBatch, StringArray};
use bytes::Bytes;
use chancery_sharing::{
    extract::{
        Column, ColumnType, Comparison, Condition, Declaration, DeclarationError, EpochKey, ExtractError, ExtractState,
        Literal, PostgresSource, PublishedPart, extract_part,
    },
    name::ObjectName,
    sealing::{DataKey, OpeningReader, Sealed},
    storage::{DirectoryStore, fetch_verified},
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

struct Desk {
    server: PostgresServer,
    directory: tempfile::TempDir,
    store: DirectoryStore,
    key: DataKey,
}

impl Desk {
    fn new() -> Self {
        let server = PostgresServer::start().unwrap();
        server.psql(
            "CREATE TABLE weather (id bigserial PRIMARY KEY, date date, precipitation float8, temp_max numeric, temp_min real, wind float8, weather text)",
            None,
        ).unwrap();
        server
            .psql(
                "COPY weather (date, precipitation, temp_max, temp_min, wind, weather) FROM STDIN (FORMAT csv, HEADER)",
                Some(&dataset("seattle-weather.csv")),
            )
            .unwrap();
        let directory = tempfile::tempdir().unwrap();
        let store = DirectoryStore::new(&directory.path().join("ods")).unwrap();
        Self { server, directory, store, key: DataKey::random().unwrap() }
    }

    async fn next(&self, declaration: &Declaration) -> Result<Option<PublishedPart>, ExtractError> {
        let source = PostgresSource::new(self.server.url());
        let asset: ObjectName = "weather".parse().unwrap();
        let state = self.directory.path().join("state.json");
        extract_part(&source, declaration, &self.epoch_key(), &self.store, &asset, &state).await
    }

    async fn read(&self, part: &PublishedPart) -> Vec<RecordBatch> {
        let target = self.directory.path().join("fetched");
        let expected = Sealed { fingerprint: part.fingerprint, bytes: part.bytes };
        fetch_verified(&self.store, &part.location, &expected, &target).await.unwrap();
        let mut plain = Vec::new();
        OpeningReader::new(std::fs::File::open(target).unwrap(), &self.key).unwrap().read_to_end(&mut plain).unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(plain)).unwrap().build().unwrap();
        reader.map(Result::unwrap).collect()
    }

    fn epoch_key(&self) -> EpochKey {
        EpochKey { epoch: 1, key: self.key.clone() }
    }

    fn published(&self) -> usize {
        std::fs::read_dir(self.directory.path().join("ods/weather")).map_or(0, Iterator::count)
    }
}

fn declaration() -> Declaration {
    let column = |name: &str, kind| Column { name: name.to_owned(), kind };
    Declaration {
        schema: "public".to_owned(),
        table: "weather".to_owned(),
        columns: vec![
            column("id", ColumnType::Integer),
            column("date", ColumnType::Date),
            column("temp_max", ColumnType::Text),
            column("temp_min", ColumnType::Float),
            column("weather", ColumnType::Text),
        ],
        conditions: vec![],
        cursor: Some("id".to_owned()),
        part_rows: 1000,
    }
}

#[tokio::test]
async fn parts_follow_one_another_and_together_are_the_table() {
    let desk = Desk::new();
    let mut ids = Vec::new();
    while let Some(part) = desk.next(&declaration()).await.unwrap() {
        for batch in desk.read(&part).await {
            let column = batch.column(0).as_any().downcast_ref::<Int64Array>().unwrap();
            ids.extend(column.values().iter().copied());
            let highest = batch.column(2).as_any().downcast_ref::<StringArray>().unwrap();
            if part.rows == 1000 && ids.len() <= 1000 {
                assert_eq!(highest.value(0), "12.8", "decimals are exact");
            }
        }
    }
    assert_eq!(ids, (1..=1461).collect::<Vec<i64>>());
    desk.server.psql("INSERT INTO weather (weather) VALUES ('it''s \"new\"')", None).unwrap();
    let part = desk.next(&declaration()).await.unwrap().unwrap();
    assert_eq!(part.rows, 1, "only what is new");
    assert!(desk.read(&part).await[0].column(1).is_null(0));
}

#[tokio::test]
async fn conditions_choose_rows_and_hostile_text_is_text() {
    let desk = Desk::new();
    let mut declared = Declaration { cursor: None, ..declaration() };
    let condition = |value: &str| Condition {
        column: "weather".to_owned(),
        comparison: Comparison::Eq,
        value: Literal::Text(value.to_owned()),
    };
    declared.conditions = vec![condition("snow")];
    let snow: u64 =
        desk.server.psql("SELECT count(*) FROM weather WHERE weather = 'snow'", None).unwrap().trim().parse().unwrap();
    assert_eq!(desk.next(&declared).await.unwrap().unwrap().rows, snow);
    for hostile in ["' OR 1=1 --", "\\' OR true --", "'); DROP TABLE weather; --", "snow'||'"] {
        declared.conditions = vec![condition(hostile)];
        assert_eq!(desk.next(&declared).await.unwrap(), None, "{hostile}");
    }
    for hostile in ["id\" FROM pg_shadow; --", "id; DROP TABLE weather", "(SELECT 1)", "ID"] {
        let mut declared = declaration();
        declared.columns[4].name = hostile.to_owned();
        let refused = desk.next(&declared).await.unwrap_err();
        assert!(matches!(refused, ExtractError::Declaration(DeclarationError::NoColumn(_))), "{refused}");
    }
    assert_eq!(desk.server.psql("SELECT count(*) FROM weather", None).unwrap().trim(), "1461");
}

#[tokio::test]
async fn a_cursor_that_may_repeat_and_a_type_that_is_another_are_refused() {
    let desk = Desk::new();
    desk.server.psql("ALTER TABLE weather ADD COLUMN station int NOT NULL DEFAULT 1", None).unwrap();
    let mut declared = declaration();
    declared.columns.push(Column { name: "station".to_owned(), kind: ColumnType::Integer });
    declared.cursor = Some("station".to_owned());
    let refused = desk.next(&declared).await.unwrap_err();
    assert!(matches!(refused, ExtractError::Declaration(DeclarationError::Cursor(_))), "{refused}");
    let mut declared = declaration();
    declared.columns[1].kind = ColumnType::Integer;
    let refused = desk.next(&declared).await.unwrap_err();
    assert!(matches!(refused, ExtractError::Declaration(DeclarationError::Type { .. })), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_disappears_leaves_no_part_and_the_extract_goes_on() {
    let desk = Desk::new();
    desk.next(&declaration()).await.unwrap().unwrap();
    desk.server
        .psql("INSERT INTO weather (weather) SELECT repeat('x', 2000) FROM generate_series(1, 200000)", None)
        .unwrap();
    let declared = Declaration { part_rows: 1_000_000, ..declaration() };
    let (lost, ()) = tokio::join!(desk.next(&declared), async {
        tokio::time::sleep(std::time::Duration::from_millis(400)).await;
        tokio::task::block_in_place(|| desk.server.stop().unwrap());
    });
    assert!(matches!(lost, Err(ExtractError::SourceLost(_))), "{lost:?}");
    assert_eq!(desk.published(), 1, "nothing half-published");
    let state = ExtractState::load(&desk.directory.path().join("state.json")).unwrap();
    assert_eq!((state.cursor, state.parts.len()), (Some(1000), 1));
    desk.server.start_again().unwrap();
    assert_eq!(desk.next(&declared).await.unwrap().unwrap().rows, 200_461);
}
