//! X.509 certificates of an alliance's nodes, and what they say to one another over TLS (`docs/specs/alliance.md`, "X.509 and TLS").

mod asker;
mod certificates;
mod faults;
mod interruption;
mod processes;
mod renewal;
mod revocation;
mod service;
mod silence;
mod strangers;
mod views;
