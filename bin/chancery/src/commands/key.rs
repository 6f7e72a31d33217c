//! `chancery key`.

use std::{io::Read, process::ExitCode};

use anyhow::{Context, Result, ensure};
use chancery_certificates::keys::PersonKeys;
use serde_json::json;
use zeroize::Zeroizing;

use crate::{
    arguments::{Connection, KeyCommand},
    keys::{self, PartyKeys},
    output::Output,
};

/// The longest phrase that is read from standard input, in bytes.
const MAX_PHRASE_BYTES: u64 = 1024;

pub(super) fn run(command: &KeyCommand, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let (keys, advice) = match command {
        KeyCommand::New { file, recover } if keys::is_in_token(file) => {
            ensure!(!recover, "a key in a token is made there: it is not recovered from a phrase");
            let advice = "\n\nThe key is in the token and nowhere else: nobody can copy it, and if the token is lost, another key has to be authorized in its place.";
            (keys::new_in_token(file)?, advice.to_owned())
        }
        KeyCommand::New { file, recover } => {
            let phrase = if *recover { read_phrase()? } else { PersonKeys::new_phrase()? };
            let advice = format!(
                "\n\nThe key is in {}. The phrase in it recovers everything: copy it to paper and keep it where you keep your papers.",
                file.display()
            );
            (keys::save(file, &phrase)?.into(), advice)
        }
        KeyCommand::Show { pin_again: true } => (keys::with_pin_again(connection)?, String::new()),
        KeyCommand::Show { pin_again: false } => (keys::of(connection)?, String::new()),
        KeyCommand::Tokens { module } => return list(module, output),
    };
    show(&keys, &advice, output);
    Ok(ExitCode::SUCCESS)
}

fn show(keys: &PartyKeys, advice: &str, output: &Output) {
    let public_key = format!("0x{}", hex::encode(keys.account().public_key()));
    let encryption = keys.encryption_public_key();
    let (sealed, line) = match &encryption {
        Ok(key) => {
            (json!({"jwk": key.jwk(), "thumbprint": key.thumbprint()}), format!("{} (X25519, base64url)", key.jwk().x))
        }
        Err(error) => (json!(null), format!("none: {error}")),
    };
    let value = json!({"address": keys.address().to_string(), "publicKey": public_key, "encryptionKey": sealed});
    let text =
        format!("address         {}\npublic key      {public_key}\nencryption key  {line}{advice}", keys.address());
    output.answer(&value, text);
}

fn list(module: &std::path::Path, output: &Output) -> Result<ExitCode> {
    let tokens = keys::list_tokens(module)?;
    let value: Vec<_> = tokens
        .iter()
        .map(|token| {
            let curves: Vec<_> = token.curves.iter().map(ToString::to_string).collect();
            json!({"token": token.label, "serial": token.serial, "manufacturer": token.manufacturer, "model": token.model, "curves": curves})
        })
        .collect();
    let mut lines: Vec<_> = tokens
        .iter()
        .map(|token| {
            let curves: Vec<_> = token.curves.iter().map(ToString::to_string).collect();
            format!(
                "{}  serial {}  {} {}  {}",
                token.label,
                token.serial,
                token.manufacturer,
                token.model,
                curves.join(", ")
            )
        })
        .collect();
    if lines.is_empty() {
        lines.push("No token is there that has been set up. Set one up with the tool of its maker (SoftHSM: softhsm2-util --init-token --free --label NAME).".to_owned());
    }
    output.answer(&value, lines.join("\n"));
    Ok(ExitCode::SUCCESS)
}

fn read_phrase() -> Result<Zeroizing<String>> {
    let mut phrase = Zeroizing::new(String::new());
    std::io::stdin().take(MAX_PHRASE_BYTES).read_to_string(&mut phrase).context("cannot read the phrase")?;
    Ok(phrase)
}
