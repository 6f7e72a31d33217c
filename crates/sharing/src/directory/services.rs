//! The services that sharing offers at U2S: finding resources, looking at one, following a request, and bringing a description that is not on the chain.

use std::sync::Arc;

use alloy_primitives::B256;
use async_trait::async_trait;
use chancery_contracts::DigitalAsset;
use chancery_reference_points::{Actor, Code, DoorError, DoorResult, application::Service, s2p::Retrieval};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    DescriptionError, DirectoryAt, Entry, MAX_SAME_NAME, Opening, RequestEntry, RequestState, ResourceDescription,
    ResourceName, ResourcePage, accesses::TakeAccesses, activity::ActivityOf, description_hash, readers::Readers,
    reading::Directory, trace::Trace,
};

/// Names of the services.
pub mod names {
    /// [`super::SearchResources`] -> [`super::ResourcePage`] (S-DIR).
    pub const FIND: &str = "sharing.find";
    /// [`super::ResourceQuery`] -> [`super::Entry`] with the state of its asset.
    pub const RESOURCE: &str = "sharing.resource";
    /// [`super::AccessRequestQuery`] -> [`super::RequestEntry`].
    pub const REQUEST: &str = "sharing.request";
    /// [`crate::directory::ReadersQuery`] -> [`crate::directory::ReadersPage`] (S-RULES).
    pub const READERS: &str = "sharing.readers";
    /// [`crate::directory::SharingPeriod`] -> [`crate::directory::SharingActivity`] (S-APP).
    pub const ACTIVITY: &str = "sharing.activity";
    /// [`super::DescribeResource`] -> [`super::Described`].
    pub const DESCRIBE: &str = "sharing.describe";
    /// [`crate::directory::TraceQuery`] -> [`crate::directory::ResourceTrace`] with its graph (M-APP).
    pub const TRACE: &str = "sharing.trace";
    /// [`crate::directory::HandAccesses`] -> [`crate::directory::AccessesKept`] (M-MON-2).
    pub const ACCESSES: &str = "sharing.accesses";
    /// All of them.
    pub const ALL: &[&str] = &[FIND, RESOURCE, REQUEST, READERS, ACTIVITY, DESCRIBE, TRACE, ACCESSES];
}

/// Most entries of the directory that one search looks at: one less than the contract lists at once, so that it is known whether there are more.
pub const MAX_SCANNED_ENTRIES: usize = 99;
/// Most rows of a page.
const MAX_PAGE_ROWS: usize = 100;
/// Rows of a page when nothing is said.
const DEFAULT_PAGE_ROWS: usize = 20;
/// Longest text that is searched for, in bytes.
const MAX_TEXT_BYTES: usize = 256;

/// Which resources: what is absent does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SearchResources {
    /// With all of these words in name, title, description or columns.
    pub text: Option<String>,
    /// Of this organization.
    pub organization: Option<String>,
    /// Rows of the page.
    pub limit: Option<usize>,
    /// `nextCursor` of the page before.
    pub cursor: Option<String>,
}

/// Which resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceQuery {
    /// Its name.
    pub resource: String,
}

/// Which request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessRequestQuery {
    /// The resource.
    pub resource: String,
    /// The number of the request at its asset.
    pub request: u64,
}

/// A description to keep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DescribeResource {
    /// The resource.
    pub resource: String,
    /// The exact text whose hash stands in the directory: a description, or an [`Opening`].
    pub description: String,
}

/// A description that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Described {
    /// The resource.
    pub resource: ResourceName,
    /// keccak256 of the text.
    pub description_hash: B256,
}

/// All services; anybody may ask, and is shown what its roles may see ([`names::READERS`]: who has said who it is).
#[must_use]
pub fn services(directory: &DirectoryAt) -> Vec<Arc<dyn Service>> {
    let directory = Directory::new(directory.clone());
    vec![
        Arc::new(Find(directory.clone())),
        Arc::new(One(directory.clone())),
        Arc::new(Request(directory.clone())),
        Arc::new(Readers(directory.clone())),
        Arc::new(ActivityOf(directory.clone())),
        Arc::new(Trace(directory.clone())),
        Arc::new(TakeAccesses(directory.clone())),
        Arc::new(Describe(directory)),
    ]
}

struct Find(Directory);

#[async_trait]
impl Service for Find {
    fn name(&self) -> &'static str {
        names::FIND
    }

    fn description(&self) -> &'static str {
        "Finds shared resources in the directory of the city."
    }

    async fn answer(&self, actor: &Actor, parameters: Value, chains: &dyn Retrieval) -> DoorResult<Value> {
        let query: SearchResources = read(self.name(), parameters)?;
        let text = query.text.unwrap_or_default().to_lowercase();
        if text.len() > MAX_TEXT_BYTES {
            return Err(malformed(format!("text: at most {MAX_TEXT_BYTES} bytes")).with("member", "text"));
        }
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        let first: usize = query
            .cursor
            .as_deref()
            .map_or(Ok(0), str::parse)
            .map_err(|_| malformed("cursor: write what `nextCursor` said".to_owned()).with("member", "cursor"))?;
        let rows = query.limit.unwrap_or(DEFAULT_PAGE_ROWS).clamp(1, MAX_PAGE_ROWS);
        let (listed, block) = self.0.names(chains, first, MAX_SCANNED_ENTRIES + 1).await?;
        let (mut items, mut next_cursor) = (Vec::new(), None);
        for (place, word) in listed.into_iter().enumerate() {
            if place == MAX_SCANNED_ENTRIES || items.len() == rows {
                next_cursor = Some((first + place).to_string());
                break;
            }
            let Some(entry) = self.0.entry(actor, chains, word, Some(block)).await? else { continue };
            let of_organization = query.organization.as_ref().is_none_or(|code| *code == entry.organization);
            if of_organization && has_words(&entry, &words) {
                items.push(entry);
            }
        }
        write(&ResourcePage { items, next_cursor })
    }

    fn subject(&self, _: &Value) -> Option<String> {
        None
    }
}

fn has_words(entry: &Entry, words: &[String]) -> bool {
    let described = ResourceDescription {
        title: entry.title.clone().unwrap_or_default(),
        description: entry.description.clone().unwrap_or_default(),
        columns: entry.columns.clone(),
        service: None,
    };
    described.has_words(words, &[entry.resource.as_str(), &entry.organization])
}

struct One(Directory);

#[async_trait]
impl Service for One {
    fn name(&self) -> &'static str {
        names::RESOURCE
    }

    fn description(&self) -> &'static str {
        "Shows a shared resource with the rule and the newest versions of its asset."
    }

    async fn answer(&self, actor: &Actor, parameters: Value, chains: &dyn Retrieval) -> DoorResult<Value> {
        let query: ResourceQuery = read(self.name(), parameters)?;
        let mut entry = self.0.named(actor, chains, &query.resource).await?;
        entry.state = Some(self.0.state(chains, entry.asset).await?);
        write(&entry)
    }

    fn subject(&self, parameters: &Value) -> Option<String> {
        subject(parameters)
    }
}

struct Request(Directory);

#[async_trait]
impl Service for Request {
    fn name(&self) -> &'static str {
        names::REQUEST
    }

    fn description(&self) -> &'static str {
        "Says how far a request for access is, and where what was granted is handed out."
    }

    async fn answer(&self, actor: &Actor, parameters: Value, chains: &dyn Retrieval) -> DoorResult<Value> {
        let query: AccessRequestQuery = read(self.name(), parameters)?;
        let entry = self.0.named(actor, chains, &query.resource).await?;
        let id = query.request;
        let found = self.0.call(chains, entry.asset, DigitalAsset::requestAtCall { id }).await?;
        let state = RequestState::of(found.state)
            .ok_or_else(|| DoorError::new(Code::UnknownRequest, format!("{} has no request {id}", entry.resource)))?;
        write(&RequestEntry {
            resource: entry.resource,
            asset: entry.asset,
            request: id,
            reader: found.reader,
            requested_at: found.requestedAt,
            state,
            version: found.version,
            purpose_hash: found.purpose,
            service: entry.service,
        })
    }

    fn subject(&self, parameters: &Value) -> Option<String> {
        subject(parameters)
    }
}

struct Describe(Directory);

#[async_trait]
impl Service for Describe {
    fn name(&self) -> &'static str {
        names::DESCRIBE
    }

    fn description(&self) -> &'static str {
        "Keeps the description of a resource that not everybody may see; it has to be the one whose hash is on the chain."
    }

    async fn answer(&self, _: &Actor, parameters: Value, chains: &dyn Retrieval) -> DoorResult<Value> {
        let request: DescribeResource = read(self.name(), parameters)?;
        let unknown = || DoorError::new(Code::UnknownResource, "there is no such resource");
        let resource: ResourceName = request.resource.parse().map_err(|_| unknown())?;
        // No description is read as an opening, and no opening as a description.
        let opening = Opening::parse(&request.description).ok();
        if opening.as_ref().is_some_and(|opening| opening.resource != resource) {
            return Err(malformed("the opening is of another resource".to_owned()).with("member", "description"));
        }
        let word = opening.as_ref().map_or_else(|| resource.to_bytes32(), Opening::word);
        let found = self.0.record(chains, word).await?;
        if found.registeredAt == 0 {
            return Err(unknown());
        }
        // The chain says which text is right, so it does not matter who brings it.
        let actual = description_hash(&request.description);
        if actual != found.descriptionHash {
            return Err(DoorError::new(Code::DescriptionMismatch, "the text has another hash than the directory")
                .with("expected", found.descriptionHash.to_string())
                .with("actual", actual.to_string()));
        }
        if let Some(opening) = opening {
            if Opening::of_entry(word, &found, &request.description).is_none() {
                let detail = "an entry with an opening has no visibility and no description on the chain";
                return Err(malformed(detail.to_owned()).with("member", "description"));
            }
            if !self.0.keep_opening(opening, request.description).await? {
                let detail = format!("{MAX_SAME_NAME} entries have this name: declare it under another");
                return Err(malformed(detail).with("member", "resource"));
            }
            return write(&Described { resource, description_hash: actual });
        }
        let refuse = |error: DescriptionError| malformed(error.to_string()).with("member", "description");
        ResourceDescription::parse(&request.description).map_err(refuse)?;
        // What stands on the chain is read from there.
        if found.description.is_empty() {
            self.0.keep(&resource, request.description).await?;
        }
        write(&Described { resource, description_hash: actual })
    }

    fn subject(&self, parameters: &Value) -> Option<String> {
        subject(parameters)
    }
}

/// What may be the name of a resource, or the word that stands for one: whatever else somebody types as one is kept nowhere.
pub(super) fn subject(parameters: &Value) -> Option<String> {
    let typed = parameters.get("resource").and_then(Value::as_str)?;
    let may_be_one = typed.parse::<ResourceName>().is_ok() || typed.parse::<B256>().is_ok();
    may_be_one.then(|| typed.to_owned())
}

pub(super) fn malformed(detail: String) -> DoorError {
    DoorError::new(Code::MalformedRequest, detail)
}

pub(super) fn read<T: DeserializeOwned>(service: &str, parameters: Value) -> DoorResult<T> {
    serde_json::from_value(parameters).map_err(|error| malformed(format!("{service}: {error}")))
}

pub(super) fn write(value: &impl Serialize) -> DoorResult<Value> {
    serde_json::to_value(value).map_err(DoorError::internal)
}
