//! The five entities, joined by their doors: as neighbours in one process, or each in a process of its own (decision 0032).

mod front;
mod made;
mod offered;

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, Result};
use chancery_certificates::directory::CityDirectory;
use chancery_controlling::Controlling;
use chancery_doors::{EntityLock, Followed, Offered, Remote};
use chancery_identity::{DatabaseLocation, IdentityDatabase, KeyRing};
use chancery_ledger::{Ledger, SubmitterKey};
use chancery_monitoring::{AlertDesk, DataAudit, Monitoring};
use chancery_primitives::CertificateKind;
use chancery_reference_points::{
    journal::Clock,
    o2c::{O2c, O2cAlerts},
    operation::ChainName,
    r2d::{R2d, R2dSources},
    s2p::S2p,
    u2s::{U2s, U2sData},
    v2m::{V2m, V2mData},
};
use serde_json::Value;

use super::{founded::Founded, layout::DataDir};
use crate::arguments::EntityName;

pub(super) use front::gateway_doors;
pub(super) use offered::offered;

/// How long an entity waits for the process that was it before: one that was told to stop answers what is under way first.
pub(super) const LOCK_PATIENCE: Duration = Duration::from_secs(15);

/// What everybody stands on, whichever process they are in.
#[derive(Clone)]
pub(super) struct Ground {
    pub(super) data: DataDir,
    pub(super) database: IdentityDatabase,
    pub(super) directory: Arc<CityDirectory>,
    pub(super) founded: Arc<Founded>,
    pub(super) clock: Clock,
}

impl Ground {
    /// Opens the identity database: the one at the URL, or the default one.
    pub(super) async fn open(data: &DataDir, founded: &Arc<Founded>, database_url: Option<&str>) -> Result<Self> {
        let location = match database_url {
            Some(url) => url.parse()?,
            None => DatabaseLocation::Sqlite(data.identity_database()),
        };
        let keys = KeyRing::load_or_create(&data.secrets().join("identity.keys"))?;
        let database =
            IdentityDatabase::open(&location, keys).await.context("the identity database cannot be opened")?;
        let (directory, founded) = (directory(founded), Arc::clone(founded));
        Ok(Self { data: data.clone(), database, directory, founded, clock: clock() })
    }
}

/// How processing reaches the chains.
pub(super) struct ChainAccess {
    pub(super) ledger: Ledger,
    pub(super) submitter: Arc<SubmitterKey>,
    /// Genesis files by chain.
    pub(super) genesis: BTreeMap<&'static str, Value>,
}

/// The doors of the entities that others of a city use: the gateway and the applications.
pub(super) struct EntityDoors {
    pub(super) r2d: Arc<dyn R2d>,
    pub(super) r2d_sources: Arc<dyn R2dSources>,
    pub(super) u2s: Arc<dyn U2s>,
    pub(super) u2s_data: Arc<dyn U2sData>,
    pub(super) o2c: Arc<dyn O2c>,
    pub(super) o2c_alerts: Arc<dyn O2cAlerts>,
    pub(super) v2m: Arc<dyn V2m>,
    pub(super) v2m_data: Arc<dyn V2mData>,
    pub(super) s2p: Arc<dyn S2p>,
}

impl EntityDoors {
    /// All five entities in this process, and what each offers, in the order of [`EntityName::ALL`]. `audit_rate`: most operations that are audited in a second
    /// without anybody asking.
    pub(super) async fn together(
        ground: &Ground,
        chains: ChainAccess,
        audit_rate: u32,
    ) -> Result<(Self, [Offered; EntityName::ALL.len()])> {
        let registrations = ground.database.registrations();
        let roles = ground.founded.roles()?;
        let (note, city) = (ground.data.relay_note(), (&ground.directory, &ground.clock));
        let processing = Arc::new(made::processing(chains, registrations, roles, &note, city)?);
        // Neighbours ask one another as processes do: each operation is seen in traces (TRACE-4).
        let to_processing = Arc::new(Followed(processing.clone()));
        let representation = Arc::new(made::representation(ground, to_processing.clone())?);
        let to_representation = Arc::new(Followed(representation.clone()));
        let provisioning = Arc::new(made::provisioning(ground, to_processing.clone()).await?);
        let to_provisioning = Arc::new(Followed(provisioning.clone()));
        let controlling =
            Arc::new(Controlling::new(to_processing.clone(), to_representation.clone(), to_provisioning.clone()));
        let monitoring =
            Arc::new(Monitoring::new(to_processing.clone(), to_representation.clone(), to_provisioning.clone()));
        let search = Arc::new(made::search(&ground.data, &representation, processing.clone())?);
        let watch = made::watch(
            &ground.data,
            to_processing.clone(),
            to_representation.clone(),
            (ground.directory.main_chain_id(), &ground.clock),
            audit_rate,
        )?;
        let data_service =
            Arc::new(made::data_service(ground, Arc::new(Followed(search.clone())), provisioning.clone())?);
        let alert_desk = Arc::new(AlertDesk::new(watch.alerts(), to_representation.clone()));
        alert_desk.mend(to_representation.clone());
        let audit = Arc::new(DataAudit::new(to_processing.clone(), to_representation.clone(), watch));
        let offered = [
            offered::of_processing(processing),
            offered::of_representation(representation.clone(), search),
            offered::of_provisioning(provisioning, data_service.clone()),
            offered::of_controlling(controlling.clone()),
            offered::of_monitoring(monitoring.clone(), alert_desk.clone(), audit.clone()),
        ];
        let doors = Self {
            r2d: to_representation,
            // What sources submit is seen by the groups of the journal, not one by one.
            r2d_sources: representation,
            u2s: to_provisioning,
            u2s_data: Arc::new(Followed(data_service)),
            o2c: Arc::new(Followed(controlling)),
            v2m: Arc::new(Followed(monitoring)),
            o2c_alerts: Arc::new(Followed(alert_desk)),
            v2m_data: Arc::new(Followed(audit)),
            s2p: to_processing,
        };
        Ok((doors, offered))
    }

    /// Each entity in a process of its own, which need not be there yet.
    pub(super) fn separate(data: &DataDir) -> Self {
        let at = |entity: EntityName| Arc::new(remote(data, entity));
        let (representation, provisioning) = (at(EntityName::Representation), at(EntityName::Provisioning));
        let monitoring = at(EntityName::Monitoring);
        Self {
            r2d: representation.clone(),
            r2d_sources: representation,
            u2s: provisioning.clone(),
            u2s_data: provisioning,
            o2c: at(EntityName::Controlling),
            o2c_alerts: monitoring.clone(),
            v2m: monitoring.clone(),
            v2m_data: monitoring,
            s2p: at(EntityName::Processing),
        }
    }
}

/// An entity in a process of its own.
pub(super) fn remote(data: &DataDir, entity: EntityName) -> Remote {
    Remote::new(&data.doors(), entity.name())
}

/// Takes the locks of all five, in the order of [`EntityName::ALL`], for a process that is all of them: two processes would write one journal. They are held until it
/// ends: what writes the journal may outlive everything else.
pub(super) async fn lock_all(data: &DataDir) -> Result<Vec<&'static EntityLock>> {
    let mut locks = Vec::with_capacity(EntityName::ALL.len());
    for entity in EntityName::ALL {
        let lock = EntityLock::take(&data.doors(), entity.name(), LOCK_PATIENCE).await?;
        locks.push(lock.until_the_process_ends());
    }
    Ok(locks)
}

pub(super) fn directory(founded: &Founded) -> Arc<CityDirectory> {
    let main = founded.main_chain_id();
    let kinds = founded
        .sides()
        .into_iter()
        .filter_map(|chain| Some((chain.name.parse::<CertificateKind>().ok()?, chain.id(main))));
    Arc::new(CityDirectory::new(main, kinds))
}

pub(super) fn clock() -> Clock {
    Arc::new(now_ms)
}

fn chain_name(name: &str) -> ChainName {
    ChainName(name.to_owned())
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
