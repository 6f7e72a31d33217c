//! A department's desk: a store, a data key and a state; and tables that ship in a public package.
#![allow(unreachable_pub, reason = "a part of a test")]

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use arrow_array::RecordBatch;
use bytes::Bytes;
use chancery_sharing::{
    extract::{
        Column, ColumnType, Declaration, EpochKey, ExtractError, ExtractState, PublishedPart, Reject, Source,
        extract_part,
    },
    sealing::{DataKey, OpeningReader, Sealed},
    storage::{DirectoryStore, fetch_verified},
};
pub use chancery_testing::process::PostgresServer;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// Where extracts go.
pub struct Desk {
    pub directory: tempfile::TempDir,
    pub store: DirectoryStore,
    pub key: DataKey,
}

impl Desk {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = DirectoryStore::new(&directory.path().join("ods")).unwrap();
        Self { directory, store, key: DataKey::random().unwrap() }
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub async fn extract(
        &self,
        source: &dyn Source,
        declaration: &Declaration,
    ) -> Result<Option<PublishedPart>, ExtractError> {
        let asset = "weather".parse().unwrap();
        extract_part(source, declaration, &self.epoch_key(), &self.store, &asset, &self.state_path()).await
    }

    pub async fn read(&self, part: &PublishedPart) -> Vec<RecordBatch> {
        let target = self.directory.path().join("fetched.part");
        let expected = Sealed { fingerprint: part.fingerprint, bytes: part.bytes };
        fetch_verified(&self.store, &part.location, &expected, &target).await.unwrap();
        let mut plain = Vec::new();
        OpeningReader::new(std::fs::File::open(target).unwrap(), &self.key).unwrap().read_to_end(&mut plain).unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(plain)).unwrap().build().unwrap();
        reader.map(Result::unwrap).collect()
    }

    pub fn epoch_key(&self) -> EpochKey {
        EpochKey { epoch: 1, key: self.key.clone() }
    }

    pub fn state_path(&self) -> PathBuf {
        self.directory.path().join("state.json")
    }

    pub fn state(&self) -> ExtractState {
        ExtractState::load(&self.state_path()).unwrap()
    }

    pub fn published(&self) -> usize {
        std::fs::read_dir(self.directory.path().join("ods/weather")).map_or(0, Iterator::count)
    }
}

pub fn declared(columns: &[(&str, ColumnType)]) -> Declaration {
    Declaration {
        schema: "main".to_owned(),
        table: "weather".to_owned(),
        columns: columns.iter().map(|(name, kind)| Column { name: (*name).to_owned(), kind: *kind }).collect(),
        conditions: vec![],
        cursor: None,
        part_rows: 1000,
    }
}

pub fn rejects(part: &PublishedPart) -> Vec<Reject> {
    let text = std::fs::read_to_string(part.rejects.as_ref().unwrap()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A table of the package vega-datasets (npm, pinned in `testing/clients`).
pub fn dataset(name: &str) -> PathBuf {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testing/clients/node_modules/vega-datasets/data").join(name);
    assert!(path.exists(), "vega-datasets is not installed: npm ci in testing/clients");
    path
}
