use alloy::sol_types::SolCall;
use alloy_primitives::Address;
use chancery_ledger::Call;
use chancery_reference_points::{
    DoorError, DoorResult, data_block::TransactionLocator, o2c::ChangeResult, operation::ChainName,
};
use serde_json::json;

use super::shown::Awaited;
use crate::{Processing, error::door_error, recording::locator};

/// The transactions of a change, in the order in which they have to become final, each with its effect in plain words.
#[derive(Debug, Default)]
pub(super) struct Plan {
    steps: Vec<Step>,
    /// What is so already.
    remarks: Vec<String>,
    /// What side chains have to be shown of it.
    awaited: Vec<Awaited>,
}

#[derive(Debug)]
struct Step {
    chain: ChainName,
    call: Call,
    effect: String,
}

impl Plan {
    /// Adds a transaction.
    pub(super) fn step(&mut self, chain: &ChainName, to: Address, call: &impl SolCall, effect: impl Into<String>) {
        let call = Call { to: Some(to), data: call.abi_encode().into() };
        let effect = format!("chain {chain}: {}", effect.into());
        self.steps.push(Step { chain: chain.clone(), call, effect });
    }

    /// Says that nothing has to be done on a chain.
    pub(super) fn remark(&mut self, chain: &ChainName, fact: impl Into<String>) {
        self.remarks.push(format!("chain {chain}: {}", fact.into()));
    }

    /// Says, once, that a chain does not answer.
    pub(super) fn unanswered(&mut self, chain: &ChainName) {
        let remark = format!(
            "chain {chain}: it does not answer. What it takes over by proof it is shown when it does; send the same change again then, which says what is left to do"
        );
        if !self.remarks.contains(&remark) {
            self.remarks.push(remark);
        }
    }

    /// Says what a chain will have to be shown.
    pub(super) fn awaits(&mut self, awaited: Awaited) {
        self.awaited.push(awaited);
    }

    /// What the plan would do.
    pub(super) fn effects(&self) -> ChangeResult {
        let effects = self.steps.iter().map(|step| step.effect.clone());
        let effects = effects.chain(self.awaited.iter().map(Awaited::announced));
        ChangeResult { effects: self.remarks.iter().cloned().chain(effects).collect(), recorded: Vec::new() }
    }
}

impl Processing {
    /// Sends the transactions of a plan, each after the one before is final, and waits for a while until side chains know what they have to. When one fails, the
    /// error says what was applied before.
    pub(super) async fn carry_out(&self, plan: Plan) -> DoorResult<ChangeResult> {
        let mut result = ChangeResult { effects: plan.remarks, recorded: Vec::new() };
        for step in plan.steps {
            match self.carry_out_step(&step.chain, step.call).await {
                Ok(locator) => {
                    result.effects.push(step.effect);
                    result.recorded.push(locator);
                }
                Err(error) => return Err(with_applied(error, &step.effect, &result)),
            }
        }
        result.effects.extend(self.await_shown(&plan.awaited).await?);
        Ok(result)
    }

    async fn carry_out_step(&self, chain: &ChainName, call: Call) -> DoorResult<TransactionLocator> {
        let chain = self.chain(chain)?;
        let transaction = chain.submit(&self.config.operator, call).await.map_err(door_error)?;
        Ok(locator(chain, &transaction))
    }
}

/// Says honestly how far a change came: it may be sent again, what is applied is not applied twice.
fn with_applied(error: DoorError, failed: &str, result: &ChangeResult) -> DoorError {
    error.with("failed", failed).with("applied", json!(result.effects)).with("recorded", json!(result.recorded))
}

#[cfg(test)]
mod tests {
    use super::*;

    // M-CON-4, TRUST-6
    #[test]
    fn a_chain_that_does_not_answer_is_named_once_beside_what_is_done_on_the_others() {
        let (main, side) = (ChainName("main".into()), ChainName("degree".into()));
        let mut plan = Plan::default();
        let call = chancery_contracts::OrganizationRegistry::suspendOrganizationCall { code: [1; 32].into() };
        plan.step(&main, Address::ZERO, &call, "it is suspended");
        plan.unanswered(&side);
        plan.unanswered(&side);
        let effects = plan.effects().effects;
        assert!(effects[0].starts_with("chain degree: it does not answer"), "{effects:?}");
        assert_eq!(effects[1..], ["chain main: it is suspended"]);
    }
}
