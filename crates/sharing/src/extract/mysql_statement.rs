//! The statement for a part of a table of MariaDB or MySQL, made of what the catalogue has (SHARE-1).
//!
//! This server compares what it is given, whatever its type: a text that is no number equals zero, and two texts that differ in case or in trailing spaces are
//! the same to most collations. A declaration means what it says, so a literal has the column's type, and texts are compared byte by byte.

use std::fmt::Write as _;

use sqlx::{MySqlConnection, Row};

use super::{
    Column, ColumnType, Condition, Declaration, DeclarationError, ExtractError, Literal, MAX_FIELD_BYTES,
    sql::lost,
    value::{Value, from_text},
};

/// The statement.
pub(super) async fn statement(
    connection: &mut MySqlConnection,
    declaration: &Declaration,
    after: Option<i64>,
) -> Result<String, ExtractError> {
    let catalogue = catalogue(connection, declaration).await?;
    let of = |name: &str| {
        catalogue.iter().find(|entry| entry.name == name).ok_or_else(|| DeclarationError::NoColumn(name.to_owned()))
    };
    let columns = declaration
        .columns
        .iter()
        .map(|column| expression(column, &of(&column.name)?.kind))
        .collect::<Result<Vec<_>, _>>()?;
    let mut sql = format!(
        "SELECT {} FROM {}.{} WHERE 1 = 1",
        columns.join(", "),
        quoted(&declaration.schema),
        quoted(&declaration.table)
    );
    for declared in &declaration.conditions {
        let _ = write!(sql, " AND {}", condition(declared, &of(&declared.column)?.kind)?);
    }
    if let Some(cursor) = &declaration.cursor {
        let entry = of(cursor)?;
        if entry.nullable || !is_integer(&entry.kind) || !unique(connection, declaration, cursor).await? {
            return Err(DeclarationError::Cursor(cursor.clone()).into());
        }
        let name = quoted(cursor);
        if let Some(after) = after {
            let _ = write!(sql, " AND {name} > ({after})");
        }
        let _ = write!(sql, " ORDER BY {name} LIMIT {}", declaration.part_rows);
    }
    Ok(sql)
}

/// A column as the catalogue has it.
struct Entry {
    name: String,
    kind: String,
    nullable: bool,
}

async fn catalogue(connection: &mut MySqlConnection, declaration: &Declaration) -> Result<Vec<Entry>, ExtractError> {
    let found = sqlx::query(
        "SELECT CAST(table_schema AS CHAR), CAST(table_name AS CHAR), CAST(column_name AS CHAR), \
         LOWER(CAST(data_type AS CHAR)), CAST(is_nullable AS CHAR) FROM information_schema.columns \
         WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position",
    )
    .bind(&declaration.schema)
    .bind(&declaration.table)
    .fetch_all(connection)
    .await
    .map_err(lost)?;
    let mut entries = Vec::with_capacity(found.len());
    for row in &found {
        let text = |index: usize| row.try_get_unchecked::<String, _>(index).map_err(lost);
        // The catalogue compares names without case.
        if text(0)? == declaration.schema && text(1)? == declaration.table {
            entries.push(Entry { name: text(2)?, kind: text(3)?, nullable: text(4)? != "NO" });
        }
    }
    if entries.is_empty() {
        return Err(DeclarationError::NoTable(declaration.table.clone()).into());
    }
    Ok(entries)
}

/// Whether a column has a unique index of its own, of the whole value.
async fn unique(
    connection: &mut MySqlConnection,
    declaration: &Declaration,
    cursor: &str,
) -> Result<bool, ExtractError> {
    let found = sqlx::query(
        "SELECT CAST(MAX(column_name) AS CHAR) FROM information_schema.statistics \
         WHERE table_schema = ? AND table_name = ? GROUP BY index_name \
         HAVING COUNT(*) = 1 AND MAX(non_unique) = 0 AND MAX(sub_part) IS NULL",
    )
    .bind(&declaration.schema)
    .bind(&declaration.table)
    .fetch_all(connection)
    .await
    .map_err(lost)?;
    for row in &found {
        if row.try_get_unchecked::<Option<String>, _>(0).map_err(lost)?.as_deref() == Some(cursor) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What is selected for a column. What is longer than its bound is cut to one more, and then refused.
fn expression(column: &Column, kind: &str) -> Result<String, DeclarationError> {
    let name = quoted(&column.name);
    Ok(match (column.kind, kind) {
        (ColumnType::Boolean | ColumnType::Integer, kind) if is_integer(kind) => name,
        (ColumnType::Integer, "year") => name,
        (ColumnType::Boolean | ColumnType::Integer, "bit") => format!("({name} + 0)"),
        // As a double, a float keeps all its digits in text.
        (ColumnType::Float, "float" | "double") => format!("({name} + 0e0)"),
        (ColumnType::Text, kind) if is_text(kind) => format!("LEFT({name}, {})", MAX_FIELD_BYTES + 1),
        (ColumnType::Text, kind) if !is_binary(kind) => format!("CAST({name} AS CHAR)"),
        (ColumnType::Bytes, kind) if is_binary(kind) && kind != "bit" => {
            format!("LEFT({name}, {})", MAX_FIELD_BYTES + 1)
        }
        (ColumnType::Date, "date") | (ColumnType::Timestamp, "datetime" | "timestamp") => name,
        (declared, _) => {
            return Err(DeclarationError::Type { column: column.name.clone(), declared, actual: kind.to_owned() });
        }
    })
}

fn condition(condition: &Condition, kind: &str) -> Result<String, DeclarationError> {
    let Condition { column, comparison, value } = condition;
    let (name, sign) = (quoted(column), comparison.sql());
    let refused = || DeclarationError::Comparison { column: column.clone(), actual: kind.to_owned() };
    Ok(match value {
        Literal::Boolean(value) if is_integer(kind) => format!("{name} {sign} {}", u8::from(*value)),
        Literal::Integer(value) if is_integer(kind) || matches!(kind, "decimal" | "float" | "double" | "year") => {
            format!("{name} {sign} ({value})")
        }
        Literal::Text(text) if is_text(kind) => {
            format!("CAST(CONVERT({name} USING utf8mb4) AS BINARY) {sign} X'{}'", hex::encode(text))
        }
        // Written anew, so that nothing of the declaration's text is in the statement.
        Literal::Text(text) if kind == "date" => match from_text(ColumnType::Date, text).map(|value| value.to_json()) {
            Ok(serde_json::Value::String(date)) => format!("{name} {sign} DATE '{date}'"),
            _ => return Err(refused()),
        },
        Literal::Text(text) if matches!(kind, "datetime" | "timestamp") => {
            let Ok(Value::Timestamp(microseconds)) = from_text(ColumnType::Timestamp, text) else {
                return Err(refused());
            };
            let time = jiff::Timestamp::from_microsecond(microseconds).map_err(|_| refused())?;
            format!("{name} {sign} TIMESTAMP '{}'", time.strftime("%Y-%m-%d %H:%M:%S%.6f"))
        }
        _ => return Err(refused()),
    })
}

fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

fn is_integer(kind: &str) -> bool {
    matches!(kind, "tinyint" | "smallint" | "mediumint" | "int" | "bigint")
}

fn is_text(kind: &str) -> bool {
    matches!(kind, "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" | "enum" | "set" | "json")
}

/// Bytes that are no characters, and shapes, which have no text.
fn is_binary(kind: &str) -> bool {
    const SHAPES: [&str; 9] = [
        "geometry",
        "point",
        "linestring",
        "polygon",
        "multipoint",
        "multilinestring",
        "multipolygon",
        "geometrycollection",
        "geomcollection",
    ];
    matches!(kind, "bit" | "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" | "vector")
        || SHAPES.contains(&kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::Comparison;

    // SHARE-1
    #[test]
    fn a_literal_has_the_type_of_its_column_and_no_text_of_its_own() {
        let with =
            |value, kind| condition(&Condition { column: "a`b".to_owned(), comparison: Comparison::Ne, value }, kind);
        let text = |text: &str| Literal::Text(text.to_owned());
        assert_eq!(
            with(text("' OR 1=1 -- \\"), "varchar"),
            Ok("CAST(CONVERT(`a``b` USING utf8mb4) AS BINARY) <> X'27204f5220313d31202d2d205c'".to_owned())
        );
        assert_eq!(with(text("2012-01-02"), "date"), Ok("`a``b` <> DATE '2012-01-02'".to_owned()));
        assert_eq!(
            with(text("2012-01-02T01:00:00+01:00"), "timestamp"),
            Ok("`a``b` <> TIMESTAMP '2012-01-02 00:00:00.000000'".to_owned())
        );
        assert_eq!(with(Literal::Boolean(true), "tinyint"), Ok("`a``b` <> 1".to_owned()));
        assert_eq!(with(Literal::Integer(-3), "decimal"), Ok("`a``b` <> (-3)".to_owned()));
        for (value, kind) in [
            (Literal::Integer(0), "varchar"),
            (text("fog"), "int"),
            (text("soon"), "date"),
            (text("2012-01-02"), "datetime"),
            (text("x"), "blob"),
            (Literal::Boolean(true), "enum"),
        ] {
            assert!(matches!(with(value.clone(), kind), Err(DeclarationError::Comparison { .. })), "{kind} {value:?}");
        }
    }

    // S-COL
    #[test]
    fn a_column_is_read_as_declared_or_refused() {
        let of = |kind, actual| expression(&Column { name: "c".to_owned(), kind }, actual).ok();
        assert_eq!(of(ColumnType::Integer, "bigint"), Some("`c`".to_owned()));
        assert_eq!(of(ColumnType::Text, "decimal"), Some("CAST(`c` AS CHAR)".to_owned()));
        assert_eq!(of(ColumnType::Float, "float"), Some("(`c` + 0e0)".to_owned()));
        for (kind, actual) in [
            (ColumnType::Float, "decimal"),
            (ColumnType::Text, "blob"),
            (ColumnType::Bytes, "text"),
            (ColumnType::Date, "datetime"),
            (ColumnType::Text, "point"),
            (ColumnType::Integer, "varchar"),
        ] {
            assert_eq!(of(kind, actual), None, "{kind:?} of {actual}");
        }
    }
}
