//! Submissions against servers that answer whatever a test wants.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use chancery_certificates::keys::PersonKeys;
use chancery_data::{
    Algorithm, Submission,
    submission::{Access, Basis},
};
use chancery_reference_points::Code;
use chancery_rest::{
    Problem,
    problem::MEDIA_TYPE,
    types::{Example as _, formats::Format},
    values::{HexAddress, HexHash},
};
use futures::StreamExt as _;
use serde_json::{Value, json};

use super::*;
use crate::{OpenError, SealedOperation, tests::server::Several};

const OPERATION: &str = r#"{"time":1795230000000,"content":{"pm25":12}}"#;
const PHRASE: &str = "test test test test test test test test test test test junk";
const OK: &str = "200 OK";
const JSON: &str = "application/json";
const AT_ONCE: Retry = Retry { attempts: 3, first_delay: Duration::ZERO, max_delay: Duration::ZERO };

fn submitter(client: Client, algorithm: Algorithm, sealed: bool) -> Submitter {
    let signer = Arc::new(Signer::from_bytes(algorithm, &[7; 32]).unwrap());
    let format = Format { sealed, ..Format::example() };
    let control =
        Control { access: Access::Internal, retention_days: 365, basis: Basis::NotPersonal, readers: Vec::new() };
    let terms = Terms { format: format.format.clone(), format_version: format.version, control };
    let (source, sealing) = (signer.public_key().thumbprint().source(), Sealing::of(format));
    Submitter { client, signer, source, chain_id: 7100, terms, sealing, receipt_key: None, retry: AT_ONCE }
}

fn nowhere() -> Submitter {
    submitter(Client::new("http://127.0.0.1:1").unwrap(), Algorithm::EdDsa, false)
}

async fn signed(submitter: &Submitter) -> SignedSubmission {
    submitter.sign(vec![submitter.prepare(OPERATION).unwrap()]).await.unwrap()
}

fn receipt_of(signed: &SignedSubmission) -> SubmissionReceipt {
    let stated = signed.statement();
    SubmissionReceipt {
        digest: HexHash(signed.digest()),
        source: HexAddress(stated.source),
        key: stated.key.to_string(),
        count: stated.count,
        ..SubmissionReceipt::example()
    }
}

fn accepted(signed: &SignedSubmission) -> (&'static str, &'static str, String) {
    (OK, JSON, json!([{"index": 0, "receipt": receipt_of(signed)}]).to_string())
}

fn passing() -> (&'static str, &'static str, String) {
    let problem = Problem::new(Code::JournalUnavailable, 503, "");
    ("503 Service Unavailable", MEDIA_TYPE, serde_json::to_string(&problem).unwrap())
}

const SILENCE: (&str, &str, String) = ("", "", String::new());

// DATA-3: after silence and after what passes the same is sent again, and nothing is signed anew.
#[tokio::test]
async fn what_is_not_answered_is_sent_again_as_it_is() {
    let signed = signed(&nowhere()).await;
    let city = Several::with(&[SILENCE, passing(), accepted(&signed)]).await;
    let receipt = submitter(city.client.clone(), Algorithm::EdDsa, false).send(&signed).await.unwrap();
    assert_eq!(receipt.digest.0, signed.digest());
    let bodies: Vec<Vec<u8>> = city.received().await.into_iter().map(|one| one.body).collect();
    assert!(bodies.len() == 3 && bodies.iter().all(|body| *body == bodies[0]));
}

// DATA-3: nothing is lost with an answer that does not come, and what was kept is sent as it was.
#[tokio::test]
async fn what_is_not_decided_is_given_back_and_can_be_kept() {
    let signed = signed(&nowhere()).await;
    let city = Several::with(&[SILENCE, passing(), SILENCE]).await;
    let failed = submitter(city.client.clone(), Algorithm::EdDsa, false).send(&signed).await.unwrap_err();
    let SubmitError::Undecided { submissions, .. } = failed else { panic!("{failed}") };
    let kept = serde_json::to_string(submissions[0].data()).unwrap();
    let restored = SignedSubmission::restore(serde_json::from_str(&kept).unwrap()).unwrap();
    assert_eq!((restored.digest(), restored.statement()), (signed.digest(), signed.statement()));
    let altered = kept.replace("12", "13");
    assert!(SignedSubmission::restore(serde_json::from_str(&altered).unwrap()).is_err());
}

// DATA-12
#[tokio::test]
async fn a_refusal_is_one_attempt_and_the_receipt_of_something_else_is_none() {
    let signed = signed(&nowhere()).await;
    let problem = Problem::new(Code::SchemaViolation, 422, "");
    let city = Several::with(&[(OK, JSON, json!([{"index": 0, "problem": problem}]).to_string())]).await;
    let failed = submitter(city.client.clone(), Algorithm::EdDsa, false).send(&signed).await.unwrap_err();
    assert!(matches!(&failed, SubmitError::Client(error) if error.code() == Some(Code::SchemaViolation)), "{failed}");

    let changes: [fn(&mut SubmissionReceipt); 3] =
        [|one| one.digest = HexHash(B256::ZERO), |one| one.count += 1, |one| one.key = "0x00".to_owned()];
    for change in changes {
        let mut other = receipt_of(&signed);
        change(&mut other);
        let city = Several::with(&[(OK, JSON, json!([{"index": 0, "receipt": other}]).to_string())]).await;
        let failed = submitter(city.client.clone(), Algorithm::EdDsa, false).send(&signed).await.unwrap_err();
        assert!(matches!(failed, SubmitError::Receipt(_)), "{failed}");
    }
}

// DATA-3, M-P-SUB: a stream that breaks off is gone on with, line by line.
#[tokio::test]
async fn of_a_stream_what_has_no_outcome_is_sent_again() {
    let maker = nowhere();
    let mut all = Vec::new();
    for _ in 0..3 {
        all.push(signed(&maker).await);
    }
    let line = |index: usize, of: usize| json!({"index": index, "receipt": receipt_of(&all[of])}).to_string();
    let busy = json!({"index": 2, "problem": Problem::new(Code::TooManyRequests, 429, "")}).to_string();
    let first = format!("{}\n{busy}\n", line(0, 0));
    let second = format!("{}\n{}", line(1, 2), line(0, 1));
    let city = Several::with(&[(OK, "application/x-ndjson", first), (OK, "application/x-ndjson", second)]).await;
    let sender = submitter(city.client.clone(), Algorithm::EdDsa, false);
    let outcomes: Vec<Outcome> =
        sender.send_all(futures::stream::iter(all.clone())).map(Result::unwrap).collect().await;
    assert_eq!(outcomes.iter().map(|one| one.index).collect::<Vec<_>>(), [0, 2, 1]);
    for outcome in &outcomes {
        let of = &all[usize::try_from(outcome.index).unwrap()];
        assert_eq!(outcome.receipt.as_ref().unwrap().digest.0, of.digest());
    }
    let lines = |body: &[u8]| String::from_utf8(body.to_vec()).unwrap().lines().count();
    assert_eq!(city.received().await.iter().map(|one| lines(&one.body)).collect::<Vec<_>>(), [3, 2]);
}

// DATA-3
#[tokio::test]
async fn a_stream_that_nobody_decides_ends_with_what_is_left() {
    let maker = nowhere();
    let given = vec![signed(&maker).await, signed(&maker).await];
    let city = Several::with(&[passing(), SILENCE, passing()]).await;
    let sender = submitter(city.client.clone(), Algorithm::EdDsa, false);
    let outcomes: Vec<_> = sender.send_all(futures::stream::iter(given)).collect().await;
    assert!(matches!(outcomes.as_slice(), [Err(SubmitError::Undecided { submissions, .. })] if submissions.len() == 2));
}

// M-REP-1, DATA-1
#[tokio::test]
async fn each_kind_of_key_signs_what_is_a_submission_of_its_source() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Es256K] {
        let submitter = submitter(nowhere().client, algorithm, false);
        let signed = submitter.sign(vec![submitter.prepare(OPERATION).unwrap(); 2]).await.unwrap();
        let operations = signed.data().operations.iter().map(|one| one.get().as_bytes().to_vec()).collect();
        let read = Submission::parse(&signed.data().submission, operations).unwrap();
        read.jws.verify(&submitter.signer.public_key()).unwrap();
        assert_eq!((read.statement.source, read.statement.count), (submitter.source(), 2));
    }
}

// DATA-11: what is in clear does not leave, what breaks the format is not sealed, and its reader opens what is.
#[tokio::test]
async fn a_sealed_format_leaves_sealed_and_opens_for_its_reader() {
    let open = submitter(nowhere().client, Algorithm::EdDsa, true);
    assert!(matches!(open.prepare(OPERATION), Err(SubmitError::InClear)));
    let reader = PersonKeys::from_phrase(PHRASE).unwrap();
    let submitter = open.sealing_to(vec![reader.encryption_public_key()]).unwrap();
    let wrong = submitter.prepare(r#"{"time":1,"content":{"pm25":"quinsy"}}"#).unwrap_err();
    assert!(matches!(&wrong, SubmitError::Schema(told) if !told.contains("quinsy")), "{wrong}");
    let told = submitter.prepare(r#"{"time":1,"description":"quinsy","content":{"pm25":1}}"#);
    assert!(matches!(told, Err(SubmitError::Described)));

    let prepared = submitter.prepare(OPERATION).unwrap();
    let operation: Value = serde_json::from_str(prepared.text()).unwrap();
    assert!(operation["content"]["pm25"].is_null() && operation["content"]["ciphertext"].is_string());
    let signed = submitter.sign(vec![prepared]).await.unwrap();
    let stated = signed.statement();
    let found = json!({
        "format": stated.format, "formatVersion": stated.format_version, "source": stated.source.to_string(),
        "operation": signed.data().operations[0].get(),
    });
    let sealed = SealedOperation::of(&found, stated.chain_id).unwrap();
    assert_eq!(sealed.open(reader.encryption_secret()).unwrap().as_slice(), br#"{"pm25":12}"#);
    let elsewhere = SealedOperation::of(&found, stated.chain_id + 1).unwrap();
    assert!(matches!(elsewhere.open(reader.encryption_secret()), Err(OpenError::Content(_))), "it is for this chain");
    assert!(matches!(nowhere().sealing_to(vec![reader.encryption_public_key()]), Err(SubmitError::NotSealed { .. })));
}

#[test]
fn a_content_is_one_value_and_becomes_no_other_member() {
    let submitter = nowhere();
    let text = submitter.prepare_content(r#"{"pm25":1}"#).unwrap();
    assert!(text.text().ends_with(r#","content":{"pm25":1}}"#));
    for more in [r#"1,"subject":"well 7""#, r#"{"pm25":1}}"#, "", "{"] {
        assert!(matches!(submitter.prepare_content(more), Err(SubmitError::NotJson(_))), "{more}");
    }
}

#[tokio::test]
async fn a_batch_is_full_by_number_and_by_bytes() {
    let submitter = nowhere();
    let mut batch = Batch::new(2);
    batch.push(submitter.prepare(OPERATION).unwrap());
    assert!(!batch.is_full() && !batch.is_empty());
    batch.push(submitter.prepare(OPERATION).unwrap());
    assert!(batch.is_full() && batch.take().len() == 2 && batch.is_empty());
    let mut batch = Batch::new(1000);
    let long = format!(r#"{{"time":1,"content":"{}"}}"#, "a".repeat(60_000));
    while !batch.is_full() {
        batch.push(submitter.prepare(&long).unwrap());
    }
    submitter.sign(batch.take()).await.unwrap();
    assert!(matches!(submitter.sign(Vec::new()).await, Err(SubmitError::Size)));
}
