//! Any number of submissions, as lines of requests of bounded size. More are read only when those at hand are decided, so that whoever makes them waits for the gateway.

use std::{collections::VecDeque, mem};

use chancery_rest::types::submissions::{SubmissionOutcome, SubmissionReceipt};
use futures::{Stream, StreamExt as _, stream::BoxStream};

use super::{SignedSubmission, SubmitError, Submitter, lines::Lines, problem_in};
use crate::ClientError;

/// Submissions that are sent together and not yet answered.
const WINDOW_SUBMISSIONS: usize = 64;
/// Bytes of submissions that are held at a time; one more may be, of any size.
const WINDOW_BYTES: usize = 4 * 1024 * 1024;

/// What became of a submission.
#[derive(Debug)]
pub struct Outcome {
    /// Which of those that were given, from 0.
    pub index: u64,
    /// What was sent.
    pub submission: SignedSubmission,
    /// Its receipt; or why it is refused for good, or its receipt is none.
    pub receipt: Result<SubmissionReceipt, SubmitError>,
}

/// Outcomes as they are known, not always in the order of what was given. An error ends it: it names what is not decided.
pub type Outcomes<'a> = BoxStream<'a, Result<Outcome, SubmitError>>;

struct Pending {
    index: u64,
    submission: SignedSubmission,
    line: Vec<u8>,
}

struct Sending<'a> {
    submitter: &'a Submitter,
    given: BoxStream<'a, SignedSubmission>,
    next_index: u64,
    known: VecDeque<Result<Outcome, SubmitError>>,
    has_ended: bool,
}

impl Submitter {
    /// Sends what is signed as a stream of lines. Of those at hand the ones without an outcome are sent again, as often as the policy says without any getting one.
    ///
    /// The order in which they are accepted may be another: what names a version before it is sent with [`Submitter::send`].
    pub fn send_all<'a>(&'a self, given: impl Stream<Item = SignedSubmission> + Send + 'a) -> Outcomes<'a> {
        let sending =
            Sending { submitter: self, given: given.boxed(), next_index: 0, known: VecDeque::new(), has_ended: false };
        let outcomes = futures::stream::unfold(sending, |mut sending| async move {
            let outcome = sending.next().await?;
            Some((outcome, sending))
        });
        outcomes.boxed()
    }
}

impl Sending<'_> {
    async fn next(&mut self) -> Option<Result<Outcome, SubmitError>> {
        loop {
            if let Some(known) = self.known.pop_front() {
                return Some(known);
            }
            if self.has_ended {
                return None;
            }
            let window = self.window().await;
            self.has_ended = window.is_empty();
            self.decide(window).await;
        }
    }

    async fn window(&mut self) -> Vec<Pending> {
        let (mut window, mut bytes) = (Vec::new(), 0);
        while window.len() < WINDOW_SUBMISSIONS && bytes < WINDOW_BYTES {
            let Some(submission) = self.given.next().await else { break };
            let index = self.next_index;
            self.next_index += 1;
            match serde_json::to_vec(submission.data()) {
                Ok(mut line) => {
                    line.push(b'\n');
                    bytes += line.len();
                    window.push(Pending { index, submission, line });
                }
                Err(error) => {
                    let receipt = Err(SubmitError::NotJson(error.to_string()));
                    self.known.push_back(Ok(Outcome { index, submission, receipt }));
                }
            }
        }
        window
    }

    async fn decide(&mut self, mut pending: Vec<Pending>) {
        let (retry, mut failed) = (self.submitter.retry, 0);
        while !pending.is_empty() {
            let before = pending.len();
            let Err(cause) = self.attempt(&mut pending).await else { continue };
            if pending.is_empty() {
                return;
            }
            failed = if pending.len() < before { 1 } else { failed + 1 };
            if !cause.is_temporary() || failed >= retry.attempts {
                let submissions = pending.into_iter().map(|one| one.submission).collect();
                self.known.push_back(Err(SubmitError::undecided(submissions, cause)));
                self.has_ended = true;
                return;
            }
            retry.pause(failed, &cause).await;
        }
    }

    /// One request: what it decides before it ends, well or not, is no longer pending. Success is when nothing is.
    async fn attempt(&mut self, pending: &mut Vec<Pending>) -> Result<(), ClientError> {
        let submitter = self.submitter;
        let client = &submitter.client;
        let body = pending.iter().flat_map(|one| one.line.iter().copied()).collect();
        let mut sent: Vec<Option<Pending>> = mem::take(pending).into_iter().map(Some).collect();
        let mut ended = Ok(());
        let mut lines = match client.submit_lines(body).await {
            Ok(stream) => Lines::new(client, stream),
            Err(error) => {
                pending.extend(sent.into_iter().flatten());
                return Err(error);
            }
        };
        loop {
            let outcome = match lines.next().await {
                Ok(Some(line)) => serde_json::from_slice::<SubmissionOutcome>(&line)
                    .map_err(|error| client.answered_otherwise(&error.to_string())),
                Ok(None) => break,
                Err(error) => Err(error),
            };
            match outcome.and_then(|outcome| self.take(outcome, &mut sent)) {
                // A line is to be tried again: the others go on.
                Ok(passing) => ended = passing.map_or(ended, Err),
                Err(error) => {
                    ended = Err(error);
                    break;
                }
            }
        }
        pending.extend(sent.into_iter().flatten());
        if !pending.is_empty() && ended.is_ok() {
            return Err(client.broke_off("its answer has fewer lines than it was sent"));
        }
        ended
    }

    /// Takes one outcome: a failure that passes, if it is one.
    fn take(
        &mut self,
        outcome: SubmissionOutcome,
        sent: &mut [Option<Pending>],
    ) -> Result<Option<ClientError>, ClientError> {
        let submitter = self.submitter;
        let client = &submitter.client;
        let refusal = outcome.problem.map(|problem| problem_in(client, problem));
        let place = usize::try_from(outcome.index).ok().and_then(|index| sent.get_mut(index));
        // Beside the lines' there is at most one more: why the gateway ended the stream.
        let Some(place) = place.filter(|place| place.is_some()) else {
            return Err(
                refusal.unwrap_or_else(|| client.answered_otherwise("it answered for a line that was not sent"))
            );
        };
        let receipt = match (outcome.receipt, refusal) {
            (Some(receipt), _) => Ok(receipt),
            (None, Some(refusal)) if refusal.is_temporary() => return Ok(Some(refusal)),
            (None, Some(refusal @ ClientError::Problem(_))) => Err(refusal),
            (None, Some(other)) => return Err(other),
            (None, None) => return Err(client.answered_otherwise("a line has neither a receipt nor a problem")),
        };
        if let Some(Pending { index, submission, .. }) = place.take() {
            let receipt = match receipt {
                Ok(receipt) => submitter.genuine(receipt, &submission),
                Err(refusal) => Err(refusal.into()),
            };
            self.known.push_back(Ok(Outcome { index, submission, receipt }));
        }
        Ok(None)
    }
}
