//! `cargo xtask bench extract`: a table of PostgreSQL to sealed Parquet, beside `COPY ... TO STDOUT` into a file in the same run.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::time::Instant;

use chancery_sharing::{
    extract::{Column, ColumnType, Declaration, EpochKey, PostgresSource, extract_part},
    sealing::DataKey,
    storage::DirectoryStore,
};
use chancery_testing::{
    numbers::Number,
    process::{PostgresServer, Usage},
};

const DEFAULT_ROWS: u64 = 10_000_000;
/// Asked for: at least this part of the speed of COPY, and less than this memory.
const PART_OF_COPY: f64 = 0.5;
const MEMORY_MB: f64 = 300.0;

#[tokio::main]
async fn main() {
    let rows = std::env::args().nth(1).map_or(DEFAULT_ROWS, |text| text.parse().unwrap());
    let server = PostgresServer::start().unwrap();
    server.psql(
        &format!(
            "CREATE UNLOGGED TABLE readings AS SELECT g AS id, g % 5000 AS station, '2026-01-01'::timestamptz + g * interval '1 second' AS at, \
             (g * 7919 % 100000) / 100.0::float8 AS value, 'reading of station ' || g % 5000 AS note FROM generate_series(1, {rows}::bigint) g"
        ),
        None,
    )
    .unwrap();
    server.psql("ANALYZE readings", None).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let column = |name: &str, kind| Column { name: name.to_owned(), kind };
    let declaration = Declaration {
        schema: "public".to_owned(),
        table: "readings".to_owned(),
        columns: vec![
            column("id", ColumnType::Integer),
            column("station", ColumnType::Integer),
            column("at", ColumnType::Timestamp),
            column("value", ColumnType::Float),
            column("note", ColumnType::Text),
        ],
        conditions: vec![],
        cursor: None,
        part_rows: 1,
    };
    let started = Instant::now();
    server.copy_to_file("COPY readings TO STDOUT", &directory.path().join("copy")).unwrap();
    let copy = started.elapsed().as_secs_f64();
    let store = DirectoryStore::new(&directory.path().join("ods")).unwrap();
    // What the table and its copy took is not the extract's.
    Usage::forget_peak().unwrap();
    let started = Instant::now();
    let part = extract_part(
        &PostgresSource::new(server.url()),
        &declaration,
        &EpochKey { epoch: 1, key: DataKey::random().unwrap() },
        &store,
        &"readings".parse().unwrap(),
        &directory.path().join("state.json"),
    )
    .await
    .unwrap()
    .unwrap();
    let extract = started.elapsed().as_secs_f64();
    assert_eq!(part.rows, rows);
    let ratio = copy / extract;
    println!("{rows} rows: COPY {copy:.1} s, extract {extract:.1} s");
    Number::at_least(format!("extract of {rows} rows"), PART_OF_COPY, "of the speed of COPY", ratio).print().unwrap();
    let memory = Usage::of_this_program().unwrap().peak_bytes as f64 / 1e6;
    Number::below(format!("memory of extracting {rows} rows"), MEMORY_MB, "MB", memory).print().unwrap();
}
