//! What stays on this machine, and so may be said in clear.

use std::net::IpAddr;

use anyhow::{Context as _, Result, ensure};
use url::Url;

/// Reads the address of a server; to another machine it is encrypted. `what` says whose address it is: an option, or a member of a file.
///
/// # Errors
/// For what is no such address, and for what everybody on the way could read and answer.
pub(crate) fn encrypted_elsewhere(text: &str, what: &str) -> Result<Url> {
    let url: Url = text.parse().with_context(|| format!("{what}: it is no URL"))?;
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let is_here = host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    ensure!(
        is_here || matches!(url.scheme(), "https" | "wss"),
        "{what}: {} is not encrypted, and on another machine: use its https address (a proxy with TLS before it), or a tunnel to it on this machine",
        shown(&url)
    );
    Ok(url)
}

/// An address without what lets somebody in: it may stand in a log.
pub(crate) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_fragment(None);
    let is_shown = url.set_password(None).is_ok() && url.set_username("").is_ok();
    if is_shown { url.as_str().trim_end_matches('/').to_owned() } else { "an address".to_owned() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // M-SEC
    #[test]
    fn other_machines_are_spoken_to_over_tls_alone() {
        for right in
            ["http://127.0.0.1:8545", "ws://[::1]:8545", "http://localhost/x", "https://node.example", "wss://10.0.0.8"]
        {
            encrypted_elsewhere(right, "--rpc").unwrap();
        }
        for wrong in ["http://node.example", "ws://10.0.0.8:8545", "http://localhost.example", "http://[fd00::1]"] {
            let refused = encrypted_elsewhere(wrong, "--rpc").unwrap_err().to_string();
            assert!(refused.starts_with("--rpc") && refused.contains(wrong), "{refused}");
        }
        let refused = encrypted_elsewhere("http://me:secret@node.example#token-file=/etc/token", "--rpc").unwrap_err();
        assert!(refused.to_string().starts_with("--rpc: http://node.example is not"), "{refused}");
        assert_eq!(encrypted_elsewhere("no URL: secret", "--rpc").unwrap_err().to_string(), "--rpc: it is no URL");
    }
}
