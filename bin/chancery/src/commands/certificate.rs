//! `chancery certificate` (C-LIFE, C-API-2, C-API-5).

use std::{fs, io::Read, path::Path, process::ExitCode};

use anyhow::{Context, Result, ensure};
use chancery_certificates::sealing;
use chancery_client::{
    PageQuery,
    rest::types::certificates::{Certificate, CertificateDocument, Issued, StatusChanged},
};
use chancery_primitives::{CertificateId, CertificateStatus, RevocationReason, UnixSeconds};
use fast_qr::QRBuilder;
use serde_json::{Value, json};

use super::{handing_out, trace};
use crate::{
    arguments::{CertificateCommand, Connection, Content, Query, Reason, RenewedContent},
    business, keys,
    output::Output,
    party::{Issuance, Party, stapled},
};

/// Largest subject that is read from a file, in bytes.
const MAX_SUBJECT_BYTES: u64 = 64 * 1024;
/// Largest certificate file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

pub(super) async fn run(command: CertificateCommand, connection: &Connection, output: &Output) -> Result<ExitCode> {
    match command {
        CertificateCommand::Kinds { kind } => kinds(kind.as_deref(), connection, output).await?,
        CertificateCommand::Query(query) => self::query(&query, connection, output).await?,
        CertificateCommand::Open { file } => open(&file, connection, output)?,
        command => with_key(command, connection, output).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn with_key(command: CertificateCommand, connection: &Connection, output: &Output) -> Result<()> {
    let party = Party::connect(connection.client()?, keys::of(connection)?).await?;
    match command {
        CertificateCommand::Send(send) => {
            let issuance = Issuance {
                kind: send.kind.parse()?,
                holder: send.holder,
                organization: send.organization.parse()?,
                subject: subject(&send.kind, &send.content).await?,
                valid_from: send.valid_from.as_deref().map(start_of_day).transpose()?,
                valid_until: send.valid_until.as_deref().map(end_of_day).transpose()?,
                previous: None,
                application: None,
            };
            issue(&party, issuance, output).await
        }
        CertificateCommand::Renew(renew) => {
            let old = party.client.certificate(renew.certificate).await?;
            let issuance = renewal(&old, renew.certificate, &renew.send).await?;
            issue(&party, issuance, output).await
        }
        CertificateCommand::Revoke(change) => {
            change_status(&party, change.certificate, CertificateStatus::Revoked, change.reason.into(), output).await
        }
        CertificateCommand::Suspend(change) => {
            change_status(&party, change.certificate, CertificateStatus::Suspended, change.reason.into(), output).await
        }
        CertificateCommand::Resume { certificate } => {
            change_status(&party, certificate, CertificateStatus::Valid, RevocationReason::Unspecified, output).await
        }
        CertificateCommand::List => {
            let page = party.client.my_certificates(&PageQuery::default()).await?;
            let text = if page.items.is_empty() {
                "You have no certificates.".to_owned()
            } else {
                page.items.iter().map(describe).collect::<Vec<_>>().join("\n")
            };
            output.answer(&page, text);
            Ok(())
        }
        CertificateCommand::Trace { certificate, mermaid } => {
            let answer = party.client.trace_certificate(certificate).await?;
            let text = if mermaid { answer.mermaid.clone() } else { trace::certificate(&answer.trace) };
            if mermaid {
                output.answer(&answer.mermaid, text);
            } else {
                output.answer(&answer, text);
            }
            Ok(())
        }
        CertificateCommand::Present { certificate, out: None, once, .. } => {
            present(&party, certificate, once, output).await
        }
        CertificateCommand::Present { certificate, out: Some(path), genesis, .. } => {
            present_to(&party, certificate, &path, genesis.as_deref(), output).await
        }
        CertificateCommand::Kinds { .. } | CertificateCommand::Query(_) | CertificateCommand::Open { .. } => Ok(()),
    }
}

async fn issue(party: &Party, issuance: Issuance, output: &Output) -> Result<()> {
    let progress = output.progress("sealing, signing, waiting until it is final");
    let issued: Issued = party.issue(issuance).await?;
    progress.finish_and_clear();
    let text = format!(
        "certificate   {}\nchain         {}\ntransaction   {}\nblock         {}\ndata block    {} (recorded by {})",
        issued.certificate_id,
        issued.chain,
        issued.tx_hash,
        issued.block_number,
        issued.data_block.root,
        issued.data_block.tx_hash
    );
    output.answer(&issued, text);
    Ok(())
}

async fn renewal(old: &Certificate, id: alloy_primitives::B256, content: &RenewedContent) -> Result<Issuance> {
    Ok(Issuance {
        kind: old.kind.parse()?,
        holder: old.holder.0,
        organization: old.organization.parse()?,
        subject: subject(&old.kind, &content.content).await?,
        valid_from: content.valid_from.as_deref().map(start_of_day).transpose()?,
        valid_until: content.valid_until.as_deref().map(end_of_day).transpose()?,
        previous: Some(CertificateId::new(id)?),
        application: None,
    })
}

async fn change_status(
    party: &Party,
    id: alloy_primitives::B256,
    status: CertificateStatus,
    reason: RevocationReason,
    output: &Output,
) -> Result<()> {
    let progress = output.progress("signing, waiting until it is final");
    let changed: StatusChanged = party.change_status(id, status, reason).await?;
    progress.finish_and_clear();
    let text = format!(
        "{} since block {} of {} (revision {})",
        status.as_str(),
        changed.recorded.block_number,
        changed.recorded.chain,
        changed.revision
    );
    output.answer(&changed, text);
    Ok(())
}

async fn present(party: &Party, id: alloy_primitives::B256, once: bool, output: &Output) -> Result<()> {
    let received = party.receive(id).await?;
    let code = party.present(&received, once).await?;
    let link = code.link(party.client.gateway().as_str().trim_end_matches('/'));
    let picture = QRBuilder::new(link.as_str())
        .build()
        .map_err(|error| anyhow::anyhow!("the code cannot be drawn: {error:?}"))?;
    output.answer(
        &json!({"link": link}),
        format!("{}\n{link}\n\nShow this to the inspector within five minutes.", picture.to_str()),
    );
    Ok(())
}

/// Writes what somebody without a network verifies.
async fn present_to(
    party: &Party,
    id: alloy_primitives::B256,
    path: &Path,
    genesis: Option<&Path>,
    output: &Output,
) -> Result<()> {
    let progress = output.progress("waiting for proofs that are as young as the certificate");
    let received = party.receive(id).await?;
    let file = party.present_stapled(&received).await?;
    progress.finish_and_clear();
    handing_out::write_private(path, &handing_out::verified(&file, genesis, party.city.chains())?)?;
    let path = path.display();
    output.answer(
        &json!({"file": path.to_string()}),
        format!("Written to {path}. It holds your certificate in the clear: give it to the inspector and to nobody else.\nWithout a network: chancery verify {path}"),
    );
    Ok(())
}

async fn kinds(kind: Option<&str>, connection: &Connection, output: &Output) -> Result<()> {
    let client = connection.client()?;
    if let Some(kind) = kind {
        let found = client.kind(kind).await?;
        output.answer(
            &found,
            format!(
                "{} / {}\nchain   {}\nsource  {}\n{:#}",
                found.title.en, found.title.zh, found.chain, found.source, found.schema
            ),
        );
    } else {
        let found = client.kinds().await?;
        let lines: Vec<String> = found
            .kinds
            .iter()
            .map(|kind| format!("{:<18} {} / {}  ({})", kind.kind, kind.title.en, kind.title.zh, kind.source))
            .collect();
        output.answer(&found, lines.join("\n"));
    }
    Ok(())
}

async fn query(query: &Query, connection: &Connection, output: &Output) -> Result<()> {
    let client = connection.client()?;
    let found: CertificateDocument =
        client.query_certificate(query.address, query.block, query.tx_hash, query.chain.as_deref()).await?;
    if let Some(path) = &query.out {
        if query.staple {
            let file = stapled(&client, found.certificate_id.0).await?;
            let offered = client.chains().await?;
            handing_out::write_private(path, &handing_out::verified(&file, query.genesis.as_deref(), &offered)?)?;
        } else {
            let file = serde_json::to_vec_pretty(&found)?;
            fs::write(path, file).with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    let status = serde_json::to_value(found.status)?;
    let mut text = format!(
        "certificate   {}\nkind          {}\norganization  {} ({})\nissued        {}\nissuer key    {}\nstatus        {}\nsealed        {} characters",
        found.certificate_id,
        found.kind,
        found.organization_name,
        found.organization,
        found.issued_at,
        found.issuer_key,
        status.as_str().unwrap_or_default(),
        found.sealed.len()
    );
    if let Some(path) = &query.out {
        text.push_str(&format!(
            "\n\nWritten to {}; check it with no network: chancery verify {}",
            path.display(),
            path.display()
        ));
    }
    output.answer(&found, text);
    Ok(())
}

fn open(path: &Path, connection: &Connection, output: &Output) -> Result<()> {
    let keys = keys::of(connection)?;
    let file: Value = serde_json::from_slice(&super::read_bounded(path, MAX_FILE_BYTES)?)
        .with_context(|| format!("{} is no certificate file", path.display()))?;
    let sealed = file["sealed"].as_str().with_context(|| format!("{} holds no sealed certificate", path.display()))?;
    let bytes = sealing::open(sealed, &*keys.encryption()?)?;
    let document: Value = serde_json::from_slice(&bytes)?;
    output.answer(&document, format!("{document:#}"));
    Ok(())
}

fn describe(certificate: &Certificate) -> String {
    let outcome = serde_json::to_value(certificate.outcome).ok();
    let outcome = outcome.as_ref().and_then(Value::as_str).unwrap_or_default();
    format!(
        "{}  {:<16} {:<16} block {} of {}, {}",
        certificate.certificate_id,
        certificate.kind,
        outcome,
        certificate.block,
        certificate.chain,
        certificate.tx_hash
    )
}

/// The content as it is typed, as the office's business database has it, or both if they agree.
async fn subject(kind: &str, content: &Content) -> Result<Value> {
    let typed = content.subject.as_deref().map(read_subject).transpose()?;
    let known = match (&content.business, &content.record) {
        (Some(file), Some(record)) => Some(business::content(file, kind, record).await?),
        _ => None,
    };
    match (typed, known) {
        (Some(typed), Some(known)) => business::check(&typed, &known).map(|()| typed),
        (typed, known) => typed.or(known).context("give --subject, or --business and --record"),
    }
}

fn read_subject(path: &Path) -> Result<Value> {
    let bytes = if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().take(MAX_SUBJECT_BYTES + 1).read_to_end(&mut bytes)?;
        ensure!(bytes.len() as u64 <= MAX_SUBJECT_BYTES, "the subject is larger than {MAX_SUBJECT_BYTES} bytes");
        bytes
    } else {
        super::read_bounded(path, MAX_SUBJECT_BYTES)?
    };
    serde_json::from_slice(&bytes).context("the subject is not JSON")
}

fn start_of_day(date: &str) -> Result<UnixSeconds> {
    let date: jiff::civil::Date = date.parse().with_context(|| format!("`{date}` is no date: write YYYY-MM-DD"))?;
    let seconds = date.to_zoned(jiff::tz::TimeZone::UTC)?.timestamp().as_second();
    Ok(UnixSeconds(u64::try_from(seconds).context("dates before 1970 are not possible")?))
}

/// The first second after the day: the day itself is still in force.
fn end_of_day(date: &str) -> Result<UnixSeconds> {
    Ok(start_of_day(date)?.saturating_add(24 * 60 * 60))
}

impl From<Reason> for RevocationReason {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Unspecified => Self::Unspecified,
            Reason::KeyCompromise => Self::KeyCompromise,
            Reason::AffiliationChanged => Self::AffiliationChanged,
            Reason::Superseded => Self::Superseded,
            Reason::CessationOfOperation => Self::CessationOfOperation,
            Reason::CertificateHold => Self::CertificateHold,
            Reason::PrivilegeWithdrawn => Self::PrivilegeWithdrawn,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use chancery_primitives::CertificateKind;

    use super::*;

    #[test]
    fn a_last_day_is_in_force_to_its_end() {
        assert_eq!(end_of_day("1970-01-01").unwrap(), UnixSeconds(86_400));
        assert_eq!(start_of_day("2026-11-21").unwrap(), UnixSeconds(1_795_219_200));
        for wrong in ["", "tomorrow", "2026-13-01", "1969-12-31"] {
            assert!(start_of_day(wrong).is_err(), "{wrong}");
        }
        let kind: CertificateKind = "degree".parse().unwrap();
        assert_eq!(kind, CertificateKind::DEGREE);
    }
}
