//! Who may see a resource: bit *i* of a word is role *i* of [`Role::ALL`]; all bits are everybody.

use chancery_reference_points::{Actor, Role};

/// There is no such role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no role {0:?}")]
pub struct UnknownRole(pub String);

/// Who may see a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visibility(pub u32);

impl Visibility {
    /// Everybody, with or without a role.
    pub const EVERYBODY: Self = Self(u32::MAX);

    /// Nobody: what the contract has of an entry whose opening says who may see it.
    pub const NOBODY: Self = Self(0);

    /// Those who have one of these roles.
    ///
    /// # Errors
    /// [`UnknownRole`].
    pub fn of_roles<'a>(roles: impl IntoIterator<Item = &'a str>) -> Result<Self, UnknownRole> {
        roles.into_iter().try_fold(Self(0), |visibility, name| {
            let place = Role::ALL.iter().position(|role| role.name() == name);
            let place = place.ok_or_else(|| UnknownRole(name.to_owned()))?;
            Ok(Self(visibility.0 | 1 << place))
        })
    }

    /// Whether an actor may see it.
    #[must_use]
    pub fn admits(self, actor: &Actor) -> bool {
        self == Self::EVERYBODY || self.roles().any(|role| actor.is(role))
    }

    /// Names of the roles; none stands for everybody.
    #[must_use]
    pub fn names(self) -> Option<Vec<String>> {
        (self != Self::EVERYBODY).then(|| self.roles().map(|role| role.name().to_owned()).collect())
    }

    fn roles(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().enumerate().filter(move |(place, _)| self.0 & (1 << place) != 0).map(|(_, role)| role)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use alloy_primitives::Address;

    use super::*;

    #[test]
    fn a_role_sees_what_its_bit_says_and_everybody_is_not_every_role() {
        let some = Visibility::of_roles(["inspector", "operator"]).unwrap();
        let actor = |role| Actor::new(Address::ZERO, [role]);
        assert!(some.admits(&actor(Role::Inspector)) && some.admits(&actor(Role::Operator)));
        assert!(!some.admits(&actor(Role::Citizen)) && !some.admits(&Actor::public()));
        assert!(Visibility::EVERYBODY.admits(&Actor::public()));
        let all = Visibility::of_roles(Role::ALL.map(Role::name)).unwrap();
        assert!(!all.admits(&Actor::public()), "whoever has no role is not meant");
        assert_eq!(some.names().unwrap(), ["inspector", "operator"]);
        assert_eq!(Visibility::of_roles(["king"]), Err(UnknownRole("king".to_owned())));
    }
}
