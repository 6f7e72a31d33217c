//! What tests of directories on servers share: files with a time, and the desk of a department that reads them.
#![allow(unreachable_pub, reason = "a part of a test")]

use std::{
    fs::{self, File},
    path::PathBuf,
    time::{Duration, SystemTime},
};

use chancery_sharing::{
    extract::{ColumnType, Declaration, ExtractError, FileFormat, PublishedPart, RemoteSource},
    remote::{Access, Deadlines, Pattern, RemoteConfig, RemoteError},
};

use crate::support::{Desk, dataset, declared};

/// A desk, and the folder that a server serves.
pub struct Served {
    pub desk: Desk,
    pub root: PathBuf,
}

impl Served {
    pub fn new() -> Self {
        let desk = Desk::new();
        let root = desk.directory.path().join("served");
        fs::create_dir(&root).unwrap();
        Self { desk, root }
    }

    /// Puts a file there that was changed last at a minute of a certain day.
    pub fn put(&self, name: &str, bytes: impl AsRef<[u8]>, minute: u64) {
        let path = self.root.join(name);
        fs::write(&path, bytes).unwrap();
        self.touch(name, minute);
    }

    pub fn touch(&self, name: &str, minute: u64) {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + minute * 60);
        File::options().write(true).open(self.root.join(name)).unwrap().set_modified(at).unwrap();
    }

    /// The weather of Seattle, a file a year.
    pub fn put_years(&self) {
        let text = fs::read_to_string(dataset("seattle-weather.csv")).unwrap();
        let (header, rows) = text.split_once('\n').unwrap();
        for (minute, year) in (2012..=2015).enumerate() {
            let of_year = rows.lines().filter(|row| row.starts_with(&year.to_string()));
            let text: String = [header].into_iter().chain(of_year).flat_map(|row| [row.trim_end(), "\n"]).collect();
            self.put(&format!("{year}.csv"), text, minute as u64);
        }
    }

    pub fn config(&self, host: &str, port: u16, access: Access, directory: &str) -> RemoteConfig {
        RemoteConfig {
            host: host.to_owned(),
            port: Some(port),
            access,
            directory: directory.to_owned(),
            pattern: Pattern::parse("*.csv").unwrap(),
            spool: self.spool(),
            max_spool_bytes: 100_000_000,
            max_file_bytes: 50_000_000,
            patience: Duration::from_secs(30),
            deadlines: Deadlines::default(),
        }
    }

    pub fn spool(&self) -> PathBuf {
        self.desk.directory.path().join("fetched")
    }

    /// Extracts in runs of one part until there is nothing new; the rows of each part.
    pub async fn all(&self, config: &RemoteConfig, declaration: &Declaration) -> Vec<u64> {
        let mut rows = Vec::new();
        while let Some(part) = self.next(config, declaration).await.unwrap() {
            rows.push(part.rows);
        }
        rows
    }

    pub async fn next(
        &self,
        config: &RemoteConfig,
        declaration: &Declaration,
    ) -> Result<Option<PublishedPart>, ExtractError> {
        self.desk.extract(&RemoteSource::new(config.clone(), FileFormat::Csv), declaration).await
    }

    /// One run; the rows of each part, and what it says at its end.
    pub async fn run(&self, config: &RemoteConfig, declaration: &Declaration) -> (Vec<u64>, Option<ExtractError>) {
        let (source, mut rows) = (RemoteSource::new(config.clone(), FileFormat::Csv), Vec::new());
        loop {
            match self.desk.extract(&source, declaration).await {
                Ok(Some(part)) => rows.push(part.rows),
                Ok(None) => return (rows, None),
                Err(error) => return (rows, Some(error)),
            }
            assert!(rows.len() < 20, "a run has no end: {rows:?}");
        }
    }

    /// Lines of the log of a server that begin so.
    pub fn logged(&self, verb: &str) -> usize {
        let log = fs::read_to_string(self.desk.directory.path().join("log")).unwrap_or_default();
        log.lines().filter(|line| line.starts_with(verb)).count()
    }

    /// Why nothing comes.
    pub async fn refusal(&self, config: &RemoteConfig) -> RemoteError {
        match self.next(config, &weather()).await {
            Err(ExtractError::Remote(error)) => error,
            other => panic!("{other:?}"),
        }
    }

    /// Names in the spool that end so.
    pub fn spooled(&self, end: &str) -> Vec<String> {
        let names = fs::read_dir(self.spool()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(end)).collect()
    }
}

pub fn weather() -> Declaration {
    declared(&[("date", ColumnType::Date), ("weather", ColumnType::Text)])
}

/// A table of about 200 bytes a row.
pub fn table(rows: usize) -> String {
    let row = |day: usize| format!("2024-01-{:02},{}\n", day % 28 + 1, format!("{day:08}").repeat(24));
    ["date,weather\n".to_owned()].into_iter().chain((0..rows).map(row)).collect()
}
