//! One person, one identity: tags that are equal for equal persons and tell nothing to whoever lacks the key (C-ID).
//!
//! A tag is HMAC-SHA256 under a key that lives outside of the database. So neither the database nor a copy of it lets anybody test
//! whether a person is registered. No tag ever goes to a chain.
//!
//! Two registrations are of one person when their document numbers (with the country) are the same; or when name, unit, city and country are the same and not
//! both have document numbers. So who moves is recognised by the document, and two who share a name are told apart by it.

use crate::{
    key_ring::KeyRing,
    person::{Person, PersonError, normal_text},
};

/// The tags of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PersonTags {
    /// Over name, unit, city and country.
    pub(crate) name: [u8; 32],
    /// Over country and document number.
    pub(crate) document: Option<[u8; 32]>,
}

impl KeyRing {
    pub(crate) fn person_tags(&self, person: &Person) -> Result<PersonTags, PersonError> {
        let normal = person.normal()?;
        let parts = [&normal.name, &normal.unit, &normal.city, &normal.country].map(|part| part.as_bytes());
        let document = normal
            .document_number
            .as_ref()
            .map(|number| self.tag("person document", &[normal.country.as_bytes(), number.as_bytes()]));
        Ok(PersonTags { name: self.tag("person name", &parts), document })
    }

    pub(crate) fn account_tag(&self, account: &str) -> [u8; 32] {
        self.tag("account", &[normal_text(account).as_bytes()])
    }

    /// What a database keeps to recognise its key ring.
    pub(crate) fn check_value(&self) -> [u8; 32] {
        self.tag("check", &[])
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn person(name: &str, number: Option<&str>) -> Person {
        Person {
            name: name.into(),
            unit: "U".into(),
            city: "C".into(),
            country: "CN".into(),
            document_number: number.map(Into::into),
            birth_date: None,
        }
    }

    #[test]
    fn tags_are_equal_for_one_person_and_differ_between_keys() {
        let (ring, other) = (KeyRing::random().unwrap(), KeyRing::random().unwrap());
        let tags = ring.person_tags(&person("Wang Wei", Some("1-2"))).unwrap();
        assert_eq!(tags, ring.person_tags(&person("wang  WEI", Some("12"))).unwrap());
        assert_ne!(tags, other.person_tags(&person("Wang Wei", Some("12"))).unwrap());
        assert_eq!(ring.person_tags(&person("Li Na", Some("12"))).unwrap().document, tags.document);
        assert_ne!(ring.person_tags(&person("Li Na", Some("12"))).unwrap().name, tags.name);
    }
}
