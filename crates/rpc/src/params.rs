//! The positional parameters of a call, read with messages that name the parameter.

use jsonrpsee::core::JsonRawValue;
use serde::de::DeserializeOwned;

use crate::error::RpcError;

/// Parameters beyond this many are refused before they are looked at; no method has as many.
const MAX_ARGUMENTS: usize = 8;

/// The parameters of one call: a JSON array, each element still unread.
pub(crate) struct Args<'a> {
    values: Vec<&'a JsonRawValue>,
}

impl<'a> Args<'a> {
    /// Splits `params` (absent means none) into at most `most` parameters.
    pub(crate) fn parse(params: Option<&'a str>, most: usize) -> Result<Self, RpcError> {
        let values: Vec<&JsonRawValue> = match params.map(str::trim) {
            None | Some("null") => Vec::new(),
            Some(text) => serde_json::from_str(text)
                .map_err(|_| RpcError::invalid_params("non-array args: parameters must be a JSON array"))?,
        };
        if values.len() > most.min(MAX_ARGUMENTS) {
            return Err(RpcError::invalid_params(format!("too many arguments, want at most {most}")));
        }
        Ok(Self { values })
    }

    /// The parameter at `index`, which must be present and not null.
    pub(crate) fn required<T: DeserializeOwned>(&self, index: usize, name: &str) -> Result<T, RpcError> {
        self.optional(index, name)?
            .ok_or_else(|| RpcError::invalid_params(format!("missing value for required argument {index} ({name})")))
    }

    /// A hash, address or data at `index`, which must be present, not null, and begin with `0x`: without it, it may be meant as decimal digits.
    pub(crate) fn hex<T: DeserializeOwned>(&self, index: usize, name: &str) -> Result<T, RpcError> {
        match self.values.get(index).map(|raw| raw.get()) {
            Some(text) if text.starts_with('"') && !text.starts_with("\"0x") => Err(RpcError::invalid_params(format!(
                "invalid argument {index} ({name}): hex string without 0x prefix"
            ))),
            _ => self.required(index, name),
        }
    }

    /// The parameter at `index`; absent and null are `None`.
    pub(crate) fn optional<T: DeserializeOwned>(&self, index: usize, name: &str) -> Result<Option<T>, RpcError> {
        match self.values.get(index) {
            None => Ok(None),
            Some(raw) => serde_json::from_str(raw.get())
                .map_err(|error| RpcError::invalid_params(format!("invalid argument {index} ({name}): {error}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn reads_required_and_optional_parameters() {
        let args = Args::parse(Some(r#"["a", null, 3]"#), 4).unwrap();
        assert_eq!(args.required::<String>(0, "text").unwrap(), "a");
        assert_eq!(args.optional::<u8>(1, "number").unwrap(), None);
        assert_eq!(args.optional::<u8>(2, "number").unwrap(), Some(3));
        assert_eq!(args.optional::<u8>(3, "number").unwrap(), None);
    }

    #[test]
    fn refuses_missing_wrong_and_surplus_parameters() {
        let args = Args::parse(Some(r#"["a"]"#), 2).unwrap();
        let missing = args.required::<String>(1, "block").unwrap_err().to_string();
        assert!(missing.contains("missing value for required argument 1 (block)"), "{missing}");
        let wrong = args.required::<u8>(0, "count").unwrap_err().to_string();
        assert!(wrong.contains("invalid argument 0 (count)"), "{wrong}");
        let bare = Args::parse(Some(r#"["00ff", "0x00ff"]"#), 2).unwrap();
        let text = bare.hex::<alloy_primitives::Bytes>(0, "data").unwrap_err().to_string();
        assert!(text.contains("without 0x prefix"), "{text}");
        assert_eq!(bare.hex::<alloy_primitives::Bytes>(1, "data").unwrap().len(), 2);
        assert!(Args::parse(Some("[1,2,3]"), 2).is_err());
        assert!(Args::parse(Some(r#"{"to": 1}"#), 2).is_err());
        assert!(Args::parse(None, 0).is_ok());
    }
}
