//! What a compiler wrote: ABI and creation code; and arguments as its constructor takes them.

use std::path::Path;

use alloy::{
    dyn_abi::{JsonAbiExt as _, Specifier as _},
    json_abi::JsonAbi,
};
use alloy_primitives::Bytes;
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::commands::read_bounded;

/// Largest file of a compiler that is read, in bytes: with syntax trees and metadata they are long.
const MAX_ARTIFACT_BYTES: u64 = 32 * 1024 * 1024;

/// A compiled contract.
pub(super) struct Compiled {
    /// What makes it, without arguments.
    pub(super) creation_code: Bytes,
    /// Its ABI.
    pub(super) interface: String,
}

/// Reads `abi`, and `bytecode`: a string (Hardhat), or an object with `object` (Foundry; solc's standard JSON has it under `evm`).
pub(super) fn read(path: &Path) -> Result<Compiled> {
    let bytes = read_bounded(path, MAX_ARTIFACT_BYTES)?;
    let file: Value = serde_json::from_slice(&bytes).with_context(|| format!("{} is no JSON", path.display()))?;
    let interface = file.get("abi").filter(|abi| abi.is_array());
    let interface = interface.with_context(|| format!("{} has no `abi`", path.display()))?.to_string();
    let bytecode = file.get("bytecode").or_else(|| file.pointer("/evm/bytecode"));
    let code = bytecode.and_then(|code| code.as_str().or_else(|| code.get("object")?.as_str()));
    let code = code.with_context(|| format!("{} has no `bytecode`: is it an interface?", path.display()))?;
    let creation_code = code.parse::<Bytes>().ok().filter(|code| !code.is_empty()).with_context(|| {
        format!(
            "the bytecode in {} is no code: link its libraries, or name a contract that can be made",
            path.display()
        )
    })?;
    Ok(Compiled { creation_code, interface })
}

/// The arguments as the ABI encodes them.
pub(super) fn encoded(interface: &str, values: &[String]) -> Result<Bytes> {
    let abi: JsonAbi = serde_json::from_str(interface).context("the ABI cannot be read")?;
    let Some(constructor) = abi.constructor else {
        ensure!(values.is_empty(), "its constructor takes no arguments");
        return Ok(Bytes::new());
    };
    let inputs = &constructor.inputs;
    if inputs.len() != values.len() {
        let wanted: Vec<String> = inputs.iter().map(|input| format!("{} {}", input.ty, input.name)).collect();
        bail!("its constructor takes {}: give --argument for each", wanted.join(", "));
    }
    let values = inputs
        .iter()
        .zip(values)
        .map(|(input, value)| {
            let place = || format!("{value:?} is no {} (argument {})", input.ty, input.name);
            input.resolve().with_context(place)?.coerce_str(value).with_context(place)
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(constructor.abi_encode_input(&values)?.into())
}

/// Arguments as the ABI reads them.
pub(super) fn decoded(interface: &str, arguments: &Bytes) -> Result<Vec<String>> {
    let abi: JsonAbi = serde_json::from_str(interface).context("the ABI cannot be read")?;
    let Some(constructor) = abi.constructor else {
        ensure!(arguments.is_empty(), "its constructor takes no arguments, and {arguments} was proposed");
        return Ok(Vec::new());
    };
    let values = constructor.abi_decode_input(arguments).context("the ABI does not read the arguments")?;
    ensure!(
        constructor.abi_encode_input_raw(&values)? == arguments.as_ref(),
        "the arguments are not encoded as the ABI encodes them"
    );
    let inputs = constructor.inputs.iter().zip(&values);
    Ok(inputs.map(|(input, value)| format!("{} {} = {value:?}", input.ty, input.name)).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    fn written(file: &Value) -> Result<Compiled> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("artifact.json");
        std::fs::write(&path, file.to_string()).unwrap();
        read(&path)
    }

    // S-SVC
    #[test]
    fn what_compilers_write_is_read() {
        for code in [
            json!({"bytecode": "0x6000"}),
            json!({"bytecode": {"object": "0x6000"}}),
            json!({"evm": {"bytecode": {"object": "6000"}}}),
        ] {
            let mut file = code;
            file["abi"] = json!([]);
            let compiled = written(&file).unwrap();
            assert_eq!((compiled.creation_code.as_ref(), compiled.interface.as_str()), (&[0x60, 0x00][..], "[]"));
        }
        for file in [
            json!({"abi": []}),
            json!({"bytecode": "0x6000"}),
            json!({"abi": [], "bytecode": "0x60__$lib$__"}),
            json!({"abi": [], "bytecode": "0x"}),
        ] {
            assert!(written(&file).is_err(), "{file}");
        }
    }

    #[test]
    fn arguments_are_encoded_as_the_abi_says_or_the_wrong_one_is_named() {
        let interface = json!([{"type": "constructor", "stateMutability": "nonpayable",
            "inputs": [{"name": "first", "type": "uint8"}, {"name": "who", "type": "address"}]}])
        .to_string();
        let who = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266".to_owned();
        let encoded_arguments = encoded(&interface, &["7".to_owned(), who.clone()]).unwrap();
        assert_eq!((encoded_arguments.len(), encoded_arguments[31]), (64, 7));
        let lines = decoded(&interface, &encoded_arguments).unwrap();
        assert!(lines[0].starts_with("uint8 first = ") && lines[0].contains('7'), "{lines:?}");
        decoded("[]", &encoded_arguments).unwrap_err();
        decoded(&interface, &[encoded_arguments.as_ref(), &[0; 32]].concat().into()).unwrap_err();
        let named = format!("{:#}", encoded(&interface, &["300".to_owned(), who]).unwrap_err());
        assert!(named.contains("argument first"), "{named}");
        let missing = encoded(&interface, &[]).unwrap_err().to_string();
        assert!(missing.contains("uint8 first, address who"), "{missing}");
        assert!(encoded("[]", &["7".to_owned()]).is_err());
    }
}
