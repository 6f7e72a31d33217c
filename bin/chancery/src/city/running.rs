//! The five entities of a city that runs: in this process, or in five.

use anyhow::Result;
use chancery_doors::EntityLock;
use chancery_execution::GenesisConfig;
use chancery_ledger::ChainConfig;

use super::{
    chain_access,
    children::Children,
    entities::{EntityDoors, Ground, lock_all},
    layout::CityChain,
    nodes::CityNodes,
};
use crate::arguments::{Entities, Up};

/// What keeps them.
pub(super) enum Running {
    /// In this process, which is all of them.
    Together(Vec<EntityLock>),
    /// In five others.
    Separate(Children),
}

impl Running {
    /// Starts the entities over chains that run.
    pub(super) async fn start(
        options: &Up,
        json: bool,
        ground: &Ground,
        genesis: &[(CityChain, GenesisConfig)],
        nodes: &[CityNodes],
    ) -> Result<(Self, EntityDoors)> {
        let data = &ground.data;
        match options.entities {
            Entities::Together => {
                let locks = lock_all(data).await?;
                let files = chain_access::genesis_files(genesis)?;
                let access = chain_access::connect(configs(nodes)?, chain_access::submitter(data)?, files).await?;
                Ok((Self::Together(locks), EntityDoors::together(ground, access).await?))
            }
            Entities::Separate => {
                chancery_doors::prepare(&data.doors())?;
                chain_access::tell_endpoints(data, nodes)?;
                let children = Children::start(options, json, data)?;
                children.ready().await?;
                Ok((Self::Separate(children), EntityDoors::separate(data)))
            }
        }
    }

    /// Stops them; what they have under way is answered first.
    pub(super) async fn stop(self) {
        match self {
            // They are held until the process ends: what writes the journal may outlive everything here.
            Self::Together(locks) => std::mem::forget(locks),
            Self::Separate(children) => children.stop().await,
        }
    }
}

fn configs(nodes: &[CityNodes]) -> Result<Vec<ChainConfig>> {
    nodes
        .iter()
        .map(|nodes| {
            let node = nodes.first();
            Ok(ChainConfig::certified(nodes.chain.name, node.rpc_url().parse()?, node.essentials().clone()))
        })
        .collect()
}
