//! Logs go to standard error; standard output is for answers. Traces go to a collector, where one is named.

use anyhow::{Context as _, Result, ensure};
use commonware_runtime::tokio::tracing as traces;
use commonware_utils::Probability;
use tracing_subscriber::{EnvFilter, Layer as _, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{arguments::Traces, own_machine::encrypted_elsewhere};

/// What is logged unless `RUST_LOG` says otherwise: our own milestones and everybody's warnings.
const DEFAULT_FILTER: &str = "warn,chancery=info,chancery_bridge=info,chancery_chain=info,chancery_gateway=info";
/// What is traced: requests, views, blocks; no library's inner life.
const TRACES_FILTER: &str = "info,hyper=off,h2=off,reqwest=off,opentelemetry=off,sqlx=off";

/// Starts logging for a process that serves. `json` writes one object a line, for log collectors.
///
/// # Errors
/// When traces are to go to what is no collector's URL.
pub(crate) fn start(json: bool, traces: &Traces) -> Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    let exported = exporter(traces)?
        .map(|tracer| tracing_opentelemetry::layer().with_tracer(tracer).with_filter(EnvFilter::new(TRACES_FILTER)));
    let lines = if json {
        fmt::layer().json().with_writer(std::io::stderr).with_filter(filter).boxed()
    } else {
        fmt::layer().compact().with_target(false).with_writer(std::io::stderr).with_filter(filter).boxed()
    };
    // Somebody else set a subscriber up already: theirs stays.
    tracing_subscriber::registry().with(lines).with(exported).try_init().ok();
    Ok(())
}

fn exporter(options: &Traces) -> Result<Option<opentelemetry_sdk::trace::Tracer>> {
    let Some(endpoint) = options.otlp_endpoint.clone() else { return Ok(None) };
    ensure!(
        endpoint.starts_with("http://") || endpoint.starts_with("https://"),
        "--otlp-endpoint {endpoint} is no URL of a collector, such as http://127.0.0.1:4318/v1/traces"
    );
    encrypted_elsewhere(&endpoint, "--otlp-endpoint")?;
    let rate = Probability::try_from(options.otlp_sample)
        .ok()
        .with_context(|| format!("--otlp-sample is a share from 0 to 1, not {}", options.otlp_sample))?;
    let config = traces::Config { endpoint, name: "chancery".to_owned(), rate };
    let tracer = traces::export(config).context("traces cannot be exported")?;
    Ok(Some(tracer))
}
