use std::collections::BTreeSet;

/// The nonces of one account on one chain, as we use them (LEDGER-3). Pure: what the chain says is told to it.
#[derive(Debug, Default)]
pub(super) struct NonceBook {
    /// The next one never handed out; `None` until the chain was asked.
    next: Option<u64>,
    /// Handed out, never sent and given back, all below `next`.
    returned: BTreeSet<u64>,
    /// In use.
    used: BTreeSet<u64>,
}

impl NonceBook {
    /// Whether a nonce can be handed out without asking the chain.
    pub(super) const fn is_known(&self) -> bool {
        self.next.is_some()
    }

    /// Hands out the lowest free nonce; `None`: ask the chain and tell [`Self::synchronize`].
    pub(super) fn reserve(&mut self) -> Option<u64> {
        let next = self.next?;
        let nonce = self.returned.pop_first().unwrap_or(next);
        if nonce == next {
            self.next = Some(next + 1);
        }
        self.used.insert(nonce);
        Some(nonce)
    }

    /// So many, each higher than the one before; `None`: ask the chain, none is handed out.
    pub(super) fn reserve_all(&mut self, count: usize) -> Option<Vec<u64>> {
        self.next?;
        (0..count).map(|_| self.reserve()).collect()
    }

    /// Learns how many transactions of the account the node knows, the pending ones included.
    pub(super) fn synchronize(&mut self, pending_count: u64) {
        let Some(highest) = self.used.last() else {
            // Nothing of ours is under way: the chain is right, also when it went back (a development chain begun anew).
            self.next = Some(pending_count);
            self.returned.clear();
            return;
        };
        let next = pending_count.max(highest + 1).max(self.next.unwrap_or(0));
        // What the node knows by another transaction is not ours any more.
        self.returned.retain(|nonce| *nonce >= pending_count);
        self.next = Some(next);
    }

    /// Forgets what was learnt of the chain, so that it is asked again before the next use.
    pub(super) fn doubt(&mut self) {
        if self.used.is_empty() {
            self.next = None;
            self.returned.clear();
        }
    }

    /// The nonce is spent on the chain, by us or by somebody else.
    pub(super) fn spent(&mut self, nonce: u64) {
        self.used.remove(&nonce);
        self.returned.remove(&nonce);
        self.next = self.next.map(|next| next.max(nonce + 1));
    }

    /// The nonce was not used: nothing with it was ever sent, or the node refused it for good.
    pub(super) fn give_back(&mut self, nonce: u64) {
        if !self.used.remove(&nonce) {
            return;
        }
        self.returned.insert(nonce);
        // The highest ones are simply handed out again, no gap remains.
        while let Some(next) = self.next
            && next > 0
            && self.returned.remove(&(next - 1))
        {
            self.next = Some(next - 1);
        }
    }

    /// Nonces that keep ours from being mined: the chain has `mined_count` transactions, ours come later, and nobody uses these. They become
    /// reserved.
    pub(super) fn claim_gaps(&mut self, mined_count: u64, limit: usize) -> Vec<u64> {
        let Some(highest) = self.used.last() else { return Vec::new() };
        let gaps: Vec<u64> = (mined_count..*highest).filter(|nonce| !self.used.contains(nonce)).take(limit).collect();
        for nonce in &gaps {
            self.returned.remove(nonce);
            self.used.insert(*nonce);
        }
        gaps
    }

    /// The lowest nonce in use.
    pub(super) fn lowest_in_use(&self) -> Option<u64> {
        self.used.first().copied()
    }

    /// How many nonces are in use.
    #[cfg(test)]
    pub(super) fn in_use(&self) -> usize {
        self.used.len()
    }
}

#[cfg(test)]
mod tests;
