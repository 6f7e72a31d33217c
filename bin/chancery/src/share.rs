//! What a department runs beside its database, and what a reader needs: the declaration of a data set, the owner's service, the errors in words that say what to do.

mod audit;
mod database_url;
mod declaration;
mod forward;
mod log;
mod releases;
mod remote;
mod service;
mod source;
mod store;
mod supervision;
mod tls;

use std::{path::Path, sync::Arc};

use anyhow::Result;
use chancery_client::MainChain;
use chancery_ledger::{Chain, SubmitterKey};
use chancery_sharing::department::{Department, StateFolder};

pub(crate) use self::{
    database_url::DatabaseUrl, declaration::DataSet, forward::ForwardSet, log::collect, service::run as serve,
    supervision::CitySupervision, tls::open as open_tls,
};
use crate::{
    alliance::chains::connect,
    arguments::TrustedMain,
    commands::pinned,
    keys::PartyKeys,
    party::{CityFacts, Party},
};

/// A data set with everything that its owner's commands need.
pub(crate) struct Owner {
    pub(crate) set: DataSet,
    pub(crate) chain: Chain,
    pub(crate) key: Arc<SubmitterKey>,
    pub(crate) folder: StateFolder,
}

impl Owner {
    /// Reads the declaration and connects to its chain.
    pub(crate) async fn open(file: &Path, keys: &PartyKeys) -> Result<Self> {
        let set = DataSet::read(file)?;
        let ledger = connect(std::slice::from_ref(&set.chain), file).await?;
        let chain = ledger.chain(&set.chain.name)?.clone();
        let folder = StateFolder::new(&set.beside(&set.state))?;
        Ok(Self { set, chain, key: submitter(keys), folder })
    }

    /// The data set as it was declared.
    pub(crate) fn department(&self) -> Result<Department> {
        let (resource, store) = (self.set.resource.clone(), self.set.store()?);
        Ok(Department::open(resource, self.chain.clone(), Arc::clone(&self.key), store, self.folder.clone())?)
    }
}

/// A person's or office's signing key, as what sends transactions.
pub(crate) fn submitter(keys: &PartyKeys) -> Arc<SubmitterKey> {
    Arc::new(SubmitterKey::from(keys.account().clone()))
}

/// Unix seconds.
pub(crate) fn now_s() -> u64 {
    crate::party::now().0
}

/// The main chain, verified by its genesis file alone.
pub(crate) async fn main_chain(trusted: &TrustedMain, party: &Party) -> Result<Chain> {
    Ok(main_chain_of(trusted, &party.city).await?.chain().clone())
}

/// The same, as the client has it; also for who asks without a key.
pub(crate) async fn main_chain_of(trusted: &TrustedMain, city: &CityFacts) -> Result<MainChain> {
    let rpc = match &trusted.rpc {
        Some(rpc) => rpc.clone(),
        None => city.chain("main")?.rpc_url.clone(),
    };
    Ok(MainChain::connect(&pinned(&trusted.genesis)?, &rpc).await?)
}
