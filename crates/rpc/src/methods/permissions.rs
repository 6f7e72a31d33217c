//! Who may connect, send and create contracts (`docs/specs/permissions.md`).

use alloy_primitives::{Address, FixedBytes};
use chancery_execution::{PermissionEntry, StateView, organization_text, permission_entries, permission_modes};
use chancery_primitives::permissions::{PermissionList, PermissionModes};
use serde::Serialize;

use super::Reply;
use crate::{api::Api, error::RpcError, params::Args};

/// A list of the chain after its last final block.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct List<Entry> {
    /// Whether those alone are allowed who are listed.
    closed: bool,
    listed: Vec<Entry>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    peer_public_key: FixedBytes<32>,
    organization: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Account {
    account: Address,
    organization: String,
}

#[derive(Serialize)]
struct Permissions {
    /// Changes ever made.
    revision: u64,
    connect: List<Node>,
    send: List<Account>,
    deploy: List<Account>,
}

/// `chancery_permissions()`: the three lists, each with whether it is closed. Where the chain has none of them, all are open and empty.
pub(crate) fn permissions(api: &Api, _: &Args<'_>) -> Result<Reply, RpcError> {
    let state = api.chain().head_state();
    let modes = permission_modes(&state)?;
    api.reply(&Permissions {
        revision: modes.revision,
        connect: list(&state, modes, PermissionList::Connect, |entry| Node {
            peer_public_key: entry.subject,
            organization: organization_text(&entry.organization),
        })?,
        send: list(&state, modes, PermissionList::Send, account)?,
        deploy: list(&state, modes, PermissionList::Deploy, account)?,
    })
}

fn list<Entry>(
    state: &StateView,
    modes: PermissionModes,
    list: PermissionList,
    shown: fn(PermissionEntry) -> Entry,
) -> Result<List<Entry>, RpcError> {
    let listed = permission_entries(state, list)?.into_iter().map(shown).collect();
    Ok(List { closed: modes.is_closed(list), listed })
}

fn account(entry: PermissionEntry) -> Account {
    Account { account: Address::from_word(entry.subject), organization: organization_text(&entry.organization) }
}
