//! R2D for registered sources: the service.

use std::{pin::Pin, sync::Arc};

use chancery_grpc::r2d::{
    Line, OperationName, OperationProof, SubmissionName, SubmissionOutcome, SubmissionReceipt, SubmissionState, hash,
    proof, r2d_server::R2d,
};
use chancery_reference_points::{Actor, Code, source_data::SubmissionState as DoorState};
use futures::Stream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use super::{
    call::{Call, actor, address},
    outcomes::{Serving, outcomes},
    reading::read,
};
use crate::{
    lines,
    problem::{ApiError, ApiResult},
    state::Shared,
    submission_proof::{ASKING_SOURCE, Wanted, named, prove},
};

/// The service.
pub(super) struct R2dService {
    shared: Arc<Shared>,
    shutdown: CancellationToken,
}

impl R2dService {
    pub(super) fn new(shared: Arc<Shared>, shutdown: CancellationToken) -> Self {
        Self { shared, shutdown }
    }

    async fn accept(&self, line: Line) -> ApiResult<SubmissionReceipt> {
        let accepted = lines::accept(self.shared.doors.r2d_sources.as_ref(), vec![read(line)]).await.pop();
        Ok(accepted.ok_or_else(|| ApiError::new(Code::Internal, ""))??.into())
    }

    async fn find(&self, name: &SubmissionName) -> ApiResult<DoorState> {
        named(&self.shared, name.place, hash("digest", &name.digest)?).await
    }

    async fn prove(&self, actor: &Actor, asking: Option<&str>, name: OperationName) -> ApiResult<OperationProof> {
        let submission = name.submission.ok_or_else(|| {
            ApiError::new(Code::MalformedRequest, "submission: it is missing").with("member", "submission")
        })?;
        let digest = hash("digest", &submission.digest)?;
        let wanted = Wanted { place: submission.place, digest, index: name.index };
        Ok(proof(&prove(&self.shared, actor, asking, wanted).await?)?)
    }
}

#[tonic::async_trait]
impl R2d for R2dService {
    type SubmitStream = Pin<Box<dyn Stream<Item = Result<SubmissionOutcome, Status>> + Send>>;

    async fn submit(&self, request: Request<Streaming<Line>>) -> Result<Response<Self::SubmitStream>, Status> {
        let call = Call::of(&request);
        let place = self.shared.streams.take(address(&request)).map_err(|error| call.refuse(error))?;
        let serving = Serving {
            sources: Arc::clone(&self.shared.doors.r2d_sources),
            shutdown: self.shutdown.clone(),
            call,
            place: Some(place),
        };
        Ok(Response::new(Box::pin(outcomes(request.into_inner(), serving))))
    }

    async fn submit_one(&self, request: Request<Line>) -> Result<Response<SubmissionReceipt>, Status> {
        let call = Call::of(&request);
        self.accept(request.into_inner()).await.map(Response::new).map_err(|error| call.refuse(error))
    }

    async fn get_submission(&self, request: Request<SubmissionName>) -> Result<Response<SubmissionState>, Status> {
        let call = Call::of(&request);
        let state = self.find(request.get_ref()).await.map_err(|error| call.refuse(error))?;
        Ok(Response::new(state.into()))
    }

    async fn prove_operation(&self, request: Request<OperationName>) -> Result<Response<OperationProof>, Status> {
        let (call, actor) = (Call::of(&request), actor(&request));
        // What is no text is no statement either.
        let asking = request.metadata().get(ASKING_SOURCE).map(|value| value.to_str().unwrap_or_default().to_owned());
        let proven = self.prove(&actor, asking.as_deref(), request.into_inner()).await;
        proven.map(Response::new).map_err(|error| call.refuse(error))
    }
}
