//! The outer doors over gRPC (`docs/specs/data.md`, "gRPC"): R2D's streams of submissions, what U2S answers about them, what operators configure through O2C and supervisors
//! see through V2M. The .proto files and what is generated from them are in `chancery-grpc`; what REST decides before a door is decided by the same functions here.
//!
//! ```text
//!  HTTP/2 connection -> limits, who is asking, may they -> [r2d] Submit: messages -> chunks -> lines, R2D -> outcomes, in order
//!   ../serve.rs          admission.rs, methods.rs          [u2s] [o2c] [v2m] ^ read no further while so many chunks are under way
//! ```
//!
//! Invariants:
//! - GRPC-1 an outcome with a receipt leaves after its submission is durable (DATA-2); a line without an outcome was not decided;
//! - GRPC-2 what one door refuses the others refuse, with the same code: a message is read into what a line of HTTP is read into;
//! - GRPC-3 a call reaches a handler only through the row of the authorization matrix that [`methods::METHODS`] names; what is not named is refused;
//! - GRPC-4 every refusal names its code: in an outcome, or of a call in the details of `google.rpc.Status`; none shows a cause;
//! - GRPC-5 no message from outside ends more than its call, and every message, queue, stream and wait has a bound ([`limits`], [`crate::limits`]).

mod admission;
mod call;
mod ending;
pub mod limits;
pub mod methods;
mod o2c;
mod outcomes;
mod r2d;
mod reading;
mod reflection;
mod router;
mod session;
mod u2s;
mod v2m;

pub(crate) use router::router;

#[cfg(test)]
mod tests;
