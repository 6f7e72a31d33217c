//! The public doors of the city over HTTP: R2D, U2S, O2C and V2M as REST, described by OpenAPI 3.1, and the web apps; and the part of R2D for
//! registered sources over MQTT ([`mqtt`]) and, with what U2S answers about it, over gRPC ([`grpc`]). Beside it stands the door
//! of a department that hands out shared files itself ([`department`]).
//!
//! ```text
//!  connection -> limits -> route -> who is asking -> may they -> handler -> a door
//!   serve.rs    limits/            authentication/  authorization/ routes/
//! ```
//!
//! Place: above the entities and the applications, of which it knows the doors alone (`reference-points`, and the ports in [`doors`]); below
//! the binary, which gives it everything. The types on the wire are in `chancery-rest`.
//!
//! Invariants:
//! - GATEWAY-1 a request reaches a handler only through a row of the authorization matrix ([`authorization::matrix`]); what has no row is refused;
//! - GATEWAY-2 roles come from the chain and the configuration, never from the caller;
//! - GATEWAY-3 a signed request, a sign-in nonce and a session each count as the specification says: once, once, until they end;
//! - GATEWAY-4 every error is a problem document, and none shows a cause;
//! - GATEWAY-5 no body, query, path, address of a person or client address is logged;
//! - GATEWAY-6 everything that grows has a named bound ([`limits`]).
//!
//! It must not keep personal data, hold a user's key, reach a chain by itself or decide what the applications decide.

pub mod authentication;
pub mod authorization;
pub mod clock;
pub mod config;
pub mod department;
pub mod doors;
mod followed;
pub mod grpc;
pub mod limits;
mod lines;
pub mod metrics;
pub mod mqtt;
mod negotiation;
pub mod openapi;
pub mod persons;
mod problem;
mod request;
mod routes;
mod serve;
mod signed_door;
mod state;
mod submission_proof;
pub mod tls;
mod web;

pub use config::{ChainFacts, ConfigError, GatewayConfig, Origin};
pub use doors::Doors;
pub use serve::{Gateway, GrpcGateway, ServeError};
