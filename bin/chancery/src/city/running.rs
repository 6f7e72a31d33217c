//! The five entities of a city that runs: in this process, or in five.

use std::sync::Arc;

use anyhow::Result;
use chancery_doors::{DoorListener, EntityLock, Offered, serve};
use chancery_execution::GenesisConfig;
use chancery_ledger::SubmitterKey;
use tokio_util::sync::CancellationToken;

use super::{
    apart::apart,
    chain_access,
    chains::CityChains,
    children::Children,
    entities::{EntityDoors, Ground, lock_all},
    layout::{CityChain, DataDir},
    served::Served,
};
use crate::arguments::{Entities, EntityName, Services};

/// What keeps them.
pub(super) enum Running {
    /// In this process, which is all of them.
    Together(Together),
    /// In five others.
    Separate(Children),
}

/// The five in this process.
pub(super) struct Together {
    /// Most operations that are audited in a second without anybody asking.
    audit_rate: u32,
    /// Whether other processes of this city's owner find the doors too, as they find those of five.
    offers_doors: bool,
    /// The doors that are offered to them.
    served: Vec<Served>,
    shutdown: CancellationToken,
}

impl Running {
    /// Begins to start the entities over chains that run.
    pub(super) fn start(options: &Services, json: bool, data: &DataDir, chains: &CityChains) -> Result<Self> {
        Ok(match options.entities {
            Entities::Together => Self::Together(Together {
                audit_rate: options.audit.audit_operations_per_second,
                offers_doors: options.offer_doors,
                served: Vec::new(),
                shutdown: CancellationToken::new(),
            }),
            Entities::Separate => {
                chancery_doors::prepare(&data.doors())?;
                chain_access::tell_endpoints(data, &chains.endpoints())?;
                Self::Separate(Children::start(options, json, data)?)
            }
        })
    }

    /// Waits until they are there. May be dropped.
    pub(super) async fn doors(
        &mut self,
        ground: &Ground,
        genesis: &[(CityChain, GenesisConfig)],
        chains: &CityChains,
        submitter: &Arc<SubmitterKey>,
    ) -> Result<EntityDoors> {
        let data = &ground.data;
        match self {
            Self::Together(together) => {
                let locks = lock_all(data).await?;
                let files = chain_access::genesis_files(genesis)?;
                let access = chain_access::connect(chains.configs()?, Arc::clone(submitter), files).await?;
                let (ground, audit_rate) = (ground.clone(), together.audit_rate);
                let opening = apart(move || async move { EntityDoors::together(&ground, access, audit_rate).await });
                let (doors, offered) = opening.await?;
                if together.offers_doors {
                    together.offer(data, &locks, offered)?;
                }
                Ok(doors)
            }
            Self::Separate(children) => {
                children.ready().await?;
                Ok(EntityDoors::separate(data))
            }
        }
    }

    /// Stops them; what they have under way is answered first.
    pub(super) async fn stop(self) {
        match self {
            Self::Together(together) => together.stop().await,
            Self::Separate(children) => children.stop().await,
        }
    }
}

impl Together {
    /// Listens where each entity in a process of its own would. `locks` and `offered`: in the order of [`EntityName::ALL`].
    fn offer(
        &mut self,
        data: &DataDir,
        locks: &[&EntityLock],
        offered: impl IntoIterator<Item = Offered>,
    ) -> Result<()> {
        for ((entity, lock), offered) in EntityName::ALL.into_iter().zip(locks).zip(offered) {
            let listener = DoorListener::bind(&data.doors(), entity.name(), lock)?;
            self.served.push(Served::spawn(entity.name(), serve(listener, offered, self.shutdown.clone())));
        }
        Ok(())
    }

    async fn stop(self) {
        self.shutdown.cancel();
        for served in self.served {
            if let Err(error) = served.ended().await {
                tracing::warn!(%error, "the doors of an entity did not end well");
            }
        }
    }
}
