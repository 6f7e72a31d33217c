//! A thread that waits for a token, so that nobody else waits for longer than they say (TOKEN-5). A library of PKCS#11 has no time limit of its own, and a call
//! into it cannot be cut off: it is the asker who goes on.

use std::{
    convert::Infallible,
    sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError},
    thread,
    time::{Duration, Instant},
};

use parking_lot::Mutex;

use crate::TokenError;

/// Operations that wait for one token at a time: more than a runtime has threads that may wait.
const MAX_QUEUED: usize = 1024;
/// Longest wait for the thread to close its session when the worker is dropped.
const FAREWELL: Duration = Duration::from_secs(1);

struct Job<S> {
    /// Nobody waits for it any more.
    until: Instant,
    work: Box<dyn FnOnce(&mut S) + Send>,
}

/// One thread, and what it alone uses.
pub(crate) struct Worker<S> {
    /// `None` only while it is dropped.
    queue: Option<SyncSender<Job<S>>>,
    /// Disconnected when the thread has ended.
    ended: Mutex<Receiver<Infallible>>,
}

impl<S: Send + 'static> Worker<S> {
    /// Starts the thread.
    ///
    /// # Errors
    /// [`TokenError::Failed`] when the system starts none.
    pub(crate) fn start(state: S) -> Result<Self, TokenError> {
        let (queue, jobs) = mpsc::sync_channel::<Job<S>>(MAX_QUEUED);
        let (ending, ended) = mpsc::sync_channel::<Infallible>(0);
        let work = move || {
            let mut state = state;
            while let Ok(job) = jobs.recv() {
                if Instant::now() < job.until {
                    (job.work)(&mut state);
                }
            }
            // The session is closed before anybody is told that it is.
            drop(state);
            drop(ending);
        };
        let started = thread::Builder::new().name("pkcs11".to_owned()).spawn(work);
        started.map_err(|error| TokenError::Failed { doing: "starting a thread", reason: error.to_string() })?;
        Ok(Self { queue: Some(queue), ended: Mutex::new(ended) })
    }

    /// Has the thread do something, and waits for it no longer than `patience`. What nobody waits for any more is not begun.
    ///
    /// # Errors
    /// That of the work, or [`TokenError::NoAnswer`].
    pub(crate) fn ask<T: Send + 'static>(
        &self,
        patience: Duration,
        work: impl FnOnce(&mut S) -> Result<T, TokenError> + Send + 'static,
    ) -> Result<T, TokenError> {
        let no_answer = |reason: String| TokenError::NoAnswer { reason };
        let gone = || no_answer("its thread has ended".to_owned());
        let late = || no_answer(format!("not within {patience:?}"));
        let (answer, answered) = mpsc::sync_channel(1);
        let until = Instant::now() + patience;
        let work = move |state: &mut S| {
            // Whoever asked may have gone.
            let _ = answer.send(work(state));
        };
        match self.queue.as_ref().ok_or_else(gone)?.try_send(Job { until, work: Box::new(work) }) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => {
                return Err(no_answer(format!("{MAX_QUEUED} operations wait for it already")));
            }
            Err(TrySendError::Disconnected(_)) => return Err(gone()),
        }
        match answered.recv_timeout(patience) {
            Ok(result) => result,
            Err(RecvTimeoutError::Disconnected) if Instant::now() < until => Err(gone()),
            Err(_) => Err(late()),
        }
    }
}

/// The session is closed before the process ends, unless the token hangs.
impl<S> Drop for Worker<S> {
    fn drop(&mut self) {
        self.queue = None;
        let _ = self.ended.get_mut().recv_timeout(FAREWELL);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use chancery_keys::KeyFailure;

    use super::*;

    /// Long enough for a thread to begin.
    const SHORT: Duration = Duration::from_millis(500);
    const LONG: Duration = Duration::from_secs(60);

    // TOKEN-5: a token that hangs holds up nobody, and is used again when it answers again.
    #[test]
    fn whoever_asks_a_token_that_hangs_goes_on() {
        let worker = Worker::start(0_u32).unwrap();
        let (release, hangs) = mpsc::channel::<()>();
        let hanging = worker.ask(SHORT, move |count| {
            *count += 1;
            let _ = hangs.recv();
            Ok(())
        });
        let failure = KeyFailure::from(hanging.unwrap_err());
        assert!(
            matches!(&failure, KeyFailure::Unavailable(why) if why.contains("the token does not answer")),
            "{failure}"
        );
        // Behind it in the queue: given up, and not begun afterwards.
        let behind = worker.ask(SHORT, |count| {
            *count += 100;
            Ok(())
        });
        assert!(matches!(behind, Err(TokenError::NoAnswer { .. })), "{behind:?}");
        release.send(()).unwrap();
        assert_eq!(worker.ask(LONG, |count| Ok(*count)), Ok(1));
    }

    // TOKEN-5
    #[test]
    fn a_full_queue_turns_away_at_once() {
        let worker = Worker::start(()).unwrap();
        let (release, hangs) = mpsc::channel::<()>();
        let hanging = worker.ask(SHORT, move |()| {
            let _ = hangs.recv();
            Ok(())
        });
        assert!(hanging.is_err());
        for _ in 0..MAX_QUEUED {
            assert!(worker.ask(Duration::ZERO, |()| Ok(())).is_err());
        }
        let refused = worker.ask(LONG, |()| Ok(())).unwrap_err();
        assert!(refused.to_string().contains("wait for it already"), "{refused}");
        drop(release);
    }

    #[test]
    fn what_the_thread_uses_is_gone_when_the_worker_is() {
        struct Kept(mpsc::Sender<()>);
        impl Drop for Kept {
            fn drop(&mut self) {
                let _ = self.0.send(());
            }
        }
        let (dropped, is_dropped) = mpsc::channel();
        drop(Worker::start(Kept(dropped)).unwrap());
        assert_eq!(is_dropped.try_recv(), Ok(()));
    }
}
