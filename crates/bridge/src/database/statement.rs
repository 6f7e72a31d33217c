//! Statements of a declaration: SQL of the organization, with places for what is bound (DATABASE-5).

/// Longest statement of a declaration.
pub const MAX_STATEMENT_BYTES: usize = 16 * 1024;
/// Most places in one.
const MAX_PLACES: usize = 32;

/// Correct the declaration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// Empty, too long, or with too many places.
    #[error("a statement has 1 to {MAX_STATEMENT_BYTES} bytes and at most {MAX_PLACES} places")]
    Bounds,
    /// A brace that encloses no known name.
    #[error("{{{0}}} is no place: known are {{key}}, {{value}} and {{version}}")]
    Unknown(String),
    /// It cannot do what it is for.
    #[error("the statement has no {0}")]
    Missing(&'static str),
    /// Whoever asks does not know it.
    #[error("a query has {{key}} alone, not {0}")]
    NotInAQuery(&'static str),
}

/// What is bound at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    Key,
    Value,
    Version,
}

/// How places are written in a database's SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// `?`: SQLite, MariaDB and MySQL.
    Question,
    /// `$1`: PostgreSQL.
    Dollar,
}

/// A statement in a database's own form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) sql: String,
    /// What is bound, in the order of places.
    pub(super) places: Vec<Bound>,
}

impl Statement {
    /// Answers a key with its value.
    pub(super) fn query(text: &str, dialect: Dialect) -> Result<Self, StatementError> {
        let statement = Self::parse(text, dialect)?;
        statement.needs(Bound::Key, "{key}")?;
        for (bound, name) in [(Bound::Value, "{value}"), (Bound::Version, "{version}")] {
            if statement.places.contains(&bound) {
                return Err(StatementError::NotInAQuery(name));
            }
        }
        Ok(statement)
    }

    /// Puts a value in force.
    pub(super) fn apply(text: &str, dialect: Dialect) -> Result<Self, StatementError> {
        let statement = Self::parse(text, dialect)?;
        statement.needs(Bound::Key, "{key}")?;
        statement.needs(Bound::Value, "{value}")?;
        Ok(statement)
    }

    fn needs(&self, bound: Bound, name: &'static str) -> Result<(), StatementError> {
        if self.places.contains(&bound) { Ok(()) } else { Err(StatementError::Missing(name)) }
    }

    fn parse(text: &str, dialect: Dialect) -> Result<Self, StatementError> {
        if text.trim().is_empty() || text.len() > MAX_STATEMENT_BYTES {
            return Err(StatementError::Bounds);
        }
        let (mut sql, mut places, mut rest) = (String::with_capacity(text.len()), Vec::new(), text);
        while let Some((before, after)) = rest.split_once('{') {
            sql.push_str(before);
            let (name, behind) = after.split_once('}').unwrap_or((after, ""));
            places.push(match name {
                "key" => Bound::Key,
                "value" => Bound::Value,
                "version" => Bound::Version,
                unknown => return Err(StatementError::Unknown(unknown.chars().take(64).collect())),
            });
            match dialect {
                Dialect::Question => sql.push('?'),
                Dialect::Dollar => sql.push_str(&format!("${}", places.len())),
            }
            rest = behind;
        }
        sql.push_str(rest);
        if places.len() > MAX_PLACES { Err(StatementError::Bounds) } else { Ok(Self { sql, places }) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // A-CONS, DATABASE-5
    #[test]
    fn places_become_those_of_the_database() {
        let text = "UPDATE parcels SET lien = {value}, v = {version} WHERE parcel = {key}";
        let places = vec![Bound::Value, Bound::Version, Bound::Key];
        for (dialect, sql) in [
            (Dialect::Question, "UPDATE parcels SET lien = ?, v = ? WHERE parcel = ?"),
            (Dialect::Dollar, "UPDATE parcels SET lien = $1, v = $2 WHERE parcel = $3"),
        ] {
            let sql = sql.to_owned();
            assert_eq!(Statement::apply(text, dialect), Ok(Statement { sql, places: places.clone() }));
        }
    }

    // A-CONS, DATABASE-5
    #[test]
    fn a_statement_that_cannot_do_its_work_is_refused() {
        let apply = |text: &str| Statement::apply(text, Dialect::Question).unwrap_err();
        let query = |text: &str| Statement::query(text, Dialect::Question).unwrap_err();
        assert_eq!(apply("UPDATE a SET b = {value}"), StatementError::Missing("{key}"));
        assert_eq!(apply("DELETE FROM a WHERE k = {key}"), StatementError::Missing("{value}"));
        assert_eq!(apply("{Key}"), StatementError::Unknown("Key".to_owned()));
        assert_eq!(apply("{key"), StatementError::Missing("{value}"));
        assert_eq!(apply(" "), StatementError::Bounds);
        assert_eq!(apply(&"{key}{value}".repeat(17)), StatementError::Bounds);
        assert_eq!(query("SELECT 1"), StatementError::Missing("{key}"));
        assert_eq!(query("SELECT {key}, {value}"), StatementError::NotInAQuery("{value}"));
    }
}
