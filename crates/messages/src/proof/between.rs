//! The file of a message between two cities: the deposit by the sender's chain, the receipt by the receiver's, and that the sender's key was its organization's.

use chancery_light::TrustedChain;
use chancery_primitives::UnixSeconds;

use super::{MessageProof, ProofFailure, ProvenStatement, VerifiedMessage};
use crate::{
    chain::{Standing, StandingAt, StandingError},
    members::RIGHT,
    statement::{City, Correspondent},
};

/// Version of the file with the sender's standing.
pub const VERSION_BETWEEN_CITIES: u32 = 2;

/// That the cities are those whose genesis is trusted.
const CITIES_MATCH: &str = "cities-match";
/// That the sender's key was its organization's.
const STANDING: &str = "sender-standing";

impl MessageProof {
    /// What is delivered to another city: the deposit, as the sender's own city shows it, and the sender's standing there.
    #[must_use]
    pub const fn between(deposit: ProvenStatement, standing: Standing) -> Self {
        Self { version: VERSION_BETWEEN_CITIES, deposit, standing: Some(standing), acknowledgement: None }
    }

    /// Whether it is of a message between two cities.
    #[must_use]
    pub const fn is_between_cities(&self) -> bool {
        self.standing.is_some()
    }

    /// The cities that the deposit names: the sender's and the receiver's. Nothing of it is proven yet but the sender's signature.
    ///
    /// # Errors
    /// `deposit-file-readable`, `deposit-signature`, those of the acknowledgement; `cities-match` when it names one city alone.
    pub fn cities(&self) -> Result<(City, City), ProofFailure> {
        let head = self.signed()?.0.statement.head;
        match (head.genesis, head.to_city) {
            (Some(genesis), Some(to)) => Ok((City { chain_id: head.chain_id, genesis }, to)),
            _ => Err(ProofFailure::new(CITIES_MATCH, "the deposit names one city alone")),
        }
    }

    /// Verifies everything, knowing the main chains of both cities alone. The sender's standing is that at the block which the file shows; no earlier one than the deposit's.
    ///
    /// # Errors
    /// The first check that fails: those of [`Self::verify`], `cities-match`, `sender-standing`.
    pub fn verify_between(
        &self,
        sender: &TrustedChain,
        receiver: &TrustedChain,
    ) -> Result<VerifiedMessage, ProofFailure> {
        self.verified(sender, receiver, city_of(receiver), |chain, standing, of| standing.verify(chain, of, RIGHT))
    }

    /// The same for a message that arrives now in the receiver's city, and so has no receipt: the block that shows the sender's standing has to be young.
    ///
    /// # Errors
    /// As [`Self::verify_between`]; [`DeliveryFailure::Standing`] with its kind.
    pub fn verify_delivery(
        &self,
        sender: &TrustedChain,
        receiver: City,
        now: UnixSeconds,
    ) -> Result<VerifiedMessage, DeliveryFailure> {
        if self.acknowledgement.is_some() {
            return Err(ProofFailure::new("file-readable", "what is delivered has no receipt yet").into());
        }
        let mut refused = None;
        let verified = self.verified(sender, sender, receiver, |chain, standing, of| {
            standing.verify_now(chain, of, RIGHT, now).inspect_err(|error| refused = Some(error.clone()))
        });
        verified.map_err(|failure| refused.map_or(DeliveryFailure::Proof(failure), DeliveryFailure::Standing))
    }

    fn verified(
        &self,
        sender: &TrustedChain,
        received_on: &TrustedChain,
        receiver: City,
        judge: impl FnOnce(&TrustedChain, &Standing, Correspondent) -> Result<StandingAt, StandingError>,
    ) -> Result<VerifiedMessage, ProofFailure> {
        if self.cities()? != (city_of(sender), receiver) {
            let detail = "the deposit names other cities than those whose genesis is trusted";
            return Err(ProofFailure::new(CITIES_MATCH, detail));
        }
        let refuse = |detail: String| ProofFailure::new(STANDING, detail);
        let standing = self.standing.as_ref().ok_or_else(|| refuse("the file does not show it".to_owned()))?;
        let mut verified = self.verify_on(sender, received_on)?;
        // From the deposit's own validators on: those who handed over before it decide nothing that is later, as in the bundle.
        let handovers = self.deposit.proof.as_ref().map_or(&[][..], |bundle| bundle.finality.handovers.as_slice());
        let chain = sender.follow_all(handovers).map_err(|error| refuse(error.to_string()))?;
        let at = judge(&chain, standing, verified.deposit.head.from).map_err(|error| refuse(error.to_string()))?;
        // One from before the deposit would show a key that counted no longer when it signed.
        if at.block_number < verified.deposited.block_number {
            return Err(refuse("it is of a block before the deposit".to_owned()));
        }
        verified.checks.insert(0, CITIES_MATCH.to_owned());
        verified.checks.push(STANDING.to_owned());
        verified.sender_standing = Some(at);
        Ok(verified)
    }
}

/// Why a delivery is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryFailure {
    /// A check of the file.
    #[error(transparent)]
    Proof(#[from] ProofFailure),
    /// The sender's key does not count, or its proof is old.
    #[error("sender-standing: {0}")]
    Standing(StandingError),
}

/// A city as statements name it.
fn city_of(chain: &TrustedChain) -> City {
    City { chain_id: chain.chain_id(), genesis: chain.genesis_hash() }
}

#[cfg(test)]
mod tests;
