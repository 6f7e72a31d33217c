//! `chancery relay`: carries headers every K blocks, and requests of an alliance to their ends. It holds no key that counts: anybody may run one.

mod observed;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use alloy_primitives::{Address, B256};
use anyhow::{Context as _, Result, bail, ensure};
use axum::Router;
use chancery_bridge::{
    alliance::certificate::Scope,
    contracts::AllianceContract,
    endorser::{ATTEST_PATH, Attester, RemoteAttester},
    http::{JsonClient, check_destination, serve},
    relay::{AnchorBoard, AnchorRelay, Courier, CourierLimits, Ways, push::push_all, submissions, trust::keep_shown},
    report::{Reporter, Voice},
    tls::{Expectation, Mutual},
};
use chancery_ledger::{Chain, Ledger, SubmitterKey};
use futures::future::{join_all, join4, pending};
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use url::Url;

use super::{
    chains::{ChainSection, connect},
    configuration,
    key::{key_at, place_of},
    name_of, serve_nodes_until,
    tls::{self, TlsSection},
    trust::{self, TrustSection},
};
use crate::arguments::RunRelay;

/// Pause between two tries to read contracts when it starts before its chains.
pub(super) const START_PAUSE: Duration = Duration::from_secs(1);
/// How often it tries before it gives up.
pub(super) const START_TRIES: u32 = 120;
/// Most addresses that are asked for reports.
const MAX_REPORTERS: usize = 64;

/// `relay.toml`. Paths are relative to it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RelayFile {
    /// Where requesters hand in what they have put together: with `[tls]` anywhere, without it on loopback.
    listen: SocketAddr,
    /// Where machines of this one ask for `/metrics` and `/health` in plain text, on loopback; absent: where it listens.
    observe: Option<SocketAddr>,
    /// A header is pushed to each anchor when so many blocks have passed.
    #[serde(default = "default_push_every_blocks")]
    push_every_blocks: u64,
    /// Hexadecimal key of the account that pays on every chain, or the name of a key in a token (`pkcs11:...`); absent: a new one each time, for chains on which gas is free.
    key_file: Option<PathBuf>,
    chains: Vec<ChainSection>,
    /// Whose requests are carried; absent: headers alone are.
    alliance: Option<AllianceSection>,
    /// What it shows to requesters and attesters; absent: whoever reaches it on this machine is answered.
    tls: Option<TlsSection>,
    /// Anchors besides those of the alliance's members, which its contracts name.
    #[serde(default)]
    anchors: Vec<AnchorSection>,
    /// Endorsers of foreign members, whose outcomes are attested.
    #[serde(default)]
    attesters: Vec<AttesterSection>,
    /// Whom a gateway that watches the alliance asks what is said of requests before they have a number; a relay itself asks nobody.
    #[serde(default)]
    reporters: Vec<ReporterSection>,
    /// Rights of one chain that are shown on another.
    #[serde(default)]
    trust: Vec<TrustSection>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AttesterSection {
    /// The foreign member.
    member: String,
    /// Its endorsers' addresses, without a path; beyond this machine https, which needs `[tls]`.
    urls: Vec<Url>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReporterSection {
    /// Whose endorsers they are; absent: they are relays.
    member: Option<String>,
    /// Their addresses, without a path; beyond this machine https, which needs `[tls]`.
    urls: Vec<Url>,
}

/// Longest wait for an answer of somebody who reports.
const REPORT_TIMEOUT: Duration = Duration::from_secs(5);

fn reporters(sections: &[ReporterSection], tls: Option<&Mutual>) -> Result<Vec<Reporter>> {
    let mut all = Vec::new();
    for section in sections {
        let member = section.member.as_deref().map(name_of).transpose()?;
        for url in &section.urls {
            check_destination(url, tls.is_some())?;
            let client = match tls {
                Some(tls) => {
                    let wanted = Expectation { member, scope: member.map(|_| Scope::ENDORSE) };
                    JsonClient::mutual(REPORT_TIMEOUT, tls.clone(), wanted)?
                }
                None => JsonClient::new(REPORT_TIMEOUT)?,
            };
            let voice = member.map_or(Voice::Relay, Voice::Endorser);
            all.push(Reporter::at(voice, client, url)?);
        }
    }
    ensure!(all.len() <= MAX_REPORTERS, "[[reporters]] names more than {MAX_REPORTERS} addresses");
    Ok(all)
}

/// Longest wait for an attestation.
const ATTEST_TIMEOUT: Duration = Duration::from_secs(10);

fn attesters(sections: &[AttesterSection], tls: Option<&Mutual>) -> Result<BTreeMap<B256, Vec<Arc<dyn Attester>>>> {
    let mut all: BTreeMap<B256, Vec<Arc<dyn Attester>>> = BTreeMap::new();
    for section in sections {
        let member = name_of(&section.member)?;
        for url in &section.urls {
            check_destination(url, tls.is_some())?;
            let client = match tls {
                Some(tls) => {
                    let wanted = Expectation { member: Some(member), scope: Some(Scope::ENDORSE) };
                    JsonClient::mutual(ATTEST_TIMEOUT, tls.clone(), wanted)?
                }
                None => JsonClient::new(ATTEST_TIMEOUT)?,
            };
            let attester = RemoteAttester::new(client, url.join(ATTEST_PATH)?);
            all.entry(member).or_default().push(Arc::new(attester));
        }
    }
    Ok(all)
}

const fn default_push_every_blocks() -> u64 {
    64
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
struct AnchorSection {
    /// The chain whose headers it keeps.
    follows: String,
    /// The chain on which it stands.
    host: String,
    /// The contract.
    address: Address,
}

/// An alliance that is looked at, and nothing more.
pub(crate) struct Watched {
    /// Its contract.
    pub(crate) alliance: AllianceContract,
    /// The chains that the file names.
    pub(crate) chains: Vec<Chain>,
    /// Who is asked what is said of requests before they have a number.
    pub(crate) reporters: Vec<Reporter>,
}

/// What a relay's file says of an alliance, for those who look at it. No key is read but that of `[tls]`, and that only where somebody reports.
pub(crate) async fn watched(config: &Path) -> Result<Watched> {
    let file: RelayFile = configuration(config)?;
    let section = file.alliance.with_context(|| format!("{} names no alliance", config.display()))?;
    let ledger = connect(&file.chains, config).await?;
    let alliance = AllianceContract { chain: ledger.chain(&section.chain)?.clone(), address: section.contract };
    let reporters = match &file.tls {
        Some(section) if !file.reporters.is_empty() => {
            let opened = Box::pin(tls::open(config, section, alliance.clone(), Expectation::default())).await;
            // What is reported is left out then: what is proven is shown without a certificate.
            match opened {
                Ok(own) => reporters(&file.reporters, Some(&own.tls))?,
                Err(error) => {
                    let config = config.display();
                    warn!(error = format!("{error:#}"), %config, "nobody is asked what is reported of requests: [tls] cannot be used");
                    Vec::new()
                }
            }
        }
        _ => reporters(&file.reporters, None)?,
    };
    Ok(Watched { alliance, chains: ledger.chains().cloned().collect(), reporters })
}

/// What a relay's file says, for those who look whether it is well. No key is read.
pub(super) struct Described {
    pub(super) listen: SocketAddr,
    pub(super) is_encrypted: bool,
    pub(super) push_every_blocks: u64,
    pub(super) chains: Vec<Chain>,
    /// `None`: it carries headers alone.
    pub(super) alliance: Option<AllianceContract>,
}

/// Reads a relay's file; its chains need not answer.
pub(super) async fn described(config: &Path) -> Result<Described> {
    let file: RelayFile = configuration(config)?;
    let ledger = connect(&file.chains, config).await?;
    let alliance = match &file.alliance {
        Some(section) => {
            Some(AllianceContract { chain: ledger.chain(&section.chain)?.clone(), address: section.contract })
        }
        None => None,
    };
    Ok(Described {
        listen: file.listen,
        is_encrypted: file.tls.is_some(),
        push_every_blocks: file.push_every_blocks.max(1),
        chains: ledger.chains().cloned().collect(),
        alliance,
    })
}

/// Runs until it is told to stop.
pub(crate) async fn run(options: &RunRelay) -> Result<()> {
    let file: RelayFile = configuration(&options.config)?;
    ensure!(file.push_every_blocks > 0, "push_every_blocks is at least 1");
    let key = Arc::new(match &file.key_file {
        None => SubmitterKey::random(),
        Some(name) => key_at(&place_of(name, options.config.parent().unwrap_or_else(|| Path::new(""))))?,
    });
    let ledger = connect(&file.chains, &options.config).await?;
    let mut anchors = Vec::new();
    for anchor in &file.anchors {
        let (followed, host) = (ledger.chain(&anchor.follows)?.clone(), ledger.chain(&anchor.host)?.clone());
        anchors.push(AnchorRelay { followed, host, anchor: anchor.address, key: Arc::clone(&key) });
    }
    let tls = match (&file.tls, &file.alliance) {
        (None, _) => None,
        (Some(_), None) => bail!("[tls] needs [alliance]: certificates are looked up there"),
        (Some(section), Some(alliance)) => {
            let chain = ledger.chain(&alliance.chain)?.clone();
            let alliance = AllianceContract { chain, address: alliance.contract };
            // It says who it is, and needs no more.
            Some(tls::open(&options.config, section, alliance, Expectation::default()).await?)
        }
    };
    let courier = match &file.alliance {
        None => None,
        Some(section) => {
            let attesters = attesters(&file.attesters, tls.as_ref().map(|own| &own.tls))?;
            Some(Arc::new(assemble(section, &ledger, attesters, &key).await?))
        }
    };
    let trust = trust::open(&file.trust, &ledger, &key).await?;
    ensure!(
        !(anchors.is_empty() && trust.is_empty() && courier.is_none()),
        "there is nothing to carry: name an alliance, anchors or trust registries"
    );
    info!(payer = %key.address(), anchors = anchors.len(), trust = trust.len(), "carrying");
    let board = Arc::new(AnchorBoard::default());
    let watched = observed::routes(courier.clone(), Arc::clone(&board));
    let routes = match &courier {
        Some(courier) => submissions(courier.clone()),
        None => Router::new(),
    };
    let routes = routes.merge(watched.clone());
    let compared: Vec<_> = trust.iter().map(|(relay, _)| relay.anchor.clone()).collect();
    let pushes = push_all(&anchors, &compared, courier.as_ref(), file.push_every_blocks, &board);
    let carries = async {
        match &courier {
            Some(courier) => courier.run().await,
            None => pending().await,
        }
    };
    let shows = join_all(trust.iter().map(|(relay, issuers)| keep_shown(relay, issuers)));
    let observes = observe(file.observe, watched).await?;
    // Their types are deep.
    let work = async { _ = join4(Box::pin(pushes), Box::pin(carries), Box::pin(shows), Box::pin(observes)).await };
    Box::pin(serve_nodes_until(file.listen, routes, tls, "relay", options.until_stdin_ends, work)).await
}

/// Serves these besides, on loopback, where the file says so. It does not end by itself.
async fn observe(listen: Option<SocketAddr>, routes: Router) -> Result<impl Future<Output = ()>> {
    let listener = match listen {
        None => None,
        Some(listen) => {
            ensure!(
                listen.ip().is_loopback(),
                "observe = {listen}: nothing is encrypted there, so it is a loopback address"
            );
            let listener =
                TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen} for observe"))?;
            info!(address = %listener.local_addr()?, "metrics and health");
            Some(listener)
        }
    };
    Ok(async move {
        match listener {
            None => pending().await,
            Some(listener) => serve(listener, routes, CancellationToken::new()).await,
        }
    })
}

/// The courier of an alliance, which has learnt who its members are.
async fn assemble(
    section: &AllianceSection,
    ledger: &Ledger,
    attesters: BTreeMap<B256, Vec<Arc<dyn Attester>>>,
    key: &Arc<SubmitterKey>,
) -> Result<Courier> {
    let alliance = AllianceContract { chain: ledger.chain(&section.chain)?.clone(), address: section.contract };
    let ways = Ways { alliance, chains: ledger.chains().cloned().collect(), attesters, key: Arc::clone(key) };
    let courier = Courier::learning(ways, CourierLimits::default());
    let mut tries = 0;
    while let Err(error) = Box::pin(courier.learn()).await {
        if tries >= START_TRIES {
            return Err(error).context("the alliance cannot be read");
        }
        warn!(%error, "the alliance cannot be read yet");
        tries += 1;
        tokio::time::sleep(START_PAUSE).await;
    }
    Ok(courier)
}
