//! Every operation of a door as a span, over the wire and between neighbours in one process.

use chancery_reference_points::DoorResult;
use chancery_traces::{Parent, TARGET};
use tracing::{Instrument as _, Span, field::Empty, info_span};

/// A door, or an entity with several, whose operations are followed. It means what is behind it means: arguments, results and errors are the same (DOORS-1).
#[derive(Debug)]
pub struct Followed<T>(pub T);

/// Where an operation is seen.
#[derive(Clone, Copy)]
pub(crate) enum Side {
    /// Between neighbours.
    Within,
    /// Where it is asked for, of another process.
    Client,
}

/// The span of an operation, `SERVICE/OPERATION`. Not entered yet.
pub(crate) fn span(operation: &str, side: Side) -> Span {
    let kind = match side {
        Side::Within => "internal",
        Side::Client => "client",
    };
    info_span!(target: TARGET, "door", otel.name = operation, otel.kind = kind, otel.status_code = Empty, error.code = Empty)
}

/// Does the work within the span, and notes how it has ended: an error by its code alone (TRACE-1).
pub(crate) async fn within<T>(span: Span, work: impl Future<Output = DoorResult<T>>) -> DoorResult<T> {
    let outcome = work.instrument(span.clone()).await;
    if let Err(error) = &outcome {
        span.record("otel.status_code", "ERROR");
        span.record("error.code", error.code().name());
    }
    outcome
}

/// The span of an operation that another process asks for. Without an exporter its name is not made either.
pub(crate) fn answering(service: &str, operation: &str, parent: Option<&Parent>) -> Span {
    let span = info_span!(
        target: TARGET,
        "door",
        otel.name = format!("{service}/{operation}"),
        otel.kind = "server",
        otel.status_code = Empty,
        error.code = Empty
    );
    if let Some(parent) = parent {
        parent.adopted_by(&span);
    }
    span
}
