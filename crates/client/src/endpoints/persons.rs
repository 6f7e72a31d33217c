//! The door of a network of identity databases: evaluators and the register (C-ID).

use chancery_rest::types::persons::{
    ChangePerson, ChangedPerson, ClaimPerson, ClaimedPerson, EvaluateInputs, EvaluatedInputs,
};
use reqwest::Method;

use super::Result;
use crate::Client;

impl Client {
    /// `POST /v1/evaluations` of an evaluator.
    ///
    /// # Errors
    /// [`ClientError`](crate::ClientError).
    pub async fn evaluate_inputs(&self, request: &EvaluateInputs) -> Result<EvaluatedInputs> {
        self.needs_key()?.send(Self::with_body(Method::POST, &["v1", "evaluations"], request)?).await
    }

    /// `POST /v1/persons` of the register.
    ///
    /// # Errors
    /// [`ClientError`](crate::ClientError).
    pub async fn claim_person(&self, request: &ClaimPerson) -> Result<ClaimedPerson> {
        self.needs_key()?.send(Self::with_body(Method::POST, &["v1", "persons"], request)?).await
    }

    /// `POST /v1/persons/{identity}/state` of the register.
    ///
    /// # Errors
    /// [`ClientError`](crate::ClientError).
    pub async fn change_person(&self, identity: &str, request: &ChangePerson) -> Result<ChangedPerson> {
        let path = ["v1", "persons", identity, "state"];
        self.needs_key()?.send(Self::with_body(Method::POST, &path, request)?).await
    }
}
