//! Who came for a shared asset, as its owner hands it over (M-MON-2, S-ASSET): which key or file, by which grant, and what was refused; never a content. The city keeps the exact lines of the
//! owner's journal with its signature, each once, and tells of each in the journal that supervisors read. It believes no line: it shows whose word each is.

use std::fmt;

use alloy_primitives::{Address, Bytes};
use alloy_sol_types::SolEvent as _;
use async_trait::async_trait;
use chancery_contracts::DigitalAsset::{OwnershipTransferred, ownerCall};
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult,
    application::Service,
    right::Right,
    s2p::Retrieval,
    v2m::{Happening, HistoryEntry},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    ResourceName,
    reading::{Directory, Search},
    services::{malformed, names, read, write},
};
use crate::department::{Fetch, Fetched, HandedLine, HandedLines};

/// Under which name the journal has what an owner tells.
pub const FETCH: &str = "sharing.fetch";

/// What an owner hands over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HandAccesses {
    /// The resource.
    pub resource: String,
    /// The contract of its asset.
    pub asset: Address,
    /// Lines of the owner's journal, exactly, oldest first.
    pub lines: Vec<String>,
    /// The owner's signature over the last of them ([`HandedLines`]).
    pub signature: Bytes,
}

/// What is kept of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessesKept {
    /// Number of the last line, which is kept with all that came with it.
    pub through: u64,
    /// How many lines were not known.
    pub new: usize,
}

/// Lines of an owner's journal that verify, on their way into the city's.
#[derive(Clone, Debug)]
pub struct VerifiedAccesses {
    /// The resource, as the journal calls it.
    pub resource: String,
    /// The contract of its asset.
    pub asset: Address,
    /// Who owns it, or has.
    pub owner: Address,
    /// Its signature over the last line.
    pub signature: Bytes,
    /// In order.
    pub lines: Vec<HandedLine>,
}

/// A line that the city keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptLine {
    /// Its place: later ones have greater ones.
    pub id: u64,
    /// Whose journal it stands in.
    pub owner: Address,
    /// Exactly as it stands there.
    pub line: String,
    /// Number of the line that is signed.
    pub signed_through: u64,
    /// The signature.
    pub signature: Bytes,
    /// When it came, Unix milliseconds.
    pub recorded_at_ms: u64,
}

/// The port: where the city keeps who came.
#[async_trait]
pub trait Accesses: fmt::Debug + Send + Sync {
    /// Keeps lines, each once, and tells each that is new in the journal ([`VerifiedAccesses::told`]): both or neither, durable afterwards. How many were new.
    ///
    /// # Errors
    /// `DatabaseUnreachable`.
    async fn keep(&self, accesses: VerifiedAccesses) -> DoorResult<usize>;

    /// Lines about an asset before a place, newest first, at most so many: of one reader, or everybody's.
    ///
    /// # Errors
    /// `DatabaseUnreachable`.
    async fn before(
        &self,
        asset: Address,
        reader: Option<Address>,
        before: u64,
        limit: usize,
    ) -> DoorResult<Vec<KeptLine>>;
}

impl VerifiedAccesses {
    /// What the journal says of a line.
    #[must_use]
    pub fn told(&self, line: &HandedLine, time_ms: u64) -> HistoryEntry {
        let Fetch { number, at, reader, request, version, fetched, refused, unnoted, .. } = &line.fetch;
        let what = match fetched {
            Fetched::Key => "key",
            Fetched::File => "file",
        };
        let outcome = match refused {
            Some(why) => format!("{what} refused ({}), request {request}", word(why)),
            None => format!("{what} of version {version}, request {request}"),
        };
        let more = if *unnoted == 0 { String::new() } else { format!(", {unnoted} refusals before it have no line") };
        HistoryEntry {
            time_ms,
            happening: Happening::Accessed,
            name: FETCH.to_owned(),
            by: Some(*reader),
            subject: self.resource.clone(),
            recorded: None,
            revision: None,
            facts: format!("{outcome}, at {at}{more}; line {number} of the journal of {}", self.owner),
            right: refused.is_none().then_some(Right::Granted),
            verified: None,
        }
    }
}

/// A name of an error as its owner wrote it, cut to what one is.
pub(super) fn word(text: &str) -> String {
    text.chars().filter(|character| character.is_ascii_graphic()).take(40).collect()
}

/// An access as a trace shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TracedAccess {
    /// When, Unix seconds, as the owner says.
    pub time: u64,
    /// Who came.
    pub reader: Address,
    /// For what.
    pub fetched: Fetched,
    /// By which request, the grant's number.
    pub request: u64,
    /// To which version; absent for what was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// Why it was refused; absent: it was handed out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Refusals before it that have no line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unnoted: Option<u64>,
    /// Whose word it is.
    pub owner: Address,
    /// Its number in the owner's journal: one that is missing was never handed over.
    pub number: u64,
    /// The line of the journal, exactly.
    pub line: String,
    /// The owner has signed the line of this number, and with it all before.
    pub signed_through: u64,
    /// The signature.
    pub signature: Bytes,
    /// When the city was told, Unix milliseconds.
    pub recorded_at_ms: u64,
}

impl TracedAccess {
    /// What a kept line says; none of what is no line of a journal.
    pub(super) fn of(kept: KeptLine) -> Option<Self> {
        let fetch: Fetch = serde_json::from_str(&kept.line).ok()?;
        Some(Self {
            time: fetch.at,
            reader: fetch.reader,
            fetched: fetch.fetched,
            request: fetch.request,
            version: fetch.refused.is_none().then_some(fetch.version),
            refused: fetch.refused.as_deref().map(word),
            unnoted: (fetch.unnoted > 0).then_some(fetch.unnoted),
            owner: kept.owner,
            number: fetch.number,
            line: kept.line,
            signed_through: kept.signed_through,
            signature: kept.signature,
            recorded_at_ms: kept.recorded_at_ms,
        })
    }
}

/// Answers [`HandAccesses`].
pub(super) struct TakeAccesses(pub(super) Directory);

#[async_trait]
impl Service for TakeAccesses {
    fn name(&self) -> &'static str {
        names::ACCESSES
    }

    fn description(&self) -> &'static str {
        "Takes from the owner of a shared asset who came for which key or file of it, and who was refused, for supervisors and the asset's trace."
    }

    async fn answer(&self, actor: &Actor, parameters: Value, chains: &dyn Retrieval) -> DoorResult<Value> {
        let HandAccesses { resource, asset, lines, signature } = read(self.name(), parameters)?;
        let Some(owner) = actor.address else {
            return Err(DoorError::new(Code::AuthenticationRequired, "an owner says who it is"));
        };
        // A name, and no word that stands for one: under a word the journal may have other things, of which an owner has nothing to tell.
        let is_name = resource.parse::<ResourceName>().is_ok();
        if !is_name
            || !self.0.has_asset(chains, &resource, asset).await?
            || !self.owns_or_did(chains, asset, owner).await?
        {
            let detail = "you own no such asset that stands in the directory under this name, and have owned none";
            return Err(DoorError::new(Code::UnknownResource, detail));
        }
        let handed = HandedLines { lines, signature };
        let lines = handed.read(asset, owner).map_err(|error| {
            let detail = error.to_string();
            let member = if detail.starts_with("signature") { "signature" } else { "lines" };
            malformed(detail).with("member", member)
        })?;
        let through = lines.last().map_or(0, |line| line.fetch.number);
        let accesses = VerifiedAccesses { resource, asset, owner, signature: handed.signature, lines };
        let new = self.0.accesses().keep(accesses).await?;
        write(&AccessesKept { through, new })
    }

    /// What is handed over is told line by line.
    fn subject(&self, _: &Value) -> Option<String> {
        None
    }
}

impl TakeAccesses {
    /// Whether somebody owns an asset, or has owned it: what came to its service before it changed hands is handed over afterwards, too.
    async fn owns_or_did(&self, chains: &dyn Retrieval, asset: Address, owner: Address) -> DoorResult<bool> {
        let (present, head) = self.0.call_at(chains, asset, ownerCall {}).await?;
        if present == owner {
            return Ok(true);
        }
        let topics = [vec![OwnershipTransferred::SIGNATURE_HASH], vec![owner.into_word()], vec![], vec![]];
        let given_away = self.0.newest(chains, &mut Search::up_to(head), asset, topics, 1).await?;
        Ok(!given_away.events.is_empty())
    }
}

impl Directory {
    /// Whether the directory has an asset under a name, whoever may see it.
    async fn has_asset(&self, chains: &dyn Retrieval, resource: &str, asset: Address) -> DoorResult<bool> {
        for word in self.words_of(resource).await? {
            let record = self.record(chains, word).await?;
            if record.registeredAt != 0 && record.asset == asset {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
