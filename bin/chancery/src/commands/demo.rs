//! `chancery demo`: the whole life of certificates of all five kinds, told on screen, tampering included. Everything is done through the public interface
//! of a running development city, with a citizen who is made for the occasion.

mod alliance;
mod narrator;
mod tampering;

use std::process::ExitCode;

use alloy_primitives::B256;
use anyhow::{Context, Result, ensure};
use chancery_certificates::{keys::PersonKeys, presentation::PresentationCode};
use chancery_client::rest::types::{
    certificates::Outcome,
    users::{Confirmation, ConfirmationDecision, Person},
};
use chancery_primitives::{CertificateKind, CertificateStatus, RevocationReason};
use serde_json::Value;

use crate::{
    arguments::{Connection, Demo, Story},
    city::{OFFICE_CODES, sample_subject},
    keys::{development, development_key},
    output::Output,
    party::{Issuance, Party, RealName, ReceivedCertificate},
};
use narrator::Narrator;

/// The people of the story.
struct Cast {
    citizen: Party,
    registrar: Party,
    offices: Vec<Party>,
    inspector: Party,
    supervisor: Party,
}

pub(super) fn run(command: &Demo, connection: &Connection, output: &Output) -> Result<ExitCode> {
    match &command.story {
        None => super::wait(city(command, connection, output)),
        Some(Story::Alliance(story)) => alliance::run(story, command.pause, output),
    }
}

async fn city(command: &Demo, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let mut narrator = Narrator::new(*output, command.pause);
    let cast = gather(connection).await?;
    narrator.chapter("A citizen makes her keys and registers");
    register(&cast, &mut narrator).await?;
    narrator.chapter("Five offices issue a certificate each");
    let mut received = Vec::new();
    for (index, kind) in CertificateKind::FIRST_CITY.into_iter().enumerate() {
        received.push(issue(&cast, index, kind, &mut narrator).await?);
    }
    narrator.chapter("She shows them, and an inspector checks");
    for certificate in &received {
        inspect(&cast, certificate, Outcome::Valid, &mut narrator).await?;
    }
    let degree = received.get(2).context("there is a degree")?;
    narrator.chapter("Somebody tampers");
    tampering::run(&cast, degree, &mut narrator).await?;
    narrator.chapter("Each office suspends, resumes, renews and revokes");
    later_life(&cast, &received, &mut narrator).await?;
    narrator.chapter("An auditor looks at what happened");
    audit(&cast, degree, &mut narrator).await?;
    narrator.end("All of it went through the public interface; docs/specs/rest.md shows how.");
    Ok(ExitCode::SUCCESS)
}

async fn gather(connection: &Connection) -> Result<Cast> {
    let client = connection.client()?;
    let phrase = PersonKeys::new_phrase()?;
    let citizen = Party::connect(client.clone(), PersonKeys::from_phrase(&phrase)?).await?;
    ensure!(
        citizen.city.is_development(),
        "the demonstration uses public keys, so it runs against a development city only (chancery up)"
    );
    let party = async |account| Party::connect(client.clone(), development_key(account)?).await;
    let mut offices = Vec::new();
    for account in (development::FIRST_OFFICE..).take(OFFICE_CODES.len()) {
        offices.push(party(account).await?);
    }
    Ok(Cast {
        citizen,
        registrar: party(development::REGISTRAR).await?,
        offices,
        inspector: party(development::INSPECTOR).await?,
        supervisor: party(development::SUPERVISOR).await?,
    })
}

async fn register(cast: &Cast, narrator: &mut Narrator) -> Result<()> {
    let address = cast.citizen.address();
    narrator.says(&format!("Lin (a sample person) makes a phrase of twelve words. From it come a signing key, whose address {address} is her, and an encryption key."));
    let unique = &address.to_string()[2..10];
    let person = Person {
        name: format!("Lin Zhao {unique} (sample)"),
        unit: "Riverside University (sample)".to_owned(),
        city: "Hangzhou".to_owned(),
        country: "CN".to_owned(),
        document_number: Some(format!("SAMPLE-{unique}")),
        birth_date: Some("1995-08-30".to_owned()),
    };
    let again = Person { ..person.clone() };
    let registered =
        cast.citizen.register(RealName { account: format!("lin-{}", unique.to_lowercase()), person }).await?;
    narrator.shows("registered", &registered.did);
    let other =
        Party::connect(cast.citizen.client.clone(), PersonKeys::from_phrase(&PersonKeys::new_phrase()?)?).await?;
    let refused = other.register(RealName { account: format!("lin2-{}", unique.to_lowercase()), person: again }).await;
    narrator.refused("the same person with another key", refused.map(|_| ()))?;
    cast.registrar
        .client
        .confirm_user(address, &Confirmation { decision: ConfirmationDecision::Confirm, reason: None })
        .await?;
    let published = cast.citizen.client.public_key(address).await?;
    narrator.shows(
        "a registrar confirms; her keys are on chain",
        &format!("{} block {}", published.source.chain, published.source.block_number),
    );
    Ok(())
}

/// What the office at a place in the list issues to the citizen.
fn issuance(cast: &Cast, index: usize, kind: CertificateKind) -> Result<Issuance> {
    Ok(Issuance {
        kind,
        holder: cast.citizen.address(),
        organization: OFFICE_CODES.get(index).context("an office")?.parse()?,
        subject: sample_subject(kind)?,
        valid_from: None,
        valid_until: None,
        previous: None,
        application: None,
    })
}

async fn issue(
    cast: &Cast,
    index: usize,
    kind: CertificateKind,
    narrator: &mut Narrator,
) -> Result<ReceivedCertificate> {
    let office = cast.offices.get(index).context("an office")?;
    let issued = office.issue(issuance(cast, index, kind)?).await?;
    let received = cast.citizen.receive(issued.certificate_id.0).await?;
    narrator.shows(
        &kind.to_string(),
        &format!(
            "{} (chain {}, block {}); she has opened it, and it is what was signed",
            issued.certificate_id, issued.chain, issued.block_number
        ),
    );
    Ok(received)
}

async fn inspect(
    cast: &Cast,
    certificate: &ReceivedCertificate,
    expected: Outcome,
    narrator: &mut Narrator,
) -> Result<()> {
    let code = cast.citizen.present(certificate, true).await?;
    inspect_by(cast, &code, certificate, expected, narrator).await
}

async fn inspect_by(
    cast: &Cast,
    code: &PresentationCode,
    certificate: &ReceivedCertificate,
    expected: Outcome,
    narrator: &mut Narrator,
) -> Result<()> {
    let presentation = cast.inspector.scan(code).await?.presentation;
    let inspection = cast.inspector.check(&presentation).await?;
    let recorded = cast.inspector.record(&inspection).await?;
    let outcome = name(&inspection.found.outcome)?;
    narrator.shows(
        &certificate.record.kind,
        &format!(
            "{} ({} checks), recorded in block {}",
            outcome.to_uppercase(),
            inspection.found.checks.len(),
            recorded.recorded.block_number
        ),
    );
    ensure!(inspection.found.outcome == expected, "the outcome should have been {}", name(&expected)?);
    Ok(())
}

/// Suspends, resumes, renews and revokes each certificate, and has it inspected in between.
async fn later_life(cast: &Cast, received: &[ReceivedCertificate], narrator: &mut Narrator) -> Result<()> {
    for (index, (certificate, kind)) in received.iter().zip(CertificateKind::FIRST_CITY).enumerate() {
        let office = cast.offices.get(index).context("an office")?;
        let id = |certificate: &ReceivedCertificate| -> B256 { certificate.record.certificate_id.0 };
        office.change_status(id(certificate), CertificateStatus::Suspended, RevocationReason::CertificateHold).await?;
        narrator.says(&format!("{kind} is suspended"));
        // One code may be opened again: a holder has few at a time.
        let code = cast.citizen.present(certificate, false).await?;
        inspect_by(cast, &code, certificate, Outcome::Suspended, narrator).await?;
        office.change_status(id(certificate), CertificateStatus::Valid, RevocationReason::Unspecified).await?;
        narrator.says(&format!("{kind} is resumed"));
        inspect_by(cast, &code, certificate, Outcome::Valid, narrator).await?;
        let renewal = Issuance { previous: Some(certificate.document.id), ..issuance(cast, index, kind)? };
        let issued = office.issue(renewal).await?;
        let renewed = cast.citizen.receive(issued.certificate_id.0).await?;
        narrator.shows(&format!("{kind} is renewed by"), &issued.certificate_id.to_string());
        let code = cast.citizen.present(&renewed, false).await?;
        inspect_by(cast, &code, &renewed, Outcome::Valid, narrator).await?;
        office.change_status(id(&renewed), CertificateStatus::Revoked, RevocationReason::PrivilegeWithdrawn).await?;
        narrator.says(&format!("{kind} is revoked"));
        inspect_by(cast, &code, &renewed, Outcome::Revoked, narrator).await?;
        let back = office.change_status(id(&renewed), CertificateStatus::Valid, RevocationReason::Unspecified).await;
        narrator.refused(&format!("{kind}, revoked, made valid again"), back.map(|_| ()))?;
    }
    Ok(())
}

async fn audit(cast: &Cast, certificate: &ReceivedCertificate, narrator: &mut Narrator) -> Result<()> {
    let history = cast.supervisor.client.certificate_history(certificate.record.certificate_id.0).await?;
    for entry in &history.entries {
        narrator.line(&super::history::line(entry));
    }
    ensure!(history.in_order, "the history is not in order: {}", history.findings.join("; "));
    narrator.says("The sequence is in order, and every entry from a chain verifies against the genesis.");
    Ok(())
}

/// The name of a status or outcome as it stands in JSON.
fn name(value: &impl serde::Serialize) -> Result<String> {
    match serde_json::to_value(value)? {
        Value::String(name) => Ok(name),
        other => Ok(other.to_string()),
    }
}
