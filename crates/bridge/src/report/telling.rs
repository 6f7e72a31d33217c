//! A requester tells a relay of the steps that leave no trace elsewhere. It waits for nothing of it, and what is not told is not missed.

use std::time::Duration;

use alloy_primitives::B256;
use parking_lot::Mutex;
use tokio::{sync::mpsc, task::JoinHandle};
use url::Url;

use super::{Proposal, ReportRefusal, STEPS_PATH, Said, ToldStep, Why};
use crate::{
    http::JsonClient,
    requester::{Milestone, Onlooker, RequestError},
};

/// Longest that whoever has its answer waits for what it has still to tell.
pub const LAST_WORDS: Duration = Duration::from_secs(1);
/// Steps that wait to be told; what is more is not told.
const MAX_WAITING: usize = 64;

/// Where a requester tells.
#[derive(Clone, Debug)]
pub struct Teller {
    client: JsonClient,
    url: Url,
}

impl Teller {
    /// At a relay's address, without a path.
    ///
    /// # Errors
    /// An address that has no paths.
    pub fn new(client: JsonClient, relay: &Url) -> Result<Self, url::ParseError> {
        Ok(Self { client, url: relay.join(STEPS_PATH)? })
    }

    async fn tell(&self, step: &ToldStep) {
        match self.client.post::<serde_json::Value, ReportRefusal>(self.url.clone(), step).await {
            Ok(Ok(_)) => {}
            Ok(Err(refusal)) => tracing::debug!(%refusal, "a step is not reported"),
            Err(error) => tracing::debug!(%error, "a step is not reported"),
        }
    }
}

/// Looks on, and tells a relay besides.
pub struct Telling<'a> {
    inner: &'a dyn Onlooker,
    /// Of the calls, ascending.
    members: Vec<B256>,
    steps: mpsc::Sender<ToldStep>,
    /// What endorsers were asked last, under which key.
    proposed: Mutex<Option<(B256, Proposal)>>,
}

impl<'a> Telling<'a> {
    /// For calls of these members. The task ends when this is dropped and all is told.
    #[must_use]
    pub fn new(inner: &'a dyn Onlooker, mut members: Vec<B256>, teller: Teller) -> (Self, JoinHandle<()>) {
        members.sort_unstable();
        let (steps, mut waiting) = mpsc::channel(MAX_WAITING);
        let tells = tokio::spawn(async move {
            while let Some(step) = waiting.recv().await {
                teller.tell(&step).await;
            }
        });
        (Self { inner, members, steps, proposed: Mutex::default() }, tells)
    }

    fn tell(&self, proposal: Proposal, said: Said) {
        if self.steps.try_send(ToldStep { proposal, said }).is_err() {
            tracing::debug!("a step is not reported: too many wait");
        }
    }
}

impl Onlooker for Telling<'_> {
    fn at(&self, milestone: &Milestone<'_>) {
        match milestone {
            Milestone::Proposed { request } => {
                let proposal = Proposal::of(request);
                *self.proposed.lock() = Some((request.idempotency_key, proposal.clone()));
                self.tell(proposal, Said::Proposed);
            }
            Milestone::Signed { .. } => drop(self.proposed.lock().take()),
            Milestone::Failed { key, error } => {
                let proposed = self.proposed.lock().take().filter(|(known, _)| known == key);
                if let Some((member, why)) = ended(error) {
                    let unformed = || Proposal::unformed(*key, self.members.clone());
                    let proposal = proposed.map_or_else(unformed, |(_, proposal)| proposal);
                    self.tell(proposal, Said::GivenUp { member, why });
                }
            }
            Milestone::Found { .. }
            | Milestone::Suggested { .. }
            | Milestone::Endorsed { .. }
            | Milestone::Sequenced { .. }
            | Milestone::Decided { .. }
            | Milestone::Again { .. } => {}
        }
        self.inner.at(milestone);
    }
}

/// Because of whom a request ended before anything of it was handed in; `None`: it did not, or nothing that others did has ended it.
const fn ended(error: &RequestError) -> Option<(B256, Why)> {
    match error {
        RequestError::CallRefused { member, .. } => Some((*member, Why::Rule)),
        RequestError::NotEndorsed { member, .. } => Some((*member, Why::TooFew)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::Arc;

    use alloy_primitives::U256;
    use tokio::net::TcpListener;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::{
        alliance::message::{PartReference, Request},
        http::serve,
        report::{ReportLog, ReportQuery, steps},
    };

    const BANK: B256 = B256::repeat_byte(0xba);
    const REGISTRY: B256 = B256::repeat_byte(0xde);

    struct Nobody;

    impl Onlooker for Nobody {
        fn at(&self, _: &Milestone<'_>) {}
    }

    fn request(key: B256) -> Request {
        let parts = [BANK, REGISTRY].map(|member| PartReference { member, part_hash: B256::ZERO });
        Request { idempotency_key: key, certificate: 1, valid_until: 1000, window: 60, parts: parts.to_vec() }
    }

    // A-MULTI, A-ERR: what a rule refuses before there is a request, and what too few endorse, is told as ended; what was signed is not.
    #[tokio::test]
    async fn what_ends_before_it_is_handed_in_is_told() {
        let log = Arc::new(ReportLog::default());
        let routes = steps(Arc::clone(&log));
        let (listener, stop) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), CancellationToken::new());
        let address = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let serving = tokio::spawn(serve(listener, routes, stop.clone()));
        let client = JsonClient::new(Duration::from_secs(30)).unwrap();
        let (telling, told) = Telling::new(&Nobody, vec![REGISTRY, BANK], Teller::new(client, &address).unwrap());

        let [first, second, third] = [1, 2, 3].map(B256::repeat_byte);
        let rule = RequestError::CallRefused { member: BANK, reason: "its own words".to_owned() };
        telling.at(&Milestone::Failed { key: first, error: &rule });
        let few = RequestError::NotEndorsed {
            member: REGISTRY,
            weight: U256::ZERO,
            total: U256::from(3),
            declined: Vec::new(),
        };
        telling.at(&Milestone::Proposed { request: &request(second) });
        telling.at(&Milestone::Failed { key: second, error: &few });
        telling.at(&Milestone::Proposed { request: &request(third) });
        telling.at(&Milestone::Failed { key: third, error: &RequestError::Lapsed { valid_until: 1000 } });
        drop(telling);
        told.await.unwrap();

        let reports = log.tell(ReportQuery::default(), None).reports;
        let said: Vec<_> = reports.iter().map(|report| (report.proposal.clone(), report.said)).collect();
        let expected = [
            (Proposal::unformed(first, vec![BANK, REGISTRY]), Said::GivenUp { member: BANK, why: Why::Rule }),
            (Proposal::of(&request(second)), Said::Proposed),
            (Proposal::of(&request(second)), Said::GivenUp { member: REGISTRY, why: Why::TooFew }),
            (Proposal::of(&request(third)), Said::Proposed),
        ];
        assert_eq!(said, expected);
        assert!(!serde_json::to_string(&reports).unwrap().contains("its own words"));
        stop.cancel();
        serving.await.unwrap();
    }
}
