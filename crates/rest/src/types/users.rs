//! `/v1/users`: real-name registration (C-API-1), confirmation by an office, public keys (C-API-4).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Example, example_address, example_hash, example_signature, example_time};
use crate::values::{HexAddress, HexBytes, HexHash, Timestamp};

/// What kind of user somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum UserType {
    /// A person.
    Person,
    /// Somebody who works at an issuing office.
    Issuer,
    /// Somebody who inspects certificates.
    Inspector,
}

/// The real name. Personal data: encrypted in the identity database, never on a chain, never in a log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Person {
    /// Full name.
    #[schema(example = "Li Hua", min_length = 1, max_length = 200)]
    pub name: String,
    /// Unit: employer, school or office.
    #[schema(example = "Riverside University", min_length = 1, max_length = 200)]
    pub unit: String,
    /// City.
    #[schema(example = "Shenzhen", min_length = 1, max_length = 200)]
    pub city: String,
    /// Country: ISO 3166-1 alpha-2 or its name; the same person must always be registered with the same.
    #[schema(example = "CN", min_length = 1, max_length = 60)]
    pub country: String,
    /// Number of the identity document, which tells two people of one name apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "440300199001010011", max_length = 40)]
    pub document_number: Option<String>,
    /// `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "1990-01-01", pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    pub birth_date: Option<String>,
}

impl std::fmt::Debug for Person {
    /// Nothing: personal data must not reach a log by way of a debug print.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Person(..)")
    }
}

/// A signed ERC-1056 attribute: the holder's consent to publish a key on the main chain (`setAttributeSigned`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignedAttribute {
    /// Name of the attribute, at most 32 bytes.
    #[schema(example = "did/pub/X25519/enc/hex", min_length = 1, max_length = 32)]
    pub name: String,
    /// Its value.
    pub value: HexBytes,
    /// For how long, in seconds.
    #[schema(example = 315_360_000)]
    pub validity: u64,
    /// The identity's signature, 65 bytes.
    pub signature: HexBytes,
}

/// `PUT /v1/users/{address}/standing`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SuspendUser {
    /// `true` suspends the account, `false` restores it.
    #[schema(example = true)]
    pub suspended: bool,
}

impl Example for SuspendUser {
    fn example() -> Self {
        Self { suspended: true }
    }
}

/// `POST /v1/users`. The private key is made on the user's side and never sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RegisterUser {
    /// Account name.
    #[schema(example = "lihua", min_length = 1, max_length = 64)]
    pub account: String,
    /// The user's address; the one that authenticates this request.
    pub address: HexAddress,
    /// Uncompressed secp256k1 public key of the address, 65 bytes.
    pub public_key: HexBytes,
    /// X25519 public key to which certificates are sealed, 32 bytes.
    pub encryption_key: HexHash,
    /// What kind of user.
    pub user_type: UserType,
    /// The real name.
    pub person: Person,
    /// Consent to publish both keys on the main chain.
    #[schema(max_items = 8)]
    pub attributes: Vec<SignedAttribute>,
    /// The person has lost the key of a confirmed registration: once an office has confirmed it, this address takes the other's place.
    #[serde(default)]
    pub recovery: bool,
}

/// Where a registration stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum UserStatus {
    /// Waits for an office to confirm the real name.
    Pending,
    /// Waits for an office, to take the place of a confirmed address of the same person.
    Recovering,
    /// Confirmed: the digital identity is on the main chain.
    Confirmed,
    /// An office has rejected it.
    Rejected,
    /// Another address of the person has taken its place.
    Replaced,
}

/// The answer of `POST /v1/users`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Registered {
    /// The user's address.
    pub address: HexAddress,
    /// Account name.
    pub account: String,
    /// Decentralized identifier (`did:ethr`).
    #[schema(example = "did:ethr:7100:0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")]
    pub did: String,
    /// Where the registration stands.
    pub status: UserStatus,
    /// Whether this person was known already.
    pub returning: bool,
}

/// A registration, for its owner and for registrars.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The user's address.
    pub address: HexAddress,
    /// Account name.
    pub account: String,
    /// Decentralized identifier.
    pub did: String,
    /// What kind of user.
    pub user_type: UserType,
    /// Where the registration stands.
    pub status: UserStatus,
    /// The real name.
    pub person: Person,
    /// When it was sent.
    pub registered_at: Timestamp,
    /// When an office decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Timestamp>,
    /// Why it was rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// `POST /v1/users/{address}/confirmation`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Confirmation {
    /// What the registrar decides.
    pub decision: ConfirmationDecision,
    /// Why; needed to reject, shown to the applicant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500)]
    pub reason: Option<String>,
}

/// What a registrar decides about a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ConfirmationDecision {
    /// The person is who they say.
    Confirm,
    /// They are not, or it cannot be told.
    Reject,
}

/// The answer of `POST /v1/users/{address}/confirmation`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Confirmed {
    /// The user's address.
    pub address: HexAddress,
    /// Decentralized identifier.
    pub did: String,
    /// Where the registration stands now.
    pub status: UserStatus,
    /// The chain that carries the digital identity; absent after a rejection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<String>,
    /// The transaction that put it there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tx_hash: Option<HexHash>,
    /// Its final block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block_number: Option<u64>,
}

/// A public key as RFC 7517 writes X25519 keys (RFC 8037).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Jwk {
    /// `OKP`.
    #[schema(example = "OKP")]
    pub kty: String,
    /// `X25519`.
    #[schema(example = "X25519")]
    pub crv: String,
    /// The key, base64url without padding.
    #[schema(example = "hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo")]
    pub x: String,
}

/// The key to which certificates are sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EncryptionKey {
    /// The key.
    pub jwk: Jwk,
    /// RFC 7638 thumbprint: the `kid` of what is sealed to it.
    #[schema(example = "aO5uGsvQZaxq0cJtHSzE7wKXyKqQ0v5p8T3nW2fVd1Q")]
    pub thumbprint: String,
}

/// Where on the main chain an answer was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReadAt {
    /// The chain.
    #[schema(example = "main")]
    pub chain: String,
    /// The final block.
    #[schema(example = 17)]
    pub block_number: u64,
}

/// The answer of `GET /v1/users/{address}/public-key` (C-API-4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublicKey {
    /// The user's address.
    pub address: HexAddress,
    /// Decentralized identifier.
    pub did: String,
    /// Uncompressed secp256k1 public key, 65 bytes.
    pub public_key: HexBytes,
    /// The key to which certificates are sealed.
    pub encryption_key: EncryptionKey,
    /// Where it was read.
    pub source: ReadAt,
}

fn example_did() -> String {
    format!("did:ethr:7100:{}", example_address())
}

fn example_public_key() -> HexBytes {
    HexBytes(alloy_primitives::bytes!(
        "048318535b54105d4a7aae60c08fc45f9687181b4fdfc625bd1a753fa7397fed753547f11ca8696646f2f3acb08e31016afac23e630c5d11f59f61fef57b0d2aa5"
    ))
}

impl Example for Person {
    fn example() -> Self {
        Self {
            name: "Li Hua".into(),
            unit: "Riverside University".into(),
            city: "Shenzhen".into(),
            country: "CN".into(),
            document_number: Some("440300199001010011".into()),
            birth_date: Some("1990-01-01".into()),
        }
    }
}

impl Example for RegisterUser {
    fn example() -> Self {
        let attribute = |name: &str, value: HexBytes| SignedAttribute {
            name: name.into(),
            value,
            validity: 315_360_000,
            signature: example_signature(),
        };
        let encryption_key = example_hash(0x52);
        Self {
            account: "lihua".into(),
            address: example_address(),
            public_key: example_public_key(),
            encryption_key,
            user_type: UserType::Person,
            person: Person::example(),
            attributes: vec![
                attribute("did/pub/Secp256k1/veriKey/hex", example_public_key()),
                attribute("did/pub/X25519/enc/hex", HexBytes(encryption_key.0.to_vec().into())),
            ],
            recovery: false,
        }
    }
}

impl Example for Registered {
    fn example() -> Self {
        Self {
            address: example_address(),
            account: "lihua".into(),
            did: example_did(),
            status: UserStatus::Pending,
            returning: false,
        }
    }
}

impl Example for User {
    fn example() -> Self {
        Self {
            address: example_address(),
            account: "lihua".into(),
            did: example_did(),
            user_type: UserType::Person,
            status: UserStatus::Pending,
            person: Person::example(),
            registered_at: example_time(),
            decided_at: None,
            reason: None,
        }
    }
}

impl Example for Confirmation {
    fn example() -> Self {
        Self { decision: ConfirmationDecision::Confirm, reason: None }
    }
}

impl Example for Confirmed {
    fn example() -> Self {
        Self {
            address: example_address(),
            did: example_did(),
            status: UserStatus::Confirmed,
            chain: Some("main".into()),
            tx_hash: Some(example_hash(0x71)),
            block_number: Some(17),
        }
    }
}

impl Example for PublicKey {
    fn example() -> Self {
        Self {
            address: example_address(),
            did: example_did(),
            public_key: example_public_key(),
            encryption_key: EncryptionKey {
                jwk: Jwk {
                    kty: "OKP".into(),
                    crv: "X25519".into(),
                    x: "hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo".into(),
                },
                thumbprint: "aO5uGsvQZaxq0cJtHSzE7wKXyKqQ0v5p8T3nW2fVd1Q".into(),
            },
            source: ReadAt { chain: "main".into(), block_number: 17 },
        }
    }
}
