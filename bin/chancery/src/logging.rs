//! Logs go to standard error; standard output is for answers.

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// What is logged unless `RUST_LOG` says otherwise: our own milestones and everybody's warnings.
const DEFAULT_FILTER: &str = "warn,chancery=info,chancery_chain=info,chancery_gateway=info";

/// Starts logging for a process that serves. `json` writes one object a line, for log collectors.
pub(crate) fn start(json: bool) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    let registry = tracing_subscriber::registry().with(filter);
    let started = if json {
        registry.with(fmt::layer().json().with_writer(std::io::stderr)).try_init()
    } else {
        registry.with(fmt::layer().compact().with_target(false).with_writer(std::io::stderr)).try_init()
    };
    // Somebody else set a subscriber up already: theirs stays.
    started.ok();
}
