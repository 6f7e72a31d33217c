//! What is signed, gathered and stored by the contracts: operations and their signatures, names, status words, data blocks, revert data; and the
//! bodies of REST requests that carry them.

use std::sync::LazyLock;

use alloy_primitives::{Address, B256, U256};
use chancery_primitives::{
    CertificateId, CertificateKind, ChangeStatus, DataOperation, Inspect, Issue, OperationType, OrganizationCode,
    Present, Right, SignedOperation, SigningDomain, UnixSeconds,
    certificate_storage::StatusWord,
    data_block::{self, DataBlockTree, Leaf, MAX_PROOF_NODES},
    recover_signer,
};
use chancery_reference_points::data_format::canonical_json;
use chancery_rest::types;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// A data block of known leaves.
static BLOCK: LazyLock<(Vec<Leaf>, DataBlockTree)> = LazyLock::new(|| {
    let leaf = |byte| Leaf {
        operation_digest: B256::repeat_byte(byte),
        source: Address::repeat_byte(byte),
        operation_type: OperationType::DataRecord,
        content_hash: B256::repeat_byte(byte),
        time: UnixSeconds(byte.into()),
    };
    let leaves: Vec<_> = (0..40).map(leaf).collect();
    let tree = DataBlockTree::new(&leaves).unwrap();
    (leaves, tree)
});

/// Names and words have one form, a data block proves its own leaves alone, a signature that is changed names nobody else's key as its own, and what
/// is read from JSON is written as it was.
pub fn check(data: &[u8]) {
    let Some((kind, data)) = data.split_first() else { return };
    match kind % 6 {
        0 => words(data),
        1 => leaves(data),
        2 => signatures(data),
        3 => operations(data),
        4 => bodies(data),
        _ => canonical(data),
    }
}

fn words(data: &[u8]) {
    let Some(word) = data.first_chunk::<32>().map(B256::from) else { return };
    if let Ok(code) = OrganizationCode::from_bytes32(word) {
        assert_eq!((code.to_bytes32(), OrganizationCode::parse(&code.to_string()).unwrap()), (word, code));
    }
    if let Ok(kind) = CertificateKind::from_bytes32(word) {
        assert_eq!((kind.to_bytes32(), CertificateKind::parse(kind.as_str()).unwrap()), (word, kind));
    }
    if let Ok(right) = Right::from_bytes32(word) {
        assert_eq!(right.to_bytes32(), word);
    }
    if let Some(operation) = OperationType::from_bytes32(word) {
        assert_eq!(operation.to_bytes32(), word);
    }
    if let Ok(Some(status)) = StatusWord::decode(U256::from_be_bytes(word.0)) {
        let time = |seconds: UnixSeconds, shift: usize| U256::from(seconds.get()) << shift;
        let packed = U256::from(status.status.code())
            | (U256::from(status.reason.code()) << 8)
            | (U256::from(status.revision) << 16)
            | time(status.validity.valid_from, 64)
            | time(status.validity.valid_until, 128)
            | time(status.changed_at, 192);
        assert_eq!(packed, U256::from_be_bytes(word.0));
    }
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(id) = text.parse::<CertificateId>()
    {
        assert_eq!(id.to_string().parse::<CertificateId>().unwrap(), id);
    }
}

fn leaves(data: &[u8]) {
    let (leaves, tree) = &*BLOCK;
    let Some(([index, other, at, change, length], rest)) = data.split_first_chunk::<5>() else { return };
    let index = usize::from(*index) % leaves.len();
    let mut proof = tree.proof(index).unwrap();
    let mut leaf = leaves[usize::from(*other) % leaves.len()].clone();
    if let Some(node) = proof.get_mut(usize::from(*at) % MAX_PROOF_NODES) {
        node[usize::from(*at) % 32] ^= change;
    } else {
        leaf.content_hash[usize::from(*at) % 32] ^= change;
    }
    proof.extend(rest.chunks_exact(32).map(B256::from_slice));
    proof.truncate(usize::from(*length));
    if data_block::verify(tree.root(), &leaf, &proof) {
        assert!(leaves.contains(&leaf), "an operation is proven to be in a block that does not hold it");
    }
}

fn signatures(data: &[u8]) {
    let Some((digest, signature)) = data.split_first_chunk::<32>() else { return };
    let digest = B256::from(*digest);
    let Ok(signer) = recover_signer(digest, signature) else { return };
    // EIP-2: the other root of the same equation is refused, so nobody else can make a second signature of one.
    let mut other = signature.to_vec();
    let s = U256::from_be_slice(&signature[32..64]);
    other[32..64].copy_from_slice(&(secp256k1_order() - s).to_be_bytes::<32>());
    other[64] = 55 - other[64];
    assert!(recover_signer(digest, &other).is_err(), "a signature of {signer} has a twin");
}

fn secp256k1_order() -> U256 {
    U256::from_str_radix("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", 16).unwrap()
}

fn operations(data: &[u8]) {
    signed::<Issue>(data);
    signed::<ChangeStatus>(data);
    signed::<Inspect>(data);
    signed::<Present>(data);
    signed::<DataOperation>(data);
    same_when_written::<Leaf>(data);
}

fn signed<T: SignedOperation + DeserializeOwned + Serialize>(data: &[u8]) {
    if let Some(again) = same_when_written::<T>(data) {
        let operation: T = serde_json::from_slice(data).unwrap();
        let domain = SigningDomain::new(7100, Address::repeat_byte(1));
        assert_eq!(operation.digest(&domain), again.digest(&domain));
        assert_ne!(operation.digest(&domain), again.digest(&SigningDomain::new(7101, domain.verifying_contract)));
    }
}

/// What is read from JSON, after it was written and read again.
fn same_when_written<T: DeserializeOwned + Serialize>(data: &[u8]) -> Option<T> {
    let value: T = serde_json::from_slice(data).ok()?;
    let written = serde_json::to_vec(&value).unwrap();
    let again: T = serde_json::from_slice(&written).unwrap();
    assert_eq!(serde_json::to_vec(&again).unwrap(), written);
    Some(again)
}

fn bodies(data: &[u8]) {
    same_when_written::<types::applications::SubmitApplication>(data);
    same_when_written::<types::certificates::IssueCertificate>(data);
    same_when_written::<types::certificates::ChangeStatus>(data);
    same_when_written::<types::inspections::CheckCertificate>(data);
    same_when_written::<types::inspections::RecordInspection>(data);
    same_when_written::<types::operations::SubmitOperation>(data);
    same_when_written::<types::organizations::RegisterOrganization>(data);
    same_when_written::<types::organizations::AuthorizeKey>(data);
    same_when_written::<types::presentations::CreatePresentation>(data);
    same_when_written::<types::session::SignIn>(data);
    same_when_written::<types::users::RegisterUser>(data);
    same_when_written::<types::formats::ConfigureFormat>(data);
    same_when_written::<types::quotas::Quota>(data);
    same_when_written::<types::contracts::ProposeContract>(data);
    same_when_written::<types::contracts::ChangeContract>(data);
}

fn canonical(data: &[u8]) {
    let Ok(value) = serde_json::from_slice::<Value>(data) else { return };
    if let Ok(text) = canonical_json(&value) {
        let again: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(again, value);
        assert_eq!(canonical_json(&again).unwrap(), text);
    }
}

/// The vectors of operations and names, and what a gateway is sent.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let tagged = |kind: u8, bytes: &[u8]| [&[kind][..], bytes].concat();
    let operations: Value =
        serde_json::from_str(include_str!("../../../crates/primitives/vectors/operations.json")).unwrap();
    let names: Value = serde_json::from_str(include_str!("../../../crates/primitives/vectors/names.json")).unwrap();
    let storage: Value =
        serde_json::from_str(include_str!("../../../crates/primitives/vectors/certificate-storage.json")).unwrap();
    let of_vectors = operations["vectors"].as_array().unwrap().iter().flat_map(|vector| {
        let digest: B256 = serde_json::from_value(vector["digest"].clone()).unwrap_or_default();
        let signature = vector["signature"].as_str().and_then(|text| hex::decode(&text[2..]).ok()).unwrap_or_default();
        let operation = vector["operation"].to_string();
        let body =
            serde_json::json!({ "operation": vector["operation"], "signature": vector["signature"] }).to_string();
        [
            tagged(3, operation.as_bytes()),
            tagged(2, &[digest.as_slice(), &signature].concat()),
            tagged(4, body.as_bytes()),
            tagged(5, operation.as_bytes()),
        ]
    });
    let words =
        names["vectors"].as_array().unwrap().iter().map(|vector| &vector["bytes32"]).chain([&storage["packedWord"]]);
    let words = words.map(|word| tagged(0, serde_json::from_value::<B256>(word.clone()).unwrap().as_slice()));
    let proofs = [[3, 3, 0, 0, 16], [3, 4, 0, 0, 16], [39, 39, 5, 1, 16]].map(|pick| tagged(1, &pick));
    of_vectors.chain(words).chain(proofs).collect()
}
