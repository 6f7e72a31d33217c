//! Stores on a disk that is full, or that fails: how each goes on by itself, and how it is heard of meanwhile (`docs/specs/data.md`, "A disk that is full", decision 0084).
//!
//! ```text
//!  a write fails --> [`Standing`]: whoever asks is told so --pause, longer each time--> [`check_room`] --> what was not written is taken back --> it goes on
//! ```
//!
//! Invariants:
//! - STORE-1 what was acknowledged stays, and is read as far as the store can be read; what was not is taken back before anything follows it.
//! - STORE-2 after a sync that failed nothing of what it was for is believed because it can be read: the system may have called pages clean that are on no disk. It is cut off, or
//!   written anew ([`write_anew`]), before anything is acknowledged again.
//! - STORE-3 a store that stands says so ([`all`]) and tries again by itself, at most [`MAX_PAUSE`] later.
//!
//! It must not know what a store keeps.

mod anew;
mod room;
mod standing;

pub use anew::write_anew;
pub use room::{ROOM_BYTES, check_room};
pub use standing::{Known, MAX_PAUSE, Standing, all};
