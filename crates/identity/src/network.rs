//! One person, one identity, over several identity databases (C-ID, decision 0047): the port through which an office asks whether a person is another
//! office's. Whoever is behind it learns keyed tags at most; how they are made is the adapter's (`chancery-persons`).

use std::{fmt, str::FromStr};

use async_trait::async_trait;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::{
    error::IdentityError,
    person::{Person, PersonError},
};

/// What a person is in the network: 16 random bytes, which tell nothing of the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NetworkIdentity(pub [u8; crate::ID_BYTES]);

impl fmt::Display for NetworkIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl FromStr for NetworkIdentity {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; crate::ID_BYTES];
        hex::decode_to_slice(text, &mut bytes)
            .map_err(|_| IdentityError::Malformed { what: "the identity of a person in the network" })?;
        Ok(Self(bytes))
    }
}

/// By what a person is recognised, as inputs of the keyed function, 32 bytes each. They can be guessed: they are for the keyed function alone, and leave the
/// office blinded only.
pub struct PersonInputs {
    /// Of name, unit, city and country.
    pub name: Zeroizing<[u8; 32]>,
    /// Of country and document number.
    pub document: Option<Zeroizing<[u8; 32]>>,
}

impl fmt::Debug for PersonInputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonInputs(..)")
    }
}

impl Person {
    /// The inputs of this person, equal for all spellings that one database takes for the same person too.
    ///
    /// # Errors
    /// [`PersonError`], when it is no person.
    pub fn network_inputs(&self) -> Result<PersonInputs, PersonError> {
        let normal = self.normal()?;
        let number = normal.document_number.as_ref();
        Ok(PersonInputs {
            name: input("person name", &[&normal.name, &normal.unit, &normal.city, &normal.country]),
            document: number.map(|number| input("person document", &[&normal.country, number])),
        })
    }
}

/// SHA-256 over the purpose and length-prefixed parts.
fn input(purpose: &str, parts: &[&str]) -> Zeroizing<[u8; 32]> {
    let mut hash = Sha256::new();
    for part in [&["chancery network v1", purpose][..], parts].concat() {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    Zeroizing::new(hash.finalize().into())
}

/// What the network says of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reservation {
    /// The person is this office's: for some time, or for good if it is kept.
    Held(NetworkIdentity),
    /// The person is another office's.
    HeldElsewhere,
}

/// What the network is asked about a person for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Somebody registers, and waits at a counter.
    Registration,
    /// Somebody was confirmed before, and is enrolled.
    Enrolment,
}

/// Why the network has no answer. Nothing is known of the person then, and nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// Somebody whose answer is needed does not give it now: again later.
    #[error("the network of identity databases does not answer: {0}")]
    Unreachable(String),
    /// Somebody answers what cannot be right, or refuses this office: to be set right by operators.
    #[error("the network of identity databases cannot be used: {0}")]
    Unusable(String),
}

/// The network of identity databases, as one office sees it.
#[async_trait]
pub trait PersonNetwork: Send + Sync {
    /// Makes a person this office's for some time, unless it is another's. The same person again is the same answer.
    ///
    /// # Errors
    /// [`NetworkError`].
    async fn reserve(&self, person: &PersonInputs) -> Result<Reservation, NetworkError>;

    /// The same for a person whom nobody waits for: it takes no more than a half of what the office may ask on a day, and leaves the rest to those who register.
    ///
    /// # Errors
    /// [`NetworkError`].
    async fn enrol(&self, person: &PersonInputs) -> Result<Reservation, NetworkError>;

    /// Makes what is reserved this office's for good; `false` if it is no longer reserved.
    ///
    /// # Errors
    /// [`NetworkError`].
    async fn keep(&self, identity: NetworkIdentity) -> Result<bool, NetworkError>;

    /// Gives up a person.
    ///
    /// # Errors
    /// [`NetworkError`].
    async fn release(&self, identity: NetworkIdentity) -> Result<(), NetworkError>;
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn person(name: &str, number: &str) -> Person {
        Person {
            name: name.into(),
            unit: "U".into(),
            city: "C".into(),
            country: "CN".into(),
            document_number: Some(number.into()),
            birth_date: None,
        }
    }

    // C-ID: every office makes the same inputs, or one person would be two.
    #[test]
    fn inputs_are_equal_for_one_person_and_pinned() {
        let inputs = person("Wang Wei", "1-2").network_inputs().unwrap();
        let again = person("wang  WEI", "12").network_inputs().unwrap();
        assert_eq!((&inputs.name, &inputs.document), (&again.name, &again.document));
        assert_ne!(person("Li Na", "12").network_inputs().unwrap().name, inputs.name);
        assert_eq!(person("Li Na", "12").network_inputs().unwrap().document, inputs.document);
        let of = |input: &[u8; 32]| hex::encode(input);
        assert_eq!(of(&inputs.name), "5b5666c415adea8c8c0405beb54548d181638f321ec62300a477ab446298c86b");
        assert_eq!(of(&inputs.document.unwrap()), "d6722a2703f7f07a5a49737857afc16bed98227b49555970987db344744cfbf7");
        assert_eq!(format!("{again:?}"), "PersonInputs(..)");
    }
}
