//! To whom the contents of a sealed format are sealed (DATA-11).

use anyhow::{Context as _, Result, bail};
use chancery_client::keys::EncryptionPublicKey;

use crate::{
    arguments::{SealTo, Submit, TrustedMain},
    party::CityFacts,
    share::main_chain_of,
};

/// The keys that are sealed to. Of an address, the one that the main chain shows, whatever a gateway or a node says.
pub(super) async fn keys(command: &Submit, city: &CityFacts) -> Result<Vec<EncryptionPublicKey>> {
    let mut keys = Vec::with_capacity(command.seal_to.len());
    let mut main = None;
    for to in &command.seal_to {
        keys.push(match to {
            SealTo::Key(key) => EncryptionPublicKey(key.0),
            SealTo::Address(address) => {
                let Some(genesis) = &command.genesis else {
                    bail!("--seal-to {address} needs --genesis: the key of an address is proven by the main chain");
                };
                if main.is_none() {
                    let trusted = TrustedMain { genesis: genesis.clone(), rpc: command.rpc.clone() };
                    main = Some(main_chain_of(&trusted, city).await?);
                }
                main.as_ref().context("the main chain is not known")?.encryption_key(*address).await?
            }
        });
    }
    Ok(keys)
}
