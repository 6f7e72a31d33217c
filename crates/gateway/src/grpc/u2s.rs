//! U2S for data of registered sources: the service.

use std::sync::Arc;

use chancery_grpc::{
    r2d::{OperationProof, proof},
    u2s::{Asset, AssetTrace, DataPage, OperationPlace, SearchRequest, u2s_server::U2s},
};
use chancery_reference_points::{Actor, DoorResult};
use tonic::{Request, Response, Status};

use super::call::{Call, actor};
use crate::state::Shared;

/// The service.
pub(super) struct U2sService(pub(super) Arc<Shared>);

impl U2sService {
    async fn find(&self, actor: &Actor, request: SearchRequest) -> DoorResult<DataPage> {
        Ok(self.0.doors.u2s_data.search_data(actor, request.try_into()?).await?.into())
    }

    async fn prove(&self, actor: &Actor, at: OperationPlace) -> DoorResult<OperationProof> {
        proof(&self.0.doors.u2s_data.data_proof(actor, at.into()).await?)
    }
}

#[tonic::async_trait]
impl U2s for U2sService {
    async fn search(&self, request: Request<SearchRequest>) -> Result<Response<DataPage>, Status> {
        let (call, actor) = (Call::of(&request), actor(&request));
        self.find(&actor, request.into_inner()).await.map(Response::new).map_err(|error| call.refuse(error))
    }

    async fn trace(&self, request: Request<Asset>) -> Result<Response<AssetTrace>, Status> {
        let (call, actor) = (Call::of(&request), actor(&request));
        let trace = self.0.doors.u2s_data.trace_data(&actor, request.into_inner().into()).await;
        trace.map(|trace| Response::new(trace.into())).map_err(|error| call.refuse(error))
    }

    async fn prove_found(&self, request: Request<OperationPlace>) -> Result<Response<OperationProof>, Status> {
        let (call, actor) = (Call::of(&request), actor(&request));
        self.prove(&actor, request.into_inner()).await.map(Response::new).map_err(|error| call.refuse(error))
    }
}
