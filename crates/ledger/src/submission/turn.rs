use std::time::Duration;

use tokio::{sync::mpsc, time::timeout};

/// Longest wait of the first of a row for the others: what it waits for saves a block, and nothing depends on it.
const MAX_WAIT: Duration = Duration::from_millis(250);

/// When a transaction is sent for the first time. Of a row with consecutive nonces the first is sent last: until then the node keeps the others aside,
/// and then one block can take them all. Sent the other way round, the first would often be alone in a block that was begun for it.
#[derive(Debug)]
pub(super) enum Turn {
    /// At once, and nobody waits for it.
    Any,
    /// When all others of the row were handed to the node once.
    Last(mpsc::Receiver<()>),
    /// At once; dropping it lets the first of the row go.
    Before(mpsc::Sender<()>),
}

impl Turn {
    /// Waits for it.
    pub(super) async fn come(&mut self) {
        if let Self::Last(others) = self {
            // Nothing is ever sent on it: it ends when the last sender is dropped.
            timeout(MAX_WAIT, others.recv()).await.ok();
            *self = Self::Any;
        }
    }

    /// The node was asked once to take it.
    pub(super) fn pass(&mut self) {
        if let Self::Before(sender) = std::mem::replace(self, Self::Any) {
            drop(sender);
        }
    }
}
