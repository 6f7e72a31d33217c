//! Who has a role, looked up where it is given: a key that an organization has authorized, on the main chain; a person, in the register.

use std::collections::{BTreeSet, HashMap};

use alloy_primitives::{Address, B256, U256};
use chancery_contracts::{OrganizationRegistry, predeploys};
use chancery_primitives::{OrganizationCode, Right};
use chancery_reference_points::{DoorResult, Role, mandate::OFFICES};
use parking_lot::Mutex;

use crate::{Processing, control::ask_contract};

/// How long a role that was found is believed at most, in milliseconds; contracts check again. What is changed through this entity counts at once.
const BELIEVED_MS: u64 = 2_000;
/// Most addresses that are kept.
const MAX_KEPT: usize = 10_000;
/// Most organizations of a key that are looked at.
const MAX_ORGANIZATIONS: u64 = 100;
/// Most organizations that are looked at of those that a key is said to be of.
const MAX_CLAIMED: usize = 16;

/// Whether who has a role is looked up; the rest are configured.
pub(super) const fn is_looked_up(role: Role) -> bool {
    !matches!(role, Role::Operator | Role::Supervisor)
}

/// Whether the register of persons says who has a role.
const fn is_of_a_person(role: Role) -> bool {
    matches!(role, Role::Registered | Role::Citizen)
}

/// Roles that were found, with the time. What was not found is not kept: whoever is authorized can go on at once.
#[derive(Debug, Default)]
pub(super) struct Standings(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    found: HashMap<Address, (BTreeSet<Role>, u64)>,
    /// How often everything was forgotten: what was asked before is not kept after.
    forgotten: u64,
}

impl Standings {
    /// Whether a key has one of these roles.
    pub(super) async fn has_one(&self, processing: &Processing, address: Address, roles: &[Role]) -> DoorResult<bool> {
        let now_ms = (processing.clock)();
        let (is_known, forgotten) = self.0.lock().known(address, roles, now_ms);
        if is_known {
            return Ok(true);
        }
        let Some(role) = processing.role_found(address, roles).await? else { return Ok(false) };
        self.0.lock().keep(address, role, now_ms, forgotten);
        Ok(true)
    }

    /// Forgets everything when what is returned is dropped, however a change of rights ends.
    pub(super) const fn forgetting(&self) -> Forgetting<'_> {
        Forgetting(self)
    }

    /// Forgets everything: rights have changed.
    fn forget(&self) {
        let mut kept = self.0.lock();
        kept.found.clear();
        kept.forgotten += 1;
    }
}

/// Held while rights are changed.
pub(crate) struct Forgetting<'a>(&'a Standings);

impl Drop for Forgetting<'_> {
    fn drop(&mut self) {
        self.0.forget();
    }
}

impl Kept {
    fn known(&self, address: Address, roles: &[Role], now_ms: u64) -> (bool, u64) {
        let kept = self.found.get(&address).filter(|(_, at)| now_ms.saturating_sub(*at) < BELIEVED_MS);
        (kept.is_some_and(|(found, _)| roles.iter().any(|role| found.contains(role))), self.forgotten)
    }

    fn keep(&mut self, address: Address, role: Role, now_ms: u64, forgotten: u64) {
        if self.forgotten != forgotten {
            return;
        }
        if self.found.len() >= MAX_KEPT {
            self.found.retain(|_, (_, at)| now_ms.saturating_sub(*at) < BELIEVED_MS);
        }
        if self.found.len() < MAX_KEPT {
            self.found.insert(address, (BTreeSet::from([role]), now_ms));
        }
    }
}

impl Processing {
    /// One of these roles that an address has now.
    async fn role_found(&self, address: Address, roles: &[Role]) -> DoorResult<Option<Role>> {
        let (of_a_person, of_a_key): (Vec<Role>, Vec<Role>) = roles.iter().partition(|role| is_of_a_person(**role));
        let mut unknown = None;
        if !of_a_person.is_empty() {
            // Whoever is confirmed is registered.
            let found = match self.config.registrations.role_of(address).await {
                Ok(Some(Role::Citizen)) => of_a_person.first().copied(),
                Ok(Some(role)) => of_a_person.into_iter().find(|claimed| *claimed == role),
                Ok(None) => None,
                // What the chain gives does not wait for the register; a "no" does.
                Err(error) => {
                    unknown = Some(error);
                    None
                }
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        let on_chain = if of_a_key.is_empty() { None } else { self.role_on_chain(address, &of_a_key).await? };
        match (on_chain, unknown) {
            (None, Some(error)) => Err(error),
            (found, _) => Ok(found),
        }
    }

    /// The first of these roles that the main chain gives a key now.
    async fn role_on_chain(&self, address: Address, roles: &[Role]) -> DoorResult<Option<Role>> {
        let (chain, registry) = (self.main()?, predeploys::ORGANIZATION_REGISTRY);
        let call = OrganizationRegistry::organizationsOfKeyCall {
            key: address,
            offset: U256::ZERO,
            limit: U256::from(MAX_ORGANIZATIONS),
        };
        for code in ask_contract(chain, registry, call).await? {
            for role in roles {
                if self.has_right_of(address, code, &self.rights_of(*role)).await? {
                    return Ok(Some(*role));
                }
            }
        }
        Ok(None)
    }

    /// Those of these organizations of which the main chain gives a key a right now.
    pub(super) async fn organizations_of(
        &self,
        address: Address,
        claimed: &BTreeSet<String>,
    ) -> DoorResult<BTreeSet<String>> {
        let rights: Vec<Right> = OFFICES.into_iter().flat_map(|role| self.rights_of(role)).collect();
        let mut found = BTreeSet::new();
        for name in claimed.iter().take(MAX_CLAIMED) {
            // What is no code names no organization.
            let Ok(code) = OrganizationCode::parse(name) else { continue };
            if self.has_right_of(address, code.to_bytes32(), &rights).await? {
                found.insert(name.clone());
            }
        }
        Ok(found)
    }

    /// Whether the main chain gives a key one of these rights of an organization now.
    async fn has_right_of(&self, key: Address, code: B256, rights: &[Right]) -> DoorResult<bool> {
        let chain = self.main()?;
        for right in rights {
            let right = right.to_bytes32();
            let call = OrganizationRegistry::isAuthorizedCall { key, code, right, time: self.now() };
            if ask_contract(chain, predeploys::ORGANIZATION_REGISTRY, call).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The rights that give a role.
    fn rights_of(&self, role: Role) -> Vec<Right> {
        match role {
            Role::Inspector => vec![Right::INSPECTION],
            Role::Registrar => vec![Right::REGISTRATION],
            Role::Source => vec![Right::SUBMISSION, Right::SHARING],
            Role::Issuer => self.config.kinds.keys().filter_map(|kind| kind.parse().ok()).collect(),
            Role::Registered | Role::Citizen | Role::Operator | Role::Supervisor => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::{Future as _, pending},
        task::{Context, Waker},
    };

    use super::*;

    // M-PRO-2
    #[test]
    fn what_was_found_is_believed_for_its_time_and_not_beyond_a_change() {
        let (who, roles) = (Address::repeat_byte(1), [Role::Inspector]);
        let standings = Standings::default();
        let known = |now_ms| standings.0.lock().known(who, &roles, now_ms).0;
        standings.0.lock().keep(who, Role::Inspector, 10, 0);
        assert!(known(10 + BELIEVED_MS - 1));
        assert!(!known(10 + BELIEVED_MS));
        assert!(!standings.0.lock().known(who, &[Role::Issuer], 10).0, "another role");
        standings.forget();
        assert!(!known(11), "rights have changed");
        // Asked before the change, answered after it.
        standings.0.lock().keep(who, Role::Inspector, 11, 0);
        assert!(!known(11));
    }
    // M-PRO-2: also when whoever asked for a change goes away in the middle of it.
    #[test]
    fn a_change_that_is_given_up_is_forgotten_as_one_that_is_done() {
        let (who, roles) = (Address::repeat_byte(1), [Role::Inspector]);
        let standings = Standings::default();
        let known = || standings.0.lock().known(who, &roles, 11).0;
        standings.0.lock().keep(who, Role::Inspector, 10, 0);
        let mut change = Box::pin(async {
            let _forgets = standings.forgetting();
            pending::<()>().await;
        });
        assert!(change.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert!(known(), "the change is under way");
        drop(change);
        assert!(!known());
    }
}
