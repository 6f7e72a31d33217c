//! R2D for registered sources as a test wants it to answer.

use std::{collections::VecDeque, sync::Mutex};

use alloy_primitives::{Address, B256, FixedBytes};
use async_trait::async_trait;
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult,
    r2d::R2dSources,
    source_data::{AcceptedSubmission, Source, SourceChange, SourceOperationProof, SourceSubmission, SubmissionState},
};

/// Refuses with the codes that it was given, one after the other, then accepts; notes what it was asked for.
#[derive(Default)]
pub(crate) struct Sources {
    refusals: Mutex<VecDeque<Code>>,
    asked: Mutex<Vec<String>>,
}

impl Sources {
    pub(crate) fn refusing(codes: impl IntoIterator<Item = Code>) -> Self {
        Self { refusals: Mutex::new(codes.into_iter().collect()), asked: Mutex::default() }
    }

    /// The signed texts in the order in which they came.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl R2dSources for Sources {
    async fn accept(&self, submissions: Vec<SourceSubmission>) -> Vec<DoorResult<AcceptedSubmission>> {
        let one = |submission: SourceSubmission| {
            let mut asked = self.asked.lock().unwrap();
            asked.push(submission.submission);
            match self.refusals.lock().unwrap().pop_front() {
                Some(code) => Err(DoorError::new(code, "as the test wants it").with("retryAfterMs", 0)),
                None => Ok(AcceptedSubmission {
                    place: asked.len() as u64,
                    digest: B256::repeat_byte(1),
                    source: Address::repeat_byte(2),
                    key: FixedBytes::repeat_byte(3),
                    count: 1,
                    accepted_at_ms: 4,
                    repeated: false,
                    receipt: "a.b.c".into(),
                }),
            }
        };
        submissions.into_iter().map(one).collect()
    }

    async fn submission(&self, _: u64) -> DoorResult<SubmissionState> {
        Err(nothing())
    }

    async fn submitted_operation_proof(&self, _: u64, _: u32) -> DoorResult<SourceOperationProof> {
        Err(nothing())
    }

    async fn change_source(&self, _: &Actor, _: SourceChange) -> DoorResult<Source> {
        Err(nothing())
    }

    async fn source(&self, _: Address) -> DoorResult<Source> {
        Err(nothing())
    }
}

fn nothing() -> DoorError {
    DoorError::new(Code::UnknownSubmission, "")
}

/// Never decides.
pub(crate) struct Busy;

#[async_trait]
impl R2dSources for Busy {
    async fn accept(&self, _: Vec<SourceSubmission>) -> Vec<DoorResult<AcceptedSubmission>> {
        std::future::pending().await
    }
    async fn submission(&self, _: u64) -> DoorResult<SubmissionState> {
        Err(DoorError::new(Code::UnknownSubmission, ""))
    }
    async fn submitted_operation_proof(&self, _: u64, _: u32) -> DoorResult<SourceOperationProof> {
        Err(DoorError::new(Code::UnknownSubmission, ""))
    }
    async fn change_source(&self, _: &Actor, _: SourceChange) -> DoorResult<Source> {
        Err(DoorError::new(Code::UnknownSource, ""))
    }
    async fn source(&self, _: Address) -> DoorResult<Source> {
        Err(DoorError::new(Code::UnknownSource, ""))
    }
}
