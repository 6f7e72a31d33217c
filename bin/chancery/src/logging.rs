//! Logs go to standard error; standard output is for answers. Traces go to a collector, where one is named.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use chancery_traces::TARGET;
use opentelemetry::{KeyValue, global, trace::TracerProvider as _};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::{
    Resource,
    trace::{BatchSpanProcessor, Sampler, SdkTracerProvider, Tracer},
};
use tracing_subscriber::{EnvFilter, Layer as _, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{arguments::Traces, own_machine::encrypted_elsewhere};

/// What is logged unless `RUST_LOG` says otherwise: our own milestones and everybody's warnings.
const DEFAULT_FILTER: &str = "warn,chancery=info,chancery_bridge=info,chancery_chain=info,chancery_gateway=info";
/// What is traced: requests, views, blocks; no library's inner life, and none of our log lines, which would come along as events of spans.
const TRACES_FILTER: &str = "info,chancery=off,hyper=off,h2=off,reqwest=off,opentelemetry=off,sqlx=off";
/// The service that collectors are told; each of its processes has another `process.pid`.
const SERVICE: &str = "chancery";
/// How long a collector may take to take spans in. Meanwhile others wait, and beyond a bound are dropped.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(15);

/// Of a panic the log says where it was, as of everything else: what the stores give up on becomes a named error, and what they say then belongs into the log.
fn log_panics() {
    std::panic::set_hook(Box::new(|gave_up| {
        let at = gave_up.location().map_or_else(String::new, ToString::to_string);
        tracing::error!(said = gave_up.payload_as_str().unwrap_or_default(), %at, "a part of the node gives up");
    }));
}

/// Starts logging for a process that serves. `json` writes one object a line, for log collectors.
///
/// # Errors
/// When traces are to go to what is no collector's URL.
pub(crate) fn start(json: bool, traces: &Traces) -> Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    // Whatever is logged: spans that are followed are for collectors, and where there is none they are not made.
    let filter = filter.add_directive(format!("{TARGET}=off").parse()?);
    let exported = exporter(traces)?
        .map(|tracer| tracing_opentelemetry::layer().with_tracer(tracer).with_filter(EnvFilter::new(TRACES_FILTER)));
    let lines = if json {
        fmt::layer().json().with_writer(std::io::stderr).with_filter(filter).boxed()
    } else {
        fmt::layer().compact().with_target(false).with_writer(std::io::stderr).with_filter(filter).boxed()
    };
    // Somebody else set a subscriber up already: theirs stays.
    tracing_subscriber::registry().with(lines).with(exported).try_init().ok();
    log_panics();
    Ok(())
}

fn exporter(options: &Traces) -> Result<Option<Tracer>> {
    let Some(endpoint) = options.otlp_endpoint.clone() else { return Ok(None) };
    ensure!(
        endpoint.starts_with("http://") || endpoint.starts_with("https://"),
        "--otlp-endpoint {endpoint} is no URL of a collector, such as http://127.0.0.1:4318/v1/traces"
    );
    encrypted_elsewhere(&endpoint, "--otlp-endpoint")?;
    ensure!(
        (0.0..=1.0).contains(&options.otlp_sample),
        "--otlp-sample is a share from 0 to 1, not {}",
        options.otlp_sample
    );
    let exporter = SpanExporter::builder().with_http().with_endpoint(endpoint).with_timeout(EXPORT_TIMEOUT).build();
    let exporter = exporter.context("traces cannot be exported")?;
    let process = KeyValue::new("process.pid", i64::from(std::process::id()));
    let resource = Resource::builder_empty().with_service_name(SERVICE).with_attribute(process).build();
    // Whoever asks and is followed already has decided: a trace is there whole, or not at all.
    let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(options.otlp_sample)));
    let provider = SdkTracerProvider::builder()
        .with_span_processor(BatchSpanProcessor::builder(exporter).build())
        .with_resource(resource)
        .with_sampler(sampler)
        .build();
    let tracer = provider.tracer(SERVICE);
    // It lives as long as somebody holds it, and nobody else does.
    global::set_tracer_provider(provider);
    Ok(Some(tracer))
}
