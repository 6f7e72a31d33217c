//! What provisioning reaches through S2P: search, statistics, versions and proofs.

use std::{path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use chancery_data::{Operation, SourceId, submission::Access};
use chancery_ingest::{journal::JournalError, reading::JournalReader};
use chancery_reference_points::{
    Code, DoorError, DoorResult, Role,
    data_format::FormatsInForce,
    data_search::{
        Aggregation, Asset, AssetVersion, AssetVersions, DataAggregate, DataOperation, DataPage, DataQuery, DayCount,
        MAX_TRACE_SOURCES, MAX_WAIT_MS, OperationPlace, TraceRequest, Visibility,
    },
    mandate::{Mandate, OFFICES, rights},
    r2d::R2dSources,
    read_right::Asker,
    s2p::S2pData,
    source_data::SourceOperationProof,
    trace::HandOver,
};
use parking_lot::MappedRwLockReadGuard;
use tokio::sync::watch;

use crate::{
    Offices, SearchError, SearchIndex,
    aggregate::{Answered, Question},
    chunk::{Row, SubmissionRow},
    follow::follow,
    kept::KeptIndex,
    places::Places,
    query::{Contents, Found, Plan},
    sight::{self, Sight},
    sort::SortedPage,
    versions::Versions,
};

/// Search over one journal.
pub struct DataSearch {
    inner: Arc<Inner>,
    proofs: Option<Arc<dyn R2dSources>>,
    offices: Option<Arc<dyn Offices>>,
    indexed: watch::Receiver<u64>,
    places: Places,
}

struct Inner {
    kept: Arc<KeptIndex>,
    reader: JournalReader,
    formats: Option<Arc<dyn FormatsInForce>>,
}

/// Everything of one question: what is asked for, and by whom.
struct Asked {
    query: DataQuery,
    visibility: Visibility,
    asker: Asker,
}

impl DataSearch {
    /// Opens the index and begins to follow the journal. Needs a tokio runtime. `proofs` proves operations; without it there are none.
    /// `offices` says who is an office; without it nobody is, and nothing internal is found. `formats` says what is sealed and whom formats name; without it nothing is, and
    /// nobody.
    ///
    /// # Errors
    /// [`SearchError`].
    pub fn open(
        directory: &Path,
        reader: JournalReader,
        proofs: Option<Arc<dyn R2dSources>>,
        offices: Option<Arc<dyn Offices>>,
        formats: Option<Arc<dyn FormatsInForce>>,
    ) -> Result<Self, SearchError> {
        let kept = Arc::new(KeptIndex::open(directory, reader.durable())?);
        let (indexing, indexed) = watch::channel(kept.read()?.next_place());
        let (following, its_reader) = (Arc::clone(&kept), reader.clone());
        let runtime = tokio::runtime::Handle::current();
        std::thread::spawn(move || follow(&following, its_reader, &indexing, &runtime));
        let places = Places::new();
        Ok(Self { inner: Arc::new(Inner { kept, reader, formats }), proofs, offices, indexed, places })
    }

    /// Waits until everything before a place is found; `false` when that will not be.
    pub async fn reaches(&self, place: u64) -> bool {
        self.indexed.clone().wait_for(|indexed| *indexed >= place).await.is_ok()
    }

    fn registered(&self) -> DoorResult<&Arc<dyn R2dSources>> {
        let none = || DoorError::new(Code::JournalUnavailable, "this index proves nothing, and knows no source");
        self.proofs.as_ref().ok_or_else(none)
    }

    /// The index stands still, until it is tried again or for good: what it would answer is not everything.
    fn check_running(&self) -> DoorResult<()> {
        let stands = self.inner.kept.standing.stands() || self.indexed.has_changed().is_err();
        if stands && *self.indexed.borrow() < self.inner.reader.durable() {
            return Err(DoorError::new(Code::JournalUnavailable, "the search index stands still"));
        }
        Ok(())
    }
}

impl Inner {
    fn index(&self) -> DoorResult<MappedRwLockReadGuard<'_, SearchIndex>> {
        self.kept.read().map_err(unavailable)
    }

    fn sight(&self, index: &SearchIndex, visibility: Visibility, asker: Asker) -> Sight {
        let formats = self.formats.as_ref().map(|formats| formats.readings()).unwrap_or_default();
        Sight::new(index, visibility, asker, formats)
    }

    fn page(&self, Asked { query, visibility, asker }: Asked) -> DoorResult<DataPage> {
        let index = self.index()?;
        let plan = Plan::new(query, self.sight(&index, visibility, asker))?;
        let (found, next, next_key) = match &plan.sorting {
            None => {
                let (found, next) = plan.run(&index, self).map_err(unavailable)?;
                (found, next, None)
            }
            Some(sorting) => {
                let SortedPage { found, next } = sorting.page(&plan, &index, self).map_err(unavailable)??;
                let (next, next_key) = next.unzip();
                (found, next, next_key)
            }
        };
        let operations = found.into_iter().filter_map(|found| self.operation(&index, &plan, found).transpose());
        Ok(DataPage { operations: operations.collect::<DoorResult<_>>()?, next, next_key })
    }

    /// `None` for what the asker does not see: the plan has left it out already.
    fn operation(
        &self,
        index: &SearchIndex,
        plan: &Plan,
        (submission, row): Found,
    ) -> DoorResult<Option<DataOperation>> {
        let Some((access, right)) = plan.seen(&submission) else { return Ok(None) };
        let at = OperationPlace { place: submission.place, index: row.index };
        let bytes = self.reader.bytes_at(submission.segment, row.offset, row.bytes as usize).map_err(unreadable)?;
        let name = Operation::name(&bytes);
        let operation = String::from_utf8(bytes).map_err(|_| damaged(at))?;
        // Bytes that are no operation were changed on the disk: they are not passed on.
        Operation::parse(operation.as_bytes()).map_err(|_| damaged(at))?;
        Ok(Some(DataOperation {
            at,
            digest: submission.digest,
            name,
            source: submission.source,
            organization: organization(index, submission.source),
            format: submission.format.to_string(),
            format_version: submission.format_version,
            access,
            right,
            accepted_at: submission.accepted_at_ms,
            operation,
        }))
    }

    fn aggregate(&self, aggregate: DataAggregate, visibility: Visibility, asker: Asker) -> DoorResult<Aggregation> {
        let index = self.index()?;
        let question = Question::new(aggregate, self.sight(&index, visibility, asker))?;
        let of = |submission: &SubmissionRow| organization(&index, submission.source);
        let answered = question.answer(&index, self, of).map_err(unavailable)??;
        let Answered { aggregates, assets, unnamed } = answered;
        let asset = |(organization, format, subject)| Asset { organization, format, subject };
        Ok(Aggregation { aggregates, assets: assets.into_iter().map(asset).collect(), unnamed })
    }

    fn versions(&self, request: &TraceRequest, visibility: Visibility, asker: Asker) -> DoorResult<AssetVersions> {
        let TraceRequest { asset, before } = request;
        let index = self.index()?;
        let is_owned = |submission: &SubmissionRow| organization(&index, submission.source) == asset.organization;
        let beside_bytes = DataOperation::bytes_beside(&asset.organization, &asset.format);
        let mut versions = Versions::new(is_owned, *before, beside_bytes);
        let mut query = DataQuery {
            formats: vec![asset.format.clone()],
            subject: Some(asset.subject.clone()),
            ascending: true,
            ..DataQuery::default()
        };
        // Oldest first, since only so each has its number.
        let plan = loop {
            let plan = Plan::new(query.clone(), self.sight(&index, visibility.clone(), asker.clone()))?;
            let Some(edge) = plan.visit(&index, &mut versions).map_err(unavailable)? else { break plan };
            query.after = Some(edge);
        };
        let (kept, older) = versions.kept();
        let read = |(version, found)| {
            let operation = self.operation(&index, &plan, found).transpose()?;
            Some(operation.map(|operation| AssetVersion { version, operation }))
        };
        let versions = kept.into_iter().filter_map(read).collect::<DoorResult<_>>()?;
        Ok(AssetVersions { versions, older })
    }
}

impl Contents for Inner {
    fn bytes(&self, submission: &SubmissionRow, row: &Row) -> Result<Vec<u8>, SearchError> {
        Ok(self.reader.bytes_at(submission.segment, row.offset, row.bytes as usize)?)
    }
}

#[async_trait]
impl S2pData for DataSearch {
    async fn search(&self, by: &Mandate, query: DataQuery, visibility: Visibility) -> DoorResult<DataPage> {
        let asker = permit(self.offices.as_deref(), by, &visibility).await?;
        self.check_running()?;
        let inner = Arc::clone(&self.inner);
        let reads_many = !query.ranges.is_empty() || query.sort.is_some();
        let page = move || inner.page(Asked { query, visibility, asker });
        if reads_many { self.places.run(by, page).await } else { blocking(page).await }
    }

    async fn statistics(&self, by: &Mandate) -> DoorResult<Vec<DayCount>> {
        let visibility = Visibility { access: by.access_classes(), now_ms: 0 };
        let asker = permit(self.offices.as_deref(), by, &visibility).await?;
        let sees_all = sees_all_counts(self.offices.as_deref(), by).await?;
        self.check_running()?;
        let inner = Arc::clone(&self.inner);
        let counts = move || -> Result<Vec<DayCount>, SearchError> {
            let index = inner.kept.read()?;
            let all = index.counts()?;
            Ok(if sees_all {
                sight::summed(all.into_iter())
            } else {
                inner.sight(&index, visibility, asker).counts(all)
            })
        };
        blocking(move || counts().map_err(unavailable)).await
    }

    async fn versions(
        &self,
        by: &Mandate,
        request: &TraceRequest,
        visibility: Visibility,
    ) -> DoorResult<AssetVersions> {
        let asker = permit(self.offices.as_deref(), by, &visibility).await?;
        self.check_running()?;
        let (inner, request) = (Arc::clone(&self.inner), request.clone());
        self.places.run(by, move || inner.versions(&request, visibility, asker)).await
    }

    async fn hand_overs(&self, by: &Mandate, sources: Vec<SourceId>) -> DoorResult<Vec<HandOver>> {
        // Whose keys are whose stands in the proof of every operation, also of public ones.
        covered(by, &Visibility { access: vec![Access::Public], now_ms: 0 })?;
        if sources.len() > MAX_TRACE_SOURCES {
            let detail = format!("a trace has at most {MAX_TRACE_SOURCES} sources");
            return Err(DoorError::new(Code::MalformedRequest, detail).with("limit", MAX_TRACE_SOURCES));
        }
        let registered = self.registered()?;
        let mut path = Vec::new();
        for source in sources {
            path.extend(registered.source(source).await?.hand_overs());
        }
        Ok(path)
    }

    async fn proof(&self, by: &Mandate, at: OperationPlace) -> DoorResult<SourceOperationProof> {
        // Whatever is past its retention was refused before: what counts here is whose eyes it is for.
        let visibility = Visibility { access: by.access_classes(), now_ms: 0 };
        let asker = permit(self.offices.as_deref(), by, &visibility).await?;
        let inner = Arc::clone(&self.inner);
        let query = DataQuery { ascending: true, limit: Some(1), after: at.before(), ..DataQuery::default() };
        let page = blocking(move || inner.page(Asked { query, visibility, asker })).await?;
        if page.operations.iter().all(|operation| operation.at != at) {
            // One that stands may lack it: that is not to say that there is none.
            self.check_running()?;
            let detail = "there is no operation that this right covers at this place";
            return Err(DoorError::new(Code::UnknownSubmission, detail));
        }
        self.registered()?.submitted_operation_proof(at.place, at.index).await
    }

    async fn aggregate(
        &self,
        by: &Mandate,
        aggregate: DataAggregate,
        visibility: Visibility,
    ) -> DoorResult<Aggregation> {
        let asker = permit(self.offices.as_deref(), by, &visibility).await?;
        self.check_running()?;
        let inner = Arc::clone(&self.inner);
        self.places.run(by, move || inner.aggregate(aggregate, visibility, asker)).await
    }

    async fn searchable(&self, by: &Mandate, place: u64, wait_ms: u64) -> DoorResult<u64> {
        covered(by, &Visibility { access: vec![Access::Public], now_ms: 0 })?;
        self.check_running()?;
        let mut indexed = self.indexed.clone();
        let wait = Duration::from_millis(wait_ms.min(MAX_WAIT_MS));
        // Neither that the time is over nor that the index has ended says more than how far it is.
        let _ = tokio::time::timeout(wait, indexed.wait_for(|indexed| *indexed > place)).await;
        self.check_running()?;
        let reached = *self.indexed.borrow();
        Ok(reached)
    }
}

/// Whose a source is; empty where that is not known.
fn organization(index: &SearchIndex, source: SourceId) -> String {
    index.state.read().organizations.get(&source).map(ToString::to_string).unwrap_or_default()
}

/// M-PRO-2: nothing is searched that the mandate does not cover, whoever holds the door.
fn covered(by: &Mandate, visibility: &Visibility) -> DoorResult<()> {
    let classes = by.access_classes();
    if by.right == rights::DATA && visibility.access.iter().all(|class| classes.contains(class)) {
        return Ok(());
    }
    let detail = format!("the right `{}` does not cover data of these access classes for this actor", by.shown_right());
    Err(DoorError::new(Code::NotCovered, detail).with("right", by.shown_right()))
}

/// The same, and who asks, as processing confirms it: that the door says somebody is an office, or of an organization, is not enough. The address is whose key has signed.
async fn permit(offices: Option<&dyn Offices>, by: &Mandate, visibility: &Visibility) -> DoorResult<Asker> {
    covered(by, visibility)?;
    let mut asker = Asker { address: by.actor.address, ..Asker::default() };
    if visibility.access.contains(&Access::Restricted)
        && !by.actor.organizations.is_empty()
        && let Some(offices) = offices
    {
        asker.organizations = offices.standing(by).await?.organizations;
    }
    if !visibility.access.contains(&Access::Internal) {
        return Ok(asker);
    }
    asker.is_office = match offices {
        Some(offices) => offices.confirm(by).await?,
        None => false,
    };
    if asker.is_office {
        return Ok(asker);
    }
    let required: Vec<&str> = OFFICES.iter().map(|role| role.name()).collect();
    let detail = format!("internal data are for one of the roles {}", required.join(", "));
    Err(DoorError::new(Code::RoleRequired, detail).with("required", required))
}

/// Operators and supervisors see how much is accepted of everything, without its content.
async fn sees_all_counts(offices: Option<&dyn Offices>, by: &Mandate) -> DoorResult<bool> {
    const COUNTING: [Role; 2] = [Role::Operator, Role::Supervisor];
    match offices {
        Some(offices) if by.actor.is_any(&COUNTING) => Ok(offices.standing(by).await?.is_any(&COUNTING)),
        _ => Ok(false),
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> DoorResult<T> + Send + 'static) -> DoorResult<T> {
    tokio::task::spawn_blocking(work).await.map_err(DoorError::internal)?
}

fn unavailable(error: SearchError) -> DoorError {
    tracing::error!(%error, "the search index cannot be read");
    DoorError::new(Code::JournalUnavailable, "what was kept cannot be searched at present").caused_by(error)
}

fn unreadable(error: JournalError) -> DoorError {
    tracing::error!(%error, "the journal does not read");
    DoorError::new(Code::JournalUnavailable, "what was kept cannot be read at present").caused_by(error)
}

fn damaged(at: OperationPlace) -> DoorError {
    let detail =
        format!("the operation {} of place {} is damaged: the operator audits the journal", at.index, at.place);
    DoorError::new(Code::JournalUnavailable, detail)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use alloy_primitives::Address;
    use chancery_reference_points::{Actor, Role};

    use super::*;

    // M-PRO-2, M-PRO-5: whoever holds the door asks for no more than the mandate covers.
    #[test]
    fn data_is_searched_by_its_right_and_by_its_access_class() {
        let visibility = |access: &[Access]| Visibility { access: access.to_vec(), now_ms: 0 };
        let office = Mandate::of(&Actor::new(Address::ZERO, [Role::Inspector]), rights::DATA);
        let public = Mandate::of_the_city(rights::DATA);
        assert!(covered(&office, &visibility(&[Access::Public, Access::Internal])).is_ok());
        assert!(covered(&public, &visibility(&[Access::Public])).is_ok());
        let other = Mandate { right: rights::SUPERVISION.into(), ..office.clone() };
        assert!(covered(&office, &visibility(&[Access::Restricted])).is_ok(), "of which it sees what names it");
        for (by, access) in [(&public, Access::Internal), (&public, Access::Restricted), (&other, Access::Public)] {
            let refused = covered(by, &visibility(&[access])).map_err(|error| error.code());
            assert_eq!(refused, Err(Code::NotCovered), "{access:?} by {}", by.right);
        }
    }

    /// Processing, as far as it says who is an office.
    struct Known(Address);

    #[async_trait]
    impl Offices for Known {
        async fn confirm(&self, by: &Mandate) -> DoorResult<bool> {
            Ok(by.actor.address == Some(self.0))
        }

        async fn standing(&self, by: &Mandate) -> DoorResult<Actor> {
            let is_known = by.actor.address == Some(self.0);
            Ok(if is_known { by.actor.clone() } else { Actor::default() })
        }
    }

    // M-PRO-2, M-PRO-5: that the door says somebody is an office opens nothing that is internal.
    #[tokio::test]
    async fn internal_data_are_for_whom_processing_knows_as_an_office() {
        let (office, claims) = (Address::repeat_byte(1), Address::repeat_byte(2));
        let by = |address| Mandate::of(&Actor::new(address, [Role::Inspector]), rights::DATA);
        let sees = |access: &[Access]| Visibility { access: access.to_vec(), now_ms: 0 };
        let (public, all) = (sees(&[Access::Public]), sees(&[Access::Public, Access::Internal]));
        let known = Known(office);
        assert!(permit(Some(&known), &by(office), &all).await.is_ok());
        let refused = permit(Some(&known), &by(claims), &all).await.map_err(|error| error.code());
        assert_eq!(refused, Err(Code::RoleRequired));
        assert!(permit(Some(&known), &by(claims), &public).await.is_ok());
        let unasked = permit(None, &by(office), &all).await.map_err(|error| error.code());
        assert_eq!(unasked, Err(Code::RoleRequired), "nobody says who is an office");
        assert!(permit(None, &by(office), &public).await.is_ok());
    }
    // M-PRO-2, SEARCH-3: that the door says somebody is of an organization, or an operator, names it to nobody and counts nothing.
    #[tokio::test]
    async fn organizations_are_those_that_processing_knows() {
        let (member, claims) = (Address::repeat_byte(1), Address::repeat_byte(2));
        let by = |address| {
            let actor = Actor::new(address, [Role::Operator]).of_organizations(["CLINIC".to_owned()]);
            Mandate::of(&actor, rights::DATA)
        };
        let known = Known(member);
        let restricted = Visibility { access: vec![Access::Public, Access::Restricted], now_ms: 0 };
        let asker = permit(Some(&known), &by(member), &restricted).await.unwrap();
        assert_eq!((asker.address, asker.organizations.contains("CLINIC")), (Some(member), true));
        assert!(permit(Some(&known), &by(claims), &restricted).await.unwrap().organizations.is_empty());
        assert!(permit(None, &by(member), &restricted).await.unwrap().organizations.is_empty());
        assert!(sees_all_counts(Some(&known), &by(member)).await.unwrap());
        assert!(!sees_all_counts(Some(&known), &by(claims)).await.unwrap());
        assert!(!sees_all_counts(None, &by(member)).await.unwrap());
    }
}
