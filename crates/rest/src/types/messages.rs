//! `/v1/messages`: sealed messages between organizations (S-NET, `docs/specs/messages.md`). The gateway keeps what it cannot read.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{Example, Recorded, example_hash, example_signature};
use crate::values::{HexBytes, HexHash};

/// `POST /v1/messages`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SendMessage {
    /// The deposit: its exact JSON text, whose keccak256 is the message's identifier.
    #[schema(max_length = 2048)]
    pub statement: String,
    /// The sender's EIP-712 signature of the `DataOperation` that the statement makes, 65 bytes.
    pub signature: HexBytes,
    /// The message, sealed to its receiver and its sender: JWE, general JSON serialization, its exact text.
    #[schema(max_length = 737_280)]
    pub envelope: String,
}

/// `POST /v1/deliveries`: a message of an organization of another city.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeliverMessage {
    /// That the sender's own city has recorded the deposit, and that the sender's key counts there: the file of a message between two cities, version 2, without a receipt.
    #[schema(value_type = Object)]
    pub proof: Value,
    /// The message, sealed to its receiver and its sender: JWE, general JSON serialization, its exact text.
    #[schema(max_length = 737_280)]
    pub envelope: String,
}

/// `POST /v1/messages/{message}/acknowledgement`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StateReceipt {
    /// The acknowledgement: its exact JSON text.
    #[schema(max_length = 2048)]
    pub statement: String,
    /// The receiver's EIP-712 signature of the `DataOperation` that the statement makes, 65 bytes.
    pub signature: HexBytes,
}

/// Which messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MessageBox {
    /// What the caller has received.
    #[default]
    Received,
    /// What it has sent.
    Sent,
}

/// A statement as it was signed and where it is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignedStatement {
    /// Its exact text.
    pub statement: String,
    /// Who has signed it is in the text.
    pub signature: HexBytes,
    /// Where its data block is recorded.
    pub recorded: Recorded,
}

/// A message without its envelope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageState {
    /// Its identifier: keccak256 of the deposit's text.
    pub message: HexHash,
    /// Its place; later ones are greater.
    #[schema(example = 17)]
    pub place: u64,
    /// Bytes of the envelope.
    #[schema(example = 1_024)]
    pub sealed_bytes: u64,
    /// What the sender has signed, and where it is recorded.
    pub deposit: SignedStatement,
    /// What the receiver has signed; absent while the message waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledgement: Option<SignedStatement>,
}

/// `GET /v1/messages/{message}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// The message.
    pub state: MessageState,
    /// The sealed message; absent when it was removed, 30 days after its acknowledgement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub envelope: Option<String>,
}

const EXAMPLE_DEPOSIT: &str = r#"{"head":{"version":2,"chainId":7100,"genesis":"0x9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e","from":{"organization":"SAMPLE-UNIVERSITY","address":"0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"},"to":{"organization":"SAMPLE-HEALTH-OFFICE","address":"0x70997970c51812dc3a010c7d01b50e0d17dc79c8"},"sent":1795230000},"sealedHash":"0xcececececececececececececececececececececececececececececececece","sealedBytes":1024,"sealedTo":"x5vVAYw5UBqd2gsHn9eCbJjzSHgO7wcNNwFI3FVAT6k"}"#;
const EXAMPLE_ACKNOWLEDGEMENT: &str = r#"{"version":2,"chainId":7100,"genesis":"0x9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e","message":"0x1111111111111111111111111111111111111111111111111111111111111111","deposit":"0xd1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1","by":{"organization":"SAMPLE-HEALTH-OFFICE","address":"0x70997970c51812dc3a010c7d01b50e0d17dc79c8"},"received":1795230060}"#;
const EXAMPLE_ENVELOPE: &str = r#"{"protected":"eyJlbmMiOiJBMjU2R0NNIiwidHlwIjoiY2hhbmNlcnktbWVzc2FnZStqd2UifQ","recipients":[],"aad":"","iv":"","ciphertext":"","tag":""}"#;

impl Example for SendMessage {
    fn example() -> Self {
        Self { statement: EXAMPLE_DEPOSIT.into(), signature: example_signature(), envelope: EXAMPLE_ENVELOPE.into() }
    }
}

impl Example for DeliverMessage {
    fn example() -> Self {
        let proof = json!({ "version": 2, "deposit": {}, "standing": {} });
        Self { proof, envelope: EXAMPLE_ENVELOPE.into() }
    }
}

impl Example for StateReceipt {
    fn example() -> Self {
        Self { statement: EXAMPLE_ACKNOWLEDGEMENT.into(), signature: example_signature() }
    }
}

impl Example for SignedStatement {
    fn example() -> Self {
        let recorded = Recorded { chain: "main".into(), ..Recorded::example() };
        Self { statement: EXAMPLE_DEPOSIT.into(), signature: example_signature(), recorded }
    }
}

impl Example for MessageState {
    fn example() -> Self {
        Self {
            message: example_hash(0x11),
            place: 17,
            sealed_bytes: 1_024,
            deposit: SignedStatement::example(),
            acknowledgement: None,
        }
    }
}

impl Example for Message {
    fn example() -> Self {
        Self { state: MessageState::example(), envelope: Some(EXAMPLE_ENVELOPE.into()) }
    }
}
