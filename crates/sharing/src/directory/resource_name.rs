//! Names of resources: what the contract has as `bytes32`.

use std::{fmt, str::FromStr};

use alloy_primitives::B256;
use serde::{Deserialize, Serialize};

use crate::name::ObjectName;

/// Give a name of the documented form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the name of a resource has 1 to 32 characters of a-z, 0-9, '.', '_' and '-', begins with a letter or digit and has no '..'"
)]
pub struct ResourceNameError;

/// A name of 1 to 32 characters, one segment of an [`ObjectName`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ResourceName(ObjectName);

impl ResourceName {
    /// The name as the contract has it: its characters, and zeros up to 32 bytes.
    #[must_use]
    pub fn to_bytes32(&self) -> B256 {
        B256::right_padding_from(self.0.as_str().as_bytes())
    }

    /// The name in a word of the contract.
    ///
    /// # Errors
    /// [`ResourceNameError`]: somebody registered what is no name here.
    pub fn from_bytes32(word: B256) -> Result<Self, ResourceNameError> {
        let end = word.iter().position(|byte| *byte == 0).unwrap_or(word.len());
        let name: Self = std::str::from_utf8(&word[..end]).map_err(|_| ResourceNameError)?.parse()?;
        if name.to_bytes32() == word { Ok(name) } else { Err(ResourceNameError) }
    }

    /// The folder of its files in a store.
    #[must_use]
    pub const fn object(&self) -> &ObjectName {
        &self.0
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for ResourceName {
    type Err = ResourceNameError;

    fn from_str(text: &str) -> Result<Self, ResourceNameError> {
        if text.len() > B256::len_bytes() || text.contains('/') {
            return Err(ResourceNameError);
        }
        text.parse().map(Self).map_err(|_| ResourceNameError)
    }
}

impl TryFrom<String> for ResourceName {
    type Error = ResourceNameError;

    fn try_from(text: String) -> Result<Self, ResourceNameError> {
        text.parse()
    }
}

impl From<ResourceName> for String {
    fn from(name: ResourceName) -> Self {
        name.0.into()
    }
}

impl fmt::Display for ResourceName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_name_is_the_same_on_both_sides_of_a_word() {
        let name: ResourceName = "weather-daily.2012".parse().unwrap();
        assert_eq!(ResourceName::from_bytes32(name.to_bytes32()), Ok(name));
        for wrong in ["", "a/b", "..", "A", "a b", &"a".repeat(33)] {
            assert_eq!(wrong.parse::<ResourceName>(), Err(ResourceNameError), "{wrong:?}");
        }
        let mut hidden = B256::ZERO;
        hidden[0] = b'a';
        hidden[2] = b'b';
        assert_eq!(ResourceName::from_bytes32(hidden), Err(ResourceNameError), "nothing stands after the end");
    }
}
