//! Where sealed files lie, as a declaration says it: a directory, a bucket of an S3 service, or an IPFS node.

use std::{env, path::PathBuf, sync::Arc};

use anyhow::{Context as _, Result, bail, ensure};
use chancery_sharing::{
    name::ObjectName,
    storage::{DirectoryStore, FileStore, IpfsStore, S3Config, S3Credentials, S3Store},
};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::DataSet;
use crate::commands::read_bounded;

/// Largest file of authorities, in bytes.
const MAX_AUTHORITIES_BYTES: u64 = 1 << 20;
/// What most services that are not Amazon's call theirs.
const DEFAULT_REGION: &str = "us-east-1";
/// Variables of the environment, as AWS has them.
const ACCESS_KEY_ID: &str = "AWS_ACCESS_KEY_ID";
const SECRET_ACCESS_KEY: &str = "AWS_SECRET_ACCESS_KEY";
const SESSION_TOKEN: &str = "AWS_SESSION_TOKEN";

/// Where sealed files lie.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum StoreSection {
    Directory {
        path: PathBuf,
    },
    /// A bucket.
    S3(Box<BucketSection>),
    /// The node that its owner runs.
    Ipfs {
        /// Its RPC.
        api: String,
    },
}

/// A bucket. Its credentials are in a file or in the environment, never here.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BucketSection {
    /// `https://host[:port]`; absent: Amazon's own.
    endpoint: Option<String>,
    bucket: String,
    /// Names begin with it, so that several data sets share a bucket.
    prefix: Option<ObjectName>,
    region: Option<String>,
    /// File of credentials as AWS's tools have it, with one profile, readable by its owner alone; absent: they are in the environment.
    credentials_file: Option<PathBuf>,
    /// Authorities (PEM) that are trusted; absent: the system's.
    ca_file: Option<PathBuf>,
}

impl StoreSection {
    /// The store itself. Nothing is asked of it yet.
    pub(super) fn open(&self, set: &DataSet) -> Result<Arc<dyn FileStore>> {
        Ok(match self {
            Self::Directory { path } => {
                let path = set.beside(path);
                let store = DirectoryStore::new(&path);
                Arc::new(store.with_context(|| format!("cannot use the store {}", path.display()))?)
            }
            Self::S3(bucket) => Arc::new(S3Store::new(&bucket.config(set)?).context("[store]")?),
            Self::Ipfs { api } => {
                let api = api.parse::<url::Url>().context("api of [store] is no URL")?;
                Arc::new(IpfsStore::new(api).context("[store]")?)
            }
        })
    }
}

impl BucketSection {
    fn config(&self, set: &DataSet) -> Result<S3Config> {
        let credentials = match &self.credentials_file {
            Some(file) => credentials_of(&set.secret(file)?)
                .with_context(|| format!("credentials_file {} of [store]", set.beside(file).display()))?,
            None => credentials_of_environment()?,
        };
        let authorities = self.ca_file.as_ref().map(|file| read_bounded(&set.beside(file), MAX_AUTHORITIES_BYTES));
        Ok(S3Config {
            endpoint: self.endpoint.clone().unwrap_or_default(),
            region: self.region.clone().unwrap_or_else(|| DEFAULT_REGION.to_owned()),
            bucket: self.bucket.clone(),
            prefix: self.prefix.clone(),
            credentials,
            authorities: authorities.transpose()?,
        })
    }
}

fn credentials_of_environment() -> Result<S3Credentials> {
    let needed = |name| env::var(name).with_context(|| format!("[store]: set {name}, or name a credentials_file"));
    Ok(S3Credentials {
        access_key_id: needed(ACCESS_KEY_ID)?,
        secret_access_key: needed(SECRET_ACCESS_KEY)?.into(),
        session_token: env::var(SESSION_TOKEN).ok().map(Zeroizing::new),
    })
}

/// `aws_access_key_id = ...` and `aws_secret_access_key = ...`, below the name of a profile or of none. What is wrong is said without what stands there.
fn credentials_of(text: &str) -> Result<S3Credentials> {
    let (mut id, mut secret, mut session_token, mut profiles) = (None, None, None, 0);
    for (index, line) in text.lines().enumerate() {
        let (line, number) = (line.trim(), index + 1);
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if line.starts_with('[') {
            profiles += 1;
            ensure!(profiles == 1, "line {number}: a second profile; give the file one");
            continue;
        }
        let (name, value) = line.split_once('=').with_context(|| format!("line {number} is no NAME = VALUE"))?;
        let value = Zeroizing::new(value.trim().to_owned());
        match name.trim() {
            "aws_access_key_id" => id = Some(value.to_string()),
            "aws_secret_access_key" => secret = Some(value),
            "aws_session_token" => session_token = Some(value),
            _ => bail!("line {number}: aws_access_key_id, aws_secret_access_key and aws_session_token are known"),
        }
    }
    let access_key_id = id.context("there is no aws_access_key_id")?;
    Ok(S3Credentials {
        access_key_id,
        secret_access_key: secret.context("there is no aws_secret_access_key")?,
        session_token,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // S-ODS, S-ASSET
    #[test]
    fn each_kind_of_store_has_its_own_members_and_no_secrets() {
        let read = toml::from_str::<StoreSection>;
        for right in [
            "kind = 'directory'\npath = 'ods'",
            "kind = 's3'\nbucket = 'ods'",
            "kind = 's3'\nbucket = 'ods'\nendpoint = 'https://s3.example'\nprefix = 'weather/daily'\nregion = 'x'\ncredentials_file = 'c'\nca_file = 'p'",
            "kind = 'ipfs'\napi = 'http://127.0.0.1:5001'",
        ] {
            read(right).unwrap();
        }
        for wrong in [
            "kind = 's3'\nbucket = 'ods'\nsecret_access_key = 'secret'",
            "kind = 's3'\nbucket = 'ods'\nprefix = '../weather'",
            "kind = 's3'\nbucket = 'ods'\npath = 'ods'",
            "kind = 's3'",
            "kind = 'ipfs'",
            "kind = 'ipfs'\napi = 'http://127.0.0.1:5001'\nbucket = 'ods'",
            "kind = 'tape'",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    // S-ODS
    #[test]
    fn credentials_are_those_of_one_profile_and_errors_show_none() {
        let read =
            credentials_of("# ours\n[default]\naws_access_key_id = ID\naws_secret_access_key=se=cret\n").unwrap();
        assert_eq!((read.access_key_id.as_str(), read.secret_access_key.as_str()), ("ID", "se=cret"));
        assert!(read.session_token.is_none() && !format!("{read:?}").contains("cret"));
        let token = "aws_access_key_id = ID\naws_secret_access_key = s\naws_session_token = t";
        assert_eq!(credentials_of(token).unwrap().session_token.unwrap().as_str(), "t");
        for wrong in [
            "aws_access_key_id = ID",
            "aws_secret_access_key = hidden",
            "hidden",
            "hidden = hidden",
            "[a]\naws_access_key_id = ID\n[b]\naws_secret_access_key = hidden",
        ] {
            let error = credentials_of(wrong).unwrap_err().to_string();
            assert!(!error.contains("hidden"), "{error}");
        }
    }
}
