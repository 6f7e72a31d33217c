//! Which requirements belong together: the same purpose, and each names exactly the others, as `RequirementRegistry.belongTogether` asks of numbers that it is given (A-EST).

use std::collections::BTreeMap;

use alloy_primitives::B256;

use super::OpenRequirement;

/// Requirements of which an alliance can be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Together {
    /// What for.
    pub purpose: B256,
    /// Its members that are to be, by name.
    pub seats: Vec<TogetherSeat>,
}

/// A member that is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TogetherSeat {
    /// What it is called.
    pub name: B256,
    /// Requirements under that name, newest first. More than one: the member has declared anew, or somebody else has taken its name.
    pub candidates: Vec<OpenRequirement>,
}

impl Together {
    /// The one requirement of each member; `None` while a member has several.
    #[must_use]
    pub fn chosen(&self) -> Option<Vec<&OpenRequirement>> {
        let is_clear = self.seats.iter().all(|seat| seat.candidates.len() == 1);
        is_clear.then(|| self.seats.iter().flat_map(|seat| &seat.candidates).collect())
    }

    /// The same with these requirements for their members; `None`: one of them is not of it.
    #[must_use]
    pub fn with(mut self, ids: &[u64]) -> Option<Self> {
        for id in ids {
            let is_it = |requirement: &OpenRequirement| requirement.id == *id;
            let seat = self.seats.iter_mut().find(|seat| seat.candidates.iter().any(is_it))?;
            seat.candidates.retain(is_it);
        }
        Some(self)
    }
}

/// The sets that are complete, by purpose and names.
#[must_use]
pub fn together(open: &[OpenRequirement]) -> Vec<Together> {
    let mut sets: BTreeMap<(B256, Vec<B256>), BTreeMap<B256, Vec<OpenRequirement>>> = BTreeMap::new();
    for requirement in open {
        // A registry takes no name twice, and none that is the own one.
        let mut names = requirement.partners.clone();
        names.push(requirement.name);
        names.sort_unstable();
        let set = sets.entry((requirement.purpose, names)).or_default();
        set.entry(requirement.name).or_default().push(requirement.clone());
    }
    let complete = sets.into_iter().filter(|((_, names), found)| found.len() == names.len());
    complete
        .map(|((purpose, _), found)| Together {
            purpose,
            seats: found
                .into_iter()
                .map(|(name, mut candidates)| {
                    candidates.sort_unstable_by_key(|candidate| std::cmp::Reverse(candidate.id));
                    TogetherSeat { name, candidates }
                })
                .collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use alloy_primitives::Address;

    use super::*;

    fn name(text: &str) -> B256 {
        B256::right_padding_from(text.as_bytes())
    }

    fn wanted(id: u64, purpose: &str, own: &str, partners: &[&str]) -> OpenRequirement {
        OpenRequirement {
            id,
            authority: Address::with_last_byte(u8::try_from(id).unwrap()),
            purpose: name(purpose),
            name: name(own),
            chain_id: 7101,
            genesis_hash: None,
            node_contract: Address::ZERO,
            open_until: 1000,
            partners: partners.iter().map(|partner| name(partner)).collect(),
            endorsers: vec![(name("node 1"), 1)],
        }
    }

    fn ids(found: &[Together]) -> Vec<Vec<u64>> {
        let of = |set: &Together| set.seats.iter().flat_map(|seat| &seat.candidates).map(|it| it.id).collect();
        found.iter().map(of).collect()
    }

    // A-EST: those that name one another and nobody else, for the same; whatever else is open beside them.
    #[test]
    fn requirements_that_belong_together_are_found_among_others() {
        let open = [
            wanted(0, "mortgages", "bank", &["land", "tax"]),
            wanted(1, "mortgages", "land", &["bank", "tax"]),
            wanted(2, "statistics", "tax", &["bank", "land"]),
            wanted(3, "mortgages", "bank", &["land"]),
        ];
        assert_eq!(together(&open), []);
        let more = [&open[..], &[wanted(4, "mortgages", "tax", &["bank", "land"])]].concat();
        assert_eq!(ids(&together(&more)), [[0, 1, 4]], "by name; the pair and the other purpose are none");
        let both = [&more[..], &[wanted(5, "mortgages", "land", &["bank"])]].concat();
        assert_eq!(together(&both).len(), 2, "and the same members may want two alliances");
    }

    // A-EST: who declares under another's name stands beside it and replaces nobody.
    #[test]
    fn a_name_that_two_have_taken_is_for_people_to_decide() {
        let open = [
            wanted(0, "mortgages", "bank", &["land"]),
            wanted(1, "mortgages", "land", &["bank"]),
            wanted(2, "mortgages", "bank", &["land"]),
        ];
        let found = together(&open).remove(0);
        assert_eq!(ids(std::slice::from_ref(&found)), [[2, 0, 1]]);
        assert_eq!(found.chosen(), None);
        let chosen = found.clone().with(&[0]).unwrap();
        assert_eq!(chosen.chosen().unwrap().iter().map(|it| it.id).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(found.with(&[0, 9]), None, "no such requirement is of it");
    }
}
