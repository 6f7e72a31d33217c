//! How an office reaches evaluators and the register: over REST, signed with the office's key.

use std::collections::BTreeMap;

use alloy_primitives::B256;
use async_trait::async_trait;
use chancery_client::{Client, ClientError};
use chancery_identity::{NetworkError, NetworkIdentity, NetworkTags, Purpose, Reservation};
use chancery_persons::{
    evaluation::{ELEMENT_BYTES, Evaluated, EvaluatorPublicKey},
    office::Peers,
};
use chancery_reference_points::Class;
use chancery_rest::{
    types::persons::{ChangePerson, ClaimPerson, EvaluateInputs, PersonState},
    values::{HexBytes, HexHash},
};

pub(super) struct RestPeers {
    pub(super) evaluators: BTreeMap<EvaluatorPublicKey, Client>,
    pub(super) register: Client,
}

/// What passes by itself, and what an operator has to set right.
fn told(error: &ClientError) -> NetworkError {
    let reason = error.to_string();
    let is_temporary = error.code().is_some_and(|code| code.class() == Class::Temporary);
    if is_temporary || matches!(error, ClientError::Unreachable { .. }) {
        NetworkError::Unreachable(reason)
    } else {
        NetworkError::Unusable(reason)
    }
}

impl RestPeers {
    async fn change(&self, identity: NetworkIdentity, state: PersonState) -> Result<bool, NetworkError> {
        let changed = self.register.change_person(&identity.to_string(), &ChangePerson { state }).await;
        Ok(changed.map_err(|error| told(&error))?.held)
    }
}

#[async_trait]
impl Peers for RestPeers {
    async fn evaluate(
        &self,
        evaluator: &EvaluatorPublicKey,
        blinded: &[[u8; ELEMENT_BYTES]],
        purpose: Purpose,
    ) -> Result<Vec<Evaluated>, NetworkError> {
        let unusable = || NetworkError::Unusable(format!("evaluator {evaluator} answers in another form"));
        let client = self.evaluators.get(evaluator).ok_or_else(unusable)?;
        let blinded = blinded.iter().map(|element| HexBytes(element.to_vec().into())).collect();
        let request = EvaluateInputs { blinded, enrolment: purpose == Purpose::Enrolment };
        let answer = client.evaluate_inputs(&request).await.map_err(|error| told(&error))?;
        let evaluated = answer.evaluated.iter().map(|evaluated| {
            Some(Evaluated {
                element: evaluated.element.0.to_vec().try_into().ok()?,
                proof: evaluated.proof.0.to_vec().try_into().ok()?,
            })
        });
        evaluated.collect::<Option<_>>().ok_or_else(unusable)
    }

    async fn reserve(&self, key_set: B256, tags: &NetworkTags) -> Result<Reservation, NetworkError> {
        let request = ClaimPerson {
            key_set: HexHash(key_set),
            name_tag: HexHash(tags.name),
            document_tag: tags.document.map(HexHash),
        };
        let claimed = self.register.claim_person(&request).await.map_err(|error| told(&error))?;
        let Some(identity) = claimed.identity else { return Ok(Reservation::HeldElsewhere) };
        let identity = identity.parse().map_err(|_| NetworkError::Unusable("the register's identity".to_owned()))?;
        Ok(Reservation::Held(identity))
    }

    async fn keep(&self, identity: NetworkIdentity) -> Result<bool, NetworkError> {
        self.change(identity, PersonState::Kept).await
    }

    async fn release(&self, identity: NetworkIdentity) -> Result<(), NetworkError> {
        self.change(identity, PersonState::Released).await.map(drop)
    }
}
