//! O2C over gRPC: the service.

use std::sync::Arc;

use bytes::Bytes;
use chancery_grpc::{
    o2c::{
        AddAlertReceiverRequest, AddedAlertReceiver, AlertReceiver, AlertReceivers, AlertTest, AuthorizeKeyRequest,
        Chain, Chains, ChangeName, ChangeReview, Changed, ConfigureAccessRequest, ConfigureFormatRequest, Configures,
        Consensus, DecideChangeRequest, EndKeyRequest, Format, FormatName, ListAlertReceiversRequest,
        ListChainsRequest, ListChangesRequest, ListOrganizationsRequest, ListServicesRequest, Node,
        OfferServiceRequest, Organization, OrganizationName, Organizations, ProposeChangeRequest, ProposedChanges,
        RegisterOrganizationRequest, RegisterSourceRequest, RemoveAlertReceiverRequest, ServiceAccess, ServiceName,
        Services, SetConditionsRequest, SetPriceRequest, SetQuotaRequest, Source, SourceChanged, SourceEndRequest,
        SourceName, SourceOutcome, SuspendOrganizationRequest, SuspendUserRequest, TestAlertReceiverRequest, address,
        changed, mode, o2c_server::O2c,
    },
    r2d::hash,
};
use chancery_reference_points::{
    Actor, Code,
    alert::NewReceiver,
    chain_records::ChainStatus,
    data_format::FormatId,
    o2c::{Change, Mode},
};
use tonic::{Request, Response, Status};

use super::call::{Call, actor, caller};
use crate::{
    authorization::layer::Caller,
    doors::{ChainPeers, PeerSeen},
    limits::MAX_JSON_DEPTH,
    problem::{ApiError, ApiResult},
    request::{page, too_deep},
    routes::{
        chains::in_order,
        changes::page_of,
        sources::{Outcome, controlled, registered},
        standing::of_somebody,
    },
    state::Shared,
};

/// The service.
pub(super) struct O2cService(pub(super) Arc<Shared>);

impl O2cService {
    /// Checks or applies what a message asks for.
    async fn configure<T: Configures>(&self, request: Request<T>) -> Result<Response<Changed>, Status> {
        let (call, caller) = (Call::of(&request), caller(&request));
        let change = self.change_of(&caller, request.into_inner());
        match change {
            Ok((change, mode)) => self.apply(&caller, change, mode).await,
            Err(error) => Err(error),
        }
        .map(Response::new)
        .map_err(|error| call.refuse(error))
    }

    fn change_of(&self, caller: &Caller, asked: impl Configures) -> ApiResult<(Change, Mode)> {
        Ok(asked.change(caller.address()?, self.0.clock.unix_seconds())?)
    }

    async fn apply(&self, caller: &Caller, change: Change, mode: Mode) -> ApiResult<Changed> {
        of_somebody(&self.0, &change).await?;
        Ok(changed(self.0.doors.o2c.control(&caller.actor, change, mode).await?, mode))
    }

    async fn chains(&self) -> ApiResult<Chains> {
        let chains = in_order(&self.0).await?.into_iter().map(|status| self.chain(status));
        Ok(Chains { chains: chains.collect() })
    }

    fn chain(&self, status: ChainStatus) -> Chain {
        let peers = self.0.doors.peers.as_ref().and_then(|peers| peers.of_chain(&status.name.0));
        Chain {
            name: status.name.0,
            chain_id: status.chain_id,
            rpc_url: status.rpc_url,
            genesis_hash: Bytes::copy_from_slice(status.genesis_hash.as_slice()),
            height: status.height,
            block_time_ms: status.block_time_ms,
            consensus: peers.map(consensus),
        }
    }

    async fn source(&self, name: &SourceName) -> ApiResult<Source> {
        let source = self.0.doors.r2d_sources.source(address("source", &name.source)?).await?;
        Ok(source.try_into()?)
    }

    async fn register(&self, caller: &Caller, request: RegisterSourceRequest) -> ApiResult<SourceChanged> {
        let RegisterSourceRequest { statement, approval, check } = request;
        told(registered(&self.0, caller, statement, approval, mode(check)).await?)
    }

    async fn end(&self, caller: &Caller, request: SourceEndRequest, ends: bool) -> ApiResult<SourceChanged> {
        let mode = mode(request.check);
        let (source, change) = request.change(ends)?;
        told(controlled(&self.0, caller, change, source, mode).await?)
    }

    async fn services(&self) -> ApiResult<Services> {
        let withdrawn = self.0.doors.u2s.withdrawn().await?;
        let offered = self.0.doors.u2s.catalogue().await?;
        Ok(Services {
            services: offered.into_iter().map(Into::into).collect(),
            withdrawn: withdrawn.into_iter().map(Into::into).collect(),
        })
    }

    async fn changes(&self, request: ListChangesRequest) -> ApiResult<ProposedChanges> {
        // What does not fit is beyond every bound.
        let limit = request.limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let (found, next_cursor) = page_of(&self.0, page(limit, request.cursor)?).await?;
        Ok(ProposedChanges {
            required: found.required.into_iter().map(|kind| kind.as_str().to_owned()).collect(),
            changes: found.changes.into_iter().map(Into::into).collect(),
            next_cursor,
        })
    }

    async fn review(&self, name: &ChangeName) -> ApiResult<ChangeReview> {
        Ok(self.0.doors.o2c.change(hash("change", &name.change)?).await?.into())
    }

    async fn add(&self, actor: &Actor, request: AddAlertReceiverRequest) -> ApiResult<AddedAlertReceiver> {
        let AddAlertReceiverRequest { url, allow_private, check } = request;
        let receiver = NewReceiver { url, allow_private };
        Ok(self.0.doors.o2c_alerts.add_alert_receiver(actor, receiver, mode(check)).await?.into())
    }
}

fn told(outcome: Outcome) -> ApiResult<SourceChanged> {
    let outcome = match outcome {
        Outcome::Source(source) => SourceOutcome::Source(source.try_into()?),
        Outcome::Checked(result) => SourceOutcome::Checked(changed(result, Mode::Check)),
    };
    Ok(SourceChanged { outcome: Some(outcome) })
}

fn consensus(seen: ChainPeers) -> Consensus {
    let node = |seen: PeerSeen| Node {
        organization: seen.organization,
        connected: seen.is_connected,
        last_heard_ms: seen.last_heard_ms,
        height: seen.height,
        blocks_behind: seen.blocks_behind,
    };
    Consensus {
        final_height: seen.final_height,
        epoch: seen.epoch,
        view: seen.view,
        waiting_transactions: seen.waiting_transactions,
        sick: seen.is_sick,
        findings: seen.findings,
        nodes: seen.peers.into_iter().map(node).collect(),
    }
}

/// A schema nests no deeper than in a body of REST, where one object is around it.
fn shallow(request: &ConfigureFormatRequest) -> ApiResult<()> {
    match too_deep(request.schema_json.as_bytes(), MAX_JSON_DEPTH - 1) {
        None => Ok(()),
        Some(position) => {
            let detail = format!("schema_json: nested deeper than {} levels at byte {position}", MAX_JSON_DEPTH - 1);
            let error = ApiError::new(Code::MalformedRequest, detail);
            Err(error.with("member", "schema_json").with("limit", MAX_JSON_DEPTH - 1))
        }
    }
}

#[tonic::async_trait]
impl O2c for O2cService {
    async fn list_chains(&self, request: Request<ListChainsRequest>) -> Result<Response<Chains>, Status> {
        let call = Call::of(&request);
        self.chains().await.map(Response::new).map_err(|error| call.refuse(error))
    }

    async fn list_organizations(
        &self,
        request: Request<ListOrganizationsRequest>,
    ) -> Result<Response<Organizations>, Status> {
        let call = Call::of(&request);
        let found = self.0.doors.o2c.organizations().await.map_err(|error| call.refuse(error))?;
        Ok(Response::new(Organizations { organizations: found.into_iter().map(Into::into).collect() }))
    }

    async fn get_organization(&self, request: Request<OrganizationName>) -> Result<Response<Organization>, Status> {
        let call = Call::of(&request);
        let found = self.0.doors.o2c.organization(&request.get_ref().code).await;
        found.map(|found| Response::new(found.into())).map_err(|error| call.refuse(error))
    }

    async fn register_organization(
        &self,
        request: Request<RegisterOrganizationRequest>,
    ) -> Result<Response<Changed>, Status> {
        self.configure(request).await
    }

    async fn suspend_organization(
        &self,
        request: Request<SuspendOrganizationRequest>,
    ) -> Result<Response<Changed>, Status> {
        self.configure(request).await
    }

    async fn authorize_key(&self, request: Request<AuthorizeKeyRequest>) -> Result<Response<Changed>, Status> {
        self.configure(request).await
    }

    async fn end_key(&self, request: Request<EndKeyRequest>) -> Result<Response<Changed>, Status> {
        self.configure(request).await
    }

    async fn get_format(&self, request: Request<FormatName>) -> Result<Response<Format>, Status> {
        let call = Call::of(&request);
        let found = self.0.doors.r2d.data_format(&FormatId(request.into_inner().format)).await;
        found.map(|found| Response::new(found.into())).map_err(|error| call.refuse(error))
    }

    async fn configure_format(&self, request: Request<ConfigureFormatRequest>) -> Result<Response<Changed>, Status> {
        let call = Call::of(&request);
        shallow(request.get_ref()).map_err(|error| call.refuse(error))?;
        self.configure(request).await
    }

    async fn set_conditions(&self, request: Request<SetConditionsRequest>) -> Result<Response<Changed>, Status> {
        self.configure(request).await
    }

    async fn get_source(&self, request: Request<SourceName>) -> Result<Response<Source>, Status> {
        let call = Call::of(&request);
        self.source(request.get_ref()).await.map(Response::new).map_err(|error| call.refuse(error))
    }

    async fn register_source(
        &self,
        request: Request<RegisterSourceRequest>,
    ) -> Result<Response<SourceChanged>, Status> {
        let (call, caller) = (Call::of(&request), caller(&request));
        self.register(&caller, request.into_inner()).await.map(Response::new).map_err(|error| call.refuse(error))
    }

    async fn withdraw_source(&self, request: Request<SourceEndRequest>) -> Result<Response<SourceChanged>, Status> {
        let (call, caller) = (Call::of(&request), caller(&request));
        self.end(&caller, request.into_inner(), true).await.map(Response::new).map_err(|error| call.refuse(error))
    }

    async fn restore_source(&self, request: Request<SourceEndRequest>) -> Result<Response<SourceChanged>, Status> {
        let (call, caller) = (Call::of(&request), caller(&request));
        self.end(&caller, request.into_inner(), false).await.map(Response::new).map_err(|error| call.refuse(error))
    }

    async fn suspend_user(&self, request: Request<SuspendUserRequest>) -> Result<Response<Changed>, Status> {
        self.configure(request).await
    }

    async fn list_services(&self, request: Request<ListServicesRequest>) -> Result<Response<Services>, Status> {
        let call = Call::of(&request);
        self.services().await.map(Response::new).map_err(|error| call.refuse(error))
    }

    async fn offer_service(&self, request: Request<OfferServiceRequest>) -> Result<Response<Changed>, Status> {
        self.configure(request).await
    }

    async fn get_access(&self, request: Request<ServiceName>) -> Result<Response<ServiceAccess>, Status> {
        let call = Call::of(&request);
        let access = self.0.doors.u2s.service_access(&request.get_ref().service).await;
        access.map(|access| Response::new(access.into())).map_err(|error| call.refuse(error))
    }

    async fn configure_access(&self, request: Request<ConfigureAccessRequest>) -> Result<Response<Changed>, Status> {
        self.configure(request).await
    }

    async fn set_quota(&self, request: Request<SetQuotaRequest>) -> Result<Response<Changed>, Status> {
        self.configure(request).await
    }

    async fn set_price(&self, request: Request<SetPriceRequest>) -> Result<Response<Changed>, Status> {
        self.configure(request).await
    }

    async fn list_changes(&self, request: Request<ListChangesRequest>) -> Result<Response<ProposedChanges>, Status> {
        let call = Call::of(&request);
        self.changes(request.into_inner()).await.map(Response::new).map_err(|error| call.refuse(error))
    }

    async fn get_change(&self, request: Request<ChangeName>) -> Result<Response<ChangeReview>, Status> {
        let call = Call::of(&request);
        self.review(request.get_ref()).await.map(Response::new).map_err(|error| call.refuse(error))
    }

    async fn propose_change(&self, request: Request<ProposeChangeRequest>) -> Result<Response<Changed>, Status> {
        self.configure(request).await
    }

    async fn decide_change(&self, request: Request<DecideChangeRequest>) -> Result<Response<Changed>, Status> {
        self.configure(request).await
    }

    async fn list_alert_receivers(
        &self,
        request: Request<ListAlertReceiversRequest>,
    ) -> Result<Response<AlertReceivers>, Status> {
        let (call, actor) = (Call::of(&request), actor(&request));
        let known = self.0.doors.o2c_alerts.alert_receivers(&actor).await.map_err(|error| call.refuse(error))?;
        Ok(Response::new(AlertReceivers { receivers: known.into_iter().map(Into::into).collect() }))
    }

    async fn add_alert_receiver(
        &self,
        request: Request<AddAlertReceiverRequest>,
    ) -> Result<Response<AddedAlertReceiver>, Status> {
        let (call, actor) = (Call::of(&request), actor(&request));
        self.add(&actor, request.into_inner()).await.map(Response::new).map_err(|error| call.refuse(error))
    }

    async fn remove_alert_receiver(
        &self,
        request: Request<RemoveAlertReceiverRequest>,
    ) -> Result<Response<AlertReceiver>, Status> {
        let (call, actor) = (Call::of(&request), actor(&request));
        let RemoveAlertReceiverRequest { id, check } = request.into_inner();
        let removed = self.0.doors.o2c_alerts.remove_alert_receiver(&actor, &id, mode(check)).await;
        removed.map(|removed| Response::new(removed.into())).map_err(|error| call.refuse(error))
    }

    async fn test_alert_receiver(
        &self,
        request: Request<TestAlertReceiverRequest>,
    ) -> Result<Response<AlertTest>, Status> {
        let (call, actor) = (Call::of(&request), actor(&request));
        let TestAlertReceiverRequest { id, note } = request.into_inner();
        let tested = self.0.doors.o2c_alerts.test_alert_receiver(&actor, &id, note).await;
        tested.map(|tested| Response::new(tested.into())).map_err(|error| call.refuse(error))
    }
}
