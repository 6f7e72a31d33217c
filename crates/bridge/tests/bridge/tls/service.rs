//! A service in this process that tells each node what it is known as, or never answers.

use std::{future::pending, sync::Arc, time::Duration};

use axum::{Extension, Json, Router, middleware::from_fn_with_state, routing::post};
use chancery_bridge::{
    alliance::certificate::Scope,
    http::{CallError, Channel, JsonClient, bounded, demand, serve_mutual_in},
    tls::{ChannelFault, Expectation, Mutual, PeerFault},
};
use serde::{Deserialize, Serialize};
use tokio::{
    net::TcpListener,
    sync::{Notify, Semaphore},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use url::Url;

/// Many times what a request takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// More connections than a test has.
const PLACES: usize = 64;

/// Serial number of the transaction certificate that the asking node has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Known {
    pub(super) transaction: Option<u64>,
}

/// A refusal that this service does not make.
#[derive(Debug, Deserialize)]
pub(super) enum Never {}

pub(super) struct Service {
    url: Url,
    /// Told when somebody waits at [`Self::ask_forever`]'s door.
    pub(super) entered: Arc<Notify>,
    serving: JoinHandle<()>,
}

impl Service {
    pub(super) async fn start(tls: Mutual) -> Self {
        Self::start_in(Arc::new(Semaphore::new(PLACES)), tls).await
    }

    /// With places for connections that somebody else may hold.
    pub(super) async fn start_in(places: Arc<Semaphore>, tls: Mutual) -> Self {
        let entered = Arc::new(Notify::new());
        let told = Arc::clone(&entered);
        let never = move || async move {
            told.notify_one();
            pending::<()>().await
        };
        let routes = Router::new()
            .route("/who", post(who))
            .route("/request", post(who).layer(from_fn_with_state(Scope::REQUEST, demand)))
            .route("/never", post(never));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap()).parse().unwrap();
        let serving = tokio::spawn(serve_mutual_in(places, listener, bounded(routes), tls, CancellationToken::new()));
        Self { url, entered, serving }
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    pub(super) async fn ask(&self, tls: &Mutual, wanted: Expectation, path: &str) -> Result<Known, CallError> {
        let client = JsonClient::mutual(PATIENCE, tls.clone(), wanted).unwrap();
        match client.post::<Known, Never>(self.url.join(path).unwrap(), &()).await? {
            Ok(known) => Ok(known),
            Err(never) => match never {},
        }
    }

    /// Why a node is refused there.
    pub(super) async fn refusal(&self, tls: &Mutual) -> PeerFault {
        match self.ask(tls, Expectation::default(), "request").await {
            Err(CallError::Channel(ChannelFault::Ours { fault })) => fault,
            other => panic!("refused otherwise: {other:?}"),
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn who(Extension(channel): Extension<Channel>) -> Json<Known> {
    let Channel::Mutual(peer) = channel else { panic!("served in plain text") };
    Json(Known { transaction: peer.transaction })
}
