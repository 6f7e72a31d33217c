//! Keys of people and offices on the command line: a file with a phrase, a key in a PKCS#11 token, or a public development key.

mod source;
mod token;

use std::{
    path::Path,
    sync::{Arc, LazyLock},
};

use alloy_primitives::{Address, B256};
use anyhow::{Context, Result, anyhow, bail};
use chancery_certificates::keys::{EncryptionPublicKey, KeyError, PersonKeys, PhraseKeys};
use chancery_keys::{AccountKey, AgreementKey};
use chancery_sharing::sealing::ReaderSecret;
use chancery_token::TokenAgreementKey;
use x25519_dalek::StaticSecret;
use zeroize::Zeroizing;

pub(crate) use self::{
    source::{SOURCE_ALGORITHMS, source_in_file},
    token::{account_in_token, is_in_token, list_tokens, new_keys as new_in_token, new_source_key},
};
use crate::{
    arguments::Connection,
    city::secrets::{read_private, write_new_private},
};

/// The phrase whose keys everybody knows: for development cities.
pub(crate) const DEVELOPMENT_PHRASE: &str = "test test test test test test test test test test test junk";

/// Which development account plays which part.
pub(crate) mod development {
    pub(crate) const OPERATOR: u32 = 0;
    /// Sample offices, in the order of the side chains.
    pub(crate) const FIRST_OFFICE: u32 = 1;
    pub(crate) const REGISTRAR: u32 = 6;
    pub(crate) const INSPECTOR: u32 = 7;
    pub(crate) const SUPERVISOR: u32 = 8;
    /// Reviews and releases what the first operator has proposed, and the other way round.
    pub(crate) const SECOND_OPERATOR: u32 = 9;
    /// Votes for the organization of the first validator of a city; those of the next ones follow.
    pub(crate) const FIRST_VOTER: u32 = 20;
    /// How many accounts a development city funds.
    pub(crate) const FUNDED: u32 = 32;
}

/// What somebody signs with, and opens with what is sealed to them; wherever it is kept.
#[derive(Clone)]
pub(crate) struct PartyKeys {
    account: AccountKey,
    encryption: Encryption,
}

#[derive(Clone)]
enum Encryption {
    /// From a phrase.
    Held(StaticSecret),
    /// In a token.
    Kept(Arc<TokenAgreementKey>),
    /// The token has none, and why.
    Missing(String),
}

impl From<PersonKeys> for PartyKeys {
    fn from(keys: PersonKeys) -> Self {
        Self { account: keys.account(), encryption: Encryption::Held(keys.encryption_secret().clone()) }
    }
}

impl PartyKeys {
    /// The account that signs.
    pub(crate) const fn account(&self) -> &AccountKey {
        &self.account
    }

    pub(crate) const fn address(&self) -> Address {
        self.account.address()
    }

    /// Signs the digest of an operation; 65 bytes, `v` 27 or 28.
    pub(crate) async fn sign_digest(&self, digest: B256) -> Result<[u8; 65]> {
        let account = self.account.clone();
        let signature = off_runtime(account.may_block(), move || account.sign_digest(digest)).await??;
        Ok(signature.as_bytes())
    }

    /// What opens what is sealed to them.
    pub(crate) fn encryption(&self) -> Result<Arc<dyn AgreementKey>> {
        match &self.encryption {
            Encryption::Held(secret) => Ok(Arc::new(secret.clone())),
            Encryption::Kept(key) => Ok(Arc::<TokenAgreementKey>::clone(key)),
            Encryption::Missing(why) => bail!("what is sealed to this key cannot be opened: {why}"),
        }
    }

    /// The key that others seal to.
    pub(crate) fn encryption_public_key(&self) -> Result<EncryptionPublicKey> {
        Ok(EncryptionPublicKey(self.encryption()?.public_key()))
    }

    /// The same, as the reader of shared data.
    pub(crate) fn reader_secret(&self) -> Result<ReaderSecret> {
        match &self.encryption {
            Encryption::Held(secret) => Ok(ReaderSecret::from_bytes(&Zeroizing::new(secret.to_bytes()))?),
            _ => Ok(ReaderSecret::kept(self.encryption()?)),
        }
    }

    /// Uses the encryption key, off the runtime: a token takes its time.
    pub(crate) async fn opening<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn AgreementKey) -> T + Send + 'static,
    ) -> Result<T> {
        let key = self.encryption()?;
        off_runtime(matches!(self.encryption, Encryption::Kept(_)), move || work(&*key)).await
    }
}

/// Works on a thread that may wait, if it may have to. How long each operation of a token may take is the token's limit (TOKEN-5).
pub(crate) async fn off_runtime<T: Send + 'static>(
    may_block: bool,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    if may_block { Ok(tokio::task::spawn_blocking(work).await?) } else { Ok(work()) }
}

/// A public development key.
pub(crate) fn development_key(index: u32) -> Result<PersonKeys> {
    static KEYS: LazyLock<Result<PhraseKeys, KeyError>> = LazyLock::new(|| PhraseKeys::of(DEVELOPMENT_PHRASE));
    let keys = KEYS.as_ref().map_err(|error| anyhow!("the development phrase: {error}"))?;
    Ok(keys.account(index)?)
}

/// The key that `--key` or `--dev-key` names. Called before anything else runs: it waits for a token.
pub(crate) fn of(connection: &Connection) -> Result<PartyKeys> {
    choose(connection, false)
}

/// The same, giving a token its PIN once although it has counted a wrong one (TOKEN-2).
pub(crate) fn with_pin_again(connection: &Connection) -> Result<PartyKeys> {
    choose(connection, true)
}

/// The key in a file, or in the token that a `pkcs11:` URI names.
pub(crate) fn in_file(path: &Path) -> Result<PartyKeys> {
    if is_in_token(path) { token::keys(path, false) } else { Ok(load(path)?.into()) }
}

/// The account of the key in a file, or in a token, whatever else is there. It waits for a token.
pub(crate) fn account_in_file(path: &Path) -> Result<AccountKey> {
    if is_in_token(path) { account_in_token(path) } else { Ok(load(path)?.account()) }
}

fn choose(connection: &Connection, pin_again: bool) -> Result<PartyKeys> {
    match (&connection.key, connection.dev_key) {
        (Some(path), _) if is_in_token(path) => token::keys(path, pin_again),
        (Some(path), _) => Ok(load(path)?.into()),
        (None, Some(index)) => Ok(development_key(index)?.into()),
        (None, None) => bail!(
            "this needs a key: --key FILE (made by `chancery key new FILE`), --key pkcs11:... (a key in a token), or --dev-key N in a development city"
        ),
    }
}

fn load(path: &Path) -> Result<PersonKeys> {
    let phrase = read_private(path).with_context(|| format!("cannot read the key file {}", path.display()))?;
    PersonKeys::from_phrase(&phrase).with_context(|| format!("{} holds no key", path.display()))
}

/// Writes a phrase to a new file that only its owner can read.
pub(crate) fn save(path: &Path, phrase: &Zeroizing<String>) -> Result<PersonKeys> {
    let keys = PersonKeys::from_phrase(phrase)?;
    write_new_private(path, phrase)?;
    Ok(keys)
}
