//! `cargo xtask bench extract`: a table of PostgreSQL to sealed Parquet, beside `COPY ... TO STDOUT` into a file in the same run.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::time::Instant;

use chancery_sharing::{
    extract::{Column, ColumnType, Declaration, EpochKey, PostgresSource, extract_part},
    sealing::DataKey,
    storage::DirectoryStore,
};
use chancery_testing::process::PostgresServer;

const DEFAULT_ROWS: u64 = 10_000_000;
/// Required: at least this part of the speed of COPY, and less than this memory.
const REQUIRED: f64 = 0.5;
const MAX_MEMORY_MB: u64 = 300;

fn peak_memory_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kilobytes| kilobytes.parse::<u64>().ok()).unwrap_or(0) / 1024
}

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
    let (ratio, memory) = (copy / extract, peak_memory_mb());
    println!(
        "{rows} rows: COPY {copy:.1} s, extract {extract:.1} s, ratio {ratio:.2} (required {REQUIRED:.2}); peak memory {memory} MB (bound {MAX_MEMORY_MB} MB)"
    );
    assert!(ratio >= REQUIRED && memory < MAX_MEMORY_MB, "slower or larger than required");
}
