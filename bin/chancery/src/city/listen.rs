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

/// A development city is on this machine alone. One with keys of its own listens where it is told, beyond this machine with TLS.
///
/// # Errors
/// Where it may not, and how to get there.
pub(crate) fn ensure_may_listen(
    option: &str,
    told: Option<SocketAddr>,
    is_development: bool,
    is_encrypted: bool,
) -> Result<()> {
    let Some(address) = told.filter(|address| !address.ip().is_loopback()) else { return Ok(()) };
    ensure!(
        !is_development,
        "a development city listens on loopback only, and {option} {address} is not: its keys are public (docs/decisions/0006); found a city with keys of its own: \
         `chancery network founding`, then `chancery up --founding FILE` with another --data-dir (docs/operations)"
    );
    ensure!(
        is_encrypted,
        "a city listens beyond this machine with TLS only, and {option} {address} has none: give a certificate and its key, or put a proxy with TLS before an address of this machine"
    );
    Ok(())
}

impl Service {
    /// Of its address.
    pub(crate) const fn scheme(self) -> &'static str {
        self.scheme
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // FOUND-7
    #[test]
    fn public_keys_stay_on_this_machine_and_others_leave_it_encrypted() {
        let (here, everywhere) = (Some("127.0.0.1:0".parse().unwrap()), Some("0.0.0.0:8080".parse().unwrap()));
        for (told, is_development, is_encrypted) in
            [(None, true, false), (here, true, false), (here, false, false), (everywhere, false, true)]
        {
            ensure_may_listen("--gateway", told, is_development, is_encrypted).unwrap();
        }
        for is_encrypted in [false, true] {
            let refused = ensure_may_listen("--grpc", everywhere, true, is_encrypted).unwrap_err().to_string();
            assert!(refused.contains("--grpc 0.0.0.0:8080") && refused.contains("--founding"), "{refused}");
        }
        assert!(ensure_may_listen("--mqtt", everywhere, false, false).unwrap_err().to_string().contains("TLS"));
    }
}
