//! The office's side: asks all evaluators, checks what they prove, makes the tags and asks the register.

use alloy_primitives::B256;
use async_trait::async_trait;
use chancery_identity::{
    NetworkError, NetworkIdentity, NetworkTags, PersonInputs, PersonNetwork, Purpose, Reservation,
};
use futures::future::try_join_all;
use zeroize::Zeroizing;

use crate::{
    evaluation::{Blinding, ELEMENT_BYTES, Evaluated, EvaluationError, EvaluatorPublicKey},
    tags::{MAX_EVALUATORS, Outputs, key_set, tag},
};

/// How the evaluators and the register are reached.
#[async_trait]
pub trait Peers: Send + Sync {
    /// Has blinded inputs evaluated by one evaluator.
    ///
    /// # Errors
    /// [`NetworkError`].
    async fn evaluate(
        &self,
        evaluator: &EvaluatorPublicKey,
        blinded: &[[u8; ELEMENT_BYTES]],
        purpose: Purpose,
    ) -> Result<Vec<Evaluated>, NetworkError>;

    /// Asks the register for a person.
    ///
    /// # Errors
    /// [`NetworkError`].
    async fn reserve(&self, key_set: B256, tags: &NetworkTags) -> Result<Reservation, NetworkError>;

    /// Tells the register that a person is kept; `false` if it is not reserved.
    ///
    /// # Errors
    /// [`NetworkError`].
    async fn keep(&self, identity: NetworkIdentity) -> Result<bool, NetworkError>;

    /// Tells the register that a person is given up.
    ///
    /// # Errors
    /// [`NetworkError`].
    async fn release(&self, identity: NetworkIdentity) -> Result<(), NetworkError>;
}

/// The evaluators of a network cannot be these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a network has 1 to {MAX_EVALUATORS} evaluators with different keys")]
pub struct EvaluatorsError;

/// The network, as an office sees it.
#[derive(Debug)]
pub struct OfficeNetwork<P> {
    evaluators: Vec<EvaluatorPublicKey>,
    peers: P,
}

/// Checks that there are evaluators, not too many, and none twice.
///
/// # Errors
/// [`EvaluatorsError`].
pub fn check_evaluators(evaluators: &[EvaluatorPublicKey]) -> Result<(), EvaluatorsError> {
    let mut keys = evaluators.to_vec();
    keys.sort_unstable();
    keys.dedup();
    let fits = keys.len() == evaluators.len() && (1..=MAX_EVALUATORS).contains(&keys.len());
    if fits { Ok(()) } else { Err(EvaluatorsError) }
}

impl<P: Peers> OfficeNetwork<P> {
    /// A network with these evaluators.
    ///
    /// # Errors
    /// [`EvaluatorsError`].
    pub fn new(evaluators: Vec<EvaluatorPublicKey>, peers: P) -> Result<Self, EvaluatorsError> {
        check_evaluators(&evaluators)?;
        Ok(Self { evaluators, peers })
    }

    /// The outputs of one evaluator for all inputs, in their order. Each input is blinded anew for each.
    async fn outputs_of(
        &self,
        evaluator: &EvaluatorPublicKey,
        inputs: &[&Zeroizing<[u8; 32]>],
        purpose: Purpose,
    ) -> Result<Vec<Zeroizing<[u8; 32]>>, NetworkError> {
        let unusable = |error: EvaluationError| NetworkError::Unusable(format!("evaluator {evaluator}: {error}"));
        let blindings = inputs.iter().map(|input| Blinding::of(input)).collect::<Result<Vec<_>, _>>();
        let blindings = blindings.map_err(unusable)?;
        let blinded: Vec<_> = blindings.iter().map(|blinding| *blinding.blinded()).collect();
        let evaluated = self.peers.evaluate(evaluator, &blinded, purpose).await?;
        if evaluated.len() != blindings.len() {
            let reason = format!("evaluator {evaluator}: {} answers to {}", evaluated.len(), blindings.len());
            return Err(NetworkError::Unusable(reason));
        }
        let outputs =
            blindings.iter().zip(&evaluated).map(|(blinding, evaluated)| blinding.finish(evaluated, evaluator));
        outputs.collect::<Result<_, _>>().map_err(unusable)
    }

    async fn tags(&self, person: &PersonInputs, purpose: Purpose) -> Result<NetworkTags, NetworkError> {
        let inputs: Vec<_> = std::iter::once(&person.name).chain(&person.document).collect();
        let asked = self.evaluators.iter().map(|evaluator| self.outputs_of(evaluator, &inputs, purpose));
        let answers = try_join_all(asked).await?;
        let tag_of = |input: usize| {
            let outputs = self.evaluators.iter().zip(&answers);
            let outputs: Outputs =
                outputs.filter_map(|(key, outputs)| Some((*key, outputs.get(input)?.clone()))).collect();
            tag(&outputs)
        };
        Ok(NetworkTags { name: tag_of(0), document: person.document.as_ref().map(|_| tag_of(1)) })
    }

    async fn claim(&self, person: &PersonInputs, purpose: Purpose) -> Result<Reservation, NetworkError> {
        let tags = self.tags(person, purpose).await?;
        self.peers.reserve(key_set(&self.evaluators), &tags).await
    }
}

#[async_trait]
impl<P: Peers> PersonNetwork for OfficeNetwork<P> {
    async fn reserve(&self, person: &PersonInputs) -> Result<Reservation, NetworkError> {
        self.claim(person, Purpose::Registration).await
    }

    async fn enrol(&self, person: &PersonInputs) -> Result<Reservation, NetworkError> {
        self.claim(person, Purpose::Enrolment).await
    }

    async fn keep(&self, identity: NetworkIdentity) -> Result<bool, NetworkError> {
        self.peers.keep(identity).await
    }

    async fn release(&self, identity: NetworkIdentity) -> Result<(), NetworkError> {
        self.peers.release(identity).await
    }
}
