//! Plans for rules of side chains: which certificates of other chains a holder needs to get one of a kind (C-CHAINS).

use std::collections::BTreeSet;

use alloy_primitives::B256;
use chancery_contracts::{ConditionalCertificateRegistry, predeploys};
use chancery_ledger::Chain;
use chancery_primitives::CertificateKind;
use chancery_reference_points::{Code, DoorError, DoorResult};

use super::{organizations::invalid, plan::Plan, registry::ask_contract};
use crate::{Processing, processing::name_of};

/// Most kinds that one rule asks for; also the contract's.
const MAX_CONDITIONS: usize = 8;

impl Processing {
    pub(super) async fn plan_conditions(&self, kind: &str, requires: &[String]) -> DoorResult<Plan> {
        let kind = parse_kind(kind)?;
        let chain = self.config.kinds.get(kind.as_str()).ok_or_else(|| unknown(kind.as_str()))?;
        let chain = self.chain(chain)?;
        if requires.len() > MAX_CONDITIONS {
            return Err(invalid(format!("a rule asks for at most {MAX_CONDITIONS} kinds, not {}", requires.len())));
        }
        let required = requires.iter().map(|kind| parse_kind(kind)).collect::<DoorResult<Vec<_>>>()?;
        if required.iter().collect::<BTreeSet<_>>().len() != required.len() {
            return Err(invalid("a rule asks for each kind once"));
        }
        let offered = requirable(chain).await?;
        if let Some(other) = required.iter().find(|kind| !offered.contains(kind)) {
            let names: Vec<_> = offered.iter().map(CertificateKind::as_str).collect();
            let names = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
            return Err(invalid(format!("{other}: chain {} is shown {names} of other chains", chain.name())));
        }
        let mut plan = Plan::default();
        let (name, kind32) = (name_of(chain), kind.to_bytes32());
        let present = ConditionalCertificateRegistry::conditionsOfCall { kind: kind32 };
        let present = ask_contract(chain, predeploys::CERTIFICATE_REGISTRY, present).await?;
        let wanted: Vec<B256> = required.iter().map(CertificateKind::to_bytes32).collect();
        if present.iter().map(|condition| condition.requiredKind).eq(wanted.iter().copied()) {
            plan.remark(&name, format!("{} already", rule(kind, requires)));
            return Ok(plan);
        }
        let call = ConditionalCertificateRegistry::setConditionsCall { kind: kind32, requiredKinds: wanted };
        plan.step(&name, predeploys::CERTIFICATE_REGISTRY, &call, rule(kind, requires));
        Ok(plan)
    }
}

/// The kinds of other chains that are shown to a chain.
async fn requirable(chain: &Chain) -> DoorResult<Vec<CertificateKind>> {
    // A chain by itself has a registry without rules.
    let registry = ConditionalCertificateRegistry::requirableKindsCall {};
    let found = match ask_contract(chain, predeploys::CERTIFICATE_REGISTRY, registry).await {
        Err(error) if error.code() == Code::TransactionRefused => {
            return Err(invalid(format!("chain {} is not one of a city: it has no rules", chain.name())));
        }
        found => found?,
    };
    found.iter().map(|source| CertificateKind::from_bytes32(source.kind).map_err(DoorError::internal)).collect()
}

fn rule(kind: CertificateKind, requires: &[String]) -> String {
    if requires.is_empty() {
        return format!("{kind} asks for no certificate of another chain");
    }
    format!("{kind} is issued only to holders of a valid certificate of {}", requires.join(" and "))
}

fn parse_kind(text: &str) -> DoorResult<CertificateKind> {
    CertificateKind::parse(text).map_err(|_| unknown(text))
}

fn unknown(kind: &str) -> DoorError {
    DoorError::new(Code::UnknownKind, format!("there is no kind `{kind:.40}`"))
}
