//! `data.record`: an authorized source submits data of a declared format (M-ACQ, M-REP-1). Its membership in a data block is the record.

use std::sync::Arc;

use alloy_primitives::{Address, Bytes, keccak256};
use async_trait::async_trait;
use chancery_primitives::{DataOperation, OperationType as PrimitiveType, Right, SignedOperation as _, UnixSeconds};
use chancery_reference_points::{
    Code, DoorError, DoorResult,
    application::{ContractCall, OperationHandler},
    operation::{ChainName, InterpretedOperation, OperationType, SignedOperation},
    s2p::Retrieval,
};

use super::{message, operation, signature_error, type_of};
use crate::{directory::CityDirectory, registry::Registry};

/// How far the clock of a source may be ahead, in seconds.
const MAX_CLOCK_SKEW_S: u64 = 60;

/// The operation to submit; `content` may be empty for data that stay at their owner.
///
/// # Errors
/// `MalformedRequest`.
pub fn data_operation(
    chain: ChainName,
    data: &DataOperation,
    content: Bytes,
    signature: Bytes,
) -> DoorResult<SignedOperation> {
    operation(PrimitiveType::DataRecord, chain, data, content, signature)
}

pub(super) struct DataHandler {
    directory: Arc<CityDirectory>,
}

impl DataHandler {
    pub(super) const fn new(directory: Arc<CityDirectory>) -> Self {
        Self { directory }
    }

    async fn may_submit(&self, registry: &Registry<'_>, source: Address, now: UnixSeconds) -> DoorResult<bool> {
        for organization in registry.organizations_of_key(source).await? {
            if registry.was_authorized(source, organization, Right::SUBMISSION, now).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[async_trait]
impl OperationHandler for DataHandler {
    fn operation_type(&self) -> OperationType {
        type_of(PrimitiveType::DataRecord)
    }

    fn interpret(&self, operation: &SignedOperation) -> DoorResult<InterpretedOperation> {
        let data: DataOperation = message(operation)?;
        let domain = self.directory.data_domain(&operation.chain)?;
        data.verify(&domain, &operation.signature, data.source).map_err(signature_error)?;
        if !operation.payload.is_empty() && keccak256(&operation.payload) != data.content_hash {
            let detail = "contentHash: it is not keccak256 of the content";
            return Err(DoorError::new(Code::MalformedRequest, detail));
        }
        Ok(InterpretedOperation {
            digest: data.digest(&domain),
            source: data.source,
            content_hash: data.content_hash,
            subject: data.subject,
            time: data.time.get(),
        })
    }

    async fn check(
        &self,
        operation: &SignedOperation,
        interpreted: &InterpretedOperation,
        chains: &dyn Retrieval,
        now: u64,
    ) -> DoorResult<()> {
        let data: DataOperation = message(operation)?;
        if data.time.get() > now.saturating_add(MAX_CLOCK_SKEW_S) {
            return Err(DoorError::new(Code::MalformedRequest, "time: it lies ahead; check the clock of the source"));
        }
        let registry = Registry::new(chains, &self.directory);
        if self.may_submit(&registry, interpreted.source, UnixSeconds(now)).await? {
            return Ok(());
        }
        Err(DoorError::new(Code::RoleRequired, "the source has no key with the right `submission`")
            .with("required", vec!["source"]))
    }

    fn contract_call(&self, _: &SignedOperation) -> DoorResult<Option<ContractCall>> {
        Ok(None)
    }
}
