//! Whether what is asked at a door is covered by the right by which it is asked (PROCESSING-5, M-PRO-2). Whoever holds the door is not believed: the right has to be
//! known, its holder to have it, and it has to cover what is read. A role that the main chain gives is asked for there, a registration where registrations are kept.

mod registrations;
mod standing;

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::Address;
use chancery_contracts::predeploys;
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult, Role,
    mandate::{AccessRight, Contracts, Holders, Mandate, OFFICES, rights},
    operation::ChainName,
};

pub use self::registrations::Registrations;
use self::standing::{Forgetting, Standings};
use crate::{Processing, ProcessingConfig};

/// Organizations and identities.
const WHO: &[Address] = &[predeploys::ORGANIZATION_REGISTRY, predeploys::ETHEREUM_DID_REGISTRY];
/// Where certificates stand, and the rights to issue them.
const CERTIFICATES: &[Address] = &[
    predeploys::CERTIFICATE_REGISTRY,
    predeploys::ORGANIZATION_REGISTRY,
    predeploys::ETHEREUM_DID_REGISTRY,
    predeploys::TRUST_REGISTRY,
];

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Asked<'a> {
    /// Which chains there are.
    Chains,
    /// A transaction, of this chain or of any.
    Transaction(Option<&'a ChainName>),
    /// State or events of a contract; of none in particular: of every one.
    Contract(&'a ChainName, Option<Address>),
}

/// The rights, and who was found to have a role.
#[derive(Debug)]
pub(crate) struct Validity {
    rights: BTreeMap<&'static str, AccessRight>,
    operators: BTreeSet<Address>,
    supervisors: BTreeSet<Address>,
    standings: Standings,
}

impl Validity {
    /// The city's own rights with those of the catalogue's services, none of which replaces one of the city's.
    pub(crate) fn new(config: &ProcessingConfig) -> Self {
        let mut rights: BTreeMap<_, _> = config.rights.iter().map(|right| (right.name, right.clone())).collect();
        rights.extend(of_the_city(&config.main).map(|right| (right.name, right)));
        let (operators, supervisors) = (config.operators.clone(), config.supervisors.clone());
        Self { rights, operators, supervisors, standings: Standings::default() }
    }

    /// That a request is by this right.
    ///
    /// # Errors
    /// `NotCovered`.
    #[allow(clippy::unused_self, reason = "one of the questions that are asked of it")]
    pub(crate) fn by_name(&self, right: &str, by: &Mandate) -> DoorResult<()> {
        if by.right == right { Ok(()) } else { Err(not_covered(by, "this door")) }
    }

    /// That a request is by this right, of somebody with this role.
    ///
    /// # Errors
    /// `NotCovered`, `RoleRequired`.
    pub(crate) fn only(&self, right: &str, role: Role, by: &Mandate) -> DoorResult<()> {
        self.by_name(right, by)?;
        if self.is_configured(&by.actor, role) { Ok(()) } else { Err(role_required(&[role])) }
    }

    /// Held while rights are changed through this entity: when it is dropped, who was found to have a role is forgotten.
    pub(crate) fn forgetting(&self) -> Forgetting<'_> {
        self.standings.forgetting()
    }

    /// Whether an actor has a role that is given by configuration.
    pub(crate) fn is_configured(&self, actor: &Actor, role: Role) -> bool {
        let holders = match role {
            Role::Operator => &self.operators,
            Role::Supervisor => &self.supervisors,
            _ => return false,
        };
        actor.is(role) && actor.address.is_some_and(|address| holders.contains(&address))
    }

    /// The right of a mandate, when it covers what is asked.
    fn covering(&self, by: &Mandate, asked: Asked<'_>) -> DoorResult<&AccessRight> {
        let right =
            self.rights.get(by.right.as_str()).ok_or_else(|| not_covered(by, "anything: no such right is known"))?;
        let on = |chain: &ChainName| right.chain.as_ref().is_none_or(|only| only == chain);
        let covered = match (asked, right.contracts) {
            (Asked::Chains, _) => true,
            (_, Contracts::None) => false,
            (Asked::Transaction(chain), _) => chain.map_or(right.chain.is_none(), on),
            (Asked::Contract(chain, _), Contracts::All) => on(chain),
            (Asked::Contract(chain, contract), Contracts::Of(known)) => {
                on(chain) && contract.is_some_and(|contract| known.contains(&contract))
            }
        };
        if covered { Ok(right) } else { Err(not_covered(by, &described(asked))) }
    }
}

impl Processing {
    /// That a request at S2P is covered by its right.
    ///
    /// # Errors
    /// `NotCovered`, `RoleRequired`; `ChainUnreachable` when it cannot be found out.
    pub(crate) async fn permit(&self, by: &Mandate, asked: Asked<'_>) -> DoorResult<()> {
        let right = self.validity.covering(by, asked)?;
        match right.holders {
            Holders::Anybody => Ok(()),
            Holders::Roles(roles) => {
                let has_one = self.has_one(&by.actor, roles).await?;
                if has_one { Ok(()) } else { Err(role_required(roles)) }
            }
        }
    }

    /// That a mandate for data of registered sources is for an office.
    ///
    /// # Errors
    /// `NotCovered` by another right; `ChainUnreachable`.
    pub(crate) async fn is_an_office(&self, by: &Mandate) -> DoorResult<bool> {
        self.validity.by_name(rights::DATA, by)?;
        self.has_one(&by.actor, &OFFICES).await
    }

    /// What stands of what a mandate for data of registered sources says of its actor: configured roles, and organizations.
    ///
    /// # Errors
    /// `NotCovered` by another right; `ChainUnreachable`.
    pub(crate) async fn standing_of(&self, by: &Mandate) -> DoorResult<Actor> {
        self.validity.by_name(rights::DATA, by)?;
        let Some(address) = by.actor.address else { return Ok(Actor::public()) };
        let roles =
            [Role::Operator, Role::Supervisor].into_iter().filter(|role| self.validity.is_configured(&by.actor, *role));
        let organizations = self.organizations_of(address, &by.actor.organizations).await?;
        Ok(Actor::new(address, roles).of_organizations(organizations))
    }

    /// Whether an actor has one of these roles, each where it is given: by configuration, on the main chain, or by the register of persons. That the actor is said to have
    /// it is needed, and not enough.
    async fn has_one(&self, actor: &Actor, roles: &[Role]) -> DoorResult<bool> {
        let mut claimed: Vec<Role> = roles.iter().copied().filter(|role| actor.is(*role)).collect();
        if claimed.iter().any(|role| self.validity.is_configured(actor, *role)) {
            return Ok(true);
        }
        claimed.retain(|role| standing::is_looked_up(*role));
        match actor.address {
            Some(address) if !claimed.is_empty() => self.validity.standings.has_one(self, address, &claimed).await,
            _ => Ok(false),
        }
    }
}

/// What the city needs to serve anybody.
fn of_the_city(main: &ChainName) -> [AccessRight; 5] {
    let right = |name, chain, contracts| AccessRight { name, holders: Holders::Anybody, chain, contracts };
    let main = || Some(main.clone());
    [
        right(rights::CHAINS, None, Contracts::None),
        right(rights::IDENTIFICATION, main(), Contracts::Of(&[predeploys::ORGANIZATION_REGISTRY])),
        right(rights::REGISTRATION, main(), Contracts::Of(WHO)),
        right(rights::MESSAGES, main(), Contracts::Of(WHO)),
        right(rights::APPLICATIONS, None, Contracts::Of(CERTIFICATES)),
    ]
}

fn described(asked: Asked<'_>) -> String {
    match asked {
        Asked::Chains => "the list of chains".to_owned(),
        Asked::Transaction(None) => "transactions of every chain".to_owned(),
        Asked::Transaction(Some(chain)) => format!("transactions of {chain}"),
        Asked::Contract(chain, None) => format!("all events of {chain}"),
        Asked::Contract(chain, Some(contract)) => format!("contract {contract} of {chain}"),
    }
}

fn not_covered(by: &Mandate, what: &str) -> DoorError {
    let right = by.shown_right();
    DoorError::new(Code::NotCovered, format!("the right `{right}` does not cover {what}")).with("right", right)
}

fn role_required(roles: &[Role]) -> DoorError {
    let required: Vec<&str> = roles.iter().map(|role| role.name()).collect();
    DoorError::new(Code::RoleRequired, format!("this needs one of the roles {}", required.join(", ")))
        .with("required", required)
}

#[cfg(test)]
mod tests;
