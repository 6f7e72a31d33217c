//! Values that the store reads back: the disk may have changed them.

use alloy::consensus::{EthereumReceipt, Header, TxType};
use chancery_execution::DiskForm;

use crate::transactions;

/// What is read is what is written from it, and reads as the same again; anything else is damage.
pub fn check(data: &[u8]) {
    let Some((form, value)) = data.split_first() else { return };
    let form = DiskForm::ALL[usize::from(*form) % DiskForm::ALL.len()];
    if let Some(written) = form.rewrite(value) {
        assert_eq!(form.rewrite(&written).as_ref(), Some(&written), "{form:?} changes by being read and written");
    }
}

/// One value of each form at least.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let body = transactions::samples().into_iter().flat_map(|transaction| {
        let bytes = transaction.encoded();
        [&[9; 20][..], &(bytes.len() as u32).to_be_bytes(), bytes].concat()
    });
    let receipt = EthereumReceipt::<TxType> { cumulative_gas_used: 21_000, ..EthereumReceipt::default() };
    let values = [
        (DiskForm::Account, [&[3, 1, 5, 2, 1, 0][..], &[7; 32], &[0x81], &[9; 32]].concat()),
        (DiskForm::Account, vec![0, 1, 5, 2, 1, 0]),
        (DiskForm::Branch, vec![0]),
        (DiskForm::Branch, [&[1, 0, 5][..], &[0x81], &[9; 32], &[0x83, 3, 0x12, 0x30], &[8; 32]].concat()),
        (DiskForm::Branch, vec![2, 0, 7, 0, 1, 1, 2, 0xc1, 0x80]),
        (DiskForm::Top, [&[0x82][..], &[9; 32]].concat()),
        (DiskForm::Body, body.collect()),
        (DiskForm::Receipts, alloy_rlp::encode(receipt)),
        (DiskForm::ChangedKeys, vec![0, 2, 5, 6, 1, 1, 7]),
        (DiskForm::Header, alloy_rlp::encode(Header::default())),
        (DiskForm::Slot, vec![1, 2]),
        (DiskForm::Code, vec![0x60, 0, 0x5b, 0x56]),
        (DiskForm::Code, [&[0xef, 1, 0][..], &[5; 20]].concat()),
    ];
    let number = |form| DiskForm::ALL.iter().position(|known| *known == form).unwrap() as u8;
    values.into_iter().map(|(form, value)| [vec![number(form)], value].concat()).collect()
}
