//! The part of R2D for registered sources, by hand: one of its operations answers for many, each with its own error.

use std::sync::Arc;

use async_trait::async_trait;
use chancery_data::SourceId;
use chancery_reference_points::{
    Actor, DoorError, DoorResult,
    r2d::R2dSources,
    source_data::{AcceptedSubmission, Source, SourceChange, SourceOperationProof, SourceSubmission, SubmissionState},
};
use serde::{Deserialize, Serialize};

use crate::{
    Offered, Remote,
    limits::{READ, WRITE},
    offered::{Operation, Served},
    wire::{Answer, Arguments, answer, argument, broken},
};

/// What became of one submission.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Verdict {
    Accepted(AcceptedSubmission),
    Refused(#[serde(with = "chancery_reference_points::error::parts")] DoorError),
}

impl From<DoorResult<AcceptedSubmission>> for Verdict {
    fn from(result: DoorResult<AcceptedSubmission>) -> Self {
        result.map_or_else(Self::Refused, Self::Accepted)
    }
}

impl From<Verdict> for DoorResult<AcceptedSubmission> {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Accepted(accepted) => Ok(accepted),
            Verdict::Refused(error) => Err(error),
        }
    }
}

impl Remote {
    async fn accept_all(&self, submissions: &[SourceSubmission]) -> DoorResult<Vec<Verdict>> {
        let verdicts: Vec<Verdict> =
            self.call("/chancery.doors.v1.R2dSources/Accept", WRITE, vec![argument(submissions)?]).await?;
        if verdicts.len() == submissions.len() {
            return Ok(verdicts);
        }
        Err(broken(format!("{} verdicts for {} submissions", verdicts.len(), submissions.len())))
    }
}

#[async_trait]
impl R2dSources for Remote {
    /// A call that fails fails for each: whether one of them was accepted is told when it is sent again (DATA-3).
    async fn accept(&self, submissions: Vec<SourceSubmission>) -> Vec<DoorResult<AcceptedSubmission>> {
        match self.accept_all(&submissions).await {
            Ok(verdicts) => verdicts.into_iter().map(Into::into).collect(),
            Err(error) => submissions.iter().map(|_| Err(error.clone())).collect(),
        }
    }

    async fn submission(&self, place: u64) -> DoorResult<SubmissionState> {
        self.call("/chancery.doors.v1.R2dSources/Submission", READ, vec![argument(&place)?]).await
    }

    async fn submitted_operation_proof(&self, place: u64, index: u32) -> DoorResult<SourceOperationProof> {
        let arguments = vec![argument(&place)?, argument(&index)?];
        self.call("/chancery.doors.v1.R2dSources/SubmittedOperationProof", READ, arguments).await
    }

    async fn change_source(&self, actor: &Actor, change: SourceChange) -> DoorResult<Source> {
        let arguments = vec![argument(actor)?, argument(&change)?];
        self.call("/chancery.doors.v1.R2dSources/ChangeSource", WRITE, arguments).await
    }

    async fn source(&self, source: SourceId) -> DoorResult<Source> {
        self.call("/chancery.doors.v1.R2dSources/Source", READ, vec![argument(&source)?]).await
    }
}

struct Service(Arc<dyn R2dSources>);

impl Service {
    async fn accept(&self, mut arguments: Arguments) -> DoorResult<Vec<Verdict>> {
        let submissions = arguments.take("submissions")?;
        arguments.end()?;
        Ok(self.0.accept(submissions).await.into_iter().map(Into::into).collect())
    }

    async fn submission(&self, mut arguments: Arguments) -> DoorResult<SubmissionState> {
        let place = arguments.take("place")?;
        arguments.end()?;
        self.0.submission(place).await
    }

    async fn proof(&self, mut arguments: Arguments) -> DoorResult<SourceOperationProof> {
        let (place, index) = (arguments.take("place")?, arguments.take("index")?);
        arguments.end()?;
        self.0.submitted_operation_proof(place, index).await
    }

    async fn change(&self, mut arguments: Arguments) -> DoorResult<Source> {
        let (actor, change): (Actor, SourceChange) = (arguments.take("actor")?, arguments.take("change")?);
        arguments.end()?;
        self.0.change_source(&actor, change).await
    }

    async fn source(&self, mut arguments: Arguments) -> DoorResult<Source> {
        let source = arguments.take("source")?;
        arguments.end()?;
        self.0.source(source).await
    }
}

#[async_trait]
impl Served for Service {
    fn operations(&self) -> &'static [Operation] {
        &[
            ("Accept", WRITE),
            ("Submission", READ),
            ("SubmittedOperationProof", READ),
            ("ChangeSource", WRITE),
            ("Source", READ),
        ]
    }

    async fn answer(&self, operation: &str, arguments: Arguments) -> Option<Answer> {
        Some(match operation {
            "Accept" => answer(self.accept(arguments).await),
            "Submission" => answer(self.submission(arguments).await),
            "SubmittedOperationProof" => answer(self.proof(arguments).await),
            "ChangeSource" => answer(self.change(arguments).await),
            "Source" => answer(self.source(arguments).await),
            _ => return None,
        })
    }
}

impl Offered {
    /// Offers the door [`R2dSources`].
    #[must_use]
    pub fn r2d_sources(mut self, door: Arc<dyn R2dSources>) -> Self {
        self.doors.insert("R2dSources", Box::new(Service(door)));
        self
    }
}
