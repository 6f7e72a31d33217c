//! What happens to packets between hosts.

use std::time::Duration;

/// The state of the network between the hosts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Weather {
    /// How long each packet is on its way, one way.
    pub(super) delay: Duration,
    /// How many of a hundred packets are lost.
    pub(super) loss_percent: u8,
    /// The side of the cut that each host is on; empty when nothing is cut.
    pub(super) sides: Vec<u8>,
}

impl Weather {
    pub(super) fn calm() -> Self {
        Self::default()
    }

    pub(super) fn delayed(delay: Duration) -> Self {
        Self { delay, ..Self::default() }
    }

    pub(super) fn lossy(loss_percent: u8) -> Self {
        Self { loss_percent, ..Self::default() }
    }

    pub(super) fn cut(sides: &[u8]) -> Self {
        Self { sides: sides.to_vec(), ..Self::default() }
    }

    /// Whether packets of a host reach another at all.
    pub(super) fn joins(&self, from: usize, to: usize) -> bool {
        self.sides.get(from) == self.sides.get(to)
    }

    /// What becomes of one packet, given a number from 0 to 99 that chance has drawn: its delay, or `None` when it is lost.
    pub(super) fn fate(&self, from: usize, to: usize, chance: u8) -> Option<Duration> {
        (self.joins(from, to) && chance >= self.loss_percent).then_some(self.delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_parts_the_sides_and_nothing_within_them() {
        let cut = Weather::cut(&[0, 0, 1, 1]);
        for (from, to, joined) in [(0, 1, true), (2, 3, true), (0, 2, false), (3, 1, false)] {
            assert_eq!(cut.fate(from, to, 99).is_some(), joined, "{from} to {to}");
        }
        assert!(Weather::calm().joins(0, 3));
    }

    #[test]
    fn so_many_of_a_hundred_are_lost() {
        let lossy = Weather::lossy(20);
        assert_eq!((0..100).filter(|chance| lossy.fate(0, 1, *chance).is_none()).count(), 20);
        let late = Weather::delayed(Duration::from_millis(200));
        assert!((0..100).all(|chance| late.fate(1, 0, chance) == Some(Duration::from_millis(200))));
    }
}
