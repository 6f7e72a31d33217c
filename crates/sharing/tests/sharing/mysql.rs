//! S-ODS, S-COL, SHARE-1 to SHARE-3: a table of a real MariaDB, in sealed parts.

use std::time::{Duration, Instant};

use arrow_array::{Array, Int64Array, StringArray, TimestampMicrosecondArray};
use chancery_sharing::extract::{
    ColumnType, Comparison, Condition, Declaration, DeclarationError, ExtractError, FileFormat, FileSource, Literal,
    MySqlSource,
};
use chancery_testing::process::MariadbServer;

use crate::support::{Desk, dataset, declared, rejects};

fn weather() -> Declaration {
    Declaration {
        schema: "test".to_owned(),
        cursor: Some("id".to_owned()),
        ..declared(&[
            ("id", ColumnType::Integer),
            ("date", ColumnType::Date),
            ("temp_max", ColumnType::Text),
            ("wind", ColumnType::Float),
            ("weather", ColumnType::Text),
        ])
    }
}

fn server() -> MariadbServer {
    let server = MariadbServer::start().unwrap();
    server
        .query(
            "CREATE TABLE test.weather (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, date DATE, \
             precipitation DOUBLE, temp_max DECIMAL(6,2), temp_min FLOAT, wind FLOAT, weather VARCHAR(2000))",
        )
        .unwrap();
    let columns = "date, precipitation, temp_max, temp_min, wind, weather";
    server.load_csv("weather", columns, &dataset("seattle-weather.csv")).unwrap();
    server
}

fn compared(column: &str, value: Literal) -> Vec<Condition> {
    vec![Condition { column: column.to_owned(), comparison: Comparison::Eq, value }]
}

// S-ODS, SHARE-1, SHARE-3
#[tokio::test]
async fn parts_of_a_mariadb_table_follow_its_cursor_and_conditions_mean_what_they_say() {
    let (server, desk) = (server(), Desk::new());
    let source = MySqlSource::new(server.url());
    let mut ids = Vec::new();
    while let Some(part) = desk.extract(&source, &weather()).await.unwrap() {
        assert_eq!(part.rejected, 0);
        for batch in desk.read(&part).await {
            let column = batch.column(0).as_any().downcast_ref::<Int64Array>().unwrap();
            if ids.is_empty() {
                let highest = batch.column(2).as_any().downcast_ref::<StringArray>().unwrap();
                assert_eq!(highest.value(0), "12.80", "decimals are exact");
            }
            ids.extend(column.values().iter().copied());
        }
    }
    assert_eq!(ids, (1..=1461).collect::<Vec<i64>>());
    server.query("INSERT INTO test.weather (weather) VALUES ('it\\'s `new`')").unwrap();
    let part = desk.extract(&source, &weather()).await.unwrap().unwrap();
    assert_eq!(part.rows, 1, "only what is new");
    assert!(desk.read(&part).await[0].column(1).is_null(0));

    let mut some = Declaration { cursor: None, ..weather() };
    let snow = server.query("SELECT COUNT(*) FROM test.weather WHERE weather = 'snow'").unwrap();
    some.conditions = compared("weather", Literal::Text("snow".to_owned()));
    assert_eq!(desk.extract(&source, &some).await.unwrap().unwrap().rows.to_string(), snow.trim());
    // To this server these are the same text; to a declaration they are not.
    for other in ["SNOW", "snow ", "' OR 1=1 -- ", "\\' OR 1=1 -- "] {
        some.conditions = compared("weather", Literal::Text(other.to_owned()));
        assert_eq!(desk.extract(&source, &some).await.unwrap(), None, "{other}");
    }
    // To this server every text that is no number equals zero.
    some.conditions = compared("weather", Literal::Integer(0));
    let refused = desk.extract(&source, &some).await;
    assert!(matches!(refused, Err(ExtractError::Declaration(DeclarationError::Comparison { .. }))), "{refused:?}");
    some.conditions = compared("date", Literal::Text("2012-01-02".to_owned()));
    assert_eq!(desk.extract(&source, &some).await.unwrap().unwrap().rows, 1);

    for hostile in ["id` FROM mysql.user; -- ", "id; DROP TABLE weather", "ID"] {
        let mut wrong = weather();
        wrong.columns[4].name = hostile.to_owned();
        let refused = desk.extract(&source, &wrong).await;
        assert!(matches!(refused, Err(ExtractError::Declaration(DeclarationError::NoColumn(_)))), "{refused:?}");
    }
    server.query("ALTER TABLE test.weather ADD COLUMN station INT NOT NULL DEFAULT 1").unwrap();
    let mut wrong = weather();
    wrong.columns[1] = declared(&[("station", ColumnType::Integer)]).columns.remove(0);
    wrong.cursor = Some("station".to_owned());
    let refused = desk.extract(&source, &wrong).await;
    assert!(matches!(refused, Err(ExtractError::Declaration(DeclarationError::Cursor(_)))), "{refused:?}");
    let mut wrong = weather();
    wrong.columns[2].kind = ColumnType::Float;
    let refused = desk.extract(&source, &wrong).await;
    assert!(matches!(refused, Err(ExtractError::Declaration(DeclarationError::Type { .. }))), "{refused:?}");
}

// S-COL, SHARE-3
#[tokio::test]
async fn what_mariadb_keeps_and_no_type_holds_is_rejected_corrected_and_replayed() {
    let (server, desk) = (MariadbServer::start().unwrap(), Desk::new());
    server
        .query(
            "SET sql_mode = 'ALLOW_INVALID_DATES'; CREATE TABLE test.od (`n``o` INT NOT NULL UNIQUE, day DATE, at DATETIME(6), \
             large BIGINT UNSIGNED, yes TINYINT(1), raw LONGBLOB, doc JSON, word VARCHAR(20) CHARACTER SET latin1, one FLOAT, bits BIT(3)); \
             INSERT INTO test.od VALUES \
             (1, '2012-02-29', '2012-01-01 01:02:03.5', 9223372036854775807, 1, X'00ff', '{\"a\":1}', 'größe', 0.1, b'101'), \
             (2, '0000-00-00', '2012-01-01 00:00:00', 1, 1, X'00', NULL, 'a', 1, b'1'), \
             (3, '2012-02-31', '2012-01-01 00:00:00', 1, 0, X'00', NULL, 'b', 1, b'1'), \
             (4, '2012-01-01', '0000-00-00 00:00:00', 1, 1, X'00', NULL, 'c', 1, b'1'), \
             (5, '2012-01-01', '2012-01-01 00:00:00', 18446744073709551615, 1, X'00', NULL, 'd', 1, b'1'), \
             (6, '2012-01-01', '2012-01-01 00:00:00', 1, 7, X'00', NULL, 'e', 1, b'1'), \
             (7, '2012-01-01', '2012-01-01 00:00:00', 1, 1, REPEAT('x', 1048577), NULL, 'f', 1, b'1')",
        )
        .unwrap();
    let declaration = Declaration {
        schema: "test".to_owned(),
        table: "od".to_owned(),
        cursor: Some("n`o".to_owned()),
        ..declared(&[
            ("n`o", ColumnType::Integer),
            ("day", ColumnType::Date),
            ("at", ColumnType::Timestamp),
            ("large", ColumnType::Integer),
            ("yes", ColumnType::Boolean),
            ("raw", ColumnType::Bytes),
            ("doc", ColumnType::Text),
            ("word", ColumnType::Text),
            ("one", ColumnType::Float),
            ("bits", ColumnType::Integer),
        ])
    };
    let source = MySqlSource::new(server.url());
    let part = desk.extract(&source, &declaration).await.unwrap().unwrap();
    assert_eq!((part.rows, part.rejected), (1, 6));
    let batch = desk.read(&part).await.remove(0);
    let texts =
        |column: usize| batch.column(column).as_any().downcast_ref::<StringArray>().unwrap().value(0).to_owned();
    assert_eq!((texts(6), texts(7)), ("{\"a\":1}".to_owned(), "größe".to_owned()));
    let at = batch.column(2).as_any().downcast_ref::<TimestampMicrosecondArray>().unwrap();
    assert_eq!(at.value(0), 1_325_379_723_500_000);
    assert_eq!(batch.column(9).as_any().downcast_ref::<Int64Array>().unwrap().value(0), 5);

    let mut kept = rejects(&part);
    let columns: Vec<_> = kept.iter().map(|reject| reject.column.as_deref().unwrap()).collect();
    assert_eq!(columns, ["day", "day", "at", "large", "yes", "raw"]);
    assert_eq!(kept[0].fields["day"], "0000-00-00", "as it came");
    kept.truncate(1);
    kept[0].fields["day"] = "2012-01-01".into();
    let corrected = serde_json::to_string(&kept[0]).unwrap();
    let source = FileSource::new(&desk.write("corrected.ndjson", corrected), FileFormat::Rejects);
    let replayed = Declaration { cursor: None, ..declaration.clone() };
    let part = desk.extract(&source, &replayed).await.unwrap().unwrap();
    assert_eq!((part.rows, part.rejected), (1, 0), "what was right in it is read again");
    assert_eq!(desk.state().cursor, Some(7), "a replay does not move the cursor, and rejects do not hold it up");
}

// S-ODS, SHARE-2, SHARE-3
#[tokio::test(flavor = "multi_thread")]
async fn a_mariadb_that_disappears_leaves_no_part_and_the_extract_goes_on() {
    let (server, desk) = (server(), Desk::new());
    let source = MySqlSource::new(server.url());
    desk.extract(&source, &weather()).await.unwrap().unwrap();
    server.query("INSERT INTO test.weather (weather) SELECT REPEAT('x', 2000) FROM seq_1_to_100000").unwrap();
    let declared = Declaration { part_rows: 1_000_000, ..weather() };
    let (lost, ()) = tokio::join!(desk.extract(&source, &declared), async {
        tokio::task::block_in_place(|| {
            let running = "SELECT COUNT(*) FROM information_schema.processlist \
                           WHERE id <> CONNECTION_ID() AND info LIKE 'SELECT%FROM `test`.`weather`%'";
            let since = Instant::now();
            while server.query(running).unwrap().trim() == "0" {
                assert!(since.elapsed() < Duration::from_secs(60), "the extract does not read");
            }
            server.kill();
        });
    });
    assert!(matches!(lost, Err(ExtractError::SourceLost(_))), "{lost:?}");
    assert_eq!(desk.published(), 1, "nothing half-published");
    assert_eq!((desk.state().cursor, desk.state().parts.len()), (Some(1000), 1));
    server.start_again().unwrap();
    assert_eq!(desk.extract(&source, &declared).await.unwrap().unwrap().rows, 100_461);
}
