//! The audit that goes on by itself (M-MON-3, M-MON-4, `docs/specs/watch.md`): part by part at a bounded rate, from where it was before a restart, over the journal and
//! then over what each chain has recorded, and from the beginning again. What it finds, and what keeps it from going on, are alerts.

mod anchors;
mod chains;
mod rules;
mod state;

use std::{path::Path, sync::Arc, time::Duration};

use chancery_reference_points::{
    Code, DoorError, DoorResult,
    alert::{AlertRule, AuditStatus, WatchReport},
    data_search::{AuditReport, AuditRequest, Difference},
    journal::Clock,
    m2p::M2p,
    m2r::M2rData,
    mandate::{Mandate, rights},
};
use parking_lot::Mutex;
use tokio::time::{Instant, sleep};

use self::{anchors::Anchors, state::State};
use crate::{Alerts, AlertsError, comparison::against_chain, store::Store};

/// The file.
const FILE: &str = "audit.json";
/// Operations of one part at most: a part is kept in memory as a whole.
const MAX_PART_OPERATIONS: u32 = 10_000;
/// Pause after everything was looked at.
const PASS_PAUSE: Duration = Duration::from_secs(10);
/// Pause after a part of a chain's roots: they cost a proof or more each time.
const ROOTS_PAUSE: Duration = Duration::from_secs(1);
/// Pause after a part in which there were none.
const NO_ROOTS_PAUSE: Duration = Duration::from_millis(100);
/// First pause after something did not answer; it doubles.
const FIRST_TROUBLE_PAUSE: Duration = Duration::from_secs(1);
/// The longest.
const MAX_TROUBLE_PAUSE: Duration = Duration::from_secs(60);
/// How often in a row it has to fail before that is an alert, which takes half a minute: what restarts is back by then.
const TROUBLES_OF_AN_ALERT: u32 = 6;
/// How often anchors are looked at.
const ANCHORS_PAUSE: Duration = Duration::from_secs(30);
/// How often quotas are looked at.
const QUOTAS_PAUSE: Duration = Duration::from_secs(15);

/// What watching is made of.
pub struct WatchParts<'a> {
    /// Where it keeps how far it is, and alerts.
    pub folder: &'a Path,
    /// Processing.
    pub m2p: Arc<dyn M2p>,
    /// Representation.
    pub m2r: Arc<dyn M2rData>,
    /// The time.
    pub clock: Clock,
    /// How messages name the city.
    pub city: String,
    /// Most operations that are audited in a second; 0: only what somebody asks for is.
    pub operations_per_second: u32,
}

/// Watches a city.
pub struct Watch {
    m2p: Arc<dyn M2p>,
    m2r: Arc<dyn M2rData>,
    by: Mandate,
    clock: Clock,
    rate: u32,
    store: Store,
    alerts: Arc<Alerts>,
    state: Mutex<State>,
    anchors: Mutex<Anchors>,
}

/// What one step came to.
enum Step {
    /// A part of the journal, with so many operations.
    Journal(u64),
    /// A part of a chain's roots: how many, with so many operations of their own.
    Roots { blocks: u64, operations: u64 },
    /// Everything was looked at, or a difference was found.
    End,
}

impl Watch {
    /// Reads how far it is, and goes on from there. Needs a tokio runtime.
    ///
    /// # Errors
    /// [`AlertsError`].
    pub fn start(parts: WatchParts<'_>) -> Result<Arc<Self>, AlertsError> {
        let watch = Arc::new(Self::open(parts)?);
        if watch.rate > 0 {
            tokio::spawn(audit_on(Arc::clone(&watch)));
        }
        tokio::spawn(look_at_quotas(Arc::clone(&watch)));
        tokio::spawn(look_at_anchors(Arc::clone(&watch)));
        Ok(watch)
    }

    fn open(parts: WatchParts<'_>) -> Result<Self, AlertsError> {
        let WatchParts { folder, m2p, m2r, clock, city, operations_per_second } = parts;
        let store = Store::open(folder)?;
        let state = store.load(FILE).unwrap_or_else(|error| {
            tracing::warn!(%error, "how far the audit was is not known: it begins anew");
            None
        });
        let alerts = Alerts::open(store.clone(), city, Arc::clone(&clock))?;
        let (by, state) = (Mandate::of_the_city(rights::AUDIT), Mutex::new(state.unwrap_or_default()));
        let (rate, anchors) = (operations_per_second, Mutex::default());
        Ok(Self { m2p, m2r, by, clock, rate, store, alerts, state, anchors })
    }

    /// The time.
    pub(crate) fn now_ms(&self) -> u64 {
        (self.clock)()
    }

    /// The alerts, for those who say who is told.
    #[must_use]
    pub fn alerts(&self) -> Arc<Alerts> {
        Arc::clone(&self.alerts)
    }

    /// How watching goes.
    pub(crate) fn report(&self) -> WatchReport {
        let audit = AuditStatus { operations_per_second: self.rate, ..self.state.lock().status.clone() };
        let (alerts, deliveries) = self.alerts.report();
        WatchReport { audit, alerts, deliveries }
    }

    /// Looks at the next part.
    async fn step(&self) -> DoorResult<Step> {
        let (at_roots, next, next_root, chain) = {
            let mut state = self.state.lock();
            state.begin((self.clock)());
            (state.chain.is_some(), state.status.next, state.status.next_root, state.chain.clone())
        };
        match chain.filter(|_| at_roots) {
            Some(chain) => self.roots(&chain, next_root).await,
            None => self.journal(next).await,
        }
    }

    async fn journal(&self, next: u64) -> DoorResult<Step> {
        let operations = Some(u64::from(self.rate.clamp(1, MAX_PART_OPERATIONS)));
        let report = self.m2r.audit(AuditRequest { from: next, operations }).await?;
        let report = against_chain(self.m2p.as_ref(), &self.by, report).await?;
        self.stores(&report).await;
        let AuditReport { operations, complete, .. } = report;
        for found in rules::of_times(&report) {
            self.state.lock().note(&found.subject);
            self.alerts.raise(found).await;
        }
        if let Some(difference) = report.difference {
            self.found(difference).await;
            return Ok(Step::End);
        }
        let end = complete.then(|| chains::in_turn(report.chain, report.chains));
        self.state.lock().advance(report.next, operations, report.compared, end);
        self.keep().await;
        Ok(Step::Journal(operations))
    }

    /// What is not written where the journal is: told as long as it stands.
    async fn stores(&self, report: &AuditReport) {
        let standing = rules::of_stores(report);
        let is_over = |subject: &String| report.standing.iter().all(|standing| standing.store != *subject);
        for subject in self.alerts.subjects(AlertRule::StoreStandsStill).into_iter().filter(is_over) {
            self.alerts.resolve(AlertRule::StoreStandsStill, &subject).await;
        }
        for raised in standing {
            self.alerts.raise(raised).await;
        }
    }

    /// A difference: it is told, and the next pass begins anew, since what comes after has no known place.
    async fn found(&self, difference: Difference) {
        let raised = rules::of_difference(&difference);
        self.state.lock().differ(difference, (self.clock)());
        // Where another was found before, that one stays open: whether it is over is not known before everything was looked at.
        self.alerts.raise(raised).await;
        self.keep().await;
    }

    /// Looks at the anchors of the city, once.
    async fn look_at_anchors(&self) -> DoorResult<()> {
        let states = self.m2p.anchors(&self.by).await?;
        let seen = self.anchors.lock().look(&states, (self.clock)());
        for rule in [AlertRule::AnchorFrozen, AlertRule::RelayStandsStill, AlertRule::ChainUnreachable] {
            for subject in self.alerts.subjects(rule).into_iter().filter(|subject| seen.is_over(rule, subject)) {
                self.alerts.resolve(rule, &subject).await;
            }
        }
        for raised in seen.raised {
            self.alerts.raise(raised).await;
        }
        Ok(())
    }

    async fn keep(&self) {
        let (store, state) = (self.store.clone(), self.state.lock().clone());
        let kept = tokio::task::spawn_blocking(move || store.save(FILE, &state)).await;
        if let Ok(Err(error)) = kept {
            tracing::error!(%error, "how far the audit is cannot be kept: after a restart it goes on from before");
        }
    }

    /// It cannot go on: why is shown at once, and an alert when it stays so.
    async fn trouble(&self, error: &DoorError, times: u32) {
        // A chain that has just begun has nothing to prove by yet.
        if times == 1 {
            tracing::info!(?error, "the audit does not go on yet");
        } else {
            tracing::warn!(?error, times, "the audit does not go on");
        }
        self.state.lock().status.trouble = Some(format!("{}: {}", error.code().name(), error.detail()));
        if times == TROUBLES_OF_AN_ALERT {
            self.alerts.raise(rules::of_trouble(error)).await;
        }
    }

    async fn well(&self) {
        if self.state.lock().status.trouble.take().is_none() {
            return;
        }
        let silent: Vec<(AlertRule, String)> = self.state.lock().silent.values().cloned().collect();
        for rule in [AlertRule::ChainUnreachable, AlertRule::AuditStandsStill] {
            for subject in self.alerts.subjects(rule).into_iter().filter(|subject| !anchors::is_of_anchors(subject)) {
                // A chain that was passed over is well when it was looked at, and the mailboxes when the gateway says so.
                let is_other = subject == rules::MAILBOXES;
                if !is_other && !silent.iter().any(|(of, about)| *of == rule && *about == subject) {
                    self.alerts.resolve(rule, &subject).await;
                }
            }
        }
    }
}

/// Audits for as long as the process lives.
async fn audit_on(watch: Arc<Watch>) {
    let (mut troubles, mut trouble_pause) = (0_u32, FIRST_TROUBLE_PAUSE);
    // What was open when the process ended may be over.
    watch.state.lock().status.trouble = Some("it has not begun".to_owned());
    loop {
        let began = Instant::now();
        let pause = match watch.step().await {
            Ok(step) => {
                watch.well().await;
                (troubles, trouble_pause) = (0, FIRST_TROUBLE_PAUSE);
                match step {
                    Step::Journal(operations) => time_of(operations, watch.rate).saturating_sub(began.elapsed()),
                    Step::Roots { blocks: 0, .. } => NO_ROOTS_PAUSE,
                    Step::Roots { operations, .. } => {
                        time_of(operations, watch.rate).saturating_sub(began.elapsed()).max(ROOTS_PAUSE)
                    }
                    Step::End => PASS_PAUSE,
                }
            }
            Err(error) => {
                troubles = troubles.saturating_add(1);
                watch.trouble(&error, troubles).await;
                if troubles.is_multiple_of(TROUBLES_OF_AN_ALERT) {
                    watch.pass_over(&error).await;
                }
                let pause = trouble_pause;
                trouble_pause = (trouble_pause * 2).min(MAX_TROUBLE_PAUSE);
                pause
            }
        };
        sleep(pause).await;
    }
}

/// How long so many operations are to take.
fn time_of(operations: u64, rate: u32) -> Duration {
    Duration::from_millis(operations.saturating_mul(1000) / u64::from(rate.max(1)))
}

/// Looks at quotas for as long as the process lives.
async fn look_at_quotas(watch: Arc<Watch>) {
    loop {
        match watch.m2r.quotas().await {
            Ok(report) => {
                let raised = rules::of_quotas(&report);
                for subject in watch.alerts.subjects(AlertRule::QuotaExhausted) {
                    // What was left off the report is not known to be over.
                    if report.left_off == 0 && !raised.iter().any(|raised| raised.subject == subject) {
                        watch.alerts.resolve(AlertRule::QuotaExhausted, &subject).await;
                    }
                }
                for raised in raised {
                    watch.alerts.raise(raised).await;
                }
            }
            Err(error) if error.code() == Code::EntityUnavailable => {}
            Err(error) => tracing::warn!(?error, "quotas cannot be looked at"),
        }
        sleep(QUOTAS_PAUSE).await;
    }
}

/// Looks at anchors for as long as the process lives.
async fn look_at_anchors(watch: Arc<Watch>) {
    loop {
        if let Err(error) = watch.look_at_anchors().await
            && error.code() != Code::EntityUnavailable
        {
            tracing::warn!(?error, "anchors cannot be looked at");
        }
        sleep(ANCHORS_PAUSE).await;
    }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
