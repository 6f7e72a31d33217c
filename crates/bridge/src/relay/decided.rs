//! Which requests are decided, as the courier saw it: a hint for requesters in the same process, who look at the chain for themselves.

use std::collections::{BTreeSet, HashMap};

use tokio::sync::oneshot;

/// Numbers that are remembered as decided; the lowest is forgotten first, and is looked for on chain.
const MAX_REMEMBERED: usize = 4096;

/// Decided numbers, and who waits for others.
#[derive(Debug, Default)]
pub(super) struct Decided {
    known: BTreeSet<u64>,
    waiting: HashMap<u64, Vec<oneshot::Sender<()>>>,
}

impl Decided {
    /// Ends when the number is told, at once if it was.
    pub(super) fn wait(&mut self, number: u64) -> oneshot::Receiver<()> {
        let (told, receiver) = oneshot::channel();
        if self.known.contains(&number) {
            // Its receiver is in our hand.
            told.send(()).ok();
        } else {
            if self.waiting.len() >= MAX_REMEMBERED {
                // Those of whom all have gone.
                self.waiting.retain(|_, waiting| waiting.iter().any(|other| !other.is_closed()));
            }
            let waiting = self.waiting.entry(number).or_default();
            waiting.retain(|other| !other.is_closed());
            waiting.push(told);
        }
        receiver
    }

    /// The number is decided.
    pub(super) fn tell(&mut self, number: u64) {
        self.known.insert(number);
        while self.known.len() > MAX_REMEMBERED {
            self.known.pop_first();
        }
        for waiting in self.waiting.remove(&number).into_iter().flatten() {
            // Who has gone needs no hint.
            waiting.send(()).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_asks_before_or_after_is_told() {
        let mut decided = Decided::default();
        let mut before = decided.wait(7);
        let mut other = decided.wait(8);
        assert!(before.try_recv().is_err());
        decided.tell(7);
        assert!(before.try_recv().is_ok() && decided.wait(7).try_recv().is_ok());
        assert!(other.try_recv().is_err());
    }
}
