//! `chancery source` (R2D, M-REP-1).

use std::{path::Path, process::ExitCode, sync::Arc};

use alloy_primitives::Address;
use anyhow::Result;
use chancery_client::rest::types::{
    organizations::Changed,
    sources::{Source, SourceChanged, StateSource},
};
use chancery_data::{
    Signer,
    source::{SourceKind, SourceStatement, TYP},
};
use chancery_keys::Curve;
use serde_json::json;
use zeroize::Zeroizing;

use super::organization::effects;
use crate::{
    arguments::{Connection, SourceCommand, SourceKeyAlgorithm, SourceSort},
    city::secrets::write_new_private,
    keys,
    output::Output,
    party::{CityFacts, Party, now_ms},
};

pub(super) async fn run(command: SourceCommand, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let source = match command {
        SourceCommand::Key { file, algorithm } => {
            let signer = if keys::is_in_token(&file) {
                keys::new_source_key(&file, curve(algorithm))?
            } else {
                make(&file, algorithm)?
            };
            let (source, kid) = (signer.public_key().thumbprint().source(), signer.public_key().thumbprint().to_kid());
            let answer = json!({"source": source, "kid": kid, "jwk": signer.public_key().to_jwk()});
            output.answer(&answer, format!("source  {source}\nkid     {kid}"));
            return Ok(ExitCode::SUCCESS);
        }
        SourceCommand::Register { source_key, kind, organization, name, check } => {
            let signer = keys::source_in_file(&source_key)?;
            let party = Party::connect(connection.client()?, keys::of(connection)?).await?;
            let statement = SourceStatement::Register {
                chain_id: party.city.main_chain_id()?,
                kind: sort(kind),
                organization,
                name,
                jwk: signer.public_key().to_jwk(),
                time: now_ms(),
            };
            let statement = signed(&Arc::new(signer), &statement).await?;
            let request = StateSource { statement, approval: None };
            if check {
                return Ok(told(&party.client.check_source(&request).await?, output));
            }
            party.client.register_source(&request).await?
        }
        SourceCommand::Rotate { source, new_key, source_key } => {
            rotate(source, &new_key, source_key.as_deref(), connection).await?
        }
        SourceCommand::Withdraw { source, reason, check } => {
            let party = Party::connect(connection.client()?, keys::of(connection)?).await?;
            match party.client.withdraw_source(source, &reason, check).await? {
                SourceChanged::Source(source) => source,
                SourceChanged::Checked(changed) => return Ok(told(&changed, output)),
            }
        }
        SourceCommand::Restore { source, reason, check } => {
            let party = Party::connect(connection.client()?, keys::of(connection)?).await?;
            match party.client.restore_source(source, &reason, check).await? {
                SourceChanged::Source(source) => source,
                SourceChanged::Checked(changed) => return Ok(told(&changed, output)),
            }
        }
        SourceCommand::Show { source } => {
            let party = Party::connect(connection.client()?, keys::of(connection)?).await?;
            party.client.source(source).await?
        }
    };
    output.answer(&source, describe(&source));
    Ok(ExitCode::SUCCESS)
}

/// What a change would do.
fn told(changed: &Changed, output: &Output) -> ExitCode {
    output.answer(changed, effects(changed));
    ExitCode::SUCCESS
}

async fn rotate(source: Address, new_key: &Path, old_key: Option<&Path>, connection: &Connection) -> Result<Source> {
    let new = Arc::new(keys::source_in_file(new_key)?);
    let client = connection.client()?;
    let chain_id = CityFacts::read(&client).await?.main_chain_id()?;
    let statement = SourceStatement::Rotate { chain_id, source, jwk: new.public_key().to_jwk(), time: now_ms() };
    match old_key {
        Some(old) => {
            let approval = signed(&Arc::new(keys::source_in_file(old)?), &statement).await?;
            let request = StateSource { statement: signed(&new, &statement).await?, approval: Some(approval) };
            Ok(client.rotate_source_key(source, &request).await?)
        }
        None => {
            let party = Party::connect(connection.client()?, keys::of(connection)?).await?;
            let request = StateSource { statement: signed(&new, &statement).await?, approval: None };
            Ok(party.client.register_source(&request).await?)
        }
    }
}

/// Signs a statement.
async fn signed(by: &Arc<Signer>, statement: &SourceStatement) -> Result<String> {
    let (signer, statement) = (Arc::clone(by), statement.clone());
    let jws = keys::off_runtime(by.may_block(), move || signer.sign(&statement, TYP)).await??;
    Ok(jws.text().to_owned())
}

fn make(path: &Path, algorithm: SourceKeyAlgorithm) -> Result<Signer> {
    let (name, algorithm) = keys::SOURCE_ALGORITHMS[algorithm as usize];
    let mut secret = Zeroizing::new([0; 32]);
    getrandom::fill(secret.as_mut_slice()).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    let signer = Signer::from_bytes(algorithm, &secret)?;
    let digits = Zeroizing::new(hex::encode(secret.as_slice()));
    write_new_private(path, &Zeroizing::new(format!("{name} {}", digits.as_str())))?;
    Ok(signer)
}

const fn curve(algorithm: SourceKeyAlgorithm) -> Curve {
    match algorithm {
        SourceKeyAlgorithm::Eddsa => Curve::Ed25519,
        SourceKeyAlgorithm::Es256 => Curve::P256,
        SourceKeyAlgorithm::Es256k => Curve::Secp256k1,
    }
}

const fn sort(kind: SourceSort) -> SourceKind {
    match kind {
        SourceSort::Person => SourceKind::Person,
        SourceSort::Organization => SourceKind::Organization,
        SourceSort::Device => SourceKind::Device,
        SourceSort::Application => SourceKind::Application,
    }
}

fn describe(source: &Source) -> String {
    let mut text = format!(
        "source        {}\nkind          {}\norganization  {}\nname          {}",
        source.source, source.kind, source.organization, source.name
    );
    for key in &source.keys {
        text.push_str(&format!("\nkey           {}", key["kid"].as_str().unwrap_or_default()));
    }
    if source.withdrawn.is_some() {
        text.push_str("\nwithdrawn");
    }
    text
}
