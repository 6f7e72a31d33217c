//! The directory of the city (S-DIR): what is shared, by whom, and who may see it. Entries stand in the contract `ResourceDirectory`; of one that not
//! everybody may see the chain has salted commitments alone, and what opens them is kept off it and shown by role.

mod accesses;
mod activity;
mod description;
mod descriptions;
mod entry;
mod opening;
mod proven;
mod readers;
mod reading;
mod resource_name;
mod services;
mod trace;
mod visibility;

pub use accesses::{Accesses, AccessesKept, FETCH, HandAccesses, KeptLine, TracedAccess, VerifiedAccesses};
pub use activity::{MAX_COUNTED_RESOURCES, SharingActivity, SharingAlias, SharingCount, SharingEvent, SharingPeriod};
pub use description::{DescriptionError, MAX_DESCRIPTION_BYTES, ResourceDescription, description_hash, is_control};
pub use descriptions::{DescriptionFiles, Descriptions, MAX_SAME_NAME};
pub use entry::{AssetState, Entry, RequestEntry, RequestState, ResourcePage, VersionEntry};
pub use opening::Opening;
pub(crate) use opening::word_of;
pub use proven::ProvenAccesses;
pub use readers::{MAX_SHOWN_GRANTS, ReaderEntry, ReaderGrant, ReadersPage, ReadersQuery};
pub use reading::DirectoryAt;
pub use resource_name::{ResourceName, ResourceNameError};
pub use services::{
    AccessRequestQuery, DescribeResource, Described, MAX_SCANNED_ENTRIES, ResourceQuery, SearchResources, names,
    services,
};
pub use trace::{
    Held, MAX_TRACE_ACCESSES, MAX_TRACE_EVENTS, ResourceTrace, TraceEntry, TraceQuery, TracedEvent, TracedRight,
};
pub use visibility::{UnknownRole, Visibility};

#[cfg(test)]
mod tests;
