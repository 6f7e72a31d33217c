//! Asks a member's endorsers, and examines what they answer as the alliance will.

use alloy_primitives::{B256, U256};
use chancery_primitives::SignedOperation;
use futures::future::{join_all, try_join, try_join_all};
use tokio::time::timeout;

use super::{MemberAccess, RequestError, Requester};
use crate::{
    alliance::{
        certificate::{Scope, SignatureFault, check},
        message::{Endorse, Endorsement, MAX_ENDORSEMENTS, Part, Request},
    },
    contracts::ViewError,
    endorser::EndorseRefusal,
};

/// Why an endorsement is missing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// The endorser says so.
    #[error(transparent)]
    Refused(EndorseRefusal),
    /// Its signature would not count.
    #[error("{0}")]
    Faulty(SignatureFault),
    /// It counts once.
    #[error("its node has endorsed already")]
    Duplicate,
}

/// An endorser that did not endorse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declined {
    /// Its place in [`MemberAccess::endorsers`].
    pub place: usize,
    /// Why.
    pub doubt: Doubt,
}

impl Requester {
    /// Good endorsements of a part, heaviest first, until they are more than half: what is not needed can only turn bad.
    pub(super) async fn endorsements(
        &self,
        request: &Request,
        part: &Part,
        member: &MemberAccess,
    ) -> Result<Vec<Endorsement>, RequestError> {
        let asked = member.endorsers.iter().take(MAX_ENDORSEMENTS).map(|endorser| async {
            timeout(self.limits.endorse_timeout, endorser.endorse(request, part)).await.unwrap_or_else(|_| {
                Err(EndorseRefusal::Unavailable { reason: "it does not answer in time".to_owned() })
            })
        });
        let answers = join_all(asked).await;
        let examined = answers.iter().map(|answer| async {
            match answer {
                Ok(endorsement) => self.examine(request, member.name, endorsement).await.map(Some),
                Err(_) => Ok(None),
            }
        });
        let (examined, total) = try_join(try_join_all(examined), self.alliance.total_weight(member.name)).await?;
        let (mut good, mut declined): (Vec<(U256, B256, Endorsement)>, _) = (Vec::new(), Vec::new());
        for (place, (answer, verdict)) in answers.into_iter().zip(examined).enumerate() {
            let examined = match (answer, verdict) {
                (Err(refusal), _) => Err(Doubt::Refused(refusal)),
                (Ok(_), Some(Err(fault))) => Err(Doubt::Faulty(fault)),
                (Ok(endorsement), Some(Ok((weight, node)))) => {
                    if good.iter().any(|(_, known, _)| *known == node) {
                        Err(Doubt::Duplicate)
                    } else {
                        Ok((weight, node, endorsement))
                    }
                }
                // Each answer with an endorsement has its verdict.
                (Ok(_), None) => Err(Doubt::Faulty(SignatureFault::SignatureWrong)),
            };
            match examined {
                Ok(endorsed) => good.push(endorsed),
                Err(doubt) => declined.push(Declined { place, doubt }),
            }
        }
        good.sort_by_key(|(weight, _, _)| std::cmp::Reverse(*weight));
        let (mut weight, mut chosen) = (U256::ZERO, Vec::new());
        for (own, _, endorsement) in good {
            chosen.push(endorsement);
            // At most 64 weights of 64 bits.
            weight += own;
            if weight * U256::from(2) > total {
                return Ok(chosen);
            }
        }
        Err(RequestError::NotEndorsed { member: member.name, weight, total, declined })
    }

    /// What a good endorsement weighs, and whose it is; or what the alliance would find wrong with it now.
    async fn examine(
        &self,
        request: &Request,
        member: B256,
        endorsement: &Endorsement,
    ) -> Result<Result<(U256, B256), SignatureFault>, ViewError> {
        let (now, found) =
            Box::pin(try_join(self.alliance.time_s(), self.alliance.certificate(endorsement.certificate))).await?;
        // The requester asks of members alone; what one is not any more, the alliance says.
        let pair = found.as_ref().map(|(transaction, identity)| (transaction, identity));
        if let Err(fault) = check(pair, |_| true, Scope::ENDORSE, now) {
            return Ok(Err(fault));
        }
        let Some((_, identity)) = found else { return Ok(Err(SignatureFault::CertificateUnknown)) };
        let weight = self.alliance.weight(member, identity.node).await?;
        if identity.member != member || endorsement.member != member || weight.is_zero() {
            return Ok(Err(SignatureFault::NotAnEndorser));
        }
        let signed = Endorse { request_hash: request.hash(), member, certificate: endorsement.certificate };
        if signed.verify(&self.alliance.domain(), &endorsement.signature, identity.key).is_err() {
            return Ok(Err(SignatureFault::SignatureWrong));
        }
        Ok(Ok((weight, identity.node)))
    }
}
