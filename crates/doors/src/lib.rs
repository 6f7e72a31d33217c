//! The twelve doors over gRPC between the processes of one city (`docs/specs/doors.md`, decision 0032): the five entities run as one process or as five.
//!
//! ```text
//!  an entity --calls its door--> [`Remote`] ==HTTP/2 over a Unix-domain socket in a 0700 folder==> [`serve`] --> [`Offered`] --> the entity that offers it
//! ```
//!
//! [`Remote`] is every door: it implements the traits of `chancery-reference-points`, so that an entity cannot tell it from a neighbour in its own process.
//! [`Followed`] is a door of a neighbour in the same process, seen in traces as one over the wire is. [`Offered`] wraps whatever implements them. The .proto files name every operation; what crosses are the doors' own types as JSON, with a version.
//!
//! Invariants:
//! - DOORS-1 an operation means the same in process and over the wire: the same arguments, the same result, the same error.
//! - DOORS-2 only processes of the folder's owner are spoken to, on both sides.
//! - DOORS-3 an error of a door crosses with its code, detail, members and cause; the cause is for the log.
//! - DOORS-4 calls, messages, connections and times are bounded; a caller beyond a bound waits, and its deadline ends that.
//! - DOORS-5 a process that is gone makes calls fail as `entity-unavailable`, which says nothing about what it has done; the next call finds the one that
//!   has taken its place.
//!
//! It must not decide what an operation means, try anything twice, or listen where another machine could reach it.

mod channel;
mod folder;
mod followed;
pub mod limits;
mod listener;
mod lock;
mod offered;
mod remote;
mod server;
mod service;
mod weight;
mod wire;

pub use folder::{FolderError, prepare};
pub use followed::Followed;
pub use listener::{DoorListener, ListenError, check};
pub use lock::{EntityLock, LockError, holder};
pub use offered::Offered;
pub use remote::Remote;
pub use server::serve;
pub use wire::{Health, WIRE_VERSION};

/// The compiled .proto files with their comments: a `google.protobuf.FileDescriptorSet`.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/doors.binpb"));
