//! `chancery_`: what a light client needs.

use alloy_primitives::{B256, Bytes, U64};
use chancery_light::HANDOVERS_PER_ANSWER;
use serde::Serialize;

use super::{
    Reply,
    membership::{Handover, handovers_between},
};
use crate::{api::Api, error::RpcError, params::Args};

/// The evidence that a block is final, as `chancery-light` reads it (`docs/specs/finality.md`).
#[derive(Serialize)]
struct FinalityProof {
    /// RLP of the block's header.
    header: Bytes,
    /// The certificate of the block, or of the last of `descendants`.
    certificate: Bytes,
    /// RLP of the headers after the block up to the one that the certificate names; absent where it names the block.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    descendants: Vec<Bytes>,
    /// The changes of the validator set until then, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    handovers: Vec<Handover>,
}

/// What `chancery_subscribe("finality")` sends: a block whose own certificate makes it, and all before it, final.
#[derive(Serialize)]
pub(crate) struct CertifiedBlock {
    number: U64,
    hash: B256,
    /// RLP of the header.
    header: Bytes,
    certificate: Bytes,
}

/// The block at a height with its own certificate, if it has one.
pub(crate) fn certified(api: &Api, height: u64) -> Result<Option<CertifiedBlock>, RpcError> {
    let Some(certificate) = api.chain().certificate(height)? else {
        return Ok(None);
    };
    let header = api.header(height)?;
    let rlp = alloy_rlp::encode(header.inner());
    Ok(Some(CertifiedBlock { number: U64::from(height), hash: header.hash(), header: rlp.into(), certificate }))
}

/// `chancery_getFinality(block, knownEpoch)`: the block's header with the certificate that makes it final, and how the chain was handed over to
/// those who made it by the validators of the epoch that the asker knows (without one: by those of the genesis).
///
/// Null while there is none: for the genesis block, which needs no certificate, until a first block is certified, and for
/// a head whose certificate is still on its way.
pub(crate) fn finality(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    let height = api.height_of(args.required(0, "block")?)?;
    let known = args.optional::<U64>(1, "knownEpoch")?.map_or(0, |epoch| epoch.to());
    let rlp = |height| Ok::<_, RpcError>(Bytes::from(alloy_rlp::encode(api.header(height)?.inner())));
    let most = api.limits().max_finality_headers;
    let mut descendants = Vec::new();
    let last = api.head_height().min(height.saturating_add(most));
    for certified in height..=last {
        if certified > height {
            descendants.push(rlp(certified)?);
        }
        if let Some(certificate) = api.chain().certificate(certified)? {
            let handovers = handovers_between(api, known, api.chain().epochs().of(certified), HANDOVERS_PER_ANSWER)?;
            return api.reply(&FinalityProof { header: rlp(height)?, certificate, descendants, handovers });
        }
    }
    if last < api.head_height() {
        let message = format!("no block from {height} to {last} has a finality certificate of its own");
        return Err(RpcError::TooMuch { limit: "max_finality_headers", value: most, message });
    }
    api.reply(&())
}

/// `chancery_genesis()`: the file that a light client of this chain trusts.
pub(crate) fn genesis(api: &Api, _: &Args<'_>) -> Result<Reply, RpcError> {
    api.reply(api.genesis())
}
