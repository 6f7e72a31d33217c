//! `GET /v1/chains`: what a light client needs to verify answers by itself.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{Example, example_hash, example_time};
use crate::values::{HexAddress, HexHash, Timestamp};

/// The contracts of a chain. One that the chain does not have is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Contracts {
    /// OpenZeppelin `AccessManager`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_manager: Option<HexAddress>,
    /// Organizations and their keys; main chain only, and chains to which they are written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_registry: Option<HexAddress>,
    /// Digital identities (ERC-1056); main chain only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub did_registry: Option<HexAddress>,
    /// Data formats; main chain only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_format_registry: Option<HexAddress>,
    /// Shared resources; main chain only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_directory: Option<HexAddress>,
    /// Data blocks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_block_registry: Option<HexAddress>,
    /// Certificates; side chains only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_registry: Option<HexAddress>,
    /// What was proven of the main chain's organizations, rights and keys; side chains only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust_registry: Option<HexAddress>,
    /// Contracts that two operators release together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract_releases: Option<HexAddress>,
    /// Access rules of services; main chain only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_rules: Option<HexAddress>,
    /// Changes that two operators make together; main chain only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_approvals: Option<HexAddress>,
}

/// What a chain has of another chain: headers that its anchor has verified to be final, so that anything there can be proven here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Anchor {
    /// Name of the chain that it follows.
    #[schema(example = "main")]
    pub follows: String,
    /// The contract.
    pub contract: HexAddress,
    /// Number of the newest block of that chain that it has; absent before the first, and while it is frozen.
    #[schema(example = 128)]
    pub height: Option<u64>,
    /// Hash of that block.
    pub block_hash: Option<HexHash>,
    /// Time of that block.
    pub block_time: Option<Timestamp>,
    /// How old that block is now. Headers come every few blocks and whenever something has to be proven: an idle chain's anchor may be minutes old.
    #[schema(example = 42)]
    pub age_seconds: Option<u64>,
    /// Whether two final blocks of one number were shown to it. It answers nothing then until the organizations that run the chain have voted whom to trust.
    #[schema(example = false)]
    pub frozen: bool,
}

/// A validator of a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Peer {
    /// The organization that runs it, as the chain names it.
    #[schema(example = "city 1")]
    pub organization: String,
    /// Whether the gateway's node is connected to it, or is it.
    #[schema(example = true)]
    pub connected: bool,
    /// When it last said anything in consensus; absent: not since the gateway's node started.
    pub last_heard: Option<Timestamp>,
    /// The last block that it has, where the gateway can know.
    #[schema(example = 42)]
    pub height: Option<u64>,
    /// How many final blocks it does not have yet, where the gateway can know.
    #[schema(example = 0)]
    pub blocks_behind: Option<u64>,
}

/// How a chain is, as the gateway's node hears it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Consensus {
    /// The highest block that is known to be final.
    #[schema(example = 42)]
    pub final_height: u64,
    /// Epoch: the set of validators changes with it.
    #[schema(example = 0)]
    pub epoch: u64,
    /// View: one leader's turn.
    #[schema(example = 57)]
    pub view: u64,
    /// Transactions that wait.
    #[schema(example = 0)]
    pub waiting_transactions: u64,
    /// The chain stands still, or the gateway's node does not follow it.
    #[schema(example = false)]
    pub sick: bool,
    /// What somebody should see to, by name, as `chancery doctor` finds it; `chancery doctor` at the node says more.
    #[schema(example = json!([]))]
    pub findings: Vec<String>,
    /// The validators.
    pub peers: Vec<Peer>,
}

/// One chain of the city.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Chain {
    /// Name.
    #[schema(example = "degree")]
    pub name: String,
    /// EIP-155 chain id.
    #[schema(example = 7103)]
    pub chain_id: u64,
    /// JSON-RPC endpoint.
    #[schema(example = "http://127.0.0.1:8548")]
    pub rpc_url: String,
    /// Hash of block 0: all that a light client has to trust.
    pub genesis_hash: HexHash,
    /// The genesis file, which hashes to `genesisHash` and names the validators; absent for chains without finality certificates.
    #[schema(value_type = Option<Object>)]
    pub genesis: Option<Value>,
    /// Latest final block; absent when the chain does not answer.
    #[schema(example = 42)]
    pub height: Option<u64>,
    /// Its time.
    pub block_time: Option<Timestamp>,
    /// Certificate kinds that the chain carries.
    #[schema(example = json!(["degree"]))]
    pub kinds: Vec<String>,
    /// Its contracts.
    pub contracts: Contracts,
    /// Its anchors of other chains.
    #[serde(default)]
    pub anchors: Vec<Anchor>,
    /// Who runs it, and how it is; absent where the gateway runs no node of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consensus: Option<Consensus>,
}

/// The answer of `GET /v1/chains`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Chains {
    /// Whether this is a development city, whose keys everybody knows. Nothing that it certifies means anything.
    pub development: bool,
    /// The main chain first.
    pub chains: Vec<Chain>,
}

impl Example for Chains {
    fn example() -> Self {
        let contract = |last: u8| {
            let mut address = alloy_primitives::address!("C4A0000000000000000000000000000000000000");
            address.0[19] = last;
            Some(HexAddress(address))
        };
        Self {
            development: true,
            chains: vec![Chain {
                name: "degree".into(),
                chain_id: 7103,
                rpc_url: "http://127.0.0.1:8548".into(),
                genesis_hash: example_hash(0x60),
                genesis: None,
                height: Some(42),
                block_time: Some(example_time()),
                kinds: vec!["degree".into()],
                contracts: Contracts {
                    access_manager: contract(1),
                    data_block_registry: contract(5),
                    certificate_registry: contract(6),
                    trust_registry: contract(12),
                    ..Contracts::default()
                },
                anchors: vec![Anchor {
                    follows: "main".into(),
                    contract: HexAddress(alloy_primitives::address!("C4A000000000000000000000000000000000000B")),
                    height: Some(128),
                    block_hash: Some(example_hash(0xb1)),
                    block_time: Some(example_time()),
                    age_seconds: Some(42),
                    frozen: false,
                }],
                consensus: Some(Consensus {
                    final_height: 42,
                    epoch: 0,
                    view: 57,
                    waiting_transactions: 0,
                    sick: false,
                    findings: Vec::new(),
                    peers: vec![Peer {
                        organization: "city 1".into(),
                        connected: true,
                        last_heard: Some(example_time()),
                        height: Some(42),
                        blocks_behind: Some(0),
                    }],
                }),
            }],
        }
    }
}
