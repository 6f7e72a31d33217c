//! S-ODS, S-COL, SHARE-1 to SHARE-3: a real table of a real PostgreSQL, in sealed parts.
#![allow(missing_docs, clippy::unwrap_used)]

use arrow_array::{Array, Float64Array, Int64Array, StringArray};
use chancery_sharing::extract::{
    Column, ColumnType, Comparison, Condition, Declaration, DeclarationError, ExtractError, FileFormat, FileSource,
    Literal, PostgresSource, PublishedPart,
};

use crate::support::{Desk, PostgresServer, dataset, declared, rejects};

struct Table {
    server: PostgresServer,
    desk: Desk,
}

impl Table {
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
        Self { server, desk: Desk::new() }
    }

    async fn next(&self, declaration: &Declaration) -> Result<Option<PublishedPart>, ExtractError> {
        self.desk.extract(&PostgresSource::new(self.server.url()), declaration).await
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
    let table = Table::new();
    let mut ids = Vec::new();
    while let Some(part) = table.next(&declaration()).await.unwrap() {
        for batch in table.desk.read(&part).await {
            let column = batch.column(0).as_any().downcast_ref::<Int64Array>().unwrap();
            ids.extend(column.values().iter().copied());
            let highest = batch.column(2).as_any().downcast_ref::<StringArray>().unwrap();
            if part.rows == 1000 && ids.len() <= 1000 {
                assert_eq!(highest.value(0), "12.8", "decimals are exact");
            }
        }
    }
    assert_eq!(ids, (1..=1461).collect::<Vec<i64>>());
    table.server.psql("INSERT INTO weather (weather) VALUES ('it''s \"new\"')", None).unwrap();
    let part = table.next(&declaration()).await.unwrap().unwrap();
    assert_eq!(part.rows, 1, "only what is new");
    assert!(table.desk.read(&part).await[0].column(1).is_null(0));
}

#[tokio::test]
async fn conditions_choose_rows_and_hostile_text_is_text() {
    let table = Table::new();
    let mut declared = Declaration { cursor: None, ..declaration() };
    let condition = |value: &str| Condition {
        column: "weather".to_owned(),
        comparison: Comparison::Eq,
        value: Literal::Text(value.to_owned()),
    };
    declared.conditions = vec![condition("snow")];
    let snow: u64 =
        table.server.psql("SELECT count(*) FROM weather WHERE weather = 'snow'", None).unwrap().trim().parse().unwrap();
    assert_eq!(table.next(&declared).await.unwrap().unwrap().rows, snow);
    for hostile in ["' OR 1=1 --", "\\' OR true --", "'); DROP TABLE weather; --", "snow'||'"] {
        declared.conditions = vec![condition(hostile)];
        assert_eq!(table.next(&declared).await.unwrap(), None, "{hostile}");
    }
    for hostile in ["id\" FROM pg_shadow; --", "id; DROP TABLE weather", "(SELECT 1)", "ID"] {
        let mut declared = declaration();
        declared.columns[4].name = hostile.to_owned();
        let refused = table.next(&declared).await.unwrap_err();
        assert!(matches!(refused, ExtractError::Declaration(DeclarationError::NoColumn(_))), "{refused}");
    }
    assert_eq!(table.server.psql("SELECT count(*) FROM weather", None).unwrap().trim(), "1461");
}

#[tokio::test]
async fn a_cursor_that_may_repeat_and_a_type_that_is_another_are_refused() {
    let table = Table::new();
    table.server.psql("ALTER TABLE weather ADD COLUMN station int NOT NULL DEFAULT 1", None).unwrap();
    let mut declared = declaration();
    declared.columns.push(Column { name: "station".to_owned(), kind: ColumnType::Integer });
    declared.cursor = Some("station".to_owned());
    let refused = table.next(&declared).await.unwrap_err();
    assert!(matches!(refused, ExtractError::Declaration(DeclarationError::Cursor(_))), "{refused}");
    let mut declared = declaration();
    declared.columns[1].kind = ColumnType::Integer;
    let refused = table.next(&declared).await.unwrap_err();
    assert!(matches!(refused, ExtractError::Declaration(DeclarationError::Type { .. })), "{refused}");
}

// S-COL, SHARE-3: what PostgreSQL keeps and no type of ours holds.
#[tokio::test]
async fn a_row_that_cannot_be_read_is_rejected_corrected_and_replayed_and_holds_nothing_up() {
    let (server, desk) = (PostgresServer::start().unwrap(), Desk::new());
    server
        .psql(
            "CREATE TABLE od (no int PRIMARY KEY, day date, at timestamptz, local timestamp, level float8, exact numeric, raw bytea, word text)",
            None,
        )
        .unwrap();
    // Not yet a field that is kept apart from its row.
    server
        .psql(
            "INSERT INTO od VALUES \
             (1, '2012-02-29', '2012-01-01 01:02:03.5+00', '2012-01-01', 'NaN', 'NaN', '\\x00ff', 'größe'), \
             (2, 'infinity', '2012-01-01 00:00:00+00', '2012-01-01', 0.1, 1.50, '\\x00', 'a'), \
             (3, '-infinity', '2012-01-01 00:00:00+00', '2012-01-01', 0.1, 1.50, '\\x00', 'b'), \
             (4, '2012-01-01', 'infinity', '2012-01-01', 0.1, 1.50, '\\x00', 'c'), \
             (5, '2012-01-01', '2012-01-01 00:00:00+00', '-infinity', 0.1, 1.50, NULL, 'd'), \
             (6, '2012-01-01', '2012-01-01 00:00:00+00', '294276-12-31 23:59:59', 0.1, 1.50, '\\x00', 'e')",
            None,
        )
        .unwrap();
    let declaration = Declaration {
        schema: "public".to_owned(),
        table: "od".to_owned(),
        cursor: Some("no".to_owned()),
        ..declared(&[
            ("no", ColumnType::Integer),
            ("day", ColumnType::Date),
            ("at", ColumnType::Timestamp),
            ("local", ColumnType::Timestamp),
            ("level", ColumnType::Float),
            ("exact", ColumnType::Text),
            ("raw", ColumnType::Bytes),
            ("word", ColumnType::Text),
        ])
    };
    let source = PostgresSource::new(server.url());
    let part = desk.extract(&source, &declaration).await.unwrap().unwrap();
    assert_eq!((part.rows, part.rejected), (1, 5));
    let batch = desk.read(&part).await.remove(0);
    let texts =
        |column: usize| batch.column(column).as_any().downcast_ref::<StringArray>().unwrap().value(0).to_owned();
    assert_eq!((texts(5), texts(7)), ("NaN".to_owned(), "größe".to_owned()), "a decimal is text, whatever it says");
    let level = batch.column(4).as_any().downcast_ref::<Float64Array>().unwrap();
    assert!(level.value(0).is_nan(), "a float holds it");
    let first = rejects(&part);
    let said: Vec<_> = first.iter().map(|reject| reject.column.as_deref().unwrap()).collect();
    assert_eq!(said, ["day", "day", "at", "local", "local"]);
    assert_eq!(first[0].fields["day"], "infinity");
    assert_eq!(first[1].fields["day"], "-infinity");
    assert_eq!(desk.state().cursor, Some(6), "rejects do not hold it up");

    // From here on fields are cut where they are, and those within the bound are whole.
    server
        .psql(
            "INSERT INTO od (no, word, raw) VALUES (7, repeat('ö', 600000), NULL), \
             (8, NULL, convert_to(repeat('x', 1048577), 'UTF8')), (9, repeat('z', 1048576), '\\x01')",
            None,
        )
        .unwrap();
    let part = desk.extract(&source, &declaration).await.unwrap().unwrap();
    assert_eq!((part.rows, part.rejected), (1, 2));
    let batch = desk.read(&part).await.remove(0);
    assert_eq!(batch.column(7).as_any().downcast_ref::<StringArray>().unwrap().value(0).len(), 1_048_576);
    let second = rejects(&part);
    assert_eq!((second[0].column.as_deref(), second[1].column.as_deref()), (Some("word"), Some("raw")));
    assert!(std::fs::metadata(part.rejects.as_ref().unwrap()).unwrap().len() < 10_000, "their beginnings are kept");

    let replayed = Declaration { cursor: None, ..declaration.clone() };
    let mut kept = [first, second].concat();
    let lines = |rejects: &[chancery_sharing::extract::Reject]| {
        rejects.iter().map(|reject| serde_json::to_string(reject).unwrap() + "\n").collect::<String>()
    };
    let source = FileSource::new(&desk.write("as-they-came.ndjson", lines(&kept)), FileFormat::Rejects);
    let refused = desk.extract(&source, &replayed).await;
    assert!(matches!(refused, Err(ExtractError::AllRejected(_))), "nothing is taken uncorrected: {refused:?}");
    for reject in &mut kept {
        let column = reject.column.clone().unwrap();
        let corrected = match column.as_str() {
            "day" => "2012-01-02",
            "at" | "local" => "2012-01-02T00:00:00Z",
            "raw" => "0x07",
            _ => "short",
        };
        reject.fields[&column] = corrected.into();
    }
    let source = FileSource::new(&desk.write("corrected.ndjson", lines(&kept)), FileFormat::Rejects);
    let part = desk.extract(&source, &replayed).await.unwrap().unwrap();
    assert_eq!((part.rows, part.rejected), (7, 0), "what was right in them is read again");
    let batch = desk.read(&part).await.remove(0);
    let numbers = batch.column(0).as_any().downcast_ref::<Int64Array>().unwrap();
    assert_eq!(numbers.values().to_vec(), [2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(batch.column(5).as_any().downcast_ref::<StringArray>().unwrap().value(0), "1.50");
    assert_eq!(desk.state().cursor, Some(9), "a replay does not move it");

    // More of them than a part takes.
    server
        .psql(
            "CREATE TABLE many AS SELECT g AS no, CASE WHEN g IN (1, 25102) THEN date '2012-01-01' ELSE 'infinity' END AS day \
             FROM generate_series(1, 25102) g; ALTER TABLE many ADD PRIMARY KEY (no)",
            None,
        )
        .unwrap();
    let (desk, source) = (Desk::new(), PostgresSource::new(server.url()));
    let many = Declaration {
        schema: "public".to_owned(),
        table: "many".to_owned(),
        cursor: Some("no".to_owned()),
        part_rows: 1_000_000,
        ..declared(&[("no", ColumnType::Integer), ("day", ColumnType::Date)])
    };
    for expected in [(1, 25_000, Some(25_001)), (1, 100, Some(25_102))] {
        let part = desk.extract(&source, &many).await.unwrap().unwrap();
        assert_eq!((part.rows, part.rejected, desk.state().cursor), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_disappears_leaves_no_part_and_the_extract_goes_on() {
    let table = Table::new();
    table.next(&declaration()).await.unwrap().unwrap();
    table
        .server
        .psql("INSERT INTO weather (weather) SELECT repeat('x', 2000) FROM generate_series(1, 200000)", None)
        .unwrap();
    let declared = Declaration { part_rows: 1_000_000, ..declaration() };
    let (lost, ()) = tokio::join!(table.next(&declared), async {
        tokio::time::sleep(std::time::Duration::from_millis(400)).await;
        tokio::task::block_in_place(|| table.server.stop().unwrap());
    });
    assert!(matches!(lost, Err(ExtractError::SourceLost(_))), "{lost:?}");
    assert_eq!(table.desk.published(), 1, "nothing half-published");
    let state = table.desk.state();
    assert_eq!((state.cursor, state.parts.len()), (Some(1000), 1));
    table.server.start_again().unwrap();
    assert_eq!(table.next(&declared).await.unwrap().unwrap().rows, 200_461);
}
