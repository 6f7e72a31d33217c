//! The own listener: clients connect to the city itself.

use std::{sync::Arc, time::Duration};

use chancery_reference_points::r2d::R2dSources;
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    connection::converse,
    limits::{CONNECT_TIMEOUT, MAX_CLIENTS, MAX_CLIENTS_PER_ADDRESS},
    metrics::ListenerMetrics,
};
use crate::{
    limits::{DRAIN_TIMEOUT, PerClient},
    tls::{ServerTls, Spoken},
};

/// How a listener speaks.
#[derive(Clone, Debug, Default)]
pub struct ListenerOptions {
    /// TLS alone; in clear text without it.
    pub tls: Option<ServerTls>,
    /// Where it counts.
    pub metrics: ListenerMetrics,
}

/// Serves MQTT on a listener until `shutdown` is cancelled; then takes no more clients, tells those that are there, and waits for what is being
/// decided, at most [`DRAIN_TIMEOUT`].
pub async fn serve(
    listener: TcpListener,
    sources: Arc<dyn R2dSources>,
    options: ListenerOptions,
    shutdown: CancellationToken,
) {
    let ListenerOptions { tls, metrics } = options;
    let (places, clients) = (Arc::new(Semaphore::new(MAX_CLIENTS)), TaskTracker::new());
    let per_address = PerClient::new(MAX_CLIENTS_PER_ADDRESS);
    loop {
        // A place first: when all are taken, new clients wait in the kernel.
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = async { (Arc::clone(&places).acquire_owned().await, listener.accept().await) } => accepted,
        };
        match accepted {
            (Ok(place), Ok((stream, peer))) => {
                let Some(held) = per_address.take(peer.ip()) else {
                    metrics.ended("too-many-of-one-address");
                    continue;
                };
                // Answers are small: waiting for more to send only makes them late.
                let _ = stream.set_nodelay(true);
                let (sources, shutdown) = (Arc::clone(&sources), shutdown.clone());
                let (tls, metrics) = (tls.clone(), metrics.clone());
                clients.spawn(async move {
                    let _open = metrics.connected();
                    match tls {
                        None => converse(stream, sources.as_ref(), &metrics, &shutdown).await,
                        Some(tls) => match agreed(tls.accept(Spoken::Mqtt, CONNECT_TIMEOUT, stream), &shutdown).await {
                            Some(stream) => converse(stream, sources.as_ref(), &metrics, &shutdown).await,
                            None => metrics.handshake_failed(),
                        },
                    }
                    drop((place, held));
                });
            }
            (_, Err(error)) => {
                // Out of file descriptors, or the peer gave up: go on, but not in a busy loop.
                tracing::warn!(%error, "an MQTT connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            (Err(_), Ok(_)) => break,
        }
    }
    drop(listener);
    clients.close();
    if tokio::time::timeout(DRAIN_TIMEOUT, clients.wait()).await.is_err() {
        tracing::warn!("MQTT messages were still being decided when the time to drain was over");
    }
}

/// A handshake that is done; nobody waits for one when the city stops.
async fn agreed<T>(handshake: impl Future<Output = std::io::Result<T>>, shutdown: &CancellationToken) -> Option<T> {
    tokio::select! {
        () = shutdown.cancelled() => None,
        done = handshake => {
            done.inspect_err(|error| tracing::debug!(%error, "a client and the MQTT listener did not agree on TLS")).ok()
        }
    }
}
