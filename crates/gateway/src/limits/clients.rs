//! How much each client address asks: a token bucket and a count of requests under way, bounded in memory.

use std::net::IpAddr;

use parking_lot::Mutex;
use schnellru::{ByLength, LruMap};

use super::{Limits, MAX_CLIENTS};

/// An address, or for IPv6 its /64: one subscriber has that many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct ClientKey(u128);

impl From<IpAddr> for ClientKey {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self(u128::from(v4.to_bits())),
            // The top bit pattern of a /64 never falls into the 32 bits of an IPv4 address.
            IpAddr::V6(v6) => Self((v6.to_bits() >> 64 << 64) | (1 << 63)),
        }
    }
}

#[derive(Debug)]
struct Client {
    /// Thousandths of a request.
    millitokens: u64,
    updated_ms: u64,
    in_flight: u32,
}

/// Why a request has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// How long.
    pub(crate) retry_after_ms: u64,
    /// Which bound.
    pub(crate) bound: &'static str,
}

/// The clients that are remembered.
pub(crate) struct Clients {
    clients: Mutex<LruMap<ClientKey, Client, ByLength>>,
    limits: Limits,
}

impl Clients {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { clients: Mutex::new(LruMap::new(ByLength::new(MAX_CLIENTS))), limits }
    }

    /// Takes a token and a place. The place is given back by [`Clients::leave`].
    pub(crate) fn enter(&self, address: IpAddr, now_ms: u64) -> Result<(), Refusal> {
        let capacity = u64::from(self.limits.request_burst).saturating_mul(1000);
        let rate = u64::from(self.limits.requests_per_second.max(1));
        let mut clients = self.clients.lock();
        let fresh = || Client { millitokens: capacity, updated_ms: now_ms, in_flight: 0 };
        let Some(client) = clients.get_or_insert(ClientKey::from(address), fresh) else { return Ok(()) };
        let elapsed_ms = now_ms.saturating_sub(client.updated_ms);
        // `rate` requests a second are `rate` thousandths of a request a millisecond.
        client.millitokens = client.millitokens.saturating_add(elapsed_ms.saturating_mul(rate)).min(capacity);
        client.updated_ms = now_ms;
        if client.in_flight >= self.limits.max_in_flight_per_client {
            return Err(Refusal { retry_after_ms: 100, bound: "MAX_IN_FLIGHT_PER_CLIENT" });
        }
        let Some(left) = client.millitokens.checked_sub(1000) else {
            let missing = 1000 - client.millitokens;
            return Err(Refusal { retry_after_ms: missing.div_ceil(rate), bound: "REQUESTS_PER_SECOND" });
        };
        client.millitokens = left;
        client.in_flight += 1;
        Ok(())
    }

    /// Gives the place back.
    pub(crate) fn leave(&self, address: IpAddr) {
        if let Some(client) = self.clients.lock().get(&ClientKey::from(address)) {
            client.in_flight = client.in_flight.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn clients() -> Clients {
        Clients::new(Limits {
            requests_per_second: 10,
            request_burst: 3,
            max_in_flight_per_client: 2,
            ..Limits::default()
        })
    }

    #[test]
    fn a_burst_passes_and_then_the_rate_counts() {
        let clients = clients();
        for _ in 0..3 {
            clients.enter(HERE, 0).unwrap();
            clients.leave(HERE);
        }
        assert_eq!(clients.enter(HERE, 0), Err(Refusal { retry_after_ms: 100, bound: "REQUESTS_PER_SECOND" }));
        assert_eq!(clients.enter(HERE, 40).unwrap_err().retry_after_ms, 60);
        clients.enter(HERE, 100).unwrap();
    }

    #[test]
    fn requests_under_way_are_bounded_for_each_client_alone() {
        let clients = clients();
        clients.enter(HERE, 0).unwrap();
        clients.enter(HERE, 0).unwrap();
        assert_eq!(clients.enter(HERE, 0).unwrap_err().bound, "MAX_IN_FLIGHT_PER_CLIENT");
        clients.enter(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 0).unwrap();
        clients.leave(HERE);
        clients.enter(HERE, 0).unwrap();
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing() {
        let clients = clients();
        for _ in 0..3 {
            clients.enter(HERE, 10_000).unwrap();
            clients.leave(HERE);
        }
        assert!(clients.enter(HERE, 0).is_err());
    }

    #[test]
    fn an_ipv6_subscriber_is_one_client_and_no_ipv4_address() {
        let one = ClientKey::from(IpAddr::V6("2001:db8::1".parse::<Ipv6Addr>().unwrap()));
        let same = ClientKey::from(IpAddr::V6("2001:db8::ffff:2".parse::<Ipv6Addr>().unwrap()));
        let other = ClientKey::from(IpAddr::V6("2001:db8:0:1::1".parse::<Ipv6Addr>().unwrap()));
        assert_eq!(one, same);
        assert_ne!(one, other);
        assert_eq!(ClientKey::from(IpAddr::V6(Ipv4Addr::LOCALHOST.to_ipv6_mapped())), ClientKey::from(HERE));
        assert_ne!(
            ClientKey::from(IpAddr::V6(Ipv6Addr::UNSPECIFIED)),
            ClientKey::from(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
        );
    }
}
