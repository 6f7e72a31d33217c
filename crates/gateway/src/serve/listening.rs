//! Taking connections from a listener: as many as there may be, of all and of each client address.

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::Router;
use tokio::{net::TcpListener, sync::Semaphore, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Peer, Protocol,
    connection::{Patience, connection},
};
use crate::{
    limits::{DRAIN_TIMEOUT, HEADER_TIMEOUT, PerClient},
    state::Shared,
    tls::ServerTls,
};

/// How long nothing is accepted after a connection could not be.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Who is taken, and what is spoken.
#[derive(Debug)]
pub(crate) struct Listening {
    pub(crate) protocol: Protocol,
    /// Absent: plain text.
    pub(crate) tls: Option<ServerTls>,
    /// At a time, of all.
    pub(crate) max_connections: usize,
    /// At a time, of each client address.
    pub(crate) per_client: Arc<PerClient>,
    /// Whose connections are of many clients.
    pub(crate) trusted_proxies: Vec<IpAddr>,
}

impl Listening {
    /// The gateway's, with what is counted over all of its listeners.
    pub(super) fn of(shared: &Shared, protocol: Protocol) -> Self {
        Self {
            protocol,
            tls: shared.config.tls.clone(),
            max_connections: shared.config.limits.max_connections,
            per_client: Arc::clone(&shared.connections),
            trusted_proxies: shared.config.trusted_proxies.clone(),
        }
    }
}

/// Serves connections until `shutdown` is cancelled, and then what is under way, at most [`DRAIN_TIMEOUT`].
pub(crate) async fn serve(listening: Listening, router: Router, listener: TcpListener, shutdown: CancellationToken) {
    let protocol = listening.protocol;
    let places = Arc::new(Semaphore::new(listening.max_connections));
    let connections = TaskTracker::new();
    loop {
        // A place first: when all are taken, new connections wait in the kernel.
        let place = tokio::select! {
            () = shutdown.cancelled() => break,
            place = Arc::clone(&places).acquire_owned() => place,
        };
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, address)) => {
                let peer = Peer::at(address.ip());
                // Connections of a proxy are of many clients.
                let is_proxy = listening.trusted_proxies.contains(&peer.address.to_canonical());
                let held = if is_proxy { None } else { listening.per_client.take(peer.address) };
                if held.is_none() && !is_proxy {
                    tracing::debug!("a client has as many connections as it may: one more was closed");
                    continue;
                }
                // Answers are small: waiting for more to send only makes them late.
                let _ = stream.set_nodelay(true);
                let (router, tls) = (router.clone(), listening.tls.clone());
                let shutdown = shutdown.clone();
                connections.spawn(async move {
                    let ended = match tls {
                        None => connection(router, protocol, stream, peer, Patience::USUAL, shutdown).await,
                        Some(tls) => match tls.accept(protocol.into(), HEADER_TIMEOUT, stream).await {
                            Ok(stream) => {
                                Box::pin(connection(router, protocol, stream, peer, Patience::USUAL, shutdown)).await
                            }
                            Err(error) => Err(error.into()),
                        },
                    };
                    // Errors of one connection (resets, bad bytes) concern nobody else.
                    if let Err(error) = ended {
                        tracing::debug!(%error, "a connection ended with an error");
                    }
                    drop((place, held));
                });
            }
            Err(error) => {
                // Out of file descriptors, or the peer gave up: go on, but not in a busy loop.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    connections.close();
    if timeout(DRAIN_TIMEOUT, connections.wait()).await.is_err() {
        tracing::warn!(
            seconds = DRAIN_TIMEOUT.as_secs(),
            "requests were still under way when the time to drain was over"
        );
    }
}
