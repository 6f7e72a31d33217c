//! `chancery consent`: what a chain shows of a holder, and what the holder agrees to.

use std::process::ExitCode;

use alloy_primitives::Address;
use anyhow::{Context, Result};
use chancery_client::rest::{types::shown::GiveConsent, values::HexBytes};
use chancery_primitives::{CertificateKind, Disclose, SignedOperation as _, SigningDomain, UnixSeconds};

use super::{holder, proven};
use crate::{
    arguments::{CityTrust, Connection, ConsentCommand},
    keys,
    output::{FAILED, Output},
    party::{Party, now},
};

const DAY_S: u64 = 24 * 60 * 60;

pub(super) async fn run(command: ConsentCommand, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let (kind, on, until) = match command {
        ConsentCommand::Show { address, on, trust } => return show(address, &on, &trust, connection, output).await,
        ConsentCommand::Give { kind, on, days } => (kind, on, now().saturating_add(u64::from(days) * DAY_S)),
        ConsentCommand::Withdraw { kind, on } => (kind, on, UnixSeconds::ZERO),
    };
    let party = Party::connect(connection.client()?, keys::of(connection)?).await?;
    let consent = signed(&party, kind, &on, until).await?;
    let progress = output.progress("waiting until it is final");
    let recorded = party.client.give_consent(&on, &consent).await?;
    progress.finish_and_clear();
    let said = if until == UnixSeconds::ZERO {
        format!("Chain {on} shows nothing of your certificates of {kind} any more; its history keeps what was shown.")
    } else {
        format!("Chain {on} may show that you have a valid certificate of {kind} and until when, without its content.")
    };
    let place = format!("recorded on {} in block {} by {}", recorded.chain, recorded.block_number, recorded.tx_hash);
    output.answer(&recorded, format!("{said}\n  {place}"));
    Ok(ExitCode::SUCCESS)
}

/// What a chain shows of somebody, and what of it is proven here.
async fn show(
    holder: Address,
    on: &str,
    trust: &CityTrust,
    connection: &Connection,
    output: &Output,
) -> Result<ExitCode> {
    let client = connection.client()?;
    let known = proven::known(trust, &connection.url, &client.chains().await?)?;
    let found = client.holder_kinds(on, holder).await?;
    let question = holder::Question { holder, on, now: now() };
    let findings = holder::examine(&found, &question, &known);
    let mut value = serde_json::to_value(&found)?;
    value["proofs"] = holder::told(&findings);
    value["trust"] = proven::basis_told(&known);
    let mut text = holder::describe(&question, &findings);
    text.push_str(&proven::basis_described(&known));
    output.answer(&value, text);
    let is_refused = trust.genesis.is_some() && !findings.iter().all(holder::Finding::is_proven);
    Ok(if is_refused { ExitCode::from(FAILED) } else { ExitCode::SUCCESS })
}

/// What the holder agrees to, signed for the number that is next. The digest is computed here, of what is said here.
async fn signed(party: &Party, kind: CertificateKind, on: &str, until: UnixSeconds) -> Result<GiveConsent> {
    let found = party.client.holder_kinds(on, party.address()).await?;
    let shown = found.kinds.iter().find(|shown| shown.kind == kind.as_str());
    let shown = shown.with_context(|| {
        let names: Vec<_> = found.kinds.iter().map(|shown| shown.kind.as_str()).collect();
        format!("chain {on} shows no certificates of {kind}; it shows: {}", names.join(", "))
    })?;
    let disclose = Disclose { holder: party.address(), kind, until, nonce: shown.next_nonce };
    let domain = SigningDomain::new(party.city.chain(on)?.chain_id, shown.contract.0);
    let signature = party.keys.sign_digest(disclose.digest(&domain)).await?;
    Ok(GiveConsent {
        kind: kind.to_string(),
        until: until.get(),
        nonce: shown.next_nonce,
        signature: HexBytes(signature.to_vec().into()),
    })
}
