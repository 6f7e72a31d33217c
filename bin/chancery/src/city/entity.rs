//! `chancery entity`: one of the five in a process of its own, until it is told to stop.

use std::pin::pin;

use anyhow::{Context as _, Result, ensure};
use chancery_doors::{DoorListener, EntityLock, Offered, check, serve};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{
    apart::apart,
    chain_access,
    entities::{self, LOCK_PATIENCE},
    layout::DataDir,
    served::Served,
};
use crate::{arguments::RunEntity, output::Output, stop::told_to_stop};

/// Runs an entity. Its socket is there when it answers, and not before: until then others are told that it does not.
pub(crate) async fn run(options: &RunEntity, output: Output) -> Result<()> {
    let mut stop = pin!(told_to_stop(options.until_stdin_ends)?);
    let data = DataDir::new(&options.data_dir);
    ensure!(
        data.genesis().is_dir(),
        "{} holds no city: start one first (`chancery up` or `chancery gateway`, with `--entities separate`)",
        data.path().display()
    );
    let name = options.entity.name();
    let (listener, offered) = tokio::select! {
        biased;
        () = stop.as_mut() => return Ok(()),
        opened = open(options, &data) => opened?,
    };
    let shutdown = CancellationToken::new();
    let mut serving = Served::spawn(name, serve(listener, offered, shutdown.clone()));
    output.ready(&json!({"entity": name}), format_args!("entity={name}"));
    let outcome = tokio::select! {
        () = stop => Ok(()),
        failed = serving.failed() => Err(failed),
    };
    shutdown.cancel();
    let served = serving.ended().await;
    outcome.and(served)
}

/// Opens what the entity keeps, and listens.
async fn open(options: &RunEntity, data: &DataDir) -> Result<(DoorListener, Offered)> {
    let (entity, name, folder) = (options.entity, options.entity.name(), data.doors());
    // What would fail at the end anyway fails before a journal is read.
    check(&folder, name)?;
    // Before anything is opened, until the process ends: what writes the journal may outlive everything here.
    let lock = EntityLock::take(&folder, name, LOCK_PATIENCE).await?.until_the_process_ends();
    let (data, database, audit_rate) =
        (data.clone(), options.database_url.clone(), options.audit.audit_operations_per_second);
    let offered = apart(move || async move {
        let chains = async || chain_access::of_running_city(&data).await;
        entities::offered(entity, &data, database.as_deref(), audit_rate, chains).await
    });
    let offered = offered.await.with_context(|| format!("{name} cannot be opened"))?;
    Ok((DoorListener::bind(&folder, name, lock)?, offered))
}
