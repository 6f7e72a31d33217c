//! From a JSON-RPC request to the function that answers it, on the right thread and within the limits.
//!
//! Sits as jsonrpsee's RPC middleware: every method of the table ([`crate::methods`]) is answered here, subscriptions are
//! passed on. Runs of `eth_sendRawTransaction` within a batch are gathered and given to the pool in one piece, because
//! the pool recovers the senders of a batch in parallel.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Instant,
};

use chancery_traces::{Parent, TARGET};
use jsonrpsee::{
    MethodResponse, ResponsePayload,
    core::{
        JsonRawValue,
        middleware::{Batch, BatchEntry, Notification},
    },
    server::{BatchResponseBuilder, middleware::rpc::RpcServiceT},
    types::{ErrorObjectOwned, Id, Request, error::TOO_MANY_SUBSCRIPTIONS_CODE},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::{Instrument as _, Span, info_span};

use crate::{
    api::Api,
    connection::InFlight,
    error::RpcError,
    methods::{METHODS, Method, Run, instead_of, submission},
    metrics::{MethodIndex, RpcMetrics},
    params::Args,
    subscriptions,
    tokens::{Reach, RpcGroup},
};

/// What a call that is answered here turns into.
type Answer = Result<Box<JsonRawValue>, RpcError>;

/// Marks a request that came over WebSocket, where subscriptions work.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OverWebSocket;

/// The part that all connections share.
#[derive(Debug)]
pub(crate) struct Dispatcher {
    api: Arc<Api>,
    metrics: Arc<RpcMetrics>,
    by_name: HashMap<&'static str, (MethodIndex, &'static Method)>,
    calls: Turns,
    traces: Turns,
    submissions: Turns,
    sync_waits: Turns,
    waiting: AtomicU32,
}

/// How many of one kind may run at the same time.
#[derive(Debug)]
struct Turns {
    permits: Arc<Semaphore>,
}

impl Turns {
    fn new(most: u32) -> Self {
        Self { permits: Arc::new(Semaphore::new(most.max(1) as usize)) }
    }
}

/// Counts a call among the waiting ones until dropped.
struct Waiting<'a>(&'a AtomicU32);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Dispatcher {
    pub(crate) fn new(api: Arc<Api>) -> Self {
        let names = METHODS.iter().map(|method| method.name).chain(subscriptions::NAMES);
        let limits = api.limits();
        Self {
            metrics: Arc::new(RpcMetrics::new(names)),
            by_name: METHODS
                .iter()
                .enumerate()
                .map(|(index, method)| (method.name, (MethodIndex(index), method)))
                .collect(),
            calls: Turns::new(limits.max_concurrent_calls),
            traces: Turns::new(limits.max_concurrent_traces),
            submissions: Turns::new(limits.max_concurrent_submissions),
            sync_waits: Turns::new(limits.max_concurrent_sync_waits),
            waiting: AtomicU32::new(0),
            api,
        }
    }

    pub(crate) fn metrics(&self) -> Arc<RpcMetrics> {
        self.metrics.clone()
    }

    /// Answers a call of a method of the table; the index is where it is counted.
    async fn answer(
        self: &Arc<Self>,
        method: &str,
        params: Option<Box<JsonRawValue>>,
        reach: Reach,
    ) -> (MethodIndex, Answer) {
        let Some(&(index, method)) = self.by_name.get(method) else {
            let unknown = RpcError::MethodNotFound { method: shortened(method), hint: instead_of(method) };
            return (self.metrics.other(), Err(unknown));
        };
        let group = method.group();
        if !reach.covers(group) {
            return (index, Err(RpcError::OutOfReach { method: method.name, group }));
        }
        let answer = match method.run {
            Run::Direct(handler) => Args::parse(params.as_deref().map(JsonRawValue::get), method.arguments)
                .and_then(|args| handler(&self.api, &args)),
            Run::Blocking(handler) => self.run_blocking(&self.calls, method, handler, params).await,
            Run::Tracing(handler) => self.run_blocking(&self.traces, method, handler, params).await,
            Run::Submitting(handler) => self.run_blocking(&self.submissions, method, handler, params).await,
            Run::SubmittingAndWaiting => self.submit_and_wait(method, params).await,
        };
        (index, answer)
    }

    /// Waits for a turn, if not too many others wait already.
    async fn turn(&self, turns: &Turns) -> Result<OwnedSemaphorePermit, RpcError> {
        if let Ok(permit) = turns.permits.clone().try_acquire_owned() {
            return Ok(permit);
        }
        let most = self.api.limits().max_waiting_calls;
        let waiting = Waiting(&self.waiting);
        if self.waiting.fetch_add(1, Ordering::AcqRel) >= most {
            return Err(RpcError::Busy {
                limit: "max_waiting_calls",
                value: most.into(),
                message: "too many calls are waiting",
            });
        }
        let permit = turns.permits.clone().acquire_owned().await;
        drop(waiting);
        permit.map_err(|_| RpcError::Stopping)
    }

    async fn run_blocking(
        &self,
        turns: &Turns,
        method: &'static Method,
        handler: crate::methods::Handler,
        params: Option<Box<JsonRawValue>>,
    ) -> Answer {
        let permit = self.turn(turns).await?;
        let (api, span) = (self.api.clone(), Span::current());
        let task = tokio::task::spawn_blocking(move || {
            // The permit goes with the work: a caller that hangs up does not make room while the work still runs.
            let _permit = permit;
            let args = Args::parse(params.as_deref().map(JsonRawValue::get), method.arguments)?;
            span.in_scope(|| handler(&api, &args))
        });
        task.await.unwrap_or_else(|error| Err(RpcError::internal(format_args!("{} failed: {error}", method.name))))
    }

    /// EIP-7966 `eth_sendRawTransactionSync`.
    async fn submit_and_wait(&self, method: &'static Method, params: Option<Box<JsonRawValue>>) -> Answer {
        let _waiter = self.sync_waits.permits.clone().try_acquire_owned().map_err(|_| RpcError::Busy {
            limit: "max_concurrent_sync_waits",
            value: self.api.limits().max_concurrent_sync_waits.into(),
            message: "too many synchronous submissions are waiting for receipts",
        })?;
        let (raw, wait) = {
            let args = Args::parse(params.as_deref().map(JsonRawValue::get), method.arguments)?;
            submission::sync_arguments(&self.api, &args)?
        };
        let permit = self.turn(&self.submissions).await?;
        submission::send_and_wait(self.api.clone(), raw, wait, permit).await
    }

    /// Gives the raw transactions of `params` to the pool together; one answer each, in order.
    async fn submit_together(&self, params: Vec<Option<Box<JsonRawValue>>>) -> Vec<Answer> {
        let count = params.len();
        let permit = match self.turn(&self.submissions).await {
            Ok(permit) => permit,
            Err(error) => return vec![Err(error); count],
        };
        let (api, span) = (self.api.clone(), Span::current());
        let task = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            span.in_scope(|| submission::send_together(&api, &params))
        });
        task.await.unwrap_or_else(|error| {
            vec![Err(RpcError::internal(format_args!("a batch of transactions failed: {error}"))); count]
        })
    }
}

/// Names in messages are cut: they come from outside.
fn shortened(name: &str) -> String {
    const MOST_CHARACTERS: usize = 64;
    name.chars().take(MOST_CHARACTERS).collect()
}

/// The middleware of one connection.
#[derive(Clone, Debug)]
pub(crate) struct Dispatch<S> {
    subscriptions: S,
    dispatcher: Arc<Dispatcher>,
    in_flight: Arc<InFlight>,
}

impl<S> Dispatch<S>
where
    S: RpcServiceT<MethodResponse = MethodResponse> + Clone + Send + Sync + 'static,
{
    pub(crate) fn new(subscriptions: S, dispatcher: Arc<Dispatcher>, in_flight: Arc<InFlight>) -> Self {
        Self { subscriptions, dispatcher, in_flight }
    }

    /// The span of a call: its method as the table has it, since callers choose the others. Not entered yet.
    fn span(&self, request: &Request<'_>) -> Span {
        let name = || {
            let method = request.method_name();
            let known = self.dispatcher.by_name.get(method).map(|(_, method)| method.name);
            known.or_else(|| subscriptions::NAMES.into_iter().find(|name| *name == method)).unwrap_or("unknown")
        };
        info_span!(target: TARGET, "rpc", otel.name = name(), otel.kind = "server", rpc.system = "jsonrpc", chain.id = self.dispatcher.api.chain_id())
    }

    async fn answer_call(&self, request: Request<'_>) -> MethodResponse {
        let started = Instant::now();
        let reach = reach_of(&request);
        let subscription = subscriptions::NAMES.iter().position(|name| *name == request.method_name());
        let (index, response) = match subscription {
            Some(position) => {
                let method = subscriptions::NAMES[position];
                let name = method.to_owned();
                let index = MethodIndex(METHODS.len() + position);
                let id = request.id();
                let over_websocket = request.extensions().get::<OverWebSocket>().is_some();
                let refused = if !reach.covers(RpcGroup::Read) {
                    Some(RpcError::OutOfReach { method, group: RpcGroup::Read })
                } else if over_websocket {
                    subscriptions::check_end(&name, request.params().as_str()).err()
                } else {
                    Some(RpcError::NeedsWebSocket { method: name })
                };
                let response = match refused {
                    None => self.subscriptions.call(request).await,
                    Some(error) => MethodResponse::error(id.clone(), ErrorObjectOwned::from(error)),
                };
                (index, self.with_limit_named(id, response))
            }
            None => {
                let Request { id, method, params, .. } = request;
                let params = params.map(std::borrow::Cow::into_owned);
                let (index, answer) = self.dispatcher.answer(&method, params, reach).await;
                (index, respond(id, answer, self.max_response_bytes()))
            }
        };
        self.dispatcher.metrics.record(index, 1, response.is_error().into(), started.elapsed());
        response
    }

    /// jsonrpsee counts subscriptions but does not say under which name the operator finds the limit.
    fn with_limit_named(&self, id: Id<'_>, response: MethodResponse) -> MethodResponse {
        if response.as_error_code() != Some(TOO_MANY_SUBSCRIPTIONS_CODE) {
            return response;
        }
        let error = RpcError::Busy {
            limit: "max_subscriptions_per_connection",
            value: self.dispatcher.api.limits().max_subscriptions_per_connection.into(),
            message: "too many subscriptions on the connection",
        };
        MethodResponse::error(id, ErrorObjectOwned::from(error))
    }

    async fn answer_batch(&self, batch: Batch<'_>) -> MethodResponse {
        let most = self.dispatcher.api.limits().max_batch_length;
        if batch.len() > most as usize {
            let error = RpcError::BatchTooLong { calls: batch.len(), most };
            return MethodResponse::error(Id::Null, ErrorObjectOwned::from(error));
        }
        let mut responses = BatchResponseBuilder::new_with_limit(self.max_response_bytes());
        let mut only_notifications = !batch.is_empty();
        let mut entries = batch.into_iter().peekable();
        while let Some(entry) = entries.next() {
            let answered = match entry {
                Ok(BatchEntry::Call(request)) if submission::is_submission(request.method_name()) => {
                    let mut run = vec![request];
                    while let Some(Ok(BatchEntry::Call(request))) = entries.next_if(is_submission_entry) {
                        run.push(request);
                    }
                    self.answer_submissions(run).await
                }
                Ok(BatchEntry::Call(request)) => {
                    let span = self.span(&request);
                    vec![self.answer_call(request).instrument(span).await]
                }
                Ok(BatchEntry::Notification(_)) => continue,
                Err(invalid) => {
                    let (error, id) = invalid.into_parts();
                    vec![MethodResponse::error(id, error)]
                }
            };
            only_notifications = false;
            for response in answered {
                if responses.append(response).is_err() {
                    let max_bytes = self.dispatcher.api.limits().max_response_bytes;
                    let error = RpcError::ResponseTooLarge { max_bytes };
                    return MethodResponse::error(Id::Null, ErrorObjectOwned::from(error));
                }
            }
        }
        if only_notifications { MethodResponse::notification() } else { MethodResponse::from_batch(responses.finish()) }
    }

    async fn answer_submissions(&self, run: Vec<Request<'_>>) -> Vec<MethodResponse> {
        let started = Instant::now();
        let may_send = run.iter().all(|request| reach_of(request).covers(RpcGroup::Send));
        let (ids, params): (Vec<_>, Vec<_>) =
            run.into_iter().map(|request| (request.id, request.params.map(std::borrow::Cow::into_owned))).unzip();
        let answers = if may_send {
            self.dispatcher.submit_together(params).await
        } else {
            let (method, group) = (submission::SEND_RAW_TRANSACTION, RpcGroup::Send);
            vec![Err(RpcError::OutOfReach { method, group }); params.len()]
        };
        let errors = answers.iter().filter(|answer| answer.is_err()).count();
        if let Some(&(index, _)) = self.dispatcher.by_name.get(submission::SEND_RAW_TRANSACTION) {
            self.dispatcher.metrics.record(index, answers.len() as u64, errors as u64, started.elapsed());
        }
        let max_bytes = self.max_response_bytes();
        ids.into_iter().zip(answers).map(|(id, answer)| respond(id, answer, max_bytes)).collect()
    }

    fn max_response_bytes(&self) -> usize {
        self.dispatcher.api.limits().max_response_bytes as usize
    }
}

/// What the token of a request reaches; the layer of tokens says it of every request, so one of which nothing is said reaches nothing.
fn reach_of(request: &Request<'_>) -> Reach {
    request.extensions().get().copied().unwrap_or(Reach::NONE)
}

type Entry<'a> = Result<BatchEntry<'a>, jsonrpsee::core::middleware::BatchEntryErr<'a>>;

fn is_submission_entry(entry: &Entry<'_>) -> bool {
    matches!(entry, Ok(BatchEntry::Call(request)) if submission::is_submission(request.method_name()))
}

fn respond(id: Id<'_>, answer: Answer, max_bytes: usize) -> MethodResponse {
    match answer {
        Ok(result) => MethodResponse::response(id, ResponsePayload::success(result), max_bytes),
        Err(error) => MethodResponse::error(id, ErrorObjectOwned::from(error)),
    }
}

impl<S> RpcServiceT for Dispatch<S>
where
    S: RpcServiceT<MethodResponse = MethodResponse> + Clone + Send + Sync + 'static,
{
    type MethodResponse = MethodResponse;
    type NotificationResponse = MethodResponse;
    type BatchResponse = MethodResponse;

    fn call<'a>(&self, request: Request<'a>) -> impl Future<Output = MethodResponse> + Send + 'a {
        let service = self.clone();
        async move {
            let _unfinished = service.in_flight.begin();
            let span = service.span(&request);
            if let Some(parent) = request.extensions().get::<Parent>() {
                parent.adopted_by(&span);
            }
            service.answer_call(request).instrument(span).await
        }
    }

    fn batch<'a>(&self, batch: Batch<'a>) -> impl Future<Output = MethodResponse> + Send + 'a {
        let service = self.clone();
        async move {
            let _unfinished = service.in_flight.begin();
            let span = info_span!(target: TARGET, "batch", otel.kind = "server", rpc.system = "jsonrpc", rpc.calls = batch.len());
            // All of them came in one request.
            if let Some(parent) = batch.iter().flatten().next().and_then(|entry| entry.extensions().get::<Parent>()) {
                parent.adopted_by(&span);
            }
            service.answer_batch(batch).instrument(span).await
        }
    }

    fn notification<'a>(&self, _notification: Notification<'a>) -> impl Future<Output = MethodResponse> + Send + 'a {
        // JSON-RPC 2.0 section 4.1: nobody waits for an answer, and no method here is of use without one.
        std::future::ready(MethodResponse::notification())
    }
}
