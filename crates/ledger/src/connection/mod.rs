//! One JSON-RPC endpoint: time limits, the breaker, and its identity (LEDGER-1, LEDGER-4).

mod breaker;
mod transport;

use std::sync::atomic::{AtomicBool, Ordering};

use alloy::{
    pubsub::Subscription,
    rpc::{
        client::{ClientBuilder, RpcClient},
        json_rpc::{ErrorPayload, RpcError, RpcRecv, RpcSend},
        types::{Block, Header},
    },
    transports::{TransportError, TransportErrorKind},
};
use alloy_primitives::{B256, U64};
use chancery_traces::{TARGET, is_followed};
use parking_lot::Mutex;
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};
use tracing::{Instrument as _, Span, info_span};

use self::{
    breaker::Breaker,
    transport::{BoundedHttp, OneWebSocket},
};
use crate::{ChainConfig, Endpoint, LedgerError, LedgerLimits};

/// A block or transaction that the node does not have (EIP-1474).
const RESOURCE_NOT_FOUND: i64 = -32001;

/// How a request ends when it does not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The node answered with a JSON-RPC error.
    Refused(ErrorPayload),
    /// It did not answer, answered something unreadable, or is of another chain.
    Other(LedgerError),
}

/// Whether a question may open the endpoint.
#[derive(Clone, Copy)]
enum Opening {
    /// Only those that ask which chain it is.
    WhereNeeded,
    Never,
}

/// The connection to one chain.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) config: ChainConfig,
    pub(crate) limits: LedgerLimits,
    breaker: Breaker,
    client: Mutex<Option<RpcClient>>,
    identified: AtomicBool,
    /// Places for requests that are on their way.
    turns: Semaphore,
    /// Held while the endpoint is connected and identified, so that it happens once.
    opening: tokio::sync::Mutex<()>,
}

impl Connection {
    /// Over `client`; without one, the endpoint is opened when it is first asked.
    pub(crate) fn new(config: ChainConfig, client: Option<RpcClient>, limits: LedgerLimits) -> Self {
        let breaker = Breaker::new(
            limits.breaker_failures,
            limits.breaker_open_min,
            limits.breaker_open_max,
            limits.request_timeout,
        );
        Self {
            config,
            limits,
            breaker,
            client: Mutex::new(client),
            identified: AtomicBool::new(false),
            turns: Semaphore::new(limits.max_requests_in_flight),
            opening: tokio::sync::Mutex::new(()),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.config.name
    }

    /// Sends a request; an error of the node becomes [`LedgerError::RequestRefused`].
    pub(crate) async fn request<P: RpcSend, R: RpcRecv>(
        &self,
        method: &'static str,
        params: P,
    ) -> Result<R, LedgerError> {
        self.attempt(method, params).await.map_err(|failure| self.refusal(method, failure))
    }

    /// Sends a request and leaves an error of the node to the caller.
    pub(crate) async fn attempt<P: RpcSend, R: RpcRecv>(&self, method: &'static str, params: P) -> Result<R, Failure> {
        self.identify().await.map_err(Failure::Other)?;
        self.exchange(method, params, Opening::Never).await
    }

    /// Asks for something that may not be there: null, or the error that says so (EIP-1474 "resource not found").
    pub(crate) async fn find<P: RpcSend, R: RpcRecv>(
        &self,
        method: &'static str,
        params: P,
    ) -> Result<Option<R>, LedgerError> {
        match self.attempt(method, params).await {
            Ok(found) => Ok(found),
            Err(Failure::Refused(error)) if error.code == RESOURCE_NOT_FOUND => Ok(None),
            Err(failure) => Err(self.refusal(method, failure)),
        }
    }

    /// Makes sure that the endpoint is connected and of the configured chain.
    pub(crate) async fn identify(&self) -> Result<(), LedgerError> {
        if self.identified.load(Ordering::Acquire) {
            return Ok(());
        }
        let _opening = self.opening.lock().await;
        if self.identified.load(Ordering::Acquire) {
            return Ok(());
        }
        self.check_chain_id().await?;
        self.check_genesis().await?;
        self.identified.store(true, Ordering::Release);
        Ok(())
    }

    /// New heads, if the endpoint is a WebSocket and offers them.
    pub(crate) async fn heads(&self) -> Option<Subscription<Header>> {
        if !self.is_websocket() {
            return None;
        }
        let id: B256 = self.attempt("eth_subscribe", ("newHeads",)).await.ok()?;
        let client = self.client.lock().clone()?;
        // Gone if the connection ended in between: the client's own method would panic.
        client.pubsub_frontend()?.get_subscription(id).await.ok().map(Into::into)
    }

    /// The error that a node's refusal is, in general.
    pub(crate) fn refusal(&self, method: &'static str, failure: Failure) -> LedgerError {
        match failure {
            Failure::Other(error) => error,
            Failure::Refused(error) => LedgerError::RequestRefused {
                chain: self.config.name.clone(),
                method,
                code: error.code,
                reason: bounded(&error.message),
            },
        }
    }

    pub(crate) fn malformed(&self, method: &'static str, reason: impl Into<String>) -> LedgerError {
        LedgerError::MalformedAnswer { chain: self.config.name.clone(), method, reason: reason.into() }
    }

    fn is_websocket(&self) -> bool {
        matches!(self.config.rpc_url.scheme(), "ws" | "wss")
    }

    async fn check_chain_id(&self) -> Result<(), LedgerError> {
        let found: U64 = self.open("eth_chainId", ()).await?;
        let expected = self.config.chain_id;
        if found.to::<u64>() == expected {
            return Ok(());
        }
        let chain = self.config.name.clone();
        Err(LedgerError::WrongChainId { chain, expected, found: found.to() })
    }

    async fn check_genesis(&self) -> Result<(), LedgerError> {
        let Some(expected) = self.config.genesis_hash else { return Ok(()) };
        let genesis: Option<Block<B256>> = self.open("eth_getBlockByNumber", ("0x0", false)).await?;
        let found = genesis.map(|block| block.header.hash).unwrap_or_default();
        if found == expected {
            return Ok(());
        }
        Err(LedgerError::WrongGenesis { chain: self.config.name.clone(), expected, found })
    }

    async fn open<P: RpcSend, R: RpcRecv>(&self, method: &'static str, params: P) -> Result<R, LedgerError> {
        self.exchange(method, params, Opening::WhereNeeded).await.map_err(|failure| self.refusal(method, failure))
    }

    async fn exchange<P: RpcSend, R: RpcRecv>(
        &self,
        method: &'static str,
        params: P,
        opening: Opening,
    ) -> Result<R, Failure> {
        // A node that is asked hundreds of things at once answers the last late: that is no silence. Of one that is silent whoever waited hears from the breaker.
        let _turn = self.turns.acquire().await.map_err(|_| self.unreachable("the connection is closed"))?;
        if !self.breaker.admits(Instant::now()) {
            return Err(self.unreachable("it did not answer lately; not asked again yet"));
        }
        let standing = match opening {
            Opening::WhereNeeded => None,
            Opening::Never => Some(self.standing().ok_or_else(|| self.unreachable("the connection was lost"))?),
        };
        let asking = async {
            let client = match standing {
                Some(client) => client,
                None => self.client().await?,
            };
            client.request::<P, R>(method, params).await
        };
        let answer = timeout(self.limits.request_timeout, asking.instrument(self.span(method)));
        match answer.await {
            Ok(Ok(answer)) => {
                self.breaker.answered();
                Ok(answer)
            }
            Ok(Err(error)) => Err(self.classify(method, error)),
            Err(_) => {
                // A connection may be dead without a word, and is only looked at while nobody asks.
                if self.is_websocket() {
                    self.close();
                }
                Err(self.lost("no answer in time"))
            }
        }
    }

    /// The span of a question that belongs to something: what is asked for by itself, such as whether there is a new block, would hide everything else.
    fn span(&self, method: &'static str) -> Span {
        if !is_followed() {
            return Span::none();
        }
        info_span!(target: TARGET, "chain", otel.name = method, otel.kind = "client", rpc.system = "jsonrpc", chain = self.config.name)
    }

    /// The next question opens the endpoint anew, and asks which chain it is.
    fn close(&self) {
        self.identified.store(false, Ordering::Release);
        *self.client.lock() = None;
    }

    /// The client, if it is that of an identified endpoint: whoever waited for a turn may find another connection than before.
    fn standing(&self) -> Option<RpcClient> {
        let client = self.client.lock().clone();
        client.filter(|_| !self.is_websocket() || self.identified.load(Ordering::Acquire))
    }

    /// The client, connected now if it was not.
    async fn client(&self) -> Result<RpcClient, TransportError> {
        if let Some(client) = self.client.lock().clone() {
            return Ok(client);
        }
        // A file of a line, read anew whenever the endpoint is opened.
        let endpoint = Endpoint::read(&self.config.rpc_url).map_err(TransportErrorKind::custom)?;
        let client = if self.is_websocket() {
            ClientBuilder::default().pubsub(OneWebSocket::new(&endpoint, self.limits.max_response_bytes)).await?
        } else {
            let http =
                BoundedHttp::new(&endpoint, self.limits.max_response_bytes).map_err(TransportErrorKind::custom)?;
            RpcClient::new(http, true)
        };
        *self.client.lock() = Some(client.clone());
        Ok(client)
    }

    fn classify(&self, method: &'static str, error: TransportError) -> Failure {
        let reason = match error {
            RpcError::ErrorResp(payload) => {
                self.breaker.answered();
                return Failure::Refused(payload);
            }
            RpcError::DeserError { err, .. } => err.to_string(),
            RpcError::NullResp => "null".to_owned(),
            RpcError::Transport(TransportErrorKind::NonRetryable(cause)) => cause.to_string(),
            RpcError::Transport(error) => {
                if error.is_backend_gone() {
                    self.close();
                }
                return self.lost(error.to_string());
            }
            other => other.to_string(),
        };
        self.breaker.answered();
        Failure::Other(self.malformed(method, reason))
    }

    /// The endpoint did not answer: it may be another one when it does again.
    fn lost(&self, reason: impl Into<String>) -> Failure {
        self.breaker.failed(Instant::now());
        self.identified.store(false, Ordering::Release);
        self.unreachable(reason)
    }

    fn unreachable(&self, reason: impl Into<String>) -> Failure {
        let chain = self.config.name.clone();
        Failure::Other(LedgerError::ChainUnreachable { chain, reason: reason.into() })
    }
}

/// Longest text of a node that is repeated, in characters.
const MAX_REASON_CHARS: usize = 300;

pub(crate) fn bounded(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MAX_REASON_CHARS).collect()
}
