//! PostgreSQL: the catalogue is asked, then `COPY (SELECT ...) TO STDOUT (FORMAT BINARY)` (SHARE-1).

use std::{fmt::Write as _, path::Path};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::{StreamExt, TryStreamExt, stream::BoxStream};
use sqlx::{Connection, PgConnection, Row};
use tokio::sync::mpsc;

use super::{
    ColumnType, Condition, Cursor, Declaration, DeclarationError, ExtractError, Literal, MAX_FIELD_BYTES,
    MAX_PART_ROWS, Source, Stage, Staged,
    columns::{self, Columns},
    copy_binary::CopyDecoder,
    part::PartWriter,
    rejects::Rejects,
    sql::{identifier, lost},
};
use crate::{database, sealing::DataKey};

/// Bytes of a piece of the stream. PostgreSQL sends a message for each row, and to hand each over by itself costs more than to read it.
const PIECE_BYTES: usize = 128 * 1024;
/// Pieces that may wait for the decoder.
const MAX_WAITING_PIECES: usize = 8;

/// A database of the owner.
pub struct PostgresSource {
    url: zeroize::Zeroizing<String>,
}

impl PostgresSource {
    /// Names the database; the URL may hold a password and is never logged.
    #[must_use]
    pub fn new(url: String) -> Self {
        Self { url: url.into() }
    }

    async fn connect(&self) -> Result<PgConnection, ExtractError> {
        let mut connection = PgConnection::connect_with(&database::postgres(&self.url)?).await.map_err(lost)?;
        // Literals are made for these.
        sqlx::raw_sql("SET standard_conforming_strings = on; SET client_encoding = 'UTF8'; SET default_transaction_read_only = on; SET TimeZone = 'UTC'")
            .execute(&mut connection)
            .await
            .map_err(lost)?;
        Ok(connection)
    }
}

#[async_trait]
impl Source for PostgresSource {
    async fn stage(
        &self,
        declaration: &Declaration,
        after: Option<&Cursor>,
        directory: &Path,
        key: &DataKey,
    ) -> Result<Staged, ExtractError> {
        let mut connection = self.connect().await?;
        let statement = statement(&mut connection, declaration, after.map(|after| after.value)).await?;
        let (pieces, waiting) = mpsc::channel(MAX_WAITING_PIECES);
        let part = Stage { directory, key }.part(columns::schema(&declaration.columns))?;
        let rejects = Rejects::new(directory);
        let (columns, decoder) = (Columns::new(&declaration.columns), CopyDecoder::new(declaration));
        let decoding = tokio::task::spawn_blocking(move || decode(part, rejects, waiting, columns, decoder));
        let mut rows = rows(&mut connection, &statement).await?;
        let broken = gather(&mut rows, &pieces).await.err();
        drop(pieces);
        drop(rows);
        let decoded = decoding.await.map_err(|error| ExtractError::Writing(error.to_string()))?;
        if let Some(error) = broken {
            return Err(error);
        }
        let _ = connection.close().await;
        decoded
    }
}

/// Hands the stream over in pieces of about one size, until it ends or nobody takes them.
async fn gather(
    rows: &mut BoxStream<'_, Result<Bytes, ExtractError>>,
    pieces: &mpsc::Sender<BytesMut>,
) -> Result<(), ExtractError> {
    let mut piece = BytesMut::with_capacity(PIECE_BYTES);
    while let Some(message) = rows.next().await {
        piece.extend_from_slice(&message?);
        if piece.len() >= PIECE_BYTES {
            let full = std::mem::replace(&mut piece, BytesMut::with_capacity(PIECE_BYTES));
            // A decoder that stopped says why itself.
            if pieces.send(full).await.is_err() {
                return Ok(());
            }
        }
    }
    let _ = pieces.send(piece).await;
    Ok(())
}

/// A typed database's rows have the declared types, but for values that no type of ours holds: rows of those go aside.
fn decode(
    mut part: PartWriter,
    mut rejects: Rejects,
    mut waiting: mpsc::Receiver<BytesMut>,
    mut columns: Columns,
    mut decoder: CopyDecoder,
) -> Result<Staged, ExtractError> {
    let mut is_full = false;
    while let Some(piece) = waiting.blocking_recv() {
        decoder.update(&piece, &mut columns, &mut rejects, |columns| part.write_all(&columns.take()?))?;
        if decoder.rows > MAX_PART_ROWS {
            return Err(ExtractError::TooManyRows);
        }
        if decoder.is_over(&rejects) {
            is_full = true;
            break;
        }
    }
    if !is_full {
        decoder.finish()?;
    }
    part.write_all(&columns.take()?)?;
    let (file, sealed) = part.finish()?;
    Ok(Staged { file, sealed, rows: decoder.rows, cursor: decoder.cursor, rejects, replayed: None, mark: None })
}

/// The statement for a part, made of what the catalogue has.
async fn statement(
    connection: &mut PgConnection,
    declaration: &Declaration,
    after: Option<i64>,
) -> Result<String, ExtractError> {
    declaration.check()?;
    let catalogue = catalogue(connection, declaration).await?;
    let may_be_long = may_be_long(connection, declaration).await?;
    let kind_of = |name: &str| {
        catalogue
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, kind)| kind.as_str())
            .ok_or_else(|| DeclarationError::NoColumn(name.to_owned()))
    };
    let mut columns = Vec::with_capacity(declaration.columns.len());
    for column in &declaration.columns {
        let (actual, name) = (kind_of(&column.name)?, identifier(&column.name));
        columns.push(match (column.kind, actual) {
            (ColumnType::Text, "text" | "varchar") if may_be_long => cut(&name, "\"left\""),
            (ColumnType::Bytes, "bytea") if may_be_long => cut(&name, "substr"),
            (ColumnType::Boolean, "bool")
            | (ColumnType::Integer, "int2" | "int4" | "int8")
            | (ColumnType::Float, "float4" | "float8")
            | (ColumnType::Text, "text" | "varchar" | "bpchar")
            | (ColumnType::Bytes, "bytea")
            | (ColumnType::Date, "date")
            | (ColumnType::Timestamp, "timestamp" | "timestamptz") => name,
            (ColumnType::Text, kind) if may_be_long && !is_short(kind) => {
                format!("pg_catalog.\"left\"({name}::text, {}) AS {name}", MAX_FIELD_BYTES + 1)
            }
            (ColumnType::Text, _) => format!("{name}::text"),
            (declared, _) => {
                let (column, actual) = (column.name.clone(), actual.to_owned());
                return Err(DeclarationError::Type { column, declared, actual }.into());
            }
        });
    }
    let mut sql = format!(
        "COPY (SELECT {} FROM {}.{} WHERE true",
        columns.join(", "),
        identifier(&declaration.schema),
        identifier(&declaration.table)
    );
    for Condition { column, comparison, value } in &declaration.conditions {
        kind_of(column)?;
        let _ = write!(sql, " AND {} {} {}", identifier(column), comparison.sql(), literal(value));
    }
    if let Some(cursor) = &declaration.cursor {
        unique(connection, declaration, cursor).await?;
        let name = identifier(cursor);
        if let Some(after) = after {
            let _ = write!(sql, " AND {name} > {after}");
        }
        let _ = write!(sql, " ORDER BY {name} LIMIT {}", declaration.part_rows);
    }
    sql.push_str(") TO STDOUT (FORMAT BINARY)");
    Ok(sql)
}

/// What is longer than its bound is cut to one more, and then refused: it is nowhere in memory as a whole.
fn cut(name: &str, function: &str) -> String {
    let arguments = if function == "substr" { "1, " } else { "" };
    let (bound, more) = (MAX_FIELD_BYTES, MAX_FIELD_BYTES + 1);
    format!(
        "CASE WHEN pg_catalog.octet_length({name}) > {bound} THEN pg_catalog.{function}({name}, {arguments}{more}) ELSE {name} END AS {name}"
    )
}

/// Types whose texts are short, whatever their values.
fn is_short(kind: &str) -> bool {
    const SHORT: [&str; 16] = [
        "bool",
        "int2",
        "int4",
        "int8",
        "float4",
        "float8",
        "numeric",
        "money",
        "uuid",
        "date",
        "time",
        "timetz",
        "timestamp",
        "timestamptz",
        "interval",
        "inet",
    ];
    SHORT.contains(&kind)
}

/// Whether a field may be much longer than its bound: where nothing was ever put into the table's TOAST (PostgreSQL's manual, "TOAST"), a row has a page. Only
/// other tables pay for being cut.
async fn may_be_long(connection: &mut PgConnection, declaration: &Declaration) -> Result<bool, ExtractError> {
    let found = sqlx::query(
        "SELECT c.relkind IN ('r','m') AND NOT c.relhassubclass \
         AND (c.reltoastrelid = 0 OR pg_catalog.pg_relation_size(c.reltoastrelid) = 0) \
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2",
    )
    .bind(&declaration.schema)
    .bind(&declaration.table)
    .fetch_optional(connection)
    .await
    .map_err(lost)?;
    let is_short: Option<bool> = match found {
        Some(row) => row.try_get(0).map_err(lost)?,
        None => None,
    };
    Ok(is_short != Some(true))
}

async fn rows<'a>(
    connection: &'a mut PgConnection,
    statement: &str,
) -> Result<BoxStream<'a, Result<Bytes, ExtractError>>, ExtractError> {
    Ok(connection.copy_out_raw(statement).await.map_err(lost)?.map_err(lost).boxed())
}

async fn catalogue(
    connection: &mut PgConnection,
    declaration: &Declaration,
) -> Result<Vec<(String, String)>, ExtractError> {
    let found = sqlx::query(
        "SELECT a.attname::text, t.typname::text FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid \
         JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_type t ON t.oid = a.atttypid \
         WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r','p','v','m','f') AND a.attnum > 0 AND NOT a.attisdropped",
    )
    .bind(&declaration.schema)
    .bind(&declaration.table)
    .fetch_all(connection)
    .await
    .map_err(lost)?;
    if found.is_empty() {
        return Err(DeclarationError::NoTable(declaration.table.clone()).into());
    }
    found.iter().map(|row| Ok((row.try_get(0).map_err(lost)?, row.try_get(1).map_err(lost)?))).collect()
}

/// A cursor is never null and has a unique index of its own, without a condition.
async fn unique(connection: &mut PgConnection, declaration: &Declaration, cursor: &str) -> Result<(), ExtractError> {
    let found = sqlx::query(
        "SELECT 1 FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0] \
         WHERE n.nspname = $1 AND c.relname = $2 AND a.attname = $3 AND a.attnotnull AND i.indisunique AND i.indisvalid \
         AND i.indnkeyatts = 1 AND i.indpred IS NULL",
    )
    .bind(&declaration.schema)
    .bind(&declaration.table)
    .bind(cursor)
    .fetch_optional(connection)
    .await
    .map_err(lost)?;
    match found {
        Some(_) => Ok(()),
        None => Err(DeclarationError::Cursor(cursor.to_owned()).into()),
    }
}

fn literal(value: &Literal) -> String {
    match value {
        Literal::Boolean(value) => value.to_string(),
        Literal::Integer(value) => format!("({value})"),
        Literal::Text(value) => format!("'{}'", value.replace('\'', "''")),
    }
}
