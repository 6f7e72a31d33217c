//! The chains of a city, wherever their nodes run.

use std::sync::Arc;

use alloy_primitives::B256;
use anyhow::{Context as _, Error, Result};
use chancery_gateway::{doors::PeerView, metrics::MetricsSource};
use chancery_ledger::ChainConfig;
use commonware_runtime::{Metrics as _, Supervisor as _, tokio as runtime};

use super::{
    elsewhere::{Distant, Said},
    layout::MAIN,
    nodes::{self, CityNodes},
    peers::NodePeers,
};
use crate::network::measured;

/// The chains, the main chain among them.
pub(super) enum CityChains {
    /// Their nodes run in this process, whose runtime measures itself.
    Here(Vec<CityNodes>, MetricsSource),
    /// Others run them, and say how they are.
    Elsewhere(Vec<Distant>, Arc<Said>),
}

impl CityChains {
    /// Of nodes that run in this process.
    pub(super) fn here(context: &runtime::Context, nodes: Vec<CityNodes>) -> Self {
        let context = context.child("metrics");
        Self::Here(nodes, Arc::new(move || context.encode()))
    }

    /// How a ledger reaches them.
    pub(super) fn configs(&self) -> Result<Vec<ChainConfig>> {
        match self {
            Self::Here(nodes, _) => nodes::configs(nodes),
            Self::Elsewhere(chains, _) => Ok(chains.iter().map(|distant| distant.config.clone()).collect()),
        }
    }

    /// JSON-RPC of each by its name, for other processes of the city.
    pub(super) fn endpoints(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Here(nodes, _) => {
                nodes.iter().map(|nodes| (nodes.chain.name, nodes.first().rpc_url().to_owned())).collect()
            }
            Self::Elsewhere(chains, _) => {
                chains.iter().map(|distant| (distant.chain.name, distant.config.rpc_url.to_string())).collect()
            }
        }
    }

    /// The same for everybody: of a password only that there is one.
    pub(super) fn shown(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Here(..) => self.endpoints(),
            Self::Elsewhere(chains, _) => {
                chains.iter().map(|distant| (distant.chain.name, distant.shown_url())).collect()
            }
        }
    }

    /// Genesis hash of the main chain.
    pub(super) fn main_genesis(&self) -> Result<B256> {
        let config = self.configs()?.into_iter().find(|config| config.name == MAIN.name);
        config.and_then(|config| config.genesis_hash).context("there is no main chain")
    }

    /// Who runs each and how it is, as its node hears it.
    pub(super) fn peers(&self) -> Arc<dyn PeerView> {
        match self {
            Self::Here(nodes, _) => Arc::new(NodePeers::of(nodes)),
            Self::Elsewhere(_, said) => said.clone(),
        }
    }

    /// What nodes of this process measure.
    pub(super) fn metrics(&self) -> MetricsSource {
        match self {
            Self::Here(nodes, runtime) => {
                let chains: Vec<_> = nodes.iter().map(|nodes| Arc::clone(nodes.first())).collect();
                let runtime = Arc::clone(runtime);
                Arc::new(move || {
                    let mut text = measured::text(chains.iter().map(AsRef::as_ref));
                    text.push_str(&runtime());
                    text
                })
            }
            Self::Elsewhere(..) => Arc::new(String::new),
        }
    }

    /// Waits until a node of this process fails. One elsewhere that does not answer is no failure of the city: it goes on when that does.
    pub(super) async fn failed(&self) -> Error {
        match self {
            Self::Here(nodes, _) => {
                let failures = nodes.iter().map(|nodes| Box::pin(nodes.failed()));
                futures::future::select_all(failures).await.0
            }
            Self::Elsewhere(..) => std::future::pending().await,
        }
    }

    /// Stops what runs in this process.
    pub(super) async fn shutdown(self) {
        match self {
            Self::Here(nodes, _) => {
                for nodes in nodes {
                    nodes.shutdown().await;
                }
            }
            Self::Elsewhere(chains, _) => drop(chains),
        }
    }
}
