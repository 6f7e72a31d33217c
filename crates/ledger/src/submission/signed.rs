use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope, TxLegacy};
use alloy_eips::Encodable2718;
use alloy_primitives::{B256, Bytes, TxKind, U256};
use chancery_keys::KeyFailure;

use super::{Call, fees::Fees};
use crate::SubmitterKey;

/// A signed transaction, ready to be sent any number of times: it is mined at most once.
#[derive(Clone, Debug)]
pub(super) struct Signed {
    pub(super) hash: B256,
    pub(super) nonce: u64,
    pub(super) raw: Bytes,
}

impl Signed {
    pub(super) fn new(
        key: &SubmitterKey,
        chain_id: u64,
        nonce: u64,
        gas_limit: u64,
        fees: Fees,
        call: &Call,
    ) -> Result<Self, KeyFailure> {
        let (to, input, value) = (call.to.map_or(TxKind::Create, TxKind::Call), call.data.clone(), U256::ZERO);
        let envelope: TxEnvelope = match fees {
            Fees::Market { max_fee, max_tip } => {
                let transaction = TxEip1559 {
                    chain_id,
                    nonce,
                    gas_limit,
                    max_fee_per_gas: max_fee,
                    max_priority_fee_per_gas: max_tip,
                    to,
                    value,
                    access_list: Default::default(),
                    input,
                };
                let signature = key.sign(transaction.signature_hash())?;
                transaction.into_signed(signature).into()
            }
            Fees::Legacy { gas_price } => {
                let chain_id = Some(chain_id);
                let transaction = TxLegacy { chain_id, nonce, gas_price, gas_limit, to, value, input };
                let signature = key.sign(transaction.signature_hash())?;
                transaction.into_signed(signature).into()
            }
        };
        Ok(Self { hash: *envelope.tx_hash(), nonce, raw: envelope.encoded_2718().into() })
    }
}
