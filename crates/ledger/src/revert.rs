//! Why a contract refused, in its own terms: Solidity custom errors by selector, `Error(string)` and `Panic(uint256)`.

use std::{collections::HashMap, fmt};

use alloy::{
    dyn_abi::{DynSolValue, JsonAbiExt},
    json_abi::{Error as ErrorAbi, JsonAbi},
    rpc::json_rpc::ErrorPayload,
    sol_types::{Panic, Revert, SolError},
};
use alloy_primitives::{Bytes, Selector};
use chancery_contracts::{
    AccessRuleRegistry, Alliance, Anchor, AnchorFactory, CertificateRegistry, ChangeApprovals,
    ConditionalCertificateRegistry, ContractFactory, ContractReleases, DataBlockRegistry, DataFormatRegistry,
    DigitalAsset, EthereumDIDRegistry, GenesisAccessManager, HeldCertificates, OrganizationRegistry,
    RequirementRegistry, ResourceDirectory, RuleNode, StoreNode, TrustRegistry,
};

use crate::connection::bounded;

/// What a contract said when it refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevertReason {
    /// Name of the custom error; `Error` with a text, `Panic` with a code, or `Unknown`.
    pub name: String,
    /// Parameters by name, values as text.
    pub arguments: Vec<(String, String)>,
    /// The revert data as they came.
    pub data: Bytes,
}

impl RevertReason {
    /// The value of a parameter.
    #[must_use]
    pub fn argument(&self, name: &str) -> Option<&str> {
        self.arguments.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Display for RevertReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        f.write_str("(")?;
        for (position, (name, value)) in self.arguments.iter().enumerate() {
            let separator = if position == 0 { "" } else { ", " };
            write!(f, "{separator}{name}: {value}")?;
        }
        f.write_str(")")
    }
}

/// The custom errors that are known by name.
#[derive(Clone, Debug, Default)]
pub struct RevertReasons {
    errors: HashMap<Selector, ErrorAbi>,
}

impl RevertReasons {
    /// The errors of the platform's own contracts.
    #[must_use]
    pub fn of_our_contracts() -> Self {
        [
            GenesisAccessManager::abi::errors(),
            OrganizationRegistry::abi::errors(),
            EthereumDIDRegistry::abi::errors(),
            DataFormatRegistry::abi::errors(),
            DataBlockRegistry::abi::errors(),
            CertificateRegistry::abi::errors(),
            Anchor::abi::errors(),
            AnchorFactory::abi::errors(),
            RequirementRegistry::abi::errors(),
            Alliance::abi::errors(),
            StoreNode::abi::errors(),
            RuleNode::abi::errors(),
            TrustRegistry::abi::errors(),
            HeldCertificates::abi::errors(),
            ConditionalCertificateRegistry::abi::errors(),
            DigitalAsset::abi::errors(),
            ResourceDirectory::abi::errors(),
            ContractReleases::abi::errors(),
            ContractFactory::abi::errors(),
            AccessRuleRegistry::abi::errors(),
            ChangeApprovals::abi::errors(),
        ]
        .into_iter()
        .flat_map(|errors| errors.into_values().flatten())
        .fold(Self::default(), |mut reasons, error| {
            reasons.errors.insert(error.selector(), error);
            reasons
        })
    }

    /// Adds the errors of another contract.
    #[must_use]
    pub fn with_abi(mut self, abi: &JsonAbi) -> Self {
        self.errors.extend(abi.errors().map(|error| (error.selector(), error.clone())));
        self
    }

    /// Reads revert data. Data of an unknown contract are `Unknown`, never an error.
    #[must_use]
    pub fn decode(&self, data: &Bytes) -> RevertReason {
        let (name, arguments) =
            self.custom(data).or_else(|| standard(data)).unwrap_or_else(|| ("Unknown".to_owned(), Vec::new()));
        RevertReason { name, arguments, data: data.clone() }
    }

    /// The reason in a node's error, if it is a revert.
    pub(crate) fn read(&self, payload: &ErrorPayload) -> Option<RevertReason> {
        if let Some(data) = payload.as_revert_data() {
            return Some(self.decode(&data));
        }
        // Code 3 is "execution reverted" (geth and its followers); without data there is only the text.
        let reverted = payload.code == EXECUTION_REVERTED || payload.message.contains("execution reverted");
        reverted.then(|| RevertReason {
            name: "Unknown".to_owned(),
            arguments: vec![("message".to_owned(), bounded(&payload.message))],
            data: Bytes::new(),
        })
    }

    fn custom(&self, data: &Bytes) -> Option<(String, Vec<(String, String)>)> {
        let (selector, encoded) = data.split_at_checked(Selector::len_bytes())?;
        let error = self.errors.get(&Selector::from_slice(selector))?;
        let values = error.abi_decode_input(encoded).ok()?;
        let names = error.inputs.iter().map(|input| input.name.clone());
        Some((error.name.clone(), names.zip(values.iter().map(text)).collect()))
    }
}

const EXECUTION_REVERTED: i64 = 3;

fn standard(data: &Bytes) -> Option<(String, Vec<(String, String)>)> {
    if let Ok(revert) = Revert::abi_decode(data) {
        return Some(("Error".to_owned(), vec![("message".to_owned(), bounded(&revert.reason))]));
    }
    let panic = Panic::abi_decode(data).ok()?;
    Some(("Panic".to_owned(), vec![("code".to_owned(), panic.code.to_string())]))
}

fn text(value: &DynSolValue) -> String {
    match value {
        DynSolValue::Address(address) => address.to_string(),
        DynSolValue::Bool(flag) => flag.to_string(),
        DynSolValue::Uint(number, _) => number.to_string(),
        DynSolValue::Int(number, _) => number.to_string(),
        DynSolValue::FixedBytes(word, size) => {
            Bytes::copy_from_slice(word.get(..*size).unwrap_or_default()).to_string()
        }
        DynSolValue::Bytes(bytes) => Bytes::copy_from_slice(bytes).to_string(),
        DynSolValue::String(text) => bounded(text),
        other => bounded(&format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use alloy_primitives::{U256, address};

    use super::*;

    alloy::sol! {
        error StaleRevision(uint64 expected, uint64 actual);
        error NotAuthorized(address account, bytes32 right);
    }

    fn reasons() -> RevertReasons {
        let abi = JsonAbi::parse([
            "error StaleRevision(uint64 expected, uint64 actual)",
            "error NotAuthorized(address account, bytes32 right)",
        ]);
        RevertReasons::default().with_abi(&abi.unwrap())
    }

    #[test]
    fn a_custom_error_is_named_with_its_arguments() {
        let data = StaleRevision { expected: 3, actual: 5 }.abi_encode().into();
        let reason = reasons().decode(&data);
        assert_eq!(reason.to_string(), "StaleRevision(expected: 3, actual: 5)");
        assert_eq!(reason.argument("actual"), Some("5"));
    }

    #[test]
    fn what_is_not_known_keeps_its_data() {
        let account = address!("0x00000000000000000000000000000000000000aa");
        let data: Bytes = NotAuthorized { account, right: Default::default() }.abi_encode().into();
        let reason = RevertReasons::default().decode(&data);
        assert_eq!((reason.name.as_str(), &reason.data), ("Unknown", &data));
    }

    #[test]
    fn solidity_s_own_errors_are_read() {
        let text = Revert { reason: "no".to_owned() }.abi_encode().into();
        assert_eq!(reasons().decode(&text).to_string(), "Error(message: no)");
        let panic = Panic { code: U256::from(0x11) }.abi_encode().into();
        assert_eq!(reasons().decode(&panic).to_string(), "Panic(code: 17)");
    }

    #[test]
    fn truncated_data_are_unknown() {
        let full = StaleRevision { expected: 3, actual: 5 }.abi_encode();
        for length in 0..full.len() {
            let reason = reasons().decode(&Bytes::copy_from_slice(&full[..length]));
            assert_eq!(reason.name, "Unknown", "{length} bytes");
        }
    }
}
