//! `eth_subscribe` and `chancery_subscribe` over WebSocket.
//!
//! A subscription of heads or logs is a height, not a queue: whenever a block becomes final it sends everything above the last
//! height it sent. So a slow client is served late and misses nothing, and costs no memory. Only pending transactions can
//! be missed, when the pool announces them faster than the client reads.

use std::sync::Arc;

use alloy_primitives::B128;
use alloy_rpc_types_eth::{
    Filter,
    pubsub::{Params as KindParams, SubscriptionKind},
};
use chancery_execution::FinalizedBlock;
use jsonrpsee::{
    PendingSubscriptionSink, RpcModule, SubscriptionSink,
    core::{JsonRawValue, RegisterMethodError},
    server::IdProvider,
    types::SubscriptionId,
};
use tokio::sync::{Semaphore, broadcast::error::RecvError};

use crate::{
    api::{Api, recovered},
    error::RpcError,
    methods::{Reply, chancery::certified, logs::check_filter},
    params::Args,
    shapes,
};

/// The methods that begin and end subscriptions.
pub(crate) const NAMES: [&str; 4] = [ETH.subscribe, ETH.unsubscribe, CHANCERY.subscribe, CHANCERY.unsubscribe];

/// The names of one namespace's subscriptions.
struct Namespace {
    subscribe: &'static str,
    unsubscribe: &'static str,
    /// The name under which notifications come.
    notification: &'static str,
}

/// What Ethereum clients subscribe to.
const ETH: Namespace =
    Namespace { subscribe: "eth_subscribe", unsubscribe: "eth_unsubscribe", notification: "eth_subscription" };
/// What light clients and relays subscribe to.
const CHANCERY: Namespace = Namespace {
    subscribe: "chancery_subscribe",
    unsubscribe: "chancery_unsubscribe",
    notification: "chancery_subscription",
};
/// Blocks that one look at the store turns into notifications before any is sent.
const MAX_BLOCKS_A_LOOK: u64 = 64;

/// Subscription ids as Ethereum clients expect them: hexadecimal text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HexIds;

impl IdProvider for HexIds {
    fn next_id(&self) -> SubscriptionId<'static> {
        SubscriptionId::Str(B128::random().to_string().into())
    }
}

/// What the subscriptions of all connections share.
struct Shared {
    api: Arc<Api>,
    /// Looks at the store at the same time.
    looks: Semaphore,
}

/// The methods of both namespaces.
pub(crate) fn module(api: Arc<Api>) -> Result<RpcModule<()>, RegisterMethodError> {
    let looks = Semaphore::new(api.limits().max_concurrent_calls.max(1) as usize);
    let mut module = RpcModule::new(Shared { api, looks });
    register(&mut module, &ETH, wanted)?;
    register(&mut module, &CHANCERY, wanted_of_finality)?;
    let mut methods = RpcModule::new(());
    methods.merge(module)?;
    Ok(methods)
}

/// Refuses to end what is no subscription id; the library would answer `false`, as it does for one that has ended.
pub(crate) fn check_end(method: &str, params: Option<&str>) -> Result<(), RpcError> {
    if method == ETH.unsubscribe || method == CHANCERY.unsubscribe {
        Args::parse(params, 1)?.required::<String>(0, "subscription")?;
    }
    Ok(())
}

fn register(
    module: &mut RpcModule<Shared>,
    names: &Namespace,
    read: fn(&Api, Option<&str>) -> Result<Wanted, RpcError>,
) -> Result<(), RegisterMethodError> {
    let serve_or_reject = move |params: jsonrpsee::types::Params<'static>, pending, shared: Arc<Shared>, _| async move {
        match read(&shared.api, params.as_str()) {
            Ok(wanted) => serve(pending, shared, wanted).await,
            Err(error) => PendingSubscriptionSink::reject(pending, error).await,
        }
    };
    module.register_subscription(names.subscribe, names.notification, names.unsubscribe, serve_or_reject)?;
    Ok(())
}

/// What a subscription reports.
enum Wanted {
    Heads,
    Finality,
    Logs(Box<Filter>),
    PendingTransactions { full: bool },
    Syncing,
}

fn wanted(api: &Api, params: Option<&str>) -> Result<Wanted, RpcError> {
    let args = Args::parse(params, 2)?;
    let kind: SubscriptionKind = args.required(0, "subscription")?;
    let options: Option<KindParams> = args.optional(1, "options")?;
    match (kind, options) {
        (SubscriptionKind::NewHeads, _) => Ok(Wanted::Heads),
        (SubscriptionKind::Syncing, _) => Ok(Wanted::Syncing),
        (SubscriptionKind::Logs, None | Some(KindParams::None)) => Ok(Wanted::Logs(Box::default())),
        (SubscriptionKind::Logs, Some(KindParams::Logs(filter))) => {
            check_filter(api, &filter)?;
            Ok(Wanted::Logs(filter))
        }
        (SubscriptionKind::NewPendingTransactions, None | Some(KindParams::None)) => {
            Ok(Wanted::PendingTransactions { full: false })
        }
        (SubscriptionKind::NewPendingTransactions, Some(KindParams::Bool(full))) => {
            Ok(Wanted::PendingTransactions { full })
        }
        (SubscriptionKind::TransactionReceipts, _) => {
            Err(RpcError::invalid_params("no \"transactionReceipts\" subscription in eth namespace"))
        }
        _ => Err(RpcError::invalid_params("invalid argument 1 (options): does not fit the subscription")),
    }
}

fn wanted_of_finality(_: &Api, params: Option<&str>) -> Result<Wanted, RpcError> {
    let kind: String = Args::parse(params, 1)?.required(0, "subscription")?;
    if kind != "finality" {
        return Err(RpcError::invalid_params("invalid argument 0 (subscription): there is \"finality\" only"));
    }
    Ok(Wanted::Finality)
}

/// Why a subscription ends.
enum End {
    /// The client left or unsubscribed, or the node stops.
    Closed,
    /// The node failed.
    Fault(RpcError),
}

impl From<RpcError> for End {
    fn from(error: RpcError) -> Self {
        Self::Fault(error)
    }
}

async fn serve(pending: PendingSubscriptionSink, shared: Arc<Shared>, wanted: Wanted) {
    // Before the subscription is confirmed: whatever happens after the confirmation is reported.
    let blocks = shared.api.chain().subscribe();
    let transactions = shared.api.pool().subscribe();
    let head = shared.api.head_height();
    let Ok(sink) = pending.accept().await else {
        return;
    };
    let closed = sink.clone();
    let reporting = async {
        match wanted {
            Wanted::Heads => report_blocks(&sink, &shared, blocks, head, Arc::new(heads)).await,
            Wanted::Finality => report_blocks(&sink, &shared, blocks, head, Arc::new(finality)).await,
            Wanted::Logs(filter) => {
                let look = move |api: &Api, block: &FinalizedBlock| logs(api, block, &filter);
                report_blocks(&sink, &shared, blocks, head, Arc::new(look)).await
            }
            Wanted::PendingTransactions { full } => report_pending(&sink, &shared, transactions, full).await,
            Wanted::Syncing => match shared.api.reply(&false) {
                Ok(not_syncing) => {
                    let sent = sink.send(not_syncing).await;
                    drop(sent);
                    std::future::pending().await
                }
                Err(fault) => End::Fault(fault),
            },
        }
    };
    tokio::select! {
        () = closed.closed() => {}
        end = reporting => {
            if let End::Fault(fault) = end {
                tracing::warn!(%fault, "a subscription ended");
            }
        }
    }
}

/// Turns a block into notifications.
type Look = dyn Fn(&Api, &FinalizedBlock) -> Result<Vec<Reply>, RpcError> + Send + Sync;

fn heads(api: &Api, block: &FinalizedBlock) -> Result<Vec<Reply>, RpcError> {
    Ok(vec![api.reply(&shapes::header(block.block().header(), None))?])
}

/// A block that has a certificate of its own. One without became final through the next that has one.
fn finality(api: &Api, block: &FinalizedBlock) -> Result<Vec<Reply>, RpcError> {
    let evidence = certified(api, block.block().height())?;
    evidence.iter().map(|evidence| api.reply(evidence)).collect()
}

fn logs(api: &Api, block: &FinalizedBlock, filter: &Filter) -> Result<Vec<Reply>, RpcError> {
    let header = block.block().header();
    if !filter.matches_bloom(header.logs_bloom) {
        return Ok(Vec::new());
    }
    let matching = shapes::receipts(block)
        .into_iter()
        .flat_map(|receipt| receipt.inner.logs().to_vec())
        .filter(|log| filter.matches(&log.inner));
    matching.map(|log| api.reply(&log)).collect()
}

async fn report_blocks(
    sink: &SubscriptionSink,
    shared: &Arc<Shared>,
    mut blocks: tokio::sync::broadcast::Receiver<Arc<FinalizedBlock>>,
    mut reported: u64,
    look: Arc<Look>,
) -> End {
    loop {
        match blocks.recv().await {
            // The height says what is due, not the message: messages may be missing after a lag.
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return End::Closed,
        }
        loop {
            let head = shared.api.head_height().min(reported.saturating_add(MAX_BLOCKS_A_LOOK));
            if head <= reported {
                break;
            }
            let notifications = match look_at(shared, reported + 1, head, look.clone()).await {
                Ok(notifications) => notifications,
                Err(fault) => return End::Fault(fault),
            };
            if let Err(end) = send_all(sink, notifications).await {
                return end;
            }
            reported = head;
        }
    }
}

async fn look_at(
    shared: &Arc<Shared>,
    from: u64,
    to: u64,
    look: Arc<Look>,
) -> Result<Vec<Box<JsonRawValue>>, RpcError> {
    let _turn = shared.looks.acquire().await.map_err(|_| RpcError::Stopping)?;
    let api = shared.api.clone();
    let looking = tokio::task::spawn_blocking(move || {
        let mut notifications = Vec::new();
        for height in from..=to {
            notifications.extend(look(&api, &*api.block(height)?)?);
        }
        Ok(notifications)
    });
    looking.await.map_err(RpcError::internal)?
}

async fn report_pending(
    sink: &SubscriptionSink,
    shared: &Shared,
    mut transactions: tokio::sync::broadcast::Receiver<chancery_execution::RecoveredTransaction>,
    full: bool,
) -> End {
    loop {
        let sent = match transactions.recv().await {
            Ok(sent) => sent,
            Err(RecvError::Lagged(missed)) => {
                tracing::debug!(missed, "a subscription of pending transactions is too slow");
                continue;
            }
            Err(RecvError::Closed) => return End::Closed,
        };
        let notification = if full {
            shared.api.reply(&shapes::transaction(recovered(&sent), None))
        } else {
            shared.api.reply(&sent.hash())
        };
        match notification {
            Ok(notification) => {
                if let Err(end) = send_all(sink, vec![notification]).await {
                    return end;
                }
            }
            Err(fault) => return End::Fault(fault),
        }
    }
}

async fn send_all(sink: &SubscriptionSink, notifications: Vec<Box<JsonRawValue>>) -> Result<(), End> {
    for notification in notifications {
        // Waits while the client's buffer is full; the client falls behind, the server keeps nothing more for it.
        sink.send(notification).await.map_err(|_| End::Closed)?;
    }
    Ok(())
}
