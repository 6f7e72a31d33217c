//! What a reviewer is shown, and what is computed anew before anybody signs for it.

use std::{fmt::Write, path::Path};

use alloy_primitives::{B256, keccak256};
use anyhow::{Context, Result, ensure};
use chancery_client::rest::types::contracts::{Contract, ContractReview, ContractStatus, ContractStep};
use chancery_primitives::{
    ChangeRelease, ContractName, ProposeContract, ReleaseStatus, SignedOperation as _, SigningDomain, UnixSeconds,
};
use chancery_sharing::directory::is_control;
use serde_json::Value;

use super::artifact::Compiled;
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
        .with_context(|| format!("{proposer} has not signed what the gateway shows"))?;
    for step in found.steps.iter().skip(1) {
        let operation = ChangeRelease {
            release,
            status: status(step.status),
            reason: step.reason.clone(),
            deadline: UnixSeconds(step.deadline),
        };
        let operator = step.operator.0;
        operation
            .verify(domain, &step.signature.0, operator)
            .with_context(|| format!("{operator} has not signed the step that the gateway shows"))?;
    }
    Ok(())
}

const fn status(status: ContractStatus) -> ReleaseStatus {
    match status {
        ContractStatus::Proposed => ReleaseStatus::Proposed,
        ContractStatus::Approved => ReleaseStatus::Approved,
        ContractStatus::Rejected => ReleaseStatus::Rejected,
        ContractStatus::Deployed => ReleaseStatus::Deployed,
        ContractStatus::Released => ReleaseStatus::Released,
        ContractStatus::Withdrawn => ReleaseStatus::Withdrawn,
    }
}

/// That what was proposed is what the reviewer has compiled herself.
pub(super) fn same(found: &ContractReview, compiled: &Compiled) -> Result<()> {
    ensure!(
        found.creation_code.0 == compiled.creation_code,
        "its code ({}) is not what was proposed ({}): compile the source with the proposer's compiler and settings, or reject it",
        keccak256(&compiled.creation_code),
        keccak256(&found.creation_code.0)
    );
    let proposed: Value = serde_json::from_str(&found.interface).context("the ABI that was proposed is no JSON")?;
    let own: Value = serde_json::from_str(&compiled.interface).context("its ABI is no JSON")?;
    ensure!(own == proposed, "its ABI is not the one that was proposed: reject it");
    Ok(())
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
        write!(text, "\nargument      {}", plain(argument)).ok();
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
        write!(text, "\nreason        {}: {}", step.operator, plain(&step.reason)).ok();
    }
    text.push_str("\nThe code, the ABI and the signatures of the proposal and of each step were computed anew.");
    text
}

/// Somebody's words, without what acts on a terminal or feigns another line.
fn plain(text: &str) -> String {
    text.replace(is_control, "")
}

fn word(contract: &Contract) -> String {
    format!("{:?}", contract.status).to_lowercase()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use alloy::signers::{SignerSync as _, local::PrivateKeySigner};
    use alloy_primitives::{Address, Bytes};
    use chancery_client::rest::{types::Example as _, values::HexBytes};

    use super::*;

    fn compiled(code: &'static [u8], interface: &str) -> Compiled {
        Compiled { creation_code: Bytes::from_static(code), interface: interface.to_owned() }
    }

    // RELEASE-2: a source that reads well approves no other code.
    #[test]
    fn what_is_approved_is_what_the_reviewer_has_compiled() {
        let mut found = ContractReview::example();
        found.creation_code = HexBytes(Bytes::from_static(&[0x60, 0x00]));
        found.interface = r#"[ {"type": "fallback", "stateMutability": "payable"} ]"#.to_owned();
        let own = r#"[{"stateMutability":"payable","type":"fallback"}]"#;
        same(&found, &compiled(&[0x60, 0x00], own)).unwrap();
        let code = same(&found, &compiled(&[0x60, 0x01], own)).unwrap_err();
        assert!(code.to_string().contains("its code"), "{code}");
        let interface = same(&found, &compiled(&[0x60, 0x00], "[]")).unwrap_err();
        assert!(interface.to_string().contains("its ABI"), "{interface}");
    }

    // RELEASE-1: a gateway invents neither a proposal nor a step.
    #[test]
    fn every_step_is_its_operators() {
        let domain = SigningDomain::new(7100, Address::repeat_byte(0x0a));
        let (first, second) = (PrivateKeySigner::random(), PrivateKeySigner::random());
        let sign = |signer: &PrivateKeySigner, digest: B256| {
            HexBytes(signer.sign_hash_sync(&digest).unwrap().as_bytes().to_vec().into())
        };
        let mut found = ContractReview::example();
        let contract = &mut found.contract;
        contract.proposed.operator.0 = first.address();
        let operation = ProposeContract {
            name: ContractName::parse(&contract.name).unwrap(),
            version: contract.version,
            init_code_hash: keccak256(&found.creation_code.0),
            arguments_hash: keccak256(Bytes::new()),
            runtime_code_hash: contract.runtime_code_hash.0,
            interface_hash: keccak256(&found.interface),
            source_hash: contract.source_hash.0,
            salt: contract.salt.0,
            deadline: UnixSeconds(found.deadline),
        };
        let release = operation.digest(&domain);
        found.steps[0].signature = sign(&first, release);
        let step = ChangeRelease {
            release,
            status: ReleaseStatus::Approved,
            reason: "read".to_owned(),
            deadline: UnixSeconds(found.deadline),
        };
        let mut approved = found.steps[0].clone();
        approved.status = ContractStatus::Approved;
        approved.operator.0 = second.address();
        approved.reason.clone_from(&step.reason);
        approved.signature = sign(&second, step.digest(&domain));
        found.steps.push(approved);
        check(&found, release, &domain).unwrap();

        let changes: [fn(&mut ContractReview); 5] = [
            |found| found.steps[1].reason = "read twice".to_owned(),
            |found| found.steps[1].status = ContractStatus::Rejected,
            |found| found.steps[1].operator.0 = Address::ZERO,
            |found| found.arguments.0 = Bytes::from_static(&[7]),
            |found| found.contract.proposed.operator.0 = Address::ZERO,
        ];
        for change in changes {
            let mut changed = found.clone();
            change(&mut changed);
            check(&changed, release, &domain).unwrap_err();
        }
    }

    // Bad input: a reason is another's words.
    #[test]
    fn what_others_wrote_does_not_act_on_the_terminal() {
        let mut found = ContractReview::example();
        found.decoded_arguments = vec!["string a = \u{1b}[2J\u{202e}".to_owned()];
        found.steps[0].reason = "well\nreason        0x00: read\u{1b}[1A".to_owned();
        let text = describe(&found);
        assert!(!text.contains(['\u{1b}', '\u{202e}']) && !text.contains("\nreason        0x00"), "{text:?}");
    }
}
