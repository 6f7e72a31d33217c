//! `/v1/session`: signing in with an Ethereum key (EIP-4361), who am I, signing out.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Example, example_address, example_signature, example_time, roles::Role};
use crate::values::{HexAddress, HexBytes, Timestamp};

/// The answer of `GET /v1/session/nonce`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Nonce {
    /// Put it into the EIP-4361 message. It signs in once.
    #[schema(example = "6a2f9b0c5d7e4f3a8b1c2d3e4f5a6b7c6a2f9b0c5d7e4f3a8b1c2d3e4f5a6b7c")]
    pub nonce: String,
    /// Until when.
    pub expires_at: Timestamp,
}

/// `POST /v1/session`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignIn {
    /// The EIP-4361 message: domain and URI of this gateway, chain id of the main chain, the nonce, at most five minutes old.
    #[schema(max_length = 4096)]
    pub message: String,
    /// The address's EIP-191 signature of it, 65 bytes.
    pub signature: HexBytes,
}

/// The answer of `POST /v1/session`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignedIn {
    /// Send it as `Authorization: Bearer TOKEN`. Keep it in memory only.
    #[schema(example = "kT7q0mV2b9d8Jx3nRzW5yLh1sPcA6uFgEoIiQtYvBNM")]
    pub token: String,
    /// Until when the session lasts.
    pub expires_at: Timestamp,
    /// Who signed in.
    pub address: HexAddress,
    /// What the address may do.
    pub roles: Vec<Role>,
}

impl std::fmt::Debug for SignedIn {
    /// Without the token, which is a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignedIn")
            .field("address", &self.address)
            .field("expires_at", &self.expires_at)
            .field("roles", &self.roles)
            .finish_non_exhaustive()
    }
}

/// The answer of `GET /v1/session`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WhoAmI {
    /// Who asks.
    pub address: HexAddress,
    /// What the address may do at present.
    pub roles: Vec<Role>,
    /// Until when the session lasts; absent when the request itself is signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

impl Example for Nonce {
    fn example() -> Self {
        Self {
            nonce: "6a2f9b0c5d7e4f3a8b1c2d3e4f5a6b7c6a2f9b0c5d7e4f3a8b1c2d3e4f5a6b7c".into(),
            expires_at: example_time(),
        }
    }
}

impl Example for SignIn {
    fn example() -> Self {
        Self {
            message: "127.0.0.1:8080 wants you to sign in with your Ethereum account:\n\
                      0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266\n\n\
                      Sign in to the chancery.\n\n\
                      URI: http://127.0.0.1:8080\nVersion: 1\nChain ID: 7100\n\
                      Nonce: 6a2f9b0c5d7e4f3a8b1c2d3e4f5a6b7c6a2f9b0c5d7e4f3a8b1c2d3e4f5a6b7c\n\
                      Issued At: 2026-11-21T03:00:00Z\nExpiration Time: 2026-11-21T03:05:00Z"
                .into(),
            signature: example_signature(),
        }
    }
}

impl Example for SignedIn {
    fn example() -> Self {
        Self {
            token: "kT7q0mV2b9d8Jx3nRzW5yLh1sPcA6uFgEoIiQtYvBNM".into(),
            expires_at: example_time(),
            address: example_address(),
            roles: vec![Role::Citizen],
        }
    }
}

impl Example for WhoAmI {
    fn example() -> Self {
        Self { address: example_address(), roles: vec![Role::Citizen], expires_at: Some(example_time()) }
    }
}
