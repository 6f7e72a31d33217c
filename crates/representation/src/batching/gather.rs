use std::{future::Future, sync::Arc};

use tokio::{
    sync::{Semaphore, mpsc},
    time::{Instant, timeout_at},
};

use crate::Limits;

/// Takes items from a queue in order and hands them on in blocks: a block is closed when it is full, or when its time is over, and
/// at most so many blocks are handed on and not finished at once. Ends when the queue's senders are gone and it is empty.
pub(super) async fn gather<T, F>(mut queue: mpsc::Receiver<T>, limits: Limits, record: impl Fn(Vec<T>) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(limits.max_blocks_in_flight));
    while let Some(first) = queue.recv().await {
        let closes_at = Instant::now() + limits.max_gather_time;
        // While all places are taken the block stays open: what comes meanwhile shares it.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let mut block = vec![first];
        while block.len() < limits.max_block_operations {
            match timeout_at(closes_at, queue.recv()).await {
                Ok(Some(item)) => block.push(item),
                Ok(None) | Err(_) => break,
            }
        }
        // The time may have been over from the start: what waits already still comes along.
        while block.len() < limits.max_block_operations
            && let Ok(item) = queue.try_recv()
        {
            block.push(item);
        }
        let recording = record(block);
        tokio::spawn(async move {
            recording.await;
            drop(place);
        });
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::{sync::Mutex, time::Duration};

    use proptest::prelude::*;
    use tokio::task::yield_now;

    use super::*;

    /// What happens to the queue, in order.
    #[derive(Clone, Debug)]
    enum Step {
        /// An operation of a source arrives.
        Arrive(u8),
        /// Other tasks run for a while.
        Pass(u8),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![4 => (0..3_u8).prop_map(Step::Arrive), 1 => (0..20_u8).prop_map(Step::Pass)];
        prop::collection::vec(step, 0..120)
    }

    /// An operation in these tests: its source, and its place in the order of arrival.
    type Arrival = (u8, usize);

    /// Runs the gatherer over the steps; recording a block takes so many turns. Returns what arrived, and the blocks in the order of their closing.
    async fn run(steps: Vec<Step>, limits: Limits, turns: u8) -> (Vec<Arrival>, Vec<Vec<Arrival>>) {
        let blocks: Arc<Mutex<Vec<Vec<Arrival>>>> = Arc::default();
        let under_way = Arc::new(Mutex::new(0_usize));
        let (sender, receiver) = mpsc::channel(1000);
        let kept = Arc::clone(&blocks);
        let gatherer = tokio::spawn(gather(receiver, limits, move |block| {
            kept.lock().unwrap().push(block);
            let under_way = Arc::clone(&under_way);
            *under_way.lock().unwrap() += 1;
            assert!(*under_way.lock().unwrap() <= limits.max_blocks_in_flight);
            async move {
                for _ in 0..turns {
                    yield_now().await;
                }
                *under_way.lock().unwrap() -= 1;
            }
        }));
        let mut arrived = Vec::new();
        for step in steps {
            match step {
                Step::Arrive(source) => {
                    arrived.push((source, arrived.len()));
                    sender.send((source, arrived.len() - 1)).await.unwrap();
                }
                Step::Pass(turns) => {
                    for _ in 0..turns {
                        yield_now().await;
                    }
                }
            }
        }
        drop(sender);
        gatherer.await.unwrap();
        let blocks = std::mem::take(&mut *blocks.lock().unwrap());
        (arrived, blocks)
    }

    proptest! {
        /// REPRESENTATION-2, REPRESENTATION-3: nothing is lost, nothing is there twice, the order of arrival is kept, and so that of each source.
        #[test]
        fn every_operation_is_in_one_block_in_the_order_of_arrival(
            steps in steps(),
            max_block_operations in 1..8_usize,
            max_blocks_in_flight in 1..4_usize,
            turns in 0..40_u8,
            gather_us in 0..300_u64,
        ) {
            let max_gather_time = Duration::from_micros(gather_us);
            let limits = Limits { max_block_operations, max_blocks_in_flight, max_gather_time, ..Limits::default() };
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            let (arrived, blocks) = runtime.block_on(run(steps, limits, turns));
            prop_assert!(blocks.iter().all(|block| (1..=max_block_operations).contains(&block.len())));
            prop_assert_eq!(blocks.concat(), arrived);
        }
    }

    #[tokio::test]
    async fn a_lone_operation_leaves_without_others() {
        let (sender, receiver) = mpsc::channel(10);
        let (left, mut leaving) = mpsc::unbounded_channel();
        tokio::spawn(gather(receiver, Limits::default(), move |block: Vec<u8>| {
            left.send(block).unwrap();
            async {}
        }));
        sender.send(1).await.unwrap();
        assert_eq!(leaving.recv().await.unwrap(), [1]);
    }
}
