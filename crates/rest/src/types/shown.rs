//! What a chain shows of holders by proof: kinds of certificates of other chains, without their content, as far as a holder agrees (`docs/specs/trust.md`).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{Example, example_address, example_signature, example_time};
use crate::values::{HexAddress, HexBytes, Timestamp};

/// The answer of `GET /v1/chains/{chain}/holders/{address}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HolderKinds {
    /// The chain that shows it.
    #[schema(example = "main")]
    pub chain: String,
    /// Its EIP-155 id.
    #[schema(example = 7100)]
    pub chain_id: u64,
    /// Of whom.
    pub holder: HexAddress,
    /// Every kind that the chain can show.
    pub kinds: Vec<ShownKind>,
}

/// A kind of certificates of another chain. What its holder has not agreed to looks like what the holder has not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShownKind {
    /// Its name.
    #[schema(example = "degree")]
    pub kind: String,
    /// Whether it is shown, by proof, that the holder has a certificate of the kind which is valid.
    pub held: bool,
    /// Time of the block of the other chain that showed it; absent unless `held`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Timestamp>,
    /// Until when the holder agrees; absent when the holder does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreed_until: Option<Timestamp>,
    /// The contract, which a consent names.
    pub contract: HexAddress,
    /// How many consents the holder has signed for the contract: the next one names this number.
    #[schema(example = 0)]
    pub next_nonce: u64,
    /// For whoever asks to verify, knowing the genesis of both chains (`docs/specs/trust.md`, "Asked from outside"): what was shown, that the holder agrees now, and the
    /// anchor. It has no number of a certificate. Absent unless `held`, and where a chain has no finality certificates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub proof: Option<Value>,
    /// Beside `proof`, where the contracts stand in the genesis of the chain: that they do, with which code, proven by the hash of the genesis. Whoever runs no EVM compares these codes with
    /// those of `proof`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub genesis: Option<Value>,
    /// Beside `proof`, where a factory that stands in the genesis has made the contracts: that it stands there, and that it has made these for the chain of the certificates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub factory: Option<Value>,
    /// Beside `proof`, where the contract keeps it: until when the certificate is valid. It has no number of a certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub period: Option<Value>,
}

/// `POST /v1/chains/{chain}/consents`: `Disclose(address holder,bytes32 kind,uint64 until,uint256 nonce)` (EIP-712), signed by whoever sends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GiveConsent {
    /// The kind that may be shown.
    #[schema(example = "degree", min_length = 1, max_length = 32)]
    pub kind: String,
    /// Last second for which it may (Unix seconds, at most 366 days ahead); 0 takes the consent back.
    #[schema(example = 1_795_316_400_u64)]
    pub until: u64,
    /// `nextNonce` of the kind.
    #[schema(example = 0)]
    pub nonce: u64,
    /// Of the holder.
    pub signature: HexBytes,
}

impl Example for HolderKinds {
    fn example() -> Self {
        Self {
            chain: "main".into(),
            chain_id: 7100,
            holder: example_address(),
            kinds: vec![ShownKind {
                kind: "degree".into(),
                held: true,
                as_of: Some(example_time()),
                agreed_until: Some(Timestamp::from_unix_seconds(1_795_316_400)),
                contract: HexAddress(alloy_primitives::Address::repeat_byte(0xa7)),
                next_nonce: 1,
                proof: Some(json!({})),
                genesis: Some(json!({})),
                factory: None,
                period: Some(json!({})),
            }],
        }
    }
}

impl Example for GiveConsent {
    fn example() -> Self {
        Self { kind: "degree".into(), until: 1_795_316_400, nonce: 0, signature: example_signature() }
    }
}
