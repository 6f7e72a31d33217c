//! What the genesis of a chain has at the places from which certificates of others are shown there, with proofs by the hash of its header. Made from the genesis file, so that it does not matter how
//! much of its past a node keeps.

use std::{collections::BTreeMap, sync::Arc};

use alloy_primitives::{Address, Bytes};
use anyhow::{Context as _, Result};
use chancery_certificates::shown::GenesisCodes;
use chancery_contracts::predeploys;
use chancery_execution::{Genesis, GenesisConfig};
use chancery_light::AccountProof;
use serde_json::Value;
use tokio::{sync::OnceCell, task::spawn_blocking};

use crate::city::layout::CityChain;

/// What the genesis of one chain has.
#[derive(Default)]
struct Proofs {
    /// [`GenesisCodes`] by the address of what shows certificates.
    placed: BTreeMap<Address, Value>,
    factory: Option<Founded>,
}

/// An account of a genesis.
#[derive(Clone)]
pub(super) struct Founded {
    /// Of block 0 (RLP).
    pub(super) header: Bytes,
    pub(super) account: AccountProof,
}

/// The chains of a city by name; the proofs of each are made once, when they are first asked for.
pub(super) struct GenesisProofs(BTreeMap<&'static str, (Arc<GenesisConfig>, OnceCell<Proofs>)>);

impl GenesisProofs {
    pub(super) fn new(genesis: &[(CityChain, GenesisConfig)]) -> Self {
        let each = genesis.iter().map(|(chain, config)| (chain.name, (Arc::new(config.clone()), OnceCell::new())));
        Self(each.collect())
    }

    /// For the contract at an address; `None`: the genesis has none of these there.
    pub(super) async fn of(&self, chain: &str, held: Address) -> Option<Value> {
        self.proofs(chain).await?.placed.get(&held).cloned()
    }

    /// What makes these contracts; `None`: the genesis has no such factory.
    pub(super) async fn factory(&self, chain: &str) -> Option<Founded> {
        self.proofs(chain).await?.factory.clone()
    }

    async fn proofs(&self, chain: &str) -> Option<&Proofs> {
        let (config, made) = self.0.get(chain)?;
        let make = || async {
            let config = Arc::clone(config);
            spawn_blocking(move || proofs(&config)).await.context("the proofs were given up")?
        };
        match made.get_or_try_init(make).await {
            Ok(proofs) => Some(proofs),
            Err(error) => {
                tracing::warn!(
                    chain,
                    error = format!("{error:#}"),
                    "what a genesis shows certificates by is not proven"
                );
                None
            }
        }
    }
}

fn proofs(config: &GenesisConfig) -> Result<Proofs> {
    let is_there = |address| config.predeploys.iter().any(|predeploy| predeploy.address == address);
    let numbers: Vec<_> = (1..=u8::MAX).filter(|number| is_there(predeploys::held_certificates(*number))).collect();
    let has_factory = is_there(predeploys::ANCHOR_FACTORY);
    if numbers.is_empty() && !has_factory {
        return Ok(Proofs::default());
    }
    let genesis = config.build().context("the genesis makes no chain")?;
    let header: Bytes = alloy_rlp::encode(genesis.header().inner()).into();
    let factory = has_factory.then(|| proven(&genesis, predeploys::ANCHOR_FACTORY)).transpose()?;
    let factory = factory.map(|account| Founded { header: header.clone(), account });
    let each = numbers.into_iter().map(|number| -> Result<(Address, Value)> {
        let held = predeploys::held_certificates(number);
        let anchor = proven(&genesis, predeploys::side_anchor(number))?;
        let codes = GenesisCodes { header: header.clone(), anchor, held: proven(&genesis, held)? };
        Ok((held, serde_json::to_value(codes)?))
    });
    Ok(Proofs { placed: each.collect::<Result<_>>()?, factory })
}

/// An account of the state of the genesis, as `eth_getProof` shows it.
fn proven(genesis: &Genesis, address: Address) -> Result<AccountProof> {
    let proof = genesis.proof(address)?;
    let account = proof.account.with_context(|| format!("the genesis has nothing at {address}"))?;
    Ok(AccountProof {
        address,
        balance: account.balance,
        code_hash: account.code_hash,
        nonce: account.nonce,
        storage_hash: account.storage_root,
        account_proof: proof.proof,
        storage_proof: Vec::new(),
    })
}
