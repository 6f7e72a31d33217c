//! Where an alliance's certificates stand in its storage, and what their words say (`docs/specs/alliance.md`, "Storage that is proven").

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::SolValue;

use super::certificate::{IdentityCertificate, Scope, TransactionCertificate};

/// Slot of `Alliance`: members by name.
const MEMBERS: U256 = U256::from_limbs([6, 0, 0, 0]);
/// Slot of `Alliance`: identity certificates by serial number.
const IDENTITIES: U256 = U256::from_limbs([12, 0, 0, 0]);
/// Slot of `Alliance`: transaction certificates by serial number.
const TRANSACTIONS: U256 = U256::from_limbs([13, 0, 0, 0]);
/// Words that [`positions`] names.
pub const WORDS: usize = 5;

/// What the alliance's storage says of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// `None`: there is none under that serial number.
    pub transaction: Option<TransactionCertificate>,
    /// `None`: there is none under that serial number.
    pub identity: Option<IdentityCertificate>,
    /// The member is of the alliance.
    pub member_is_active: bool,
}

/// Slots of a transaction certificate, of an identity certificate (three) and of a member's first word, in this order.
#[must_use]
pub fn positions(transaction: u64, identity: u64, member: B256) -> [B256; WORDS] {
    let first = U256::from_be_bytes(keccak256((U256::from(identity), IDENTITIES).abi_encode()).0);
    let after = |n: u64| B256::from(first.wrapping_add(U256::from(n)));
    [
        keccak256((U256::from(transaction), TRANSACTIONS).abi_encode()),
        after(0),
        after(1),
        after(2),
        keccak256((member, MEMBERS).abi_encode()),
    ]
}

/// Reads what stands in [`positions`].
#[must_use]
pub fn read(words: &[U256; WORDS]) -> Recorded {
    let [transaction, node, member, key, membership] = words;
    // From the lowest byte: identity (8), validity (8), scope (1), revoked (1).
    let serial = bits(transaction, 0);
    let scope = Scope::from_code(byte(transaction, 16)).filter(|_| serial != 0);
    let transaction = scope.map(|scope| TransactionCertificate {
        identity: serial,
        scope,
        valid_until: bits(transaction, 8),
        revoked: byte(transaction, 17) != 0,
    });
    // From the lowest byte: key (20), validity (8), revoked (1).
    let identity = (!member.is_zero()).then(|| IdentityCertificate {
        node: B256::from(*node),
        member: B256::from(*member),
        key: Address::from_word(B256::from(*key & (U256::MAX >> 96))),
        valid_until: bits(key, 20),
        revoked: byte(key, 28) != 0,
    });
    // From the lowest byte: authority (20), chain id (8), whether it is active (1).
    Recorded { transaction, identity, member_is_active: byte(membership, 28) != 0 }
}

/// Eight bytes from the `at`-th lowest on.
fn bits(word: &U256, at: usize) -> u64 {
    (*word >> (8 * at)).as_limbs()[0]
}

/// The `at`-th lowest byte.
const fn byte(word: &U256, at: usize) -> u8 {
    word.byte(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    // A-CERT
    #[test]
    fn words_are_read_as_the_contract_packs_them() {
        let transaction = U256::from(7) | U256::from(1_000) << 64 | U256::from(2) << 128 | U256::from(1) << 136;
        let address = Address::repeat_byte(0xab);
        let key = U256::from_be_bytes(address.into_word().0) | U256::from(2_000) << 160 | U256::from(1) << 224;
        let (node, member) = (B256::repeat_byte(1), B256::repeat_byte(2));
        let words =
            [transaction, U256::from_be_bytes(node.0), U256::from_be_bytes(member.0), key, U256::from(1) << 224];
        let read = read(&words);
        let expected = TransactionCertificate { identity: 7, scope: Scope::ENDORSE, valid_until: 1_000, revoked: true };
        assert_eq!(read.transaction, Some(expected));
        let expected = IdentityCertificate { node, member, key: address, valid_until: 2_000, revoked: true };
        assert_eq!(read.identity, Some(expected));
        assert!(read.member_is_active);
    }

    // Computed by another implementation of Keccak; that the contract has its words there, `AllianceCertificates.t.sol` says.
    #[test]
    fn positions_are_those_of_the_specification() {
        let [transaction, node, member, key, membership] = positions(6, 5, B256::repeat_byte(0x33));
        let hex = alloy_primitives::hex::encode::<B256>;
        assert_eq!(hex(transaction), "a48544818c2c710afa9849c61ec9c60e8acdb3eaa2885f33b37e118cc8fd04ac");
        assert_eq!(hex(node), "2cd9ebf6ff19cdd7ffcc447d7c7d47b5991f5c7392a04512134e765802361fa6");
        assert_eq!(hex(member), "2cd9ebf6ff19cdd7ffcc447d7c7d47b5991f5c7392a04512134e765802361fa7");
        assert_eq!(hex(key), "2cd9ebf6ff19cdd7ffcc447d7c7d47b5991f5c7392a04512134e765802361fa8");
        assert_eq!(hex(membership), "8fb15c58f48e8edde6d499bf22919f35b779b58431887a8c94a14281b399fdd2");
    }

    #[test]
    fn empty_words_are_no_certificates() {
        let expected = Recorded { transaction: None, identity: None, member_is_active: false };
        assert_eq!(read(&[U256::ZERO; WORDS]), expected);
    }
}
