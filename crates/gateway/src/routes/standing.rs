//! Whose standing an operator may change (ACCOUNT-4), at every door.

use alloy_primitives::Address;
use chancery_reference_points::{Code, change_approval::read_text, o2c::Change};

use crate::{
    problem::{ApiError, ApiResult},
    state::Shared,
};

/// Looks at a change of somebody's standing, or at a proposal of one; every other change passes.
///
/// # Errors
/// As [`somebody`].
pub(crate) async fn of_somebody(shared: &Shared, change: &Change) -> ApiResult<()> {
    match change {
        Change::SuspendUser { address, .. } => somebody(shared, *address).await,
        // Whatever else is wrong with the text is told by whoever reads it in earnest.
        Change::ProposeChange { proposal, .. } => match read_text(&proposal.content) {
            Ok((_, Change::SuspendUser { address, .. })) => somebody(shared, address).await,
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

/// Whose standing is changed has to be somebody: a mistyped address would be suspended for good, and whoever was meant would go on.
///
/// # Errors
/// `UnknownAddress`; `ChainUnreachable`, `DatabaseUnreachable`.
async fn somebody(shared: &Shared, address: Address) -> ApiResult<()> {
    let roles = &shared.doors.roles;
    let is_somebody = shared.sessions.is_signed_in(address, shared.clock.unix_seconds())
        || roles.is_suspended(address).await?
        || roles.is_known(address).await?;
    if is_somebody {
        return Ok(());
    }
    let detail = "the address is not registered, has and had no key of an organization, and is not signed in";
    Err(ApiError::new(Code::UnknownAddress, detail))
}
