//! MariaDB and MySQL: the catalogue is asked, and one statement is made of what it has (SHARE-1). Rows come as text, so that what the server keeps and no type
//! of ours holds (a date of zeros, a number beyond 64 bits) is a reject and not the end of the run.

use std::path::Path;

use async_trait::async_trait;
use futures::TryStreamExt;
use serde_json::{Map, Value as Json};
use sqlx::{
    AssertSqlSafe, Connection, MySqlConnection, Row,
    mysql::{MySqlConnectOptions, MySqlRow},
};
use tokio::runtime::Handle;

use super::{
    Column, ColumnType, Cursor, Declaration, ExtractError, MAX_FIELD_BYTES, Source, Stage, Staged,
    mysql_statement::statement,
    sql::lost,
    value::{Value, from_text, microseconds},
};
use crate::{database, sealing::DataKey};

/// What the session needs, whatever the server's defaults are: all rows, time for a reader that is slower than the server, one view of the table.
const SESSION: [&str; 3] = [
    "SET SESSION sql_mode = '', time_zone = '+00:00', sql_select_limit = 18446744073709551615, net_write_timeout = 600",
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
];

/// A database of the owner. It is only read.
pub struct MySqlSource {
    url: zeroize::Zeroizing<String>,
}

impl MySqlSource {
    /// Names the database; the URL may hold a password and is never logged. The declaration's schema is the name of the database.
    #[must_use]
    pub fn new(url: String) -> Self {
        Self { url: url.into() }
    }
}

#[async_trait]
impl Source for MySqlSource {
    async fn stage(
        &self,
        declaration: &Declaration,
        after: Option<&Cursor>,
        directory: &Path,
        key: &DataKey,
    ) -> Result<Staged, ExtractError> {
        declaration.check()?;
        let options = database::mysql(&self.url)?;
        let (declaration, after) = (declaration.clone(), after.map(|after| after.value));
        let (directory, key) = (directory.to_owned(), key.clone());
        let runtime = Handle::current();
        tokio::task::spawn_blocking(move || {
            let stage = Stage { directory: &directory, key: &key };
            runtime.block_on(read(&options, &declaration, after, &stage))
        })
        .await
        .map_err(|error| ExtractError::Writing(error.to_string()))?
    }
}

async fn read(
    options: &MySqlConnectOptions,
    declaration: &Declaration,
    after: Option<i64>,
    stage: &Stage<'_>,
) -> Result<Staged, ExtractError> {
    let mut connection = MySqlConnection::connect_with(options).await.map_err(lost)?;
    for sql in SESSION {
        sqlx::raw_sql(sql).execute(&mut connection).await.map_err(lost)?;
    }
    let sql = statement(&mut connection, declaration, after).await?;
    let (mut rows, mut position, mut cursor) = (stage.rows(declaration)?, 0, None);
    // Not prepared: then fields come as text.
    let mut found = sqlx::raw_sql(AssertSqlSafe(sql)).fetch(&mut connection);
    while let Some(row) = found.try_next().await.map_err(lost)? {
        position += 1;
        let mut values = Vec::with_capacity(declaration.columns.len());
        let mut wrong = None;
        for (index, column) in declaration.columns.iter().enumerate() {
            match field(&row, index, column.kind) {
                Ok(value) => values.push(value),
                Err(reason) => {
                    wrong = Some((column.name.as_str(), reason));
                    break;
                }
            }
        }
        match wrong {
            None => rows.row(&values)?,
            Some((column, reason)) => {
                rows.reject(position, Some(column), reason, record(&row, &declaration.columns))?;
            }
        }
        if let Some(index) = declaration.cursor_index() {
            match field(&row, index, ColumnType::Integer) {
                Ok(Value::Integer(value)) => cursor = Some(value),
                _ => return Err(ExtractError::SourceMalformed("a cursor is null or beyond 64 bits with a sign")),
            }
            // Those behind it come with the next part.
            if rows.is_full(declaration.part_rows) {
                break;
            }
        }
    }
    rows.finish(cursor)
}

/// A field as the server writes it; none when it is null.
fn raw(row: &MySqlRow, index: usize) -> Result<Option<&[u8]>, &'static str> {
    row.try_get_unchecked(index).map_err(|_| "not readable")
}

fn field(row: &MySqlRow, index: usize, kind: ColumnType) -> Result<Value, &'static str> {
    let Some(bytes) = raw(row, index)? else { return Ok(Value::Null) };
    if bytes.len() > MAX_FIELD_BYTES {
        return Err("longer than the bound of a field");
    }
    if kind == ColumnType::Bytes {
        return Ok(Value::Bytes(bytes.to_vec()));
    }
    read_text(kind, std::str::from_utf8(bytes).map_err(|_| "not UTF-8")?)
}

/// Booleans are numbers here, and times have no zone: the session's is UTC.
fn read_text(kind: ColumnType, text: &str) -> Result<Value, &'static str> {
    const WRONG_TIME: &str = "not a time";
    match (kind, text) {
        (ColumnType::Boolean, "0") => Ok(Value::Boolean(false)),
        (ColumnType::Boolean, "1") => Ok(Value::Boolean(true)),
        (ColumnType::Boolean, _) => Err("not true or false"),
        (ColumnType::Timestamp, text) => {
            let time: jiff::civil::DateTime = text.parse().map_err(|_| WRONG_TIME)?;
            microseconds(time).map(Value::Timestamp).ok_or(WRONG_TIME)
        }
        _ => from_text(kind, text),
    }
}

/// The row for the file of rejects: what is right is there as a replay reads it, what is wrong as it came.
fn record(row: &MySqlRow, columns: &[Column]) -> Map<String, Json> {
    let fields = columns.iter().enumerate().map(|(index, column)| {
        let value = match field(row, index, column.kind) {
            Ok(value) => value.to_json(),
            Err(reason) => match raw(row, index) {
                Ok(Some(bytes)) if column.kind == ColumnType::Bytes => format!("0x{}", hex::encode(bytes)).into(),
                Ok(Some(bytes)) => String::from_utf8_lossy(bytes).into_owned().into(),
                _ => reason.into(),
            },
        };
        (column.name.clone(), value)
    });
    fields.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // S-COL
    #[test]
    fn what_the_server_writes_is_read_strictly() {
        assert_eq!(read_text(ColumnType::Boolean, "1"), Ok(Value::Boolean(true)));
        assert_eq!(read_text(ColumnType::Timestamp, "1970-01-01 00:00:01.5"), Ok(Value::Timestamp(1_500_000)));
        let last = read_text(ColumnType::Timestamp, "9999-12-31 23:59:59.999999");
        assert_eq!(last, Ok(Value::Timestamp(253_402_300_799_999_999)));
        assert_eq!(read_text(ColumnType::Integer, "00042"), Ok(Value::Integer(42)));
        for (kind, wrong) in [
            (ColumnType::Timestamp, "0000-00-00 00:00:00"),
            (ColumnType::Timestamp, "2012-00-10 00:00:00"),
            (ColumnType::Date, "0000-00-00"),
            (ColumnType::Date, "2023-02-31"),
            (ColumnType::Integer, "18446744073709551615"),
            (ColumnType::Boolean, "2"),
        ] {
            assert!(read_text(kind, wrong).is_err(), "{kind:?} took {wrong:?}");
        }
    }
}
