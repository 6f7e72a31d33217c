//! Who reads many operations at a time: an answer has its place until it is made, whether or not somebody still waits for it (SEARCH-4).

use std::sync::Arc;

use chancery_reference_points::{DoorError, DoorResult, Role, mandate::Mandate};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Most answers over everything that matches, sorted pages and pages with ranges that are made at a time: each reads many operations. More wait.
const MAX_READERS: usize = 4;
/// Most of them for who has no role: whoever asks for nothing keeps no office waiting.
const MAX_STRANGERS: usize = 2;

/// The places.
pub(crate) struct Places {
    readers: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
}

impl Places {
    pub(crate) fn new() -> Self {
        Self { readers: Arc::new(Semaphore::new(MAX_READERS)), strangers: Arc::new(Semaphore::new(MAX_STRANGERS)) }
    }

    /// Does work in a place. Whoever goes away frees it when the work ends, and not before: work on a thread cannot be taken back.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        by: &Mandate,
        work: impl FnOnce() -> DoorResult<T> + Send + 'static,
    ) -> DoorResult<T> {
        // Whoever likes registers: that alone is no role here.
        let is_stranger = by.actor.roles.iter().all(|role| *role == Role::Registered);
        let stranger = if is_stranger { Some(taken(&self.strangers).await?) } else { None };
        let reader = taken(&self.readers).await?;
        let work = move || {
            let made = work();
            drop((reader, stranger));
            made
        };
        tokio::task::spawn_blocking(work).await.map_err(DoorError::internal)?
    }
}

async fn taken(places: &Arc<Semaphore>) -> DoorResult<OwnedSemaphorePermit> {
    Arc::clone(places).acquire_owned().await.map_err(DoorError::internal)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::mpsc;

    use alloy_primitives::Address;
    use chancery_reference_points::{Actor, Role, mandate::rights};
    use tokio::sync::oneshot;

    use super::*;

    // SEARCH-4: who asks and goes away, again and again, has no more threads than who waits.
    #[tokio::test(flavor = "multi_thread")]
    async fn an_answer_that_nobody_waits_for_has_its_place_until_it_is_made() {
        let (places, public) = (Places::new(), Mandate::of_the_city(rights::DATA));
        let mut held = Vec::new();
        for _ in 0..MAX_STRANGERS {
            let ((begins, begun), (frees, waits)) = (oneshot::channel(), mpsc::channel::<()>());
            let work = move || {
                let _ = begins.send(());
                let _ = waits.recv();
                Ok(())
            };
            tokio::select! {
                _ = places.run(&public, work) => panic!("it ended by itself"),
                begun = begun => begun.unwrap(),
            }
            held.push(frees);
        }
        // Both have gone away. Another stranger waits, an office does not.
        tokio::select! {
            biased;
            _ = places.run(&public, || Ok(())) => panic!("it had a place"),
            () = std::future::ready(()) => {}
        }
        let office = Mandate::of(&Actor::new(Address::ZERO, [Role::Inspector]), rights::DATA);
        places.run(&office, || Ok(())).await.unwrap();
        drop(held);
        places.run(&public, || Ok(())).await.unwrap();
    }
}
