//! The listeners of a city beside that of the gateway.

use std::{
    io::ErrorKind,
    net::{Ipv4Addr, SocketAddr},
};

use anyhow::{Context, Result, ensure};
use tokio::net::TcpListener;

/// What is spoken on a listener, and where unless told otherwise.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Service {
    name: &'static str,
    option: &'static str,
    scheme: &'static str,
    port: u16,
}

/// MQTT, on its own port (IANA).
pub(crate) const MQTT: Service = Service { name: "MQTT", option: "--mqtt", scheme: "mqtt", port: 1883 };
/// MQTT over TLS, on its own port (IANA, secure-mqtt).
pub(crate) const MQTTS: Service = Service { name: "MQTT over TLS", option: "--mqtt", scheme: "mqtts", port: 8883 };
/// gRPC, which has no port of its own; this one is usual.
pub(crate) const GRPC: Service = Service { name: "gRPC", option: "--grpc", scheme: "http", port: 9090 };

impl Service {
    /// Of its address.
    pub(crate) const fn scheme(self) -> &'static str {
        self.scheme
    }

    /// A development city is on this machine alone.
    pub(crate) fn ensure_loopback(self, told: Option<SocketAddr>) -> Result<()> {
        let elsewhere = told.filter(|address| !address.ip().is_loopback());
        ensure!(
            elsewhere.is_none(),
            "a development city listens on loopback only, and {} {} is not: its keys are public (docs/decisions/0006)",
            self.option,
            elsewhere.map(|address| address.to_string()).unwrap_or_default()
        );
        Ok(())
    }

    /// Listens where it was told, or on the service's port, or on a free one where something else has that already.
    pub(crate) async fn listen(self, told: Option<SocketAddr>) -> Result<TcpListener> {
        let Self { name, option, port, .. } = self;
        if let Some(address) = told {
            return TcpListener::bind(address)
                .await
                .with_context(|| format!("cannot listen on {address} for {name}: choose another {option}"));
        }
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
            Err(error) if error.kind() == ErrorKind::AddrInUse => {
                tracing::info!(service = name, port, "the port is taken: a free one is used");
                TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await
            }
            bound => bound,
        }
        .with_context(|| format!("cannot listen for {name}"))
    }
}
