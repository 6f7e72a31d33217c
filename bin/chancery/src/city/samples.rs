//! Sample offices of a development city, so that a newcomer can walk through the whole story without configuring anything. They are registered through O2C like any
//! other, and marked as samples.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use chancery_primitives::CertificateKind;
use chancery_reference_points::{
    Actor, Class, Code, DoorError, DoorResult, Role,
    o2c::{Change, Mode, O2c},
    organization::OrganizationKey,
};

use super::layout::SIDE;
use crate::keys::{development, development_key};

/// Code, name, right and development account of a sample office.
struct Sample {
    code: &'static str,
    name: &'static str,
    right: &'static str,
    account: u32,
}

/// Codes of the sample offices, in the order of the side chains.
pub(crate) const OFFICE_CODES: [&str; 5] = [
    "SAMPLE-CIVIL-AFFAIRS",
    "SAMPLE-LAND-REGISTRY",
    "SAMPLE-UNIVERSITY",
    "SAMPLE-MARKET-REGULATION",
    "SAMPLE-HEALTH-OFFICE",
];
const OFFICE_NAMES: [&str; 5] = [
    "Civil Affairs Bureau (sample)",
    "Land Registry (sample)",
    "Riverside University (sample)",
    "Market Regulation Office (sample)",
    "Health Office (sample)",
];

fn all() -> Vec<Sample> {
    let mut samples: Vec<Sample> = (development::FIRST_OFFICE..)
        .zip(SIDE)
        .zip(OFFICE_CODES.into_iter().zip(OFFICE_NAMES))
        .map(|((account, chain), (code, name))| Sample { code, name, right: chain.name, account })
        .collect();
    samples.push(Sample {
        code: "SAMPLE-REGISTRATION",
        name: "Registration Office (sample)",
        right: "registration",
        account: development::REGISTRAR,
    });
    samples.push(Sample {
        code: "SAMPLE-INSPECTION",
        name: "City Inspection (sample)",
        right: "inspection",
        account: development::INSPECTOR,
    });
    samples
}

/// How long an entity is waited for that is not there, as when its process has ended and is started again.
const PATIENCE: Duration = Duration::from_secs(300);
/// How often it is tried.
const PAUSE: Duration = Duration::from_millis(500);

/// Registers what is not registered yet; again as long as what hinders it passes by itself.
pub(crate) async fn register(o2c: &dyn O2c) -> Result<()> {
    let give_up = Instant::now() + PATIENCE;
    loop {
        match register_missing(o2c).await {
            // Whoever founded the city so registers its offices by two operators.
            Err(error) if needs_two_operators(&error) => {
                tracing::warn!("the sample offices are not registered: this city wants two operators for it");
                return Ok(());
            }
            Err(error) if is_temporary(&error) && Instant::now() < give_up => {
                tracing::warn!(error = format!("{error:#}"), "the sample offices are tried again");
                tokio::time::sleep(PAUSE).await;
            }
            ended => return ended,
        }
    }
}

fn needs_two_operators(error: &anyhow::Error) -> bool {
    error.downcast_ref::<DoorError>().is_some_and(|error| error.code() == Code::ApprovalRequired)
}

fn is_temporary(error: &anyhow::Error) -> bool {
    error.downcast_ref::<DoorError>().is_some_and(|error| error.class() == Class::Temporary)
}

async fn register_missing(o2c: &dyn O2c) -> Result<()> {
    let operator = development_key(development::OPERATOR)?.address();
    let actor = Actor::new(operator, [Role::Operator]);
    let known = o2c.organizations().await.context("the sample offices cannot be read")?;
    let registering = all().into_iter().map(|sample| {
        let (actor, known) = (&actor, &known);
        async move {
            let found = known.iter().find(|organization| organization.code == sample.code);
            if found.is_none() {
                let change = Change::RegisterOrganization {
                    code: sample.code.to_owned(),
                    name: sample.name.to_owned(),
                    administrator: operator,
                };
                unless_there(o2c.control(actor, change, Mode::Apply).await)?;
            }
            let address = development_key(sample.account)?.address();
            if found.is_none_or(|organization| !organization.keys.iter().any(|key| key.address == address)) {
                let key = OrganizationKey {
                    address,
                    right: sample.right.to_owned(),
                    not_before: 0,
                    not_after: None,
                    revoked_at: None,
                };
                let change = Change::AuthorizeKey { organization: sample.code.to_owned(), key };
                unless_there(o2c.control(actor, change, Mode::Apply).await)?;
            }
            Ok::<_, anyhow::Error>(())
        }
    });
    futures::future::try_join_all(registering).await?;
    Ok(())
}

/// What a crash left half-way is there already: that is no failure.
fn unless_there<T>(outcome: DoorResult<T>) -> Result<()> {
    match outcome {
        Err(error) if error.code() != Code::OrganizationExists => {
            Err(anyhow::Error::new(error).context("a sample office cannot be registered"))
        }
        _ => Ok(()),
    }
}

/// A sample subject of a kind, marked as a sample.
pub(crate) fn sample_subject(kind: CertificateKind) -> Result<serde_json::Value> {
    Ok(chancery_certificates::kinds::sample(kind)?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::atomic::{AtomicUsize, Ordering};

    use alloy_primitives::B256;
    use async_trait::async_trait;
    use chancery_reference_points::{
        change_approval::{Approvals, ChangeReview},
        contract_release::{ContractArtifact, ContractRelease, ContractReview, ContractSimulation},
        o2c::ChangeResult,
        operation::ChainName,
        organization::Organization,
    };

    use super::*;

    /// Controlling whose process ends for each of its first answers, and where everything is there already.
    struct Ending {
        left: AtomicUsize,
        code: Code,
    }

    impl Ending {
        fn answer<T>(&self, answer: DoorResult<T>) -> DoorResult<T> {
            let ends = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
            if ends { Err(DoorError::new(self.code, "controlling does not answer")) } else { answer }
        }
    }

    #[async_trait]
    impl O2c for Ending {
        async fn control(&self, _: &Actor, _: Change, _: Mode) -> DoorResult<ChangeResult> {
            self.answer(Err(DoorError::new(Code::OrganizationExists, "it is there")))
        }

        async fn organizations(&self) -> DoorResult<Vec<Organization>> {
            self.answer(Ok(Vec::new()))
        }

        async fn organization(&self, code: &str) -> DoorResult<Organization> {
            self.answer(Err(DoorError::new(Code::UnknownChain, code)))
        }

        async fn simulate_contract(&self, _: &Actor, _: ContractArtifact) -> DoorResult<ContractSimulation> {
            self.answer(Err(DoorError::new(Code::UnknownChain, "no contract")))
        }

        async fn contracts(&self, _: &ChainName, _: u64) -> DoorResult<Vec<ContractRelease>> {
            self.answer(Ok(Vec::new()))
        }

        async fn contract(&self, _: &ChainName, _: B256) -> DoorResult<ContractReview> {
            self.answer(Err(DoorError::new(Code::UnknownContract, "no contract")))
        }

        async fn changes(&self, _: u64) -> DoorResult<Approvals> {
            self.answer(Ok(Approvals { required: Vec::new(), changes: Vec::new() }))
        }

        async fn change(&self, _: B256) -> DoorResult<ChangeReview> {
            self.answer(Err(DoorError::new(Code::UnknownChange, "no change")))
        }
    }

    // M-RP-12, DOORS-5
    #[tokio::test]
    async fn an_entity_that_is_started_again_is_waited_for_and_a_refusal_is_not() {
        // The first question, and then the first change.
        for ends in [1, 2] {
            register(&Ending { left: AtomicUsize::new(ends), code: Code::EntityUnavailable }).await.unwrap();
        }
        let refusing = Ending { left: AtomicUsize::new(1), code: Code::Internal };
        register(&refusing).await.unwrap_err();
    }
}
