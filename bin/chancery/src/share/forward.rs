//! The declaration of a forward exchange (`docs/specs/sharing.md`, "Forward exchange"): where rows come from, which, and to whose collector they are pushed on.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use chancery_sharing::{
    collect::CollectorConfig,
    extract::{Declaration, Source},
    forward::{Exchange, Forwarded, Names, Target, TargetConfig},
};
use serde::Deserialize;

use super::{declaration::Beside, source::SourceSection};
use crate::{alliance::configuration, commands::read_bounded};

/// Largest file of authorities, in bytes.
const MAX_AUTHORITIES_BYTES: u64 = 1 << 20;
/// Largest declaration that is looked at, in bytes.
const MAX_DECLARATION_BYTES: u64 = 1 << 20;

/// A declaration. Paths are relative to its file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForwardSet {
    /// Folder of cursor, waiting rows and rejects.
    state: PathBuf,
    source: SourceSection,
    /// Which columns and rows.
    shared: Declaration,
    forward: ForwardSection,
    #[serde(skip)]
    folder: Beside,
}

/// The other side.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ForwardSection {
    /// Of its collector, with `/records`.
    url: String,
    /// File with the token that it asks for, readable by its owner alone.
    token_file: Option<PathBuf>,
    /// Authorities (PEM) that are trusted; absent: the system's.
    ca_file: Option<PathBuf>,
    /// What columns are called there; those that are not named are called as here.
    #[serde(default)]
    names: BTreeMap<String, String>,
}

impl ForwardSet {
    /// Whether a declaration is of this kind.
    pub(super) fn is_one(file: &Path) -> Result<bool> {
        let bytes = read_bounded(file, MAX_DECLARATION_BYTES)?;
        // What is no TOML is refused by whoever reads it.
        let table = std::str::from_utf8(&bytes).ok().and_then(|text| text.parse::<toml::Table>().ok());
        Ok(table.is_some_and(|table| table.contains_key("forward")))
    }

    /// Reads and checks a declaration.
    pub(crate) fn read(file: &Path) -> Result<Self> {
        ensure!(
            Self::is_one(file)?,
            "{} has no section [forward]: it says where rows are pushed on to",
            file.display()
        );
        let mut set: Self = configuration(file)?;
        set.folder = Beside::of(file)?;
        set.shared.check().with_context(|| format!("[shared] of {} cannot be used", file.display()))?;
        Ok(set)
    }

    /// What is collected into the source's spool.
    pub(super) fn collector(&self) -> Result<CollectorConfig> {
        self.source.collector(&self.folder)
    }

    /// The file of authorities of the certificates that senders of syslog show.
    pub(super) fn sender_authorities(&self) -> Option<PathBuf> {
        self.source.sender_authorities(&self.folder)
    }

    /// Pushes on what is new.
    pub(crate) async fn run(&self) -> Result<Forwarded> {
        let (source, target): (Box<dyn Source>, Target) = (self.source.open(&self.folder)?, self.target()?);
        let (names, folder) = (Names(self.forward.names.clone()), self.folder.beside(&self.state));
        let declaration = &self.shared;
        let exchange =
            Exchange { source: source.as_ref(), declaration, names: &names, target: &target, folder: &folder };
        Ok(exchange.run().await?)
    }

    fn target(&self) -> Result<Target> {
        let ForwardSection { url, token_file, ca_file, .. } = &self.forward;
        let authorities = ca_file.as_ref().map(|file| read_bounded(&self.folder.beside(file), MAX_AUTHORITIES_BYTES));
        let config = TargetConfig {
            url: url.clone(),
            token: token_file.as_ref().map(|file| self.folder.secret(file)).transpose()?,
            authorities: authorities.transpose()?,
        };
        Target::new(&config).context("[forward]")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const TEXT: &str = r#"
state = "front"
source = { kind = "log", spool = "spool", http = "127.0.0.1:9480" }
[shared]
schema = "main"
table = "records"
cursor = "_seq"
part_rows = 1000
columns = [{ name = "_seq", type = "integer" }, { name = "message", type = "text" }]
[forward]
url = "https://next.example:9480/records"
names = { _seq = "sequence" }
"#;

    // S-COL
    #[test]
    fn a_forward_exchange_is_declared_apart_from_data_sets() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("front.toml");
        let read = |text: &str| {
            std::fs::write(&file, text).unwrap();
            ForwardSet::read(&file)
        };
        let set = read(TEXT).unwrap();
        assert_eq!(set.forward.names["_seq"], "sequence");
        assert!(set.collector().unwrap().spool.starts_with(folder.path()) && set.target().is_ok());
        for (old, new, said) in [
            ("[forward]\nurl = \"https://next.example:9480/records\"\n", "[rules]\n", "[forward]"),
            ("names", "token = \"secret\"\nnames", "token"),
            ("cursor = \"_seq\"", "cursor = \"message\"", "[shared]"),
        ] {
            let error = format!("{:#}", read(&TEXT.replacen(old, new, 1)).unwrap_err());
            assert!(error.contains(said), "{new}: {error}");
        }
        let plain = read(&TEXT.replace("https://next", "http://next")).unwrap();
        assert!(format!("{:#}", plain.target().err().unwrap()).contains("https"));
    }
}
