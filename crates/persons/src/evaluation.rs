//! The oblivious keyed function: VOPRF(P-256, SHA-256), RFC 9497. The office blinds its input; the evaluator multiplies it by its key and proves that
//! it was this key; the office takes the blinding away. The evaluator learns nothing of the input, the office nothing of the key.

use std::{fmt, str::FromStr};

use p256_oprf::NistP256 as Suite;
use rand_oprf::OsRng;
use voprf::{BlindedElement, EvaluationElement, Group, Proof, VoprfClient, VoprfServer};
use zeroize::Zeroizing;

/// Bytes of a point: SEC 1, compressed.
pub const ELEMENT_BYTES: usize = 33;
/// Bytes of a proof: two scalars.
pub const PROOF_BYTES: usize = 64;
/// Bytes of an output.
pub const OUTPUT_BYTES: usize = 32;
/// What a key is derived for (RFC 9497, 3.2.1, `info`).
const KEY_INFO: &[u8] = b"chancery network v1";

/// Why an evaluation cannot be made or used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// The bytes are no point of the curve.
    #[error("the bytes are no point of P-256 (SEC 1, compressed)")]
    Element,
    /// The bytes are no proof.
    #[error("the bytes are no proof of 64 bytes")]
    ProofBytes,
    /// The evaluation is not of the evaluator's public key.
    #[error("the evaluation is not of the evaluator's public key; ask its operator which key it has")]
    OtherKey,
    /// No key can be derived, which has a chance of less than 2^-1000.
    #[error("no key can be derived from this seed")]
    Seed,
    /// The input cannot be blinded.
    #[error("the input cannot be blinded")]
    Input,
}

/// The public key of an evaluator, as `0x` and 66 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EvaluatorPublicKey([u8; ELEMENT_BYTES]);

impl EvaluatorPublicKey {
    /// The point, SEC 1, compressed.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; ELEMENT_BYTES] {
        &self.0
    }
}

impl fmt::Display for EvaluatorPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", hex::encode(self.0))
    }
}

impl FromStr for EvaluatorPublicKey {
    type Err = EvaluationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix("0x").ok_or(EvaluationError::Element)?;
        let mut bytes = [0; ELEMENT_BYTES];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| EvaluationError::Element)?;
        <Suite as Group>::deserialize_elem(&bytes).map_err(|_| EvaluationError::Element)?;
        Ok(Self(bytes))
    }
}

/// An evaluation with its proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evaluated {
    /// The blinded input times the key.
    pub element: [u8; ELEMENT_BYTES],
    /// That it is the key of the public key (RFC 9497, 2.2).
    pub proof: [u8; PROOF_BYTES],
}

/// The secret key of an evaluator.
pub struct EvaluatorKey {
    server: VoprfServer<Suite>,
    public: EvaluatorPublicKey,
}

impl fmt::Debug for EvaluatorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EvaluatorKey").field("public", &self.public).finish_non_exhaustive()
    }
}

impl EvaluatorKey {
    /// The key of 32 secret random bytes (RFC 9497, 3.2.1).
    ///
    /// # Errors
    /// [`EvaluationError::Seed`].
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, EvaluationError> {
        Self::derive(seed, KEY_INFO)
    }

    fn derive(seed: &[u8; 32], info: &[u8]) -> Result<Self, EvaluationError> {
        let server = VoprfServer::<Suite>::new_from_seed(seed, info).map_err(|_| EvaluationError::Seed)?;
        let public = <Suite as Group>::serialize_elem(server.get_public_key());
        let public = public[..].try_into().map_err(|_| EvaluationError::Seed)?;
        Ok(Self { server, public: EvaluatorPublicKey(public) })
    }

    /// Its public key.
    #[must_use]
    pub const fn public(&self) -> EvaluatorPublicKey {
        self.public
    }

    /// Evaluates a blinded input.
    ///
    /// # Errors
    /// [`EvaluationError::Element`].
    pub fn evaluate(&self, blinded: &[u8]) -> Result<Evaluated, EvaluationError> {
        // The codec takes what follows for the next value.
        let blinded: &[u8; ELEMENT_BYTES] = blinded.try_into().map_err(|_| EvaluationError::Element)?;
        let blinded = BlindedElement::<Suite>::deserialize(blinded).map_err(|_| EvaluationError::Element)?;
        let evaluated = self.server.blind_evaluate(&mut OsRng, &blinded);
        let element = evaluated.message.serialize();
        let proof = evaluated.proof.serialize();
        Ok(Evaluated {
            element: element[..].try_into().map_err(|_| EvaluationError::Element)?,
            proof: proof[..].try_into().map_err(|_| EvaluationError::ProofBytes)?,
        })
    }
}

/// An input under a blinding of its own, for one evaluation.
pub struct Blinding {
    client: VoprfClient<Suite>,
    input: Zeroizing<[u8; 32]>,
    blinded: [u8; ELEMENT_BYTES],
}

impl Blinding {
    /// Blinds an input with a fresh random scalar.
    ///
    /// # Errors
    /// [`EvaluationError::Input`].
    pub fn of(input: &Zeroizing<[u8; 32]>) -> Result<Self, EvaluationError> {
        let blinding = VoprfClient::<Suite>::blind(input.as_slice(), &mut OsRng).map_err(|_| EvaluationError::Input)?;
        let blinded = blinding.message.serialize();
        let blinded = blinded[..].try_into().map_err(|_| EvaluationError::Input)?;
        Ok(Self { client: blinding.state, input: input.clone(), blinded })
    }

    /// What the evaluator is given: a uniformly random point.
    #[must_use]
    pub const fn blinded(&self) -> &[u8; ELEMENT_BYTES] {
        &self.blinded
    }

    /// The output of the keyed function, if the proof shows that it is of this public key.
    ///
    /// # Errors
    /// [`EvaluationError`].
    pub fn finish(
        &self,
        evaluated: &Evaluated,
        key: &EvaluatorPublicKey,
    ) -> Result<Zeroizing<[u8; OUTPUT_BYTES]>, EvaluationError> {
        let element =
            EvaluationElement::<Suite>::deserialize(&evaluated.element).map_err(|_| EvaluationError::Element)?;
        let proof = Proof::<Suite>::deserialize(&evaluated.proof).map_err(|_| EvaluationError::ProofBytes)?;
        let key = <Suite as Group>::deserialize_elem(&key.0).map_err(|_| EvaluationError::Element)?;
        let output = self.client.finalize(self.input.as_slice(), &element, &proof, key);
        let output = output.map_err(|_| EvaluationError::OtherKey)?;
        Ok(Zeroizing::new(output[..].try_into().map_err(|_| EvaluationError::OtherKey)?))
    }
}

#[cfg(test)]
mod tests;
