//! Data blockchain representation (ITU-T D3.7, 7.1.1): connects data sources.
//!
//! ```text
//!  source --R2D--> source -> format -> P2R check -> gathered by chain --> data block --P2R record--> final
//!                                                   by number and time     root          <--- receipts
//! ```
//!
//! Submissions of registered sources take the other way: `chancery_ingest` accepts them durably and gathers them by itself; the formats are the same.
//!
//! Offers R2D to data sources, C2R to controlling, M2R to monitoring; uses P2R.
//!
//! Invariants:
//! * REPRESENTATION-1: only who signed an operation submits it, or whom the assembly lets act for the signer.
//! * REPRESENTATION-2: an operation on its way is in one data block, however often and by however many connections it is submitted; every submitter of it
//!   gets the same receipt, and one that goes away changes nothing.
//! * REPRESENTATION-3: operations of one source are in data blocks in the order in which they were accepted.
//! * REPRESENTATION-4: an operation that cannot be recorded keeps no other from being recorded, and is never answered as if it were.
//! * REPRESENTATION-5: everything that waits is bounded ([`Limits`]); beyond it a submission is refused as temporary.
//! * REPRESENTATION-6: a data block whose end is unknown is sent again with the same root, which is recorded once.
//!
//! It must not know what an operation means (handlers of the applications do), open what is sealed, or reach a chain but through P2R.

mod batching;
mod doors;
mod entity;
mod formats;
mod limits;
mod ports;
mod submission;

pub use entity::{Parts, Representation, RepresentationError, SourceData};
pub use formats::{ContentSchema, FormatFiles, FormatStore, MAX_FORMATS};
pub use limits::Limits;
pub use ports::{IndexedBlock, IndexedOperation, OperationIndex};
