//! Questions whose answers come in parts: pages of a search, groups of an aggregate, what a subscription delivers.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use alloy_primitives::B256;
use chancery_reference_points::data_search::Group;
use chancery_rest::types::{
    data::{AggregateData, DataAggregates, DataGroup, FoundData, SearchData},
    subscriptions::DeliveredData,
};
use futures::{
    StreamExt as _, TryStreamExt as _,
    stream::{self, BoxStream},
};
use serde_json::Value;

use crate::{Client, ClientError};

/// Most groups of an aggregate that are joined: ten times those of one answer.
pub const MAX_JOINED_GROUPS: usize = 100_000;
/// Longest that one request of a subscription waits, in seconds.
const WAIT_S: u64 = 20;
/// After how long a city is asked again that did not let us wait, or does not answer.
const PAUSE: Duration = Duration::from_secs(2);

/// Parts of an answer, each asked for when the one before was taken. An error ends it.
pub type Parts<T> = BoxStream<'static, Result<T, ClientError>>;

/// How far a subscription is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Until nothing more is there.
    Caught,
    /// For ever. What [is waited out](ClientError::is_waited_out) is an item that is an error, and the city is asked again after it; another error is the last item.
    Stopped,
}

impl Client {
    /// Every page of a search, from `after` on.
    #[must_use]
    pub fn search_pages(&self, request: SearchData) -> Parts<FoundData> {
        let client = self.clone();
        let pages = stream::try_unfold(Some(request), move |asked| {
            let client = client.clone();
            async move {
                let Some(request) = asked else { return Ok::<_, ClientError>(None) };
                let page = client.search_data(&request).await?;
                client.ensure_goes_on(request.after.as_ref(), page.next.as_ref())?;
                let following = page.next.clone().map(|next| SearchData { after: Some(next), ..request });
                Ok(Some((page, following)))
            }
        });
        pages.boxed()
    }

    /// Every operation that a search finds, each as in [`FoundData::operations`].
    #[must_use]
    pub fn search_operations(&self, request: SearchData) -> Parts<Value> {
        self.search_pages(request)
            .map_ok(|page| stream::iter(page.operations).map(Ok::<_, ClientError>))
            .try_flatten()
            .boxed()
    }

    /// An aggregate with every part of its answer, joined: `next` is absent.
    ///
    /// # Errors
    /// [`ClientError`]; [`ClientError::NotAGateway`] for parts that cannot be added up, or have more than [`MAX_JOINED_GROUPS`] groups.
    pub async fn aggregate_all(&self, mut request: AggregateData) -> Result<DataAggregates, ClientError> {
        let (mut groups, mut operations) = (BTreeMap::new(), 0_u64);
        loop {
            let part = self.aggregate_data(&request).await?;
            self.ensure_goes_on(request.after.as_ref(), part.next.as_ref())?;
            operations = operations.saturating_add(part.operations);
            for group in part.groups {
                self.join(&mut groups, group)?;
            }
            let Some(next) = part.next else { break };
            request.after = Some(next);
        }
        let shown = |group: Group| self.as_other::<_, DataGroup>(&group);
        Ok(DataAggregates {
            groups: groups.into_values().map(shown).collect::<Result<_, _>>()?,
            operations,
            next: None,
        })
    }

    /// What a subscription delivers behind a cursor, as it comes; nothing that is empty. Whoever has dealt with a delivery keeps its cursor, and goes on behind it later.
    #[must_use]
    pub fn follow(&self, subscription: B256, after: Option<String>, until: Until) -> Parts<DeliveredData> {
        let following =
            Following { client: self.clone(), subscription, after, until, has_to_pause: false, has_ended: false };
        let delivered = stream::unfold(following, |mut following| async move {
            let delivered = following.next().await?;
            Some((delivered, following))
        });
        delivered.boxed()
    }

    fn join(
        &self,
        groups: &mut BTreeMap<(Option<i64>, Vec<Option<String>>), Group>,
        part: DataGroup,
    ) -> Result<(), ClientError> {
        let group: Group = self.as_other(&part)?;
        let key = (group.from, group.key.clone());
        let whole = match groups.get(&key) {
            Some(known) => group.with(known),
            None if groups.len() == MAX_JOINED_GROUPS => None,
            None => Some(group),
        };
        let whole = whole.ok_or_else(|| self.answered_otherwise("the parts of its answer cannot be added up"))?;
        groups.insert(key, whole);
        Ok(())
    }

    fn as_other<A: serde::Serialize, B: serde::de::DeserializeOwned>(&self, value: &A) -> Result<B, ClientError> {
        let read = serde_json::to_value(value).and_then(serde_json::from_value);
        read.map_err(|error| self.answered_otherwise(&error.to_string()))
    }

    /// A page that names itself as the next one would be asked for without end.
    fn ensure_goes_on<P: PartialEq>(&self, after: Option<&P>, next: Option<&P>) -> Result<(), ClientError> {
        if next.is_some() && next == after {
            Err(self.answered_otherwise("its next page is the same again"))
        } else {
            Ok(())
        }
    }
}

struct Following {
    client: Client,
    subscription: B256,
    after: Option<String>,
    until: Until,
    has_to_pause: bool,
    has_ended: bool,
}

impl Following {
    async fn next(&mut self) -> Option<Result<DeliveredData, ClientError>> {
        let is_once = self.until == Until::Caught;
        while !self.has_ended {
            if std::mem::take(&mut self.has_to_pause) {
                tokio::time::sleep(PAUSE).await;
            }
            let asked = Instant::now();
            let wait_s = if is_once { 0 } else { WAIT_S };
            match self.client.subscribed_operations(self.subscription, self.after.as_deref(), wait_s).await {
                Ok(delivered) => {
                    let has_moved = delivered.cursor.is_some() && delivered.cursor != self.after;
                    if has_moved {
                        self.after.clone_from(&delivered.cursor);
                    }
                    // What does not move is delivered again and again.
                    self.has_ended = is_once && !has_moved;
                    // Answered at once and with nothing: too many wait already.
                    self.has_to_pause = !is_once && delivered.operations.is_empty() && asked.elapsed() < PAUSE;
                    if !delivered.operations.is_empty() {
                        return Some(Ok(delivered));
                    }
                }
                Err(error) => {
                    let passes = !is_once && error.is_waited_out();
                    (self.has_to_pause, self.has_ended) = (passes, !passes);
                    return Some(Err(error));
                }
            }
        }
        None
    }
}
