//! Somebody who speaks to a city with a key: a citizen, an office, an inspector. What the commands and the demonstration do, they do through this.

mod certificates;
mod inspections;
mod registration;
mod stapled;

use std::time::{SystemTime, UNIX_EPOCH};

use alloy_primitives::Address;
use anyhow::{Context, Result};
use chancery_client::{Client, rest::types::chains::Chains};
use chancery_primitives::{CertificateKind, SigningDomain, UnixSeconds};

use crate::{arguments::Connection, commands::read_bounded, keys::PartyKeys};

pub(crate) use certificates::{Issuance, ReceivedCertificate};
pub(crate) use inspections::Inspection;
pub(crate) use registration::RealName;
pub(crate) use stapled::stapled;

/// Largest file of authorities, in bytes: those of a whole system have 250,000.
const MAX_AUTHORITIES_BYTES: u64 = 1 << 20;
/// How long a signed operation may be recorded, in seconds.
const OPERATION_VALIDITY_S: u64 = 300;

/// What a client needs to know of a city.
#[derive(Clone, Debug)]
pub(crate) struct CityFacts {
    chains: Chains,
}

impl CityFacts {
    pub(crate) async fn read(client: &Client) -> Result<Self> {
        let mut chains = client.chains().await?;
        chains.chains.iter_mut().for_each(|chain| forget_token_file(&mut chain.rpc_url));
        Ok(Self { chains })
    }

    /// Its chains, as the gateway lists them.
    pub(crate) const fn chains(&self) -> &Chains {
        &self.chains
    }

    /// Whether its keys are public development keys.
    pub(crate) const fn is_development(&self) -> bool {
        self.chains.development
    }

    /// EIP-155 id of the main chain.
    pub(crate) fn main_chain_id(&self) -> Result<u64> {
        Ok(self.chain("main")?.chain_id)
    }

    pub(crate) fn chain(&self, name: &str) -> Result<&chancery_client::rest::types::chains::Chain> {
        self.chains
            .chains
            .iter()
            .find(|chain| chain.name == name)
            .with_context(|| format!("the city has no chain `{name}`"))
    }

    /// The chain that carries a kind.
    pub(crate) fn chain_of(&self, kind: CertificateKind) -> Result<&chancery_client::rest::types::chains::Chain> {
        let name = kind.to_string();
        let carries = |chain: &&chancery_client::rest::types::chains::Chain| chain.kinds.contains(&name);
        self.chains.chains.iter().find(carries).with_context(|| {
            format!("the city has no chain for `{name}`: `chancery certificate kinds` lists the kinds")
        })
    }

    /// What signatures for the certificates of a kind name.
    pub(crate) fn domain_of(&self, kind: CertificateKind) -> Result<SigningDomain> {
        let chain = self.chain_of(kind)?;
        let registry = chain.contracts.certificate_registry.context("the chain has no certificate registry")?;
        Ok(SigningDomain::new(chain.chain_id, registry.0))
    }
}

impl Connection {
    /// A client that signs nothing yet, with the trust that is asked for.
    pub(crate) fn client(&self) -> Result<Client> {
        let Some(file) = &self.ca_file else { return Ok(Client::new(&self.url)?) };
        let trusted = Client::trusting(&self.url, &read_bounded(file, MAX_AUTHORITIES_BYTES)?);
        trusted.with_context(|| format!("--ca-file {}", file.display()))
    }
}

/// Somebody with a key.
#[derive(Clone)]
pub(crate) struct Party {
    pub(crate) keys: PartyKeys,
    pub(crate) client: Client,
    pub(crate) city: CityFacts,
}

impl Party {
    /// Reads what the city is and signs every request from then on.
    pub(crate) async fn connect(client: Client, keys: impl Into<PartyKeys>) -> Result<Self> {
        let keys = keys.into();
        let city = CityFacts::read(&client).await?;
        let client = client.signing_with(keys.account().clone(), city.main_chain_id()?);
        Ok(Self { keys, client, city })
    }

    pub(crate) fn address(&self) -> Address {
        self.keys.address()
    }
}

/// The present time.
pub(crate) fn now() -> UnixSeconds {
    UnixSeconds(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
}

/// The present time in the unit of what sources sign, Unix milliseconds.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Until when what is signed now may be recorded.
pub(crate) fn deadline() -> UnixSeconds {
    now().saturating_add(OPERATION_VALIDITY_S)
}

/// The address of a node as somebody else names it names no file of this machine: what stands there would be shown to whom he likes as a token.
fn forget_token_file(rpc_url: &mut String) {
    if let Some(fragment) = rpc_url.find('#') {
        rpc_url.truncate(fragment);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // M-PRO-5: a gateway is not believed, and gets nothing that lies here.
    #[test]
    fn a_gateway_names_no_file_of_a_token() {
        for (named, kept) in [
            ("http://127.0.0.1:8545", "http://127.0.0.1:8545"),
            ("http://evil.example/#token-file=/etc/chancery/node.token", "http://evil.example/"),
            ("http://evil.example#token-file=/a#token-file=/b", "http://evil.example"),
        ] {
            let mut url = named.to_owned();
            forget_token_file(&mut url);
            assert_eq!(url, kept);
        }
    }
}
