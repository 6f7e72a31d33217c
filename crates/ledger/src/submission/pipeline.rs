use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use alloy_primitives::{B256, U64};
use chancery_keys::KeyFailure;
use chancery_traces::{TARGET, is_followed};
use parking_lot::Mutex;
use serde_json::json;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch as latest},
    time::{Instant, sleep, timeout, timeout_at},
};
use tracing::{
    Instrument as _, Span,
    field::{Empty, display},
    info_span,
};

use super::{
    Call, FinalTransaction, MeasuredCall, Underway, Watch, fees::FeeBoard, nonces::NonceBook, sending::Sent,
    signed::Signed, turn::Turn, watch::Mined,
};
use crate::{LedgerError, SubmitterKey, reading::Reader};

/// Sends the transactions of one key on one chain, many at a time.
#[derive(Debug)]
pub(crate) struct Pipeline {
    pub(super) reader: Arc<Reader>,
    pub(super) watch: Arc<Watch>,
    pub(super) key: Arc<SubmitterKey>,
    pub(super) nonces: Mutex<NonceBook>,
    pub(super) fees: FeeBoard,
    /// Held while the chain is asked for the next nonce, so that it is asked once.
    synchronizing: tokio::sync::Mutex<()>,
    window: Arc<Semaphore>,
    waiting: AtomicUsize,
}

impl Pipeline {
    pub(crate) fn new(reader: Arc<Reader>, watch: Arc<Watch>, key: Arc<SubmitterKey>) -> Arc<Self> {
        let window = Arc::new(Semaphore::new(reader.connection.limits.max_in_flight));
        Arc::new(Self {
            reader,
            watch,
            key,
            nonces: Mutex::default(),
            fees: FeeBoard::default(),
            synchronizing: tokio::sync::Mutex::default(),
            window,
            waiting: AtomicUsize::new(0),
        })
    }

    /// Sends a call and waits until it is final.
    pub(crate) async fn submit(
        self: &Arc<Self>,
        call: Call,
        deadline: Instant,
    ) -> Result<FinalTransaction, LedgerError> {
        let permit = self.places(1, deadline).await?;
        let gas_limit = self.estimate(&call).await?;
        self.start(call, gas_limit, Arc::new(permit), None, Turn::Any, deadline).finalized().await
    }

    /// Begins to carry a call in a task of its own.
    pub(super) fn start(
        self: &Arc<Self>,
        call: Call,
        gas_limit: u64,
        permit: Arc<OwnedSemaphorePermit>,
        nonce: Option<u64>,
        turn: Turn,
        deadline: Instant,
    ) -> Underway {
        let (hash_sender, hash) = latest::channel(None);
        let measured = MeasuredCall { call: call.clone(), gas_limit };
        let work = Arc::clone(self).carry(measured, permit, hash_sender, nonce, turn, deadline);
        let span = if is_followed() {
            info_span!(target: TARGET, "submission", chain = self.reader.connection.name(), transaction.hash = Empty)
        } else {
            Span::none()
        };
        Underway { pipeline: Arc::clone(self), call, task: tokio::spawn(work.instrument(span)), hash, deadline }
    }

    /// Waits for places in the window; refuses when too many wait already.
    pub(super) async fn places(&self, count: u32, deadline: Instant) -> Result<OwnedSemaphorePermit, LedgerError> {
        let limits = self.reader.connection.limits;
        if self.waiting.fetch_add(1, Ordering::AcqRel) >= limits.max_waiting {
            self.waiting.fetch_sub(1, Ordering::AcqRel);
            return Err(self.busy());
        }
        let _waiting = Waiting(&self.waiting);
        match timeout_at(deadline, Arc::clone(&self.window).acquire_many_owned(count)).await {
            Ok(Ok(permit)) => Ok(permit),
            // It is never closed while we are there.
            Ok(Err(_)) | Err(_) => Err(self.busy()),
        }
    }

    fn busy(&self) -> LedgerError {
        let retry_after = self.reader.connection.limits.rebroadcast_after;
        LedgerError::Busy { chain: self.reader.name(), retry_after }
    }

    /// Lets the node execute the call without sending it: the contract's refusal comes back typed, and the gas is known.
    async fn estimate(&self, call: &Call) -> Result<u64, LedgerError> {
        const METHOD: &str = "eth_estimateGas";
        let request = self.request(call);
        let gas: U64 = match self.reader.connection.attempt(METHOD, (&request,)).await {
            Ok(gas) => gas,
            Err(failure) => return Err(self.reader.reverted(METHOD, failure)),
        };
        let margin = self.reader.connection.limits.gas_margin_percent;
        let gas = gas.to::<u64>();
        Ok(gas.saturating_add(gas.saturating_mul(margin) / 100).min(MAX_TRANSACTION_GAS))
    }

    pub(super) fn request(&self, call: &Call) -> serde_json::Value {
        json!({ "from": self.key.address(), "to": call.to, "input": call.data })
    }

    /// Carries one submission until it is mined, or for so long that it is given up.
    async fn carry(
        self: Arc<Self>,
        measured: MeasuredCall,
        _permit: Arc<OwnedSemaphorePermit>,
        hash: latest::Sender<Option<B256>>,
        mut reserved: Option<u64>,
        mut turn: Turn,
        deadline: Instant,
    ) -> Result<(B256, Mined), LedgerError> {
        let MeasuredCall { call, gas_limit } = measured;
        let limits = self.reader.connection.limits;
        let give_up = Instant::now() + limits.abandon_after;
        // Until something is sent the caller is told that nothing was: then nothing may be sent after they have gone.
        let mut sign_until = give_up.min(deadline);
        for _ in 0..limits.max_signings {
            let nonce = match reserved.take() {
                Some(nonce) => nonce,
                None => self.reserve().await?,
            };
            let signed = match self.sign(nonce, gas_limit, &call, sign_until).await {
                Ok(signed) => signed,
                Err(error) => {
                    self.nonces.lock().give_back(nonce);
                    return Err(error);
                }
            };
            let mined = self.watch.register(signed.hash);
            hash.send_replace(Some(signed.hash));
            Span::current().record("transaction.hash", display(signed.hash));
            sign_until = give_up;
            turn.come().await;
            let sent = self.send(&signed, give_up, &mut turn).await;
            match sent {
                Ok(Sent::Taken) => {
                    if let Some(mined) = self.follow(&signed, mined, give_up).await? {
                        return Ok((signed.hash, mined));
                    }
                }
                Ok(Sent::NonceLost) => match self.settle_lost(&signed).await {
                    Ok(Some(mined)) => return Ok((signed.hash, mined)),
                    Ok(None) => {}
                    // Whether it was this one that spent its nonce is not known now.
                    Err(error) => {
                        tracing::debug!(chain = self.reader.connection.name(), %error, "a spent nonce is not looked up");
                        self.watch.forget(signed.hash);
                        self.give_up_after(&signed, Instant::now())?;
                    }
                },
                Ok(Sent::Underpriced) => {
                    self.fees.forget();
                    self.nonces.lock().give_back(nonce);
                }
                Err(error) => {
                    self.watch.forget(signed.hash);
                    return Err(error);
                }
            }
            self.watch.forget(signed.hash);
        }
        Err(LedgerError::NoncesLost { chain: self.reader.name(), account: self.key.address() })
    }

    /// A nonce that nobody of ours uses.
    pub(super) async fn reserve(&self) -> Result<u64, LedgerError> {
        let mut nonces = self.reserve_all(1).await?;
        nonces.pop().ok_or_else(|| self.busy())
    }

    /// So many, each higher than the one before.
    pub(super) async fn reserve_all(&self, count: usize) -> Result<Vec<u64>, LedgerError> {
        // What was just learnt may be doubted by somebody else before it is used.
        for _ in 0..MAX_SYNCHRONIZATIONS {
            self.know_nonces().await?;
            if let Some(nonces) = self.nonces.lock().reserve_all(count) {
                return Ok(nonces);
            }
        }
        Err(self.busy())
    }

    /// Asks the chain for the next nonce, if it is not known.
    pub(super) async fn know_nonces(&self) -> Result<(), LedgerError> {
        if self.nonces.lock().is_known() {
            return Ok(());
        }
        let _synchronizing = self.synchronizing.lock().await;
        if self.nonces.lock().is_known() {
            return Ok(());
        }
        self.synchronize().await
    }

    pub(super) async fn synchronize(&self) -> Result<(), LedgerError> {
        let pending = self.transaction_count("pending").await?;
        self.nonces.lock().synchronize(pending);
        Ok(())
    }

    pub(crate) async fn transaction_count(&self, block: &'static str) -> Result<u64, LedgerError> {
        self.reader.transaction_count(self.key.address(), block).await
    }

    /// Signs, off the runtime where whoever keeps the key may block. What is signed after `until` is thrown away.
    pub(super) async fn sign(
        &self,
        nonce: u64,
        gas_limit: u64,
        call: &Call,
        until: Instant,
    ) -> Result<Signed, LedgerError> {
        let connection = &self.reader.connection;
        let fees = self.fees.read(connection).await?;
        let cost = fees.most(gas_limit);
        if let Some(most) = connection.limits.max_cost_wei.filter(|most| cost > *most) {
            let reason = format!("it may cost {cost} wei by what the node says, and at most {most} are accepted");
            return Err(LedgerError::NotSigned { chain: self.reader.name(), failure: KeyFailure::Refused(reason) });
        }
        let (key, chain_id, call) = (Arc::clone(&self.key), connection.config.chain_id, call.clone());
        let may_block = key.may_block();
        let sign = move || Signed::new(&key, chain_id, nonce, gas_limit, fees, &call);
        let signed = if may_block {
            match timeout_at(until, tokio::task::spawn_blocking(sign)).await {
                Ok(signed) if Instant::now() < until => signed.unwrap_or_else(|_| {
                    Err(KeyFailure::Unavailable(
                        "whoever keeps the key has not signed, and does not say why".to_owned(),
                    ))
                }),
                _ => Err(KeyFailure::Unavailable("whoever keeps the key did not sign in time".to_owned())),
            }
        } else {
            sign()
        };
        signed.map_err(|failure| LedgerError::NotSigned { chain: self.reader.name(), failure })
    }

    /// Waits until the transaction is mined; `None`: its nonce was spent on another, it never will be.
    async fn follow(
        &self,
        signed: &Signed,
        mut mined: tokio::sync::oneshot::Receiver<Mined>,
        give_up: Instant,
    ) -> Result<Option<Mined>, LedgerError> {
        let tick = self.reader.connection.limits.rebroadcast_after;
        loop {
            match timeout(tick, &mut mined).await {
                Ok(Ok(mined)) => {
                    self.nonces.lock().spent(signed.nonce);
                    return Ok(Some(mined));
                }
                // Whoever looks for it does not any more; it is looked for anew, and after each pause by itself.
                Ok(Err(_)) => {
                    mined = self.watch.register(signed.hash);
                    sleep(self.reader.connection.limits.poll_min).await;
                    self.give_up_after(signed, give_up)?;
                }
                Err(_) => {
                    self.give_up_after(signed, give_up)?;
                    match self.revive(signed, give_up).await {
                        Ok(super::recovery::State::Waiting) => {}
                        Ok(super::recovery::State::Mined(mined)) => return Ok(Some(mined)),
                        Ok(super::recovery::State::Lost) => return Ok(None),
                        Err(error) => {
                            let chain = self.reader.connection.name();
                            tracing::debug!(chain, %error, "cannot look after a transaction");
                        }
                    }
                }
            }
        }
    }

    /// Ends waiting for a transaction when its time is over.
    pub(super) fn give_up_after(&self, signed: &Signed, give_up: Instant) -> Result<(), LedgerError> {
        if Instant::now() < give_up {
            return Ok(());
        }
        let mut nonces = self.nonces.lock();
        nonces.spent(signed.nonce);
        nonces.doubt();
        drop(nonces);
        Err(self.overdue(Some(signed.hash)))
    }

    pub(super) fn overdue(&self, sent: Option<B256>) -> LedgerError {
        let chain = self.reader.name();
        match sent {
            Some(tx_hash) => LedgerError::NotFinalYet { chain, tx_hash },
            None => LedgerError::ChainUnreachable { chain, reason: "nothing could be sent in time".to_owned() },
        }
    }
}

/// How often the chain is asked for the next nonce until one can be handed out.
const MAX_SYNCHRONIZATIONS: usize = 8;

/// The most gas that one transaction may ask for since Osaka (EIP-7825).
const MAX_TRANSACTION_GAS: u64 = 16_777_216;

/// One caller that waits for a place.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
