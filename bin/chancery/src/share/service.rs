//! `chancery share serve`: the owner's service.

use std::{future::pending, sync::Arc};

use anyhow::{Context as _, Result};
use chancery_gateway::{Origin, department};
use chancery_sharing::release::ChainTrust;

use super::{Owner, releases::DataSetReleases};
use crate::{
    alliance::serve_until,
    arguments::{Connection, ServeShared},
    keys,
};

/// Runs until it is told to stop.
pub(crate) async fn run(options: &ServeShared, connection: &Connection) -> Result<()> {
    let owner = Owner::open(&options.file.file, &keys::of(connection)?).await?;
    let section = owner.set.service.as_ref().with_context(|| {
        format!(
            "{} has no [service]: say where it listens and under which url it is reached",
            options.file.file.display()
        )
    })?;
    let listen = section.listen;
    let origins = vec![Origin::parse(&section.url)?, Origin::parse(&format!("http://{listen}"))?];
    let main_chain_id = owner.chain.config().chain_id;
    let department = owner.department()?;
    let releases = DataSetReleases { department, set: owner.set, trust: ChainTrust::default() };
    let router = department::router(origins, main_chain_id, Arc::new(releases));
    Box::pin(serve_until(listen, router, "department", options.until_stdin_ends, pending())).await
}
