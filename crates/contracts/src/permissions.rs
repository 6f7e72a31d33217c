//! The permissions in a genesis.

use alloy_primitives::B256;
use chancery_primitives::permissions::PermissionList;

use crate::{Permissions, Predeploy, init_code::with_arguments, predeploys};

/// A subject that is listed from the genesis on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PermissionSeat {
    /// On which list.
    pub list: PermissionList,
    /// A peer key, or an address padded left with zeros.
    pub subject: B256,
    /// Whose it is; see [`crate::organization_name`].
    pub organization: B256,
}

/// The contract of a chain whose lists start so: `closed` are those on which only who is listed is allowed. With none closed, everybody may
/// do everything, until the organizations vote otherwise.
#[must_use]
pub fn permissions(closed: &[PermissionList], first: &[PermissionSeat]) -> Predeploy {
    let arguments = Permissions::constructorCall {
        closed: PermissionList::ALL.map(|list| closed.contains(&list)),
        first: first
            .iter()
            .map(|seat| Permissions::GenesisPermission {
                list: seat.list.number(),
                subject: seat.subject,
                organization: seat.organization,
            })
            .collect(),
    };
    Predeploy {
        name: "Permissions",
        address: predeploys::PERMISSIONS,
        init_code: with_arguments(&Permissions::BYTECODE, &arguments),
    }
}
