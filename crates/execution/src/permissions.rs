//! Who may connect, send and create contracts, as the state of a chain has it (`docs/specs/permissions.md`).
//!
//! The same reading decides at admission (state of the last final block) and in a block (state of its parent), so what a leader may put into a
//! block follows from the chain alone. An open list costs nothing: its entries are not read. A chain without the contract has open lists.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, B256, U256, map::AddressMap};
use chancery_primitives::{
    permissions::{MAX_PERMISSION_ENTRIES, MODES_SLOT, PERMISSIONS, PermissionList, PermissionModes, account_subject},
    validator_registry::{VALIDATOR_REGISTRY, voter_slot},
};

use crate::{RegistryError, SignedTransaction, StateError, StateView, registered_validators, state::Overlay};

/// A transaction that its sender may not send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not permitted to {name}: on this chain only accounts that its organizations have listed may {what}, and {account} is not listed; ask one of them to propose it (`chancery network propose-permit {name} {account} --organization NAME`)",
    name = .permission.name(),
    what = words(*.permission)
)]
pub struct NotPermitted {
    /// The list that the account does not stand on.
    pub permission: PermissionList,
    /// The sender.
    pub account: Address,
}

const fn words(list: PermissionList) -> &'static str {
    match list {
        PermissionList::Connect => "connect",
        PermissionList::Send => "send transactions",
        PermissionList::Deploy => "create contracts",
    }
}

/// A subject on a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PermissionEntry {
    /// A peer key, or an address padded left with zeros.
    pub subject: B256,
    /// Whose it is: 1 to 32 bytes, padded right with zeros.
    pub organization: B256,
}

/// Which lists are closed.
///
/// # Errors
/// [`StateError`].
pub fn permission_modes(state: &StateView) -> Result<PermissionModes, StateError> {
    Ok(PermissionModes::of_slot(state.storage(PERMISSIONS, MODES_SLOT)?))
}

/// The entries of a list, in no order that lasts, at most [`MAX_PERMISSION_ENTRIES`].
///
/// # Errors
/// [`StateError`].
pub fn permission_entries(state: &StateView, list: PermissionList) -> Result<Vec<PermissionEntry>, StateError> {
    let count = state.storage(PERMISSIONS, list.count_slot())?.saturating_to::<usize>();
    let entry = |index| {
        let subject = B256::from(state.storage(PERMISSIONS, list.subject_slot(index))?);
        let organization = B256::from(state.storage(PERMISSIONS, list.organization_slot(subject))?);
        Ok(PermissionEntry { subject, organization })
    };
    (0..count.min(MAX_PERMISSION_ENTRIES)).map(entry).collect()
}

/// The peer keys that may connect: those that are listed, and the validators of the next epoch as they stand. `None`: all.
///
/// # Errors
/// [`RegistryError`].
pub fn permitted_nodes(state: &StateView) -> Result<Option<BTreeSet<B256>>, RegistryError> {
    if !permission_modes(state)?.is_closed(PermissionList::Connect) {
        return Ok(None);
    }
    let listed = permission_entries(state, PermissionList::Connect)?;
    let validators = registered_validators(state)?.unwrap_or_default();
    let listed = listed.into_iter().map(|entry| entry.subject);
    Ok(Some(listed.chain(validators.into_iter().map(|validator| validator.peer_public_key)).collect()))
}

/// Whether blocks have changed anything that decides about transactions.
pub(crate) fn concerns_senders(overlay: &Overlay) -> bool {
    overlay.accounts.iter().any(|entry| entry.address == PERMISSIONS || entry.address == VALIDATOR_REGISTRY)
}

/// What one account may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SenderRights {
    sends: Sends,
    deploys: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sends {
    Everything,
    /// What an organization needs to vote: nobody can be locked out of changing the lists (PERMIT-3).
    Votes,
    Nothing,
}

impl SenderRights {
    /// What a state says of an account; nothing is read of lists that are open.
    pub(crate) fn of(state: &StateView, modes: PermissionModes, account: Address) -> Result<Self, StateError> {
        let is_set = |address, slot| state.storage(address, slot).map(|value: U256| !value.is_zero());
        let allowed = |list: PermissionList| {
            if !modes.is_closed(list) {
                return Ok(true);
            }
            is_set(PERMISSIONS, list.organization_slot(account_subject(account)))
        };
        let sends = if allowed(PermissionList::Send)? {
            Sends::Everything
        } else if is_set(VALIDATOR_REGISTRY, voter_slot(account))? {
            Sends::Votes
        } else {
            Sends::Nothing
        };
        Ok(Self { sends, deploys: allowed(PermissionList::Deploy)? })
    }

    /// Whether the account may send this transaction.
    pub(crate) fn check(self, account: Address, transaction: &SignedTransaction) -> Result<(), NotPermitted> {
        let envelope = transaction.envelope();
        let votes = || envelope.to().is_some_and(|to| to == PERMISSIONS || to == VALIDATOR_REGISTRY);
        let may_send = match self.sends {
            Sends::Everything => true,
            Sends::Votes => votes(),
            Sends::Nothing => false,
        };
        if !may_send {
            return Err(NotPermitted { permission: PermissionList::Send, account });
        }
        if envelope.is_create() && !self.deploys {
            return Err(NotPermitted { permission: PermissionList::Deploy, account });
        }
        Ok(())
    }
}

/// What the state of a block's parent says of the senders in the block; each is looked up once.
pub(crate) struct BlockPermissions<'a> {
    parent: &'a StateView,
    modes: PermissionModes,
    senders: AddressMap<SenderRights>,
}

impl<'a> BlockPermissions<'a> {
    pub(crate) fn of_parent(parent: &'a StateView) -> Result<Self, StateError> {
        Ok(Self { parent, modes: permission_modes(parent)?, senders: AddressMap::default() })
    }

    /// Whether a block on the parent may carry the transaction (PERMIT-2).
    pub(crate) fn check(
        &mut self,
        sender: Address,
        transaction: &SignedTransaction,
    ) -> Result<Result<(), NotPermitted>, StateError> {
        let is_open = |list| !self.modes.is_closed(list);
        if is_open(PermissionList::Send) && is_open(PermissionList::Deploy) {
            return Ok(Ok(()));
        }
        let rights = match self.senders.get(&sender) {
            Some(rights) => *rights,
            None => {
                let rights = SenderRights::of(self.parent, self.modes, sender)?;
                self.senders.insert(sender, rights);
                rights
            }
        };
        Ok(rights.check(sender, transaction))
    }
}
