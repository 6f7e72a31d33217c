//! What a city has written: the rows of its identity database, its journal and its folders, what it tells of its settings, and the transactions of its chains.
//! Taken before and after what may write nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    time::{Duration, Instant},
};

use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::Address;
use chancery_testing::process::rpc;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sqlx::{AssertSqlSafe, Connection as _, Row as _, SqliteConnection, sqlite::SqliteConnectOptions};

use super::{held::Own, signed_in::SignedIn};

/// Folders in which nothing changes but by a request. Others go on by themselves: chains, and how far the audit is.
const FOLDERS: [&str; 4] = ["descriptions", "formats", "genesis", "source-data/main/journal"];
/// What an operator is told of that requests would have changed. Statistics are the search index's.
const TOLD: [&str; 9] = [
    "/v1/alerts/receivers",
    "/v1/changes",
    "/v1/contracts",
    "/v1/data/statistics",
    "/v1/fees/prices",
    "/v1/organizations",
    "/v1/quotas",
    "/v1/services",
    "/v1/subscriptions",
];
/// What the identity database's journal keeps of requests that were refused, or asked for what nobody has: that somebody looked, and that something was refused.
const LOOKS_AND_REFUSALS: [&str; 2] = ["'accessed'", "'submission-refused'"];
/// Longest that a city may take until all that was asked before is written.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(500);

/// The state of a city at a time.
pub struct Written {
    tables: BTreeMap<String, Vec<String>>,
    files: BTreeMap<String, String>,
    told: BTreeMap<&'static str, Value>,
    /// How high each chain is.
    heights: BTreeMap<String, u64>,
}

impl Written {
    /// Once nothing comes any more of what was asked before.
    pub async fn settled(city: &Own, operator: &SignedIn) -> Self {
        let give_up = Instant::now() + PATIENCE;
        let mut before = Self::now(city, operator).await;
        loop {
            tokio::time::sleep(PAUSE).await;
            let after = Self::now(city, operator).await;
            let changed = before.changed(&after, city).await;
            if changed.is_empty() {
                return after;
            }
            assert!(Instant::now() < give_up, "the city does not come to rest: {changed:#?}");
            before = after;
        }
    }

    pub async fn now(city: &Own, operator: &SignedIn) -> Self {
        let data = city.data.path().join("city");
        let mut told = BTreeMap::new();
        for path in TOLD {
            let (status, mut answer) = operator.ask("GET", path, None).await;
            assert_eq!(status, 200, "{path}: {answer}");
            // The time of the answer is its own.
            answer.as_object_mut().and_then(|members| members.remove("nowMs"));
            told.insert(path, answer);
        }
        let mut heights = BTreeMap::new();
        for (name, url) in &city.city.chains {
            heights.insert(name.clone(), number(&rpc(url, "eth_blockNumber", json!([])).await.unwrap()));
        }
        let files = FOLDERS.iter().flat_map(|folder| files(&data, Path::new(folder))).collect();
        Self { tables: tables(&data.join("identity.sqlite")).await, files, told, heights }
    }

    /// What is another in a later state, in words; nothing if nothing was written.
    pub async fn changed(&self, after: &Self, city: &Own) -> Vec<String> {
        let mut changed = Vec::new();
        let names: BTreeSet<&String> = self.tables.keys().chain(after.tables.keys()).collect();
        for name in names {
            let (before, now) = (rows(self, name), rows(after, name));
            let is_as_before = if name == "journal" { now.starts_with(before) } else { now == before };
            if !is_as_before {
                changed.push(format!("table {name}: {before:?} became {now:?}"));
            }
        }
        for row in self.new_entries(after) {
            if !LOOKS_AND_REFUSALS.iter().any(|word| row.contains(word)) {
                changed.push(format!("the journal has {row}"));
            }
        }
        let names: BTreeSet<&String> = self.files.keys().chain(after.files.keys()).collect();
        for name in names {
            if self.files.get(name) != after.files.get(name) {
                changed.push(format!("the file {name} is another"));
            }
        }
        for (path, before) in &self.told {
            if after.told.get(path) != Some(before) {
                changed.push(format!("{path}: {before} became {:?}", after.told.get(path)));
            }
        }
        changed.extend(self.transactions(after, city).await);
        changed
    }

    /// Entries of the identity database's journal that a later state has besides.
    pub fn new_entries<'a>(&self, after: &'a Self) -> &'a [String] {
        let now = rows(after, "journal");
        &now[rows(self, "journal").len().min(now.len())..]
    }

    /// Transactions that have come on the chains since, but for those of the relay, which carries headers and rights by itself.
    async fn transactions(&self, after: &Self, city: &Own) -> Vec<String> {
        let key = fs::read_to_string(city.data.path().join("city/secrets/relay.key")).unwrap();
        let relay = key.trim().parse::<PrivateKeySigner>().unwrap().address();
        let mut found = Vec::new();
        for (name, url) in &city.city.chains {
            for height in self.heights[name] + 1..=after.heights[name] {
                let block = rpc(url, "eth_getBlockByNumber", json!([format!("{height:#x}"), true])).await.unwrap();
                for transaction in block["transactions"].as_array().unwrap() {
                    let from: Address = transaction["from"].as_str().unwrap().parse().unwrap();
                    if from != relay {
                        found.push(format!("chain {name}, block {height}: {transaction}"));
                    }
                }
            }
        }
        found
    }
}

fn rows<'a>(written: &'a Written, table: &str) -> &'a [String] {
    written.tables.get(table).map(Vec::as_slice).unwrap_or_default()
}

fn number(answer: &Value) -> u64 {
    u64::from_str_radix(answer.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}

/// Every table with its rows, each as SQL writes its values.
async fn tables(database: &Path) -> BTreeMap<String, Vec<String>> {
    let options = SqliteConnectOptions::new().filename(database).read_only(true);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let named = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'";
    let mut tables = BTreeMap::new();
    for table in texts(&mut connection, named.to_owned()).await {
        let columns = texts(&mut connection, format!("SELECT name FROM pragma_table_info('{table}')")).await;
        let quoted: Vec<String> = columns.iter().map(|column| format!("quote({column})")).collect();
        let all = format!("SELECT {} FROM {table} ORDER BY rowid", quoted.join(" || ',' || "));
        let rows = texts(&mut connection, all).await;
        tables.insert(table, rows);
    }
    connection.close().await.unwrap();
    assert!(tables.contains_key("users") && tables.contains_key("journal"), "{:?}", tables.keys());
    tables
}

async fn texts(connection: &mut SqliteConnection, sql: String) -> Vec<String> {
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(connection).await.unwrap();
    rows.iter().map(|row| row.get::<String, _>(0)).collect()
}

/// The files below a folder of the city's data, with what their contents hash to.
fn files(data: &Path, folder: &Path) -> Vec<(String, String)> {
    let Ok(entries) = fs::read_dir(data.join(folder)) else { return Vec::new() };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.unwrap();
        let path = folder.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(data, &path));
        } else {
            let contents = fs::read(data.join(&path)).unwrap();
            found.push((path.display().to_string(), hex::encode(Sha256::digest(contents))));
        }
    }
    found
}
