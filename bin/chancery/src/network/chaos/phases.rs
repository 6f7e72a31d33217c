//! What happens to the network, one after the other, and what must come of it.

use std::time::Duration;

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
