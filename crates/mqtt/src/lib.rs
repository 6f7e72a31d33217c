//! What clients of the city's MQTT listener say and are told: packets out of bytes, answers into bytes, and which topics are whose
//! (`docs/specs/data.md`, "MQTT").
//!
//! ```text
//!  bytes --[`take`]--> [`Frame`] --connect, read--> [`Connect`], [`Said`]        [`Answers`] --> bytes
//! ```
//!
//! Bodies are read and written by rumqttc's codec; frames are cut here, so that a length is held to its bound before it is waited for.
//!
//! Place: the gateway's listener keeps connections and decides; this is only what they are made of. Must not: do I/O, know what a message means.

mod answers;
pub mod limits;
mod packets;
pub mod topics;

pub use answers::Answers;
pub use packets::{Connect, End, Frame, Message, Said, Version, take};
