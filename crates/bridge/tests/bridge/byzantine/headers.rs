//! Headers and certificates that are not what they are said to be.

use alloy::consensus::Header;
use alloy_primitives::{B256, Bytes};
use alloy_rlp::Decodable as _;
use chancery_contracts::{Anchor, uncompressed_g1, uncompressed_g2};
use chancery_ledger::Finality;
use chancery_light::{FinalityCertificate, FinalityProof};

use super::refused;
use crate::support::{chain::TestChain, partnership::Partnership};

async fn proof_of(chain: &TestChain, number: u64) -> FinalityProof {
    let block = chain.chain.block(number).await.unwrap();
    let Finality::Certified { proof, .. } = &block.finality else { panic!("no certificate") };
    FinalityProof::clone(proof)
}

fn keys_of(chain: &TestChain) -> Bytes {
    uncompressed_g1(chain.essentials().validators[0].as_slice()).unwrap()
}

/// As a relay sends it.
fn call(proof: &FinalityProof, keys: Bytes) -> Anchor::submitCall {
    let signature = FinalityCertificate::decode(&proof.certificate).unwrap().signature;
    let proof = Anchor::FinalityProof {
        header: proof.header.clone(),
        certificate: proof.certificate.clone(),
        signaturePoint: uncompressed_g2(signature.as_slice()).unwrap(),
        descendants: proof.descendants.clone(),
    };
    Anchor::submitCall { proof, keys }
}

/// The same header over another state.
fn with_other_state(header: &Bytes) -> (Bytes, B256) {
    let mut header = Header::decode(&mut header.as_ref()).unwrap();
    header.state_root = B256::repeat_byte(0xee);
    (alloy_rlp::encode(&header).into(), header.hash_slow())
}

/// Shown to the anchor of a member, which follows the alliance's chain.
pub(super) async fn forged(partnership: &Partnership) {
    let (home, bank, land) = (&partnership.home, &partnership.partners[0], &partnership.partners[1]);
    let (host, anchor) = (&bank.chain, bank.link.to_member.anchor);
    let (keys, height) = (keys_of(home), home.height().await);
    let honest = proof_of(home, height).await;
    let (other_header, other_hash) = with_other_state(&honest.header);

    let mut forged = honest.clone();
    forged.header = other_header;
    refused("a header over another state", host, anchor, &call(&forged, keys.clone()), "HeaderHashMismatch").await;

    let mut certificate = FinalityCertificate::decode(&honest.certificate).unwrap();
    certificate.block_hash = other_hash;
    forged.certificate = certificate.encode();
    let lie = "a certificate that names that header";
    refused(lie, host, anchor, &call(&forged, keys.clone()), "FinalitySignature").await;

    let before = proof_of(home, height - 1).await;
    let mut certificate = FinalityCertificate::decode(&honest.certificate).unwrap();
    certificate.signature = FinalityCertificate::decode(&before.certificate).unwrap().signature;
    let mut forged = honest.clone();
    forged.certificate = certificate.encode();
    refused("another block's signature", host, anchor, &call(&forged, keys.clone()), "FinalitySignature").await;

    let mut reordered = honest.clone();
    reordered.descendants = vec![before.header.clone()];
    refused("headers in the wrong order", host, anchor, &call(&reordered, keys.clone()), "HeaderLinkBroken").await;

    let foreign = proof_of(&land.chain, land.chain.height().await).await;
    refused("another chain's header", host, anchor, &call(&foreign, keys.clone()), "FinalitySignature").await;
    let lie = "another chain's header with its validators";
    refused(lie, host, anchor, &call(&foreign, keys_of(&land.chain)), "ValidatorKeysMismatch").await;

    // Old, late and twice: no error, and nothing but a record.
    for proof in [&before, &honest, &before] {
        assert!(host.tries(anchor, &call(proof, keys.clone())).await);
    }
    let conflict = host.view(anchor, &Anchor::conflictCall {}).await;
    assert_eq!(conflict.first, B256::ZERO, "the anchor is not frozen");
}
