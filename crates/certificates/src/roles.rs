//! What an address may do: from the main chain (keys of organizations), the identity database (citizens) and the configuration (operators,
//! supervisors); never from what a caller says of itself.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use alloy_primitives::Address;
use chancery_identity::{IdentityDatabase, UserStatus};
use chancery_primitives::{CertificateKind, Right, UnixSeconds};
use chancery_reference_points::{DoorError, DoorResult, Role, s2p::Retrieval};
use parking_lot::Mutex;

use crate::{Clock, directory::CityDirectory, identity_errors::door_error, registry::Registry};

/// How long rights that were read are believed, in milliseconds. Contracts check again, so a right that ended lives on here no longer than this.
pub const CACHE_LIFE_MS: u64 = 2_000;
/// Most addresses whose rights are kept.
pub const MAX_CACHED_ADDRESSES: usize = 10_000;

/// Who has roles by configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfiguredRoles {
    /// Operators.
    pub operators: BTreeSet<Address>,
    /// Supervisors.
    pub supervisors: BTreeSet<Address>,
}

/// The roles of an address, as far as they can be known now.
#[derive(Clone, Debug)]
pub struct ResolvedRoles {
    /// What it certainly may do.
    pub roles: BTreeSet<Role>,
    /// Why that may not be all: the main chain does not answer.
    pub incomplete: Option<DoorError>,
}

#[derive(Clone)]
struct CachedRights {
    rights: BTreeSet<Right>,
    organizations: BTreeSet<String>,
    read_at_ms: u64,
}

/// Resolves roles.
#[derive(Clone)]
pub struct RoleResolver {
    database: IdentityDatabase,
    directory: Arc<CityDirectory>,
    s2p: Arc<dyn Retrieval>,
    configured: Arc<ConfiguredRoles>,
    clock: Clock,
    cache: Arc<Mutex<BTreeMap<Address, CachedRights>>>,
}

impl RoleResolver {
    /// A resolver over the three sources.
    #[must_use]
    pub fn new(
        database: IdentityDatabase,
        directory: Arc<CityDirectory>,
        s2p: Arc<dyn Retrieval>,
        configured: ConfiguredRoles,
        clock: Clock,
    ) -> Self {
        Self { database, directory, s2p, configured: Arc::new(configured), clock, cache: Arc::default() }
    }

    /// All roles of an address.
    ///
    /// # Errors
    /// `ChainUnreachable`: the main chain does not answer, so a role may be missing, and "no" would be wrong; `DatabaseUnreachable`.
    pub async fn roles_of(&self, address: Address) -> DoorResult<BTreeSet<Role>> {
        let resolved = self.resolve(address).await?;
        resolved.incomplete.map_or(Ok(resolved.roles), Err)
    }

    /// The roles that are certain now, and whether there may be more: so that what needs no role of the main chain goes on while that chain
    /// does not answer.
    ///
    /// # Errors
    /// `DatabaseUnreachable`.
    pub async fn resolve(&self, address: Address) -> DoorResult<ResolvedRoles> {
        let mut roles = BTreeSet::new();
        if self.configured.operators.contains(&address) {
            roles.insert(Role::Operator);
        }
        if self.configured.supervisors.contains(&address) {
            roles.insert(Role::Supervisor);
        }
        let user = self.database.user(address).await.map_err(door_error)?;
        roles.extend(user.and_then(|user| role_of_status(user.status)));
        let incomplete = match self.rights_of(address).await {
            Ok(rights) => {
                roles.extend(rights.into_iter().map(role_of_right));
                None
            }
            Err(error) => Some(error),
        };
        Ok(ResolvedRoles { roles, incomplete })
    }

    /// Whether an operator has suspended the account of an address.
    ///
    /// # Errors
    /// `DatabaseUnreachable`.
    pub async fn is_suspended(&self, address: Address) -> DoorResult<bool> {
        self.database.is_suspended(address).await.map_err(door_error)
    }

    /// Whether an address is somebody here, whatever it may do now: it has registered, however that was decided, has or had a key of an organization, or has a
    /// role by configuration.
    ///
    /// # Errors
    /// `ChainUnreachable`, `DatabaseUnreachable`.
    pub async fn is_known(&self, address: Address) -> DoorResult<bool> {
        if self.configured.operators.contains(&address) || self.configured.supervisors.contains(&address) {
            return Ok(true);
        }
        if self.database.user(address).await.map_err(door_error)?.is_some() {
            return Ok(true);
        }
        let registry = Registry::new(self.s2p.as_ref(), &self.directory);
        Ok(!registry.organizations_of_key(address).await?.is_empty())
    }

    /// The kinds that a key may issue now, for whichever organization.
    ///
    /// # Errors
    /// `ChainUnreachable`.
    pub async fn issuing_kinds(&self, address: Address) -> DoorResult<BTreeSet<CertificateKind>> {
        Ok(self.rights_of(address).await?.iter().filter_map(Right::kind).collect())
    }

    /// The roles that an address had by keys of organizations whose time has ended: retired or revoked.
    ///
    /// # Errors
    /// `ChainUnreachable`.
    pub async fn ended_roles_of(&self, address: Address) -> DoorResult<BTreeSet<Role>> {
        let now = UnixSeconds((self.clock)() / 1000);
        let registry = Registry::new(self.s2p.as_ref(), &self.directory);
        let mut roles = BTreeSet::new();
        for organization in registry.organizations_of_key(address).await? {
            roles.extend(registry.rights_ended(address, organization, now).await?.into_iter().map(role_of_right));
        }
        Ok(roles)
    }

    /// The roles that an address would have by keys whose time has not ended, of organizations that are suspended.
    ///
    /// # Errors
    /// `ChainUnreachable`.
    pub async fn suspended_roles_of(&self, address: Address) -> DoorResult<BTreeSet<Role>> {
        let now = UnixSeconds((self.clock)() / 1000);
        let registry = Registry::new(self.s2p.as_ref(), &self.directory);
        let mut roles = BTreeSet::new();
        for organization in registry.organizations_of_key(address).await? {
            if registry.organization(organization).await?.is_some_and(|entry| entry.suspended) {
                roles.extend(registry.rights_of_time(address, organization, now).await?.into_iter().map(role_of_right));
            }
        }
        Ok(roles)
    }

    /// Codes of the organizations of which the address has a right in force.
    ///
    /// # Errors
    /// `ChainUnreachable`.
    pub async fn organizations_of(&self, address: Address) -> DoorResult<BTreeSet<String>> {
        Ok(self.standing_of(address).await?.organizations)
    }

    /// Forgets what was read, after rights were changed through this gateway.
    pub fn forget(&self) {
        self.cache.lock().clear();
    }

    async fn rights_of(&self, address: Address) -> DoorResult<BTreeSet<Right>> {
        Ok(self.standing_of(address).await?.rights)
    }

    async fn standing_of(&self, address: Address) -> DoorResult<CachedRights> {
        let now_ms = (self.clock)();
        if let Some(cached) = self.cached(address, now_ms) {
            return Ok(cached);
        }
        let registry = Registry::new(self.s2p.as_ref(), &self.directory);
        let mut found = CachedRights { rights: BTreeSet::new(), organizations: BTreeSet::new(), read_at_ms: now_ms };
        for organization in registry.organizations_of_key(address).await? {
            let rights = registry.rights_in_force(address, organization, UnixSeconds(now_ms / 1000)).await?;
            if !rights.is_empty() {
                found.organizations.insert(organization.to_string());
            }
            found.rights.extend(rights);
        }
        self.keep(address, &found);
        Ok(found)
    }

    fn cached(&self, address: Address, now_ms: u64) -> Option<CachedRights> {
        let cache = self.cache.lock();
        let cached = cache.get(&address)?;
        (now_ms.saturating_sub(cached.read_at_ms) < CACHE_LIFE_MS).then(|| cached.clone())
    }

    /// Only rights are kept, not their absence: whoever is authorized can go on at once.
    fn keep(&self, address: Address, found: &CachedRights) {
        let mut cache = self.cache.lock();
        if found.rights.is_empty() {
            cache.remove(&address);
            return;
        }
        if cache.len() >= MAX_CACHED_ADDRESSES {
            cache.retain(|_, cached| found.read_at_ms.saturating_sub(cached.read_at_ms) < CACHE_LIFE_MS);
        }
        if cache.len() < MAX_CACHED_ADDRESSES {
            cache.insert(address, found.clone());
        }
    }
}

const fn role_of_status(status: UserStatus) -> Option<Role> {
    match status {
        UserStatus::Pending | UserStatus::Recovering => Some(Role::Registered),
        UserStatus::Confirmed => Some(Role::Citizen),
        UserStatus::Rejected | UserStatus::Replaced => None,
    }
}

/// The role that a right gives. Who may share is a data source too in what it sees (`docs/specs/sharing.md`, "Walk-through"); what it may record is a matter of the
/// right, which the handler of `data.record` asks the registry for.
fn role_of_right(right: Right) -> Role {
    match right {
        Right::INSPECTION => Role::Inspector,
        Right::REGISTRATION => Role::Registrar,
        Right::SUBMISSION | Right::SHARING => Role::Source,
        _ => Role::Issuer,
    }
}

#[cfg(test)]
mod tests;
