//! U2S for data of registered sources: the service.

use std::sync::Arc;

use chancery_grpc::{
    r2d::{OperationProof, hash, proof},
    u2s::{
        AggregateRequest, Aggregates, Asset, AssetTrace, DataPage, Delivered, ListSubscriptionsRequest, OperationPlace,
        ReadSubscriptionRequest, SearchRequest, SubscribeRequest, Subscription, SubscriptionName, Subscriptions,
        u2s_server::U2s,
    },
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

    async fn count(&self, actor: &Actor, request: AggregateRequest) -> DoorResult<Aggregates> {
        Ok(self.0.doors.u2s_data.aggregate_data(actor, request.try_into()?).await?.into())
    }

    async fn keep(&self, actor: &Actor, request: SubscribeRequest) -> DoorResult<Subscription> {
        Ok(self.0.doors.u2s_data.subscribe(actor, request.try_into()?).await?.into())
    }

    async fn end(&self, actor: &Actor, name: &SubscriptionName) -> DoorResult<Subscription> {
        Ok(self.0.doors.u2s_data.unsubscribe(actor, hash("id", &name.id)?).await?.into())
    }

    async fn deliver(&self, actor: &Actor, request: &ReadSubscriptionRequest) -> DoorResult<Delivered> {
        let (id, reading) = request.reading()?;
        Ok(self.0.doors.u2s_data.subscribed_data(actor, id, reading).await?.into())
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

    async fn aggregate(&self, request: Request<AggregateRequest>) -> Result<Response<Aggregates>, Status> {
        let (call, actor) = (Call::of(&request), actor(&request));
        self.count(&actor, request.into_inner()).await.map(Response::new).map_err(|error| call.refuse(error))
    }

    async fn subscribe(&self, request: Request<SubscribeRequest>) -> Result<Response<Subscription>, Status> {
        let (call, actor) = (Call::of(&request), actor(&request));
        self.keep(&actor, request.into_inner()).await.map(Response::new).map_err(|error| call.refuse(error))
    }

    async fn list_subscriptions(
        &self,
        request: Request<ListSubscriptionsRequest>,
    ) -> Result<Response<Subscriptions>, Status> {
        let (call, actor) = (Call::of(&request), actor(&request));
        let known = self.0.doors.u2s_data.subscriptions(&actor).await;
        known.map(|known| Response::new(known.into())).map_err(|error| call.refuse(error))
    }

    async fn end_subscription(&self, request: Request<SubscriptionName>) -> Result<Response<Subscription>, Status> {
        let (call, actor) = (Call::of(&request), actor(&request));
        self.end(&actor, request.get_ref()).await.map(Response::new).map_err(|error| call.refuse(error))
    }

    async fn read_subscription(
        &self,
        request: Request<ReadSubscriptionRequest>,
    ) -> Result<Response<Delivered>, Status> {
        let (call, actor) = (Call::of(&request), actor(&request));
        self.deliver(&actor, request.get_ref()).await.map(Response::new).map_err(|error| call.refuse(error))
    }
}
