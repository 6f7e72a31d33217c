//! Which chains are trusted: those whose genesis somebody was given, by the file or by its hash. Everything else comes from anybody and is checked against it.

use alloy_primitives::B256;
use chancery_certificates::stapled::TrustedCity;
use chancery_contracts::predeploys;
use chancery_execution::{GenesisConfig, GenesisError, chain_essentials};
use chancery_ledger::{Chain, ChainConfig, Ledger, LedgerError, LedgerLimits, RevertReasons};
use chancery_light::{ChainEssentials, TrustError, TrustedChain};

/// Largest genesis file that is read, in bytes: it holds the contracts' creation code and every validator.
pub const MAX_GENESIS_BYTES: usize = 16 * 1024 * 1024;
/// Most that one transaction over a node may cost, in wei: 0.01 of the chain's coin. A node that the gateway names says what gas costs, and is believed for nothing else either.
pub const MAX_COST_WEI: u128 = 10_000_000_000_000_000;
/// What the ledger calls the main chain here.
const MAIN: &str = "main";

/// Why no chain can be trusted by what was given.
#[derive(Debug, thiserror::Error)]
pub enum PinError {
    /// Not a genesis file.
    #[error("it is no genesis file of at most {MAX_GENESIS_BYTES} bytes: {0}")]
    NoGenesis(String),
    /// The file makes no chain.
    #[error("it makes no chain: {0}")]
    NoChain(#[from] GenesisError),
    /// Its validators are none.
    #[error(transparent)]
    Validators(#[from] TrustError),
    /// The file is of another chain than the hash that was given.
    #[error("the genesis has the hash {found}, not {pinned}")]
    OtherGenesis {
        /// What is trusted.
        pinned: B256,
        /// What the file makes.
        found: B256,
    },
    /// Which of the chains is the main one.
    #[error(
        "of the chains that are given {0} hold the registry of identities, and the main chain alone does: give the genesis files of one city"
    )]
    MainChains(usize),
}

/// A genesis file that was read, and makes no chain yet: that takes the work of its contracts' constructors.
#[derive(Clone, Debug)]
pub struct GenesisFile(GenesisConfig);

impl GenesisFile {
    /// Reads it.
    ///
    /// # Errors
    /// [`PinError::NoGenesis`].
    pub fn read(file: &[u8]) -> Result<Self, PinError> {
        if file.len() > MAX_GENESIS_BYTES {
            return Err(PinError::NoGenesis(format!("it has {} bytes", file.len())));
        }
        serde_json::from_slice(file).map(Self).map_err(|error| PinError::NoGenesis(error.to_string()))
    }

    /// EIP-155 id of its chain.
    #[must_use]
    pub const fn chain_id(&self) -> u64 {
        self.0.chain_id
    }

    /// Whether it is of the main chain of its city: it holds the registry of identities.
    #[must_use]
    pub fn is_main(&self) -> bool {
        self.0.predeploys.iter().any(|predeploy| predeploy.address == predeploys::ETHEREUM_DID_REGISTRY)
    }

    /// The chain that it makes.
    ///
    /// # Errors
    /// [`PinError::NoChain`], [`PinError::Validators`].
    pub fn pinned(&self) -> Result<PinnedChain, PinError> {
        let essentials = chain_essentials(&self.0, self.0.build()?.header().hash());
        let trusted = TrustedChain::new(essentials.clone())?;
        Ok(PinnedChain { trusted, essentials, name: self.0.name.clone(), is_main: self.is_main() })
    }
}

/// A chain whose genesis is trusted.
#[derive(Clone, Debug)]
pub struct PinnedChain {
    trusted: TrustedChain,
    essentials: ChainEssentials,
    name: String,
    is_main: bool,
}

impl PinnedChain {
    /// By the genesis file that its operators hand out. Its hash is computed here: nothing else in it is believed.
    ///
    /// # Errors
    /// [`PinError`], but for [`PinError::OtherGenesis`] and [`PinError::MainChains`].
    pub fn from_genesis(file: &[u8]) -> Result<Self, PinError> {
        GenesisFile::read(file)?.pinned()
    }

    /// By the hash of the genesis alone: the file may come from anybody, such as the member `genesis` of [`crate::Client::chains`].
    ///
    /// # Errors
    /// [`PinError`], but for [`PinError::MainChains`].
    pub fn from_hash(pinned: B256, genesis: &[u8]) -> Result<Self, PinError> {
        let chain = Self::from_genesis(genesis)?;
        let found = chain.essentials.genesis_hash;
        if found == pinned { Ok(chain) } else { Err(PinError::OtherGenesis { pinned, found }) }
    }

    /// What verifies its proofs.
    #[must_use]
    pub const fn trusted(&self) -> &TrustedChain {
        &self.trusted
    }

    /// What there is to know of it: id, genesis hash, validators.
    #[must_use]
    pub const fn essentials(&self) -> &ChainEssentials {
        &self.essentials
    }

    /// Its name in the city.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is the main chain of its city: its genesis holds the registry of identities.
    #[must_use]
    pub const fn is_main(&self) -> bool {
        self.is_main
    }
}

/// The chains of one city that are trusted.
#[derive(Clone, Debug, Default)]
pub struct PinnedCity {
    chains: Vec<PinnedChain>,
}

impl PinnedCity {
    /// These chains; at most one of them is a main chain.
    ///
    /// # Errors
    /// [`PinError::MainChains`].
    pub fn new(chains: Vec<PinnedChain>) -> Result<Self, PinError> {
        let mains = chains.iter().filter(|chain| chain.is_main).count();
        if mains > 1 { Err(PinError::MainChains(mains)) } else { Ok(Self { chains }) }
    }

    /// All of them.
    #[must_use]
    pub fn chains(&self) -> &[PinnedChain] {
        &self.chains
    }

    /// The one with this EIP-155 id.
    #[must_use]
    pub fn chain(&self, chain_id: u64) -> Option<&PinnedChain> {
        self.chains.iter().find(|chain| chain.essentials.chain_id == chain_id)
    }

    /// The main chain, which says who may issue what.
    ///
    /// # Errors
    /// [`PinError::MainChains`] when it is not among them.
    pub fn main(&self) -> Result<&PinnedChain, PinError> {
        self.chains.iter().find(|chain| chain.is_main).ok_or(PinError::MainChains(0))
    }

    /// As certificates are verified by it.
    ///
    /// # Errors
    /// [`PinError::MainChains`].
    pub fn trusted(&self) -> Result<TrustedCity, PinError> {
        let chains = self.chains.iter().map(|chain| chain.trusted.clone()).collect();
        Ok(TrustedCity { authority: self.main()?.trusted.clone(), chains })
    }
}

/// The main chain over one of its nodes, which is believed for nothing: what is read is proven by the genesis.
#[derive(Clone, Debug)]
pub struct MainChain(Chain);

impl MainChain {
    /// Over the JSON-RPC endpoint of a node, such as the one that a gateway names. One that does not answer yet is tried again when it is used.
    ///
    /// # Errors
    /// [`LedgerError::ChainUnreachable`] for what is no URL; [`LedgerError::WrongChainId`] and [`LedgerError::WrongGenesis`] for a node of another chain.
    pub async fn connect(pinned: &PinnedChain, rpc_url: &str) -> Result<Self, LedgerError> {
        let rpc_url: url::Url = rpc_url.parse().map_err(|error: url::ParseError| LedgerError::ChainUnreachable {
            chain: MAIN.to_owned(),
            reason: format!("the address of its node is no URL ({error})"),
        })?;
        let config = ChainConfig::certified(MAIN, rpc_url, pinned.essentials.clone());
        let limits = LedgerLimits { max_cost_wei: Some(MAX_COST_WEI), ..LedgerLimits::default() };
        let ledger = Ledger::connect(vec![config], limits, RevertReasons::of_our_contracts()).await?;
        Ok(Self(ledger.chain(MAIN)?.clone()))
    }

    /// For what this crate does not do by itself.
    #[must_use]
    pub const fn chain(&self) -> &Chain {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_genesis_pins_nothing() {
        for wrong in [&b""[..], b"{}", b"null", b"\xff"] {
            assert!(matches!(PinnedChain::from_genesis(wrong), Err(PinError::NoGenesis(_))), "{wrong:?}");
        }
        let long = vec![b' '; MAX_GENESIS_BYTES + 1];
        assert!(matches!(PinnedChain::from_genesis(&long), Err(PinError::NoGenesis(_))));
        assert!(matches!(PinnedCity::default().main(), Err(PinError::MainChains(0))));
    }
}
