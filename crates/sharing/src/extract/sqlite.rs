//! SQLite: the catalogue is asked, values are bound (SHARE-1). Its columns hold values of any type, so rows are checked one by one.

use std::{fmt::Write as _, path::Path};

use async_trait::async_trait;
use futures::TryStreamExt;
use serde_json::{Map, Number, Value as Json};
use sqlx::{
    AssertSqlSafe, Connection, Row, SqliteConnection, TypeInfo, ValueRef,
    sqlite::{SqliteConnectOptions, SqliteRow},
};
use tokio::runtime::Handle;

use super::{
    Column, ColumnType, Condition, Cursor, Declaration, DeclarationError, ExtractError, Literal, MAX_FIELD_BYTES,
    Source, Stage, Staged,
    sql::{identifier, lost},
    value::{Value, from_json},
};
use crate::sealing::DataKey;

/// A database file of the owner. It is opened for reading.
#[derive(Clone, Debug)]
pub struct SqliteSource {
    options: SqliteConnectOptions,
}

impl SqliteSource {
    /// Names the file. The declaration's schema is `main`; a cursor must be the table's `INTEGER PRIMARY KEY`.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { options: SqliteConnectOptions::new().filename(path).read_only(true).create_if_missing(false) }
    }
}

#[async_trait]
impl Source for SqliteSource {
    async fn stage(
        &self,
        declaration: &Declaration,
        after: Option<&Cursor>,
        directory: &Path,
        key: &DataKey,
    ) -> Result<Staged, ExtractError> {
        declaration.check()?;
        let (options, declaration) = (self.options.clone(), declaration.clone());
        let after = after.map(|after| after.value);
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
    options: &SqliteConnectOptions,
    declaration: &Declaration,
    after: Option<i64>,
    stage: &Stage<'_>,
) -> Result<Staged, ExtractError> {
    let mut connection = SqliteConnection::connect_with(options).await.map_err(lost)?;
    let sql = statement(&mut connection, declaration, after.is_some()).await?;
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for condition in &declaration.conditions {
        query = match &condition.value {
            Literal::Boolean(value) => query.bind(*value),
            Literal::Integer(value) => query.bind(*value),
            Literal::Text(value) => query.bind(value.clone()),
        };
    }
    if let Some(after) = after.filter(|_| declaration.cursor.is_some()) {
        query = query.bind(after);
    }
    let (mut rows, mut position, mut cursor) = (stage.rows(declaration)?, 0, None);
    let mut found = query.fetch(&mut connection);
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
                rows.reject(position, Some(column), reason, record(&row, &declaration.columns))?
            }
        }
        if let Some(index) = declaration.cursor_index() {
            let value: Option<i64> = row.try_get(index).map_err(lost)?;
            cursor = Some(value.ok_or(ExtractError::SourceMalformed("a cursor is null"))?);
            // Those behind it come with the next part.
            if rows.is_full(declaration.part_rows) {
                break;
            }
        }
    }
    rows.finish(cursor)
}

async fn statement(
    connection: &mut SqliteConnection,
    declaration: &Declaration,
    resumed: bool,
) -> Result<String, ExtractError> {
    let found = sqlx::query("SELECT name, upper(type), pk FROM pragma_table_info(?1, ?2)")
        .bind(&declaration.table)
        .bind(&declaration.schema)
        .fetch_all(connection)
        .await
        .map_err(lost)?;
    if found.is_empty() {
        return Err(DeclarationError::NoTable(declaration.table.clone()).into());
    }
    let mut catalogue = Vec::with_capacity(found.len());
    for row in &found {
        let (name, kind, key): (String, String, i64) =
            (row.try_get(0).map_err(lost)?, row.try_get(1).map_err(lost)?, row.try_get(2).map_err(lost)?);
        catalogue.push((name, kind, key));
    }
    let compared = declaration.conditions.iter().map(|condition| &condition.column);
    for name in declaration.columns.iter().map(|column| &column.name).chain(compared) {
        if !catalogue.iter().any(|(known, ..)| known == name) {
            return Err(DeclarationError::NoColumn(name.clone()).into());
        }
    }
    let columns = declaration.columns.iter().map(|column| {
        let name = identifier(&column.name);
        // What is longer than its bound is cut to one more, and then refused.
        format!(
            "CASE WHEN typeof({name}) IN ('text', 'blob') THEN substr({name}, 1, {}) ELSE {name} END",
            MAX_FIELD_BYTES + 1
        )
    });
    let mut sql = format!(
        "SELECT {} FROM {}.{} WHERE true",
        columns.collect::<Vec<_>>().join(", "),
        identifier(&declaration.schema),
        identifier(&declaration.table)
    );
    for Condition { column, comparison, .. } in &declaration.conditions {
        let _ = write!(sql, " AND {} {} ?", identifier(column), comparison.sql());
    }
    if let Some(cursor) = &declaration.cursor {
        let keys: Vec<_> = catalogue.iter().filter(|(_, _, key)| *key > 0).collect();
        if !matches!(keys.as_slice(), [(name, kind, _)] if name == cursor && kind == "INTEGER") {
            return Err(DeclarationError::Cursor(cursor.clone()).into());
        }
        let name = identifier(cursor);
        if resumed {
            let _ = write!(sql, " AND {name} > ?");
        }
        let _ = write!(sql, " ORDER BY {name} LIMIT {}", declaration.part_rows);
    }
    Ok(sql)
}

fn field(row: &SqliteRow, index: usize, kind: ColumnType) -> Result<Value, &'static str> {
    match (json(row, index)?, kind) {
        (Stored::Bytes(bytes), ColumnType::Bytes) if bytes.len() <= MAX_FIELD_BYTES => Ok(Value::Bytes(bytes)),
        (Stored::Bytes(_), _) => Err("bytes that were not declared, or too many"),
        (Stored::Json(Json::Number(number)), ColumnType::Boolean) => match number.as_i64() {
            Some(0) => Ok(Value::Boolean(false)),
            Some(1) => Ok(Value::Boolean(true)),
            _ => Err("not true or false"),
        },
        (Stored::Json(json), _) => from_json(kind, &json),
    }
}

enum Stored {
    Bytes(Vec<u8>),
    Json(Json),
}

fn json(row: &SqliteRow, index: usize) -> Result<Stored, &'static str> {
    const UNREADABLE: &str = "not readable as the type that it is stored with";
    let raw = row.try_get_raw(index).map_err(|_| UNREADABLE)?;
    if raw.is_null() {
        return Ok(Stored::Json(Json::Null));
    }
    let kind = raw.type_info().name().to_owned();
    Ok(match kind.as_str() {
        "INTEGER" => Stored::Json(row.try_get_unchecked::<i64, _>(index).map_err(|_| UNREADABLE)?.into()),
        "REAL" => {
            let number = row.try_get_unchecked::<f64, _>(index).map_err(|_| UNREADABLE)?;
            Stored::Json(Number::from_f64(number).map(Json::Number).ok_or("not a finite number")?)
        }
        "TEXT" => Stored::Json(Json::String(row.try_get_unchecked(index).map_err(|_| UNREADABLE)?)),
        "BLOB" => Stored::Bytes(row.try_get_unchecked(index).map_err(|_| UNREADABLE)?),
        _ => return Err(UNREADABLE),
    })
}

/// The row for the file of rejects.
fn record(row: &SqliteRow, columns: &[Column]) -> Map<String, Json> {
    let fields = columns.iter().enumerate().map(|(index, column)| {
        let value = match json(row, index) {
            Ok(Stored::Json(json)) => json,
            Ok(Stored::Bytes(bytes)) => format!("0x{}", hex::encode(bytes)).into(),
            Err(reason) => reason.into(),
        };
        (column.name.clone(), value)
    });
    fields.collect()
}
