//! How a request is followed from a city's door to the block that it ends in (`docs/specs/traces.md`, decision 0069).
//!
//! ```text
//!  traceparent --> [`Parent`] --adopted by--> the span of a request --[`pass_on`]--> traceparent of what is asked next
//!                                                  |
//!                                 a transaction is given to a node: [`Journeys`] keeps its span until a block with it is final
//! ```
//!
//! Spans are made where things happen, with the macros of `tracing` and the target [`TARGET`], which logs leave out: without an exporter none of them exists.
//!
//! Invariants:
//! - TRACE-1 a span names what is asked (a route's template, a method, a door's operation, a transaction's hash) and how it ended: no content, no query, no address.
//! - TRACE-2 of a header that somebody has sent, the trace, the span and whether it is sampled are taken, and nothing else; a header that does not read is none.
//! - TRACE-3 what is followed is bounded, and whoever is followed is answered as if it were not.
//!
//! It must not export, sample, or do I/O.

mod context;
mod journeys;

pub use context::{Parent, TRACEPARENT, TRACERESPONSE, answer, is_followed, method_name, pass_on};
pub use journeys::{Journeys, MAX_JOURNEYS};

/// Target of all spans here. It does not begin as our log lines do, so that no filter of theirs makes spans of it.
pub const TARGET: &str = "traces";
