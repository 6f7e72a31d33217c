#![allow(clippy::unwrap_used)]

use super::*;
use crate::{Algorithm, Signer, source::TYP};

fn signer(byte: u8, algorithm: Algorithm) -> Signer {
    Signer::from_bytes(algorithm, &[byte; 32]).unwrap()
}

fn rotation(source: SourceId, new: &Signer, old: &Signer) -> [String; 2] {
    let statement = SourceStatement::Rotate { chain_id: 7100, source, jwk: new.public_key().to_jwk(), time: 1 };
    [new, old].map(|by| by.sign(&statement, TYP).unwrap().text().to_owned())
}

fn proof(keys: &[&Signer], rotations: Vec<[String; 2]>) -> OperationProof {
    OperationProof {
        version: VERSION,
        operation: String::new(),
        index: 0,
        submission: String::new(),
        siblings: Vec::new(),
        keys: keys.iter().map(|key| key.public_key().to_jwk()).collect(),
        rotations,
        leaf: Membership { siblings: Vec::new(), root: B256::ZERO },
        recorded: Recorded { chain: "main".into(), tx_hash: B256::ZERO, block_number: 0, block_hash: B256::ZERO },
        proof: None,
    }
}

// DATA-8, DATA-1: from the registered key to the one that signed, over keys of all three kinds
#[test]
fn a_key_is_the_sources_if_each_key_before_it_has_approved_the_next() {
    let (first, second, third) =
        (signer(1, Algorithm::EdDsa), signer(2, Algorithm::Es256), signer(3, Algorithm::Es256K));
    let source = first.public_key().thumbprint().source();
    let (one, two) = (rotation(source, &second, &first), rotation(source, &third, &second));
    let key = proof(&[&first, &second, &third], vec![one.clone(), two.clone()]).source_key(source, 7100).unwrap();
    assert_eq!(key, third.public_key());
    assert_eq!(proof(&[&first], Vec::new()).source_key(source, 7100).unwrap(), first.public_key());

    let elsewhere = rotation(Default::default(), &third, &second);
    let by_itself = rotation(source, &third, &third);
    let abroad = SourceStatement::Rotate { chain_id: 7101, source, jwk: third.public_key().to_jwk(), time: 1 };
    let abroad = [&third, &second].map(|by| by.sign(&abroad, TYP).unwrap().text().to_owned());
    for wrong in [
        proof(&[&third], Vec::new()),
        proof(&[&first, &third], Vec::new()),
        proof(&[&first, &third], vec![two.clone()]),
        proof(&[&first, &second, &third], vec![two, one.clone()]),
        proof(&[&first, &second, &third], vec![one.clone(), elsewhere]),
        proof(&[&first, &second, &third], vec![one.clone(), abroad]),
        proof(&[&first, &second, &third], vec![one, by_itself]),
        proof(&[], Vec::new()),
    ] {
        assert_eq!(wrong.source_key(source, 7100).unwrap_err().check, "source-key");
    }
}

/// `vectors/operation-proof.json`, which the client in TypeScript is held to as well.
#[derive(serde::Deserialize)]
struct Vectors {
    chain: chancery_light::ChainEssentials,
    proof: serde_json::Value,
    alterations: Vec<Alteration>,
}

#[derive(serde::Deserialize)]
struct Alteration {
    name: String,
    at: String,
    #[serde(default)]
    value: serde_json::Value,
    append: Option<String>,
    expect: String,
}

impl Alteration {
    /// The file with the member at the pointer replaced, made or appended to.
    fn of(&self, proof: &serde_json::Value) -> Vec<u8> {
        let mut altered = proof.clone();
        let (holder, member) = self.at.rsplit_once('/').unwrap();
        let value = match &self.append {
            Some(more) => format!("{}{more}", altered.pointer(&self.at).unwrap().as_str().unwrap()).into(),
            None => self.value.clone(),
        };
        match altered.pointer_mut(holder).unwrap() {
            serde_json::Value::Array(items) => items[member.parse::<usize>().unwrap()] = value,
            members => members[member] = value,
        }
        serde_json::to_vec(&altered).unwrap()
    }
}

// DATA-8
#[test]
fn an_operation_of_a_city_is_proven_and_altered_it_is_refused_by_name() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/operation-proof.json");
    let vectors: Vectors = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let chain = TrustedChain::new(vectors.chain).unwrap();
    let verify = |file: &[u8]| OperationProof::from_json(file).and_then(|proof| proof.verify(&chain));
    let proven = verify(&serde_json::to_vec(&vectors.proof).unwrap()).unwrap();
    assert_eq!((proven.statement.count, proven.checks.len()), (3, 9));
    assert!(vectors.alterations.len() > 20);
    for alteration in vectors.alterations {
        let failure = verify(&alteration.of(&vectors.proof)).unwrap_err();
        assert_eq!(failure.check, alteration.expect, "{}: {}", alteration.name, failure.detail);
    }
}

// DATA-11: whoever knows a reader's key can seal something in the name of a source, and nobody but the source signs it.
#[test]
fn what_a_source_did_not_sign_is_not_taken_for_its_word() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/operation-proof.json");
    let vectors: Vectors = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let proof = OperationProof::from_json(&serde_json::to_vec(&vectors.proof).unwrap()).unwrap();
    let chain = vectors.chain.chain_id;
    assert_eq!(proof.signed(chain).unwrap().count, 3);
    let operation = proof.operation.replacen("{\"time\":", "{\"time\": ", 1);
    assert_ne!(operation, proof.operation);
    let refused = OperationProof { operation, ..proof.clone() }.signed(chain).unwrap_err();
    assert_eq!(refused.check, "operation-in-submission");
    let keys = vec![signer(9, Algorithm::EdDsa).public_key().to_jwk()];
    let refused = OperationProof { keys, rotations: Vec::new(), ..proof.clone() }.signed(chain).unwrap_err();
    assert_eq!(refused.check, "source-key");
    // Its rotation is of this chain too.
    assert_eq!(proof.signed(chain + 1).unwrap_err().check, "source-key");
}

// DATA-8: whoever has verified a block before needs to verify it no more, and learns no less of what is in it.
#[test]
fn an_operation_is_proven_in_a_block_that_was_proven_before_and_in_no_other() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/operation-proof.json");
    let vectors: Vectors = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let chain = TrustedChain::new(vectors.chain).unwrap();
    let proof = OperationProof::from_json(&serde_json::to_vec(&vectors.proof).unwrap()).unwrap();
    let header = chain.verify_finality(&proof.proof.as_ref().unwrap().finality).unwrap();
    let (whole, inside) = (proof.verify(&chain).unwrap(), proof.verify_in(&header).unwrap());
    assert_eq!(
        (inside.operation, &inside.statement, inside.recorded_at),
        (whole.operation, &whole.statement, whole.recorded_at)
    );
    let checks: Vec<_> = whole.checks.into_iter().filter(|check| *check != "block-final").collect();
    assert_eq!(inside.checks, checks);

    // What is said of finality is not looked at; everything else is, by the same names.
    let mut cut = proof.clone();
    cut.proof.as_mut().unwrap().finality.certificate = Default::default();
    cut.verify_in(&header).unwrap();
    assert!(cut.verify(&chain).is_err());
    // Nor is the source's key, by whom looks at the way to the block alone.
    let included = proof.verify_inclusion(&header).unwrap();
    assert_eq!((included.operation, &included.statement), (whole.operation, &whole.statement));
    assert!(!included.checks.iter().any(|check| check.starts_with("source-") || *check == "block-final"));
    let keys = vec![signer(9, Algorithm::EdDsa).public_key().to_jwk()];
    let unsigned = OperationProof { keys, rotations: Vec::new(), ..proof.clone() };
    unsigned.verify_inclusion(&header).unwrap();
    assert_eq!(unsigned.verify_in(&header).unwrap_err().check, "source-key");
    for alteration in vectors.alterations {
        let is_of_finality = alteration.at.contains("/finality") || alteration.at.contains("/proof/chain");
        let altered = OperationProof::from_json(&alteration.of(&vectors.proof));
        let inclusion =
            altered.clone().and_then(|proof| proof.verify_inclusion(&header)).map_err(|failure| failure.check);
        // What was signed stands under the block's root with its signature.
        let is_of_source = alteration.expect.starts_with("source-");
        assert!(
            is_of_finality || is_of_source || inclusion.err() == Some(alteration.expect.as_str()),
            "{}",
            alteration.name
        );
        let Err(failure) = altered.and_then(|proof| proof.verify_in(&header)) else {
            assert!(is_of_finality, "{}", alteration.name);
            continue;
        };
        assert_eq!(failure.check, alteration.expect, "{}: {}", alteration.name, failure.detail);
    }
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../light/vectors/bundle.json");
    let others: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let elsewhere = TrustedChain::new(serde_json::from_value(others["chain"].clone()).unwrap()).unwrap();
    let bundle = ProofBundle::from_json(others["cases"][0]["proof"].to_string().as_bytes()).unwrap();
    let other = elsewhere.verify_finality(&bundle.finality).unwrap();
    assert_eq!(proof.verify_in(&other).unwrap_err().check, "TransactionNotIncluded");
}
