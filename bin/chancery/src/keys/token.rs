//! Keys in a PKCS#11 token, named by RFC 7512 wherever a key file is named (`docs/operations/hsm.md`).

use std::{path::Path, sync::Arc};

use alloy_primitives::B256;
use anyhow::{Context, Result};
use chancery_data::Signer;
use chancery_keys::{AccountKey, Curve};
use chancery_token::{Access, KeyUri, Token, TokenError, TokenSummary, tokens};
use serde_json::json;
use zeroize::Zeroizing;

use super::{Encryption, PartyKeys};

/// The PIN, where the key's name has no `pin-source`.
const PIN: &str = "CHANCERY_PIN";
/// The token's library, where the key's name has no `module-path`.
const MODULE: &str = "CHANCERY_PKCS11_MODULE";

/// Whether a key is named that is in a token, and not a file.
pub(crate) fn is_in_token(path: &Path) -> bool {
    path.to_str().is_some_and(KeyUri::is_meant)
}

/// Lists what a library shows.
pub(crate) fn list_tokens(module: &Path) -> Result<Vec<TokenSummary>> {
    Ok(tokens(module)?)
}

/// The account of a key, whatever else the token keeps.
pub(crate) fn account_in_token(name: &Path) -> Result<AccountKey> {
    account(&open(name, false)?)
}

/// An account whose public half, which gives its address, is that of the key that signs (KEY-1): before the address is shown to anybody who may authorize it.
fn account(token: &Arc<Token>) -> Result<AccountKey> {
    let account = AccountKey::kept(Arc::new(token.signing_key(&[Curve::Secp256k1])?))?;
    let challenge = [&b"Chancery: the two halves of this key are a pair\n"[..], B256::random().as_slice()].concat();
    account.sign_message(&challenge)?;
    Ok(account)
}

/// The keys of a person or an office; `pin_again` as in [`Access`].
pub(super) fn keys(name: &Path, pin_again: bool) -> Result<PartyKeys> {
    let token = open(name, pin_again)?;
    let account = account(&token)?;
    let encryption = match token.agreement_key() {
        Ok(key) => Encryption::Kept(Arc::new(key)),
        Err(TokenError::KeyNotFound { .. }) => {
            Encryption::Missing("the token keeps no X25519 key of this name".to_owned())
        }
        Err(error) => return Err(error.into()),
    };
    Ok(PartyKeys { account, encryption })
}

/// Makes the keys of a person or an office in a token. A token that keeps no X25519 key still signs; what is sealed to such a key cannot be opened.
pub(crate) fn new_keys(name: &Path) -> Result<PartyKeys> {
    let mut missing = open(name, false)?.generate(&[Curve::Secp256k1], &[Curve::X25519])?;
    let keys = keys(name, false)?;
    Ok(match missing.pop() {
        Some((_, why)) => PartyKeys { encryption: Encryption::Missing(why.to_string()), ..keys },
        None => keys,
    })
}

/// The key of a source.
pub(super) fn source_key(name: &Path) -> Result<Signer> {
    let key = open(name, false)?.signing_key(&[Curve::Ed25519, Curve::P256, Curve::Secp256k1])?;
    let signer = Signer::kept(Arc::new(key))?;
    // KEY-1, before its public half is registered: no document of this type is read anywhere.
    signer.sign(&json!({ "pair": B256::random() }), "chancery-key-pair+jws")?;
    Ok(signer)
}

/// Makes the key of a source in a token.
pub(crate) fn new_source_key(name: &Path, curve: Curve) -> Result<Signer> {
    open(name, false)?.generate(&[curve], &[])?;
    source_key(name)
}

fn open(name: &Path, pin_again: bool) -> Result<Arc<Token>> {
    let text = name.to_str().context("the name of a key in a token is text")?;
    let uri: KeyUri = text.parse().context("the name of a key in a token cannot be read")?;
    let access = Access {
        module: std::env::var_os(MODULE).map(Into::into),
        pin: std::env::var(PIN).ok().filter(|pin| !pin.is_empty()).map(Zeroizing::new),
        pin_again,
    };
    Ok(Token::open(&uri, &access)?)
}
