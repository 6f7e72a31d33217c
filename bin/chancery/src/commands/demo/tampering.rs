//! What somebody might try, and which check refuses it.

use anyhow::{Context, Result, ensure};
use chancery_certificates::{document::CertificateDocument, presentation::Presentation, sealing, verify::verify_file};
use chancery_client::rest::values::HexHash;
use chancery_execution::GenesisConfig;
use chancery_light::TrustedChain;
use chancery_primitives::CertificateKind;
use serde_json::{Value, json};

use super::{Cast, issuance, narrator::Narrator};
use crate::party::{ReceivedCertificate, now};

pub(super) async fn run(cast: &Cast, degree: &ReceivedCertificate, narrator: &mut Narrator) -> Result<()> {
    let record = &degree.record;
    let answer = cast
        .citizen
        .client
        .query_certificate(cast.citizen.address(), record.block, record.tx_hash.0, Some(&record.chain))
        .await?;

    let altered = change_last_character_of_part(&answer.sealed, 3);
    narrator.refused(
        "a sealed certificate with one changed character",
        sealing::open(&altered, &*cast.citizen.keys.encryption()?).map(|_| ()),
    )?;
    narrator.refused(
        "a sealed certificate opened by somebody else",
        sealing::open(&answer.sealed, &*cast.inspector.keys.encryption()?).map(|_| ()),
    )?;

    let mut better = degree.document.clone();
    better.subject["level"] = json!("doctor");
    narrator.refused("a degree that its holder has improved", show_forged(cast, degree, &better).await)?;

    let chain = trusted_chain(cast, &record.chain)?;
    let file = serde_json::to_value(&answer)?;
    let verified = verify_file(file.to_string().as_bytes(), &chain, Some(&degree.bytes), now())?;
    narrator.shows("the certificate file verifies with no network", &verified.checks.join(", "));
    for (what, pointer) in [
        ("a finality certificate with one changed digit", "/proof/finality/certificate"),
        ("a header with one changed digit", "/proof/finality/header"),
        ("a receipt with one changed digit", "/proof/receipt/receipt"),
    ] {
        let mut changed = file.clone();
        if let Some(Value::String(hex)) = changed.pointer_mut(pointer) {
            flip_last_digit(hex);
            narrator.refused(what, verify_file(changed.to_string().as_bytes(), &chain, None, now()).map(|_| ()))?;
        }
    }

    let civil_affairs = cast.offices.first().context("an office")?;
    let foreign = civil_affairs.issue(issuance(cast, 0, CertificateKind::DEGREE)?).await;
    narrator.refused("a degree issued by the civil affairs bureau", foreign.map(|_| ()))?;

    let university = cast.offices.get(2).context("an office")?;
    let mut request = university.prepare_issue(issuance(cast, 2, CertificateKind::DEGREE)?).await?;
    request.content_hash = HexHash(alloy_primitives::B256::repeat_byte(1));
    narrator.refused(
        "an issue changed after it was signed",
        university.client.issue_certificate(&request).await.map(|_| ()),
    )?;
    Ok(())
}

/// Presents a changed document, honestly signed by the holder: the inspector's checks have to notice.
async fn show_forged(cast: &Cast, degree: &ReceivedCertificate, document: &CertificateDocument) -> Result<()> {
    let kind = document.kind()?;
    let presentation = Presentation::make(
        &document.to_bytes()?,
        &degree.record.chain,
        &cast.citizen.city.domain_of(kind)?,
        cast.citizen.keys.account(),
        now(),
    )?;
    let code = cast.citizen.show(&presentation, true).await?;
    let inspection = cast.inspector.check(&cast.inspector.scan(&code).await?.presentation).await?;
    let failed: Vec<&str> = inspection
        .found
        .checks
        .iter()
        .filter(|check| check.passed == Some(false))
        .map(|check| check.name.as_str())
        .collect();
    ensure!(failed.is_empty(), "failed check: {}", failed.join(", "));
    Ok(())
}

/// The chain as its genesis file, which the gateway hands out, commits to it. In earnest one gets that file from somebody one trusts.
fn trusted_chain(cast: &Cast, name: &str) -> Result<TrustedChain> {
    let genesis = cast.citizen.city.chain(name)?.genesis.clone().context("the chain has no genesis file")?;
    let config: GenesisConfig = serde_json::from_value(genesis)?;
    let genesis = config.build()?;
    Ok(TrustedChain::new(chancery_chain::chain_essentials(&config, genesis.header().hash()))?)
}

fn change_last_character_of_part(jwe: &str, part: usize) -> String {
    let mut parts: Vec<String> = jwe.split('.').map(str::to_owned).collect();
    if let Some(text) = parts.get_mut(part) {
        let first = if text.starts_with('A') { 'B' } else { 'A' };
        text.replace_range(..1, &first.to_string());
    }
    parts.join(".")
}

fn flip_last_digit(hex: &mut String) {
    let last = if hex.pop() == Some('0') { '1' } else { '0' };
    hex.push(last);
}
