//! What is open, and what waits to be told: pure, and kept as one file. One subject of one rule has one alert, told once when it is raised and once when it is over.

use std::collections::{BTreeMap, VecDeque};

use alloy_primitives::Address;
use chancery_reference_points::{
    alert::{Alert, AlertReceiver, AlertRule, Deliveries, MAX_RECEIVERS, ReceiverSecret},
    data_search::Difference,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Most alerts that are open. Beyond them no warning is raised, which is counted.
pub(super) const MAX_OPEN: usize = 1000;
/// So many more may be critical: whoever causes warnings, such as a source by its clock, hides nothing by them.
const MAX_OPEN_CRITICAL: usize = MAX_OPEN + 200;
/// Most messages that wait for one receiver, so that one that takes nothing costs the others none. The oldest stay.
const MAX_WAITING_OF_ONE: usize = 1000;
/// Of these, so many may be warnings.
const MAX_WAITING_WARNINGS: usize = MAX_WAITING_OF_ONE * 3 / 4;
/// Most messages that wait, of all receivers.
pub(super) const MAX_WAITING: usize = MAX_WAITING_OF_ONE * MAX_RECEIVERS;
/// Longest summary, and longest detail of a difference, in bytes; what is longer is cut.
const MAX_TEXT_BYTES: usize = 1024;
/// How long a message waits before it is given up, in milliseconds: three days.
const MAX_WAIT_MS: u64 = 3 * 24 * 3600 * 1000;
/// The first pause after a message was not taken; it doubles.
const FIRST_PAUSE_MS: u64 = 1000;
/// The longest.
const MAX_PAUSE_MS: u64 = 15 * 60 * 1000;

/// A receiver with its secret.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Receiver {
    pub(super) id: String,
    pub(super) url: String,
    pub(super) allow_private: bool,
    pub(super) added_by: Address,
    pub(super) added_at_ms: u64,
    pub(super) secret: ReceiverSecret,
    #[serde(default)]
    pub(super) delivered_at_ms: Option<u64>,
    #[serde(default)]
    pub(super) trouble: Option<String>,
}

/// A message on its way to one receiver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Message {
    /// Its name, the same however often it is sent.
    pub(super) id: String,
    pub(super) receiver: String,
    /// The exact text.
    pub(super) body: String,
    pub(super) made_at_ms: u64,
    pub(super) attempts: u32,
    pub(super) next_at_ms: u64,
}

/// What is new in an alert.
pub(crate) struct Raised {
    pub(crate) rule: AlertRule,
    pub(crate) subject: String,
    pub(crate) summary: String,
    pub(crate) difference: Option<Difference>,
}

/// Everything that is kept of alerts.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Book {
    pub(super) receivers: Vec<Receiver>,
    /// By rule and subject.
    open: BTreeMap<String, Alert>,
    waiting: VecDeque<Message>,
    delivered: u64,
    dropped: u64,
    /// Counts what has a name here.
    names: u64,
}

impl Book {
    /// Opens an alert, unless it is open; whether anything has changed.
    pub(super) fn raise(&mut self, raised: Raised, city: &str, now_ms: u64) -> bool {
        let Raised { rule, subject, mut summary, mut difference } = raised;
        cut(&mut summary);
        if let Some(difference) = &mut difference {
            cut(&mut difference.detail);
        }
        let key = key(rule, &subject);
        if self.open.contains_key(&key) {
            return false;
        }
        if self.open.len() >= if rule.is_critical() { MAX_OPEN_CRITICAL } else { MAX_OPEN } {
            self.dropped += 1;
            return true;
        }
        let id = self.name("alert", now_ms);
        let alert = Alert { id, rule, subject, summary, difference, raised_at_ms: now_ms };
        self.tell(&body("alert.raised", &alert, city, None), rule, now_ms);
        self.open.insert(key, alert);
        true
    }

    /// Ends an alert that is open; whether it was.
    pub(super) fn resolve(&mut self, rule: AlertRule, subject: &str, city: &str, now_ms: u64) -> bool {
        let Some(alert) = self.open.remove(&key(rule, subject)) else { return false };
        self.tell(&body("alert.resolved", &alert, city, Some(now_ms)), rule, now_ms);
        true
    }

    /// What is open, oldest first.
    pub(super) fn alerts(&self) -> Vec<Alert> {
        let mut alerts: Vec<Alert> = self.open.values().cloned().collect();
        alerts.sort_by_key(|alert| alert.raised_at_ms);
        alerts
    }

    pub(super) fn deliveries(&self) -> Deliveries {
        Deliveries { waiting: self.waiting.len() as u64, delivered: self.delivered, dropped: self.dropped }
    }

    /// A receiver as it is shown: without its secret.
    pub(super) fn shown(&self, receiver: &Receiver) -> AlertReceiver {
        AlertReceiver {
            id: receiver.id.clone(),
            url: receiver.url.clone(),
            allow_private: receiver.allow_private,
            added_by: receiver.added_by,
            added_at_ms: receiver.added_at_ms,
            waiting: self.waiting.iter().filter(|message| message.receiver == receiver.id).count() as u64,
            delivered_at_ms: receiver.delivered_at_ms,
            trouble: receiver.trouble.clone(),
        }
    }

    pub(super) fn receiver(&self, id: &str) -> Option<&Receiver> {
        self.receivers.iter().find(|receiver| receiver.id == id)
    }

    /// Adds a receiver, which is told what is open already.
    pub(super) fn add(&mut self, receiver: Receiver, city: &str, now_ms: u64) {
        let id = receiver.id.clone();
        self.receivers.push(receiver);
        for alert in self.alerts() {
            self.enqueue(&id, &body("alert.raised", &alert, city, None), alert.rule, now_ms);
        }
    }

    /// Takes a receiver away, with what waits for it.
    pub(super) fn remove(&mut self, id: &str) {
        self.receivers.retain(|receiver| receiver.id != id);
        self.waiting.retain(|message| message.receiver != id);
    }

    /// A name that nothing else here has.
    pub(super) fn name(&mut self, what: &str, now_ms: u64) -> String {
        self.names += 1;
        format!("{what}-{now_ms:x}-{:x}", self.names)
    }

    /// The oldest message of each receiver, as far as they are due: what one receiver is told is told in order.
    pub(super) fn due(&self, now_ms: u64) -> Vec<(Message, Receiver)> {
        let first = |receiver: &Receiver| self.waiting.iter().find(|message| message.receiver == receiver.id).cloned();
        let heads = self.receivers.iter().filter_map(|receiver| Some((first(receiver)?, receiver.clone())));
        heads.filter(|(message, _)| message.next_at_ms <= now_ms).collect()
    }

    /// When something becomes due next after a time, Unix milliseconds.
    pub(super) fn next_at_ms(&self, now_ms: u64) -> Option<u64> {
        let first = |receiver: &Receiver| self.waiting.iter().find(|message| message.receiver == receiver.id);
        self.receivers.iter().filter_map(first).map(|message| message.next_at_ms).filter(|at| *at > now_ms).min()
    }

    /// A message was taken.
    pub(super) fn taken(&mut self, message: &Message, now_ms: u64) {
        self.waiting.retain(|known| known.id != message.id || known.receiver != message.receiver);
        self.delivered += 1;
        if let Some(receiver) = self.receivers.iter_mut().find(|receiver| receiver.id == message.receiver) {
            (receiver.delivered_at_ms, receiver.trouble) = (Some(now_ms), None);
        }
    }

    /// A message was not taken: it is sent again later, or given up. `jitter`: 0 to 1, so that many do not come at once.
    pub(super) fn refused(&mut self, message: &Message, trouble: String, now_ms: u64, jitter: f64) {
        let is_it = |known: &Message| known.id == message.id && known.receiver == message.receiver;
        if let Some(receiver) = self.receivers.iter_mut().find(|receiver| receiver.id == message.receiver) {
            receiver.trouble = Some(trouble);
        }
        if now_ms.saturating_sub(message.made_at_ms) >= MAX_WAIT_MS {
            self.waiting.retain(|known| !is_it(known));
            self.dropped += 1;
        } else if let Some(known) = self.waiting.iter_mut().find(|known| is_it(known)) {
            known.next_at_ms = now_ms.saturating_add(pause_ms(known.attempts, jitter));
            known.attempts = known.attempts.saturating_add(1);
        }
    }

    fn tell(&mut self, body: &str, rule: AlertRule, now_ms: u64) {
        let receivers: Vec<String> = self.receivers.iter().map(|receiver| receiver.id.clone()).collect();
        for receiver in receivers {
            self.enqueue(&receiver, body, rule, now_ms);
        }
    }

    fn enqueue(&mut self, receiver: &str, body: &str, rule: AlertRule, now_ms: u64) {
        let own = self.waiting.iter().filter(|message| message.receiver == receiver).count();
        let limit = if rule.is_critical() { MAX_WAITING_OF_ONE } else { MAX_WAITING_WARNINGS };
        if own >= limit || self.waiting.len() >= MAX_WAITING {
            self.dropped += 1;
            return;
        }
        let id = self.name("msg", now_ms);
        let (receiver, body) = (receiver.to_owned(), body.to_owned());
        self.waiting.push_back(Message { id, receiver, body, made_at_ms: now_ms, attempts: 0, next_at_ms: now_ms });
    }
}

fn cut(text: &mut String) {
    text.truncate(text.floor_char_boundary(MAX_TEXT_BYTES));
}

fn key(rule: AlertRule, subject: &str) -> String {
    format!("{} {subject}", rule.name())
}

/// The pause after an attempt: doubled each time, and between half of that and all of it.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a pause of minutes"
)]
fn pause_ms(attempts: u32, jitter: f64) -> u64 {
    let whole = FIRST_PAUSE_MS.saturating_mul(1 << attempts.min(20)).min(MAX_PAUSE_MS);
    whole / 2 + ((whole / 2) as f64 * jitter.clamp(0.0, 1.0)) as u64
}

/// The text of a message about an alert.
fn body(kind: &str, alert: &Alert, city: &str, resolved_at_ms: Option<u64>) -> String {
    let mut body = json!({
        "type": kind,
        "city": city,
        "alert": alert.id,
        "rule": alert.rule.name(),
        "severity": alert.rule.severity(),
        "subject": alert.subject,
        "summary": alert.summary,
        "raisedAtMs": alert.raised_at_ms,
    });
    if let Some(difference) = &alert.difference {
        body["difference"] = json!(difference);
    }
    if let Some(resolved_at_ms) = resolved_at_ms {
        body["resolvedAtMs"] = json!(resolved_at_ms);
    }
    body.to_string()
}

/// The text of a test.
pub(super) fn test_body(city: &str, note: &str, now_ms: u64) -> String {
    json!({"type": "alert.test", "city": city, "note": note, "sentAtMs": now_ms}).to_string()
}

#[cfg(test)]
mod tests;
