//! Real-name registration: what is asked for, what is refused, and what is published when.
#![allow(clippy::unwrap_used)]

mod confirming;
mod registering;

use async_trait::async_trait;
use chancery_reference_points::{
    data_block::{OperationProof, TransactionLocator},
    data_format::{DataFormat, FormatId},
    r2d::{Submission, SubmissionReceipt},
};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::*;
use crate::{
    keys::PersonKeys,
    operations::{IdentityAttribute, attribute_digest, handlers},
    recorded_city::{
        NOW, RecordedCity, chain,
        desk::{Desk, sample_person},
        directory, office, stranger,
    },
    registry::{ATTRIBUTE_ENCRYPTION, ATTRIBUTE_SIGNING},
};

/// By which a submission says that it is there, and is told that it may go on.
type Gate = (oneshot::Sender<()>, oneshot::Receiver<()>);

/// Representation as far as identities go: what passes the handler's checks is on the main chain.
#[derive(Clone)]
struct Submissions {
    city: RecordedCity,
    /// Names of the attributes that were submitted, in order.
    submitted: Arc<Mutex<Vec<String>>>,
    /// Submissions that are still accepted before the chain falls silent.
    accepted: Arc<Mutex<usize>>,
    /// Where the first submission waits, if it is to wait: that it is there, and that it may go on.
    gate: Arc<Mutex<Option<Gate>>>,
}

#[async_trait]
impl R2d for Submissions {
    async fn data_formats(&self) -> DoorResult<Vec<DataFormat>> {
        Ok(Vec::new())
    }

    async fn data_format(&self, _: &FormatId) -> DoorResult<DataFormat> {
        Err(DoorError::new(Code::UnknownFormat, "there is none"))
    }

    async fn submit(&self, actor: &Actor, submission: Submission) -> DoorResult<SubmissionReceipt> {
        let operation = &submission.operation;
        let handlers = handlers(directory());
        let handler = handlers.get(&operation.operation_type).unwrap();
        let interpreted = handler.interpret(operation)?;
        handler.check(operation, &interpreted, &self.city, NOW.get()).await?;
        assert_eq!(actor.address, Some(interpreted.source), "the source is who signed");
        let gate = self.gate.lock().take();
        if let Some((is_there, may_go_on)) = gate {
            is_there.send(()).unwrap();
            may_go_on.await.unwrap();
        }
        {
            let mut accepted = self.accepted.lock();
            if *accepted == 0 {
                return Err(DoorError::new(Code::ChainUnreachable, "it does not answer"));
            }
            *accepted -= 1;
        }
        let attribute: IdentityAttribute = serde_json::from_value(operation.message.clone()).unwrap();
        self.city.publish_attribute(attribute.identity, &attribute.name, &attribute.value);
        self.submitted.lock().push(attribute.name);
        let at = TransactionLocator {
            chain: chain("main"),
            tx_hash: B256::with_last_byte(u8::try_from(self.submitted.lock().len()).unwrap()),
            block_number: 9,
            block_hash: B256::ZERO,
        };
        Ok(SubmissionReceipt {
            operation_digest: interpreted.digest,
            data_block_root: B256::ZERO,
            data_block: at.clone(),
            operation: Some(at),
        })
    }

    async fn operation_proof(&self, _: B256) -> DoorResult<OperationProof> {
        Err(DoorError::new(Code::UnknownOperation, "there is none"))
    }
}

struct Fixture {
    city: RecordedCity,
    submissions: Submissions,
    registration: Registration,
    desk: Desk,
}

impl Fixture {
    async fn new() -> Self {
        let (desk, city) = (Desk::open().await, RecordedCity::founded());
        let submissions = Submissions {
            city: city.clone(),
            submitted: Arc::default(),
            accepted: Arc::new(Mutex::new(usize::MAX)),
            gate: Arc::default(),
        };
        let (r2d, s2p) = (Arc::new(submissions.clone()), Arc::new(city.clone()));
        let registration = Registration::new(desk.database.clone(), directory(), r2d, s2p, desk.clock());
        Self { city, submissions, registration, desk }
    }

    async fn register(&self, keys: &PersonKeys) -> DoorResult<Registered> {
        self.registration.register(&itself(keys), request(keys, 0)).await
    }

    async fn confirm(&self, address: Address) -> DoorResult<Confirmed> {
        let confirmation = Confirmation { decision: ConfirmationDecision::Confirm, reason: None };
        self.registration.confirm(&registrar(), address, confirmation).await
    }
}

fn itself(keys: &PersonKeys) -> Actor {
    Actor::new(keys.address(), [])
}

fn registrar() -> Actor {
    Actor::new(office().address(), [Role::Registrar])
}

/// What a person sends, with both keys signed as the changes from `nonce` on.
fn request(keys: &PersonKeys, nonce: u64) -> RegisterUser {
    let encryption_key = keys.encryption_public_key().0;
    let values = [(ATTRIBUTE_SIGNING, keys.public_key().to_vec()), (ATTRIBUTE_ENCRYPTION, encryption_key.to_vec())];
    let attributes = (nonce..).zip(values).map(|(nonce, (name, value))| signed(keys, name, value, nonce)).collect();
    RegisterUser {
        account: keys.address().to_string(),
        address: keys.address(),
        public_key: keys.public_key().to_vec().into(),
        encryption_key: encryption_key.into(),
        user_type: UserType::Person,
        person: sample_person(&keys.address().to_string()),
        attributes,
        recovery: false,
    }
}

fn signed(keys: &PersonKeys, name: &str, value: Vec<u8>, nonce: u64) -> SignedAttribute {
    let attribute = IdentityAttribute {
        identity: keys.address(),
        name: name.to_owned(),
        value: value.into(),
        validity: MIN_ATTRIBUTE_VALIDITY_S,
        nonce,
    };
    let signature = keys.sign_digest(attribute_digest(&attribute).unwrap()).unwrap();
    SignedAttribute {
        name: attribute.name,
        value: attribute.value,
        validity: attribute.validity,
        signature: signature.to_vec().into(),
    }
}

fn fresh() -> PersonKeys {
    PersonKeys::from_phrase(&PersonKeys::new_phrase().unwrap()).unwrap()
}
