//! What a proposal has to be before anybody looks at it: within its bounds, with an ABI that reads its arguments.

use alloy::{
    dyn_abi::{DynSolValue, JsonAbiExt as _},
    json_abi::{Constructor, JsonAbi, Param},
};
use alloy_primitives::{B256, Bytes, keccak256};
use chancery_reference_points::{
    DoorResult,
    contract_release::{ContractArtifact, MAX_INIT_CODE_BYTES, MAX_INTERFACE_BYTES},
};

use super::super::organizations::invalid;

/// Longest text of one decoded argument, in characters.
const MAX_ARGUMENT_CHARS: usize = 512;
/// Longest type of an argument, in characters: bounds how deep arrays nest.
const MAX_TYPE_CHARS: usize = 64;
/// Bytes of a word of the ABI.
const WORD_BYTES: usize = 32;
/// Most words of arguments.
const MAX_WORDS: usize = MAX_INIT_CODE_BYTES / WORD_BYTES;
/// Most words that are read from them, in the worst case that a type allows.
const MAX_DECODED_WORDS: usize = 1 << 23;

/// Checks the bounds and reads the arguments: `uint256 first = 7`.
pub(super) fn check(artifact: &ContractArtifact) -> DoorResult<Vec<String>> {
    if artifact.version == 0 {
        return Err(invalid("versions begin with 1"));
    }
    let bytes = artifact.creation_code.len().saturating_add(artifact.arguments.len());
    if artifact.creation_code.is_empty() || bytes > MAX_INIT_CODE_BYTES {
        return Err(invalid(format!(
            "creation code and arguments have {bytes} bytes: give code, and at most {MAX_INIT_CODE_BYTES} bytes (EIP-3860)"
        )));
    }
    decoded(&artifact.interface, &artifact.arguments)
}

/// Creation code and arguments: what a constructor is run from.
pub(super) fn init_code(artifact: &ContractArtifact) -> Bytes {
    [artifact.creation_code.as_ref(), artifact.arguments.as_ref()].concat().into()
}

/// Its hash.
pub(super) fn init_code_hash(artifact: &ContractArtifact) -> B256 {
    keccak256(init_code(artifact))
}

/// The constructor's arguments as the ABI reads them.
pub(super) fn decoded(interface: &str, arguments: &Bytes) -> DoorResult<Vec<String>> {
    if interface.len() > MAX_INTERFACE_BYTES {
        return Err(invalid(format!("the ABI has {} bytes, at most {MAX_INTERFACE_BYTES}", interface.len())));
    }
    let abi: JsonAbi = serde_json::from_str(interface).map_err(|error| invalid(format!("the ABI: {error}")))?;
    let Some(constructor) = abi.constructor else {
        return if arguments.is_empty() {
            Ok(Vec::new())
        } else {
            Err(invalid("the ABI has no constructor, so there are no arguments"))
        };
    };
    check_shape(&constructor)?;
    let values = constructor
        .abi_decode_input(arguments)
        .map_err(|error| invalid(format!("the ABI does not read the arguments: {error}")))?;
    // What follows the values, or stands between them, would be deployed and seen by nobody.
    let canonical = constructor.abi_encode_input_raw(&values).map_err(|error| invalid(error.to_string()))?;
    if canonical != arguments.as_ref() {
        return Err(invalid("the arguments are not encoded as the ABI encodes them"));
    }
    Ok(constructor.inputs.iter().zip(&values).map(|(input, value)| line(input, value)).collect())
}

/// What is shown of arguments that the ABI does not read; all their bytes stand beside.
pub(super) fn unread(arguments: &Bytes, why: &str) -> String {
    let shown = alloy_primitives::hex::encode_prefixed(arguments).chars().take(MAX_ARGUMENT_CHARS).collect::<String>();
    let why = why.chars().take(MAX_ARGUMENT_CHARS).collect::<String>();
    format!("not read ({why}): {shown}")
}

/// A type says how much memory is taken to read it: no more than its arguments could fill, and a bounded multiple of it where values may share their words.
fn check_shape(constructor: &Constructor) -> DoorResult<()> {
    let size = constructor.inputs.iter().try_fold(Words::NONE, |sum, input| sum.and(words(input)?));
    match size {
        Some(size) if size.least <= MAX_WORDS && size.most <= MAX_DECODED_WORDS => Ok(()),
        _ => Err(invalid("the constructor takes more than creation code may carry (EIP-3860)")),
    }
}

/// Words that a value takes.
#[derive(Clone, Copy)]
struct Words {
    /// An array without bound counted as one value.
    least: usize,
    /// Every array without bound as long as the arguments: offsets may point to the same words, so each level multiplies.
    most: usize,
}

impl Words {
    const NONE: Self = Self { least: 0, most: 0 };

    fn and(self, other: Self) -> Option<Self> {
        Some(Self { least: self.least.checked_add(other.least)?, most: self.most.checked_add(other.most)? })
    }

    fn times(self, least: usize, most: usize) -> Option<Self> {
        Some(Self { least: self.least.checked_mul(least)?, most: self.most.checked_mul(most)? })
    }
}

/// Words that a value takes. `None`: too many, too deep, or of a type that takes none.
fn words(input: &Param) -> Option<Words> {
    if input.ty.len() > MAX_TYPE_CHARS {
        return None;
    }
    let (base, dimensions) = input.ty.split_once('[').map_or((input.ty.as_str(), ""), |(base, rest)| (base, rest));
    let mut size = match base {
        "tuple" => input.components.iter().try_fold(Words::NONE, |sum, component| sum.and(words(component)?))?,
        "bytes" | "string" => Words { least: 1, most: MAX_WORDS },
        _ => Words { least: 1, most: 1 },
    };
    for dimension in dimensions.split('[').filter(|dimension| !dimension.is_empty()) {
        size = match dimension.trim_end_matches(']') {
            "" => size.times(1, MAX_WORDS)?,
            digits => {
                let length = digits.parse::<usize>().ok().filter(|length| *length > 0)?;
                size.times(length, length)?
            }
        };
    }
    (size.least > 0).then_some(size)
}

fn line(input: &Param, value: &DynSolValue) -> String {
    let value: String = text(value).chars().take(MAX_ARGUMENT_CHARS).collect();
    if input.name.is_empty() {
        format!("{} = {value}", input.ty)
    } else {
        format!("{} {} = {value}", input.ty, input.name)
    }
}

fn text(value: &DynSolValue) -> String {
    match value {
        DynSolValue::Address(address) => address.to_string(),
        DynSolValue::Bool(flag) => flag.to_string(),
        DynSolValue::Uint(number, _) => number.to_string(),
        DynSolValue::Int(number, _) => number.to_string(),
        DynSolValue::FixedBytes(word, bytes) => {
            alloy_primitives::hex::encode_prefixed(word.get(..*bytes).unwrap_or_default())
        }
        DynSolValue::Bytes(bytes) => alloy_primitives::hex::encode_prefixed(bytes),
        DynSolValue::String(text) => format!("{text:?}"),
        DynSolValue::Array(values) | DynSolValue::FixedArray(values) => {
            format!("[{}]", values.iter().map(self::text).collect::<Vec<_>>().join(", "))
        }
        DynSolValue::Tuple(values) => format!("({})", values.iter().map(self::text).collect::<Vec<_>>().join(", ")),
        other => format!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use alloy_primitives::U256;
    use serde_json::json;

    use super::*;

    fn interface(inputs: &serde_json::Value) -> String {
        json!([{ "type": "constructor", "stateMutability": "nonpayable", "inputs": inputs }]).to_string()
    }

    fn first() -> String {
        interface(&json!([{ "name": "first", "type": "uint256" }]))
    }

    // S-SVC, M-CON-4
    #[test]
    fn arguments_are_read_by_the_abi_or_refused() {
        let seven = Bytes::from(U256::from(7).to_be_bytes::<32>());
        assert_eq!(decoded(&first(), &seven).unwrap(), ["uint256 first = 7"]);
        let longer = Bytes::from([seven.as_ref(), &[0; 32]].concat());
        for (interface, arguments) in
            [(first(), Bytes::new()), (first(), longer), ("[]".to_owned(), seven), ("{".to_owned(), Bytes::new())]
        {
            decoded(&interface, &arguments).unwrap_err();
        }
        assert!(decoded("[]", &Bytes::new()).unwrap().is_empty());
    }

    // Bad input: what takes more memory to read than it has bytes.
    #[test]
    fn types_that_ask_for_memory_are_refused_before_anything_is_read() {
        let tuple =
            json!([{ "name": "a", "type": "tuple[40][40]", "components": [{ "name": "b", "type": "uint8[2]" }] }]);
        let deep = json!([{ "name": "a", "type": format!("uint8{}", "[]".repeat(1000)) }]);
        let wide = json!([{ "name": "a", "type": "uint8[4000000000]" }]);
        // Arrays of nothing are no types for whoever reads the ABI.
        let none = json!([{ "name": "a", "type": "uint8[0][]" }]);
        decoded(&interface(&none), &Bytes::from(vec![0; 64])).unwrap_err();
        // Offsets that point to the same words: each level is as long as all arguments together.
        let shared = json!([{ "name": "a", "type": "uint8[][][]" }]);
        let texts = json!([{ "name": "a", "type": "bytes[][]" }]);
        let pairs = json!([{ "name": "a", "type": "tuple[][]", "components": [
            { "name": "b", "type": "uint8[]" }, { "name": "c", "type": "string" }] }]);
        let empty = json!([{ "name": "a", "type": "tuple[]", "components": [] }]);
        for inputs in [tuple, deep, wide, shared, texts, pairs, empty] {
            let error = decoded(&interface(&inputs), &Bytes::from(vec![0; 64])).unwrap_err();
            assert!(error.detail().contains("EIP-3860"), "{error:?}");
        }
        // What contracts take is read.
        for inputs in [
            json!([{ "name": "a", "type": "uint256[][]" }]),
            json!([{ "name": "a", "type": "string[]" }, { "name": "b", "type": "bytes" }]),
            json!([{ "name": "a", "type": "tuple[]", "components": [
                { "name": "b", "type": "string" }, { "name": "c", "type": "address" }] }]),
        ] {
            let abi: JsonAbi = serde_json::from_str(&interface(&inputs)).unwrap();
            check_shape(&abi.constructor.unwrap()).unwrap();
        }
        // An array that has its words.
        let two = json!([{ "name": "a", "type": "uint8[2]" }]);
        assert_eq!(decoded(&interface(&two), &Bytes::from(vec![0; 64])).unwrap(), ["uint8[2] a = [0, 0]"]);
    }

    #[test]
    fn code_is_bounded_with_its_arguments() {
        let mut artifact = ContractArtifact {
            chain: chancery_reference_points::operation::ChainName("main".to_owned()),
            name: "counter".parse().unwrap(),
            version: 1,
            creation_code: vec![0; MAX_INIT_CODE_BYTES].into(),
            arguments: Bytes::new(),
            interface: "[]".to_owned(),
            source_hash: alloy_primitives::B256::ZERO,
            salt: alloy_primitives::B256::ZERO,
        };
        assert!(check(&artifact).unwrap().is_empty());
        artifact.arguments = vec![0].into();
        assert!(check(&artifact).unwrap_err().detail().contains("EIP-3860"));
        artifact.version = 0;
        check(&artifact).unwrap_err();
    }
}
