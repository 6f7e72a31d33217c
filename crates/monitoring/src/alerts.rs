//! Alerts (`docs/specs/watch.md`): opened and ended by rules, told to receivers that operators have named, by messages that are signed and not lost.
//!
//! ```text
//!  rule --raise, resolve--> book (one alert a subject; kept before anybody is told) --> queue --> receiver
//!                                                                             ^  not taken: later  |
//!                                                                             +--------------------+
//! ```

mod book;
mod declared;
mod delivery;
mod recorded;
mod signature;
mod target;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use alloy_primitives::Address;
use async_trait::async_trait;
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult, Role,
    alert::{
        AddedReceiver, Alert, AlertReceiver, AlertRule, Deliveries, MAX_NOTE_BYTES, MAX_RECEIVERS, NewReceiver,
        TestedDelivery,
    },
    c2r::C2r,
    journal::Clock,
    o2c::{Change, Mode, O2cAlerts},
};
use futures::{StreamExt as _, stream::FuturesUnordered};
use parking_lot::Mutex;
use tokio::sync::{Notify, RwLock};

pub(crate) use self::book::Raised;
pub use self::declared::DeclaredReceiver;
use self::{
    book::{Book, Message, Receiver, test_body},
    delivery::{Refusal, Sender},
};
use crate::store::{Store, StoreError};

/// The file.
const FILE: &str = "alerts.json";
/// Longest sleep while something waits.
const MAX_SLEEP: Duration = Duration::from_secs(60);

/// The alerts of a city.
pub struct Alerts {
    store: Store,
    city: String,
    clock: Clock,
    book: Mutex<Book>,
    news: Notify,
    sender: Sender,
}

/// Why alerts are not watched over.
#[derive(Debug, thiserror::Error)]
pub enum AlertsError {
    /// What is kept.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The client.
    #[error("nothing can be sent: {0}")]
    Sender(DoorError),
    /// A receiver cannot be as it is declared.
    #[error("a receiver of alerts: {}", .0.detail())]
    Receiver(DoorError),
}

impl Alerts {
    /// Reads what is kept, and begins to tell what waits. Needs a tokio runtime. `city`: how messages name it.
    ///
    /// # Errors
    /// [`AlertsError`].
    pub(crate) fn open(store: Store, city: String, clock: Clock) -> Result<Arc<Self>, AlertsError> {
        Self::open_with(store, city, clock, |_, _, _| Ok(()))
    }

    /// The same, with a change of what is kept before anybody is told.
    fn open_with(
        store: Store,
        city: String,
        clock: Clock,
        change: impl FnOnce(&mut Book, &str, u64) -> DoorResult<()>,
    ) -> Result<Arc<Self>, AlertsError> {
        let mut book: Book = store.load(FILE)?.unwrap_or_default();
        change(&mut book, &city, clock()).map_err(AlertsError::Receiver)?;
        let book = Mutex::new(book);
        let sender = Sender::new().map_err(AlertsError::Sender)?;
        let alerts = Arc::new(Self { store, city, clock, book, news: Notify::new(), sender });
        tokio::spawn(deliver(Arc::clone(&alerts)));
        Ok(alerts)
    }

    /// Opens an alert, unless it is open. It is kept before anybody is told.
    pub(crate) async fn raise(self: &Arc<Self>, raised: Raised) {
        self.change(move |book, city, now_ms| {
            let (rule, subject, summary) = (raised.rule.name(), raised.subject.clone(), raised.summary.clone());
            let is_new = book.raise(raised, city, now_ms);
            // Said once: it is found again with each look.
            if is_new {
                tracing::warn!(rule, subject, "{summary}");
            }
            is_new
        })
        .await;
    }

    /// Ends an alert, if it is open.
    pub async fn resolve(self: &Arc<Self>, rule: AlertRule, subject: &str) {
        let subject = subject.to_owned();
        self.change(move |book, city, now_ms| book.resolve(rule, &subject, city, now_ms)).await;
    }

    /// What is open, and how messages go.
    pub(crate) fn report(&self) -> (Vec<Alert>, Deliveries) {
        let book = self.book.lock();
        (book.alerts(), book.deliveries())
    }

    /// Subjects of a rule that are open.
    #[must_use]
    pub fn subjects(&self, rule: AlertRule) -> Vec<String> {
        let alerts = self.book.lock().alerts();
        alerts.into_iter().filter(|alert| alert.rule == rule).map(|alert| alert.subject).collect()
    }

    /// A change that has to be kept, and what it says has changed.
    async fn change(self: &Arc<Self>, change: impl FnOnce(&mut Book, &str, u64) -> bool + Send + 'static) {
        let this = Arc::clone(self);
        let kept = tokio::task::spawn_blocking(move || {
            let mut book = this.book.lock();
            if change(&mut book, &this.city, (this.clock)()) { this.store.save(FILE, &*book) } else { Ok(()) }
        });
        if let Ok(Err(error)) = kept.await {
            // It is told all the same, and lost only if the process ends before.
            tracing::error!(%error, "alerts cannot be kept");
        }
        self.news.notify_one();
    }

    /// What became of an attempt.
    async fn sent(self: &Arc<Self>, message: Message, outcome: Result<u16, Refusal>) {
        self.change(move |book, _, now_ms| {
            match outcome {
                Ok(_) => book.taken(&message, now_ms),
                Err(Refusal { detail, .. }) => book.refused(&message, detail, now_ms, jitter()),
            }
            true
        })
        .await;
    }

    /// A change by an operator: it counts when it is kept.
    async fn configure<T: Send + 'static>(
        self: &Arc<Self>,
        change: impl FnOnce(&mut Book, &str, u64) -> DoorResult<T> + Send + 'static,
    ) -> DoorResult<T> {
        let this = Arc::clone(self);
        let changed = tokio::task::spawn_blocking(move || {
            let mut book = this.book.lock();
            let mut next = book.clone();
            let changed = change(&mut next, &this.city, (this.clock)())?;
            // As it was on the disk, and in memory: whoever is told so sends it again.
            this.store.save(FILE, &next).map_err(|error| {
                DoorError::new(Code::JournalUnavailable, "receivers of alerts cannot be kept at present")
                    .caused_by(error)
            })?;
            *book = next;
            Ok(changed)
        });
        let changed = changed.await.map_err(DoorError::internal)?;
        self.news.notify_one();
        changed
    }
}

/// Tells receivers what waits, as long as somebody may still raise anything: each what is oldest for it, and none waits for another that is slow.
async fn deliver(alerts: Arc<Alerts>) {
    let (mut sending, mut busy) = (FuturesUnordered::new(), BTreeSet::new());
    loop {
        let now_ms = (alerts.clock)();
        let (due, next_at_ms) = {
            let book = alerts.book.lock();
            let due = book.due(now_ms).into_iter().filter(|(_, receiver)| !busy.contains(&receiver.id));
            (due.collect::<Vec<_>>(), book.next_at_ms(now_ms))
        };
        for (message, receiver) in due {
            busy.insert(receiver.id.clone());
            sending.push(attempt(&alerts.sender, message, receiver, now_ms));
        }
        let rest = next_at_ms.map_or(MAX_SLEEP, |at| Duration::from_millis(at.saturating_sub(now_ms)).min(MAX_SLEEP));
        tokio::select! {
            Some((message, outcome)) = sending.next() => {
                busy.remove(&message.receiver);
                alerts.sent(message, outcome).await;
            }
            () = alerts.news.notified() => {}
            () = tokio::time::sleep(rest) => {}
        }
    }
}

async fn attempt(
    sender: &Sender,
    message: Message,
    receiver: Receiver,
    now_ms: u64,
) -> (Message, Result<u16, Refusal>) {
    let outcome = sender.send(&message, &receiver, now_ms).await;
    (message, outcome)
}

/// 0 to 1; one half without randomness.
fn jitter() -> f64 {
    let mut bytes = [0; 4];
    if getrandom::fill(&mut bytes).is_err() {
        return 0.5;
    }
    f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
}

fn authorize_operator(actor: &Actor) -> DoorResult<Address> {
    let refused = || {
        DoorError::new(Code::RoleRequired, "only operators say who is told of alerts")
            .with("required", vec![Role::Operator.name()])
    };
    if actor.is(Role::Operator) { actor.address.ok_or_else(refused) } else { Err(refused()) }
}

fn unknown(id: &str) -> DoorError {
    let shown: String = id.chars().filter(|character| !character.is_control()).take(64).collect();
    DoorError::new(Code::UnknownReceiver, format!("there is no receiver `{shown}`"))
}

/// What an operator has to say of the receivers of alerts.
pub struct AlertDesk {
    alerts: Arc<Alerts>,
    records: Arc<dyn C2r>,
    /// Shared by those who change something, so that nothing is compared while it is recorded and does not count yet.
    changing: RwLock<()>,
}

impl AlertDesk {
    /// Over the alerts of a city. Who is told is recorded as other settings are: by representation, before it counts.
    #[must_use]
    pub fn new(alerts: Arc<Alerts>, records: Arc<dyn C2r>) -> Self {
        Self { alerts, records, changing: RwLock::default() }
    }

    async fn record(&self, receiver: &Receiver, told: bool, by: Address, mode: Mode) -> DoorResult<()> {
        let origin = target::origin(&receiver.url);
        let change = Change::TellOfAlerts { receiver: receiver.id.clone(), origin, told, by };
        self.records.control(&change, mode).await.map(drop)
    }
}

/// Whether there is room for a receiver at this address.
fn fits(book: &Book, url: &str) -> DoorResult<()> {
    if book.receivers.len() >= MAX_RECEIVERS {
        let detail = format!("there are {MAX_RECEIVERS} receivers: remove one");
        return Err(DoorError::new(Code::ConfigurationInvalid, detail));
    }
    if book.receivers.iter().any(|known| known.url == url) {
        return Err(DoorError::new(Code::ConfigurationInvalid, "url: it is told already").with("member", "url"));
    }
    Ok(())
}

#[async_trait]
impl O2cAlerts for AlertDesk {
    async fn alert_receivers(&self, actor: &Actor) -> DoorResult<Vec<AlertReceiver>> {
        authorize_operator(actor)?;
        let book = self.alerts.book.lock();
        Ok(book.receivers.iter().map(|receiver| book.shown(receiver)).collect())
    }

    async fn add_alert_receiver(&self, actor: &Actor, receiver: NewReceiver, mode: Mode) -> DoorResult<AddedReceiver> {
        let added_by = authorize_operator(actor)?;
        let url = target::check(&receiver)?.to_string();
        let secret = signature::fresh_secret()?;
        let allow_private = receiver.allow_private;
        let _changing = self.changing.read().await;
        let (receiver, shown) = {
            let mut book = self.alerts.book.lock();
            fits(&book, &url)?;
            let added_at_ms = (self.alerts.clock)();
            let (id, delivered_at_ms, trouble) = (book.name("receiver", added_at_ms), None, None);
            let receiver = Receiver { id, url, allow_private, added_by, added_at_ms, secret, delivered_at_ms, trouble };
            let shown = book.shown(&receiver);
            (receiver, shown)
        };
        self.record(&receiver, true, added_by, mode).await?;
        if mode == Mode::Check {
            return Ok(AddedReceiver { receiver: shown, secret: None });
        }
        let recorded = receiver.clone();
        let added = self.alerts.configure(move |book, city, now_ms| {
            // Another may have been added while this one was recorded.
            fits(book, &receiver.url)?;
            let secret = receiver.secret.clone();
            book.add(receiver, city, now_ms);
            Ok(AddedReceiver { receiver: shown, secret: Some(secret) })
        });
        let added = added.await;
        if added.is_err()
            && let Err(error) = self.record(&recorded, false, added_by, Mode::Apply).await
        {
            tracing::warn!(%error, receiver = recorded.id, "it is recorded as added and is not told: the next start records that");
        }
        added
    }

    async fn remove_alert_receiver(&self, actor: &Actor, receiver: &str, mode: Mode) -> DoorResult<AlertReceiver> {
        let by = authorize_operator(actor)?;
        let _changing = self.changing.read().await;
        let (known, shown) = {
            let book = self.alerts.book.lock();
            let known = book.receiver(receiver).ok_or_else(|| unknown(receiver))?;
            (known.clone(), book.shown(known))
        };
        self.record(&known, false, by, mode).await?;
        if mode == Mode::Check {
            return Ok(shown);
        }
        self.alerts
            .configure(move |book, _, _| {
                let known = book.receiver(&known.id).ok_or_else(|| unknown(&known.id))?;
                let shown = book.shown(known);
                book.remove(&shown.id);
                Ok(shown)
            })
            .await
    }

    async fn test_alert_receiver(&self, actor: &Actor, receiver: &str, note: String) -> DoorResult<TestedDelivery> {
        authorize_operator(actor)?;
        if note.len() > MAX_NOTE_BYTES {
            return Err(DoorError::new(Code::MalformedRequest, format!("note: at most {MAX_NOTE_BYTES} bytes")));
        }
        let now_ms = (self.alerts.clock)();
        let (message, receiver) = {
            let mut book = self.alerts.book.lock();
            let known = book.receiver(receiver).ok_or_else(|| unknown(receiver))?.clone();
            let (id, body) = (book.name("test", now_ms), test_body(&self.alerts.city, &note, now_ms));
            let of = known.id.clone();
            (Message { id, receiver: of, body, made_at_ms: now_ms, attempts: 0, next_at_ms: now_ms }, known)
        };
        Ok(match self.alerts.sender.send(&message, &receiver, now_ms).await {
            Ok(status) => TestedDelivery { delivered: true, status: Some(status), detail: "it was taken".into() },
            Err(Refusal { status, detail }) => TestedDelivery { delivered: false, status, detail },
        })
    }
}

#[cfg(test)]
mod tests;
