//! `chancery data open` (U2S, DATA-11): what is sealed opens here, with the reader's key; nobody else learns its content.

use std::{path::PathBuf, process::ExitCode};

use alloy_primitives::B256;
use anyhow::{Context as _, Error, Result, ensure};
use chancery_client::{Client, OpenError, PROOF_PATIENCE, SealedOperation, rest::types::data::OperationPlace};
use chancery_data::proof::OperationProof;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{message::files, query};
use crate::{
    arguments::{Connection, DataCommand},
    keys,
    output::Output,
    party::Party,
};

pub(super) async fn run(command: DataCommand, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let DataCommand::Open { at, out, unproven } = command;
    if let Some(out) = &out {
        files::ensure_free(out)?;
    }
    let party = Party::connect(connection.client()?, keys::of(connection)?).await?;
    let (place, chain_id) = (query::place(&at)?, party.city.main_chain_id()?);
    let found = party.client.operation_at(place).await?;
    let found = found.with_context(|| format!("there is no operation that you may read at {at}"))?;
    let sealed = if unproven {
        SealedOperation::of(&found, chain_id)?
    } else {
        signed(&party.client, &found, place, chain_id).await?
    };
    let to_open = sealed.clone();
    let opened = party.keys.opening(move |key| to_open.open(key)).await??;
    let follows = party.client.follows_format(&sealed, &opened).await.map_err(plain)?;
    show((&found, &sealed, unproven), &opened, follows, out, output)
}

/// With the gateway's own words as what is told, where it said some.
fn plain(error: OpenError) -> Error {
    match error {
        OpenError::Client(error) => error.into(),
        other => other.into(),
    }
}

/// What it is sealed for, and the sealed content, as the source has signed both: whoever knows the reader's public key can seal something in the source's name, so the
/// gateway's word says nothing of who did.
async fn signed(client: &Client, found: &Value, at: OperationPlace, chain_id: u64) -> Result<SealedOperation> {
    let digest: Option<B256> = found["digest"].as_str().and_then(|digest| digest.parse().ok());
    let digest = digest.context("the gateway names no digest of the submission")?;
    let proof = client.proof_at(at.place, digest, at.index, PROOF_PATIENCE).await?;
    let proof = OperationProof::from_json(&serde_json::to_vec(&proof)?)?;
    let is_shown = found["operation"].as_str() == Some(proof.operation.as_str());
    ensure!(is_shown, "the proof is of another operation than the gateway shows at this place");
    SealedOperation::signed(&proof, chain_id).map_err(plain).context(
        "it is not shown that the source has sealed this; --unproven opens it all the same, also where an operator has replaced a lost key of the source",
    )
}

fn show(
    (found, sealed, unproven): (&Value, &SealedOperation, bool),
    opened: &Zeroizing<Vec<u8>>,
    follows: Option<bool>,
    out: Option<PathBuf>,
    output: &Output,
) -> Result<ExitCode> {
    let text = std::str::from_utf8(opened).context("what the source has sealed is no text")?;
    let judged = match follows {
        Some(true) => "it follows its format",
        Some(false) => "IT DOES NOT FOLLOW ITS FORMAT",
        None => "another version of its format is in force: it was not checked",
    };
    let signed = if unproven { "WHO SEALED IT IS NOT SHOWN" } else { "the source has signed it" };
    let mut answer = json!({
        "at": found["at"], "source": sealed.source(), "organization": found["organization"], "format": sealed.format(),
        "formatVersion": sealed.format_version(), "right": found["right"], "followsFormat": follows, "signedBySource": !unproven,
    });
    let shown = match out {
        Some(out) => {
            files::write_new(&out, opened)?;
            answer["file"] = json!(out);
            format!("{}: {} bytes; {signed}; {judged}", out.display(), opened.len())
        }
        None => {
            answer["content"] = serde_json::from_str(text).context("what the source has sealed is no JSON")?;
            format!("{}\n{signed}\n{judged}", inert(&answer["content"].to_string()))
        }
    };
    output.answer(&answer, shown);
    ensure!(follows != Some(false), "the content does not follow its format");
    Ok(ExitCode::SUCCESS)
}

/// Text of JSON in which nothing acts on a terminal or turns the direction of what follows: JSON escapes less than that.
fn inert(text: &str) -> String {
    let acts = |each: char| {
        each.is_control()
            || matches!(each, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|each| if acts(each) { format!("\\u{:04x}", u32::from(each)) } else { each.to_string() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // DATA-11
    #[test]
    fn nothing_that_a_source_has_sealed_acts_on_a_terminal() {
        let shown = inert(&json!({"a": "\u{1b}[2J\u{9b}2J \u{202e}b\u{2066} 检查"}).to_string());
        assert_eq!(shown, r#"{"a":"\u001b[2J\u009b2J \u202eb\u2066 检查"}"#);
        assert_eq!(
            serde_json::from_str::<Value>(&shown).ok(),
            Some(json!({"a": "\u{1b}[2J\u{9b}2J \u{202e}b\u{2066} 检查"}))
        );
    }
}
