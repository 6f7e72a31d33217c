//! What sources send and are given: JWS envelopes and statements, operations with their sealed contents, receipts alone and of a group, proofs.

use std::sync::LazyLock;

use alloy_primitives::B256;
use chancery_data::{
    Algorithm, Control, Jws, Operation, PublicKey, SealedContent, Signer, Submission, merkle,
    operation::MAX_OPERATION_BYTES,
    proof::OperationProof,
    receipt::{Receipt, ReceiptSigner},
    sealed,
    source::{ShownKey, SourceStatement},
    submission::{self, Access, Basis, Statement, SubmissionKey},
};

const CHAIN: u64 = 7100;
/// Receipts under one signature.
const GROUP: u64 = 5;
/// A content that follows the form of a sealed one; nobody opens it.
const SEALED: &str = r#"{"time":1,"subject":"case 7","content":{"protected":"eyJlbmMiOiJBMjU2R0NNIiwidHlwIjoiY2hhbmNlcnktZGF0YStqd2UifQ","recipients":[{"header":{"alg":"ECDH-ES+A256KW","epk":{"kty":"OKP","crv":"X25519","x":"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"},"kid":"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"},"encrypted_key":"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBw"}],"aad":"BwcH","iv":"BwcHBwcHBwcHBwcH","ciphertext":"BwcH","tag":"BwcHBwcHBwcHBwcHBwcHBw"}}"#;

struct Known {
    key: PublicKey,
    jws: String,
    operations: Vec<Vec<u8>>,
    receipts: Vec<(String, Receipt)>,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let signer = || Signer::from_bytes(Algorithm::EdDsa, &[7; 32]).unwrap();
    let (key, source) = (signer().public_key(), signer().public_key().thumbprint().source());
    let operations = vec![br#"{"time":1,"content":{"a":[1,"x"]}}"#.to_vec(), SEALED.as_bytes().to_vec()];
    let names: Vec<B256> = operations.iter().map(|bytes| Operation::name(bytes)).collect();
    let statement = Statement {
        chain_id: CHAIN,
        source,
        key: SubmissionKey::repeat_byte(1),
        format: "sample/weather".into(),
        format_version: 1,
        time: 1_795_230_060_000,
        count: 2,
        root: merkle::root(&names).unwrap(),
        control: Control {
            access: Access::Restricted,
            retention_days: 30,
            basis: Basis::PublicTask,
            readers: vec!["organization:CITY-HALL".parse().unwrap()],
        },
    };
    let jws = signer().sign(&statement, submission::TYP).unwrap();
    let receipt = |place| Receipt {
        chain_id: CHAIN,
        place,
        digest: jws.digest(),
        source,
        key: statement.key,
        count: 2,
        accepted_at: statement.time,
    };
    let journal = ReceiptSigner::new(signer());
    let group: Vec<Receipt> = (0..GROUP).map(receipt).collect();
    let (alone, signed) = (journal.sign(&[receipt(9)]).unwrap(), journal.sign(&group).unwrap());
    let of_group = group.into_iter().enumerate().map(|(index, receipt)| (signed.text(index).unwrap(), receipt));
    let receipts = of_group.chain([(alone.text(0).unwrap(), receipt(9))]).collect();
    Known { key, jws: jws.text().to_owned(), operations, receipts }
});

/// What reads has one form and says the same when it is written; nothing that was changed is under a signature.
pub fn check(data: &[u8]) {
    let Some((kind, data)) = data.split_first() else { return };
    let text = std::str::from_utf8(data);
    match (kind % 7, text) {
        (0, Ok(text)) => envelope(text),
        (1, _) => changed(data, &KNOWN.jws, envelope),
        (2, _) => operation(data),
        (3, Ok(text)) => receipt(text),
        (4, _) => {
            let Some((which, changes)) = data.split_first() else { return };
            changed(changes, &KNOWN.receipts[usize::from(*which) % KNOWN.receipts.len()].0, receipt);
        }
        (5, _) => proof(data),
        (6, Ok(text)) => source(text),
        _ => {}
    }
}

/// A known text with some of its characters changed.
fn changed(changes: &[u8], known: &str, check: fn(&str)) {
    let mut bytes = known.as_bytes().to_vec();
    for change in changes.chunks_exact(3) {
        let at = usize::from(u16::from_be_bytes([change[0], change[1]])) % bytes.len();
        bytes[at] = change[2];
    }
    if let Ok(text) = String::from_utf8(bytes) {
        check(&text);
    }
}

fn envelope(text: &str) {
    let Ok(jws) = Jws::parse(text, submission::TYP) else { return };
    assert_eq!(jws.text(), text);
    assert_eq!(Jws::payload_of(text).unwrap(), jws.payload);
    assert_eq!(jws.verify(&KNOWN.key).is_ok(), text == KNOWN.jws, "another text has the source's signature");
    if let Ok(statement) = serde_json::from_slice::<Statement>(&jws.payload) {
        let written = serde_json::to_vec(&statement).unwrap();
        assert_eq!(serde_json::from_slice::<Statement>(&written).unwrap(), statement);
    }
    let read = Submission::parse(text, KNOWN.operations.clone());
    if let Ok(submission) = read {
        assert_eq!(submission.digest, jws.digest());
        assert!((0..KNOWN.operations.len()).all(|index| submission.operation(index).is_ok()));
    }
}

fn operation(data: &[u8]) {
    let Ok(read) = Operation::parse(data) else { return };
    let written = serde_json::to_vec(&read).unwrap();
    if written.len() <= MAX_OPERATION_BYTES {
        assert_eq!(serde_json::to_vec(&Operation::parse(&written).unwrap()).unwrap(), written);
    }
    let Some(content) = read.content else { return };
    let parsed = SealedContent::parse(content.get());
    assert_eq!(sealed::is_sealed(&read), parsed.is_ok());
    assert_eq!(sealed::is_in_clear(&read), parsed.is_err() || read.description.is_some());
    if let Ok(parsed) = parsed {
        assert_eq!(SealedContent::parse(&serde_json::to_string(&parsed).unwrap()), Ok(parsed));
    }
}

fn receipt(text: &str) {
    let known = KNOWN.receipts.iter().find(|(known, _)| known == text);
    assert_eq!(
        Receipt::verify(text, &KNOWN.key).ok().as_ref(),
        known.map(|(_, receipt)| receipt),
        "a receipt that nobody gave"
    );
}

fn proof(data: &[u8]) {
    let Ok(read) = OperationProof::from_json(data) else { return };
    let written = serde_json::to_vec(&read).unwrap();
    assert!(OperationProof::from_json(&written).unwrap() == read);
    if let Ok(statement) = read.signed(CHAIN) {
        assert_eq!(statement.chain_id, CHAIN);
    }
}

fn source(text: &str) {
    let Ok(shown) = ShownKey::parse(text) else { return };
    let written = serde_json::to_vec(&shown.statement).unwrap();
    assert!(serde_json::from_slice::<SourceStatement>(&written).unwrap() == shown.statement);
    let _ = shown.approved_by(text, &KNOWN.key);
}

/// A submission of two operations, its receipts, a key that is shown, the proof of a city.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let tagged = |kind: u8, bytes: &[u8]| [&[kind][..], bytes].concat();
    let signer = Signer::from_bytes(Algorithm::Es256K, &[9; 32]).unwrap();
    let rotate = SourceStatement::Rotate {
        chain_id: CHAIN,
        source: signer.public_key().thumbprint().source(),
        jwk: signer.public_key().to_jwk(),
        time: 1,
    };
    let shown = signer.sign(&rotate, chancery_data::source::TYP).unwrap();
    let vector: serde_json::Value =
        serde_json::from_str(include_str!("../../../crates/data/vectors/operation-proof.json")).unwrap();
    let receipts = KNOWN.receipts.iter().map(|(text, _)| tagged(3, text.as_bytes()));
    let operations = KNOWN.operations.iter().map(|bytes| tagged(2, bytes));
    let others = [
        tagged(0, KNOWN.jws.as_bytes()),
        tagged(1, b""),
        tagged(1, b"\0\x30A"),
        tagged(2, br#"{"time":1,"subject":"s","previous":null,"contentHash":"0x00"}"#),
        tagged(4, b"\0"),
        tagged(4, b"\x01\x01\x80A"),
        tagged(5, vector["proof"].to_string().as_bytes()),
        tagged(6, shown.text().as_bytes()),
    ];
    receipts.chain(operations).chain(others).collect()
}
