//! Sealed messages between organizations (S-NET): over HTTP, readable by sender and receiver alone, with receipts on the chain.
//!
//! ```text
//! sender    encryption key of the receiver, proven by the chain (chain)
//!             -> envelope (JWE for receiver and sender) -> deposit statement -> signature over its data operation
//! gateway   desk: checks -> mailbox (synced) -> R2D -> data block, final -> visible to the receiver
//! receiver  envelope opened -> acknowledgement statement -> signature -> desk -> R2D -> data block, final
//! another   the sender's city records the deposit; the sender carries it, with the proof of its standing, to the receiver's city, which lists the other by its genesis (cities)
//! anybody   proof: statement, signature, Merkle path, transaction, header, finality; knowing the genesis alone
//! ```
//!
//! Place: an application. The gateway reaches [`desk::Desk`] through a port; the desk reaches chains through R2D and S2P; a client's side reads the chain through `ledger`
//! and believes no node.
//!
//! Contents of data of sealed formats ([`contents`]) are sealed and opened as messages are, by whoever submits and reads them (`docs/specs/data.md`).
//!
//! Invariants: MSG-1 to MSG-18 (`docs/specs/messages.md`), DATA-11.
//!
//! It must not hold a key that opens a message (only [`envelope::open`] and [`contents::open`] take one, on the side of its owner), know REST, or be imported by an entity.

pub mod chain;
pub mod cities;
pub mod contents;
pub mod desk;
pub mod envelope;
pub mod limits;
#[cfg(test)]
mod made_city;
pub mod mailbox;
pub mod members;
pub mod proof;
pub mod statement;
