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
    let key = proof(&[&first, &second, &third], vec![one.clone(), two.clone()]).source_key(source).unwrap();
    assert_eq!(key, third.public_key());
    assert_eq!(proof(&[&first], Vec::new()).source_key(source).unwrap(), first.public_key());

    let elsewhere = rotation(Default::default(), &third, &second);
    let by_itself = rotation(source, &third, &third);
    for wrong in [
        proof(&[&third], Vec::new()),
        proof(&[&first, &third], Vec::new()),
        proof(&[&first, &third], vec![two.clone()]),
        proof(&[&first, &second, &third], vec![two, one.clone()]),
        proof(&[&first, &second, &third], vec![one.clone(), elsewhere]),
        proof(&[&first, &second, &third], vec![one, by_itself]),
        proof(&[], Vec::new()),
    ] {
        assert_eq!(wrong.source_key(source).unwrap_err().check, "source-key");
    }
}
