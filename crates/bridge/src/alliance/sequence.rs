//! Whether the endorsements of a request are good, and enough (ALLIANCE-10, ALLIANCE-11).

use alloy_primitives::B256;

use super::{
    certificate::{IdentityCertificate, Scope, SignatureFault, TransactionCertificate, check},
    policy::Policy,
};

/// An endorsement with what the alliance knows of its certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Examined {
    /// Serial number of the transaction certificate that it names.
    pub serial: u64,
    /// For whose part it speaks.
    pub member: B256,
    /// That certificate and the identity that it rests on; `None` if there is none.
    pub certificate: Option<(TransactionCertificate, IdentityCertificate)>,
    /// The signature is that of the identity's key over `Endorse`.
    pub is_signed: bool,
}

/// A bad signature, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadSignature {
    /// For whose part it was given.
    pub member: B256,
    /// Serial number of the transaction certificate that it names.
    pub serial: u64,
    /// What is wrong with it.
    pub fault: SignatureFault,
}

/// A member whose good endorsers are not more than half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeightMissing {
    /// The member's name.
    pub member: B256,
    /// What its good endorsers weigh.
    pub weight: u128,
    /// What all of its endorsers weigh.
    pub total: u128,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Every bad signature: by part, and within it in the order given.
    pub bad: Vec<BadSignature>,
    /// Parts that do not pass, in their order.
    pub missing: Vec<WeightMissing>,
}

impl Verdict {
    /// Whether the request is sequenced; otherwise it is recorded as invalid.
    #[must_use]
    pub const fn is_endorsed(&self) -> bool {
        self.bad.is_empty() && self.missing.is_empty()
    }
}

/// Verifies every endorsement and weighs the good ones, each node once, in a block of time `now`. What is for none of the parts is not looked at:
/// the contract refuses it as malformed.
pub fn examine<'a>(
    parts: impl IntoIterator<Item = (B256, &'a Policy)>,
    endorsements: &[Examined],
    is_active: impl Fn(B256) -> bool,
    now: u64,
) -> Verdict {
    let mut verdict = Verdict::default();
    for (member, policy) in parts {
        let mut good = Vec::new();
        for endorsement in endorsements.iter().filter(|endorsement| endorsement.member == member) {
            match endorser(endorsement, policy, &is_active, now) {
                Ok(node) => good.push(node),
                Err(fault) => verdict.bad.push(BadSignature { member, serial: endorsement.serial, fault }),
            }
        }
        let (weight, total) = (policy.weight_of(good.iter().copied()), policy.total());
        if !policy.passes(good) {
            verdict.missing.push(WeightMissing { member, weight, total });
        }
    }
    verdict
}

/// The node whose word a good endorsement is.
fn endorser(
    endorsement: &Examined,
    policy: &Policy,
    is_active: impl Fn(B256) -> bool,
    now: u64,
) -> Result<B256, SignatureFault> {
    let certificate = endorsement.certificate.as_ref().map(|(transaction, identity)| (transaction, identity));
    check(certificate, is_active, Scope::ENDORSE, now)?;
    let (_, identity) = certificate.ok_or(SignatureFault::CertificateUnknown)?;
    // Another member could give one of its nodes the same name.
    if identity.member != endorsement.member || !policy.names(identity.node) {
        return Err(SignatureFault::NotAnEndorser);
    }
    if !endorsement.is_signed {
        return Err(SignatureFault::SignatureWrong);
    }
    Ok(identity.node)
}
