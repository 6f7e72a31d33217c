//! Starting a city: over chains of this process, or over those that other processes run.

use std::{
    fs::File,
    path::Path,
    pin::pin,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use alloy_primitives::Address;
use anyhow::{Context, Result, bail};
use chancery_chain::{ValidatorKeys, runtime_config};
use chancery_execution::ValidatorConfig;
use chancery_ledger::SubmitterKey;
use commonware_runtime::{Runner as _, tokio as runtime};

use super::{
    chains::CityChains,
    elsewhere,
    founded::Founded,
    genesis,
    layout::DataDir,
    listeners::Listeners,
    mqtt,
    nodes::{self, validator_count},
    secrets::{load_or_create_private_key, private_directory},
    serving::{Parts, serve},
};
use crate::{
    alliance::{Watched, watched},
    arguments::{RunGateway, Up},
    founding::Founding,
    keys::{development::FIRST_VOTER, development_key},
    stop::told_to_stop,
};

/// Runs a city until it is told to stop (SIGINT, SIGTERM) or one of its chains fails. `json`: how its logs are written.
pub(crate) fn up(options: &Up, json: bool) -> Result<()> {
    let data = DataDir::new(&options.services.data_dir);
    let founded = Founded::at_start(&data, options.founding.as_deref())?;
    Listeners::check(&options.services, &founded)?;
    founded.ensure_keys(&data)?;
    let _lock = prepare(&data)?;
    runtime::Runner::new(runtime_config(&data.consensus()))
        .start(|context| run(context, options, json, data, Arc::new(founded)))
}

/// Runs a city over chains whose nodes are elsewhere, until it is told to stop (SIGINT, SIGTERM).
pub(crate) async fn gateway(options: &RunGateway, json: bool) -> Result<()> {
    let RunGateway { chains, services } = options;
    let data = DataDir::new(&services.data_dir);
    let elsewhere = elsewhere::read(chains)?;
    Listeners::check(services, &elsewhere.founded)?;
    let mut stop = pin!(told_to_stop(services.until_stdin_ends)?);
    // Before anything is kept: a folder of another city stays as it is.
    elsewhere.ensure_of(&data)?;
    let submitter = elsewhere.founded.submitter(&data)?;
    elsewhere.founded.ensure_keys(&data)?;
    let _lock = prepare(&data)?;
    // The ports first: if one is taken, nothing else needs to start.
    let listeners = Listeners::open(services).await?;
    let brokers = mqtt::brokers(&services.mqtt_brokers, submitter.address())?;
    let alliance = Box::pin(watched_alliance(services.alliance.as_deref())).await?;
    let chains = tokio::select! {
        biased;
        () = stop.as_mut() => return Ok(()),
        connected = Box::pin(elsewhere.connect()) => connected?,
    };
    elsewhere.keep(&data)?;
    let elsewhere::Elsewhere { founded, genesis, .. } = elsewhere;
    let founded = Arc::new(founded);
    let parts = Parts { options: services, json, data, founded, genesis, submitter, brokers, alliance };
    Box::pin(serve(parts, chains, listeners, stop)).await
}

/// Makes the data directory, and holds it.
fn prepare(data: &DataDir) -> Result<File> {
    std::fs::create_dir_all(data.path())
        .with_context(|| format!("cannot make the folder {}", data.path().display()))?;
    private_directory(&data.secrets())?;
    lock(data)
}

/// One process a data directory.
pub(crate) fn lock(data: &DataDir) -> Result<File> {
    let path = data.path().join("lock");
    let file = File::create(&path).with_context(|| format!("cannot make {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => {
            bail!("another city runs on {}: stop it, or choose another --data-dir", data.path().display())
        }
        Err(std::fs::TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock {}", path.display()))
        }
    }
}

async fn run(context: runtime::Context, options: &Up, json: bool, data: DataDir, founded: Arc<Founded>) -> Result<()> {
    let services = &options.services;
    let stop = pin!(told_to_stop(services.until_stdin_ends)?);
    // The ports first: if one is taken, nothing else needs to start.
    let listeners = Listeners::open(services).await?;
    let count = validator_count(options.validators, &data)?;
    let validators = (0..count)
        .map(|index| Ok(ValidatorKeys::load_or_create(&data.validator_key(index))?))
        .collect::<Result<Vec<_>>>()?;
    let submitter = founded.submitter(&data)?;
    let brokers = mqtt::brokers(&services.mqtt_brokers, submitter.address())?;
    if !data.genesis().exists() {
        founded.keep(&data)?;
    }
    let genesis = genesis::load_or_found(&data, || match founded.as_ref() {
        Founded::Development => {
            Ok(development(&validators, &submitter)?.with_two_operators_for(&options.two_operators))
        }
        Founded::Own(file) => file.founding(public_keys(&validators, |index| own_voter(&data, index))?),
    })?;
    if let Founded::Own(file) = founded.as_ref() {
        genesis::ensure_founded_with(&data, &genesis, file)?;
        founded.keep(&data)?;
    }
    genesis::ensure_two_operators_for(&data, &genesis, &options.two_operators)?;

    let alliance = Box::pin(watched_alliance(services.alliance.as_deref())).await?;
    let nodes = nodes::start(&context, options.rpc_base_port, &data, &validators, &genesis).await?;
    let parts = Parts { options: services, json, data, founded, genesis, submitter, brokers, alliance };
    Box::pin(serve(parts, CityChains::here(&context, nodes), listeners, stop)).await
}

/// The alliance that is watched, if one is.
async fn watched_alliance(file: Option<&Path>) -> Result<Option<Watched>> {
    match file {
        Some(file) => watched(file).await.context("the alliance cannot be watched").map(Some),
        None => Ok(None),
    }
}

/// What the genesis says of the validators; `voter`: the account that votes for each.
fn public_keys(validators: &[ValidatorKeys], voter: impl Fn(usize) -> Result<Address>) -> Result<Vec<ValidatorConfig>> {
    let mut public = validators
        .iter()
        .enumerate()
        .map(|(index, keys)| {
            let name = format!("city {}", index + 1);
            Ok(ValidatorConfig { voting_account: Some(voter(index)?), ..keys.public(&name) })
        })
        .collect::<Result<Vec<_>>>()?;
    public.sort_by_key(|validator| validator.peer_public_key);
    Ok(public)
}

/// The account that votes for a validator of a city with keys of its own: its key is made beside the validator's.
fn own_voter(data: &DataDir, index: usize) -> Result<Address> {
    let key = load_or_create_private_key(&data.validator_key(index).with_extension("vote"))?;
    Ok(SubmitterKey::from_bytes(&key)?.address())
}

/// What a new development city is made from.
fn development(validators: &[ValidatorKeys], submitter: &SubmitterKey) -> Result<Founding> {
    let public = public_keys(validators, |index| Ok(development_key(FIRST_VOTER + u32::try_from(index)?)?.address()))?;
    let timestamp = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    Ok(Founding::development(public, timestamp)?.with_gateway(submitter.address()))
}
