//! Who has a role by the main chain: a key that an organization has authorized, now.

use std::collections::{BTreeSet, HashMap};

use alloy_primitives::{Address, U256};
use chancery_contracts::{OrganizationRegistry, predeploys};
use chancery_primitives::Right;
use chancery_reference_points::{DoorResult, Role};
use parking_lot::Mutex;

use crate::{Processing, control::ask_contract};

/// How long a role that was found is believed, in milliseconds; contracts check again.
const BELIEVED_MS: u64 = 2_000;
/// Most addresses that are kept.
const MAX_KEPT: usize = 10_000;
/// Most organizations of a key that are looked at.
const MAX_ORGANIZATIONS: u64 = 100;

/// Whether the main chain says who has a role.
pub(super) const fn is_given_by_the_chain(role: Role) -> bool {
    matches!(role, Role::Issuer | Role::Registrar | Role::Inspector | Role::Source)
}

/// Roles that were found, with the time. What was not found is not kept: whoever is authorized can go on at once.
#[derive(Debug, Default)]
pub(super) struct Standings(Mutex<HashMap<Address, (BTreeSet<Role>, u64)>>);

impl Standings {
    /// Whether a key has one of these roles.
    pub(super) async fn has_one(&self, processing: &Processing, address: Address, roles: &[Role]) -> DoorResult<bool> {
        let now_ms = (processing.clock)();
        let kept = self.0.lock().get(&address).filter(|(_, at)| now_ms.saturating_sub(*at) < BELIEVED_MS).cloned();
        if kept.is_some_and(|(found, _)| roles.iter().any(|role| found.contains(role))) {
            return Ok(true);
        }
        let Some(found) = processing.role_on_chain(address, roles).await? else { return Ok(false) };
        let mut kept = self.0.lock();
        if kept.len() >= MAX_KEPT {
            kept.retain(|_, (_, at)| now_ms.saturating_sub(*at) < BELIEVED_MS);
        }
        if kept.len() < MAX_KEPT {
            kept.insert(address, (BTreeSet::from([found]), now_ms));
        }
        Ok(true)
    }
}

impl Processing {
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
                for right in self.rights_of(*role) {
                    let right = right.to_bytes32();
                    let call = OrganizationRegistry::isAuthorizedCall { key: address, code, right, time: self.now() };
                    if ask_contract(chain, registry, call).await? {
                        return Ok(Some(*role));
                    }
                }
            }
        }
        Ok(None)
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
