//! Who lives in the city: public development keys, made once.

use std::sync::OnceLock;

use crate::keys::PersonKeys;

/// The organization that issues degrees.
pub(crate) const OFFICE: &str = "SAMPLE-UNIVERSITY";
/// The organization that inspects.
pub(crate) const INSPECTORS: &str = "SAMPLE-INSPECTION";

const PHRASE: &str = "test test test test test test test test test test test junk";

macro_rules! person {
    ($($(#[$meta:meta])* $name:ident = $index:literal;)*) => {
        $($(#[$meta])*
        pub(crate) fn $name() -> &'static PersonKeys {
            static KEYS: OnceLock<PersonKeys> = OnceLock::new();
            KEYS.get_or_init(|| PersonKeys::from_phrase_at(PHRASE, $index).unwrap())
        })*
    };
}

person! {
    /// Issues degrees for [`OFFICE`].
    office = 3;
    /// A key of no organization, until a test gives it one.
    other_office = 4;
    /// Inspects for [`INSPECTORS`].
    inspector = 7;
    /// Has published keys.
    holder = 20;
    /// Has published nothing and may do nothing.
    stranger = 21;
}
