use std::net::IpAddr;

use alloy_primitives::B256;
use chancery_light::ChainEssentials;
use url::Url;

/// How the hash of a chain's block follows from its header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HeaderHashing {
    /// keccak256 of the RLP header, as on Ethereum. A header that hashes to something else is refused.
    #[default]
    Standard,
    /// The chain leaves its seals out of the hash (Besu QBFT and IBFT 2.0). The hash cannot be checked, and answers say so.
    Sealed,
}

/// A chain to reach.
#[derive(Clone, Debug)]
pub struct ChainConfig {
    /// Its name in the city: `main`, `marriage`, ...
    pub name: String,
    /// EIP-155 chain id that the endpoint must show.
    pub chain_id: u64,
    /// JSON-RPC endpoint: `https://`, or `wss://` (then new heads are subscribed to instead of polled); on this machine `http://` and `ws://` too. With `#token-file=` and a path,
    /// where the node asks for a token ([`crate::Endpoint`]).
    pub rpc_url: Url,
    /// Hash of block 0 that the endpoint must show; `None` accepts any (a development chain).
    pub genesis_hash: Option<B256>,
    /// What its finality certificates are verified with. `None`: a chain without certificates, whose blocks count as
    /// final after `confirmations`, and every answer says so.
    pub essentials: Option<ChainEssentials>,
    /// Blocks that must follow before a block counts as final; used only without `essentials`.
    pub confirmations: u64,
    /// How block hashes are made; used only without `essentials`.
    pub header_hashing: HeaderHashing,
}

impl ChainConfig {
    /// Whether nobody on the way reads what is asked, or answers instead: it is encrypted, or stays on this machine.
    pub(crate) fn is_kept_to_itself(&self) -> bool {
        let host = self.rpc_url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let is_here = host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
        is_here || matches!(self.rpc_url.scheme(), "https" | "wss")
    }

    /// A chain with finality certificates.
    #[must_use]
    pub fn certified(name: impl Into<String>, rpc_url: Url, essentials: ChainEssentials) -> Self {
        Self {
            name: name.into(),
            chain_id: essentials.chain_id,
            rpc_url,
            genesis_hash: Some(essentials.genesis_hash),
            essentials: Some(essentials),
            confirmations: 0,
            header_hashing: HeaderHashing::Standard,
        }
    }

    /// The endpoint, as others may be told: without what lets somebody in.
    #[must_use]
    pub fn shown_rpc_url(&self) -> String {
        let mut url = self.rpc_url.clone();
        url.set_fragment(None);
        let is_shown = url.set_password(None).is_ok() && url.set_username("").is_ok();
        if is_shown { url.into() } else { String::new() }
    }

    /// A chain without finality certificates whose newest block counts as final (anvil; Besu with immediate finality).
    #[must_use]
    pub fn uncertified(name: impl Into<String>, rpc_url: Url, chain_id: u64) -> Self {
        Self {
            name: name.into(),
            chain_id,
            rpc_url,
            genesis_hash: None,
            essentials: None,
            confirmations: 0,
            header_hashing: HeaderHashing::Standard,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    // M-SEC
    #[test]
    fn what_lets_somebody_in_is_told_to_nobody() {
        let shown = |url: &str| ChainConfig::uncertified("main", url.parse().unwrap(), 1).shown_rpc_url();
        assert_eq!(shown("https://reader:secret@node.example/main"), "https://node.example/main");
        assert_eq!(shown("http://127.0.0.1:8545#token-file=/etc/node.token"), "http://127.0.0.1:8545/");
    }
}
