//! What the registry of releases records, and the events in which the contracts themselves stand.

use std::collections::BTreeSet;

use alloy::sol_types::SolEvent;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use chancery_contracts::ContractReleases;
use chancery_ledger::{Chain, Event, EventFilter, LedgerError};
use chancery_primitives::{ContractName, ReleaseStatus};
use chancery_reference_points::{
    Code, DoorError, DoorResult,
    contract_release::{ContractRelease, ContractReview, MAX_RELEASES, RecordedStep, ReleaseStep},
    operation::ChainName,
};
use futures::{StreamExt, TryStreamExt, stream};

use super::{super::organizations::invalid, RELEASES, artifact, ask_releases};
use crate::{Processing, error::door_error, processing::name_of, recording::event_locator};

/// Releases read at once.
const MAX_PARALLEL_READS: usize = 8;
/// Steps of a release after its proposal: review, deployment, release, withdrawal.
const MAX_STEPS: usize = 4;

/// Of a second.
const MILLISECONDS: u64 = 1000;

/// A contract as it was proposed.
pub(super) struct Proposed {
    pub(super) creation_code: Bytes,
    pub(super) arguments: Bytes,
    interface: String,
    deadline: u64,
    step: RecordedStep,
}

impl Processing {
    /// A page of the releases of a chain.
    pub(in crate::control) async fn releases(
        &self,
        chain: &ChainName,
        offset: u64,
    ) -> DoorResult<Vec<ContractRelease>> {
        let chain = self.chain(chain)?;
        let page = ContractReleases::releasesCall { offset: U256::from(offset), limit: U256::from(MAX_RELEASES) };
        let names = ask_releases(chain, page).await?;
        let found: Vec<_> = stream::iter(names)
            .map(|release| async move { self.release_of(chain, release).await })
            .buffered(MAX_PARALLEL_READS)
            .try_collect()
            .await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// One release with its code, its ABI and its steps, each event proven.
    pub(in crate::control) async fn review(&self, chain: &ChainName, release: B256) -> DoorResult<ContractReview> {
        let chain = self.chain(chain)?;
        let known = self.known_release(chain, release).await?;
        let Proposed { creation_code, arguments, interface, deadline, step } = self.proposed(chain, &known).await?;
        let mut steps = vec![step];
        for event in changes(chain, &known).await? {
            steps.push(changed(chain, &event)?);
        }
        Ok(ContractReview {
            // Whoever sent it directly was not checked: a reviewer sees what stands there all the same, to reject it.
            decoded_arguments: artifact::decoded(&interface, &arguments)
                .unwrap_or_else(|error| vec![artifact::unread(&arguments, error.detail())]),
            creation_code,
            arguments,
            interface,
            deadline,
            steps,
            release: known,
        })
    }

    /// A release, which has to be there.
    pub(super) async fn known_release(&self, chain: &Chain, release: B256) -> DoorResult<ContractRelease> {
        self.release_of(chain, release)
            .await?
            .ok_or_else(|| DoorError::new(Code::UnknownContract, format!("{} has no release {release}", chain.name())))
    }

    /// A release as the registry has it.
    pub(super) async fn release_of(&self, chain: &Chain, release: B256) -> DoorResult<Option<ContractRelease>> {
        let found = ask_releases(chain, ContractReleases::contractReleaseCall { release }).await?;
        if found.status == 0 {
            return Ok(None);
        }
        let step = |step: ContractReleases::ReleaseStep| {
            (!step.operator.is_zero()).then_some(ReleaseStep { operator: step.operator, time: step.time })
        };
        Ok(Some(ContractRelease {
            chain: name_of(chain),
            release,
            name: ContractName::from_bytes32(found.name).map_err(DoorError::internal)?,
            version: found.version,
            status: ReleaseStatus::try_from(found.status).map_err(DoorError::internal)?,
            address: found.deployed,
            init_code_hash: found.initCodeHash,
            runtime_code_hash: found.runtimeCodeHash,
            interface_hash: found.interfaceHash,
            source_hash: found.sourceHash,
            salt: found.salt,
            proposed_block: found.proposedBlock,
            proposed: ReleaseStep { operator: found.proposal.operator, time: found.proposal.time },
            reviewed: step(found.review),
            deployed: step(found.deployment),
            released: step(found.release),
            withdrawn: step(found.withdrawal),
        }))
    }

    /// What was proposed, as the event of the proposal has it; its hashes are those of the release.
    pub(super) async fn proposed(&self, chain: &Chain, known: &ContractRelease) -> DoorResult<Proposed> {
        let signature = ContractReleases::ContractProposed::SIGNATURE_HASH;
        let found = events(chain, signature, known, (known.proposed_block, known.proposed_block), 1).await?;
        let event = found.first().ok_or_else(|| withheld(chain))?;
        let decoded = ContractReleases::ContractProposed::decode_raw_log(event.topics.iter().copied(), &event.data)
            .map_err(|_| withheld(chain))?;
        let init_code = [decoded.creationCode.as_ref(), decoded.arguments.as_ref()].concat();
        if keccak256(init_code) != known.init_code_hash || keccak256(&decoded.interfaceText) != known.interface_hash {
            return Err(withheld(chain));
        }
        // The chain does not look into it: whoever sent it directly can have sent anything.
        let interface = String::from_utf8(decoded.interfaceText.to_vec())
            .map_err(|_| invalid("the ABI that was proposed is no text: reject it"))?;
        Ok(Proposed {
            creation_code: decoded.creationCode,
            arguments: decoded.arguments,
            interface,
            deadline: decoded.operation.deadline,
            step: RecordedStep {
                deadline: decoded.operation.deadline,
                ..recorded(chain, event, ReleaseStatus::Proposed, decoded.proposer, known.release, decoded.signature)
            },
        })
    }
}

/// The steps after the proposal, as the blocks have them in whose seconds the registry says that they were taken.
async fn changes(chain: &Chain, known: &ContractRelease) -> DoorResult<Vec<Event>> {
    let taken = [&known.reviewed, &known.deployed, &known.released, &known.withdrawn];
    let times: Vec<u64> = taken.into_iter().flatten().map(|step| step.time).collect();
    let seconds: BTreeSet<u64> = times.iter().copied().collect();
    let signature = ContractReleases::ReleaseChanged::SIGNATURE_HASH;
    let mut found = Vec::new();
    for second in seconds {
        let start = second.saturating_mul(MILLISECONDS);
        let first = chain.first_block_at(start).await.map_err(door_error)?.max(known.proposed_block);
        let end = chain.first_block_at(start.saturating_add(MILLISECONDS)).await.map_err(door_error)?;
        let last = end.checked_sub(1).filter(|last| *last >= first).ok_or_else(|| withheld(chain))?;
        found.extend(events(chain, signature, known, (first, last), MAX_STEPS).await?);
    }
    if found.len() < times.len() {
        return Err(withheld(chain));
    }
    // One more may have been taken in the same second, since the registry was asked.
    found.truncate(times.len());
    Ok(found)
}

/// Events of a release in chain order, from one block to another, each proven to stand in its block.
async fn events(
    chain: &Chain,
    signature: B256,
    known: &ContractRelease,
    (first, last): (u64, u64),
    limit: usize,
) -> DoorResult<Vec<Event>> {
    let filter = EventFilter {
        contracts: vec![RELEASES],
        topics: [vec![signature], vec![known.release], Vec::new(), Vec::new()],
        from_block: first,
        to_block: Some(last),
    };
    let events = chain.events(&filter, limit).await.map_err(door_error)?;
    for event in &events {
        chain.verify_event(event).await.map_err(door_error)?;
    }
    Ok(events)
}

fn changed(chain: &Chain, event: &Event) -> DoorResult<RecordedStep> {
    let decoded = ContractReleases::ReleaseChanged::decode_raw_log(event.topics.iter().copied(), &event.data)
        .map_err(|_| withheld(chain))?;
    let status = ReleaseStatus::try_from(decoded.operation.status).map_err(|_| withheld(chain))?;
    let step = recorded(chain, event, status, decoded.operator, decoded.digest, decoded.signature);
    Ok(RecordedStep { reason: decoded.operation.reason, deadline: decoded.operation.deadline, ..step })
}

fn recorded(
    chain: &Chain,
    event: &Event,
    status: ReleaseStatus,
    operator: Address,
    digest: B256,
    signature: Bytes,
) -> RecordedStep {
    RecordedStep {
        status,
        operator,
        reason: String::new(),
        deadline: 0,
        digest,
        signature,
        recorded: event_locator(chain, event),
    }
}

/// The registry says that it is recorded: not to find it means that the node withholds the event.
pub(super) fn withheld(chain: &Chain) -> DoorError {
    door_error(LedgerError::ProofRefused { chain: chain.name().to_owned(), check: "EventWithheld".to_owned() })
}
