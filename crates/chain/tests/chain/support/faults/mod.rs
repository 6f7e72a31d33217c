//! Everything that may go wrong at once, by a seed: crashes at any await, loss, delay, disorder, cuts, clocks that are off, lost data, validators
//! that join and leave, and up to f validators that lie.
//!
//! ```text
//! seed --> story (liars, membership, classes of faults) --> run: load + faults --> heal --> checks --> outcome with its digest
//! ```
//!
//! What must hold in every run (`docs/specs/chain.md`, SIM-1 to SIM-8): see `checks`.

pub mod channel;
mod checks;
pub mod deliveries;
mod false_claims;
mod forgeries;
pub mod lies;
mod load;
mod plan;
mod run;
mod story;
mod twins;
pub mod weather;

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{Arc, Mutex},
    time::Duration,
};

use alloy::primitives::B256;
use commonware_runtime::{Runner as _, deterministic};

use self::lies::Lie;
use super::simulation::simulated_time;

/// What one run came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Of the final chain, of everything that was drawn and of every event of the runtime: the same seed gives the same.
    pub digest: B256,
    /// Final blocks.
    pub blocks: usize,
    /// Final transactions.
    pub transactions: u64,
    /// Epochs that ended.
    pub epochs: u64,
    /// How long it took after the faults until everybody had everything, in the network's time.
    pub healed_after: Duration,
    /// What was drawn and happened, by class.
    pub drawn: BTreeMap<&'static str, u64>,
}

/// What has happened so far, for whoever looks at a run that broke a promise.
pub type Told = Arc<Mutex<String>>;

/// One run with everything that the seed says, among so many validators.
///
/// # Panics
/// When a promise is broken; the seed and what happened are on standard error.
pub fn run(seed: u64, validators: u64) -> Outcome {
    play(seed, validators, None)
}

/// The same with one liar, who tells this lie.
///
/// # Panics
/// As [`run`].
pub fn run_with(seed: u64, validators: u64, lie: Lie) -> Outcome {
    play(seed, validators, Some(lie))
}

#[allow(clippy::print_stderr)]
fn play(seed: u64, validators: u64, lie: Option<Lie>) -> Outcome {
    let told = Told::default();
    let result = catch_unwind(AssertUnwindSafe(|| {
        let told = told.clone();
        let config = deterministic::Config::new()
            .with_seed(seed)
            .with_start_time(simulated_time())
            .with_timeout(Some(Duration::from_secs(600)));
        deterministic::Runner::new(config)
            .start(move |context| async move { run::Run::new(context, seed, validators, lie, told).await.play().await })
    }));
    result.unwrap_or_else(|reason| {
        let story = told.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        eprintln!("seed {seed} of {validators} validators broke a promise; what happened: {story}");
        resume_unwind(reason)
    })
}
