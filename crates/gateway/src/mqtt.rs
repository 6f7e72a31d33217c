//! The part of R2D for registered sources over MQTT 3.1.1 and 5 (`docs/specs/data.md`, "MQTT"): a message holds what a line of
//! `POST /v1/submissions` holds, and its outcome is published.
//!
//! ```text
//!  source --PUBLISH--> [`serve`]: own listener --\                    /--> outcome to the same connection, then PUBACK
//!                                                 +--> lines, R2D --+
//!  source --> a broker --> [`follow`]: client ---/                    \--> outcome to the broker, then PUBACK to the broker
//! ```
//!
//! What the listener takes it gives to R2D: it is no broker. It hands no message from one client to another, keeps no session and retains
//! nothing; a client is sent outcomes of its own messages alone.
//!
//! Invariants:
//! - MQTT-1 a message is acknowledged (PUBACK) after it is decided: durable, or refused for good; what may succeed later is not acknowledged;
//! - MQTT-2 an outcome leaves before the acknowledgement of its message, on the same connection;
//! - MQTT-3 outcomes are published at [`topics::OUTCOMES`] and below, whatever a client asks for;
//! - MQTT-4 no packet from outside ends more than its connection, and every packet, queue and wait has a bound ([`limits`]).
//!
//! User names and passwords of clients are not looked at: what authenticates a submission is its signature.

mod broker;
mod connection;
mod decide;
pub mod limits;
mod listener;
mod metrics;

pub use chancery_mqtt::topics;

pub use broker::{Broker, BrokerError, follow};
pub use listener::{ListenerOptions, serve};
pub use metrics::ListenerMetrics;

#[cfg(test)]
pub(crate) mod tests;
