//! Where the permissions contract keeps what nodes read (docs/specs/permissions.md).
//!
//! The contract is `contracts/src/Permissions.sol`; the places are part of the protocol and a test in `contracts/test` holds it to them.

use alloy_primitives::{Address, B256, U256, address, keccak256};

/// Where the contract stands on every chain that has one.
pub const PERMISSIONS: Address = address!("C4A0000000000000000000000000000000000008");

/// Slot of the number of changes (lowest eight bytes) and of which lists are closed (the byte above, a bit each).
pub const MODES_SLOT: U256 = U256::from_limbs([0, 0, 0, 0]);

/// Most entries of a list.
pub const MAX_PERMISSION_ENTRIES: usize = 4096;

/// What a list is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum PermissionList {
    /// Nodes that may connect, by peer key.
    Connect = 0,
    /// Accounts whose transactions are taken.
    Send = 1,
    /// Accounts that may create contracts.
    Deploy = 2,
}

impl PermissionList {
    /// All of them, by number.
    pub const ALL: [Self; 3] = [Self::Connect, Self::Send, Self::Deploy];

    /// Its name on the wire and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Send => "send",
            Self::Deploy => "deploy",
        }
    }

    /// The number that the contract has for it.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Slot of the number of its entries; the subjects follow at [`Self::subject_slot`].
    #[must_use]
    pub const fn count_slot(self) -> U256 {
        U256::from_limbs([1 + SLOTS_PER_LIST * self as u64, 0, 0, 0])
    }

    /// The slot of a subject, by its index.
    #[must_use]
    pub fn subject_slot(self, index: usize) -> U256 {
        let first = keccak256(self.count_slot().to_be_bytes::<32>());
        U256::from_be_bytes(first.0).wrapping_add(U256::from(index))
    }

    /// The slot of whose a subject is. Zero there: it is not listed.
    #[must_use]
    pub fn organization_slot(self, subject: B256) -> U256 {
        mapping_slot(subject, self.count_slot().wrapping_add(ORGANIZATIONS_OFFSET))
    }
}

/// Slots of OpenZeppelin's `EnumerableMap.Bytes32ToBytes32Map`: keys, their positions, values.
const SLOTS_PER_LIST: u64 = 3;
/// The values among them.
const ORGANIZATIONS_OFFSET: U256 = U256::from_limbs([2, 0, 0, 0]);

/// Which lists are closed, and how often anything was changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PermissionModes {
    /// Changes ever made.
    pub revision: u64,
    closed: u8,
}

impl PermissionModes {
    /// Reads what stands in [`MODES_SLOT`]. Zero, as where there is no contract: all lists are open.
    #[must_use]
    pub fn of_slot(value: U256) -> Self {
        let [revision, above, ..] = *value.as_limbs();
        Self { revision, closed: above.to_le_bytes()[0] }
    }

    /// Whether only those are allowed who are listed.
    #[must_use]
    pub const fn is_closed(self, list: PermissionList) -> bool {
        self.closed & (1 << list as u8) != 0
    }
}

/// An account as a list has it: padded left with zeros.
#[must_use]
pub fn account_subject(account: Address) -> B256 {
    account.into_word()
}

/// The slot in which a mapping that is declared at `place` has the value of a key.
pub(crate) fn mapping_slot(key: B256, place: U256) -> U256 {
    let mut preimage = [0; 64];
    preimage[..32].copy_from_slice(key.as_slice());
    preimage[32..].copy_from_slice(&place.to_be_bytes::<32>());
    U256::from_be_bytes(keccak256(preimage).0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_read_from_one_slot() {
        let modes = PermissionModes::of_slot((U256::from(0b101) << 64) | U256::from(7));
        assert_eq!(modes.revision, 7);
        let closed = PermissionList::ALL.map(|list| modes.is_closed(list));
        assert_eq!(closed, [true, false, true]);
        assert_eq!(PermissionModes::of_slot(U256::ZERO), PermissionModes::default());
    }

    #[test]
    fn lists_lie_three_slots_apart() {
        let counts = PermissionList::ALL.map(PermissionList::count_slot);
        assert_eq!(counts, [1, 4, 7].map(U256::from));
        let subject = B256::with_last_byte(1);
        assert_eq!(PermissionList::Send.organization_slot(subject), mapping_slot(subject, U256::from(6)));
    }
}
