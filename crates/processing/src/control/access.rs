//! Access rules of services: the main chain keeps every version (`docs/specs/access.md`).

use alloy::sol_types::SolCall;
use alloy_primitives::{Address, B256, U256};
use chancery_contracts::{AccessRuleRegistry, predeploys};
use chancery_ledger::Chain;
use chancery_reference_points::{
    Code, DoorError, DoorResult,
    access_rule::{AccessEntries, AccessRule, MAX_ACCESS_VERSIONS, from_recorded, recorded_text},
};
use futures::{StreamExt, TryStreamExt, stream};

use super::{organizations::invalid, plan::Plan};
use crate::{Processing, error::door_error, processing::name_of};

/// Longest name of a service on the chain.
const MAX_SERVICE_BYTES: usize = 32;
/// Rules in one answer: each may have 4 KiB, and reading them costs gas.
const PAGE_RULES: usize = 10;
/// Most services with a rule.
const MAX_RULES: usize = 1000;
/// Versions read at once.
const MAX_PARALLEL_READS: usize = 8;

impl Processing {
    pub(super) async fn plan_access(
        &self,
        service: &str,
        version: u32,
        entries: &AccessEntries,
        by: Address,
    ) -> DoorResult<Plan> {
        let main = self.main()?;
        let id = service_id(service).ok_or_else(|| {
            invalid(format!("a service with a rule has a name of 1 to {MAX_SERVICE_BYTES} ASCII characters"))
        })?;
        let text = recorded_text(entries)?;
        let latest = ask_rules(main, AccessRuleRegistry::latestCall { service: id }).await?.ok_or_else(|| {
            invalid("this city was founded without a registry of access rules: a city founded by this version has one")
        })?;
        let name = name_of(main);
        let mut plan = Plan::default();
        if latest.version == version && version != 0 && latest.rule[..] == *text.as_bytes() {
            plan.remark(&name, format!("access rule {version} of {service} is recorded already"));
            return Ok(plan);
        }
        let next = latest.version.saturating_add(1);
        if version != next {
            let error = invalid(format!("the next version of the access rule of {service} is {next}, not {version}"));
            return Err(error.with("expected", next));
        }
        let call = AccessRuleRegistry::configureCall { service: id, version, by, rule: text.into_bytes().into() };
        plan.step(&name, predeploys::ACCESS_RULES, &call, format!("access rule {version} of {service} is recorded"));
        Ok(plan)
    }

    /// The rule in force of each service that has one.
    pub(crate) async fn rules_in_force(&self) -> DoorResult<Vec<AccessRule>> {
        let main = self.main()?;
        let mut found = Vec::new();
        for offset in (0..MAX_RULES).step_by(PAGE_RULES) {
            let page = AccessRuleRegistry::rulesCall { offset: U256::from(offset), limit: U256::from(PAGE_RULES) };
            let Some(page) = ask_rules(main, page).await? else { break };
            let is_last = page.len() < PAGE_RULES;
            found.extend(page.into_iter().map(rule));
            if is_last {
                break;
            }
        }
        Ok(found)
    }

    /// The versions of a service's rule, newest first.
    pub(crate) async fn rule_versions(&self, service: &str) -> DoorResult<Vec<AccessRule>> {
        let main = self.main()?;
        let Some(id) = service_id(service) else { return Ok(Vec::new()) };
        let Some(latest) = ask_rules(main, AccessRuleRegistry::latestCall { service: id }).await? else {
            return Ok(Vec::new());
        };
        let newest = latest.version;
        let oldest = newest.saturating_sub(MAX_ACCESS_VERSIONS).saturating_add(1);
        let versions = stream::iter((oldest..=newest).rev())
            .map(|version| ask_rules(main, AccessRuleRegistry::ruleVersionCall { service: id, version }))
            .buffered(MAX_PARALLEL_READS)
            .try_collect::<Vec<_>>()
            .await?;
        // A service without a rule has a latest version of zero.
        Ok(versions.into_iter().flatten().filter(|found| found.version != 0).map(rule).collect())
    }
}

/// Asks the registry of rules; `None`: the chain was founded without one.
async fn ask_rules<C: SolCall>(chain: &Chain, call: C) -> DoorResult<Option<C::Return>> {
    let view = chain.view(predeploys::ACCESS_RULES, &call.abi_encode().into()).await.map_err(door_error)?;
    if view.data.is_empty() {
        return Ok(None);
    }
    C::abi_decode_returns(&view.data).map(Some).map_err(|error| {
        let detail = format!("chain {}: its contracts do not answer as they should", chain.name());
        DoorError::new(Code::ChainUnreachable, detail).with("chain", chain.name()).caused_by(error)
    })
}

/// The name of a service, padded right with zeros.
pub(crate) fn service_id(name: &str) -> Option<B256> {
    let bytes = name.as_bytes();
    let fits = (1..=MAX_SERVICE_BYTES).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic);
    fits.then(|| B256::right_padding_from(bytes))
}

fn rule(found: AccessRuleRegistry::AccessRule) -> AccessRule {
    let end = found.service.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    AccessRule {
        service: String::from_utf8_lossy(&found.service[..end]).into_owned(),
        version: found.version,
        entries: from_recorded(&found.rule),
        by: found.by,
        configured_at: found.configuredAt,
    }
}
