//! Which EIP-155 ids the chains of a city have. What is signed names the id, so that it counts on no other city's chains: a rehearsal needs another than the city itself.

use std::ops::Range;

use anyhow::{Result, anyhow, ensure};

use crate::city::layout::chains;

/// Id of the main chain of every development city. Its side chains have the next ones, as those of any city.
pub(crate) const DEVELOPMENT: u64 = 7_100;
/// The largest id of a chain: with it `2 id + 36`, the `v` of EIP-155, is exact in JavaScript, which wallets insist on.
pub(crate) const MAX: u64 = 4_503_599_627_370_476;
/// The least id that is drawn, 3 * 2^50: chains that the public knows have far smaller ones, but for a few.
pub(crate) const LEAST_DRAWN: u64 = 3 << 50;
/// How many are drawn from: 2^49.
const DRAWN_BITS: u32 = 49;
/// Chains whose ids wallets and tools know: Ethereum and its test networks, large public chains, and what development tools use.
const PUBLIC: [u64; 24] = [
    1, 3, 4, 5, 10, 25, 42, 56, 97, 100, 137, 250, 324, 1_101, 1_337, 5_777, 8_453, 17_000, 31_337, 42_161, 42_220,
    43_114, 59_144, 11_155_111,
];

/// A new id for the main chain of a city.
///
/// # Errors
/// When the operating system has no randomness.
pub(crate) fn draw() -> Result<u64> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|error| anyhow!("no randomness: {error}"))?;
    Ok(LEAST_DRAWN + (u64::from_be_bytes(bytes) >> (u64::BITS - DRAWN_BITS)))
}

/// Checks that a city whose main chain has this id has no id that means another chain.
///
/// # Errors
/// Which id cannot be used, and why.
pub(crate) fn check(main: u64) -> Result<()> {
    check_range(main)?;
    let own = of_city(main);
    let development = of_city(DEVELOPMENT);
    ensure!(
        own.end <= development.start || development.end <= own.start,
        "chain id {main}: every development city has the ids {} to {}, and what is signed there would count here; draw another (`chancery network founding` does)",
        development.start,
        development.end - 1
    );
    let public = PUBLIC.into_iter().find(|id| own.contains(id));
    ensure!(
        public.is_none(),
        "chain id {main}: {} is the id of a chain that wallets know as another; draw another (`chancery network founding` does)",
        public.unwrap_or_default()
    );
    Ok(())
}

/// Checks that all chains of a city with this id of the main chain can have one.
///
/// # Errors
/// When one is zero or above [`MAX`].
pub(crate) fn check_range(main: u64) -> Result<()> {
    ensure!(
        main > 0 && of_city(main).end - 1 <= MAX,
        "chain id {main}: the ids of the main chain and its side chains, which are the next ones, lie between 1 and {MAX}"
    );
    Ok(())
}

/// The ids of all chains of a city.
fn of_city(main: u64) -> Range<u64> {
    main..main.saturating_add(chains().count() as u64)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // FOUND-2
    #[test]
    fn drawn_ids_are_usable_and_differ() {
        let drawn: Vec<_> = (0..64).map(|_| draw().unwrap()).collect();
        for id in &drawn {
            check(*id).unwrap();
            assert!((LEAST_DRAWN..LEAST_DRAWN + (1 << DRAWN_BITS)).contains(id), "{id}");
        }
        assert!(drawn.windows(2).any(|pair| pair[0] != pair[1]));
    }

    // FOUND-2, bad input
    #[test]
    fn an_id_that_means_another_chain_is_refused() {
        for (main, why) in [
            (0, "between 1 and"),
            (MAX - 4, "between 1 and"),
            (u64::MAX, "between 1 and"),
            (DEVELOPMENT, "every development city"),
            (DEVELOPMENT + 5, "every development city"),
            (DEVELOPMENT - 5, "every development city"),
            (1, "wallets know"),
            (31_335, "31337 is the id of a chain"),
        ] {
            let refused = check(main).unwrap_err().to_string();
            assert!(refused.contains(why), "{main}: {refused}");
        }
        for main in [MAX - 5, DEVELOPMENT + 6, DEVELOPMENT - 6, 88_211] {
            check(main).unwrap();
        }
    }
}
