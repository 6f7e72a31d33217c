//! `chancery contract` (O2C, S-SVC): two operators release a contract together.

mod artifact;
mod review;

use std::process::ExitCode;

use alloy_primitives::{B256, keccak256};
use anyhow::{Context as _, Result, ensure};
use chancery_client::{
    PageQuery,
    rest::{
        types::contracts::{
            ChangeContract, Contract, ContractArtifact, ContractReview, ContractStatus, ProposeContract,
        },
        values::{HexBytes, HexHash},
    },
};
use chancery_contracts::predeploys;
use chancery_primitives::{
    ChangeRelease, ContractName, ProposeContract as Proposal, ReleaseStatus, SignedOperation as _, SigningDomain,
};

use super::{connect, organization::effects};
use crate::{
    arguments::{Connection, ContractCommand, ProposeContract as Propose, ReviewContract, WhichRelease},
    keys,
    output::Output,
    party::{Party, deadline},
};

pub(super) async fn run(command: ContractCommand, connection: &Connection, output: &Output) -> Result<ExitCode> {
    match command {
        ContractCommand::List { chain } => return list(&chain, connection, output).await,
        ContractCommand::Show(which) => return show(&which, connection, output).await,
        _ => {}
    }
    let party = Party::connect(connection.client()?, keys::of(connection)?).await?;
    let progress = output.progress("waiting until the change is final");
    let changed = match command {
        ContractCommand::List { .. } | ContractCommand::Show(_) => return Ok(ExitCode::SUCCESS),
        ContractCommand::Propose(propose) => {
            let (release, request) = proposed(&party, &propose).await?;
            let changed = party.client.propose_contract(&request, propose.check).await?;
            progress.finish_and_clear();
            let answer = serde_json::json!({"release": release, "changed": changed});
            output.answer(&answer, format!("release  {release}\n{}", effects(&changed)));
            return Ok(ExitCode::SUCCESS);
        }
        ContractCommand::Review(review) => {
            let show = |text: String| progress.suspend(|| output.before_signing(text));
            reviewed(&party, review, show).await?
        }
        ContractCommand::Deploy(step) => {
            take(&party, &step.which, ReleaseStatus::Deployed, step.reason, step.check).await?
        }
        ContractCommand::Release(step) => {
            // What counts as released is what its releaser has seen.
            let found = read(&party, &step.which).await?;
            progress.suspend(|| output.before_signing(review::describe(&found)));
            take(&party, &step.which, ReleaseStatus::Released, step.reason, step.check).await?
        }
        ContractCommand::Withdraw { which, reason, check } => {
            take(&party, &which, ReleaseStatus::Withdrawn, reason, check).await?
        }
    };
    progress.finish_and_clear();
    output.answer(&changed, effects(&changed));
    Ok(ExitCode::SUCCESS)
}

async fn list(chain: &str, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let client = connect(connection).await?;
    let mut page = PageQuery { limit: Some(100), cursor: None };
    let mut contracts: Vec<Contract> = Vec::new();
    loop {
        let found = client.contracts(chain, &page).await?;
        contracts.extend(found.items);
        match found.next_cursor {
            Some(next) => page.cursor = Some(next),
            None => break,
        }
    }
    let lines: Vec<String> = contracts.iter().map(review::line).collect();
    let text = if lines.is_empty() { format!("No contract was proposed on {chain}.") } else { lines.join("\n") };
    output.answer(&serde_json::json!({"contracts": contracts}), text);
    Ok(ExitCode::SUCCESS)
}

async fn show(which: &WhichRelease, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let client = connect(connection).await?;
    let city = crate::party::CityFacts::read(&client).await?;
    let found = client.contract(&which.chain, which.release).await?;
    review::check(&found, which.release, &domain(city.chain(&which.chain)?.chain_id))?;
    output.answer(&found, review::describe(&found));
    Ok(ExitCode::SUCCESS)
}

/// What is signed for releases of a chain.
const fn domain(chain_id: u64) -> SigningDomain {
    SigningDomain::new(chain_id, predeploys::CONTRACT_RELEASES)
}

/// The proposal, simulated and signed, and its name.
async fn proposed(party: &Party, propose: &Propose) -> Result<(B256, ProposeContract)> {
    let name = ContractName::parse(&propose.name)?;
    let compiled = artifact::read(&propose.artifact)?;
    let arguments = match &propose.encoded_arguments {
        Some(encoded) => encoded.clone(),
        None => artifact::encoded(&compiled.interface, &propose.values)?,
    };
    let source_hash = propose.source.as_deref().map(review::source_hash).transpose()?;
    let artifact = ContractArtifact {
        chain: propose.chain.clone(),
        name: name.to_string(),
        version: propose.number,
        creation_code: HexBytes(compiled.creation_code),
        arguments: HexBytes(arguments),
        interface: compiled.interface,
        source_hash: source_hash.map(HexHash),
        salt: Some(HexHash(propose.salt)),
    };
    let simulation = party.client.simulate_contract(&artifact).await?;
    let init_code = [artifact.creation_code.0.as_ref(), artifact.arguments.0.as_ref()].concat();
    let deadline = deadline();
    let operation = Proposal {
        name,
        version: artifact.version,
        init_code_hash: keccak256(init_code),
        arguments_hash: keccak256(&artifact.arguments.0),
        runtime_code_hash: simulation.runtime_code_hash.0,
        interface_hash: keccak256(&artifact.interface),
        source_hash: source_hash.unwrap_or(B256::ZERO),
        salt: propose.salt,
        deadline,
    };
    let release = operation.digest(&domain(party.city.chain(&propose.chain)?.chain_id));
    let signature = signed(party, release, propose.check).await?;
    let runtime_code_hash = simulation.runtime_code_hash;
    Ok((release, ProposeContract { artifact, runtime_code_hash, deadline: deadline.get(), signature }))
}

/// A release as the gateway shows it, computed anew.
async fn read(party: &Party, which: &WhichRelease) -> Result<ContractReview> {
    let found = party.client.contract(&which.chain, which.release).await?;
    review::check(&found, which.release, &domain(party.city.chain(&which.chain)?.chain_id))?;
    Ok(found)
}

/// A reviewer sees what the chain has, and signs for that alone; to approve it, it is what her own compiler has made.
async fn reviewed(
    party: &Party,
    options: ReviewContract,
    show: impl Fn(String),
) -> Result<chancery_client::rest::types::organizations::Changed> {
    let ReviewContract { which, approve, reject, reason, artifact, source, check } = options;
    let reason = reason.unwrap_or_default();
    if reject || !approve {
        // It names the release and nothing else: what cannot be read is rejected too.
        if let Ok(found) = read(party, &which).await {
            show(review::describe(&found));
        }
        return take(party, &which, ReleaseStatus::Rejected, reason, check).await;
    }
    let artifact = artifact.context("compile the source that you have read, and name the result: --artifact")?;
    let mut found = read(party, &which).await?;
    if let Some(source) = source {
        let hash = review::source_hash(&source)?;
        ensure!(
            hash == found.contract.source_hash.0,
            "{} has the hash {hash}, but {} was proposed",
            source.display(),
            found.contract.source_hash
        );
    }
    let compiled = artifact::read(&artifact)?;
    review::same(&found, &compiled).with_context(|| artifact.display().to_string())?;
    // As her own ABI reads them, not as the gateway says.
    found.decoded_arguments = artifact::decoded(&compiled.interface, &found.arguments.0)?;
    show(review::describe(&found));
    take(party, &which, ReleaseStatus::Approved, reason, check).await
}

/// Signs a step and sends it.
async fn take(
    party: &Party,
    which: &WhichRelease,
    status: ReleaseStatus,
    reason: String,
    check: bool,
) -> Result<chancery_client::rest::types::organizations::Changed> {
    let deadline = deadline();
    let step = ChangeRelease { release: which.release, status, reason, deadline };
    let digest = step.digest(&domain(party.city.chain(&which.chain)?.chain_id));
    let request = ChangeContract {
        status: word(status),
        reason: step.reason,
        deadline: deadline.get(),
        signature: signed(party, digest, check).await?,
    };
    Ok(party.client.change_contract(&which.chain, which.release, &request, check).await?)
}

/// The signature of a digest. For a check there is none: whoever got it could send it.
async fn signed(party: &Party, digest: B256, check: bool) -> Result<HexBytes> {
    if check {
        return Ok(HexBytes::default());
    }
    Ok(HexBytes(party.keys.sign_digest(digest).await?.to_vec().into()))
}

const fn word(status: ReleaseStatus) -> ContractStatus {
    match status {
        ReleaseStatus::Proposed => ContractStatus::Proposed,
        ReleaseStatus::Approved => ContractStatus::Approved,
        ReleaseStatus::Rejected => ContractStatus::Rejected,
        ReleaseStatus::Deployed => ContractStatus::Deployed,
        ReleaseStatus::Released => ContractStatus::Released,
        ReleaseStatus::Withdrawn => ContractStatus::Withdrawn,
    }
}
