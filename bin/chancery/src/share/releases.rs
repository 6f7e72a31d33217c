//! The door of a department, answered by its data set: errors in the terms of the doors.

use alloy_primitives::Address;
use async_trait::async_trait;
use chancery_gateway::department::{ReleasedFile, Releases};
use chancery_ledger::LedgerError;
use chancery_reference_points::{Code, DoorError, DoorResult};
use chancery_rest::{
    types::resources::{GrantTerms, GrantedAccess},
    values::HexBytes,
};
use chancery_sharing::{
    department::{Department, DepartmentError, Fetched, HandedOut},
    release::{ChainTrust, ReleaseError, Standing},
};
use futures::{StreamExt as _, TryStreamExt as _};

use super::{DataSet, now_s};

/// A data set that hands out.
pub(super) struct DataSetReleases {
    pub(super) department: Department,
    pub(super) set: DataSet,
    pub(super) trust: ChainTrust,
}

#[async_trait]
impl Releases for DataSetReleases {
    async fn granted(&self, reader: Address, asset: Address, request: u64) -> DoorResult<GrantedAccess> {
        self.is_ours(asset)?;
        let now = now_s();
        let until = self.set.grant_until(now);
        let granted = self.department.hand_out(reader, request, until, &self.trust, now).await.map_err(door_error);
        Ok(answer(self.noted(reader, request, Fetched::Key, granted).await?))
    }

    async fn file(&self, reader: Address, asset: Address, request: u64) -> DoorResult<ReleasedFile> {
        self.is_ours(asset)?;
        let released = self.department.file(reader, request, &self.trust, now_s()).await.map_err(door_error);
        let (size, released) = self.noted(reader, request, Fetched::File, released).await?;
        Ok(ReleasedFile { size, bytes: released.file.map_err(std::io::Error::other).boxed() })
    }
}

impl DataSetReleases {
    fn is_ours(&self, asset: Address) -> DoorResult<()> {
        let ours = self.department.asset().address;
        if asset == ours {
            return Ok(());
        }
        Err(DoorError::new(Code::UnknownResource, format!("this service is of asset {ours}")))
    }

    /// An answer, once the journal has it where it is a refusal. What cannot be answered now is none.
    async fn noted<T>(&self, reader: Address, request: u64, fetched: Fetched, answer: DoorResult<T>) -> DoorResult<T> {
        let refusal = answer.as_ref().err().map(DoorError::code).filter(|code| is_refusal(*code));
        if let Some(code) = refusal {
            let noted = self.department.note_refusal(reader, request, fetched, code.name(), now_s()).await;
            if let Err(error) = noted {
                tracing::error!(%error, "a refusal is not in the journal of fetches");
            }
        }
        answer
    }
}

const fn is_refusal(code: Code) -> bool {
    matches!(code, Code::NotYourRequest | Code::NotGranted | Code::UnknownRequest | Code::UnknownResource)
}

fn answer(granted: HandedOut) -> GrantedAccess {
    let HandedOut { prepared, bytes, standing } = granted;
    let grant = prepared.grant;
    GrantedAccess {
        asset: prepared.asset.into(),
        request: prepared.request,
        grant: GrantTerms {
            reader: grant.reader.into(),
            reader_key: grant.reader_key.into(),
            version: grant.version,
            key_epoch: grant.key_epoch,
            sealed_key_hash: grant.sealed_key_hash.into(),
            valid_until: grant.valid_until,
        },
        sealed_key: HexBytes(prepared.sealed_key),
        size: bytes,
        proven: matches!(standing, Standing::Proven(_)),
        block_number: standing.block().number,
    }
}

fn door_error(error: DepartmentError) -> DoorError {
    let detail = error.to_string();
    match error {
        DepartmentError::NoRequest(_) => DoorError::new(Code::UnknownRequest, detail),
        DepartmentError::NotYourRequest(_) => DoorError::new(Code::NotYourRequest, detail),
        DepartmentError::NotGranted { state, .. } => {
            DoorError::new(Code::NotGranted, detail).with("state", state.name())
        }
        DepartmentError::GrantUnderWay(_) => DoorError::new(Code::NotFinalYet, detail),
        DepartmentError::Release(ReleaseError::NotGranted { .. }) => {
            DoorError::new(Code::NotGranted, detail).with("state", "ended")
        }
        DepartmentError::Release(ReleaseError::OtherGrant { .. }) | DepartmentError::GrantMissing(_) => {
            DoorError::new(Code::NotGranted, detail).with("state", "granted")
        }
        DepartmentError::Release(ReleaseError::Over { valid_until, .. }) => {
            DoorError::new(Code::NotGranted, detail).with("state", "ended").with("validUntil", valid_until)
        }
        DepartmentError::RightNotEffective(right) => {
            DoorError::new(Code::NotGranted, detail).with("state", "ended").with("right", right)
        }
        // The asset has changed hands: its new owner hands out.
        DepartmentError::Release(ReleaseError::NotOwner { owner }) => {
            DoorError::new(Code::UnknownResource, detail).with("owner", owner.to_string())
        }
        DepartmentError::EarlierOwner { version } => {
            DoorError::new(Code::UnknownResource, detail).with("version", version)
        }
        DepartmentError::Release(ReleaseError::Stale { .. }) => DoorError::new(Code::ChainUnreachable, detail),
        DepartmentError::Release(ReleaseError::Store(error)) => {
            DoorError::new(Code::StoreUnavailable, "the sealed file cannot be opened").caused_by(error)
        }
        DepartmentError::Chain(error) | DepartmentError::Release(ReleaseError::Chain(error)) => chain_error(error),
        other => DoorError::internal(other),
    }
}

fn chain_error(error: LedgerError) -> DoorError {
    match &error {
        LedgerError::NotFinalYet { tx_hash, .. } => {
            let hash = tx_hash.to_string();
            DoorError::new(Code::NotFinalYet, "the grant is sent").with("txHash", hash)
        }
        LedgerError::Reverted { .. } => DoorError::new(Code::TransactionRefused, error.to_string()),
        LedgerError::ChainUnreachable { .. } | LedgerError::Busy { .. } => {
            DoorError::new(Code::ChainUnreachable, "the chain does not answer").caused_by(error)
        }
        _ => DoorError::internal(error),
    }
}
