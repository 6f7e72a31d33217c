//! Which chains a city has, and where its data directory keeps what.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A chain of the city.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CityChain {
    /// Its name, which is also the kind of certificate that it carries, if it is a side chain.
    pub(crate) name: &'static str,
    /// Which of the side chains it is, from 1 on; 0 is the main chain.
    pub(crate) number: u8,
}

/// The main chain carries organizations, identities and formats.
pub(crate) const MAIN: CityChain = CityChain { name: "main", number: 0 };

/// One side chain for each certificate kind (C-CHAINS).
pub(crate) const SIDE: [CityChain; 5] = [
    CityChain { name: "marriage", number: 1 },
    CityChain { name: "real-estate", number: 2 },
    CityChain { name: "degree", number: 3 },
    CityChain { name: "business-licence", number: 4 },
    CityChain { name: "health-licence", number: 5 },
];

/// The side chains in the order of their founding: a rule of one may ask for certificates of those before it, which its genesis names (docs/decisions/0041).
pub(crate) const FOUNDED: [CityChain; 5] = [SIDE[0], SIDE[1], SIDE[2], SIDE[4], SIDE[3]];

/// The side chains that were founded before another.
pub(crate) fn founded_before(chain: CityChain) -> impl Iterator<Item = CityChain> {
    FOUNDED.into_iter().take_while(move |known| *known != chain)
}

impl CityChain {
    /// EIP-155 chain id, in a city whose main chain has this one.
    pub(crate) fn id(self, main_chain_id: u64) -> u64 {
        main_chain_id.saturating_add(u64::from(self.number))
    }
}

/// All chains, the main chain first: the order of the RPC ports.
pub(crate) fn chains() -> impl Iterator<Item = CityChain> {
    std::iter::once(MAIN).chain(SIDE)
}

/// The chain of this name.
pub(crate) fn chain_named(name: &str) -> Result<CityChain> {
    chains().find(|chain| chain.name == name).with_context(|| {
        let names: Vec<_> = chains().map(|chain| chain.name).collect();
        format!("there is no chain {name}: choose one of {}", names.join(", "))
    })
}

/// The data directory of a city.
#[derive(Clone, Debug)]
pub(crate) struct DataDir(PathBuf);

impl DataDir {
    pub(crate) fn new(path: &Path) -> Self {
        Self(path.to_path_buf())
    }

    /// Genesis files: what light clients trust. Public.
    pub(crate) fn genesis(&self) -> PathBuf {
        self.0.join("genesis")
    }

    /// The genesis file of a chain.
    pub(crate) fn genesis_of(&self, chain: CityChain) -> PathBuf {
        self.genesis().join(format!("{}.json", chain.name))
    }

    /// By what a city with keys of its own was founded; a development city has none.
    pub(crate) fn founding(&self) -> PathBuf {
        self.0.join("founding.toml")
    }

    /// State and blocks of a chain, as its validator number `index` keeps them.
    pub(crate) fn chain(&self, chain: CityChain, index: usize) -> PathBuf {
        let chains = self.0.join("chains");
        if index == 0 { chains.join(chain.name) } else { chains.join(format!("{}-{}", chain.name, index + 1)) }
    }

    /// The keys of validator number `index` of every chain.
    pub(crate) fn validator_key(&self, index: usize) -> PathBuf {
        let name = if index == 0 { "validator.key".to_owned() } else { format!("validator-{}.key", index + 1) };
        self.secrets().join(name)
    }

    /// What consensus keeps, of all chains.
    pub(crate) fn consensus(&self) -> PathBuf {
        self.0.join("consensus")
    }

    /// Secrets, readable by the owner alone.
    pub(crate) fn secrets(&self) -> PathBuf {
        self.0.join("secrets")
    }

    /// Where contracts stand that the relay's account has made.
    pub(crate) fn relay_note(&self) -> PathBuf {
        self.0.join("relay.json")
    }

    /// The default identity database.
    pub(crate) fn identity_database(&self) -> PathBuf {
        self.0.join("identity.sqlite")
    }

    /// Configured data formats.
    pub(crate) fn formats(&self) -> PathBuf {
        self.0.join("formats")
    }

    /// Journal and index of what registered sources submitted, recorded on the main chain.
    pub(crate) fn source_data(&self) -> PathBuf {
        self.0.join("source-data").join(MAIN.name)
    }

    /// The public key of receipts (JWK), which its operator hands out. Public.
    pub(crate) fn receipt_key(&self) -> PathBuf {
        self.0.join("receipts.jwk")
    }

    /// Descriptions of shared resources that are not on the chain.
    pub(crate) fn descriptions(&self) -> PathBuf {
        self.0.join("descriptions")
    }

    /// Subscriptions to data of registered sources.
    pub(crate) fn subscriptions(&self) -> PathBuf {
        self.0.join("subscriptions")
    }

    /// How far the audit is, alerts that are open and what waits to be told, with the secrets of who is told.
    pub(crate) fn monitoring(&self) -> PathBuf {
        self.0.join("monitoring")
    }

    /// Sealed messages that wait for their receivers, and what is known of the others.
    pub(crate) fn messages(&self) -> PathBuf {
        self.0.join("messages")
    }

    /// Genesis files of the main chains of other cities whose organizations may write here. Its operator makes it.
    pub(crate) fn cities(&self) -> PathBuf {
        self.0.join("cities")
    }

    /// Sockets and locks of the entities' processes; only the owner may enter it.
    pub(crate) fn doors(&self) -> PathBuf {
        self.0.join("doors")
    }

    /// Where the chains are, for the other processes of the city.
    pub(crate) fn chain_endpoints(&self) -> PathBuf {
        self.doors().join("chains.json")
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}
