//! Blockchain-based data controlling (ITU-T D3.7, 7.1.4): configures the other entities on behalf of operators.
//!
//! Offers O2C to operators; uses C2S, C2P and C2R. A change is checked by every entity that it concerns before any of them applies it (M-CON-4), then
//! applied in the order chains first, then representation, then provisioning: what is recorded on a chain is the authority, and the
//! other two can be brought in line with it again.
//!
//! Invariants:
//! * CONTROLLING-1: whoever is not an operator changes nothing and learns nothing of the effects.
//! * CONTROLLING-2: a change that one entity refuses is applied by none.
//! * CONTROLLING-3: if applying fails half-way, the error says what was applied; the same change may be sent again and applies the rest.
//! * CONTROLLING-4: a change of a kind for which the city wants two operators is applied when the main chain has the second one's approval of exactly this
//!   change, and once.
//! * CONTROLLING-5: what provisioning keeps by itself is recorded by representation first, so that nothing is in force that no chain comes to hold; what
//!   changes nothing is not recorded.
//!
//! It must not know what a change means to an entity.

mod approvals;
mod entity;

pub use entity::Controlling;
