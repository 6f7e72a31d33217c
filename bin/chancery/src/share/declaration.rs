//! The declaration of a data set: one TOML file (`docs/specs/sharing.md`, "Declaration").

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use alloy_primitives::Address;
use anyhow::{Context as _, Result, bail, ensure};
use chancery_contracts::predeploys;
use chancery_sharing::{
    collect::CollectorConfig,
    department::Rules,
    directory::{ResourceDescription, ResourceName, Visibility},
    extract::{
        Declaration, FileFormat, FileSource, MySqlSource, PostgresSource, RestConfig, RestSource, Source, SpoolSource,
        SqliteSource,
    },
    storage::{DirectoryStore, FileStore},
};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::log::LogSection;
use crate::{
    alliance::{chains::ChainSection, configuration, name_of},
    city::secrets::read_private,
};

/// Seconds of a day.
const DAY_S: u64 = 24 * 60 * 60;

/// A declaration. Paths are relative to its file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DataSet {
    /// Name in the directory.
    pub(crate) resource: ResourceName,
    /// Code of the organization that shares; the key has the right `sharing` for it.
    pub(crate) organization: String,
    /// One line for whoever looks for it.
    title: String,
    /// More of it.
    #[serde(default)]
    description: String,
    /// Roles that may see it; absent: everybody.
    visible_to: Option<Vec<String>>,
    /// Folder of cursor, keys, grants and rejects.
    pub(crate) state: PathBuf,
    /// The main chain.
    pub(crate) chain: ChainSection,
    /// The contract of the directory, if it is not where a city has it.
    directory: Option<Address>,
    source: SourceSection,
    /// Which columns and rows: the declared format.
    pub(crate) shared: Declaration,
    rules: RulesSection,
    store: StoreSection,
    pub(crate) service: Option<ServiceSection>,
    #[serde(skip)]
    folder: PathBuf,
}

/// Where rows come from. A database's URL may hold a password, so it is in a file or in the environment.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
enum SourceSection {
    Postgres {
        /// File with the URL, readable by its owner alone.
        url_file: Option<PathBuf>,
        /// Variable of the environment with the URL.
        url_env: Option<String>,
    },
    /// MariaDB too.
    #[serde(alias = "mariadb")]
    Mysql {
        /// As of PostgreSQL.
        url_file: Option<PathBuf>,
        url_env: Option<String>,
    },
    Sqlite {
        file: PathBuf,
    },
    Csv {
        file: PathBuf,
    },
    Ndjson {
        file: PathBuf,
    },
    /// One array of objects.
    Json {
        file: PathBuf,
    },
    Parquet {
        file: PathBuf,
    },
    /// A spool that `chancery share collect` fills.
    Log(Box<LogSection>),
    Rest {
        /// Of the first page.
        url: String,
        /// JSON pointer to the rows of a page; absent: the page is the array.
        #[serde(default)]
        rows: String,
        /// JSON pointer to the next page's address; absent: it is in the field `Link`.
        next: Option<String>,
        /// Parameter of the query that carries the cursor.
        cursor_parameter: Option<String>,
        /// File with a bearer token, readable by its owner alone.
        token_file: Option<PathBuf>,
    },
}

/// Who may read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RulesSection {
    /// Whether listed readers are granted access without a further decision.
    automatic: bool,
    /// Addresses that may ask.
    #[serde(default)]
    readers: Vec<Address>,
    /// Days after which a grant ends; absent: when it is ended.
    grant_days: Option<u64>,
}

/// Where sealed files lie.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
enum StoreSection {
    Directory { path: PathBuf },
}

/// The owner's service.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServiceSection {
    /// Where it listens.
    pub(crate) listen: SocketAddr,
    /// Under which URL readers reach it; stands in the directory.
    pub(crate) url: String,
}

impl DataSet {
    /// Reads and checks a declaration.
    pub(crate) fn read(file: &Path) -> Result<Self> {
        let mut set: Self = configuration(file)?;
        let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty());
        set.folder = parent.unwrap_or(Path::new(".")).to_owned();
        set.shared.check().with_context(|| format!("[shared] of {} cannot be used", file.display()))?;
        ensure!(
            set.rules.grant_days != Some(0),
            "grant_days of [rules] in {}: at least 1, or leave it out",
            file.display()
        );
        set.rules().with_context(|| format!("{} cannot be used", file.display()))?;
        Ok(set)
    }

    /// A path of the declaration.
    pub(crate) fn beside(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }

    /// What is declared to the chain.
    pub(crate) fn rules(&self) -> Result<Rules> {
        let visibility = match &self.visible_to {
            None => Visibility::EVERYBODY,
            Some(roles) => Visibility::of_roles(roles.iter().map(String::as_str)).context("visible_to")?,
        };
        let service = self.service.as_ref().map(|service| service.url.clone());
        if let Some(url) = &service {
            chancery_gateway::Origin::parse(url).context("url of [service]")?;
        }
        let description = ResourceDescription {
            title: self.title.clone(),
            description: self.description.clone(),
            columns: self.shared.columns.clone(),
            service,
        };
        description.to_text()?;
        Ok(Rules {
            resource: self.resource.clone(),
            organization: name_of(&self.organization).context("organization")?,
            directory: self.directory.unwrap_or(predeploys::RESOURCE_DIRECTORY),
            visibility,
            description,
            automatic: self.rules.automatic,
            readers: self.rules.readers.clone(),
        })
    }

    /// When a grant that is made now ends, Unix seconds; zero: not by itself.
    pub(crate) fn grant_until(&self, now_s: u64) -> u64 {
        self.rules.grant_days.map_or(0, |days| now_s.saturating_add(days.saturating_mul(DAY_S)))
    }

    /// Whether a reader is declared.
    pub(crate) fn declares(&self, reader: Address) -> bool {
        self.rules.readers.contains(&reader)
    }

    /// The store.
    pub(crate) fn store(&self) -> Result<Arc<dyn FileStore>> {
        match &self.store {
            StoreSection::Directory { path } => {
                let path = self.beside(path);
                let store =
                    DirectoryStore::new(&path).with_context(|| format!("cannot use the store {}", path.display()))?;
                Ok(Arc::new(store))
            }
        }
    }

    /// The source.
    pub(crate) fn source(&self) -> Result<Box<dyn Source>> {
        Ok(match &self.source {
            SourceSection::Postgres { url_file, url_env } => {
                Box::new(PostgresSource::new(self.database_url(url_file.as_deref(), url_env.as_deref())?))
            }
            SourceSection::Mysql { url_file, url_env } => {
                Box::new(MySqlSource::new(self.database_url(url_file.as_deref(), url_env.as_deref())?))
            }
            SourceSection::Sqlite { file } => Box::new(SqliteSource::new(&self.beside(file))),
            SourceSection::Csv { file } => Box::new(FileSource::new(&self.beside(file), FileFormat::Csv)),
            SourceSection::Ndjson { file } => Box::new(FileSource::new(&self.beside(file), FileFormat::Ndjson)),
            SourceSection::Json { file } => Box::new(FileSource::new(&self.beside(file), FileFormat::Json)),
            SourceSection::Parquet { file } => Box::new(FileSource::new(&self.beside(file), FileFormat::Parquet)),
            SourceSection::Log(log) => Box::new(SpoolSource::new(&self.beside(&log.spool))),
            SourceSection::Rest { url, rows, next, cursor_parameter, token_file } => {
                let token = token_file.as_ref().map(|file| self.secret(file)).transpose()?;
                Box::new(RestSource::new(RestConfig {
                    url: url.clone(),
                    rows: rows.clone(),
                    next: next.clone(),
                    cursor_parameter: cursor_parameter.clone(),
                    token,
                })?)
            }
        })
    }

    /// What is declared, for a file of rejects that was corrected: it has no cursor.
    pub(crate) fn for_replay(&self) -> Declaration {
        Declaration { cursor: None, ..self.shared.clone() }
    }

    /// What is collected into the source's spool.
    pub(crate) fn collector(&self) -> Result<CollectorConfig> {
        let SourceSection::Log(log) = &self.source else {
            bail!("[source] is not of the kind \"log\": there is nothing to collect")
        };
        log.config(|path| self.beside(path), |file| self.secret(file))
    }

    /// What a file that its owner alone may read holds.
    fn secret(&self, file: &Path) -> Result<Zeroizing<String>> {
        let path = self.beside(file);
        let text = read_private(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Zeroizing::new(text.trim().to_owned()))
    }

    fn database_url(&self, file: Option<&Path>, variable: Option<&str>) -> Result<String> {
        match (file, variable) {
            (Some(file), None) => Ok(self.secret(file)?.to_string()),
            (None, Some(name)) => std::env::var(name)
                .with_context(|| format!("set {name} to the database's URL (postgres://..., mysql://...)")),
            _ => bail!("[source] has url_file or url_env: where the database's URL is"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const TEXT: &str = r#"
resource = "weather-daily"
organization = "WEATHER-SERVICE"
title = "Weather, day by day"
state = "state"
chain = { name = "main", rpc = "http://127.0.0.1:8545", genesis = "main.json" }
source = { kind = "sqlite", file = "weather.db" }
store = { kind = "directory", path = "ods" }
rules = { automatic = true, grant_days = 30 }
[shared]
schema = "main"
table = "weather"
cursor = "id"
part_rows = 1000
columns = [{ name = "id", type = "integer" }, { name = "weather", type = "text" }]
conditions = [{ column = "weather", comparison = "ne", value = "fog" }]
"#;

    fn read(text: &str) -> Result<DataSet> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("weather.toml");
        std::fs::write(&file, text).unwrap();
        DataSet::read(&file)
    }

    #[test]
    fn a_declaration_is_read_whole_or_refused_with_its_place() {
        let set = read(TEXT).unwrap();
        assert_eq!(set.shared.conditions.len(), 1);
        assert_eq!(set.rules().unwrap().visibility, Visibility::EVERYBODY);
        assert_eq!(set.grant_until(1000), 1000 + 30 * DAY_S);
        assert_eq!(set.for_replay().cursor, None);
        for (old, new, said) in [
            ("weather-daily", "../weather", "resource"),
            ("cursor = \"id\"", "cursor = \"weather\"", "[shared]"),
            ("title = \"Weather, day by day\"", "title = \"\"", "title"),
            ("state = \"state\"", "state = \"state\"\nvisible_to = [\"king\"]", "visible_to"),
            ("automatic = true", "automatic = true, reader = []", "reader"),
            ("grant_days = 30", "grant_days = 0", "grant_days"),
            ("Weather, day by day", "Weather\\u001b[2J", "control character"),
        ] {
            let error = format!("{:#}", read(&TEXT.replacen(old, new, 1)).unwrap_err());
            assert!(error.contains(said), "{new}: {error}");
        }
    }

    #[test]
    fn the_password_of_a_database_is_in_no_declaration() {
        let text = TEXT
            .replace("kind = \"sqlite\", file = \"weather.db\"", "kind = \"postgres\", url = \"postgres://a:b@c/d\"");
        assert!(read(&text).is_err());
        let text = TEXT.replace("kind = \"sqlite\", file = \"weather.db\"", "kind = \"postgres\"");
        let error = read(&text).unwrap().source().err().unwrap().to_string();
        assert!(error.contains("url_file or url_env"), "{error}");
    }
}
