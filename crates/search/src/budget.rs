//! How much is read for one answer: operations, and bytes of them, since one operation may have two hundred times as many as another (SEARCH-4).

/// What may still be read.
pub(crate) struct Budget {
    operations: usize,
    bytes: usize,
}

impl Budget {
    pub(crate) const fn new(operations: usize, bytes: usize) -> Self {
        Self { operations, bytes }
    }

    /// Whether another operation may be read: the last one may have more bytes than are left.
    pub(crate) const fn has_room(&self) -> bool {
        self.operations > 0 && self.bytes > 0
    }

    /// An operation of so many bytes is read.
    pub(crate) const fn spend(&mut self, bytes: usize) {
        self.operations = self.operations.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // SEARCH-4: large operations end an answer as many small ones do, and one is always read, so that the next part begins behind it.
    #[test]
    fn an_answer_is_bounded_in_operations_and_in_bytes() {
        let read = |mut budget: Budget, bytes| {
            let mut read = 0;
            while budget.has_room() && read < 100 {
                budget.spend(bytes);
                read += 1;
            }
            read
        };
        assert_eq!(read(Budget::new(20, 1000), 1), 20);
        assert_eq!(read(Budget::new(20, 1000), 300), 4);
        assert_eq!(read(Budget::new(20, 1000), usize::MAX), 1);
    }
}
