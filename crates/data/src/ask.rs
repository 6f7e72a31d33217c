//! With what a source asks for the proof of its own data that are not for anybody: a statement by the key that it signs with (decision 0066).

use alloy_primitives::B256;
use serde::{Deserialize, Serialize};

use crate::{Jws, JwsError, PublicKey, SourceId};

/// `typ` of the statement.
pub const TYP: &str = "chancery-ask+jws";
/// How far the source's clock may be from the reader's, either way, in milliseconds.
pub const MAX_SKEW_MS: u64 = 240_000;

/// What is signed: who asks for which submission, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Ask {
    /// The chain that records the submission.
    pub chain_id: u64,
    /// Who asks.
    pub source: SourceId,
    /// The submission's place in the journal.
    pub place: u64,
    /// SHA-256 of what the source signed then.
    pub digest: B256,
    /// When it asks, Unix milliseconds.
    pub time: u64,
}

/// Why a text is not what a source asks with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// The JWS, or whose signature it is.
    #[error(transparent)]
    Jws(#[from] JwsError),
    /// The payload.
    #[error("the payload has the members chainId, source, place, digest and time, and no other")]
    Form,
    /// Another submission, source or chain.
    #[error("it asks for another submission, or as another source, or on another chain")]
    Other,
    /// The time.
    #[error("its time is more than {MAX_SKEW_MS} ms from the present one")]
    Clock,
}

impl Ask {
    /// Verifies that the key asks for exactly this; `time` of what is expected is the present one.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn verify(&self, text: &str, key: &PublicKey) -> Result<(), AskError> {
        let jws = Jws::parse(text, TYP)?;
        jws.verify(key)?;
        let asked: Self = serde_json::from_slice(&jws.payload).map_err(|_| AskError::Form)?;
        if asked.time.abs_diff(self.time) > MAX_SKEW_MS {
            return Err(AskError::Clock);
        }
        if (Self { time: self.time, ..asked }) == *self { Ok(()) } else { Err(AskError::Other) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use alloy_primitives::Address;

    use super::*;
    use crate::{Algorithm, Signer};

    // DATA-11, SEARCH-3: what a source asks with is for one submission, of one source, for some minutes, by its key.
    #[test]
    fn a_source_asks_for_one_submission_by_its_own_key() {
        let [own, another] = [1, 2].map(|byte| Signer::from_bytes(Algorithm::EdDsa, &[byte; 32]).unwrap());
        let key = own.public_key();
        let ask = Ask {
            chain_id: 7100,
            source: Address::repeat_byte(1),
            place: 5,
            digest: B256::repeat_byte(2),
            time: 1_000_000,
        };
        let text = |signer: &Signer, ask: &Ask| signer.sign(ask, TYP).unwrap().text().to_owned();
        let asked = text(&own, &ask);
        assert_eq!(ask.verify(&asked, &key), Ok(()));
        for time in [ask.time - MAX_SKEW_MS, ask.time + MAX_SKEW_MS] {
            assert_eq!(Ask { time, ..ask.clone() }.verify(&asked, &key), Ok(()));
        }
        for time in [ask.time - MAX_SKEW_MS - 1, ask.time + MAX_SKEW_MS + 1] {
            assert_eq!(Ask { time, ..ask.clone() }.verify(&asked, &key), Err(AskError::Clock));
        }
        for other in [
            Ask { chain_id: 1, ..ask.clone() },
            Ask { source: Address::ZERO, ..ask.clone() },
            Ask { place: 6, ..ask.clone() },
            Ask { digest: B256::ZERO, ..ask.clone() },
        ] {
            assert_eq!(other.verify(&asked, &key), Err(AskError::Other));
        }
        assert_eq!(ask.verify(&text(&another, &ask), &key), Err(AskError::Jws(JwsError::Signature)));
        // What a source has signed for something else asks for nothing.
        let submitted = own.sign(&ask, crate::submission::TYP).unwrap();
        assert_eq!(ask.verify(submitted.text(), &key), Err(AskError::Jws(JwsError::Type { expected: TYP })));
    }
}
