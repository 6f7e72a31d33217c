//! How this node is, and what evidence it keeps: answered by consensus, where there is one.

use super::{Reply, membership::proven_member};
use crate::{
    api::Api,
    error::RpcError,
    params::Args,
    reports::{EvidenceRecord, NodeReports},
};

fn reports<'api>(api: &'api Api, method: &str) -> Result<&'api dyn NodeReports, RpcError> {
    let hint = Some("no consensus runs beside this server");
    api.reports().ok_or_else(|| RpcError::MethodNotFound { method: method.to_owned(), hint })
}

/// `chancery_status()`: what this node last heard of the others, how far it is, and how its machine is.
pub(crate) fn status(api: &Api, _: &Args<'_>) -> Result<Reply, RpcError> {
    api.reply(&reports(api, "chancery_status")?.status())
}

/// `chancery_getEvidence()`: validators' conflicting votes, each verifiable by whoever knows the genesis.
pub(crate) fn evidence(api: &Api, _: &Args<'_>) -> Result<Reply, RpcError> {
    let mut records: Vec<EvidenceRecord> = reports(api, "chancery_getEvidence")?.evidence();
    for record in &mut records {
        record.membership = proven_member(api, record.evidence.epoch, &record.evidence.validator)?;
    }
    api.reply(&records)
}
