//! What becomes of messages that came together: decided for good, or not yet (MQTT-1).

use std::time::Duration;

use chancery_reference_points::{Code, r2d::R2dSources, source_data::AcceptedSubmission};

use super::limits::{MAX_RETRY_DELAY, MAX_TRIES};
use crate::{
    lines::{self, Line, outcome, retry_after_ms},
    problem::ApiResult,
};

/// How long one tries what may succeed later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// [`MAX_TRIES`] times.
    Bounded,
    /// Until it succeeds, or is dropped.
    Endless,
}

/// A message that is decided.
pub(super) struct Decided {
    /// A `SubmissionOutcome` in JSON.
    pub(super) outcome: Vec<u8>,
    /// Of the problem; `None` when there is a receipt.
    pub(super) refused: Option<Code>,
}

/// Decides lines, the first of which has the number `first`. An outcome for each, in order, unless one may still succeed after the last try: then
/// the first outcomes, up to that line, and nothing of those after it is to be acknowledged.
pub(super) async fn decide(sources: &dyn R2dSources, first: u64, lines: Vec<Line>, patience: Patience) -> Vec<Decided> {
    let count = lines.len();
    let mut results: Vec<Option<ApiResult<AcceptedSubmission>>> = (0..count).map(|_| None).collect();
    let mut waiting: Vec<(usize, Line)> = lines.into_iter().enumerate().collect();
    let mut tries = 0;
    while !waiting.is_empty() {
        let (positions, lines): (Vec<_>, Vec<_>) = waiting.drain(..).unzip();
        let mut delay_ms = 0;
        let accepted = lines::accept(sources, lines.clone()).await;
        for ((position, line), result) in positions.into_iter().zip(lines).zip(accepted) {
            match result.as_ref().err().and_then(retry_after_ms) {
                Some(after_ms) => {
                    delay_ms = after_ms.max(delay_ms);
                    waiting.push((position, line));
                }
                None => results[position] = Some(result),
            }
        }
        tries += 1;
        if waiting.is_empty() || (patience == Patience::Bounded && tries == MAX_TRIES) {
            break;
        }
        tracing::debug!(waiting = waiting.len(), delay_ms, "messages cannot be accepted yet");
        tokio::time::sleep(Duration::from_millis(delay_ms).min(MAX_RETRY_DELAY)).await;
    }
    let decided = (first..).zip(results).map_while(|(number, result)| result.map(|result| one(number, result)));
    decided.collect()
}

fn one(number: u64, result: ApiResult<AcceptedSubmission>) -> Decided {
    let refused = result.as_ref().err().map(|error| error.error.code());
    // Outcomes are plain data: writing them to memory cannot fail.
    let outcome = serde_json::to_vec(&outcome(number, result)).unwrap_or_default();
    Decided { outcome, refused }
}
