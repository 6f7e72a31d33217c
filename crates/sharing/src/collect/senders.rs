//! Whose syslog is taken in plain text on this machine, where nothing but an address says who sends.

use std::{net::IpAddr, sync::Arc};

/// Addresses whose messages are taken. Of a connection the address is whoever holds it; of a datagram it is what its sender wrote.
#[derive(Clone, Debug)]
pub(super) struct Senders(Option<Arc<[IpAddr]>>);

impl Senders {
    /// Whoever reaches the listener: it is on loopback, or TLS shows who they are.
    pub(super) const fn anybody() -> Self {
        Self(None)
    }

    /// These alone; anybody when none is named.
    pub(super) fn named(addresses: &[IpAddr]) -> Self {
        Self((!addresses.is_empty()).then(|| addresses.iter().map(IpAddr::to_canonical).collect()))
    }

    /// Whether messages of this address are taken.
    pub(super) fn include(&self, address: IpAddr) -> bool {
        self.0.as_ref().is_none_or(|named| named.contains(&address.to_canonical()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // M-SEC, S-COL
    #[test]
    fn an_address_of_ipv4_is_the_same_on_a_socket_of_ipv6() {
        let parsed = |text: &str| text.parse::<IpAddr>().unwrap();
        let named = Senders::named(&[parsed("::ffff:192.0.2.1"), parsed("2001:db8::1")]);
        for (address, taken) in
            [("192.0.2.1", true), ("::ffff:192.0.2.1", true), ("2001:db8::1", true), ("192.0.2.2", false)]
        {
            assert_eq!(named.include(parsed(address)), taken, "{address}");
        }
        assert!(Senders::named(&[]).include(parsed("192.0.2.2")) && Senders::anybody().include(parsed("::1")));
    }
}
