//! Adapters between what the crates ask for and what others give: the ports of the gateway over the application, over an alliance and over what chains show of holders, and the journals and the index of the
//! entities over the identity database.

mod accesses;
mod alliance;
mod anchors;
mod application;
mod control;
mod database;
mod mailboxes;
mod messages;
mod shown;

pub(crate) use accesses::DatabaseAccesses;
pub(crate) use alliance::AlliancePort;
pub(crate) use anchors::CityAnchors;
pub(crate) use application::{ApplicationPort, PresentationPort, RegistrationPort, RolePort};
pub(crate) use control::ControlPort;
pub(crate) use database::{DatabaseAccounts, DatabaseIndex, DatabaseJournal, DatabaseRegistrations};
pub(crate) use messages::MessagePort;
pub(crate) use shown::ShownPort;
