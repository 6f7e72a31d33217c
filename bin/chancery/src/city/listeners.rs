//! Where a city listens: opened before anything else starts.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use chancery_gateway::{mqtt::ListenerOptions, tls::ServerTls};
use tokio::net::TcpListener;

use super::{founded::Founded, listen, mqtt};
use crate::arguments::Services;

/// What is listened to, and where.
pub(super) struct Listeners {
    pub(super) gateway: TcpListener,
    pub(super) address: SocketAddr,
    /// Of the gateway and of gRPC.
    pub(super) tls: Option<ServerTls>,
    pub(super) mqtt: TcpListener,
    pub(super) mqtt_address: SocketAddr,
    pub(super) mqtt_options: ListenerOptions,
    pub(super) grpc: TcpListener,
    pub(super) grpc_address: SocketAddr,
}

impl Listeners {
    /// Whether the city may listen where it is told (FOUND-7).
    ///
    /// # Errors
    /// Where it may not.
    pub(super) fn check(options: &Services, founded: &Founded) -> Result<()> {
        let is_encrypted = options.tls_certificate.is_some();
        let told = [
            ("--gateway", Some(options.gateway), is_encrypted),
            ("--mqtt", options.mqtt, options.mqtt_tls().is_some()),
            ("--grpc", options.grpc, is_encrypted),
        ];
        for (option, address, is_encrypted) in told {
            listen::ensure_may_listen(option, address, founded.is_development(), is_encrypted)?;
        }
        Ok(())
    }

    /// Opens all of them.
    ///
    /// # Errors
    /// A port that is taken, or a certificate that cannot be used.
    pub(super) async fn open(options: &Services) -> Result<Self> {
        let tls = match (&options.tls_certificate, &options.tls_key) {
            (Some(certificate), Some(key)) => Some(ServerTls::open(certificate, key)?),
            _ => None,
        };
        let gateway = TcpListener::bind(options.gateway).await.with_context(|| {
            format!("cannot listen on {}: is another city running? Choose another --gateway", options.gateway)
        })?;
        let address = gateway.local_addr()?;
        let mqtt_options = mqtt::listener_options(options.mqtt_tls())?;
        let mqtt = Self::mqtt_service(options).listen(options.mqtt).await?;
        let mqtt_address = mqtt.local_addr()?;
        let grpc = listen::GRPC.listen(options.grpc).await?;
        let grpc_address = grpc.local_addr()?;
        Ok(Self { gateway, address, tls, mqtt, mqtt_address, mqtt_options, grpc, grpc_address })
    }

    /// What the city's own MQTT listener speaks.
    pub(super) fn mqtt_service(options: &Services) -> listen::Service {
        if options.mqtt_tls().is_some() { listen::MQTTS } else { listen::MQTT }
    }
}
