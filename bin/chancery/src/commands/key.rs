//! `chancery key`.

use std::{io::Read, process::ExitCode};

use anyhow::{Context, Result};
use chancery_certificates::keys::PersonKeys;
use serde_json::json;
use zeroize::Zeroizing;

use crate::{
    arguments::{Connection, KeyCommand},
    keys,
    output::Output,
};

/// The longest phrase that is read from standard input, in bytes.
const MAX_PHRASE_BYTES: u64 = 1024;

pub(super) fn run(command: &KeyCommand, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let keys = match command {
        KeyCommand::New { file, recover } => {
            let phrase = if *recover { read_phrase()? } else { PersonKeys::new_phrase()? };
            keys::save(file, &phrase)?
        }
        KeyCommand::Show => keys::of(connection)?,
    };
    let encryption = keys.encryption_public_key();
    let public_key = format!("0x{}", hex::encode(keys.public_key()));
    let value = json!({"address": keys.address().to_string(), "publicKey": public_key, "encryptionKey": {"jwk": encryption.jwk(), "thumbprint": encryption.thumbprint()}});
    let mut text = format!(
        "address         {}\npublic key      {public_key}\nencryption key  {} (X25519, base64url)",
        keys.address(),
        encryption.jwk().x
    );
    if let KeyCommand::New { file, .. } = command {
        text.push_str(&format!("\n\nThe key is in {}. The phrase in it recovers everything: copy it to paper and keep it where you keep your papers.", file.display()));
    }
    output.answer(&value, text);
    Ok(ExitCode::SUCCESS)
}

fn read_phrase() -> Result<Zeroizing<String>> {
    let mut phrase = Zeroizing::new(String::new());
    std::io::stdin().take(MAX_PHRASE_BYTES).read_to_string(&mut phrase).context("cannot read the phrase")?;
    Ok(phrase)
}
