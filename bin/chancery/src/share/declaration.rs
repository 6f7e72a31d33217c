//! The declaration of a data set: one TOML file (`docs/specs/sharing.md`, "Declaration").

use std::{
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
};

use alloy_primitives::Address;
use anyhow::{Context as _, Result, ensure};
use chancery_contracts::predeploys;
use chancery_sharing::{
    collect::CollectorConfig,
    department::Rules,
    directory::{ResourceDescription, ResourceName, Visibility},
    extract::{Declaration, Source},
    storage::FileStore,
};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{audit::AuditSection, database_url::secret_in, source::SourceSection, store::StoreSection};
use crate::alliance::{chains::ChainSection, configuration, name_of};

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
    /// The audit beside the service.
    #[serde(default)]
    pub(super) audit: AuditSection,
    #[serde(skip)]
    folder: Beside,
}

/// The folder of a declaration: its paths are relative to it.
#[derive(Debug, Default)]
pub(super) struct Beside(PathBuf);

impl Beside {
    pub(super) fn of(file: &Path) -> Result<Self> {
        let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty());
        // Whole, since positions of files are kept by their paths.
        Ok(Self(std::path::absolute(parent.unwrap_or(Path::new(".")))?))
    }

    /// A path of the declaration.
    pub(super) fn beside(&self, path: &Path) -> PathBuf {
        self.0.join(path)
    }

    /// What a file that its owner alone may read holds.
    pub(super) fn secret(&self, file: &Path) -> Result<Zeroizing<String>> {
        secret_in(&self.0, file)
    }

    pub(super) fn folder(&self) -> &Path {
        &self.0
    }
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
        set.folder = Beside::of(file)?;
        set.shared.check().with_context(|| format!("[shared] of {} cannot be used", file.display()))?;
        ensure!(
            set.rules.grant_days != Some(0),
            "grant_days of [rules] in {}: at least 1, or leave it out",
            file.display()
        );
        set.audit.check().with_context(|| format!("{} cannot be used", file.display()))?;
        set.rules().with_context(|| format!("{} cannot be used", file.display()))?;
        Ok(set)
    }

    /// A path of the declaration.
    pub(crate) fn beside(&self, path: &Path) -> PathBuf {
        self.folder.beside(path)
    }

    /// What is declared to the chain.
    pub(crate) fn rules(&self) -> Result<Rules> {
        let visibility = match &self.visible_to {
            None => Visibility::EVERYBODY,
            Some(roles) => Visibility::of_roles(roles.iter().map(String::as_str)).context("visible_to")?,
        };
        let service = self.service.as_ref().map(|service| service.url.clone());
        if let Some(url) = &service {
            check_service(url).context("url of [service]")?;
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
        self.store.open(self)
    }

    /// The source.
    pub(crate) fn source(&self) -> Result<Box<dyn Source>> {
        self.source.open(&self.folder)
    }

    /// What is declared, for a file of rejects that was corrected: it has no cursor.
    pub(crate) fn for_replay(&self) -> Declaration {
        Declaration { cursor: None, ..self.shared.clone() }
    }

    /// What is collected into the source's spool.
    pub(crate) fn collector(&self) -> Result<CollectorConfig> {
        self.source.collector(&self.folder)
    }

    /// The file of authorities of the certificates that senders of syslog show.
    pub(crate) fn sender_authorities(&self) -> Option<PathBuf> {
        self.source.sender_authorities(&self.folder)
    }

    /// What a file that its owner alone may read holds.
    pub(super) fn secret(&self, file: &Path) -> Result<Zeroizing<String>> {
        self.folder.secret(file)
    }
}

/// Refuses what readers would follow into plain text beyond this machine.
fn check_service(url: &str) -> Result<()> {
    let origin = chancery_gateway::Origin::parse(url)?;
    let host = url::Url::parse(url)?.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let is_here = host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    ensure!(
        origin.is_https() || is_here,
        "{url} is not encrypted, and readers come from other machines: give an https address, by --tls-certificate or a proxy that speaks TLS"
    );
    Ok(())
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

    // M-SEC, S-ODS
    #[test]
    fn readers_are_led_to_plain_text_on_this_machine_alone() {
        let with = |url: &str| {
            read(&TEXT.replace("[shared]", &format!("[service]\nlisten = '127.0.0.1:9470'\nurl = '{url}'\n[shared]")))
        };
        for right in ["https://ods.example:9470", "http://127.0.0.1:9470", "http://localhost:9470", "http://[::1]:9470"]
        {
            with(right).unwrap();
        }
        for wrong in ["http://ods.example:9470", "http://192.0.2.1", "http://localhost.example"] {
            let error = format!("{:#}", with(wrong).unwrap_err());
            assert!(error.contains("url of [service]") && error.contains("not encrypted"), "{wrong}: {error}");
        }
    }

    // S-COL
    #[test]
    fn a_secret_is_not_empty() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("weather.toml");
        std::fs::write(&file, TEXT).unwrap();
        let set = DataSet::read(&file).unwrap();
        let secret = folder.path().join("token");
        std::fs::write(&secret, " \n").unwrap();
        std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        assert!(set.secret(Path::new("token")).unwrap_err().to_string().contains("is empty"));
        std::fs::write(&secret, "secret\n").unwrap();
        assert_eq!(*set.secret(Path::new("token")).unwrap(), "secret");
    }

    // S-COL, S-ODS
    #[test]
    fn a_directory_of_a_server_has_the_members_of_its_kind() {
        let of = |members: &str| {
            let place = "host = 'a', directory = 'd', files = '*.csv', format = 'csv', spool = 's'";
            let source = format!("source = {{ {place}, {members} }}");
            read(&TEXT.replace("source = { kind = \"sqlite\", file = \"weather.db\" }", &source)).unwrap().source()
        };
        let key = "user = 'u', key_file = 'k'";
        let fingerprint = "host_key = 'SHA256:x'";
        for right in ["kind = 'ftp'", "kind = 'ftps', ca_file = 'c'", &format!("kind = 'sftp', {key}, {fingerprint}")] {
            of(right).map(|_| ()).unwrap();
        }
        for (wrong, said) in [
            ("kind = 'ftp', ca_file = 'c'", "ftps"),
            ("kind = 'ftps', key_file = 'k'", "sftp"),
            ("kind = 'ftps', password_env = 'CHANCERY_NO_SUCH_PASSWORD'", "no user"),
            ("kind = 'ftps', user = 'u', password_env = 'CHANCERY_NO_SUCH_PASSWORD'", "CHANCERY_NO_SUCH_PASSWORD"),
            ("kind = 'sftp', user = 'u', key_file = 'k'", "known_hosts or host_key"),
            ("kind = 'sftp', user = 'u', key_file = 'k', host_key = 'x', password_env = 'P'", "takes a key"),
        ] {
            let error = of(wrong).err().unwrap().to_string();
            assert!(error.contains(said), "{wrong}: {error}");
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
