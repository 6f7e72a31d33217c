//! What happens to the network, one after the other, and what must come of it.

use std::{ops::RangeInclusive, time::Duration};

use super::weather::Weather;

/// How many hosts the story has: the fewest of which one may fail.
pub(super) const HOSTS: usize = 4;

/// One spell of weather.
pub(super) struct Phase {
    pub(super) name: &'static str,
    pub(super) weather: Weather,
    /// The hosts on which new blocks must become final meanwhile; on all others none may.
    pub(super) go_on: &'static [usize],
}

const ALL: &[usize] = &[0, 1, 2, 3];

impl Phase {
    /// Whether every host that reaches a quorum has a new final block.
    pub(super) fn all_went_on(&self, before: &[u64], after: &[u64]) -> bool {
        self.go_on.iter().all(|host| after.get(*host) > before.get(*host))
    }

    /// What is wrong with how far a host has come; `highest` is the highest final block that any host had when the weather had settled.
    /// A host without a quorum may still learn of what was final before from those that it reaches, and of nothing else.
    pub(super) fn judge(&self, host: usize, heads: RangeInclusive<u64>, highest: u64) -> Option<String> {
        if self.go_on.contains(&host) {
            return (heads.end() <= heads.start())
                .then(|| "has no new final block, though it reaches a quorum".to_owned());
        }
        let new = heads.end().saturating_sub(highest);
        (new > 0).then(|| format!("has {new} new final blocks without a quorum"))
    }
}

/// The whole story.
pub(super) fn phases() -> Vec<Phase> {
    let phase = |name, weather, go_on| Phase { name, weather, go_on };
    vec![
        phase("calm", Weather::calm(), ALL),
        phase("one host cut off", Weather::cut(&[0, 0, 0, 1]), &[0, 1, 2]),
        phase("cut in the middle", Weather::cut(&[0, 0, 1, 1]), &[]),
        phase("delay of 200 ms", Weather::delayed(Duration::from_millis(200)), ALL),
        phase("loss of 20 %", Weather::lossy(20), ALL),
        phase("everybody alone", Weather::cut(&[0, 1, 2, 3]), &[]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    // CHAIN-3: what was final before may be learned late, after a cut from everybody who had more.
    #[test]
    fn a_host_without_a_quorum_may_catch_up_and_not_go_on() {
        let phases = phases();
        let (calm, cut) = (&phases[0], &phases[2]);
        assert_eq!(cut.judge(3, 10..=51, 51), None, "it was behind and has caught up");
        assert_eq!(cut.judge(3, 10..=52, 51).as_deref(), Some("has 1 new final blocks without a quorum"));
        assert_eq!(calm.judge(0, 51..=52, 51), None);
        assert_eq!(calm.judge(0, 51..=51, 51).as_deref(), Some("has no new final block, though it reaches a quorum"));
        assert!(calm.judge(0, 10..=10, 51).is_some());
    }

    #[test]
    fn a_spell_goes_on_until_whoever_should_has_a_new_block() {
        let cut_off = &phases()[1];
        assert!(!cut_off.all_went_on(&[5, 5, 5, 5], &[6, 6, 5, 5]));
        assert!(cut_off.all_went_on(&[5, 5, 5, 5], &[6, 6, 6, 5]));
    }

    // A side goes on if it has more than two thirds of the hosts.
    #[test]
    fn what_is_expected_follows_from_the_quorum() {
        for Phase { name, weather, go_on } in phases() {
            for host in 0..HOSTS {
                let side = (0..HOSTS).filter(|other| weather.joins(host, *other)).count();
                assert_eq!(go_on.contains(&host), side * 3 > HOSTS * 2, "{name}: host {host}");
            }
        }
    }
}
