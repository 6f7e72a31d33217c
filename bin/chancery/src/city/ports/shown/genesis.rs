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

/// By the address of what shows them.
type Proofs = BTreeMap<Address, Value>;

/// The chains of a city by name; the proofs of each are made once, when they are first asked for.
pub(super) struct GenesisProofs(BTreeMap<&'static str, (Arc<GenesisConfig>, OnceCell<Proofs>)>);

impl GenesisProofs {
    pub(super) fn new(genesis: &[(CityChain, GenesisConfig)]) -> Self {
        let each = genesis.iter().map(|(chain, config)| (chain.name, (Arc::new(config.clone()), OnceCell::new())));
        Self(each.collect())
    }

    /// For the contract at an address; `None`: the genesis has none of these there.
    pub(super) async fn of(&self, chain: &str, held: Address) -> Option<Value> {
        let (config, made) = self.0.get(chain)?;
        let make = || async {
            let config = Arc::clone(config);
            spawn_blocking(move || proofs(&config)).await.context("the proofs were given up")?
        };
        match made.get_or_try_init(make).await {
            Ok(proofs) => proofs.get(&held).cloned(),
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
    let mut numbers = (1..=u8::MAX).filter(|number| is_there(predeploys::held_certificates(*number))).peekable();
    if numbers.peek().is_none() {
        return Ok(Proofs::new());
    }
    let genesis = config.build().context("the genesis makes no chain")?;
    let header: Bytes = alloy_rlp::encode(genesis.header().inner()).into();
    let each = numbers.map(|number| -> Result<(Address, Value)> {
        let held = predeploys::held_certificates(number);
        let anchor = proven(&genesis, predeploys::side_anchor(number))?;
        let codes = GenesisCodes { header: header.clone(), anchor, held: proven(&genesis, held)? };
        Ok((held, serde_json::to_value(codes)?))
    });
    each.collect()
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
