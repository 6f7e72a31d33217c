//! MQTT of a city: its own listener, and brokers that others run.

use std::{
    io::ErrorKind,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use alloy_primitives::Address;
use anyhow::{Context, Result};
use chancery_gateway::mqtt::{self, Broker};
use chancery_reference_points::r2d::R2dSources;
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The port of MQTT (IANA).
const PORT: u16 = 1883;

/// Listens where it was told, or on MQTT's own port, or on a free one where a broker or another city has that already.
pub(crate) async fn listen(told: Option<SocketAddr>) -> Result<TcpListener> {
    if let Some(address) = told {
        return TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address} for MQTT: choose another --mqtt"));
    }
    match TcpListener::bind((Ipv4Addr::LOCALHOST, PORT)).await {
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            tracing::info!(port = PORT, "the port of MQTT is taken: a free one is used");
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await
        }
        bound => bound,
    }
    .context("cannot listen for MQTT")
}

/// The brokers of a city. Its session at each is named after its key, which stays and which no other city has.
pub(crate) fn brokers(urls: &[String], city: Address) -> Result<Vec<Broker>> {
    let name = format!("chancery-{}", hex::encode(&city[..6]));
    urls.iter().map(|url| Broker::parse(url, &name).context("--mqtt-broker")).collect()
}

/// Serves all of them until `shutdown` is cancelled; what is waited for then.
pub(crate) fn serve(
    listener: TcpListener,
    brokers: Vec<Broker>,
    sources: &Arc<dyn R2dSources>,
    shutdown: &CancellationToken,
) -> TaskTracker {
    let tasks = TaskTracker::new();
    tasks.spawn(mqtt::serve(listener, Arc::clone(sources), shutdown.clone()));
    for broker in brokers {
        tasks.spawn(mqtt::follow(broker, Arc::clone(sources), shutdown.clone()));
    }
    tasks.close();
    tasks
}
