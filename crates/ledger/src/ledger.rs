use std::{collections::BTreeMap, sync::Arc};

use alloy::rpc::client::RpcClient;
use futures::future::join_all;

use crate::{Chain, ChainConfig, LedgerError, LedgerLimits, RevertReasons};

/// All chains of the city, by name. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Ledger {
    chains: Arc<BTreeMap<String, Chain>>,
}

impl Ledger {
    /// Connects to the chains, all at once. One that does not answer is tried again when it is used; one that answers as
    /// another chain is an error at once, since no later answer of it could be believed.
    ///
    /// # Errors
    /// `WrongChainId`, `WrongGenesis`, `GenesisUnusable`, `InClear`.
    pub async fn connect(
        configs: Vec<ChainConfig>,
        limits: LedgerLimits,
        reasons: RevertReasons,
    ) -> Result<Self, LedgerError> {
        Self::reach(configs.into_iter().map(|config| (config, None)), limits, reasons).await
    }

    /// The same over transports of the caller, for nodes that are reached without a socket. `rpc_url` of such a chain is not opened.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub async fn over(
        chains: Vec<(ChainConfig, RpcClient)>,
        limits: LedgerLimits,
        reasons: RevertReasons,
    ) -> Result<Self, LedgerError> {
        Self::reach(chains.into_iter().map(|(config, client)| (config, Some(client))), limits, reasons).await
    }

    async fn reach(
        reached: impl Iterator<Item = (ChainConfig, Option<RpcClient>)>,
        limits: LedgerLimits,
        reasons: RevertReasons,
    ) -> Result<Self, LedgerError> {
        let mut chains = BTreeMap::new();
        for (config, client) in reached {
            let name = config.name.clone();
            chains.insert(name, Chain::new(config, client, limits, reasons.clone())?);
        }
        for (chain, result) in
            join_all(chains.values().map(|chain| async { (chain.name().to_owned(), chain.identify().await) })).await
        {
            match result {
                Ok(()) => {}
                Err(error @ (LedgerError::WrongChainId { .. } | LedgerError::WrongGenesis { .. })) => {
                    return Err(error);
                }
                Err(error) => tracing::warn!(chain, %error, "not reachable at the start"),
            }
        }
        Ok(Self { chains: Arc::new(chains) })
    }

    /// A chain by name.
    ///
    /// # Errors
    /// `UnknownChain`.
    pub fn chain(&self, name: &str) -> Result<&Chain, LedgerError> {
        self.chains.get(name).ok_or_else(|| LedgerError::UnknownChain { chain: name.to_owned() })
    }

    /// All chains, by name.
    pub fn chains(&self) -> impl ExactSizeIterator<Item = &Chain> {
        self.chains.values()
    }
}
