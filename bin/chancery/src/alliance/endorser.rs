//! `chancery endorser`: a member's node that executes calls for itself and signs what it finds the same.

use std::{future::pending, net::SocketAddr, path::PathBuf, sync::Arc};

use alloy_primitives::Address;
use anyhow::{Context as _, Result};
use chancery_bridge::{
    contracts::NodeContract,
    endorser::{NodeEndorser, router},
    key::NodeKey,
};
use chancery_primitives::SigningDomain;
use serde::Deserialize;
use tracing::info;

use super::{chains::ChainSection, chains::connect, configuration, name_of, serve_until};
use crate::{arguments::RunEndorser, city::secrets::read_private};

/// `endorser.toml`. Paths are relative to it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EndorserFile {
    /// Where requesters ask. Nobody is authenticated here: loopback, or a network that only the members reach.
    listen: SocketAddr,
    /// The member for which it endorses.
    member: String,
    /// The member's node contract.
    node_contract: Address,
    /// Serial number of its transaction certificate.
    certificate: u64,
    /// Hexadecimal key that its identity certificate names; readable by its owner alone.
    key_file: PathBuf,
    /// The member's chain, through the organization's own node.
    chain: ChainSection,
    alliance: AllianceSection,
}

/// What it signs for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AllianceSection {
    /// EIP-155 id of the alliance chain.
    chain_id: u64,
    /// Its `Alliance` contract.
    contract: Address,
}

/// Runs until it is told to stop.
pub(crate) async fn run(options: &RunEndorser) -> Result<()> {
    let file: EndorserFile = configuration(&options.config)?;
    let path = options.config.parent().map_or_else(|| file.key_file.clone(), |it| it.join(&file.key_file));
    let text = read_private(&path).with_context(|| format!("cannot read the key file {}", path.display()))?;
    let key = NodeKey::from_hex(&text).with_context(|| format!("{} holds no key", path.display()))?;
    let ledger = connect(std::slice::from_ref(&file.chain), &options.config).await?;
    let chain = ledger.chain(&file.chain.name)?.clone();
    info!(member = file.member, certificate = file.certificate, key = %key.address(), "endorsing");
    let endorser = NodeEndorser {
        domain: SigningDomain::new(file.alliance.chain_id, file.alliance.contract),
        member: name_of(&file.member)?,
        contract: NodeContract { chain, address: file.node_contract },
        certificate: file.certificate,
        key: Arc::new(key),
    };
    let routes = router(Arc::new(endorser));
    Box::pin(serve_until(file.listen, routes, "endorser", options.until_stdin_ends, pending())).await
}
