//! When a process that runs until it is told to stop is told so.

use std::{future::pending, io::Read as _};

use anyhow::Result;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::oneshot,
};

/// Completes at the first SIGINT or SIGTERM or, where that was asked for, when standard input ends, as it does when the
/// process at its other end is gone, however it went.
pub(crate) fn told_to_stop(until_stdin_ends: bool) -> Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let input = until_stdin_ends.then(watch_input);
    Ok(async move {
        let ended = async {
            match input {
                Some(ended) => drop(ended.await),
                None => pending().await,
            }
        };
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {}, () = ended => {} }
    })
}

/// A thread of its own, because a read of standard input cannot be cancelled.
fn watch_input() -> oneshot::Receiver<()> {
    let (sender, ended) = oneshot::channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 64];
        while matches!(std::io::stdin().read(&mut buffer), Ok(read) if read > 0) {}
        drop(sender);
    });
    ended
}
