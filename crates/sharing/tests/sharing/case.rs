//! C-MOD-5: one record of an office's business database, by its key.

use chancery_sharing::extract::{
    ColumnType, Comparison, Condition, Declaration, Literal, PostgresSource, RecordError, Source, SqliteSource, record,
};
use chancery_testing::process::PostgresServer;
use serde_json::json;
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::support::declared;

const TABLE: &str =
    "CREATE TABLE graduates (number TEXT, name TEXT, points BIGINT, average DOUBLE PRECISION, born DATE, honours TEXT)";
const ROWS: &str = "INSERT INTO graduates VALUES ('7', 'Lin Zhao', 120, 3.5, '1995-08-30', NULL), \
                    ('8', 'Wei Chen', 90, 2.5, '1994-03-12', 'x'), ('8', 'Wei Chen', 90, 2.5, '1994-03-12', 'x')";

fn graduate(schema: &str, number: &str) -> Declaration {
    let value = Literal::Text(number.to_owned());
    Declaration {
        schema: schema.to_owned(),
        table: "graduates".to_owned(),
        conditions: vec![Condition { column: "number".to_owned(), comparison: Comparison::Eq, value }],
        part_rows: 1,
        ..declared(&[
            ("name", ColumnType::Text),
            ("points", ColumnType::Integer),
            ("average", ColumnType::Float),
            ("born", ColumnType::Date),
            ("honours", ColumnType::Text),
        ])
    }
}

async fn holds(source: &dyn Source, schema: &str) {
    let row = record(source, &graduate(schema, "7")).await.unwrap();
    let expected = json!({ "name": "Lin Zhao", "points": 120, "average": 3.5, "born": "1995-08-30" });
    assert_eq!(serde_json::Value::Object(row), expected, "what is null is absent");
    assert!(matches!(record(source, &graduate(schema, "9")).await, Err(RecordError::Missing)));
    assert!(matches!(record(source, &graduate(schema, "8")).await, Err(RecordError::Several(2))));
    let injected = record(source, &graduate(schema, "9' OR '1'='1")).await;
    assert!(matches!(injected, Err(RecordError::Missing)), "{injected:?}");
}

// C-MOD-5
#[tokio::test]
async fn one_record_is_read_by_its_key_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("university.db");
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let mut database = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("{TABLE}; {ROWS}"))).execute(&mut database).await.unwrap();
    holds(&SqliteSource::new(&path), "main").await;

    let server = PostgresServer::start().unwrap();
    server.psql(TABLE, None).unwrap();
    server.psql(ROWS, None).unwrap();
    holds(&PostgresSource::new(server.url()), "public").await;
}
