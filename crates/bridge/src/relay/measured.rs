//! How well a courier does, for whoever watches over it.

use std::sync::atomic::Ordering;

use alloy_primitives::B256;

use super::{Courier, roads::Road};

/// What a courier has under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Requests that are looked after now.
    pub open: usize,
    /// Requests that wait outside, and are looked at from time to time.
    pub parked: usize,
    /// Decided requests that were brought to their end here, of which others carry a part.
    pub left_to_others: u64,
    /// How often there was no room for a request that waits: it is looked for again.
    pub without_room: u64,
    /// The alliance could not be read when it was read last.
    pub is_blind: bool,
    /// Members, and those that were, by name.
    pub members: Vec<MemberMeasured>,
}

/// How a member does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberMeasured {
    /// Its name.
    pub name: B256,
    /// Whether it is carried for.
    pub reach: Reach,
    /// Requests that wait for it outside.
    pub waiting: usize,
}

/// Whether a member is carried for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It is.
    Reached,
    /// Its chain does not answer.
    Silent,
    /// Its chain, or those who attest for it, are not named here.
    Elsewhere,
}

impl Courier {
    /// How well it does.
    #[must_use]
    pub fn measured(&self) -> Measured {
        let roads = self.known_roads();
        let docket = self.docket.lock();
        let members = roads.iter().map(|(name, road)| MemberMeasured {
            name: *name,
            reach: match road {
                Road::Reached(route) if route.is_silent() => Reach::Silent,
                Road::Reached(_) => Reach::Reached,
                Road::Silent => Reach::Silent,
                Road::Elsewhere => Reach::Elsewhere,
            },
            waiting: docket.waiting_for(*name),
        });
        Measured {
            open: docket.open_count(),
            parked: docket.parked_count(),
            left_to_others: self.left.load(Ordering::Relaxed),
            without_room: docket.left_out_count(),
            is_blind: self.is_blind.load(Ordering::Relaxed),
            members: members.collect(),
        }
    }
}
