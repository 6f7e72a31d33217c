//! `chancery alliance certificate`: the X.509 certificate of a node, made of what the alliance has on chain.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use chancery_bridge::{
    key::NodeKey,
    tls::{Expectation, Gate, Serial, issue_credentials},
};
use serde_json::json;

use super::{authority::alliance, key::key_at};
use crate::{arguments::IssueCertificate, city::secrets::write_new_private, output::Output};

/// Makes a TLS key and its certificate.
pub(super) async fn issue(command: &IssueCertificate, output: &Output) -> Result<()> {
    let key = NodeKey::from(key_at(&command.key_file)?);
    let alliance = alliance(&command.alliance).await?;
    let gate = Gate::new(alliance.clone())?;
    let serial = match (command.transaction, command.identity) {
        (Some(serial), _) => Serial::Transaction(serial),
        (None, serial) => Serial::Identity(serial.context("give --transaction or --identity")?),
    };
    let (certificate, text) = issue_credentials(&alliance, gate.alliance(), serial, &key).await?;
    // What nobody would accept does not replace what may still be in use.
    let peer = gate.admit(&certificate, &Expectation::default()).await?;
    replace_private(&command.out, text.trim_end())?;
    let claim = certificate.claim;
    output.answer(
        &json!({
            "file": command.out,
            "member": peer.member,
            "node": peer.node,
            "identity": claim.identity,
            "transaction": claim.transaction,
            "notBefore": certificate.not_before,
            "notAfter": certificate.not_after,
        }),
        format!(
            "{} holds a TLS key and its certificate, good until {} (Unix seconds of the alliance chain).\n\
             A process that uses the file takes it within a second; connections that are open go on.",
            command.out.display(),
            certificate.not_after
        ),
    );
    Ok(())
}

/// Replaces a secret's file at once: whoever reads it meanwhile reads the old one or the new one.
pub(super) fn replace_private(path: &Path, text: &str) -> Result<()> {
    let mut name = path.file_name().context("--out names no file")?.to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let new: PathBuf = path.with_file_name(name);
    write_new_private(&new, text)?;
    fs::rename(&new, path).or_else(|error| {
        fs::remove_file(&new).ok();
        Err(error).with_context(|| format!("cannot write {}", path.display()))
    })
}
