//! Plans for organizations and their keys.

use alloy_primitives::{Address, B256};
use chancery_contracts::{OrganizationRegistry, TrustRegistry, predeploys};
use chancery_ledger::Chain;
use chancery_primitives::{OrganizationCode, Right};
use chancery_reference_points::{
    Class, Code, DoorError, DoorResult, operation::ChainName, organization::OrganizationKey,
};

use super::{
    plan::Plan,
    registry::{Entry, ask, ask_contract, entry, keys},
    shown::{Awaited, Fact},
    suspensions::{resumable, suspension},
};
use crate::{Processing, RightScope, processing::name_of};

/// Longest name of an organization, in bytes; also the contract's.
const MAX_NAME_BYTES: usize = 256;
/// RFC 5280 5.3.1.
const REASON_KEY_COMPROMISE: u8 = 1;
const REASON_SUPERSEDED: u8 = 4;

const REGISTRY: Address = predeploys::ORGANIZATION_REGISTRY;

impl Processing {
    pub(super) async fn plan_registration(&self, code: &str, name: &str, administrator: Address) -> DoorResult<Plan> {
        let code = parse_code(code)?;
        if name.trim().is_empty() || name.len() > MAX_NAME_BYTES {
            return Err(invalid(format!("a name has 1 to {MAX_NAME_BYTES} bytes")));
        }
        if administrator.is_zero() {
            return Err(invalid("the administrator is the zero address"));
        }
        let main = self.main()?;
        if entry(main, code).await?.is_some() {
            return Err(DoorError::new(Code::OrganizationExists, format!("{code} is registered on {}", main.name())));
        }
        let mut plan = Plan::default();
        register(&mut plan, main, code, name, administrator);
        Ok(plan)
    }

    pub(super) async fn plan_authorization(&self, code: &str, key: &OrganizationKey) -> DoorResult<Plan> {
        let code = parse_code(code)?;
        let right = parse_right(&key.right)?;
        if key.address.is_zero() {
            return Err(invalid("the key is the zero address"));
        }
        if key.revoked_at.is_some() {
            return Err(invalid("a key is not authorized and revoked at once: authorize it, then revoke it"));
        }
        let now = self.now();
        if key.not_after.is_some_and(|end| end < now.max(key.not_before)) {
            return Err(invalid("notAfter lies before notBefore or in the past"));
        }
        let organization = self.registered(code).await?;
        let mut plan = Plan::default();
        for chain in self.chains_of(&right)? {
            match self.trust_registry(chain).await? {
                None => self.plan_key_on(&mut plan, chain, code, &organization, right, key, now).await?,
                Some(registry) => {
                    let fact = Fact::Key { key: key.address, right: right.to_bytes32() };
                    await_fact(&mut plan, chain, registry, code, fact, &right);
                }
            }
        }
        Ok(plan)
    }

    #[allow(clippy::too_many_arguments, reason = "one key on one chain has so many properties")]
    async fn plan_key_on(
        &self,
        plan: &mut Plan,
        chain: &Chain,
        code: OrganizationCode,
        organization: &Entry,
        right: Right,
        key: &OrganizationKey,
        now: u64,
    ) -> DoorResult<()> {
        let name = name_of(chain);
        let known = entry(chain, code).await?.is_some();
        if !known {
            register(plan, chain, code, &organization.name, organization.administrator);
        }
        let (code32, right32) = (code.to_bytes32(), right.to_bytes32());
        let held =
            known && ask(chain, OrganizationRegistry::hasRightCall { code: code32, right: right32, time: now }).await?;
        if !held {
            let call = OrganizationRegistry::grantRightCall { code: code32, right: right32 };
            plan.step(&name, REGISTRY, &call, format!("organization {code} is granted the right {right}"));
        }
        let in_force = known
            && keys(chain, code)
                .await?
                .iter()
                .any(|record| record.address == key.address && record.right == key.right && in_force(record, now));
        if in_force {
            plan.remark(&name, format!("key {} is authorized for {right} already", key.address));
            return Ok(());
        }
        let call = OrganizationRegistry::authorizeKeyCall {
            code: code32,
            key: key.address,
            right: right32,
            // The contract counts from now when it is given zero; a time that has passed it refuses.
            notBefore: if key.not_before <= now { 0 } else { key.not_before },
            notAfter: key.not_after.unwrap_or(0),
        };
        plan.step(&name, REGISTRY, &call, format!("key {} of {code} is authorized for {right}", key.address));
        Ok(())
    }

    pub(super) async fn plan_retirement(&self, code: &str, address: Address, right: Option<&str>) -> DoorResult<Plan> {
        let only = right.map(parse_right).transpose()?;
        self.plan_ending(code, address, only, 0, REASON_SUPERSEDED, "retired").await
    }

    pub(super) async fn plan_revocation(&self, code: &str, address: Address, from: u64) -> DoorResult<Plan> {
        if from > self.now() {
            return Err(invalid("a compromised key is revoked from a time that has passed, or from now"));
        }
        self.plan_ending(code, address, None, from, REASON_KEY_COMPROMISE, "revoked").await
    }

    async fn plan_ending(
        &self,
        code: &str,
        address: Address,
        only: Option<Right>,
        from: u64,
        reason: u8,
        verb: &str,
    ) -> DoorResult<Plan> {
        let code = parse_code(code)?;
        self.registered(code).await?;
        let now = self.now();
        let compromise = reason == REASON_KEY_COMPROMISE;
        let mut plan = Plan::default();
        let mut found = false;
        for chain in self.main_first()? {
            let name = name_of(chain);
            let records = self.if_it_answers(&mut plan, chain, self.written_keys(chain, code).await)?;
            for record in records.flatten().unwrap_or_default() {
                let matches = record.address == address && only.is_none_or(|right| right.to_string() == record.right);
                // A compromise reaches back over records that ended already, but not before they began.
                let ends =
                    in_force(&record, now) || (compromise && record.revoked_at.is_none_or(|revoked| revoked > from));
                if !matches {
                    continue;
                }
                found = true;
                if !ends {
                    plan.remark(&name, format!("key {address} is not in force for {}", record.right));
                    continue;
                }
                let revoked_at = if compromise { from.max(record.not_before) } else { 0 };
                let call = OrganizationRegistry::revokeKeyCall {
                    code: code.to_bytes32(),
                    key: address,
                    right: parse_right(&record.right)?.to_bytes32(),
                    revokedAt: revoked_at,
                    reason,
                };
                plan.step(&name, REGISTRY, &call, format!("key {address} of {code} is {verb} for {}", record.right));
                if name == self.config.main {
                    self.await_end(&mut plan, code, address, &parse_right(&record.right)?).await?;
                }
            }
        }
        if found { Ok(plan) } else { Err(invalid(format!("{code} has no such key {address}"))) }
    }

    /// Side chains that take over by proof have to hear of the end of a key.
    async fn await_end(&self, plan: &mut Plan, code: OrganizationCode, key: Address, right: &Right) -> DoorResult<()> {
        // Of a right that no chain of this city knows nothing has to be taken back.
        for chain in self.chains_of(right).unwrap_or_default() {
            if let Some(registry) = self.if_it_answers(plan, chain, self.trust_registry(chain).await)?.flatten() {
                let fact = Fact::KeyEnded { key, right: right.to_bytes32() };
                await_fact(plan, chain, registry, code, fact, right);
            }
        }
        Ok(())
    }

    /// Nothing to send, about an organization that there is.
    pub(super) async fn known_organization(&self, code: &str) -> DoorResult<Plan> {
        self.registered(parse_code(code)?).await?;
        Ok(Plan::default())
    }

    pub(super) async fn plan_suspension(&self, code: &str, suspended: bool) -> DoorResult<Plan> {
        let code = parse_code(code)?;
        self.registered(code).await?;
        let mut plan = Plan::default();
        for chain in self.main_first()? {
            let planned = self.plan_suspension_on(&mut plan, chain, code, suspended).await;
            self.if_it_answers(&mut plan, chain, planned)?;
        }
        Ok(plan)
    }

    async fn plan_suspension_on(
        &self,
        plan: &mut Plan,
        chain: &Chain,
        code: OrganizationCode,
        suspended: bool,
    ) -> DoorResult<()> {
        let name = name_of(chain);
        let code32 = code.to_bytes32();
        if let Some(registry) = self.trust_registry(chain).await? {
            // Of an organization that was never shown there nothing has to be taken back.
            let known = TrustRegistry::organizationFactCall { code: code32 };
            if ask_contract(chain, registry, known).await?.origin.time != 0 {
                let fact = Fact::Suspended(suspended);
                plan.awaits(Awaited { chain: name, registry, organization: code, fact });
            }
            return Ok(());
        }
        match entry(chain, code).await? {
            None => {}
            Some(entry) if entry.suspended == suspended => {
                plan.remark(&name, if suspended { "it is suspended already" } else { "it is not suspended" });
            }
            Some(_) if suspended => {
                let kept = ask(chain, OrganizationRegistry::suspensionsCall { code: code32 }).await?.len();
                let call = OrganizationRegistry::suspendOrganizationCall { code: code32 };
                plan.step(&name, REGISTRY, &call, suspension(code, kept));
            }
            Some(_) => {
                let kept = ask(chain, OrganizationRegistry::suspensionsCall { code: code32 }).await?.len();
                resumable(chain.name(), code, kept)?;
                let call = OrganizationRegistry::resumeOrganizationCall { code: code32 };
                plan.step(&name, REGISTRY, &call, format!("organization {code} is resumed"));
            }
        }
        Ok(())
    }

    /// All chains, the main chain first: what is taken away there counts against everybody.
    fn main_first(&self) -> DoorResult<Vec<&Chain>> {
        let main = self.main()?;
        let sides = self.ledger.chains().filter(|chain| chain.name() != main.name());
        Ok([main].into_iter().chain(sides).collect())
    }

    /// Keys of an organization on a chain to which they are written; `None` on one that takes them over by proof.
    async fn written_keys(&self, chain: &Chain, code: OrganizationCode) -> DoorResult<Option<Vec<OrganizationKey>>> {
        if self.trust_registry(chain).await?.is_some() {
            return Ok(None);
        }
        keys(chain, code).await.map(Some)
    }

    /// A side chain that does not answer must not stop what is taken away on the main chain: it is said, and the same change again completes it.
    fn if_it_answers<T>(&self, plan: &mut Plan, chain: &Chain, answer: DoorResult<T>) -> DoorResult<Option<T>> {
        match answer {
            Err(error) if error.class() == Class::Temporary && chain.name() != self.config.main.0 => {
                plan.unanswered(&name_of(chain));
                Ok(None)
            }
            answer => answer.map(Some),
        }
    }

    /// The organization on the main chain, which has to be there.
    async fn registered(&self, code: OrganizationCode) -> DoorResult<Entry> {
        entry(self.main()?, code)
            .await?
            .ok_or_else(|| DoorError::new(Code::UnknownOrganization, format!("{code} is not registered")))
    }

    /// The chains that have to know a right, the main chain first.
    fn chains_of(&self, right: &Right) -> DoorResult<Vec<&Chain>> {
        let main = self.main()?;
        Ok(match self.scope(right)? {
            RightScope::Main => vec![main],
            RightScope::Kind(side) => {
                let side = self.chain(&side)?;
                if side.name() == main.name() { vec![main] } else { vec![main, side] }
            }
            RightScope::EveryChain => {
                let others = self.ledger.chains().filter(|chain| chain.name() != main.name());
                [main].into_iter().chain(others).collect()
            }
        })
    }

    fn scope(&self, right: &Right) -> DoorResult<RightScope> {
        if *right == Right::REGISTRATION || *right == Right::SHARING {
            return Ok(RightScope::Main);
        }
        if *right == Right::INSPECTION || *right == Right::SUBMISSION {
            return Ok(RightScope::EveryChain);
        }
        let chain: Option<&ChainName> = self.config.kinds.get(right.as_str());
        chain.cloned().map(RightScope::Kind).ok_or_else(|| {
            invalid(format!(
                "no chain of this city carries `{right}`, and it is none of inspection, registration, sharing, submission"
            ))
        })
    }
}

/// Submissions are judged by the main chain wherever they are recorded, so no other chain is shown who may submit.
fn await_fact(
    plan: &mut Plan,
    chain: &Chain,
    registry: Address,
    organization: OrganizationCode,
    fact: Fact,
    right: &Right,
) {
    if *right != Right::SUBMISSION {
        plan.awaits(Awaited { chain: name_of(chain), registry, organization, fact });
    }
}

fn register(plan: &mut Plan, chain: &Chain, code: OrganizationCode, name: &str, administrator: Address) {
    let call = OrganizationRegistry::registerOrganizationCall {
        code: code.to_bytes32(),
        name: name.to_owned(),
        metadataHash: B256::ZERO,
        administrator,
    };
    let effect = format!("organization {code} is registered, administered by {administrator}");
    plan.step(&name_of(chain), REGISTRY, &call, effect);
}

fn in_force(key: &OrganizationKey, now: u64) -> bool {
    key.revoked_at.is_none_or(|revoked| revoked > now) && key.not_after.is_none_or(|end| end >= now)
}

fn parse_code(text: &str) -> DoorResult<OrganizationCode> {
    OrganizationCode::parse(text).map_err(|error| invalid(error.to_string()))
}

fn parse_right(text: &str) -> DoorResult<Right> {
    Right::parse(text).map_err(|error| invalid(error.to_string()))
}

pub(super) fn invalid(rule: impl Into<String>) -> DoorError {
    DoorError::new(Code::ConfigurationInvalid, rule)
}
