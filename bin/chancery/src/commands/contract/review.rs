//! What a reviewer is shown, and what is computed anew before anybody signs for it.

use std::{fmt::Write, path::Path};

use alloy_primitives::{B256, keccak256};
use anyhow::{Context, Result, ensure};
use chancery_client::rest::types::contracts::{Contract, ContractReview, ContractStep};
use chancery_primitives::{ContractName, ProposeContract, SignedOperation as _, SigningDomain, UnixSeconds};

use crate::commands::read_bounded;

/// Largest source that is read, in bytes.
const MAX_SOURCE_BYTES: u64 = 16 * 1024 * 1024;

/// The hash of a source.
pub(super) fn source_hash(path: &Path) -> Result<B256> {
    Ok(keccak256(read_bounded(path, MAX_SOURCE_BYTES)?))
}

/// That code, ABI and members are those that the proposer has signed, whoever showed them.
pub(super) fn check(found: &ContractReview, release: B256, domain: &SigningDomain) -> Result<()> {
    let contract = &found.contract;
    let init_code = [found.creation_code.0.as_ref(), found.arguments.0.as_ref()].concat();
    let operation = ProposeContract {
        name: ContractName::parse(&contract.name)?,
        version: contract.version,
        init_code_hash: keccak256(init_code),
        arguments_hash: keccak256(&found.arguments.0),
        runtime_code_hash: contract.runtime_code_hash.0,
        interface_hash: keccak256(&found.interface),
        source_hash: contract.source_hash.0,
        salt: contract.salt.0,
        deadline: UnixSeconds(found.deadline),
    };
    ensure!(
        operation.digest(domain) == release,
        "the gateway shows something else than what is named {release}: do not sign for it"
    );
    let proposal = found.steps.first().context("the gateway shows no proposal")?;
    let proposer = contract.proposed.operator.0;
    operation
        .verify(domain, &proposal.signature.0, proposer)
        .with_context(|| format!("{proposer} has not signed what the gateway shows"))
}

/// One line of a list.
pub(super) fn line(contract: &Contract) -> String {
    format!("{}  {:<9} {} {}  {}", contract.release, word(contract), contract.name, contract.version, contract.address)
}

pub(super) fn describe(found: &ContractReview) -> String {
    let contract = &found.contract;
    let mut text = format!(
        "{} version {} on {}: {}\naddress       {}\ncode          {} (init), {} (runtime)\nABI           {}\nsource        {}",
        contract.name,
        contract.version,
        contract.chain,
        word(contract),
        contract.address,
        contract.init_code_hash,
        contract.runtime_code_hash,
        contract.interface_hash,
        contract.source_hash
    );
    for argument in &found.decoded_arguments {
        write!(text, "\nargument      {argument}").ok();
    }
    let steps = [
        ("proposed", Some(&contract.proposed)),
        ("reviewed", contract.reviewed.as_ref()),
        ("deployed", contract.deployed.as_ref()),
        ("released", contract.released.as_ref()),
        ("withdrawn", contract.withdrawn.as_ref()),
    ];
    for (name, step) in steps {
        if let Some(ContractStep { operator, time }) = step {
            write!(text, "\n{name:<13} by {operator} at {time}").ok();
        }
    }
    for step in found.steps.iter().filter(|step| !step.reason.is_empty()) {
        write!(text, "\nreason        {}: {}", step.operator, step.reason).ok();
    }
    text.push_str("\nThe code, the ABI and the signature of the proposal were computed anew.");
    text
}

fn word(contract: &Contract) -> String {
    format!("{:?}", contract.status).to_lowercase()
}
