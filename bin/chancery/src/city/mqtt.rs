//! MQTT of a city: its own listener, and brokers that others run.

use std::{path::Path, sync::Arc};

use alloy_primitives::Address;
use anyhow::{Context, Result};
use chancery_gateway::{
    mqtt::{self, Broker, ListenerOptions},
    tls::ServerTls,
};
use chancery_reference_points::r2d::R2dSources;
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The brokers of a city. Its session at each is named after its key, which stays and which no other city has.
pub(crate) fn brokers(urls: &[String], city: Address) -> Result<Vec<Broker>> {
    let name = format!("chancery-{}", hex::encode(&city[..6]));
    urls.iter().map(|url| Broker::parse(url, &name).context("--mqtt-broker")).collect()
}

/// How the listener speaks: TLS with the files that were named, or clear text.
pub(crate) fn listener_options(files: Option<(&Path, &Path)>) -> Result<ListenerOptions> {
    let tls = files.map(|(certificate, key)| ServerTls::open(certificate, key)).transpose();
    Ok(ListenerOptions { tls: tls.context("--mqtt-tls-certificate, --mqtt-tls-key")?, ..ListenerOptions::default() })
}

/// Serves all of them until `shutdown` is cancelled; what is waited for then.
pub(crate) fn serve(
    (listener, options): (TcpListener, ListenerOptions),
    brokers: Vec<Broker>,
    sources: &Arc<dyn R2dSources>,
    shutdown: &CancellationToken,
) -> TaskTracker {
    let tasks = TaskTracker::new();
    tasks.spawn(mqtt::serve(listener, Arc::clone(sources), options, shutdown.clone()));
    for broker in brokers {
        tasks.spawn(mqtt::follow(broker, Arc::clone(sources), shutdown.clone()));
    }
    tasks.close();
    tasks
}
