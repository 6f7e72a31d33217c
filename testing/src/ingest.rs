//! A registered source and its stream of submissions, as a device's gateway would send it.

mod connection;
mod readings;

pub use connection::{Outcome, Outcomes, Sender, StreamConnection};
pub use readings::{FORMAT, format, new_york_weather, seattle_weather, synthetic};

use std::{
    path::Path,
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

use alloy_primitives::{Address, B256, FixedBytes};
use anyhow::{Context, Result, ensure};
use chancery_data::{
    Algorithm, Control, Operation, Signer,
    jws::Header,
    merkle,
    submission::{Access, Basis, Statement, TYP},
};

use crate::process::built_binary;

/// Chain id of the main chain of a city.
pub const CHAIN_ID: u64 = 7100;

/// A source that has a key and a name.
pub struct Source {
    signer: Signer,
    header: Header,
    /// Its name.
    pub name: Address,
}

impl Source {
    /// Makes an Ed25519 key, configures the format of these tests and registers the source, by the command line as an operator.
    ///
    /// # Errors
    /// When a command refuses.
    pub fn register(folder: &Path, gateway: &str) -> Result<Self> {
        let format_file = folder.join("format.json");
        std::fs::write(&format_file, serde_json::to_vec(&format())?)?;
        run(gateway, &["--dev-key", "0", "format", "configure", FORMAT, path(&format_file)?])?;
        let key = folder.join("source.key");
        run(gateway, &["source", "key", path(&key)?])?;
        let organization = "SAMPLE-HEALTH-OFFICE";
        let register =
            ["source", "register", "--source-key", path(&key)?, "--organization", organization, "--name", "station"];
        run(gateway, &[&["--dev-key", "0"], register.as_slice()].concat())?;
        Self::load(&key)
    }

    /// Reads the key of a source that is registered.
    ///
    /// # Errors
    /// When it is none.
    pub fn load(key: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(key)?;
        let secret = text.trim().strip_prefix("EdDSA ").context("no Ed25519 key")?;
        let secret: [u8; 32] = hex::decode(secret)?.try_into().ok().context("no key of 32 bytes")?;
        let signer = Signer::from_bytes(Algorithm::EdDsa, &secret)?;
        let key = signer.public_key();
        let header = Header { alg: key.algorithm(), kid: key.thumbprint().to_kid(), typ: TYP.into() };
        Ok(Self { name: key.thumbprint().source(), header, signer })
    }

    /// What the source signs for operations: JWS, compact.
    ///
    /// # Errors
    /// When they make no submission.
    pub fn submission(&self, operations: &[String], key: FixedBytes<16>) -> Result<String> {
        self.submission_for(operations, key, Access::Public)
    }

    /// What the source signs for operations that these may see: JWS, compact.
    ///
    /// # Errors
    /// When they make no submission.
    pub fn submission_for(&self, operations: &[String], key: FixedBytes<16>, access: Access) -> Result<String> {
        self.submission_of(FORMAT, operations, key, access)
    }

    /// What the source signs for operations of another format, version 1: JWS, compact.
    ///
    /// # Errors
    /// When they make no submission.
    pub fn submission_of(
        &self,
        format: &str,
        operations: &[String],
        key: FixedBytes<16>,
        access: Access,
    ) -> Result<String> {
        let names: Vec<B256> = operations.iter().map(|one| Operation::name(one.as_bytes())).collect();
        let statement = Statement {
            chain_id: CHAIN_ID,
            source: self.name,
            key,
            format: format.into(),
            format_version: 1,
            time: now_ms(),
            count: u32::try_from(names.len())?,
            root: merkle::root(&names).context("no operation")?,
            control: Control { access, retention_days: 365, basis: Basis::NotPersonal, readers: Vec::new() },
        };
        let jws = self.signer.sign_with(&self.header, &serde_json::to_vec(&statement)?, TYP)?;
        Ok(jws.text().to_owned())
    }

    /// One line of a stream: operations under one signature.
    ///
    /// # Errors
    /// When they make no submission.
    pub fn line(&self, operations: &[String], key: FixedBytes<16>) -> Result<String> {
        self.line_for(operations, key, Access::Public)
    }

    /// One line of a stream: public operations of another format, under one signature.
    ///
    /// # Errors
    /// When they make no submission.
    pub fn line_of(&self, format: &str, operations: &[String], key: FixedBytes<16>) -> Result<String> {
        let submission = self.submission_of(format, operations, key, Access::Public)?;
        Ok(format!("{{\"submission\":\"{submission}\",\"operations\":[{}]}}\n", operations.join(",")))
    }

    /// One line of a stream: operations that these may see, under one signature.
    ///
    /// # Errors
    /// When they make no submission.
    pub fn line_for(&self, operations: &[String], key: FixedBytes<16>, access: Access) -> Result<String> {
        let submission = self.submission_for(operations, key, access)?;
        Ok(format!("{{\"submission\":\"{submission}\",\"operations\":[{}]}}\n", operations.join(",")))
    }
}

/// Runs a command against a gateway; its JSON answer.
///
/// # Errors
/// When it fails, with its words.
pub fn run(gateway: &str, arguments: &[&str]) -> Result<serde_json::Value> {
    let output = Command::new(built_binary()).args(["--json", "--url", gateway]).args(arguments).output()?;
    ensure!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Unix milliseconds.
#[must_use]
pub fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

fn path(path: &Path) -> Result<&str> {
    path.to_str().context("a path that is no text")
}
