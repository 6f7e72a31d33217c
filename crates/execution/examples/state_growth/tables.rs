//! What the database writes into the tables of each keyspace, seen from the sizes of their files.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

/// In the order in which a store makes them: their folders have numbers.
const KEYSPACES: [&str; 8] = ["chain", "blocks", "changes", "lookup", "accounts", "slots", "history", "nodes"];

/// Tables that have been seen. One that comes and goes between two looks is missed.
pub(crate) struct Tables {
    directory: PathBuf,
    /// By keyspace and number of the table, in bytes.
    seen: HashMap<(usize, u64), u64>,
    written: [u64; KEYSPACES.len()],
}

impl Tables {
    pub(crate) fn new(directory: &Path) -> Self {
        Self { directory: directory.into(), seen: HashMap::new(), written: [0; KEYSPACES.len()] }
    }

    /// Notes what was written since the last look.
    pub(crate) fn look(&mut self) {
        for keyspace in 0..KEYSPACES.len() {
            for (table, bytes) in self.tables(keyspace) {
                let seen = self.seen.entry((keyspace, table)).or_default();
                self.written[keyspace] += bytes.saturating_sub(*seen);
                *seen = bytes.max(*seen);
            }
        }
    }

    /// What was written from now on counts.
    pub(crate) fn begin(&mut self) {
        self.look();
        self.written = [0; KEYSPACES.len()];
    }

    /// For each keyspace: kilobytes written a transaction, tables, and their size now.
    pub(crate) fn report(&mut self, transactions: f64) -> String {
        self.look();
        let each = KEYSPACES.iter().enumerate().map(|(keyspace, name)| {
            let tables = self.tables(keyspace);
            let megabytes = tables.iter().map(|(_, bytes)| bytes).sum::<u64>() >> 20;
            let written = self.written[keyspace] as f64 / transactions / 1e3;
            format!("{name} {written:.2} ({} of {megabytes} MB)", tables.len())
        });
        each.collect::<Vec<_>>().join(", ")
    }

    /// Numbers and sizes of a keyspace's tables.
    fn tables(&self, keyspace: usize) -> Vec<(u64, u64)> {
        let folder = self.directory.join("keyspaces").join((keyspace + 1).to_string()).join("tables");
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries
            .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.metadata().ok()?.len())))
            .collect()
    }
}
