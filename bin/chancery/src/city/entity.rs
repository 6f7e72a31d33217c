//! `chancery entity`: one of the five in a process of its own, until it is told to stop.

use anyhow::{Context as _, Result, ensure};
use chancery_doors::{DoorListener, EntityLock, serve};
use tokio_util::sync::CancellationToken;

use super::{
    chain_access,
    entities::{self, LOCK_PATIENCE},
    layout::DataDir,
    served::Served,
};
use crate::{arguments::RunEntity, stop::told_to_stop};

/// Runs an entity. Its socket is there when it answers, and not before: until then others are told that it does not.
pub(crate) async fn run(options: &RunEntity) -> Result<()> {
    let stop = told_to_stop(options.until_stdin_ends)?;
    let data = DataDir::new(&options.data_dir);
    ensure!(
        data.genesis().is_dir(),
        "{} holds no city: start one first (`chancery up --entities separate`)",
        data.path().display()
    );
    let name = options.entity.name();
    let folder = data.doors();
    let lock = EntityLock::take(&folder, name, LOCK_PATIENCE).await?;
    let chains = async || chain_access::of_running_city(&data).await;
    let offered = entities::offered(options.entity, &data, options.database_url.as_deref(), chains)
        .await
        .with_context(|| format!("{name} cannot be opened"))?;
    let listener = DoorListener::bind(&folder, name, &lock)?;
    // Until the process ends, and not a moment earlier: what writes the journal may outlive everything here.
    std::mem::forget(lock);
    let shutdown = CancellationToken::new();
    let mut serving = Served::spawn(name, serve(listener, offered, shutdown.clone()));
    println!("ready entity={name}");
    let outcome = tokio::select! {
        () = stop => Ok(()),
        failed = serving.failed() => Err(failed),
    };
    shutdown.cancel();
    let served = serving.ended().await;
    outcome.and(served)
}
