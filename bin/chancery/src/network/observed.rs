//! Where operators and their machines look: `/metrics`, `/health` (the process answers), `/ready` (the node follows its chain).

use std::{net::SocketAddr, sync::Arc};

use anyhow::{Context as _, Result};
use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::get,
};
use chancery_chain::{NodeHandle, Severity, diagnose};
use commonware_runtime::Metrics as _;
use serde_json::json;
use tokio::task::JoinHandle;
use tracing::{info, warn};

use super::measured;

/// Media type of the metrics.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Clone)]
struct Observed {
    node: Arc<NodeHandle>,
    context: Arc<commonware_runtime::tokio::Context>,
}

/// Listens, and serves until the task is aborted.
///
/// # Errors
/// When the address is taken.
pub(super) async fn serve(
    listen: SocketAddr,
    node: Arc<NodeHandle>,
    context: commonware_runtime::tokio::Context,
) -> Result<JoinHandle<()>> {
    let listener = tokio::net::TcpListener::bind(listen).await.with_context(|| {
        format!(
            "cannot listen on {listen} for [observe]: choose another address in node.toml, or end what listens there"
        )
    })?;
    info!(address = %listener.local_addr()?, "metrics and health");
    let routes = Router::new()
        .route("/metrics", get(metrics))
        .route("/health", get(health))
        .route("/ready", get(ready))
        .with_state(Observed { node, context: Arc::new(context) });
    Ok(tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, routes).await {
            warn!(%error, "metrics and health are no longer served");
        }
    }))
}

async fn metrics(State(observed): State<Observed>) -> impl IntoResponse {
    let mut text = measured::text(std::iter::once(observed.node.as_ref()));
    let runtime = observed.context.encode();
    text.push_str(runtime.strip_suffix("# EOF\n").unwrap_or(&runtime));
    text.push_str("# EOF\n");
    ([(header::CONTENT_TYPE, OPEN_METRICS)], text)
}

async fn health() -> impl IntoResponse {
    Json(json!({"status": "alive"}))
}

async fn ready(State(observed): State<Observed>) -> impl IntoResponse {
    let status = observed.node.status();
    let diagnosis = diagnose(&status, None);
    let sick = diagnosis.severity() == Some(Severity::Sick);
    let findings: Vec<_> = diagnosis.findings.iter().map(ToString::to_string).collect();
    let body = json!({
        "status": if sick { "sick" } else { "ready" },
        "chain": status.chain,
        "head": status.head.height,
        "findings": findings,
    });
    (if sick { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }, Json(body))
}
