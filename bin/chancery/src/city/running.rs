//! The five entities of a city that runs: in this process, or in five.

use std::sync::Arc;

use anyhow::Result;
use chancery_execution::GenesisConfig;
use chancery_ledger::SubmitterKey;

use super::{
    apart::apart,
    chain_access,
    chains::CityChains,
    children::Children,
    entities::{EntityDoors, Ground, lock_all},
    layout::{CityChain, DataDir},
};
use crate::arguments::{Entities, Services};

/// What keeps them.
pub(super) enum Running {
    /// In this process, which is all of them; most operations that are audited in a second without anybody asking.
    Together(u32),
    /// In five others.
    Separate(Children),
}

impl Running {
    /// Begins to start the entities over chains that run.
    pub(super) fn start(options: &Services, json: bool, data: &DataDir, chains: &CityChains) -> Result<Self> {
        Ok(match options.entities {
            Entities::Together => Self::Together(options.audit.audit_operations_per_second),
            Entities::Separate => {
                chancery_doors::prepare(&data.doors())?;
                chain_access::tell_endpoints(data, &chains.endpoints())?;
                Self::Separate(Children::start(options, json, data)?)
            }
        })
    }

    /// Waits until they are there. May be dropped.
    pub(super) async fn doors(
        &self,
        ground: &Ground,
        genesis: &[(CityChain, GenesisConfig)],
        chains: &CityChains,
        submitter: &Arc<SubmitterKey>,
    ) -> Result<EntityDoors> {
        let data = &ground.data;
        match self {
            Self::Together(audit_rate) => {
                lock_all(data).await?;
                let files = chain_access::genesis_files(genesis)?;
                let access = chain_access::connect(chains.configs()?, Arc::clone(submitter), files).await?;
                let (ground, audit_rate) = (ground.clone(), *audit_rate);
                apart(move || async move { EntityDoors::together(&ground, access, audit_rate).await }).await
            }
            Self::Separate(children) => {
                children.ready().await?;
                Ok(EntityDoors::separate(data))
            }
        }
    }

    /// Stops them; what they have under way is answered first.
    pub(super) async fn stop(self) {
        if let Self::Separate(children) = self {
            children.stop().await;
        }
    }
}
