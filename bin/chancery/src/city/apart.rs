//! Opening what may take minutes to read.

use anyhow::{Context as _, Result};
use tokio::{runtime::Handle, sync::oneshot};

/// Opens something on a thread of its own, within this runtime. Neither whoever waits here for something else too, nor the end of the process, waits for it:
/// what is opened is made for a process that is killed. (The runtime waits for its own blocking threads when it ends.)
pub(super) async fn apart<T, F>(open: impl FnOnce() -> F + Send + 'static) -> Result<T>
where
    T: Send + 'static,
    F: Future<Output = Result<T>>,
{
    let runtime = Handle::current();
    let (sender, opened) = oneshot::channel();
    let opening = move || {
        // Who asked may not wait any more.
        sender.send(runtime.block_on(open())).ok();
    };
    std::thread::Builder::new().name("opening".to_owned()).spawn(opening).context("no thread can be started")?;
    opened.await.context("opening has failed")?
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::mpsc;

    use super::*;

    // M-RP-12: what blocks while it opens holds up nobody who hears that he should stop.
    #[tokio::test]
    async fn opening_holds_up_nobody() {
        let (let_go, wait) = mpsc::channel::<()>();
        let mut opening = std::pin::pin!(apart(move || async move { Ok(wait.recv().is_ok()) }));
        tokio::select! {
            biased;
            _ = opening.as_mut() => panic!("it is blocked"),
            () = tokio::task::yield_now() => {}
        }
        let_go.send(()).unwrap();
        assert!(opening.await.unwrap());
    }
}
