//! Each entity, made over the doors that it uses, whoever is behind them.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use chancery_certificates::{directory::CityDirectory, kinds, operations, roles::ConfiguredRoles, services};
use chancery_contracts::predeploys;
use chancery_identity::{Keeper, RegistrationReader};
use chancery_messages::desk;
use chancery_monitoring::{Watch, WatchParts};
use chancery_processing::{Processing, ProcessingConfig};
use chancery_provisioning::{
    Admission, Audience, DataService, OfferedService, Provisioning, SubscriptionFiles, charges_service,
};
use chancery_reference_points::{
    data_format::{DataFormat, FormatsInForce},
    journal::Clock,
    m2p::M2p,
    m2r::M2rData,
    mandate::{AccessRight, Contracts, Holders},
    operation::ChainName,
    p2r::P2r,
    r2d::R2dSources,
    s2p::{S2p, S2pData},
};
use chancery_representation::{FormatFiles, Limits, Parts, Representation, SourceData};
use chancery_search::{DataSearch, Offices};
use chancery_sharing::directory::{DescriptionFiles, DirectoryAt};

use super::{ChainAccess, Ground, chain_name};
use crate::city::{
    layout::{DataDir, MAIN},
    ports::{CityAnchors, DatabaseAccesses, DatabaseAccounts, DatabaseIndex, DatabaseJournal, DatabaseRegistrations},
};

/// Longest wait of an operator for a change to count on the side chains. The relay of a city needs a fraction of a second.
const SHOWN_PATIENCE: Duration = Duration::from_secs(10);

/// `registrations`: all that processing has of the identity database; `configured`: who has a role without it; `relay_note`: where anchors stand that were made later.
pub(super) fn processing(
    access: ChainAccess,
    registrations: RegistrationReader,
    configured: ConfiguredRoles,
    relay_note: &Path,
    (directory, clock): (&Arc<CityDirectory>, &Clock),
) -> Result<Processing> {
    let config = ProcessingConfig {
        main: chain_name(MAIN.name),
        submitter: access.submitter.clone(),
        operator: access.submitter,
        kinds: directory.kinds().iter().map(|kind| (kind.as_str().to_owned(), chain_name(kind.as_str()))).collect(),
        genesis_files: access.genesis.into_iter().map(|(chain, file)| (chain_name(chain), file)).collect(),
        public_rpc_urls: BTreeMap::new(),
        shown_patience: SHOWN_PATIENCE,
        rights: access_rights(directory, clock),
        operators: configured.operators,
        supervisors: configured.supervisors,
        registrations: Arc::new(DatabaseRegistrations::new(registrations)),
        anchors: Arc::new(CityAnchors::new(relay_note, directory)),
    };
    Ok(Processing::new(access.ledger, operations::handlers(directory.clone()), config, clock.clone())?)
}

/// By which rights the services of the catalogue are answered, and what each may read for it.
fn access_rights(directory: &Arc<CityDirectory>, clock: &Clock) -> Vec<AccessRight> {
    let certificates = services::services(directory, clock).into_iter().map(|offer| AccessRight {
        name: offer.service.name(),
        holders: offer.roles.map_or(Holders::Anybody, Holders::Roles),
        chain: None,
        contracts: Contracts::Of(services::READ_CONTRACTS),
    });
    // Whoever shares chooses the asset's contract.
    let sharing = chancery_sharing::directory::names::ALL.iter().copied().map(|name| AccessRight {
        name,
        holders: Holders::Anybody,
        chain: Some(chain_name(MAIN.name)),
        contracts: Contracts::All,
    });
    certificates.chain(sharing).collect()
}

pub(super) fn representation(ground: &Ground, p2r: Arc<dyn P2r>) -> Result<Representation> {
    let data = &ground.data;
    let receipt_key = ground.founded.receipts_key(data)?;
    let shown = serde_json::to_vec(&receipt_key.public_key().to_jwk())?;
    std::fs::write(data.receipt_key(), shown)
        .with_context(|| format!("cannot write {}", data.receipt_key().display()))?;
    Ok(Representation::open(Parts {
        source_data: SourceData {
            directory: data.source_data(),
            chain: chain_name(MAIN.name),
            chain_id: ground.directory.main_chain_id(),
            receipt_key,
            limits: chancery_ingest::Limits::default(),
        },
        p2r,
        handlers: operations::handlers(ground.directory.clone()),
        formats: data_formats(&ground.directory)?,
        format_store: Arc::new(FormatFiles::new(&data.formats())),
        chains: chains(&ground.directory),
        journal: journal(ground, Keeper::Representation),
        index: Arc::new(DatabaseIndex::new(ground.database.clone())),
        clock: ground.clock.clone(),
        acts_for: BTreeMap::new(),
        limits: Limits::default(),
    })?)
}

pub(super) async fn provisioning(ground: &Ground, s2p: Arc<dyn S2p>) -> Result<Provisioning> {
    let offered = services::services(&ground.directory, &ground.clock)
        .into_iter()
        .map(|offer| OfferedService::new(offer.service, offer.roles.map_or(Audience::Public, Audience::Roles)));
    let sharing = sharing_directory(ground)?;
    let offered = offered.chain(
        chancery_sharing::directory::services(&sharing)
            .into_iter()
            .map(|service| OfferedService::new(service, Audience::Public)),
    );
    let journal = journal(ground, Keeper::Provisioning);
    let charges = journal.clone();
    let offered = offered.chain([charges_service(charges.clone())]);
    let configured = ground.founded.roles()?;
    let indispensable = configured.operators.union(&configured.supervisors).copied().collect();
    let accounts = Arc::new(DatabaseAccounts::new(ground.database.clone(), indispensable));
    let provisioning = Provisioning::open(s2p, offered.collect(), journal, ground.clock.clone()).await?;
    Ok(provisioning.with_accounts(accounts).with_charges(charges))
}

/// Search is where the journal is: it follows the writer, and reads what that has written. Who is an office, processing says; what is sealed, the formats in force.
pub(super) fn search(
    data: &DataDir,
    representation: &Arc<Representation>,
    processing: Arc<dyn Offices>,
) -> Result<DataSearch> {
    let (proofs, folder): (Arc<dyn R2dSources>, _) = (representation.clone(), data.source_data().join("search"));
    let formats: Arc<dyn FormatsInForce> = representation.clone();
    Ok(DataSearch::open(&folder, representation.source_data(), Some(proofs), Some(processing), Some(formats))?)
}

/// The part of U2S for data of registered sources.
pub(super) fn data_service(
    ground: &Ground,
    data: Arc<dyn S2pData>,
    admission: Arc<dyn Admission>,
) -> Result<DataService> {
    let folder = ground.data.subscriptions();
    let opened = SubscriptionFiles::new(&folder).and_then(|files| {
        let journal = journal(ground, Keeper::Provisioning);
        DataService::open(data, admission, journal, ground.clock.clone(), Arc::new(files))
    });
    opened.with_context(|| format!("cannot read {}", folder.display()))
}

/// Watching that goes on by itself. Messages name the city by its main chain's id: no secret, and the same for every city of a demonstration.
pub(super) fn watch(
    data: &DataDir,
    m2p: Arc<dyn M2p>,
    m2r: Arc<dyn M2rData>,
    (chain_id, clock): (u64, &Clock),
    operations_per_second: u32,
) -> Result<Arc<Watch>> {
    let (folder, clock) = (data.monitoring(), clock.clone());
    let city = format!("{} {chain_id}", MAIN.name);
    let parts = WatchParts { folder: &folder, m2p, m2r, clock, city, operations_per_second };
    Watch::start(parts).with_context(|| format!("monitoring cannot begin in {}", folder.display()))
}

fn journal(ground: &Ground, keeper: Keeper) -> Arc<DatabaseJournal> {
    Arc::new(DatabaseJournal::new(ground.database.clone(), keeper))
}

/// The formats of everything that is recorded on a chain of the city.
fn data_formats(directory: &CityDirectory) -> Result<Vec<DataFormat>> {
    let mut formats = kinds::data_formats()?;
    formats.extend(desk::data_formats(&chain_name(MAIN.name))?);
    let recording = chains(directory);
    formats.retain(|format| recording.contains(&format.chain));
    Ok(formats)
}

/// All chains that record data blocks.
fn chains(directory: &CityDirectory) -> Vec<ChainName> {
    let sides = directory.kinds().into_iter().map(|kind| chain_name(kind.as_str()));
    std::iter::once(directory.main()).chain(sides).collect()
}

/// Where the city's directory of shared resources is.
fn sharing_directory(ground: &Ground) -> Result<DirectoryAt> {
    let folder = ground.data.descriptions();
    let descriptions = DescriptionFiles::new(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(DirectoryAt {
        chain: chain_name(MAIN.name),
        contract: predeploys::RESOURCE_DIRECTORY,
        descriptions: Arc::new(descriptions),
        accesses: Arc::new(DatabaseAccesses::new(ground.database.clone(), ground.clock.clone())),
    })
}
