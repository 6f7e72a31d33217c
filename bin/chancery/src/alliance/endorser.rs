//! `chancery endorser`: a member's node that executes calls for itself and signs what it finds the same.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use alloy_primitives::{Address, B256};
use anyhow::{Result, ensure};
use chancery_bridge::{
    alliance::certificate::Scope,
    contracts::{AllianceContract, NodeContract},
    endorser::{Endorser as _, NodeEndorser, RenewalFault, RenewingEndorser, router},
    key::NodeKey,
    tls::Expectation,
};
use chancery_primitives::SigningDomain;
use serde::Deserialize;
use tokio::{task::spawn_blocking, time::sleep};
use tracing::info;

use super::{
    beside,
    chains::{ChainSection, connect},
    configuration, database,
    key::{key_at, place_of},
    name_of, serve_nodes_until, tls,
};
use crate::arguments::RunEndorser;

/// Between two looks at the file for a renewed certificate.
const RENEWAL_PAUSE: Duration = Duration::from_secs(1);
/// The same when one could not be taken.
const REFUSED_PAUSE: Duration = Duration::from_secs(2);

/// `endorser.toml`. Paths are relative to it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EndorserFile {
    /// Where requesters ask: with `[tls]` anywhere, without it on loopback.
    listen: SocketAddr,
    /// The member for which it endorses.
    member: String,
    /// The member's node contract.
    node_contract: Address,
    /// Serial number of its transaction certificate. Another one that stands here later is taken while it runs.
    certificate: u64,
    /// Hexadecimal key that its identity certificate names, readable by its owner alone; or the name of a key in a token (`pkcs11:...`).
    key_file: PathBuf,
    /// The member's chain, through the organization's own node.
    chain: ChainSection,
    alliance: AllianceSection,
    /// The declaration of the business database behind the node contract, as `chancery alliance database` has it; absent: it endorses by the chain alone.
    database: Option<PathBuf>,
    /// What it shows to requesters, and how it knows which of them count; absent: whoever reaches it on this machine is answered.
    tls: Option<EndorserTls>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EndorserTls {
    /// TLS key and certificate, as `chancery alliance certificate` writes them.
    certificate: PathBuf,
    /// As in a relay's file.
    #[serde(default = "tls::default_max_silence_s")]
    max_silence_s: u64,
    /// The alliance's chain, by its genesis.
    chain: ChainSection,
}

/// What it signs for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AllianceSection {
    /// EIP-155 id of the alliance chain.
    chain_id: u64,
    /// Its `Alliance` contract.
    contract: Address,
    /// Its chain, where a renewed certificate is looked up before it is taken; absent: that of `[tls]`, if there is one.
    chain: Option<ChainSection>,
}

/// What an endorser's file says, for those who look whether it is well.
pub(super) struct Described {
    pub(super) listen: SocketAddr,
    pub(super) is_encrypted: bool,
    pub(super) member: B256,
    pub(super) certificate: u64,
    pub(super) key_file: PathBuf,
    /// Address of its key, or why the file cannot be used.
    pub(super) key: Result<Address>,
    pub(super) contract: NodeContract,
    pub(super) alliance_chain_id: u64,
    pub(super) alliance_contract: Address,
    /// The same as it is reached; `None`: the file names no node of that chain.
    pub(super) alliance: Option<AllianceContract>,
    /// The declaration of its database.
    pub(super) database: Option<PathBuf>,
}

/// Reads an endorser's file; its chains need not answer.
pub(super) async fn described(config: &Path) -> Result<Described> {
    let file: EndorserFile = configuration(config)?;
    let ledger = connect(std::slice::from_ref(&file.chain), config).await?;
    let contract = NodeContract { chain: ledger.chain(&file.chain.name)?.clone(), address: file.node_contract };
    let alliance = alliance_of(&file, config).await?;
    let key_file = key_place(config, &file.key_file);
    Ok(Described {
        listen: file.listen,
        is_encrypted: file.tls.is_some(),
        member: name_of(&file.member)?,
        certificate: file.certificate,
        key: key_at(&key_file).map(|key| key.address()),
        key_file,
        contract,
        alliance_chain_id: file.alliance.chain_id,
        alliance_contract: file.alliance.contract,
        alliance,
        database: file.database.as_ref().map(|declared| beside(config, declared)),
    })
}

/// The alliance as the file says how to reach it; `None`: it says that nowhere.
async fn alliance_of(file: &EndorserFile, config: &Path) -> Result<Option<AllianceContract>> {
    let of_tls = file.tls.as_ref().map(|tls| &tls.chain);
    let Some(section) = file.alliance.chain.as_ref().or(of_tls) else { return Ok(None) };
    let ledger = connect(std::slice::from_ref(section), config).await?;
    let chain = ledger.chain(&section.name)?.clone();
    let (found, wanted) = (chain.config().chain_id, file.alliance.chain_id);
    ensure!(found == wanted, "{} is chain {found}, and the alliance is on {wanted}", section.name);
    Ok(Some(AllianceContract { chain, address: file.alliance.contract }))
}

fn key_place(config: &Path, name: &Path) -> PathBuf {
    place_of(name, config.parent().unwrap_or_else(|| Path::new("")))
}

/// Runs until it is told to stop.
pub(crate) async fn run(options: &RunEndorser) -> Result<()> {
    let file: EndorserFile = configuration(&options.config)?;
    let key = NodeKey::from(key_at(&key_place(&options.config, &file.key_file))?);
    let ledger = connect(std::slice::from_ref(&file.chain), &options.config).await?;
    let chain = ledger.chain(&file.chain.name)?.clone();
    info!(member = file.member, certificate = file.certificate, key = %key.address(), "endorsing");
    let contract = NodeContract { chain, address: file.node_contract };
    let database = match &file.database {
        Some(declared) => Some(database::corroboration(&contract, &beside(&options.config, declared))?),
        None => None,
    };
    let endorser = NodeEndorser {
        domain: SigningDomain::new(file.alliance.chain_id, file.alliance.contract),
        member: name_of(&file.member)?,
        contract,
        certificate: file.certificate,
        key: Arc::new(key),
        database,
    };
    let tls = match &file.tls {
        Some(section) => Some(mutual(section, &file, &options.config).await?),
        None => None,
    };
    let alliance = alliance_of(&file, &options.config).await?;
    let endorser = Arc::new(RenewingEndorser::new(endorser, alliance));
    let (routes, renewing) = (router(Arc::clone(&endorser)), renew(&options.config, &endorser));
    Box::pin(serve_nodes_until(file.listen, routes, tls, "endorser", options.until_stdin_ends, renewing)).await
}

/// Takes the certificate that stands in the file, as often as another one does. Everything else of the file counts from the next start on.
async fn renew(config: &Path, endorser: &RenewingEndorser) {
    loop {
        let has_fault = endorser.renewal_fault().is_some();
        sleep(if has_fault { REFUSED_PAUSE } else { RENEWAL_PAUSE }).await;
        let path = config.to_owned();
        match spawn_blocking(move || configuration::<EndorserFile>(&path)).await {
            Ok(Ok(file)) => Box::pin(endorser.renew(file.certificate)).await,
            Ok(Err(error)) => endorser.keep(RenewalFault::FileUnusable, &format!("{error:#}")),
            Err(error) => endorser.keep(RenewalFault::FileUnusable, &error.to_string()),
        }
    }
}

async fn mutual(section: &EndorserTls, file: &EndorserFile, config: &Path) -> Result<tls::OwnTls> {
    let alliance = &file.alliance;
    let ledger = connect(std::slice::from_ref(&section.chain), config).await?;
    let chain = ledger.chain(&section.chain.name)?.clone();
    let found = chain.config().chain_id;
    ensure!(found == alliance.chain_id, "tls.chain is chain {found}, and the alliance is on {}", alliance.chain_id);
    let shown = tls::TlsSection { certificate: section.certificate.clone(), max_silence_s: section.max_silence_s };
    let wanted = Expectation { member: Some(name_of(&file.member)?), scope: Some(Scope::ENDORSE) };
    tls::open(config, &shown, AllianceContract { chain, address: alliance.contract }, wanted).await
}
