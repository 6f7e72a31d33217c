//! The audit of shared files where their owner keeps them (S-ODS, M-SER-4, WATCH-11): one after the other at a bounded rate, from where it was before a restart, and from the
//! beginning again. It runs with the owner, who alone may read the store; what is missing, or not what stands on the chain, is an alert until it is mended.

use std::{collections::BTreeSet, path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use chancery_reference_points::{alert::AlertRule, journal::Clock};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use crate::{Alerts, AlertsError, alerts::DeclaredReceiver, store::Store};

/// The file.
const FILE: &str = "files.json";
/// Most subjects of alerts that a pass remembers to have seen.
const MAX_SEEN: usize = 10_000;
/// Shortest pause between two files: each costs a question to the chain.
const MIN_PAUSE: Duration = Duration::from_millis(100);
/// Shortest pause between two passes.
const MIN_PASS_PAUSE: Duration = Duration::from_secs(1);
/// First pause after the store or the chain did not answer; it doubles.
const FIRST_TROUBLE_PAUSE: Duration = Duration::from_secs(1);
/// The longest.
const MAX_TROUBLE_PAUSE: Duration = Duration::from_secs(60);
/// How often in a row they have to fail before that is an alert, which takes half a minute.
const TROUBLES_OF_AN_ALERT: u32 = 6;

/// Why a file cannot be looked at: it says nothing of the file.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NotLooked(pub String);

/// A file that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookedFile {
    /// Where it should lie; no content.
    pub place: String,
    /// Bytes that it should have.
    pub bytes: u64,
    /// What is wrong with it.
    pub fault: Option<String>,
}

/// The files, in their order: the port of whoever keeps them.
#[async_trait]
pub trait StoredFiles: Send + Sync {
    /// How many there are. None is taken away.
    ///
    /// # Errors
    /// [`NotLooked`].
    async fn count(&self) -> Result<u32, NotLooked>;

    /// Compares one, counted from 1, with what it should be. Memory does not grow with it.
    ///
    /// # Errors
    /// [`NotLooked`] when the store or the chain does not answer.
    async fn look(&self, number: u32) -> Result<LookedFile, NotLooked>;
}

/// What the audit is made of.
pub struct FileAuditParts<'a> {
    /// Where it keeps how far it is, and alerts.
    pub folder: &'a Path,
    /// The files.
    pub files: Arc<dyn StoredFiles>,
    /// The time.
    pub clock: Clock,
    /// How messages name whose files they are.
    pub of: String,
    /// Who is told.
    pub receivers: Vec<DeclaredReceiver>,
    /// Most bytes that are read in a second, over one file and its pause.
    pub bytes_per_second: u64,
    /// How often everything is looked at, at most.
    pub pass_every: Duration,
}

/// What is kept.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct State {
    /// How many of this pass were looked at.
    looked: u32,
    /// When the pass began, Unix milliseconds; zero: none is under way.
    began_at_ms: u64,
    /// When everything was looked at last.
    completed_at_ms: Option<u64>,
    /// When that pass began; zero: none has ended yet.
    completed_began_at_ms: u64,
    /// Subjects that this pass has found.
    seen: BTreeSet<String>,
}

/// Looks at the files of one owner.
pub struct FileAudit {
    files: Arc<dyn StoredFiles>,
    clock: Clock,
    of: String,
    rate: u64,
    pass_every: Duration,
    store: Store,
    alerts: Arc<Alerts>,
    state: Mutex<State>,
}

/// What one step came to.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// A file of so many bytes.
    Looked(u64),
    /// Everything was looked at, in a pass that began then.
    End(u64),
}

impl FileAudit {
    /// Reads how far it is. Needs a tokio runtime.
    ///
    /// # Errors
    /// [`AlertsError`].
    pub fn open(parts: FileAuditParts<'_>) -> Result<Self, AlertsError> {
        let FileAuditParts { folder, files, clock, of, receivers, bytes_per_second, pass_every } = parts;
        let alerts = Alerts::declared(folder, of.clone(), Arc::clone(&clock), receivers)?;
        let store = Store::open(folder)?;
        let state = store.load(FILE).unwrap_or_else(|error| {
            tracing::warn!(%error, "how far the audit of files was is not known: it begins anew");
            None
        });
        let (rate, state) = (bytes_per_second.max(1), Mutex::new(state.unwrap_or_default()));
        Ok(Self { files, clock, of, rate, pass_every, store, alerts, state })
    }

    /// Looks until it is dropped.
    pub async fn run(self) {
        let (mut troubles, mut trouble_pause) = (0_u32, FIRST_TROUBLE_PAUSE);
        sleep(self.first_pause()).await;
        loop {
            let began = Instant::now();
            let pause = match self.step().await {
                Ok(step) => {
                    self.alerts.resolve(AlertRule::AuditStandsStill, &self.of).await;
                    (troubles, trouble_pause) = (0, FIRST_TROUBLE_PAUSE);
                    self.pause_after(&step, began.elapsed())
                }
                Err(error) => {
                    troubles = troubles.saturating_add(1);
                    self.trouble(&error, troubles).await;
                    if troubles >= TROUBLES_OF_AN_ALERT {
                        self.pass_over().await;
                    }
                    let pause = trouble_pause;
                    trouble_pause = (trouble_pause * 2).min(MAX_TROUBLE_PAUSE);
                    pause
                }
            };
            sleep(pause).await;
        }
    }

    /// Looks at the next file.
    async fn step(&self) -> Result<Step, NotLooked> {
        let count = self.files.count().await?;
        let number = {
            let mut state = self.state.lock();
            if state.began_at_ms == 0 {
                state.began_at_ms = (self.clock)();
            }
            state.looked.saturating_add(1)
        };
        if number > count {
            return Ok(self.end().await);
        }
        let LookedFile { place, bytes, fault } = self.files.look(number).await?;
        let subject = format!("{}, part {number}", self.of);
        if let Some(fault) = fault {
            self.note(&subject);
            let summary = format!("{subject} ({place}): {fault}");
            self.alerts.tell(AlertRule::StoredFile, subject, summary).await;
        } else {
            self.alerts.resolve(AlertRule::StoredFile, &subject).await;
        }
        self.state.lock().looked = number;
        self.keep().await;
        Ok(Step::Looked(bytes))
    }

    /// A file that cannot be looked at for long keeps no other from being looked at; what is known of it stays as it is.
    async fn pass_over(&self) {
        let Ok(count) = self.files.count().await else { return };
        let number = {
            let mut state = self.state.lock();
            state.looked = state.looked.saturating_add(1).min(count);
            state.looked
        };
        self.note(&format!("{}, part {number}", self.of));
        self.keep().await;
    }

    async fn end(&self) -> Step {
        let (began_at_ms, seen) = {
            let mut state = self.state.lock();
            let (began_at_ms, seen) = (state.began_at_ms, std::mem::take(&mut state.seen));
            let completed_at_ms = Some((self.clock)());
            *state = State { completed_at_ms, completed_began_at_ms: began_at_ms, ..State::default() };
            (began_at_ms, seen)
        };
        for subject in self.alerts.subjects(AlertRule::StoredFile).into_iter().filter(|subject| !seen.contains(subject))
        {
            self.alerts.resolve(AlertRule::StoredFile, &subject).await;
        }
        self.keep().await;
        Step::End(began_at_ms)
    }

    fn note(&self, subject: &str) {
        let mut state = self.state.lock();
        if state.seen.len() < MAX_SEEN {
            state.seen.insert(subject.to_owned());
        }
    }

    /// How long it rests: so that no more bytes are read in a second than may be, and a pass begins no sooner than it should.
    fn pause_after(&self, step: &Step, took: Duration) -> Duration {
        match step {
            Step::Looked(bytes) => {
                let whole = Duration::from_millis(bytes.saturating_mul(1000) / self.rate);
                whole.saturating_sub(took).max(MIN_PAUSE)
            }
            Step::End(began_at_ms) => self.until_next(*began_at_ms).max(MIN_PASS_PAUSE),
        }
    }

    /// How long it rests after a restart: a pass that is under way goes on, and the next begins no sooner than it would have.
    fn first_pause(&self) -> Duration {
        let (began_at_ms, before_ms) = {
            let state = self.state.lock();
            (state.began_at_ms, state.completed_began_at_ms)
        };
        if began_at_ms == 0 && before_ms > 0 { self.until_next(before_ms) } else { Duration::ZERO }
    }

    /// How long it is until a pass may begin, when the one before began then.
    fn until_next(&self, began_at_ms: u64) -> Duration {
        let passed = Duration::from_millis((self.clock)().saturating_sub(began_at_ms));
        self.pass_every.saturating_sub(passed)
    }

    async fn trouble(&self, error: &NotLooked, times: u32) {
        tracing::warn!(%error, times, "the audit of files does not go on");
        if times == TROUBLES_OF_AN_ALERT {
            let summary = format!("the files of {} cannot be looked at: {error}", self.of);
            self.alerts.tell(AlertRule::AuditStandsStill, self.of.clone(), summary).await;
        }
    }

    async fn keep(&self) {
        let (store, state) = (self.store.clone(), self.state.lock().clone());
        let kept = tokio::task::spawn_blocking(move || store.save(FILE, &state)).await;
        if let Ok(Err(error)) = kept {
            tracing::error!(%error, "how far the audit of files is cannot be kept: after a restart it goes on from before");
        }
    }
}

#[cfg(test)]
mod tests;
