//! What a change brings about on side chains that take organizations over by proof (decision 0036). Nothing is sent there: whoever carries proofs is waited for.

use std::time::Duration;

use alloy_primitives::{Address, B256};
use chancery_contracts::{OrganizationRegistry, TrustRegistry};
use chancery_ledger::Chain;
use chancery_primitives::{OrganizationCode, Right};
use chancery_reference_points::{DoorResult, operation::ChainName};
use futures::future::try_join_all;
use tokio::time::{Instant, sleep};

use super::registry::{ask, ask_contract};
use crate::Processing;

/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// What a side chain has to be shown.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fact {
    /// A key that may sign.
    Key { key: Address, right: B256 },
    /// A key whose record has an end now.
    KeyEnded { key: Address, right: B256 },
    /// Whether the organization is suspended.
    Suspended(bool),
}

/// A fact that a side chain waits for.
#[derive(Clone, Debug)]
pub(super) struct Awaited {
    pub(super) chain: ChainName,
    /// Its `TrustRegistry`.
    pub(super) registry: Address,
    pub(super) organization: OrganizationCode,
    pub(super) fact: Fact,
}

impl Awaited {
    /// What it will be, in plain words.
    pub(super) fn announced(&self) -> String {
        format!("chain {}: {} counts there once it is proven", self.chain, self.what())
    }

    fn told(&self, is_shown: bool) -> String {
        let Self { chain, .. } = self;
        let what = self.what();
        if is_shown {
            format!("chain {chain}: {what} counts there, by proof of the main chain")
        } else {
            format!(
                "chain {chain}: {what} is final on the main chain and on its way there; the same change again says when it has come"
            )
        }
    }

    fn what(&self) -> String {
        let code = &self.organization;
        match self.fact {
            Fact::Key { key, right } => format!("key {key} of {code} for {}", text(right)),
            Fact::KeyEnded { key, right } => format!("the end of key {key} of {code} for {}", text(right)),
            Fact::Suspended(true) => format!("the suspension of {code}"),
            Fact::Suspended(false) => format!("the resumption of {code}"),
        }
    }

    /// Whether the side chain knows it. What was never shown there has no end that could be missing.
    async fn is_shown(&self, main: &Chain, side: &Chain) -> DoorResult<bool> {
        let code = self.organization.to_bytes32();
        let trust = self.registry;
        match self.fact {
            Fact::Key { key, right } => {
                if ask_contract(side, trust, TrustRegistry::isAuthorizedNowCall { key, code, right }).await? {
                    return Ok(true);
                }
                // A key whose time has not come, or whose organization is suspended, counts nowhere: it is enough that its record has arrived.
                if ask(main, OrganizationRegistry::isAuthorizedNowCall { key, code, right }).await? {
                    return Ok(false);
                }
                self.has_last_record(main, side, key, right, false).await
            }
            Fact::KeyEnded { key, right } => self.has_last_record(main, side, key, right, true).await,
            Fact::Suspended(suspended) => {
                let fact = ask_contract(side, trust, TrustRegistry::organizationFactCall { code }).await?;
                Ok(fact.origin.time == 0 || fact.isSuspended == suspended)
            }
        }
    }

    async fn has_last_record(
        &self,
        main: &Chain,
        side: &Chain,
        key: Address,
        right: B256,
        or_none: bool,
    ) -> DoorResult<bool> {
        let code = self.organization.to_bytes32();
        let records = ask(main, OrganizationRegistry::keyRecordsOfCall { code, key, right }).await?;
        let fact = ask_contract(side, self.registry, TrustRegistry::keyFactCall { key, code, right }).await?;
        if fact.origin.time == 0 {
            return Ok(or_none);
        }
        Ok(records.last().is_none_or(|record| {
            (record.notBefore, record.notAfter, record.revokedAt) == (fact.notBefore, fact.notAfter, fact.revokedAt)
        }))
    }
}

fn text(right: B256) -> String {
    Right::from_bytes32(right).map_or_else(|_| right.to_string(), |right| right.to_string())
}

impl Processing {
    /// Waits until side chains know what they have to know, for a while; what came of it, in plain words. That one does not answer is no failure of the change.
    pub(super) async fn await_shown(&self, awaited: &[Awaited]) -> DoorResult<Vec<String>> {
        try_join_all(awaited.iter().map(|one| self.await_one(one))).await
    }

    async fn await_one(&self, awaited: &Awaited) -> DoorResult<String> {
        let (main, side) = (self.main()?, self.chain(&awaited.chain)?);
        let give_up = Instant::now() + self.config.shown_patience;
        loop {
            if matches!(awaited.is_shown(main, side).await, Ok(true)) {
                return Ok(awaited.told(true));
            }
            if Instant::now() >= give_up {
                return Ok(awaited.told(false));
            }
            sleep(PAUSE).await;
        }
    }
}
