//! Blockchain-based data monitoring (ITU-T D3.7, 7.1.5): what supervisors see.
//!
//! Offers V2M to supervisors; uses M2S, M2P and M2R, and C2R to have recorded who is told of alerts. It joins what the chains record with the journals of representation and
//! provisioning into one history in time order, and audits the sequence (M-MON-3).
//!
//! Invariants:
//! * MONITORING-1: no content is shown, only that something happened, when, by whom, to what.
//! * MONITORING-2: an entry from a chain carries the result of its verification; a journal entry says that nothing but our word backs it.
//! * MONITORING-3: a chain that does not answer makes a history fail, never shorter.
//!
//! It watches by itself, too: an audit that goes on ([`Watch`]), and alerts to receivers that operators name ([`Alerts`], `docs/specs/watch.md`).
//! The same goes on over the files that a department shares ([`FileAudit`]), with that department.
//!
//! It must not change anything but what it keeps of that, and what it has recorded.

mod alerts;
mod comparison;
mod data;
mod entity;
mod files;
mod kept;
mod sequence;
mod store;
mod watch;

pub use alerts::{AlertDesk, Alerts, AlertsError, DeclaredReceiver};
pub use data::DataAudit;
pub use entity::Monitoring;
pub use files::{FileAudit, FileAuditParts, LookedFile, NotLooked, StoredFiles};
pub use sequence::audit;
pub use store::StoreError;
pub use watch::{Watch, WatchParts};
