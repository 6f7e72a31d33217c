//! Who may ask for a service: what the service itself allows, narrowed by the access rule that operators have made (`docs/specs/access.md`). Pure.

use std::collections::BTreeSet;

use alloy_primitives::Address;
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult, Role,
    access_rule::{AccessEffect, AccessEntries, AccessSubject, recorded_text},
    right::Right,
};
use serde_json::Value;

use crate::catalogue::{Audience, OfferedService};

/// Why somebody is not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// One of these roles is needed.
    Role(Vec<Role>),
    /// What comes of this organization is refused.
    Organization(String),
}

/// Whether an actor may ask. The service's own audience is the upper bound: no rule opens what it closes (ACCESS-2). An operator whom it admits is always
/// admitted (ACCESS-3).
pub(crate) fn judge(audience: Audience, entries: &AccessEntries, actor: &Actor) -> Result<(), Refusal> {
    let roles: Vec<Role> = actor.roles.iter().copied().filter(|role| audience.names(*role)).collect();
    if audience != Audience::Public && roles.is_empty() {
        return Err(Refusal::Role(allowed_roles(audience, entries)));
    }
    if roles.contains(&Role::Operator) {
        return Ok(());
    }
    let of = |code: &String| entries.get(&AccessSubject::Organization(code.clone())).copied();
    let organizations: Vec<_> = actor.organizations.iter().filter_map(|code| Some((code, of(code)?))).collect();
    if let Some((code, _)) = organizations.iter().find(|(_, effect)| *effect == AccessEffect::Deny) {
        return Err(Refusal::Organization((*code).clone()));
    }
    if is_open(audience, entries)
        || !organizations.is_empty()
        || roles.iter().any(|role| of_role(entries, *role) == AccessEffect::Allow)
    {
        return Ok(());
    }
    Err(Refusal::Role(allowed_roles(audience, entries)))
}

/// By which right somebody who may ask does: as the service knows it; about itself; as anybody; because the rule names its organization; or by its role.
pub(crate) fn right_to_ask(
    offered: &OfferedService,
    entries: &AccessEntries,
    actor: &Actor,
    parameters: &Value,
) -> Right {
    let about = || offered.service.subject(parameters)?.parse::<Address>().ok();
    if let Some(right) = offered.service.right(actor, parameters) {
        right
    } else if actor.address.is_some() && about() == actor.address {
        Right::OwnData
    } else if is_open(offered.audience, entries) {
        Right::Open
    } else if actor
        .organizations
        .iter()
        .any(|code| entries.get(&AccessSubject::Organization(code.clone())) == Some(&AccessEffect::Allow))
    {
        Right::Granted
    } else {
        Right::Role
    }
}

/// Checks that a rule narrows, and that it says what will be.
///
/// # Errors
/// `OperatorsLockedOut`; `ConfigurationInvalid` with the entry that means nothing.
pub(crate) fn check(audience: Audience, entries: &AccessEntries) -> DoorResult<()> {
    recorded_text(entries)?;
    if audience.names(Role::Operator) && of_role(entries, Role::Operator) == AccessEffect::Deny {
        return Err(DoorError::new(
            Code::OperatorsLockedOut,
            "operators may ask for this service, and no rule takes that away: allow role:operator",
        ));
    }
    let invalid = |subject: &AccessSubject, why: &str| {
        Err(DoorError::new(Code::ConfigurationInvalid, format!("{subject}: {why}")).with("entry", subject.to_string()))
    };
    let is_open = is_open(audience, entries);
    for (subject, effect) in entries {
        match subject {
            AccessSubject::Role(role) if !audience.names(*role) => {
                return invalid(subject, "the service is not for this role, and a rule opens nothing");
            }
            AccessSubject::Role(_) | AccessSubject::Organization(_) if is_open && *effect == AccessEffect::Deny => {
                return invalid(subject, "anybody may ask without saying who: deny `anybody` first, and allow who may");
            }
            _ => {}
        }
    }
    Ok(())
}

/// What a rule changes, one line for each subject, in plain words.
pub(crate) fn difference(
    service: &str,
    audience: Audience,
    before: &AccessEntries,
    after: &AccessEntries,
) -> Vec<String> {
    let mut lines = Vec::new();
    let mut say = |subject: &str, was: AccessEffect, is: AccessEffect| match (was, is) {
        (AccessEffect::Allow, AccessEffect::Deny) => {
            lines.push(format!("service {service}: {subject} may not ask any more"))
        }
        (AccessEffect::Deny, AccessEffect::Allow) => lines.push(format!("service {service}: {subject} may ask again")),
        _ => {}
    };
    if audience == Audience::Public {
        say("who has none of the roles allowed", anybody(before), anybody(after));
    }
    for role in Role::ALL.into_iter().filter(|role| audience.names(*role)) {
        let subject = format!("role {}", role.name());
        say(&subject, open_to(audience, before, role), open_to(audience, after, role));
    }
    let organizations: BTreeSet<&AccessSubject> =
        before.keys().chain(after.keys()).filter(|subject| matches!(subject, AccessSubject::Organization(_))).collect();
    for subject in organizations {
        let (was, is) = (before.get(subject), after.get(subject));
        if was != is {
            let word = |effect: Option<&AccessEffect>| effect.map_or("as its roles say", |effect| effect.name());
            lines.push(format!("service {service}: {subject} from {} to {}", word(was), word(is)));
        }
    }
    if lines.is_empty() {
        lines.push(format!("service {service}: nobody may ask more or less than before"));
    }
    lines
}

/// Whether anybody may ask, without saying who.
pub(crate) fn is_open(audience: Audience, entries: &AccessEntries) -> bool {
    audience == Audience::Public && anybody(entries) == AccessEffect::Allow
}

fn anybody(entries: &AccessEntries) -> AccessEffect {
    entries.get(&AccessSubject::Anybody).copied().unwrap_or(AccessEffect::Allow)
}

fn of_role(entries: &AccessEntries, role: Role) -> AccessEffect {
    entries.get(&AccessSubject::Role(role)).copied().unwrap_or_else(|| anybody(entries))
}

/// Whether somebody with the role alone may ask.
fn open_to(audience: Audience, entries: &AccessEntries, role: Role) -> AccessEffect {
    if is_open(audience, entries) || role == Role::Operator { AccessEffect::Allow } else { of_role(entries, role) }
}

fn allowed_roles(audience: Audience, entries: &AccessEntries) -> Vec<Role> {
    let is_allowed = |role: &Role| audience.names(*role) && open_to(audience, entries, *role) == AccessEffect::Allow;
    Role::ALL.into_iter().filter(is_allowed).collect()
}

#[cfg(test)]
mod tests;
