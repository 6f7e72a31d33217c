//! Certificate files: what a holder or anybody else hands to `chancery verify` (C-API-5).

use std::sync::LazyLock;

use alloy_primitives::Bytes;
use chancery_certificates::verify::{CertificateFile, VerifiedCertificate, verify, verify_file};
use chancery_light::{ChainEssentials, TrustedChain};
use chancery_primitives::UnixSeconds;
use serde::Deserialize;
use serde_json::Value;

use crate::patches;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vector {
    chain: ChainEssentials,
    now: UnixSeconds,
    file: Value,
}

struct Known {
    chain: TrustedChain,
    now: UnixSeconds,
    json: Vec<u8>,
    file: CertificateFile,
    proven: VerifiedCertificate,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../crates/certificates/vectors/certificate-file.json");
    let vector: Vector = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let chain = TrustedChain::new(vector.chain).unwrap();
    let json = vector.file.to_string().into_bytes();
    let proven = verify_file(&json, &chain, None, vector.now).unwrap();
    let file = serde_json::from_value(vector.file).unwrap();
    Known { chain, now: vector.now, json, file, proven }
});

/// Whatever a file is changed to, what it proves is what was issued, and a status that is not proven is not determined.
pub fn check(data: &[u8]) {
    if data.first() == Some(&patches::JSON_START) {
        if let Ok(proven) = verify_file(data, &KNOWN.chain, None, KNOWN.now) {
            hold(&proven);
        }
        return;
    }
    let mut file = KNOWN.file.clone();
    let mut sealed: Bytes = file.sealed.into_bytes().into();
    let Some(bundle) = &mut file.proof else { return };
    let mut parts = vec![&mut sealed, &mut bundle.finality.header, &mut bundle.finality.certificate];
    parts.push(&mut bundle.transaction.transaction);
    parts.extend(&mut bundle.transaction.proof);
    parts.push(&mut bundle.receipt.receipt);
    parts.extend(&mut bundle.receipt.proof);
    if let Some(state) = &mut bundle.state {
        parts.extend(&mut state.account.account_proof);
        parts.extend(state.account.storage_proof.iter_mut().flat_map(|slot| &mut slot.proof));
        parts.extend(state.finality.iter_mut().flat_map(|finality| [&mut finality.header, &mut finality.certificate]));
    }
    patches::apply(data, &mut parts);
    file.sealed = String::from_utf8_lossy(&sealed).into_owned();
    if let Ok(proven) = verify(&file, &KNOWN.chain, None, KNOWN.now) {
        assert_eq!(file.sealed, KNOWN.file.sealed, "another sealed document is taken for the one that was issued");
        hold(&proven);
    }
}

fn hold(proven: &VerifiedCertificate) {
    let known = &KNOWN.proven;
    assert_eq!((&proven.issue, proven.issuer_key, proven.tx_hash), (&known.issue, known.issuer_key, known.tx_hash));
    assert_eq!((proven.block_number, proven.issued_at), (known.block_number, known.issued_at));
    match &proven.status {
        Some(status) => assert_eq!((Some(status), proven.outcome), (known.status.as_ref(), known.outcome)),
        None => assert_eq!(proven.outcome, chancery_primitives::Outcome::CannotDetermine),
    }
}

/// The vector, the vector without each of its members, and changes of it.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let whole: serde_json::Map<String, Value> = serde_json::from_slice(&KNOWN.json).unwrap();
    let without = |name: &String| {
        let mut file = whole.clone();
        file.remove(name);
        Value::Object(file).to_string().into_bytes()
    };
    whole.keys().map(without).chain([KNOWN.json.clone()]).chain(patches::seeds(14)).collect()
}
