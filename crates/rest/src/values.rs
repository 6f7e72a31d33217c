//! Values as they stand in JSON: addresses, hashes, byte strings and times.

use std::{fmt, str::FromStr};

use alloy_primitives::{Address, B256, Bytes, hex};
use jiff::Timestamp as Instant;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::Type},
};

/// How a decoding error begins when an address is wrong, so that the gateway can give it its own problem code.
pub const MALFORMED_ADDRESS: &str = "malformed address: ";

/// Why a text is not an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not `0x` and 40 hexadecimal digits.
    #[error("{MALFORMED_ADDRESS}write 0x and 40 hexadecimal digits")]
    Shape,
    /// Mixed case, and the case is not the checksum of EIP-55.
    #[error("{MALFORMED_ADDRESS}the capitals are not the EIP-55 checksum; a digit may be mistyped")]
    Checksum,
}

/// An address, written with its EIP-55 checksum; read in one case, or in mixed case with a right checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HexAddress(pub Address);

impl FromStr for HexAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix("0x").ok_or(AddressError::Shape)?;
        if digits.len() != 40 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(AddressError::Shape);
        }
        let address = Address::from_str(text).map_err(|_| AddressError::Shape)?;
        let mixed = digits.bytes().any(|b| b.is_ascii_uppercase()) && digits.bytes().any(|b| b.is_ascii_lowercase());
        if mixed && address.to_checksum(None) != text {
            return Err(AddressError::Checksum);
        }
        Ok(Self(address))
    }
}

impl fmt::Display for HexAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_checksum(None))
    }
}

/// 32 bytes as `0x` and 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HexHash(pub B256);

/// Why a text is not a hash or a byte string.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HexError {
    /// Not 32 bytes of hex.
    #[error("write 0x and 64 hexadecimal digits")]
    Hash,
    /// Not hex of whole bytes.
    #[error("write 0x and an even number of hexadecimal digits")]
    Bytes,
}

impl FromStr for HexHash {
    type Err = HexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix("0x").ok_or(HexError::Hash)?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| HexError::Hash)?;
        if digits.starts_with("0x") { Err(HexError::Hash) } else { Ok(Self(B256::from(bytes))) }
    }
}

impl fmt::Display for HexHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Bytes as `0x` and two hexadecimal digits a byte.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HexBytes(pub Bytes);

impl FromStr for HexBytes {
    type Err = HexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix("0x").ok_or(HexError::Bytes)?;
        if digits.starts_with("0x") {
            return Err(HexError::Bytes);
        }
        hex::decode(digits).map(|bytes| Self(bytes.into())).map_err(|_| HexError::Bytes)
    }
}

impl fmt::Display for HexBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A moment, RFC 3339 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub Instant);

impl Timestamp {
    /// From Unix seconds. What lies outside the years that RFC 3339 can write becomes the nearest moment that it can.
    #[must_use]
    pub fn from_unix_seconds(seconds: u64) -> Self {
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        Self(Instant::from_second(seconds).unwrap_or(Instant::MAX))
    }

    /// From Unix milliseconds, likewise.
    #[must_use]
    pub fn from_unix_milliseconds(milliseconds: u64) -> Self {
        let milliseconds = i64::try_from(milliseconds).unwrap_or(i64::MAX);
        Self(Instant::from_millisecond(milliseconds).unwrap_or(Instant::MAX))
    }

    /// Unix seconds; moments before 1970 count as 1970.
    #[must_use]
    pub fn unix_seconds(self) -> u64 {
        u64::try_from(self.0.as_second()).unwrap_or(0)
    }

    /// Unix milliseconds; moments before 1970 count as 1970.
    #[must_use]
    pub fn unix_milliseconds(self) -> u64 {
        u64::try_from(self.0.as_millisecond()).unwrap_or(0)
    }
}

/// Why a text is not a time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write a time as RFC 3339, for instance 2026-11-21T03:00:00Z")]
pub struct TimeError;

impl FromStr for Timestamp {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // RFC 3339 and no more: the parser knows longer forms (zone names, calendars) that others would read differently.
        let plain = text.len() <= 35 && text.bytes().all(|b| b.is_ascii_digit() || b"TZtz:.+-".contains(&b));
        if !plain || text.as_bytes().get(10).is_none_or(|b| !b.eq_ignore_ascii_case(&b'T')) {
            return Err(TimeError);
        }
        text.parse().map(Self).map_err(|_| TimeError)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

macro_rules! as_text {
    ($type:ident, $schema:literal, $description:literal, $example:literal, $(pattern = $pattern:literal)? $(format = $format:literal)?) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }

        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                let object = ObjectBuilder::new().schema_type(Type::String).description(Some($description)).examples([$example]);
                $(let object = object.pattern(Some($pattern));)?
                $(let object = object.format(Some(utoipa::openapi::SchemaFormat::Custom($format.to_owned())));)?
                object.into()
            }
        }

        impl ToSchema for $type {
            fn name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed($schema)
            }
        }
    };
}

as_text!(
    HexAddress,
    "Address",
    "An Ethereum address; in mixed case it carries its EIP-55 checksum.",
    "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
    pattern = "^0x[0-9a-fA-F]{40}$"
);
as_text!(
    HexHash,
    "Hash",
    "32 bytes, hexadecimal.",
    "0x8f2a559490d1c1c5b1b5f5c3a3f5a6a1d0b5f7a0e5b0c7b6d2f6f1c0a9b8c7d6",
    pattern = "^0x[0-9a-fA-F]{64}$"
);
as_text!(HexBytes, "HexBytes", "Bytes, two hexadecimal digits each.", "0x04a1b2", pattern = "^0x([0-9a-fA-F]{2})*$");
as_text!(Timestamp, "Time", "RFC 3339, UTC.", "2026-11-21T03:00:00Z", format = "date-time");

impl From<Address> for HexAddress {
    fn from(value: Address) -> Self {
        Self(value)
    }
}

impl From<B256> for HexHash {
    fn from(value: B256) -> Self {
        Self(value)
    }
}

impl From<Bytes> for HexBytes {
    fn from(value: Bytes) -> Self {
        Self(value)
    }
}

#[cfg(test)]
mod tests;
