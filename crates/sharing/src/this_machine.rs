//! Addresses of this machine.

use reqwest::{Client, ClientBuilder, Url};

/// Whether what answers there is on this machine.
pub(crate) fn is_this_machine(url: &Url) -> bool {
    url.host_str().is_some_and(|host| is_local(host.trim_matches(['[', ']'])))
}

/// Whether a name or an address is that of this machine.
pub(crate) fn is_local(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

/// Whether an address has a user or a password in it, which would be shown wherever it is.
pub(crate) fn has_user_info(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// Asks this machine itself, and others through the proxy that the environment names: to a proxy, the same name is another machine.
pub(crate) fn client_builder(url: &Url) -> ClientBuilder {
    if is_this_machine(url) { Client::builder().no_proxy() } else { Client::builder() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // S-COL
    #[test]
    fn this_machine_is_known_by_its_names() {
        let of = |text: &str| is_this_machine(&Url::parse(text).unwrap());
        assert!(["http://localhost/", "http://127.0.0.2:1/", "http://[::1]/"].into_iter().all(of));
        assert!(!["http://localhost.example/", "http://192.0.2.1/", "http://[2001:db8::1]/"].into_iter().any(of));
    }
}
