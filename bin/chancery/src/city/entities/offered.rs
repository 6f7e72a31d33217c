//! One entity by itself: what it offers to the other processes of its city, over the doors of theirs that it uses.

use std::sync::Arc;

use anyhow::Result;
use chancery_controlling::Controlling;
use chancery_doors::Offered;
use chancery_monitoring::{AlertDesk, DataAudit, Monitoring};
use chancery_processing::Processing;
use chancery_provisioning::{DataService, Provisioning};
use chancery_representation::Representation;
use chancery_search::DataSearch;

use super::{ChainAccess, Ground, clock, directory, made, remote};
use crate::{
    arguments::EntityName,
    city::{founded::Founded, layout::DataDir},
};

/// Opens an entity. Processing asks for its chains and for who is registered, representation and provisioning for the database; controlling keeps nothing, and
/// monitoring what it watches by. `audit_rate`: most operations that it audits in a second without anybody asking.
pub(in crate::city) async fn offered(
    entity: EntityName,
    data: &DataDir,
    database_url: Option<&str>,
    audit_rate: u32,
    chains: impl AsyncFnOnce() -> Result<ChainAccess>,
) -> Result<Offered> {
    let at = |entity| Arc::new(remote(data, entity));
    let founded = Arc::new(Founded::of_existing(data)?);
    Ok(match entity {
        EntityName::Processing => {
            let access = chains().await?;
            // The keys of the database go with the ground: processing reads who is registered, and no name.
            let registrations = Ground::open(data, &founded, database_url).await?.database.registrations();
            let (roles, note) = (founded.roles()?, data.relay_note());
            let city = (&directory(&founded), &clock());
            of_processing(Arc::new(made::processing(access, registrations, roles, &note, city)?))
        }
        EntityName::Representation => {
            let ground = Ground::open(data, &founded, database_url).await?;
            let representation = Arc::new(made::representation(&ground, at(EntityName::Processing))?);
            let search = Arc::new(made::search(data, &representation, at(EntityName::Processing))?);
            of_representation(representation, search)
        }
        EntityName::Provisioning => {
            let ground = Ground::open(data, &founded, database_url).await?;
            let provisioning = Arc::new(made::provisioning(&ground, at(EntityName::Processing)).await?);
            // The journal is representation's, and search is where the journal is.
            let service = made::data_service(&ground, at(EntityName::Representation), provisioning.clone())?;
            of_provisioning(provisioning, Arc::new(service))
        }
        EntityName::Controlling => of_controlling(Arc::new(Controlling::new(
            at(EntityName::Processing),
            at(EntityName::Representation),
            at(EntityName::Provisioning),
        ))),
        EntityName::Monitoring => {
            let (processing, representation) = (at(EntityName::Processing), at(EntityName::Representation));
            let watch = made::watch(
                data,
                processing.clone(),
                representation.clone(),
                (founded.main_chain_id(), &clock()),
                audit_rate,
            )?;
            let alert_desk = Arc::new(AlertDesk::new(watch.alerts(), representation.clone()));
            alert_desk.mend(representation.clone());
            let monitoring = Monitoring::new(processing.clone(), representation.clone(), at(EntityName::Provisioning));
            let audit = DataAudit::new(processing, representation, watch);
            of_monitoring(Arc::new(monitoring), alert_desk, Arc::new(audit))
        }
    })
}

pub(super) fn of_processing(processing: Arc<Processing>) -> Offered {
    let offered = Offered::new(EntityName::Processing.name());
    offered.p2r(processing.clone()).s2p(processing.clone()).c2p(processing.clone()).m2p(processing)
}

pub(super) fn of_representation(representation: Arc<Representation>, search: Arc<DataSearch>) -> Offered {
    Offered::new(EntityName::Representation.name())
        .r2d(representation.clone())
        .r2d_sources(representation.clone())
        .c2r(representation.clone())
        .m2r(representation.clone())
        .m2r_data(representation)
        .s2p_data(search)
}

pub(super) fn of_provisioning(provisioning: Arc<Provisioning>, service: Arc<DataService>) -> Offered {
    let offered = Offered::new(EntityName::Provisioning.name());
    offered.u2s(provisioning.clone()).u2s_data(service).c2s(provisioning.clone()).m2s(provisioning)
}

pub(super) fn of_controlling(controlling: Arc<Controlling>) -> Offered {
    Offered::new(EntityName::Controlling.name()).o2c(controlling)
}

pub(super) fn of_monitoring(monitoring: Arc<Monitoring>, alerts: Arc<AlertDesk>, audit: Arc<DataAudit>) -> Offered {
    Offered::new(EntityName::Monitoring.name()).v2m(monitoring).o2c_alerts(alerts).v2m_data(audit)
}
