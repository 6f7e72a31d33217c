//! The audit that goes on beside the owner's service: every file that was shared, as the store has it, against the chain (`docs/specs/watch.md`, WATCH-11).

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context as _, Result, ensure};
use async_trait::async_trait;
use chancery_monitoring::{DeclaredReceiver, FileAudit, FileAuditParts, LookedFile, NotLooked, StoredFiles};
use chancery_reference_points::alert::{NewReceiver, ReceiverSecret};
use chancery_sharing::department::{CheckedPart, Department};
use serde::Deserialize;

use super::{DataSet, Owner, now_s};

/// Bytes of a second where a declaration says nothing: 1 MiB.
const DEFAULT_BYTES_PER_SECOND: u64 = 1 << 20;
/// Seconds between the beginnings of two passes where it says nothing: a day.
const DEFAULT_PASS_EVERY_S: u64 = 24 * 60 * 60;
/// In the folder of state: how far the audit is, alerts that are open, and what waits to be told.
const FOLDER: &str = "audit";

/// How much is looked at, and who is told.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuditSection {
    /// Most bytes that are read in a second; 0: nothing is looked at.
    #[serde(default = "default_bytes_per_second")]
    bytes_per_second: u64,
    /// Everything is looked at once in so many seconds, at most.
    #[serde(default = "default_pass_every_s")]
    pass_every_s: u64,
    /// Who is told.
    #[serde(default)]
    receivers: Vec<ReceiverSection>,
}

/// Who is told of a missing or changed file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReceiverSection {
    /// `https`, or `http` on this machine.
    url: String,
    /// Whether it may be in a private network or on this machine.
    #[serde(default)]
    allow_private: bool,
    /// File of the secret that signs, `whsec_` and base64, readable by its owner alone.
    secret_file: PathBuf,
}

const fn default_bytes_per_second() -> u64 {
    DEFAULT_BYTES_PER_SECOND
}

const fn default_pass_every_s() -> u64 {
    DEFAULT_PASS_EVERY_S
}

impl Default for AuditSection {
    fn default() -> Self {
        Self { bytes_per_second: DEFAULT_BYTES_PER_SECOND, pass_every_s: DEFAULT_PASS_EVERY_S, receivers: Vec::new() }
    }
}

impl AuditSection {
    pub(super) fn check(&self) -> Result<()> {
        ensure!(self.pass_every_s > 0, "pass_every_s of [audit]: at least 1");
        Ok(())
    }

    fn receivers(&self, set: &DataSet) -> Result<Vec<DeclaredReceiver>> {
        let receiver = |section: &ReceiverSection| {
            let secret = set
                .secret(&section.secret_file)
                .with_context(|| format!("secret_file {} of [audit]", set.beside(&section.secret_file).display()))?;
            let receiver = NewReceiver { url: section.url.clone(), allow_private: section.allow_private };
            Ok(DeclaredReceiver { receiver, secret: ReceiverSecret(secret.trim().to_owned()) })
        };
        self.receivers.iter().map(receiver).collect()
    }
}

/// What a department has shared, for whoever looks at it.
struct Parts(Department);

#[async_trait]
impl StoredFiles for Parts {
    async fn count(&self) -> Result<u32, NotLooked> {
        self.0.part_count().map_err(|error| NotLooked(error.to_string()))
    }

    async fn look(&self, number: u32) -> Result<LookedFile, NotLooked> {
        let checked = self.0.check_part(number).await.map_err(|error| NotLooked(error.to_string()))?;
        let CheckedPart { location, bytes, fault, .. } = checked;
        Ok(LookedFile { place: location.to_string(), bytes, fault: fault.map(|fault| fault.to_string()) })
    }
}

/// The audit of a data set; `None` where its declaration wants none. Needs a tokio runtime.
pub(super) fn audit(owner: &Owner) -> Result<Option<FileAudit>> {
    let section = &owner.set.audit;
    if section.bytes_per_second == 0 {
        return Ok(None);
    }
    let folder = owner.set.beside(&owner.set.state).join(FOLDER);
    let parts = FileAuditParts {
        folder: &folder,
        files: Arc::new(Parts(owner.department()?)),
        clock: Arc::new(|| now_s().saturating_mul(1000)),
        of: owner.set.resource.to_string(),
        receivers: section.receivers(&owner.set)?,
        bytes_per_second: section.bytes_per_second,
        pass_every: Duration::from_secs(section.pass_every_s),
    };
    let audit = FileAudit::open(parts).with_context(|| format!("the audit cannot begin in {}", folder.display()))?;
    Ok(Some(audit))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // WATCH-11
    #[test]
    fn what_is_not_declared_is_looked_at_once_a_day_and_secrets_stand_in_files() {
        let read = toml::from_str::<AuditSection>;
        let nothing = read("").unwrap();
        assert_eq!((nothing.bytes_per_second, nothing.pass_every_s), (1 << 20, 86_400));
        let all = "bytes_per_second = 9\npass_every_s = 1\n[[receivers]]\nurl = 'https://a.example'\nsecret_file = 's'";
        let all = read(all).unwrap();
        assert!(all.check().is_ok() && all.receivers.len() == 1 && !all.receivers[0].allow_private);
        assert!(read("pass_every_s = 0").unwrap().check().is_err());
        for wrong in ["[[receivers]]\nurl = 'https://a.example'", "[[receivers]]\nsecret = 'whsec_AAAA'", "rate = 1"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
