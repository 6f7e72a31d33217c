//! V2M over gRPC: the service.

use std::sync::Arc;

use chancery_grpc::{
    r2d::hash,
    v2m::{
        AuditDataRequest, AuditReport, CertificateName, Document, Events, GetQuotasRequest, GetWatchRequest, History,
        ListEventsRequest, Quotas, ReportRequest, WatchReport, happening, v2m_server::V2m,
    },
};
use chancery_reference_points::{Actor, DoorError, data_search::AuditRequest};
use chancery_rest::values::{HexHash, Timestamp};
use serde::Serialize;
use tonic::{Request, Response, Status};

use super::call::{Call, actor, caller};
use crate::{
    authorization::layer::Caller,
    problem::ApiResult,
    request::page,
    routes::{
        certificates::{history_of, trace_of},
        events::{Asked, happened},
        reports::{activity, published},
    },
    state::Shared,
};

/// The service.
pub(super) struct V2mService(pub(super) Arc<Shared>);

/// A document as the endpoint of REST answers it.
fn document(answer: &impl Serialize) -> ApiResult<Document> {
    Ok(Document { file: serde_json::to_vec(answer).map_err(DoorError::internal)?.into() })
}

impl V2mService {
    async fn events(&self, actor: &Actor, request: ListEventsRequest) -> ApiResult<Events> {
        // What does not fit is beyond every bound.
        let limit = request.limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let page = page(limit, request.cursor)?;
        let happening = request.happening.as_deref().map(happening).transpose()?;
        let asked = Asked { from_ms: request.from_ms, to_ms: request.to_ms, happening, subject: request.subject };
        let (events, next_cursor) = happened(&self.0, actor, asked, page).await?;
        Ok(Events { events: events.into_iter().map(Into::into).collect(), next_cursor })
    }

    async fn history(&self, caller: &Caller, name: &CertificateName) -> ApiResult<History> {
        Ok(history_of(&self.0, caller, HexHash(hash("id", &name.id)?)).await?.into())
    }

    async fn trace(&self, caller: &Caller, name: &CertificateName) -> ApiResult<Document> {
        document(&trace_of(&self.0, caller, HexHash(hash("id", &name.id)?)).await?)
    }

    async fn activity(&self, caller: &Caller, period: ReportRequest) -> ApiResult<Document> {
        let [from, to] = [period.from_ms, period.to_ms].map(|time| time.map(Timestamp::from_unix_milliseconds));
        document(&activity(&self.0, caller, from, to).await?)
    }

    async fn open_data(&self, caller: &Caller, period: ReportRequest) -> ApiResult<Document> {
        let [from, to] = [period.from_ms, period.to_ms].map(|time| time.map(Timestamp::from_unix_milliseconds));
        document(&published(&self.0, caller, from, to).await?)
    }
}

#[tonic::async_trait]
impl V2m for V2mService {
    async fn list_events(&self, request: Request<ListEventsRequest>) -> Result<Response<Events>, Status> {
        let (call, actor) = (Call::of(&request), actor(&request));
        self.events(&actor, request.into_inner()).await.map(Response::new).map_err(|error| call.refuse(error))
    }

    async fn get_history(&self, request: Request<CertificateName>) -> Result<Response<History>, Status> {
        let (call, caller) = (Call::of(&request), caller(&request));
        self.history(&caller, request.get_ref()).await.map(Response::new).map_err(|error| call.refuse(error))
    }

    async fn trace_certificate(&self, request: Request<CertificateName>) -> Result<Response<Document>, Status> {
        let (call, caller) = (Call::of(&request), caller(&request));
        self.trace(&caller, request.get_ref()).await.map(Response::new).map_err(|error| call.refuse(error))
    }

    async fn audit_data(&self, request: Request<AuditDataRequest>) -> Result<Response<AuditReport>, Status> {
        let (call, actor) = (Call::of(&request), actor(&request));
        let AuditDataRequest { from, operations } = request.into_inner();
        let report = self.0.doors.v2m_data.audit_data(&actor, AuditRequest { from, operations }).await;
        report.map(|report| Response::new(report.into())).map_err(|error| call.refuse(error))
    }

    async fn get_watch(&self, request: Request<GetWatchRequest>) -> Result<Response<WatchReport>, Status> {
        let (call, actor) = (Call::of(&request), actor(&request));
        let report = self.0.doors.v2m_data.audit_status(&actor).await;
        report.map(|report| Response::new(report.into())).map_err(|error| call.refuse(error))
    }

    async fn get_quotas(&self, request: Request<GetQuotasRequest>) -> Result<Response<Quotas>, Status> {
        let (call, actor) = (Call::of(&request), actor(&request));
        let report = self.0.doors.v2m_data.quotas(&actor).await;
        report.map(|report| Response::new(report.into())).map_err(|error| call.refuse(error))
    }

    async fn report_activity(&self, request: Request<ReportRequest>) -> Result<Response<Document>, Status> {
        let (call, caller) = (Call::of(&request), caller(&request));
        self.activity(&caller, request.into_inner()).await.map(Response::new).map_err(|error| call.refuse(error))
    }

    async fn report_open_data(&self, request: Request<ReportRequest>) -> Result<Response<Document>, Status> {
        let (call, caller) = (Call::of(&request), caller(&request));
        self.open_data(&caller, request.into_inner()).await.map(Response::new).map_err(|error| call.refuse(error))
    }
}
