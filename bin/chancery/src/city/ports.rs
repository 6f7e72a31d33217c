//! Adapters between what the crates ask for and what others give: the ports of the gateway over the application and over an alliance, and the journals and the index of the
//! entities over the identity database.

mod alliance;
mod application;
mod control;
mod database;
mod messages;

pub(crate) use alliance::AlliancePort;
pub(crate) use application::{ApplicationPort, PresentationPort, RegistrationPort, RolePort};
pub(crate) use control::ControlPort;
pub(crate) use database::{DatabaseIndex, DatabaseJournal};
pub(crate) use messages::MessagePort;
