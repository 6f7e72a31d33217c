//! Work that is shared among threads only where that pays.
//!
//! Whoever asks the pool of threads from outside sleeps until one of them is awake, and those that find nothing more to do keep looking for a while.
//! In a block of a few dozen transactions that costs more than the work itself, above all where many chains share few cores.

use rayon::prelude::*;

/// From so many changed values or transactions on it pays.
pub(crate) const WORTH_SHARING: usize = 128;

/// Both results; at the same time when there are many `items`.
pub(crate) fn join<A: Send, B: Send>(
    items: usize,
    first: impl FnOnce() -> A + Send,
    second: impl FnOnce() -> B + Send,
) -> (A, B) {
    if items < WORTH_SHARING {
        return (first(), second());
    }
    rayon::join(first, second)
}

/// What `each` makes of every value, in order; several at a time when they are worth many `items` together.
pub(crate) fn map<T: Send, U: Send>(items: usize, values: Vec<T>, each: impl Fn(T) -> U + Sync + Send) -> Vec<U> {
    if items < WORTH_SHARING {
        return values.into_iter().map(each).collect();
    }
    values.into_par_iter().map(each).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_or_many_the_results_are_the_same_and_in_order() {
        let values: Vec<usize> = (0..300).collect();
        for items in [0, WORTH_SHARING - 1, WORTH_SHARING, 300] {
            assert_eq!(
                map(items, values.clone(), |value| value * 3),
                (0..300).map(|value| value * 3).collect::<Vec<_>>()
            );
            assert_eq!(join(items, || "first", || "second"), ("first", "second"));
        }
    }

    /// What few cost is the reason for this module.
    #[test]
    fn few_are_the_callers_own_work() {
        let caller = std::thread::current().id();
        let threads = map(WORTH_SHARING - 1, vec![(); 9], |()| std::thread::current().id());
        assert!(threads.iter().all(|thread| *thread == caller));
        let many = map(WORTH_SHARING, vec![(); 9], |()| std::thread::current().id());
        assert!(many.iter().all(|thread| *thread != caller), "the pool's threads, which the caller is none of");
    }
}
