//! `requester.toml`: a node of a member that asks. Paths are relative to it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use alloy_primitives::Address;
use anyhow::{Context as _, Result, bail, ensure};
use chancery_bridge::{
    alliance::certificate::Scope,
    contracts::{AllianceContract, NodeContract},
    endorser::{self, Endorser, RemoteEndorser},
    http::{JsonClient, check_destination},
    key::NodeKey,
    relay::{RemoteCarrier, carrier},
    report::Teller,
    requester::{MemberAccess, Requester, RequesterIdentity, RequesterLimits},
    tls::{Expectation, Mutual},
};
use serde::Deserialize;
use url::Url;

use super::directory_of;
use crate::alliance::{
    chains::{ChainSection, connect},
    configuration,
    key::{key_at, place_of},
    name_of, text_of,
    tls::{self, TlsSection},
};

/// Longest wait for an answer of an endorser, or of a relay.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RequesterFile {
    /// Serial number of its transaction certificate, which allows to request.
    certificate: u64,
    /// Hexadecimal key that its identity certificate names, readable by its owner alone; or the name of a key in a token (`pkcs11:...`).
    key_file: PathBuf,
    /// Who carries what it has put together: a relay's address, without a path.
    relay: Url,
    /// Whether that relay is told when endorsers are asked, and what ends before it is handed in: whoever watches the alliance sees it. No contents.
    #[serde(default)]
    tell_steps: bool,
    /// The alliance's and each member's that it asks of.
    chains: Vec<ChainSection>,
    alliance: AllianceSection,
    endorsers: Vec<EndorsersSection>,
    /// What it shows to endorsers and to the relay; absent: they are on this machine.
    tls: Option<TlsSection>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AllianceSection {
    /// The chain that decides.
    chain: String,
    /// Its `Alliance` contract.
    contract: Address,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EndorsersSection {
    /// Whose.
    member: String,
    /// Their addresses, without a path.
    urls: Vec<Url>,
}

/// Reads the file, and finds out on chain who it is that asks.
pub(in crate::alliance) async fn open(config: &Path) -> Result<Requester> {
    Ok(Box::pin(opened(config)).await?.0)
}

/// The same, with what it shows to other nodes.
pub(in crate::alliance) async fn opened(config: &Path) -> Result<(Requester, Option<Mutual>)> {
    let (requester, tls, _) = Box::pin(assembled(config)).await?;
    Ok((requester, tls))
}

/// The same, with whom it tells of its steps, if its file says so.
pub(super) async fn telling(config: &Path) -> Result<(Requester, Option<Teller>)> {
    let (requester, _, teller) = Box::pin(assembled(config)).await?;
    Ok((requester, teller))
}

async fn assembled(config: &Path) -> Result<(Requester, Option<Mutual>, Option<Teller>)> {
    let file: RequesterFile = configuration(config)?;
    let key = NodeKey::from(key_at(&place_of(&file.key_file, directory_of(config)))?);
    let ledger = connect(&file.chains, config).await?;
    let chain = ledger.chain(&file.alliance.chain)?.clone();
    let alliance = AllianceContract { chain, address: file.alliance.contract };
    let identity = identity(&alliance, file.certificate, key).await?;
    let tls = match &file.tls {
        None => None,
        Some(section) => {
            let wanted = Expectation { member: Some(identity.member), scope: Some(Scope::REQUEST) };
            Some(tls::open(config, section, alliance.clone(), wanted).await?.tls)
        }
    };
    let mut members = Vec::new();
    for section in &file.endorsers {
        let name = name_of(&section.member)?;
        let place = alliance.member(name).await?;
        ensure!(place.is_active, "{} is no member of the alliance", section.member);
        let known = ledger.chains().find(|chain| chain.config().chain_id == place.chain_id);
        let chain = known.with_context(|| {
            format!("{} is on chain {}, which [[chains]] does not name", section.member, place.chain_id)
        })?;
        let contract = NodeContract { chain: chain.clone(), address: place.node_contract };
        let wanted = Expectation { member: Some(name), scope: Some(Scope::ENDORSE) };
        let mut endorsers: Vec<Arc<dyn Endorser>> = Vec::new();
        for url in &section.urls {
            let client = client(url, tls.as_ref(), &wanted)?;
            endorsers.push(Arc::new(RemoteEndorser::new(client, url.join(endorser::PATH)?)));
        }
        members.push(MemberAccess { name, contract, endorsers });
    }
    let client = client(&file.relay, tls.as_ref(), &Expectation::default())?;
    let teller = if file.tell_steps { Some(Teller::new(client.clone(), &file.relay)?) } else { None };
    let carrier = Arc::new(RemoteCarrier::new(client, file.relay.join(carrier::PATH)?));
    let limits = RequesterLimits { endorse_timeout: ANSWER_TIMEOUT, ..RequesterLimits::default() };
    Ok((Requester { alliance, identity, members, carrier, limits }, tls, teller))
}

async fn identity(alliance: &AllianceContract, certificate: u64, key: NodeKey) -> Result<RequesterIdentity> {
    let Some((transaction, identity)) = alliance.certificate(certificate).await? else {
        bail!(
            "the alliance has no transaction certificate {certificate}: `chancery alliance members` shows those that there are"
        );
    };
    ensure!(
        identity.key == key.address(),
        "certificate {certificate} is for {} of {}, whose key is {}; key_file holds that of {}",
        text_of(identity.node),
        text_of(identity.member),
        identity.key,
        key.address()
    );
    ensure!(transaction.scope.allows(Scope::REQUEST), "certificate {certificate} does not allow to request");
    Ok(RequesterIdentity { member: identity.member, node: identity.node, certificate, key: Arc::new(key) })
}

fn client(url: &Url, tls: Option<&Mutual>, wanted: &Expectation) -> Result<JsonClient> {
    check_destination(url, tls.is_some())?;
    Ok(match tls {
        Some(tls) => JsonClient::mutual(ANSWER_TIMEOUT, tls.clone(), *wanted)?,
        None => JsonClient::new(ANSWER_TIMEOUT)?,
    })
}
