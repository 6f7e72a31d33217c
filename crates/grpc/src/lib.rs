//! The wire of gRPC: one service a reference point, in `proto/chancery/DOOR/v1`; the messages, services and clients that are generated from it when this
//! is built, and what maps them to the doors' types and back.
//!
//! ```text
//! proto/ --build.rs--> [`wire`] (messages, `*_server`, `*_client`) <--[`r2d`], [`u2s`], [`o2c`], [`v2m`], [`problem`]--> types of `chancery-reference-points`
//! ```
//!
//! Place: beside `chancery-rest`, above the doors. The gateway serves it to the world; a process that holds one entity can serve and call the same messages.
//!
//! Invariants:
//! - GRPC-4 every refusal names its code: in an outcome as [`wire::problem::v1::Problem`], of a call in the details of `google.rpc.Status`; none shows a cause.
//!
//! It must not do I/O, and it decides nothing: what a message means is the door's to say.

mod aggregates;
mod details;
pub mod o2c;
pub mod problem;
pub mod r2d;
pub mod session;
mod subscriptions;
pub mod u2s;
pub mod v2m;

pub use details::{DetailsError, problem_of, status};

/// What is generated from the .proto files, package by package; each field is documented there.
pub mod wire {
    /// `chancery.data`.
    pub mod data {
        /// Version 1.
        #[allow(missing_docs, rust_2018_idioms, clippy::all)]
        pub mod v1 {
            tonic::include_proto!("chancery.data.v1");
        }
    }
    /// `chancery.o2c`.
    pub mod o2c {
        /// Version 1.
        #[allow(missing_docs, rust_2018_idioms, clippy::all)]
        pub mod v1 {
            tonic::include_proto!("chancery.o2c.v1");
        }
    }
    /// `chancery.problem`.
    pub mod problem {
        /// Version 1.
        #[allow(missing_docs, rust_2018_idioms, clippy::all)]
        pub mod v1 {
            tonic::include_proto!("chancery.problem.v1");
        }
    }
    /// `chancery.r2d`.
    pub mod r2d {
        /// Version 1.
        #[allow(missing_docs, rust_2018_idioms, clippy::all)]
        pub mod v1 {
            tonic::include_proto!("chancery.r2d.v1");
        }
    }
    /// `chancery.session`.
    pub mod session {
        /// Version 1.
        #[allow(missing_docs, rust_2018_idioms, clippy::all)]
        pub mod v1 {
            tonic::include_proto!("chancery.session.v1");
        }
    }
    /// `chancery.u2s`.
    pub mod u2s {
        /// Version 1.
        #[allow(missing_docs, rust_2018_idioms, clippy::all)]
        pub mod v1 {
            tonic::include_proto!("chancery.u2s.v1");
        }
    }
    /// `chancery.v2m`.
    pub mod v2m {
        /// Version 1.
        #[allow(missing_docs, rust_2018_idioms, clippy::all)]
        pub mod v1 {
            tonic::include_proto!("chancery.v2m.v1");
        }
    }
}

/// The compiled .proto files with their comments: a `google.protobuf.FileDescriptorSet`, for reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.binpb"));
