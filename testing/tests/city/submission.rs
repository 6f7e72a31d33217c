//! Data of any declared format, by REST: the operator configures, a source submits, and whoever keeps the genesis verifies.

use alloy::signers::{SignerSync as _, local::PrivateKeySigner};
use alloy_primitives::{B256, keccak256};
use chancery_contracts::predeploys;
use chancery_light::{ProofBundle, TrustedChain};
use chancery_primitives::{
    DataOperation, OperationType, SignedOperation as _, SigningDomain, UnixSeconds,
    data_block::{self, DataBlockRoot, Leaf},
};
use serde_json::{Value, json};

use super::{
    signed_in::{SignedIn, exchange},
    support::*,
};

// M-CON-2, M-CON-4, M-ACQ, M-REP-1, S-COL: configured, submitted, and proven to who knows the genesis alone.
#[tokio::test]
async fn a_source_submits_data_of_a_format_that_the_operator_has_configured() {
    const PATH: &str = "/v1/formats/reading%2Fair-quality";
    let operator = SignedIn::as_development_account(0).await;
    let source = SignedIn::new(PrivateKeySigner::random()).await;
    let format = json!({
        "version": 1, "chain": "main", "title": {"en": "Air quality reading", "zh": "空气质量读数"}, "source": "HJ 633-2012, 5", "sealed": false,
        "schema": {"type": "object", "required": ["pm25"], "properties": {"pm25": {"type": "integer", "minimum": 0}}},
    });
    let (_, submission) = reading(&source.signer, r#"{"pm25":12}"#).await;

    let (status, refused) = source.ask("PUT", PATH, Some(&format)).await;
    assert_eq!((status, refused["code"].as_str().unwrap()), (403, "role-required"));
    let (status, checked) = operator.ask("PUT", &format!("{PATH}?check=true"), Some(&format)).await;
    assert_eq!((status, &checked["applied"], &checked["recorded"]), (200, &json!(false), &json!([])), "{checked}");
    assert!(!checked["effects"].as_array().unwrap().is_empty());
    let (status, refused) = source.ask("POST", "/v1/operations", Some(&submission)).await;
    assert_eq!((status, refused["code"].as_str().unwrap()), (403, "role-required"));

    let address = source.signer.address().to_string();
    let right = ["organization", "authorize-key", "SAMPLE-HEALTH-OFFICE", &address, "--right", "submission"];
    answer(&[&["--dev-key", "0"], right.as_slice()].concat());
    let (status, refused) = source.ask("POST", "/v1/operations", Some(&submission)).await;
    assert_eq!((status, refused["code"].as_str().unwrap()), (404, "unknown-format"), "a check changes nothing");

    let (status, applied) = operator.ask("PUT", PATH, Some(&format)).await;
    assert_eq!((status, &applied["applied"], &applied["recorded"][0]["chain"]), (200, &json!(true), &json!("main")));
    let (status, refused) =
        source.ask("POST", "/v1/operations", Some(&reading(&source.signer, r#"{"pm25":-1}"#).await.1)).await;
    assert_eq!((status, refused["code"].as_str().unwrap()), (422, "schema-violation"));

    let (operation, submission) = reading(&source.signer, r#"{"pm25":12}"#).await;
    let (status, receipt) = source.ask("POST", "/v1/operations", Some(&submission)).await;
    assert_eq!(status, 201, "{receipt}");
    let digest = operation.digest(&reading_domain());
    assert_eq!(receipt["operationDigest"], digest.to_string());
    let (status, proof) = source.ask("GET", &format!("/v1/operations/{digest}"), None).await;
    assert_eq!(status, 200, "{proof}");
    let leaf = Leaf {
        operation_digest: digest,
        source: source.signer.address(),
        operation_type: OperationType::DataRecord,
        content_hash: operation.content_hash,
        time: operation.time,
    };
    let siblings: Vec<B256> = serde_json::from_value(proof["siblings"].clone()).unwrap();
    let root: B256 = serde_json::from_value(proof["root"].clone()).unwrap();
    assert!(data_block::verify(DataBlockRoot(root), &leaf, &siblings), "{proof}");
    let bundle = ProofBundle::from_json(proof["recorded"]["proof"].to_string().as_bytes()).unwrap();
    let recorded = bundle.verify(&main_chain().await).unwrap();
    assert_eq!(recorded.transaction.hash.to_string(), proof["recorded"]["txHash"]);
    let logs = recorded.receipt.receipt.logs();
    assert!(logs.iter().any(|log| log.address == predeploys::DATA_BLOCK_REGISTRY && log.topics()[1] == root));
}

fn reading_domain() -> SigningDomain {
    SigningDomain::new(7100, predeploys::DATA_BLOCK_REGISTRY)
}

/// A reading, signed, and as it is submitted.
async fn reading(source: &PrivateKeySigner, content: &str) -> (DataOperation, Value) {
    reading_for(&reading_domain(), source, content)
}

/// The same, signed for the chain of this domain.
pub fn reading_for(domain: &SigningDomain, source: &PrivateKeySigner, content: &str) -> (DataOperation, Value) {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let mut data_format = B256::ZERO;
    data_format[.."reading/air-quality".len()].copy_from_slice(b"reading/air-quality");
    let operation = DataOperation {
        data_format,
        content_hash: keccak256(content),
        source: source.address(),
        subject: keccak256("station 1"),
        previous: B256::ZERO,
        time: UnixSeconds(now),
        idempotency_key: B256::random(),
    };
    let signature = source.sign_hash_sync(&operation.digest(domain)).unwrap();
    let submission = json!({
        "format": "reading/air-quality", "chain": "main", "operation": operation, "metadata": {},
        "content": format!("0x{}", hex::encode(content)), "signature": format!("0x{}", hex::encode(signature.as_bytes())),
    });
    (operation, submission)
}

/// What somebody who keeps the genesis file trusts.
async fn main_chain() -> TrustedChain {
    let file = std::fs::read(shared().data.path().join("city/genesis/main.json")).unwrap();
    let genesis: Value = serde_json::from_slice(&file).unwrap();
    let validators = genesis["validators"].as_array().unwrap().iter();
    let (_, chains) = exchange(reqwest::Client::new().get(format!("{}/v1/chains", shared().city.gateway))).await;
    let main = chains["chains"].as_array().unwrap().iter().find(|chain| chain["name"] == "main").unwrap();
    let essentials = json!({
        "chainId": genesis["chainId"],
        "genesisHash": main["genesisHash"],
        "validators": validators.map(|validator| &validator["blsPublicKey"]).collect::<Vec<_>>(),
    });
    TrustedChain::new(serde_json::from_value(essentials).unwrap()).unwrap()
}
