//! Where a receiver may be: `https`, or `http` on this machine; and nothing in a private network unless an operator says so. The same is looked at when the address is
//! given, and once more for every address that its name leads to, each time that something is sent (so a name that changes its mind leads nowhere).

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use chancery_reference_points::{
    Code, DoorError, DoorResult,
    alert::{MAX_RECEIVER_URL_BYTES, NewReceiver},
};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Checks where a receiver shall be.
///
/// # Errors
/// `ConfigurationInvalid` with the rule.
pub(super) fn check(receiver: &NewReceiver) -> DoorResult<Url> {
    let wrong = |rule: &str| DoorError::new(Code::ConfigurationInvalid, format!("url: {rule}")).with("member", "url");
    if receiver.url.len() > MAX_RECEIVER_URL_BYTES {
        return Err(wrong(&format!("at most {MAX_RECEIVER_URL_BYTES} bytes")));
    }
    let url = Url::parse(&receiver.url).map_err(|error| wrong(&error.to_string()))?;
    let host = url.host().ok_or_else(|| wrong("it names no host"))?;
    let is_here = match &host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    match url.scheme() {
        "https" => {}
        "http" if is_here => {}
        "http" => return Err(wrong("beyond this machine it has to be https")),
        _ => return Err(wrong("it has to be https, or http on this machine")),
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(wrong("it has a user, a password or a fragment: what is signed needs none"));
    }
    let literal = match host {
        Host::Domain(_) => None,
        Host::Ipv4(address) => Some(IpAddr::V4(address)),
        Host::Ipv6(address) => Some(IpAddr::V6(address)),
    };
    if !receiver.allow_private && (is_here || literal.is_some_and(|address| !is_public(address))) {
        return Err(wrong("it is on this machine or in a private network: allow that explicitly (allowPrivate)"));
    }
    Ok(url)
}

/// Scheme, host and port of a receiver's address. What follows is often all that keeps others from writing to it.
pub(super) fn origin(url: &str) -> String {
    Url::parse(url).map_or_else(|_| String::new(), |url| url.origin().ascii_serialization())
}

/// Whether an address can be reached by anybody: not of this machine, of a private network, of a link, nor reserved (IANA special-purpose registries).
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = match (a, b) {
        // This network, private (RFC 1918), loopback.
        (0 | 10 | 127, _) | (172, 16..=31) | (192, 168) => true,
        // Shared address space (RFC 6598), link-local (with the services of clouds), benchmarks (RFC 2544).
        (100, 64..=127) | (169, 254) | (198, 18..=19) => true,
        // Protocol assignments and documentation.
        (192, 0) => c == 0 || c == 2,
        (192, 88) => c == 99,
        (198, 51) => c == 100,
        (203, 0) => c == 113,
        // Multicast, reserved, broadcast.
        _ => a >= 224,
    };
    !is_special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    let groups = address.segments();
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match groups {
        // NAT64 (RFC 6052) and 6to4 (RFC 3056) lead to the address of IPv4 in them.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => embedded(high, low),
        // Teredo, ORCHID and protocol assignments; documentation.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // Global unicast is 2000::/3; everything else is local, of a link, multicast or reserved.
        [first, ..] => (0x2000..=0x3fff).contains(&first),
    }
}

/// Resolves names to public addresses alone.
pub(super) struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let addresses: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if addresses.is_empty() {
                return Err("its name leads to no public address".into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// The resolver for a receiver that may not be in a private network.
pub(super) fn public_only() -> Arc<PublicOnly> {
    Arc::new(PublicOnly)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn refused(url: &str, allow_private: bool) -> Option<String> {
        check(&NewReceiver { url: url.into(), allow_private }).err().map(|error| error.detail().to_owned())
    }

    // WATCH-6
    #[test]
    fn a_receiver_is_public_and_encrypted_unless_an_operator_allows_more() {
        for url in ["https://alerts.example.org/hook", "https://93.184.215.14/", "https://[2606:4700::1]:8443/a?b=c"] {
            assert_eq!(refused(url, false), None, "{url}");
        }
        for url in ["http://127.0.0.1:9/hook", "http://localhost/", "https://10.0.0.8/", "https://[fd00::1]/"] {
            assert!(refused(url, false).unwrap().contains("allowPrivate"), "{url}");
            assert_eq!(refused(url, true), None, "{url}");
        }
        for url in ["http://alerts.example.org/", "http://10.0.0.8/", "ftp://alerts.example.org/", "file:///etc/passwd"]
        {
            assert!(refused(url, true).is_some(), "{url}");
        }
        for url in ["https://user:word@alerts.example.org/", "https://alerts.example.org/#a", "nowhere", "https://"] {
            assert!(refused(url, true).is_some(), "{url}");
        }
        // Other ways to write an address are read as what they mean.
        for url in ["https://2130706433/", "https://0x7f.1/", "https://[::ffff:10.0.0.1]/", "https://[64:ff9b::a00:1]/"]
        {
            assert!(refused(url, false).is_some(), "{url}");
        }
    }

    // WATCH-6
    #[test]
    fn special_addresses_are_not_public() {
        let special = [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.31.255.255",
            "192.0.0.8",
            "192.168.1.1",
            "198.19.0.1",
            "203.0.113.9",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "2001:db8::1",
            "::ffff:192.168.0.1",
            "2002:a00:1::",
            "64:ff9b::7f00:1",
        ];
        for address in special {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1", "2002:808:808::1"] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    // WATCH-6: a name that leads to this machine is found out when it is asked for.
    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_leads_nowhere() {
        let refused = PublicOnly.resolve("localhost".parse().unwrap()).await.err().unwrap();
        assert!(refused.to_string().contains("no public address"), "{refused}");
    }
}
