//! R2D and P2R: signed operations, checked, gathered and recorded; and C2R and C2S, which configure what that rests on.

use alloy::signers::{SignerSync as _, local::PrivateKeySigner};
use alloy_primitives::{B256, keccak256};
use chancery_contracts::predeploys;
use chancery_primitives::{DataOperation, OperationType as Named, SignedOperation as _, SigningDomain, UnixSeconds};
use chancery_reference_points::{
    Actor, Code, Role,
    data_block::{DataBlock, RootOfBlock, TransactionLocator},
    data_format::FormatId,
    o2c::{Change, Mode, O2c},
    operation::{OperationType, SignedOperation},
    organization::OrganizationKey,
    p2r::P2r,
    r2d::{R2d, Submission, SubmissionReceipt},
};
use chancery_testing::ingest::{CHAIN_ID, FORMAT, now_ms};
use serde_json::json;

use crate::{
    heard::{Heard, names, something},
    house::{House, People, main_chain, no_chain},
};

/// The office whose keys and sources submit.
pub(crate) const OFFICE: &str = "SAMPLE-HEALTH-OFFICE";

/// A reading, signed as a signed operation.
fn reading(signer: &PrivateKeySigner) -> SignedOperation {
    let content = r#"{"station":"ROOF","temp_max":21.5}"#;
    let data = DataOperation {
        data_format: FormatId(FORMAT.to_owned()).to_bytes32().unwrap(),
        content_hash: keccak256(content),
        source: signer.address(),
        subject: keccak256("a roof"),
        previous: B256::ZERO,
        time: UnixSeconds(now_ms() / 1000),
        idempotency_key: B256::random(),
    };
    let domain = SigningDomain::new(CHAIN_ID, predeploys::DATA_BLOCK_REGISTRY);
    let signature = signer.sign_hash_sync(&data.digest(&domain)).unwrap();
    SignedOperation {
        operation_type: OperationType(Named::DataRecord.as_str().to_owned()),
        chain: main_chain(),
        message: serde_json::to_value(&data).unwrap(),
        payload: content.as_bytes().to_vec().into(),
        signature: signature.as_bytes().to_vec().into(),
    }
}

/// Submits an operation of a key that the operator has just authorized; where it is recorded.
pub(crate) async fn conform(house: &House, people: &People, heard: &mut Heard) -> SubmissionReceipt {
    let signer = PrivateKeySigner::random();
    let key = OrganizationKey {
        address: signer.address(),
        right: "submission".to_owned(),
        not_before: now_ms() / 1000,
        not_after: None,
        revoked_at: None,
    };
    let change = Change::AuthorizeKey { organization: OFFICE.to_owned(), key };
    let authorized = O2c::control(&house.controlling, &people.stranger, change.clone(), Mode::Apply).await;
    heard.refused("O2c.Control", authorized, Code::RoleRequired);
    let authorized = O2c::control(&house.controlling, &people.operator, change, Mode::Apply).await;
    heard.answered("O2c.Control", authorized, |done| done.recorded.len().to_string());

    let operation = reading(&signer);
    let receipt = submitted(house, &signer, &operation, heard).await;
    recorded(house, &operation, &receipt, heard).await;
    receipt
}

async fn submitted(
    house: &House,
    signer: &PrivateKeySigner,
    operation: &SignedOperation,
    heard: &mut Heard,
) -> SubmissionReceipt {
    let r2d = &house.representation;
    heard.answered("R2d.DataFormats", r2d.data_formats().await, |formats| {
        names(formats.iter().map(|format| format.id.0.as_str()))
    });
    let format = FormatId(FORMAT.to_owned());
    heard.answered("R2d.DataFormat", r2d.data_format(&format).await, |format| format.schema_hash.to_string());
    heard.refused("R2d.DataFormat", r2d.data_format(&FormatId("no/format".to_owned())).await, Code::UnknownFormat);
    let submission = Submission { operation: operation.clone(), format, metadata: json!({}), idempotency_key: None };
    let refused = r2d.submit(&Actor::public(), submission.clone()).await;
    heard.refused("R2d.Submit", refused, Code::AuthenticationRequired);
    let source = Actor::new(signer.address(), [Role::Source]);
    let receipt = heard.answered("R2d.Submit", r2d.submit(&source, submission).await, |receipt| {
        format!("on {}", receipt.data_block.chain)
    });
    let proof = r2d.operation_proof(receipt.operation_digest).await;
    heard.answered("R2d.OperationProof", proof, |proof| format!("proven: {}", proof.proof.is_some()));
    heard.refused("R2d.OperationProof", r2d.operation_proof(B256::random()).await, Code::UnknownOperation);
    receipt
}

/// What processing says of what representation has had it record: the same again is there once.
async fn recorded(house: &House, operation: &SignedOperation, receipt: &SubmissionReceipt, heard: &mut Heard) {
    let p2r = &house.processing;
    let interpreted = heard.answered("P2r.Check", p2r.check(operation).await, something);
    assert_eq!(interpreted.digest, receipt.operation_digest);
    let of_nobody = reading(&PrivateKeySigner::random());
    heard.refused("P2r.Check", p2r.check(&of_nobody).await, Code::RoleRequired);

    let (time, root) = (interpreted.time, receipt.data_block_root);
    let operations = vec![(operation.clone(), interpreted)];
    let block = DataBlock { chain: main_chain(), root, operations, closed_at_ms: now_ms() };
    let other = DataBlock { root: B256::repeat_byte(7), ..block.clone() };
    heard.refused("P2r.Record", p2r.record(other).await, Code::MalformedRequest);
    let again = heard.answered("P2r.Record", p2r.record(block).await, |record| record.outcomes.len().to_string());
    assert_eq!(again.recorded, receipt.data_block);

    let root = RootOfBlock { chain: main_chain(), root, count: 1, first_time: time, last_time: time };
    let nowhere = RootOfBlock { chain: no_chain(), ..root.clone() };
    heard.refused("P2r.RecordRoot", p2r.record_root(nowhere).await, Code::UnknownChain);
    let again = heard.answered("P2r.RecordRoot", p2r.record_root(root).await, something);
    assert_eq!(again, receipt.data_block);

    let found = p2r.recorded(&receipt.data_block).await;
    heard.answered("P2r.Recorded", found, |found| format!("{} {}", found.succeeded, found.proof.is_some()));
    let unknown = TransactionLocator { tx_hash: B256::repeat_byte(7), ..receipt.data_block.clone() };
    heard.refused("P2r.Recorded", p2r.recorded(&unknown).await, Code::UnknownTransaction);
}
