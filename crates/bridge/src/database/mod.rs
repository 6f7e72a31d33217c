//! A member's business database behind its node contract (A-CONS): what the chain has committed is written into it, and endorsers answer from it.
//!
//! ```text
//!  chain -- blocks, each verified and whole --> [entries] --> [applier] -- one transaction a block: look, write, look again, position --> database
//!                                                                                                                      |
//!  requester -- part --> [endorser: node contract] -- versions --> [corroborate] <-- the row, and what was applied ----+
//! ```
//!
//! - DATABASE-1: each entry that the chain has committed is applied once, in the chain's order, in one transaction with the position; whoever is killed goes on from there.
//! - DATABASE-2: a row is written only over what the chain had put there. One that somebody else has changed is named, and nothing is written until it is put right.
//! - DATABASE-3: a statement that does not lead to what the query answers is taken back, and named.
//! - DATABASE-4: an endorser whose database has another value than its chain, or is behind it, does not endorse.
//! - DATABASE-5: SQL is the declaration's alone; keys and values are bound, never part of a statement.
//! - DATABASE-6: no entry of a register that is declared is passed over, whoever has called the contract: where its subject cannot be found, it is asked for.
//! - DATABASE-7: what the database refuses is not endorsed: an endorser tries every write of a part, looks, and takes it back.
//! - DATABASE-8: what was endorsed and is not applied yet is kept in the database as promised; another part is endorsed if the database takes it before and after what is promised.
//!
//! The database may be any that is declared: the rows are the organization's, three tables beside them (`chancery_position`, `chancery_entry`, `chancery_promise`) are ours.
//! Specification: `docs/specs/alliance.md`, "A business database".

mod applier;
mod audit;
mod connection;
mod corroborate;
mod declaration;
mod discord;
mod entries;
mod error;
mod lapsed;
mod mapping;
mod pending;
mod promises;
mod statement;
mod subjects;
mod tables;
mod trial;
mod word;

pub(crate) use self::lapsed::CLOCK_DIFFERENCE_S;
pub use self::{
    applier::{Applier, Progress},
    audit::{Audit, Deviation},
    connection::Place,
    corroborate::Corroboration,
    declaration::{Declaration, EntryDeclaration, LONGEST_PROMISE_S, MAX_MAPPINGS, MAX_PROMISE_S, longest_promise_s},
    discord::Discord,
    entries::{Entry, Followed},
    error::DatabaseError,
    mapping::Book,
    pending::Pending,
    statement::{MAX_STATEMENT_BYTES, StatementError},
    subjects::ToldSubject,
    word::{Form, WordError},
};
