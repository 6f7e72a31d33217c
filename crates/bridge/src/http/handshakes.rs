//! Places of connections that have not shown yet whose they are: few, and fewer for each address, so that strangers who say nothing keep out nobody else.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
};

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Most handshakes at a time. More wait in the kernel.
pub(super) const MAX_HANDSHAKES: usize = 128;
/// Most of them of one address. More are closed at once: whoever is in earnest tries again.
pub(super) const MAX_PER_ADDRESS: usize = 32;
/// What an IPv6 subscriber has is a network of this size, not an address.
const SUBSCRIBER: u128 = !(u64::MAX as u128);

type Counts = Arc<Mutex<BTreeMap<IpAddr, usize>>>;

/// Counts handshakes by the address that they come from.
#[derive(Debug, Default)]
pub(super) struct Handshakes {
    by_address: Counts,
}

/// One of them; its place is free when this is dropped.
#[derive(Debug)]
pub(super) struct Handshake {
    by_address: Counts,
    address: IpAddr,
    _place: OwnedSemaphorePermit,
}

impl Handshakes {
    /// Where all of them have their places.
    pub(super) fn places() -> Arc<Semaphore> {
        Arc::new(Semaphore::new(MAX_HANDSHAKES))
    }

    /// `None`: that address has too many under way.
    pub(super) fn begin(&self, address: IpAddr, place: OwnedSemaphorePermit) -> Option<Handshake> {
        let address = subscriber(address);
        {
            let mut counts = self.by_address.lock();
            let count = counts.entry(address).or_default();
            if *count >= MAX_PER_ADDRESS {
                return None;
            }
            *count += 1;
        }
        Some(Handshake { by_address: Arc::clone(&self.by_address), address, _place: place })
    }
}

impl Drop for Handshake {
    fn drop(&mut self) {
        let mut counts = self.by_address.lock();
        let rest = counts.get(&self.address).map_or(0, |count| count.saturating_sub(1));
        // What has none is not kept: addresses are many.
        if rest == 0 {
            counts.remove(&self.address)
        } else {
            counts.insert(self.address, rest)
        };
    }
}

/// Whose an address is.
fn subscriber(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & SUBSCRIBER).into(),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    // M-SEC
    #[test]
    fn an_address_has_its_share_and_leaves_the_others_theirs() {
        let (handshakes, places) = (Handshakes::default(), Handshakes::places());
        let begin = |text| handshakes.begin(address(text), Arc::clone(&places).try_acquire_owned().unwrap());
        let mut silent: Vec<_> = (0..MAX_PER_ADDRESS).map(|_| begin("192.0.2.1").unwrap()).collect();
        assert!(begin("192.0.2.1").is_none());
        assert!(begin("::ffff:192.0.2.1").is_none(), "the same address, written otherwise");
        assert_eq!(places.available_permits(), MAX_HANDSHAKES - MAX_PER_ADDRESS, "who is sent away takes no place");
        assert!(begin("192.0.2.2").is_some());

        silent.pop();
        let again = begin("192.0.2.1");
        assert!(again.is_some() && begin("192.0.2.1").is_none());
        drop((silent, again));
        assert_eq!(places.available_permits(), MAX_HANDSHAKES);
        assert!(handshakes.by_address.lock().is_empty());
    }

    // M-SEC
    #[test]
    fn a_network_of_ipv6_counts_as_one_address() {
        let (handshakes, places) = (Handshakes::default(), Handshakes::places());
        let begin = |text: &str| handshakes.begin(address(text), Arc::clone(&places).try_acquire_owned().unwrap());
        let held: Vec<_> = (0..MAX_PER_ADDRESS).map(|i| begin(&format!("2001:db8:0:1::{i:x}")).unwrap()).collect();
        assert!(begin("2001:db8:0:1:ffff::1").is_none());
        assert!(begin("2001:db8:0:2::1").is_some());
        drop(held);
    }
}
