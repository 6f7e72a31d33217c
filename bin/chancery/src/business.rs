//! The business database of an office (C-MOD-5): what stands there of a case fills the content of its certificate, or is compared with what a clerk has
//! typed. A declaration says where it is, by what a record is found, and which column is which member of the content.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use chancery_sharing::extract::{
    Column, ColumnType, Comparison, Condition, Declaration, Literal, MySqlSource, PostgresSource, Source, SqliteSource,
    record,
};
use serde::Deserialize;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::{alliance::configuration, city::secrets::read_private};

/// Most members of a list that are filled.
const MAX_ITEMS: usize = 64;

/// A declaration. Paths are relative to its file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Records {
    /// The kind of certificate.
    kind: String,
    database: Database,
    /// Schema of the table; absent: `public`, or `main` of SQLite. Of MySQL and MariaDB it is the database's name.
    schema: Option<String>,
    table: String,
    key: Key,
    /// What the content has of every record, such as the office's name.
    #[serde(default)]
    content: Map<String, Value>,
    /// What it has of this one.
    member: Vec<Member>,
}

/// Where it is. A URL may hold a password, so it is in a file or in the environment.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
enum Database {
    Postgres {
        url_file: Option<PathBuf>,
        url_env: Option<String>,
    },
    #[serde(alias = "mariadb")]
    Mysql {
        url_file: Option<PathBuf>,
        url_env: Option<String>,
    },
    Sqlite {
        file: PathBuf,
    },
}

/// By what a record is found.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    column: String,
    #[serde(rename = "type", default)]
    kind: KeyType,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum KeyType {
    #[default]
    Text,
    Integer,
}

/// A member of the content.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Member {
    /// Where it is: a JSON pointer (RFC 6901), such as `/graduate/name`.
    path: String,
    column: String,
    #[serde(rename = "type", default = "text")]
    kind: ColumnType,
}

const fn text() -> ColumnType {
    ColumnType::Text
}

/// The content of a certificate of this kind, as the office's business database has it.
pub(crate) async fn content(file: &Path, kind: &str, key: &str) -> Result<Value> {
    let records: Records = configuration(file)?;
    ensure!(records.kind == kind, "{} is about {}, not about {kind}", file.display(), records.kind);
    let source = records.source(file)?;
    let row = record(source.as_ref(), &records.declaration(key)?).await;
    records.fill(&row.with_context(|| format!("the record {key:?} of {}", file.display()))?)
}

/// Compares what somebody has typed with what the business database has; names what differs, and never its value.
pub(crate) fn check(typed: &Value, known: &Value) -> Result<()> {
    let mut differing = Vec::new();
    compare(known, typed, String::new(), &mut differing);
    ensure!(
        differing.is_empty(),
        "the subject differs from the business database in {}: correct it, or the record",
        differing.join(", ")
    );
    Ok(())
}

/// Places of `known` at which `typed` has something else. What it has besides is not compared.
fn compare(known: &Value, typed: &Value, at: String, differing: &mut Vec<String>) {
    match (known, typed) {
        (Value::Object(members), Value::Object(_)) => {
            for (name, member) in members {
                let other = typed.get(name).unwrap_or(&Value::Null);
                compare(member, other, format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), differing);
            }
        }
        (Value::Array(items), Value::Array(others)) if items.len() == others.len() => {
            for (index, (item, other)) in items.iter().zip(others).enumerate() {
                compare(item, other, format!("{at}/{index}"), differing);
            }
        }
        _ if known == typed => {}
        _ => differing.push(at),
    }
}

impl Records {
    fn source(&self, file: &Path) -> Result<Box<dyn Source>> {
        let beside = |path: &PathBuf| file.parent().map_or_else(|| path.clone(), |folder| folder.join(path));
        let url = |url_file: &Option<PathBuf>, url_env: &Option<String>| -> Result<Zeroizing<String>> {
            match (url_file, url_env) {
                (Some(path), None) => {
                    let path = beside(path);
                    let text = read_private(&path).with_context(|| format!("cannot read {}", path.display()))?;
                    Ok(Zeroizing::new(text.trim().to_owned()))
                }
                (None, Some(name)) => {
                    let url = std::env::var(name).with_context(|| format!("set {name} to the database's URL"))?;
                    Ok(Zeroizing::new(url))
                }
                _ => bail!("[database] has url_file or url_env: where the database's URL is"),
            }
        };
        Ok(match &self.database {
            Database::Postgres { url_file, url_env } => {
                Box::new(PostgresSource::new(url(url_file, url_env)?.to_string()))
            }
            Database::Mysql { url_file, url_env } => Box::new(MySqlSource::new(url(url_file, url_env)?.to_string())),
            Database::Sqlite { file } => Box::new(SqliteSource::new(&beside(file))),
        })
    }

    /// What is read: the declared columns of the rows with this key.
    fn declaration(&self, key: &str) -> Result<Declaration> {
        let default = match &self.database {
            Database::Sqlite { .. } => Some("main"),
            Database::Postgres { .. } => Some("public"),
            Database::Mysql { .. } => None,
        };
        let schema = self.schema.as_deref().or(default).context("schema: the name of the database")?;
        let value = match self.key.kind {
            KeyType::Text => Literal::Text(key.to_owned()),
            KeyType::Integer => Literal::Integer(key.parse().context("the key of a record is an integer here")?),
        };
        let mut columns: Vec<Column> = Vec::new();
        for member in &self.member {
            if !columns.iter().any(|column| column.name == member.column) {
                columns.push(Column { name: member.column.clone(), kind: member.kind });
            }
        }
        let condition = Condition { column: self.key.column.clone(), comparison: Comparison::Eq, value };
        Ok(Declaration {
            schema: schema.to_owned(),
            table: self.table.clone(),
            columns,
            conditions: vec![condition],
            cursor: None,
            part_rows: 1,
        })
    }

    fn fill(&self, row: &Map<String, Value>) -> Result<Value> {
        let mut content = Value::Object(self.content.clone());
        for member in &self.member {
            if let Some(value) = row.get(&member.column) {
                put(&mut content, &member.path, value.clone())
                    .with_context(|| format!("{:?} is no place in the content", member.path))?;
            }
        }
        Ok(content)
    }
}

/// Puts a value where a JSON pointer says, making objects and lists on the way; `None` if something else is there.
fn put(content: &mut Value, path: &str, value: Value) -> Option<()> {
    let mut place = content;
    for name in path.strip_prefix('/')?.split('/') {
        let name = name.replace("~1", "/").replace("~0", "~");
        let index = name.parse::<usize>().ok().filter(|index| *index < MAX_ITEMS);
        if place.is_null() {
            *place = if index.is_some() { Value::Array(Vec::new()) } else { Value::Object(Map::new()) };
        }
        place = match (place, index) {
            (Value::Array(items), Some(index)) if index <= items.len() => {
                if index == items.len() {
                    items.push(Value::Null);
                }
                items.get_mut(index)?
            }
            (Value::Object(members), _) => members.entry(name).or_insert(Value::Null),
            _ => return None,
        };
    }
    *place = value;
    Some(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    // C-MOD-5
    #[test]
    fn a_record_fills_the_members_that_are_declared() {
        let records: Records = toml::from_str(
            "kind = 'degree'\ntable = 'graduates'\ndatabase = { kind = 'sqlite', file = 'a.db' }\nkey = { column = 'number' }\n\
             content = { level = 'master' }\nmember = [{ path = '/graduate/name', column = 'name' }, \
             { path = '/owners/0/share', column = 'share' }, { path = '/awardedOn', column = 'day', type = 'date' }]",
        )
        .unwrap();
        let row = json!({ "name": "Lin", "share": "1/1", "other": 1 });
        let filled = records.fill(row.as_object().unwrap()).unwrap();
        assert_eq!(filled, json!({ "level": "master", "graduate": { "name": "Lin" }, "owners": [{ "share": "1/1" }] }));
        let declared = records.declaration("7' OR 1=1").unwrap();
        assert_eq!((declared.schema.as_str(), declared.columns.len()), ("main", 3));
        assert_eq!(declared.conditions[0].value, Literal::Text("7' OR 1=1".to_owned()), "a key is bound, not written");
    }

    // C-MOD-5
    #[test]
    fn what_differs_is_named_and_not_told() {
        let known = json!({ "graduate": { "name": "Lin" }, "list": [1, 2] });
        check(&json!({ "graduate": { "name": "Lin", "number": 7 }, "list": [1, 2], "more": true }), &known).unwrap();
        let told = check(&json!({ "graduate": { "name": "Secret" }, "list": [1] }), &known).unwrap_err().to_string();
        assert!(
            told.contains("in /graduate/name, /list:") && !told.contains("Secret") && !told.contains("Lin"),
            "{told}"
        );
    }

    #[test]
    fn a_place_that_cannot_be_is_refused() {
        let put_at = |path: &str| put(&mut json!({ "name": "Lin", "list": [] }), path, json!(1));
        for wrong in ["", "name", "/name/first", "/list/1", "/list/last"] {
            assert_eq!(put_at(wrong), None, "{wrong}");
        }
        assert_eq!(put_at("/list/0"), Some(()));
    }
}
