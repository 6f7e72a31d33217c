//! What the binary tells the gateway.

use std::{net::IpAddr, path::PathBuf};

use chancery_rest::types::chains::Contracts;
use url::Url;

use crate::{limits::Limits, tls::ServerTls};

/// Why a configuration cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Not `http://HOST[:PORT]` or `https://HOST[:PORT]`.
    #[error("`{0}` is not an origin; write http://HOST:PORT or https://HOST without a path")]
    Origin(String),
    /// No origin.
    #[error("the gateway needs at least one origin, the URL under which it is reached")]
    NoOrigin,
    /// The web's files cannot be used.
    #[error("the web's files in {directory} cannot be served: {reason}")]
    Web {
        /// Where.
        directory: PathBuf,
        /// Why.
        reason: String,
    },
}

/// Under which scheme, host and port the gateway is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    https: bool,
    /// Host and, unless it is the default one, port; lower case.
    authority: String,
}

impl Origin {
    /// Reads `http://127.0.0.1:8080`.
    ///
    /// # Errors
    /// [`ConfigError::Origin`].
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let refuse = || ConfigError::Origin(text.to_owned());
        let url = Url::parse(text).map_err(|_| refuse())?;
        let plain = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        let https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(refuse()),
        };
        let host = url.host_str().filter(|_| plain && url.password().is_none()).ok_or_else(refuse)?;
        let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        Ok(Self { https, authority: authority.to_ascii_lowercase() })
    }

    /// Host and, unless it is the default one, port.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Whether the scheme is `https`.
    #[must_use]
    pub const fn is_https(&self) -> bool {
        self.https
    }

    /// `http` or `https`.
    #[must_use]
    pub const fn scheme(&self) -> &'static str {
        if self.https { "https" } else { "http" }
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}", self.scheme(), self.authority)
    }
}

/// What `GET /v1/chains` tells of a chain beside what the chain itself answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainFacts {
    /// Name.
    pub name: String,
    /// Certificate kinds that it carries.
    pub kinds: Vec<String>,
    /// Its contracts.
    pub contracts: Contracts,
}

/// The configuration.
#[derive(Clone, Debug)]
pub struct GatewayConfig {
    /// Under which the gateway is reached; sign-in messages and signed requests have to name one of them. The first is shown in documents.
    pub origins: Vec<Origin>,
    /// EIP-155 id of the main chain.
    pub main_chain_id: u64,
    /// Whether this is a development city, whose keys everybody knows.
    pub development: bool,
    /// The chains in the order in which they are listed.
    pub chains: Vec<ChainFacts>,
    /// The built web apps; absent: a page that tells how to build them.
    pub web_directory: Option<PathBuf>,
    /// Reverse proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Certificate and key; absent: plain HTTP, for loopback or behind a proxy that speaks TLS.
    pub tls: Option<ServerTls>,
    /// The bounds.
    pub limits: Limits,
}

impl GatewayConfig {
    /// A configuration with defaults: no web, no proxies, no facts about chains.
    #[must_use]
    pub fn new(origins: Vec<Origin>, main_chain_id: u64) -> Self {
        Self {
            origins,
            main_chain_id,
            development: false,
            chains: Vec::new(),
            web_directory: None,
            trusted_proxies: Vec::new(),
            tls: None,
            limits: Limits::default(),
        }
    }

    /// The origin with an authority.
    pub(crate) fn origin(&self, authority: &str) -> Option<&Origin> {
        self.origins.iter().find(|origin| origin.authority == authority)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        assert_eq!(Origin::parse("http://Example.org:80").unwrap().authority(), "example.org");
        assert_eq!(Origin::parse("https://[::1]:8443/").unwrap().authority(), "[::1]:8443");
        for wrong in [
            "example.org",
            "ftp://example.org",
            "http://example.org/path",
            "http://user@example.org",
            "http://example.org?x",
        ] {
            assert_eq!(Origin::parse(wrong), Err(ConfigError::Origin(wrong.into())), "{wrong}");
        }
    }
}
