//! Taking connections from a listener: as many as there may be, of all and of each client address.

use std::{sync::Arc, time::Duration};

use axum::Router;
use tokio::{net::TcpListener, sync::Semaphore, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Peer, Protocol,
    connection::{Patience, connection},
};
use crate::{
    limits::{DRAIN_TIMEOUT, HEADER_TIMEOUT},
    state::Shared,
};

/// How long nothing is accepted after a connection could not be.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves connections until `shutdown` is cancelled, and then what is under way, at most [`DRAIN_TIMEOUT`].
pub(super) async fn serve(
    shared: Arc<Shared>,
    router: Router,
    protocol: Protocol,
    listener: TcpListener,
    shutdown: CancellationToken,
) {
    let places = Arc::new(Semaphore::new(shared.config.limits.max_connections));
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
                let is_proxy = shared.config.trusted_proxies.contains(&peer.address.to_canonical());
                let held = if is_proxy { None } else { shared.connections.take(peer.address) };
                if held.is_none() && !is_proxy {
                    tracing::debug!("a client has as many connections as it may: one more was closed");
                    continue;
                }
                // Answers are small: waiting for more to send only makes them late.
                let _ = stream.set_nodelay(true);
                let (router, tls) = (router.clone(), shared.config.tls.clone());
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
