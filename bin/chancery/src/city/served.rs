//! What a city serves until it stops: a server that ends before is a failure of the city, not a door that is silently shut.

use anyhow::{Context as _, Error, Result, anyhow};
use tokio::task::{JoinError, JoinHandle};

/// A server under way.
#[derive(Debug)]
pub(crate) struct Served {
    name: &'static str,
    task: JoinHandle<()>,
    end: Option<Result<(), JoinError>>,
}

impl Served {
    /// Begins to serve.
    pub(crate) fn spawn(name: &'static str, serving: impl Future<Output = ()> + Send + 'static) -> Self {
        Self { name, task: tokio::spawn(serving), end: None }
    }

    /// Waits until it has ended, although nobody told it to. May be dropped and called again.
    pub(crate) async fn failed(&mut self) -> Error {
        self.wait().await;
        anyhow!("{} is served no more", self.name)
    }

    /// Waits for its end, once it was told to stop.
    pub(crate) async fn ended(mut self) -> Result<()> {
        self.wait().await;
        self.end.unwrap_or(Ok(())).with_context(|| format!("{} was served no more", self.name))
    }

    async fn wait(&mut self) {
        if self.end.is_none() {
            self.end = Some((&mut self.task).await);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::future::pending;

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn a_server_that_ends_or_panics_is_a_failure() {
        let mut ended = Served::spawn("a door", async {});
        assert_eq!(ended.failed().await.to_string(), "a door is served no more");
        ended.ended().await.unwrap();
        let mut broken = Served::spawn("a door", async { panic!("as the test wants it") });
        assert_eq!(broken.failed().await.to_string(), "a door is served no more");
        assert!(broken.ended().await.unwrap_err().to_string().starts_with("a door was served no more"));
    }

    #[tokio::test]
    async fn a_server_that_was_told_to_stop_is_none() {
        let (stop, stopped) = oneshot::channel::<()>();
        let mut serving = Served::spawn("a door", async { drop(stopped.await) });
        tokio::select! {
            biased;
            failed = serving.failed() => panic!("{failed}"),
            () = tokio::task::yield_now() => {}
        }
        drop(stop);
        serving.ended().await.unwrap();
        let mut endless = Served::spawn("a door", pending());
        assert!(tokio::time::timeout(std::time::Duration::ZERO, endless.failed()).await.is_err());
    }
}
