//! The header fields that every block of a Chancery chain has alike.

use alloy_consensus::{EMPTY_ROOT_HASH, Header};
use alloy_eips::eip7685::EMPTY_REQUESTS_HASH;
use alloy_primitives::{B64, B256, U256};
use chancery_primitives::extra_data::ConsensusContext;

use super::{BuildAttributes, InvalidReason};
use crate::{
    block::{OMMERS_HASH, header_time_ms},
    evm::mix_hash,
};

/// EIP-7685 requests do not exist on these chains.
const REQUESTS_HASH: B256 = EMPTY_REQUESTS_HASH;

const MILLISECONDS_PER_SECOND: u64 = 1_000;

/// The header of a child of `parent` before its transactions have run.
pub(super) fn open_header(parent: &Header, parent_hash: B256, attributes: &BuildAttributes) -> Header {
    let time_ms = attributes.time_ms.max(header_time_ms(parent));
    let context = ConsensusContext {
        epoch: attributes.epoch,
        view: attributes.view,
        parent_view: attributes.parent_view,
        // Below 1000.
        millisecond: (time_ms % MILLISECONDS_PER_SECOND) as u16,
    };
    fixed_fields(Header {
        parent_hash,
        beneficiary: attributes.beneficiary,
        number: parent.number + 1,
        gas_limit: parent.gas_limit,
        timestamp: time_ms / MILLISECONDS_PER_SECOND,
        extra_data: context.encode().to_vec().into(),
        mix_hash: mix_hash(parent_hash),
        ..Header::default()
    })
}

/// Sets the fields that have one allowed value.
pub(crate) fn fixed_fields(header: Header) -> Header {
    Header {
        ommers_hash: OMMERS_HASH,
        difficulty: U256::ZERO,
        nonce: B64::ZERO,
        base_fee_per_gas: Some(0),
        withdrawals_root: Some(EMPTY_ROOT_HASH),
        blob_gas_used: Some(0),
        excess_blob_gas: Some(0),
        parent_beacon_block_root: Some(B256::ZERO),
        requests_hash: Some(REQUESTS_HASH),
        block_access_list_hash: None,
        slot_number: None,
        ..header
    }
}

/// Checks what a header says on its own and about its parent.
pub(super) fn check_header(header: &Header, parent: &Header, parent_hash: B256) -> Result<(), InvalidReason> {
    if header.number != parent.number + 1 {
        return Err(InvalidReason::Height { parent: parent.number });
    }
    ConsensusContext::decode(&header.extra_data)?;
    let (time_ms, parent_time_ms) = (header_time_ms(header), header_time_ms(parent));
    if time_ms < parent_time_ms {
        return Err(InvalidReason::TimeBackwards { time_ms, parent_time_ms });
    }
    if header.gas_limit != parent.gas_limit {
        return Err(InvalidReason::GasLimit { expected: parent.gas_limit, actual: header.gas_limit });
    }
    let fields: [(&'static str, bool); 12] = [
        ("sha3Uncles", header.ommers_hash == OMMERS_HASH),
        ("difficulty", header.difficulty.is_zero()),
        ("mixHash", header.mix_hash == mix_hash(parent_hash)),
        ("nonce", header.nonce == B64::ZERO),
        ("baseFeePerGas", header.base_fee_per_gas == Some(0)),
        ("withdrawalsRoot", header.withdrawals_root == Some(EMPTY_ROOT_HASH)),
        ("blobGasUsed", header.blob_gas_used == Some(0)),
        ("excessBlobGas", header.excess_blob_gas == Some(0)),
        ("parentBeaconBlockRoot", header.parent_beacon_block_root == Some(B256::ZERO)),
        ("requestsHash", header.requests_hash == Some(REQUESTS_HASH)),
        ("blockAccessListHash", header.block_access_list_hash.is_none()),
        ("slotNumber", header.slot_number.is_none()),
    ];
    match fields.into_iter().find(|(_, correct)| !correct) {
        Some((field, _)) => Err(InvalidReason::HeaderField { field }),
        None => Ok(()),
    }
}
