//! What an office does by itself, for as long as it runs: whoever is confirmed here is this office's in the network, and whoever was turned away is given up. Both are
//! read from the office's database, so that a restart loses nothing; both may be dropped at any time.

use std::time::Duration;

use async_trait::async_trait;
use chancery_identity::{Enrolled, IdentityDatabase};
use tracing::{info, warn};

/// Releases that are made at a look.
const RELEASES_AT_A_TIME: u32 = 100;
/// Requests to the register for a person whom it does not know: whether it does, whose the person is, and to keep it.
const REQUESTS_OF_UNKNOWN: usize = 3;
/// A pause doubles at most so often.
const MAX_DOUBLINGS: u32 = 16;

/// The time, and waiting.
#[async_trait]
pub trait Time: Send + Sync {
    /// Now, Unix milliseconds.
    fn now_ms(&self) -> u64;

    /// Waits.
    async fn pause(&self, pause: Duration);
}

/// How fast it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Persons that are looked at without a pause. One whom the register knows costs it one request.
    pub persons_at_a_time: u32,
    /// Pause after so many requests: after a page with persons whom the register does not know there are several. The register remembers requests of about the last minutes.
    pub between_pages: Duration,
    /// Pause after a failure; it doubles with each further one.
    pub after_failure: Duration,
    /// Longest pause after a failure. A new day's evaluations are noticed within it.
    pub longest: Duration,
    /// Pause after everybody was looked at. A register that was lost is noticed within it.
    pub between_passes: Duration,
    /// Pause between two looks at what has to be released.
    pub between_looks: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            persons_at_a_time: 50,
            between_pages: Duration::from_secs(5),
            after_failure: Duration::from_secs(60),
            longest: Duration::from_secs(60 * 60),
            between_passes: Duration::from_secs(24 * 60 * 60),
            between_looks: Duration::from_secs(30),
        }
    }
}

/// What a pass over all persons came to.
#[derive(Default)]
struct Pass {
    held: usize,
    elsewhere: usize,
    unusable: usize,
}

impl Pass {
    fn add(&mut self, page: &Enrolled) {
        self.held += page.held;
        self.elsewhere += page.elsewhere.len();
        self.unusable += page.unusable.len();
    }

    fn tell(&self) {
        let Self { held, elsewhere, unusable } = *self;
        if held > 0 {
            info!(held, "persons that the register did not know are enrolled");
        }
        if elsewhere > 0 {
            warn!(elsewhere, "persons of this office are another's too: see who is in both");
        }
        if unusable > 0 {
            warn!(unusable, "records of persons cannot be used: they are not enrolled");
        }
    }
}

/// Looks at all persons who are confirmed here, again and again, and makes those this office's whom the register does not know: from before the network, or after the
/// register or an evaluator's key was lost. Ends when it is dropped.
pub async fn keep_enrolled(database: &IdentityDatabase, pace: &Pace, time: &dyn Time) {
    loop {
        Box::pin(pass(database, pace, time)).await;
        time.pause(pace.between_passes).await;
    }
}

async fn pass(database: &IdentityDatabase, pace: &Pace, time: &dyn Time) {
    let (mut pass, mut after, mut failures) = (Pass::default(), None, 0);
    loop {
        let page = Box::pin(database.enrol_persons(after, pace.persons_at_a_time, time.now_ms())).await;
        let page = page.unwrap_or_else(|error| Enrolled { interrupted: Some(error), ..Enrolled::default() });
        pass.add(&page);
        let pauses = pauses_after(pace, &page);
        if page.last.is_some() {
            (after, failures) = (page.last, 0);
        }
        if let Some(error) = page.interrupted {
            let pause = pause_after(pace, failures);
            let (held, pause_s) = (pass.held, pause.as_secs());
            warn!(%error, held, pause_s, "not everybody of this office is enrolled yet; it goes on where it was");
            failures += 1;
            time.pause(pause).await;
        } else if page.is_end {
            return pass.tell();
        } else {
            for _ in 0..pauses {
                time.pause(pace.between_pages).await;
            }
        }
    }
}

/// How many pauses follow a page: one for as many requests as a page of persons who are known costs.
fn pauses_after(pace: &Pace, page: &Enrolled) -> usize {
    let unknown = page.held + page.elsewhere.len();
    let requests = page.known + page.unusable.len() + unknown * REQUESTS_OF_UNKNOWN;
    let of_a_page = usize::try_from(pace.persons_at_a_time).unwrap_or(usize::MAX).max(1);
    requests.div_ceil(of_a_page).max(1)
}

/// Gives up at the register whom this office has turned away and could not give up at once. Ends when it is dropped.
pub async fn keep_released(database: &IdentityDatabase, pace: &Pace, time: &dyn Time) {
    loop {
        match Box::pin(database.release_due(&|| time.now_ms(), RELEASES_AT_A_TIME)).await {
            Ok(released) => {
                if let Some(error) = released.failed {
                    warn!(%error, "somebody who was turned away is not given up in the network yet; it is tried again");
                }
            }
            Err(error) => warn!(%error, "who is to be given up in the network cannot be read; it is tried again"),
        }
        time.pause(pace.between_looks).await;
    }
}

fn pause_after(pace: &Pace, failures: u32) -> Duration {
    pace.after_failure.saturating_mul(1 << failures.min(MAX_DOUBLINGS)).min(pace.longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    // PERSONS-4
    #[test]
    fn pauses_follow_requests_and_not_persons() {
        let pace = Pace { persons_at_a_time: 50, ..Pace::default() };
        let page = |held, known| pauses_after(&pace, &Enrolled { held, known, ..Enrolled::default() });
        assert_eq!([page(0, 50), page(1, 49), page(10, 40), page(50, 0), page(0, 0)], [1, 2, 2, 3, 1]);
        let elsewhere = vec![Default::default(); 50];
        assert_eq!(pauses_after(&pace, &Enrolled { elsewhere, ..Enrolled::default() }), 3);
    }

    #[test]
    fn the_pause_after_failures_grows_to_its_bound() {
        let pace = Pace::default();
        let pauses = [0, 1, 5, 6, 7, u32::MAX].map(|failures| pause_after(&pace, failures).as_secs());
        assert_eq!(pauses, [60, 120, 1920, 3600, 3600, 3600]);
    }
}
