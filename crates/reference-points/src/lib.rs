//! The twelve doors of the house: the reference points of ITU-T D3.7, section 7.3, one module each.
//!
//! ```text
//!  data source      data user      operator      supervisor
//!      | R2D            | U2S          | O2C           | V2M      the four outer doors
//!      v                v              v               v
//!  representation  provisioning   controlling     monitoring
//!      |                |          | | |           | | |
//!      | P2R            | S2P      | | C2R         | | M2R       the eight inner doors
//!      v                v          | C2P           | M2P
//!     processing  <----------------C2S    ... ----M2S
//!         |
//!       ledger -> chains
//! ```
//!
//! An entity is known to the others by its doors alone: it implements the doors that it offers, is given those that it
//! uses as `Arc<dyn ...>`, and imports no other entity. Applications (certificates, sharing, copyright) bring their kinds of operations and
//! their services through [`application`]; the entities never import an application.
//!
//! Naming: `R2D` is offered by representation to data sources, `P2R` by processing to representation, and so on: the first letter
//! offers (except `U2S`, `O2C` and `V2M`, where the first letter asks: user, operator, supervisor).
//!
//! This crate holds types and traits only. It must not do I/O, and no entity may be imported here.

pub mod access_rule;
pub mod actor;
pub mod alert;
pub mod anchor;
pub mod application;
pub mod chain_records;
pub mod change_approval;
pub mod contract_release;
pub mod data_block;
pub mod data_format;
pub mod data_search;
pub mod error;
pub mod hash_place;
pub mod journal;
pub mod mandate;
pub mod operation;
pub mod organization;
pub mod quota;
pub mod read_right;
pub mod right;
pub mod source_data;
pub mod trace;

pub mod c2p;
pub mod c2r;
pub mod c2s;
pub mod m2p;
pub mod m2r;
pub mod m2s;
pub mod o2c;
pub mod p2r;
pub mod price;
pub mod r2d;
pub mod s2p;
pub mod u2s;
pub mod v2m;

pub use actor::{Actor, Role};
pub use error::{Class, Code, DoorError, DoorResult};
