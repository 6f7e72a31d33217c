//! One entity by itself: what it offers to the other processes of its city, over the doors of theirs that it uses.

use std::sync::Arc;

use anyhow::Result;
use chancery_controlling::Controlling;
use chancery_doors::Offered;
use chancery_monitoring::{AlertDesk, DataAudit, Monitoring};

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
    let offered = Offered::new(entity.name());
    let founded = Arc::new(Founded::of_existing(data)?);
    Ok(match entity {
        EntityName::Processing => {
            let access = chains().await?;
            // The keys of the database go with the ground: processing reads who is registered, and no name.
            let registrations = Ground::open(data, &founded, database_url).await?.database.registrations();
            let (roles, note) = (founded.roles()?, data.relay_note());
            let city = (&directory(&founded), &clock());
            let processing = Arc::new(made::processing(access, registrations, roles, &note, city)?);
            offered.p2r(processing.clone()).s2p(processing.clone()).c2p(processing.clone()).m2p(processing)
        }
        EntityName::Representation => {
            let ground = Ground::open(data, &founded, database_url).await?;
            let representation = Arc::new(made::representation(&ground, at(EntityName::Processing))?);
            let search = Arc::new(made::search(data, &representation, at(EntityName::Processing))?);
            offered
                .r2d(representation.clone())
                .r2d_sources(representation.clone())
                .c2r(representation.clone())
                .m2r(representation.clone())
                .m2r_data(representation)
                .s2p_data(search)
        }
        EntityName::Provisioning => {
            let ground = Ground::open(data, &founded, database_url).await?;
            let provisioning = Arc::new(made::provisioning(&ground, at(EntityName::Processing)).await?);
            // The journal is representation's, and search is where the journal is.
            let service = made::data_service(&ground, at(EntityName::Representation), provisioning.clone())?;
            offered.u2s(provisioning.clone()).u2s_data(Arc::new(service)).c2s(provisioning.clone()).m2s(provisioning)
        }
        EntityName::Controlling => offered.o2c(Arc::new(Controlling::new(
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
            let monitoring = Monitoring::new(processing.clone(), representation.clone(), at(EntityName::Provisioning));
            offered
                .v2m(Arc::new(monitoring))
                .o2c_alerts(Arc::new(AlertDesk::new(watch.alerts(), representation.clone())))
                .v2m_data(Arc::new(DataAudit::new(processing, representation, watch)))
        }
    })
}
