//! A gateway on a loopback socket, with a clock that stands still until a test moves it.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use chancery_gateway::{Doors, Gateway, GatewayConfig, Origin, clock::Clock, limits::Limits};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{
    doors::Behind,
    logs,
    wire::{Answer, Request},
};

/// The time at which every test begins, Unix seconds: shortly before the times of the examples.
pub(crate) const NOW_S: u64 = 1_795_229_900;
/// The id of the main chain.
pub(crate) const MAIN_CHAIN: u64 = 7100;

/// A clock that a test sets.
pub(crate) struct SetClock(AtomicU64);

impl SetClock {
    pub(crate) fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn unix_milliseconds(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// A gateway that serves.
pub(crate) struct Harness {
    pub(crate) behind: Arc<Behind>,
    pub(crate) clock: Arc<SetClock>,
    pub(crate) address: SocketAddr,
    /// Where gRPC is served.
    pub(crate) grpc: SocketAddr,
    shutdown: CancellationToken,
    served: JoinHandle<()>,
    served_grpc: JoinHandle<()>,
}

impl Harness {
    pub(crate) async fn start() -> Self {
        Self::configured(|_| ()).await
    }

    pub(crate) async fn configured(configure: impl FnOnce(&mut GatewayConfig)) -> Self {
        Self::with(configure, |_| ()).await
    }

    /// Behind which no alliance is watched.
    pub(crate) async fn without_alliance() -> Self {
        Self::with(|_| (), |doors| doors.alliance = None).await
    }

    async fn with(configure: impl FnOnce(&mut GatewayConfig), change: impl FnOnce(&mut Doors)) -> Self {
        logs::capture();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut config = GatewayConfig::new(vec![Origin::parse(&format!("http://{address}")).unwrap()], MAIN_CHAIN);
        // The clock stands still, so a bucket that is empty stays empty: rates have tests of their own.
        config.limits = Limits { requests_per_second: u32::MAX, request_burst: u32::MAX, ..Limits::default() };
        configure(&mut config);
        let (behind, clock) = (Arc::new(Behind::default()), Arc::new(SetClock(AtomicU64::new(NOW_S * 1000))));
        let mut doors = behind.doors();
        change(&mut doors);
        let gateway = Gateway::with_clock(config, doors, clock.clone()).unwrap();
        let shutdown = CancellationToken::new();
        let grpc_listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let grpc = grpc_listener.local_addr().unwrap();
        let served_grpc = tokio::spawn(gateway.grpc(shutdown.clone()).await.unwrap().serve(grpc_listener));
        let served = tokio::spawn(gateway.serve(listener, shutdown.clone()));
        Self { behind, clock, address, grpc, shutdown, served, served_grpc }
    }

    /// Host and port, as requests name it.
    pub(crate) fn authority(&self) -> String {
        self.address.to_string()
    }

    pub(crate) fn now(&self) -> u64 {
        self.clock.unix_seconds()
    }

    /// Sends a request as if from another machine, unless it says where it is from itself.
    pub(crate) async fn send(&self, request: Request) -> Answer {
        let request = match request.header("x-forwarded-for") {
            None => request.with("x-forwarded-for", "192.0.2.1"),
            Some(_) => request,
        };
        self.send_from_here(request).await
    }

    /// Sends a request from this machine.
    pub(crate) async fn send_from_here(&self, request: Request) -> Answer {
        let request = match request.header("host") {
            None => request.with("host", &self.authority()),
            Some(_) => request,
        };
        request.send_to(self.address).await
    }

    /// Begins to stop.
    pub(crate) fn begin_to_stop(&self) {
        self.shutdown.cancel();
    }

    /// Stops, and waits for the end.
    pub(crate) async fn stop(self) {
        self.begin_to_stop();
        self.served.await.unwrap();
        self.served_grpc.await.unwrap();
    }
}
