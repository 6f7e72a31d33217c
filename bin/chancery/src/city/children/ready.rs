//! When an entity is there: its own process says so, and nobody else.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use anyhow::{Result, bail, ensure};
use chancery_doors::{Health, holder};
use tokio::time::{sleep, timeout};
use tracing::info;

use super::Life;
use crate::{
    arguments::EntityName,
    city::{entities::remote, layout::DataDir},
};

/// How often a process may end before it has answered; then it is given up.
const MAX_ENDS: u32 = 6;
/// Longest that it may take to say how it is.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(2);
/// How often it is asked.
const PAUSE: Duration = Duration::from_millis(50);
/// How often it is said that somebody is waited for.
const SAY_EVERY: Duration = Duration::from_secs(10);

/// Waits until the process of an entity answers: as long as one lives, and until [`MAX_ENDS`] have ended. One that does not get the entity's lock ends by itself.
pub(super) async fn ready(data: &DataDir, entity: EntityName, life: &Life) -> Result<()> {
    let (name, remote) = (entity.name(), remote(data, entity));
    let mut said = Instant::now();
    loop {
        let pid = life.pid.load(Ordering::SeqCst);
        let why = match timeout(HEALTH_TIMEOUT, remote.health()).await {
            Ok(Ok(health)) => match stranger(&health, name, pid) {
                None => return of_this_release(&health),
                Some(stranger) => stranger,
            },
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it does not say how it is".to_owned(),
        };
        let other = || holder(&data.doors(), name).filter(|holder| *holder != pid);
        let held = || other().map(|pid| format!("; process {pid} holds {name}.lock")).unwrap_or_default();
        if life.ended.load(Ordering::SeqCst) >= MAX_ENDS {
            bail!("{name} does not start: {why}{} (its own words are above)", held());
        }
        if said.elapsed() >= SAY_EVERY {
            said = Instant::now();
            info!(entity = name, pid, why = why + &held(), "waiting until the entity answers");
        }
        sleep(PAUSE).await;
    }
}

/// Who answers in the place of an entity's process, if it is not that.
fn stranger(health: &Health, name: &str, pid: u32) -> Option<String> {
    let Health { entity, process_id, .. } = health;
    (entity != name || *process_id != pid).then(|| format!("process {process_id} answers in its place, as {entity}"))
}

fn of_this_release(health: &Health) -> Result<()> {
    let (own, release) = (env!("CARGO_PKG_VERSION"), &health.release);
    ensure!(release == own, "{} is of release {release}, not {own}", health.entity);
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use chancery_doors::{DoorListener, EntityLock, Offered, serve};
    use tokio::net::UnixListener;
    use tokio_util::sync::CancellationToken;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    fn life(pid: u32, ended: u32) -> Life {
        let life = Life::default();
        life.begins(Some(pid));
        life.ended.store(ended, Ordering::SeqCst);
        life
    }

    async fn asked(data: &DataDir, life: &Life) -> Result<()> {
        timeout(PATIENCE, ready(data, EntityName::Controlling, life)).await.unwrap()
    }

    // DOORS-2: whoever else answers at the socket is not believed, and is named.
    #[tokio::test]
    async fn an_entity_is_there_when_its_own_process_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::new(folder.path());
        let lock = EntityLock::try_take(&data.doors(), "controlling").unwrap();
        let listener = DoorListener::bind(&data.doors(), "controlling", &lock).unwrap();
        let shutdown = CancellationToken::new();
        let serving = tokio::spawn(serve(listener, Offered::new("controlling"), shutdown.clone()));
        let own = std::process::id();
        asked(&data, &life(own, MAX_ENDS)).await.unwrap();
        let error = asked(&data, &life(own + 1, MAX_ENDS)).await.unwrap_err().to_string();
        assert!(error.contains(&format!("process {own} holds controlling.lock")), "{error}");
        assert!(error.contains(&format!("process {own} answers in its place")), "{error}");
        shutdown.cancel();
        serving.await.unwrap();
    }

    #[test]
    fn another_entity_is_a_stranger_too() {
        let health =
            Health { entity: "monitoring".into(), release: String::new(), process_id: 7, services: Vec::new() };
        assert_eq!(stranger(&health, "monitoring", 7), None);
        assert!(stranger(&health, "controlling", 7).is_some() && stranger(&health, "monitoring", 8).is_some());
    }

    // DOORS-4: an entity that lives is waited for; one that ended often is given up, although somebody listens and says nothing.
    #[tokio::test]
    async fn a_process_that_lives_is_waited_for_and_one_that_keeps_ending_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::new(folder.path());
        chancery_doors::prepare(&data.doors()).unwrap();
        let silent = UnixListener::bind(data.doors().join("controlling.sock")).unwrap();
        let alive = life(std::process::id(), MAX_ENDS - 1);
        let dead = life(0, MAX_ENDS);
        let mut waiting = std::pin::pin!(ready(&data, EntityName::Controlling, &alive));
        tokio::select! {
            ended = waiting.as_mut() => panic!("{ended:?}"),
            error = asked(&data, &dead) => {
                let error = error.unwrap_err().to_string();
                assert!(error.contains("does not say how it is"), "{error}");
            }
        }
        alive.ends();
        assert!(timeout(PATIENCE, waiting).await.unwrap().is_err());
        drop(silent);
    }
}
