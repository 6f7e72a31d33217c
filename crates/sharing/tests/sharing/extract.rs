//! S-ODS, S-COL, SHARE-1 to SHARE-3: a real table of a real PostgreSQL, in sealed parts.
#![allow(missing_docs, clippy::unwrap_used)]

use arrow_array::{Array, Int64Array, StringArray};
use chancery_sharing::extract::{
    Column, ColumnType, Comparison, Condition, Declaration, DeclarationError, ExtractError, Literal, PostgresSource,
    PublishedPart,
};

use crate::support::{Desk, PostgresServer, dataset};

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
