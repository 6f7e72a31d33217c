//! A certificate whose standing is asked with a network: the gateway is asked, and not believed (STAPLE-13 to STAPLE-15). Its word counts where the
//! chains prove the same as of a block of now.

use chancery_light::{ChainEssentials, TrustedChain};
use chancery_primitives::{CertificateId, Outcome, UnixSeconds};

use super::{Policy, StapledFile, Trust, VerifiedStaple};
use crate::{presentation::CheckedPresentation, verify::VerificationFailure};

/// The oldest proof on which an inspection with a network decides, in seconds: an idle chain has a block every ten seconds, a leader that is silent costs
/// another fourteen, clocks differ by up to a minute, and an answer takes its time.
pub const MAX_ONLINE_AGE_S: u64 = 120;

/// The chains of one city that whoever asks trusts.
#[derive(Clone, Debug)]
pub struct TrustedCity {
    /// The main chain, which says who may issue what.
    pub authority: TrustedChain,
    /// All of them.
    pub chains: Vec<TrustedChain>,
}

impl TrustedCity {
    /// The chains of these essentials, of which `authority` (a chain id) is the main one; `None` where they make none, or the main one is not among them.
    #[must_use]
    pub fn new(authority: u64, essentials: &[ChainEssentials]) -> Option<Self> {
        let chains: Vec<_> = essentials.iter().cloned().map(TrustedChain::new).collect::<Result<_, _>>().ok()?;
        let authority = chains.iter().find(|chain| chain.chain_id() == authority)?.clone();
        Some(Self { authority, chains })
    }
}

impl StapledFile {
    /// Verifies what a gateway answers as the staple of a certificate, at this time. The outcome is of now, and never "cannot determine".
    ///
    /// # Errors
    /// Those of [`Self::verify`]; `certificate-asked` for another certificate's, `WrongChain` for a chain that is not trusted, `proof-fresh` for one of a
    /// block that is too old to say what is so now.
    pub fn verify_online(
        &self,
        city: &TrustedCity,
        asked: CertificateId,
        now: UnixSeconds,
    ) -> Result<VerifiedStaple, VerificationFailure> {
        let given = self.certificate.certificate_id;
        if given != asked {
            return Err(VerificationFailure::new("certificate-asked", format!("asked for {asked}, given {given}")));
        }
        let named =
            self.certificate.proof.as_ref().map_or_else(|| city.authority.chain_id(), |proof| proof.chain.chain_id);
        let chain = city.chains.iter().find(|chain| chain.chain_id() == named).ok_or_else(|| {
            VerificationFailure::new("WrongChain", format!("chain {named} is none of those that are trusted"))
        })?;
        let trust = Trust { chain, authority: &city.authority };
        let mut verified = self.verify(trust, Policy { now, max_age_s: Some(MAX_ONLINE_AGE_S) })?;
        if verified.outcome == Outcome::CannotDetermine {
            let detail = format!(
                "the chains prove what was so {} s ago; at most {MAX_ONLINE_AGE_S} s are accepted",
                verified.age_s
            );
            return Err(VerificationFailure::new("proof-fresh", detail));
        }
        // It had not begun as of the block, and has since.
        if verified.outcome == Outcome::Refused && now >= verified.certificate.issue.valid_from {
            verified.outcome = Outcome::Valid;
        }
        Ok(verified)
    }
}

impl VerifiedStaple {
    /// What is proven of the document that somebody shows: refused, where it is another than was issued, or names something else than the issue.
    #[must_use]
    pub fn outcome_of(&self, shown: &CheckedPresentation) -> Outcome {
        let (issue, document) = (&self.certificate.issue, &shown.document);
        let is_issued = shown.content_hash == issue.content_hash
            && document.id == issue.certificate_id
            && document.holder == issue.holder
            && document.issuer.organization == issue.organization
            && document.kind().is_ok_and(|kind| kind == issue.kind);
        if is_issued { self.outcome } else { Outcome::Refused }
    }
}

/// Holds the gateway's word against what is proven. Whoever could not find out contradicts nobody, and nothing is decided then.
///
/// # Errors
/// `gateway-agrees` where they differ.
pub fn agreed(word: Outcome, proven: Outcome) -> Result<Outcome, VerificationFailure> {
    if word == proven || word == Outcome::CannotDetermine {
        return Ok(word);
    }
    let detail = format!("the gateway says {word}, the chains prove {proven}");
    Err(VerificationFailure::new("gateway-agrees", detail))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::Value;

    use super::*;
    use crate::{
        document::CertificateDocument,
        stapled::tests::{Vectors, vectors},
    };

    const STATUS_AT: UnixSeconds = UnixSeconds(1_800_000_000 - 600);
    const NOW: UnixSeconds = UnixSeconds(STATUS_AT.0 + MAX_ONLINE_AGE_S);

    fn city(vectors: &Vectors) -> TrustedCity {
        let chains = [vectors.authority.clone(), vectors.chain.clone()];
        TrustedCity::new(vectors.authority.chain_id, &chains).unwrap()
    }

    /// As a gateway gives it: nobody presents it.
    fn file(vectors: &Vectors, base: &str, changes: &[(&str, Value)]) -> StapledFile {
        let mut file = vectors.bases[base].clone();
        file.as_object_mut().unwrap().remove("presentation");
        for (pointer, value) in changes {
            *file.pointer_mut(pointer).unwrap() = value.clone();
        }
        StapledFile::from_json(file.to_string().as_bytes()).unwrap()
    }

    fn asked(vectors: &Vectors) -> CertificateId {
        file(vectors, "whole", &[]).certificate.certificate_id
    }

    // STAPLE-13
    #[test]
    fn a_block_of_some_time_ago_says_nothing_of_now() {
        let vectors = vectors();
        let (city, file, id) = (city(&vectors), file(&vectors, "whole", &[]), asked(&vectors));
        let verified = file.verify_online(&city, id, NOW).unwrap();
        assert_eq!((verified.outcome, verified.age_s), (Outcome::Valid, MAX_ONLINE_AGE_S));
        let late = file.verify_online(&city, id, NOW.saturating_add(1)).unwrap_err();
        assert_eq!(late.check, "proof-fresh");
        let early = file.verify_online(&city, id, UnixSeconds(STATUS_AT.0 - 61)).unwrap_err();
        assert_eq!(early.check, "time-not-ahead");
    }

    // STAPLE-14
    #[test]
    fn another_certificates_proof_is_none_nor_that_of_a_chain_that_is_not_trusted() {
        let vectors = vectors();
        let (whole, id) = (city(&vectors), asked(&vectors));
        assert_eq!(file(&vectors, "ends", &[]).verify_online(&whole, id, NOW).unwrap_err().check, "certificate-asked");
        let genesis = [("/proof/chain/genesisHash", Value::from(format!("0x{}", "11".repeat(32))))];
        assert_eq!(file(&vectors, "whole", &genesis).verify_online(&whole, id, NOW).unwrap_err().check, "WrongChain");
        let only = TrustedCity::new(vectors.authority.chain_id, std::slice::from_ref(&vectors.authority)).unwrap();
        assert_eq!(file(&vectors, "whole", &[]).verify_online(&only, id, NOW).unwrap_err().check, "WrongChain");
        assert!(TrustedCity::new(1, std::slice::from_ref(&vectors.authority)).is_none());
    }

    // STAPLE-15
    #[test]
    fn a_gateway_that_says_something_else_is_contradicted_and_silence_is_not() {
        assert_eq!(agreed(Outcome::Revoked, Outcome::Revoked).unwrap(), Outcome::Revoked);
        assert_eq!(agreed(Outcome::CannotDetermine, Outcome::Valid).unwrap(), Outcome::CannotDetermine);
        let lie = agreed(Outcome::Valid, Outcome::Revoked).unwrap_err();
        assert_eq!((lie.check, lie.detail.contains("revoked")), ("gateway-agrees", true));
        assert!(agreed(Outcome::Refused, Outcome::Valid).is_err());
    }

    // STAPLE-15: what is shown is held against the issue that is proven, not against the gateway's record.
    #[test]
    fn a_document_that_was_not_issued_is_refused_by_what_is_proven() {
        let vectors = vectors();
        let verified = file(&vectors, "whole", &[]).verify_online(&city(&vectors), asked(&vectors), NOW).unwrap();
        let presentation: crate::presentation::Presentation =
            serde_json::from_value(vectors.bases["whole"]["presentation"].clone()).unwrap();
        let document_bytes = presentation.document_bytes().unwrap();
        let shown = CheckedPresentation {
            document: CertificateDocument::parse(&document_bytes).unwrap(),
            content_hash: crate::document::content_hash(&document_bytes),
            document_bytes,
            presentation_hash: alloy_primitives::B256::ZERO,
        };
        assert_eq!(verified.outcome_of(&shown), Outcome::Valid);
        let altered = CheckedPresentation { content_hash: alloy_primitives::B256::ZERO, ..shown.clone() };
        assert_eq!(verified.outcome_of(&altered), Outcome::Refused);
        let mut another = shown;
        another.document.holder = alloy_primitives::Address::ZERO;
        assert_eq!(verified.outcome_of(&another), Outcome::Refused);
    }
}
