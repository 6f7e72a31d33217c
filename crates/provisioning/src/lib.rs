//! Data service provisioning (ITU-T D3.7, 7.1.3): common and customized services to data users.
//!
//! Offers U2S to data users, C2S to controlling and M2S to monitoring; uses S2P. Applications bring the services; provisioning decides who may ask
//! which, keeps the catalogue, and records who accessed what.
//!
//! Invariants:
//! * PROVISIONING-1: a service that is not for everybody answers only after its access is in the journal.
//! * PROVISIONING-2: a refused request reaches neither the service nor a chain, and is in the journal as refused.
//! * PROVISIONING-3: a withdrawn service stays withdrawn over a restart.
//! * PROVISIONING-4: a service answers whom its own audience and the access rule of the main chain let ask; as long as the rules were never read, nobody.
//! * PROVISIONING-5: a subscription is its owner's alone and shows what its owner may read when it is read; where its reader stands is a place in the journal, so that nothing between two readings is left out.
//! * PROVISIONING-6: an answer that is charged for is given only after its charge is in the journal, and one that was not given costs nothing.
//!
//! It must not know what a service is about, import an application, or reach a chain but through S2P.

mod access;
mod accounts;
mod catalogue;
mod charges;
mod control;
mod data;
mod entity;
mod prices;
mod rules;
mod subscription_files;

pub use accounts::Accounts;
pub use catalogue::{Audience, OfferedService};
pub use charges::{Charge, Charged, Charges, charges_service};
pub use data::DataService;
pub use entity::{Admission, Provisioning};
pub use subscription_files::{KeptSubscription, SubscriptionFiles, Subscriptions};
