//! The forms in which values stand on disk: files are not believed after damage, so each is read like bytes from outside.

use alloy_consensus::Header;
use alloy_primitives::U256;
use alloy_rlp::Decodable;
use revm::bytecode::Bytecode;

use crate::{
    state::AccountRecord,
    store::{Changed, ChangedKeys, decode_body, decode_receipts, encode_body, encode_receipts},
    trie::{Branch, BranchRecord, Child, Form},
};

/// What a value of the store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskForm {
    /// An account with the top of its storage trie.
    Account,
    /// A version of a trie branch.
    Branch,
    /// The top of a trie.
    Top,
    /// A block's transactions with their senders.
    Body,
    /// A block's receipts.
    Receipts,
    /// The keys that a block has written.
    ChangedKeys,
    /// A header.
    Header,
    /// A storage slot.
    Slot,
    /// A contract's code.
    Code,
}

impl DiskForm {
    /// Every form.
    pub const ALL: [Self; 9] = [
        Self::Account,
        Self::Branch,
        Self::Top,
        Self::Body,
        Self::Receipts,
        Self::ChangedKeys,
        Self::Header,
        Self::Slot,
        Self::Code,
    ];

    /// Reads a value as the store does, and writes what was read. `None`: the bytes are damaged.
    #[must_use]
    pub fn rewrite(self, bytes: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Account => {
                let account = AccountRecord::decode(bytes)?;
                // The leaf of the account trie is made of it.
                let _ = account.leaf_rlp();
                Some(account.encode())
            }
            Self::Branch => BranchRecord::decode(bytes).map(branch),
            Self::Top => {
                let mut rest = bytes;
                let top = Child::decode(&mut rest)?;
                let _ = (top.root_hash(), top.extension_rlp());
                let mut out = Vec::new();
                top.encode(&mut out);
                rest.is_empty().then_some(out)
            }
            Self::Body => {
                let (transactions, senders) = decode_body(bytes)?;
                Some(encode_body(&transactions, &senders))
            }
            Self::Receipts => decode_receipts(bytes).map(|receipts| encode_receipts(&receipts)),
            Self::ChangedKeys => {
                let mut out = ChangedKeys::default();
                for change in ChangedKeys::decode(bytes)? {
                    match change {
                        Changed::State(prefix) => out.push_state(prefix),
                        Changed::Node { name, written, replaces } => out.push_node(name, written, replaces),
                    }
                }
                Some(out.into_bytes())
            }
            Self::Header => Some(alloy_rlp::encode(Header::decode(&mut &*bytes).ok()?)),
            Self::Slot => U256::try_from_be_slice(bytes).map(|value| value.to_be_bytes_trimmed_vec()),
            Self::Code => Some(Bytecode::new_raw_checked(bytes.to_vec().into()).ok()?.original_byte_slice().to_vec()),
        }
    }
}

fn branch(record: BranchRecord) -> Vec<u8> {
    match record {
        BranchRecord::Full(branch) => {
            branch.rlp(&mut Vec::new());
            branch.encode(Form::Full)
        }
        BranchRecord::Difference(difference) => {
            let form = Form::Difference { changed: difference.changed(), base: difference.base };
            Branch::default().with_differences(vec![difference]).encode(form)
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_value_that_is_cut_short_is_damaged_and_a_whole_one_is_written_as_it_was() {
        let account = [&[3, 1, 5, 2, 1, 0][..], &[7; 32], &[0x81], &[9; 32]].concat();
        let branch = [
            &[1, 0, 13][..],
            &[0x81],
            &[9; 32],
            &[3 | 0x80, 3, 0x12, 0x30],
            &[8; 32],
            &[7],
            &[4, 3, 0x12, 0x30, 2, 0x81, 0xff],
        ]
        .concat();
        let difference = [&[2, 4, 0, 7, 0, 1][..], &[1, 2, 0xc1, 0x80]].concat();
        for (form, whole) in [(DiskForm::Account, account), (DiskForm::Branch, branch), (DiskForm::Branch, difference)]
        {
            assert_eq!(form.rewrite(&whole).as_deref(), Some(&whole[..]), "{form:?}");
            for length in 0..whole.len() {
                assert_eq!(form.rewrite(&whole[..length]), None, "{form:?} cut to {length}");
            }
        }
    }
}
