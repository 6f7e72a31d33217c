//! Search over the data of registered sources (`docs/specs/data.md`, decision 0022): an index derived from the ingest's journal.
//!
//! ```text
//!  journal --(durable)--> follower --> tail in memory --8192 operations--> chunk: rows + a list of rows for each term, in one batch
//!                                          \_______________ search _______________/
//! ```
//!
//! Invariants:
//! * SEARCH-1: the index holds what the journal holds up to a place, and says up to which; deleted, it is made anew.
//! * SEARCH-2: a search finds exactly what matches among what is indexed, in the order of acceptance, each once over all pages.
//! * SEARCH-3: what the asker may not see, or what is past its retention, is not found, and not counted.
//! * SEARCH-4: a query has bounds and no language: its words are compared, never interpreted.
//! * SEARCH-5: a range compares what is written, number or time, exactly; a chunk that no range reaches is not read.
//! * SEARCH-6: an answer over many operations is of exactly those that a search with the same query finds; sums are exact, and what is not added up is counted.
//! * SEARCH-7: a sorted page is the part of everything that matches, in the order asked for, that follows its cursor; no page has what another had.
//!
//! It must not write the journal, or be waited for by its writer.

mod aggregate;
mod budget;
mod chunk;
mod follow;
mod index;
mod kept;
mod members;
mod moments;
mod offices;
mod page;
mod places;
mod query;
mod ranges;
mod search;
mod sight;
mod sort;
mod spans;
mod store;
mod terms;
#[cfg(test)]
mod tests;
mod versions;

pub use index::SearchIndex;
pub use offices::Offices;
pub use search::DataSearch;
pub use store::SearchError;
