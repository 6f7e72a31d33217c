//! How many connections each host has: an exact count, given back when a connection is dropped, however it ended.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// How many each host has.
#[derive(Debug)]
pub(super) struct Places {
    held: Mutex<HashMap<IpAddr, usize>>,
    most: usize,
}

impl Places {
    /// At most so many of one host.
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { held: Mutex::default(), most })
    }

    /// One more of this address, unless its host has as many as it may.
    pub(super) fn take(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let host = host_of(address);
        let mut held = self.held();
        let count = held.get(&host).copied().unwrap_or(0);
        if count >= self.most {
            return None;
        }
        held.insert(host, count + 1);
        Some(Place { of: Arc::clone(self), host })
    }

    fn held(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of them; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    of: Arc<Places>,
    host: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.of.held();
        match held.get_mut(&self.host) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                held.remove(&self.host);
            }
        }
    }
}

/// An address of IPv4, or the /64 of one of IPv6: one host has that many.
fn host_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // S-COL
    #[test]
    fn a_host_with_a_whole_network_of_addresses_has_the_places_of_one() {
        let places = Places::new(2);
        let take = |address: &str| places.take(address.parse().unwrap());
        let (first, _second) = (take("2001:db8::1").unwrap(), take("2001:db8::ffff:2").unwrap());
        assert!(take("2001:db8::3").is_none());
        let _other = take("2001:db8:0:1::1").unwrap();
        drop(first);
        let _third = take("2001:db8::3").unwrap();
        let (_v4, _mapped) = (take("192.0.2.1").unwrap(), take("::ffff:192.0.2.1").unwrap());
        assert!(take("192.0.2.1").is_none());
        take("192.0.2.2").unwrap();
        assert_eq!(places.held().len(), 3, "whoever has nothing is not remembered");
    }

    // S-COL
    #[tokio::test]
    async fn a_connection_that_panics_gives_its_place_back() {
        let places = Places::new(1);
        let place = places.take(IpAddr::from([192, 0, 2, 1])).unwrap();
        let ended = tokio::spawn(async move {
            let _held = place;
            assert_eq!(1, 2, "as a task that has a fault");
        });
        assert!(ended.await.unwrap_err().is_panic());
        places.take(IpAddr::from([192, 0, 2, 1])).unwrap();
    }
}
