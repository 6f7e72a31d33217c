//! What a requester hands to a relay: everything that is needed to bring a request to its end, and nothing that counts for somebody else.

use alloy_primitives::{B256, Bytes};
use serde::{Deserialize, Serialize};

use super::message::{Endorsement, MAX_ENDORSEMENTS, Part, Request, RequestFault};

/// A signature of a node, in bytes.
pub const SIGNATURE_BYTES: usize = 65;

/// A request that is ready to be sequenced, with the content of its parts, which the alliance chain never sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Submission {
    /// What was endorsed.
    pub request: Request,
    /// At most [`MAX_ENDORSEMENTS`].
    pub endorsements: Vec<Endorsement>,
    /// The requester's, of `Sequence`; 65 bytes.
    pub signature: Bytes,
    /// In the order of the request's references.
    pub parts: Vec<Part>,
}

/// What is wrong with the form of a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
pub enum SubmissionFault {
    /// See [`RequestFault`].
    #[error("the request exceeds a bound, or its parts do not ascend by member")]
    Request,
    /// More than [`MAX_ENDORSEMENTS`], or one that is for none of the parts.
    #[error("a request has at most {MAX_ENDORSEMENTS} endorsements, each for one of its parts")]
    Endorsements,
    /// Not [`SIGNATURE_BYTES`] long.
    #[error("a signature has {SIGNATURE_BYTES} bytes")]
    Signature,
    /// They are not those that the request names.
    #[error("the parts are not those whose hashes the request names, or exceed a bound")]
    Parts,
}

impl From<RequestFault> for SubmissionFault {
    fn from(_: RequestFault) -> Self {
        Self::Request
    }
}

impl Submission {
    /// Checks bounds, and that the parts are those of the request. Whether signatures are good, the alliance says.
    ///
    /// # Errors
    /// The first fault.
    pub fn check(&self) -> Result<(), SubmissionFault> {
        self.request.check()?;
        let references = &self.request.parts;
        let is_for_a_part = |member: B256| references.iter().any(|part| part.member == member);
        if self.endorsements.len() > MAX_ENDORSEMENTS
            || !self.endorsements.iter().all(|endorsement| is_for_a_part(endorsement.member))
        {
            return Err(SubmissionFault::Endorsements);
        }
        let mut signatures = self.endorsements.iter().map(|endorsement| &endorsement.signature);
        if !signatures.all(|signature| signature.len() == SIGNATURE_BYTES) || self.signature.len() != SIGNATURE_BYTES {
            return Err(SubmissionFault::Signature);
        }
        let holds = self.parts.len() == references.len()
            && references.iter().zip(&self.parts).all(|(reference, part)| {
                part.is_well_formed() && part.member == reference.member && part.hash() == reference.part_hash
            });
        if holds { Ok(()) } else { Err(SubmissionFault::Parts) }
    }

    /// The part of a member.
    #[must_use]
    pub fn part_of(&self, member: B256) -> Option<&Part> {
        self.parts.iter().find(|part| part.member == member)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alliance::message::PartReference;

    fn submission() -> Submission {
        let part = Part { member: B256::repeat_byte(1), call: Bytes::new(), reads: vec![], writes: vec![] };
        let signature = Bytes::from(vec![0; SIGNATURE_BYTES]);
        Submission {
            request: Request {
                idempotency_key: B256::ZERO,
                certificate: 1,
                valid_until: 1,
                window: 1,
                parts: vec![PartReference { member: part.member, part_hash: part.hash() }],
            },
            endorsements: vec![Endorsement { certificate: 1, member: part.member, signature: signature.clone() }],
            signature,
            parts: vec![part],
        }
    }

    #[test]
    fn each_fault_of_form_is_found_before_anything_is_sent() {
        assert_eq!(submission().check(), Ok(()));
        let mut other = submission();
        other.request.window = 0;
        assert_eq!(other.check(), Err(SubmissionFault::Request));
        let mut other = submission();
        other.endorsements[0].member = B256::ZERO;
        assert_eq!(other.check(), Err(SubmissionFault::Endorsements));
        let mut other = submission();
        other.endorsements[0].signature = Bytes::from(vec![0; 64]);
        assert_eq!(other.check(), Err(SubmissionFault::Signature));
        let mut other = submission();
        other.parts[0].call = Bytes::from(vec![1]);
        assert_eq!(other.check(), Err(SubmissionFault::Parts));
        let mut other = submission();
        other.parts.clear();
        assert_eq!(other.check(), Err(SubmissionFault::Parts));
    }
}
