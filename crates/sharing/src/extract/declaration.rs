//! What is shared of a source: its form, and what a form can get wrong. Never SQL (SHARE-1).

use serde::{Deserialize, Serialize};

/// Most columns of a declaration.
pub const MAX_COLUMNS: usize = 256;
/// Most conditions of a declaration.
pub const MAX_CONDITIONS: usize = 32;
/// Most rows of a part.
pub const MAX_PART_ROWS: u64 = 20_000_000;
/// Longest identifier: PostgreSQL's own bound.
const MAX_IDENTIFIER_BYTES: usize = 63;

/// Correct the declaration, and try again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeclarationError {
    /// No columns, too many, or too many conditions.
    #[error(
        "a declaration has 1 to {MAX_COLUMNS} columns, at most {MAX_CONDITIONS} conditions and 1 to {MAX_PART_ROWS} rows a part"
    )]
    Bounds,
    /// An identifier that is empty, too long, or holds a zero byte.
    #[error("{0:?} cannot be an identifier")]
    Identifier(String),
    /// A column that is named twice.
    #[error("column {0:?} is named twice")]
    Twice(String),
    /// The source's catalogue has no such table.
    #[error("the source has no table {0:?}")]
    NoTable(String),
    /// The source's catalogue has no such column.
    #[error("the table has no column {0:?}")]
    NoColumn(String),
    /// The column has another type in the catalogue.
    #[error("column {column:?} is {actual} in the source, which is not read as {declared:?}")]
    Type {
        /// Its name.
        column: String,
        /// As declared.
        declared: ColumnType,
        /// As in the catalogue.
        actual: String,
    },
    /// A condition that the source would compare by a rule of its own.
    #[error("column {column:?} is {actual} in the source, which is not compared with the value given")]
    Comparison {
        /// Its name.
        column: String,
        /// As in the catalogue.
        actual: String,
    },
    /// A column of Parquet that is no plain value of a row.
    #[error("column {0:?} holds lists or structures, or stands in the file twice: only plain columns are read")]
    Nested(String),
    /// A cursor that may repeat or be null, or is no declared integer column.
    #[error("{0:?} is no cursor: it must be a declared integer column, never null, unique by itself")]
    Cursor(String),
    /// A text literal with a zero byte, which no database takes.
    #[error("a value for column {0:?} has a zero byte")]
    Literal(String),
}

/// How a column is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names of the specification")]
pub enum ColumnType {
    Boolean,
    Integer,
    Float,
    Text,
    Bytes,
    Date,
    Timestamp,
}

/// A column that is shared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Its name in the source.
    pub name: String,
    /// How it is read.
    #[serde(rename = "type")]
    pub kind: ColumnType,
}

/// How a column is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names of the specification")]
pub enum Comparison {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Comparison {
    pub(super) fn sql(self) -> &'static str {
        match self {
            Self::Eq => "=",
            Self::Ne => "<>",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
        }
    }
}

/// A value to compare with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[allow(missing_docs, reason = "the names of the specification")]
pub enum Literal {
    Boolean(bool),
    Integer(i64),
    Text(String),
}

/// A condition on rows; all of a declaration's must hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The column, which need not be shared.
    pub column: String,
    /// How it is compared.
    pub comparison: Comparison,
    /// With what.
    pub value: Literal,
}

/// What is shared of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declaration {
    /// Schema of the table.
    pub schema: String,
    /// The table.
    pub table: String,
    /// What of it.
    pub columns: Vec<Column>,
    /// Which rows.
    #[serde(default)]
    pub conditions: Vec<Condition>,
    /// The column by which parts follow one another; without it each part is the whole table.
    pub cursor: Option<String>,
    /// Most rows of a part that has a cursor.
    pub part_rows: u64,
}

impl Declaration {
    /// Checks what can be checked without the source.
    ///
    /// # Errors
    /// [`DeclarationError`].
    pub fn check(&self) -> Result<(), DeclarationError> {
        let bounded = (1..=MAX_COLUMNS).contains(&self.columns.len())
            && self.conditions.len() <= MAX_CONDITIONS
            && (1..=MAX_PART_ROWS).contains(&self.part_rows);
        if !bounded {
            return Err(DeclarationError::Bounds);
        }
        let names = self.columns.iter().map(|column| &column.name);
        let compared = self.conditions.iter().map(|condition| &condition.column);
        for name in names.chain(compared).chain([&self.schema, &self.table]) {
            if name.is_empty() || name.len() > MAX_IDENTIFIER_BYTES || name.contains('\0') {
                return Err(DeclarationError::Identifier(name.clone()));
            }
        }
        for (index, column) in self.columns.iter().enumerate() {
            if self.columns[..index].iter().any(|earlier| earlier.name == column.name) {
                return Err(DeclarationError::Twice(column.name.clone()));
            }
        }
        for condition in &self.conditions {
            if matches!(&condition.value, Literal::Text(text) if text.contains('\0')) {
                return Err(DeclarationError::Literal(condition.column.clone()));
            }
        }
        match &self.cursor {
            Some(cursor) if self.cursor_index().is_none() => Err(DeclarationError::Cursor(cursor.clone())),
            _ => Ok(()),
        }
    }

    /// Place of the cursor among the columns.
    pub(super) fn cursor_index(&self) -> Option<usize> {
        let cursor = self.cursor.as_ref()?;
        self.columns.iter().position(|column| column.name == *cursor && column.kind == ColumnType::Integer)
    }
}
