//! Joins the five entities by their doors, and gives them the application.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use alloy_primitives::{Address, B256};
use anyhow::{Context, Result};
use chancery_certificates::{
    applications::ApplicationDesk,
    directory::CityDirectory,
    kinds, operations,
    presentations::PresentationDesk,
    registration::Registration,
    roles::{ConfiguredRoles, RoleResolver},
    services,
};
use chancery_contracts::predeploys;
use chancery_controlling::Controlling;
use chancery_data::{Algorithm, Signer};
use chancery_gateway::{ChainFacts, Doors};
use chancery_identity::{DatabaseLocation, IdentityDatabase, Keeper, KeyRing};
use chancery_ledger::{Ledger, SubmitterKey};
use chancery_messages::{
    desk::{self, Desk},
    mailbox::Mailbox,
    members::RegisteredMembers,
};
use chancery_monitoring::{DataAudit, Monitoring};
use chancery_processing::{Processing, ProcessingConfig};
use chancery_provisioning::{Audience, DataService, OfferedService, Provisioning};
use chancery_reference_points::{
    data_format::DataFormat,
    journal::Clock,
    operation::ChainName,
    r2d::{R2d, R2dSources},
    s2p::S2p,
};
use chancery_representation::{FormatFiles, Limits, Parts, Representation, SourceData};
use chancery_rest::{types::chains::Contracts, values::HexAddress};
use chancery_search::DataSearch;
use chancery_sharing::directory::{DescriptionFiles, DirectoryAt};
use serde_json::Value;

use super::{
    layout::{DataDir, MAIN, SIDE, chains},
    ports::{
        ApplicationPort, ControlPort, DatabaseIndex, DatabaseJournal, MessagePort, PresentationPort, RegistrationPort,
        RolePort,
    },
    secrets::load_or_create_private_key,
};

/// What the entities of a city are made of.
pub(crate) struct CityParts {
    pub(crate) ledger: Ledger,
    pub(crate) submitter: Arc<SubmitterKey>,
    /// Genesis files by chain.
    pub(crate) genesis: BTreeMap<&'static str, Value>,
    pub(crate) operators: BTreeSet<Address>,
    pub(crate) supervisors: BTreeSet<Address>,
    /// URL of the identity database, if it is not the default one.
    pub(crate) database: Option<String>,
    pub(crate) data: DataDir,
}

/// Opens the identity database and joins everything.
pub(crate) async fn assemble(parts: CityParts) -> Result<Doors> {
    let clock: Clock = Arc::new(now_ms);
    let directory = Arc::new(CityDirectory::first_city());
    let database = open_database(&parts).await?;
    // Statements of messages name it, so that they count on no other chain with the same id.
    let main = parts.ledger.chain(MAIN.name)?.config();
    let main_genesis = main.genesis_hash.context("the main chain is not known by its genesis")?;

    let processing = Arc::new(Processing::new(
        parts.ledger,
        operations::handlers(directory.clone()),
        ProcessingConfig {
            main: chain_name(MAIN.name),
            submitter: parts.submitter.clone(),
            operator: parts.submitter,
            kinds: SIDE.into_iter().map(|chain| (chain.name.to_owned(), chain_name(chain.name))).collect(),
            genesis_files: parts.genesis.into_iter().map(|(chain, file)| (chain_name(chain), file)).collect(),
            public_rpc_urls: BTreeMap::new(),
        },
        clock.clone(),
    )?);
    let journal = |keeper| Arc::new(DatabaseJournal::new(database.clone(), keeper));
    let receipt_key = load_or_create_private_key(&parts.data.secrets().join("receipts.key"))?;
    let representation = Arc::new(Representation::open(Parts {
        source_data: SourceData {
            directory: parts.data.source_data(),
            chain: chain_name(MAIN.name),
            chain_id: MAIN.chain_id,
            receipt_key: Signer::from_bytes(Algorithm::EdDsa, &receipt_key)?,
            limits: chancery_ingest::Limits::default(),
        },
        p2r: processing.clone(),
        handlers: operations::handlers(directory.clone()),
        formats: data_formats()?,
        format_store: Arc::new(FormatFiles::new(&parts.data.formats())),
        chains: chains().map(|chain| chain_name(chain.name)).collect(),
        journal: journal(Keeper::Representation),
        index: Arc::new(DatabaseIndex::new(database.clone())),
        clock: clock.clone(),
        acts_for: BTreeMap::new(),
        limits: Limits::default(),
    })?);
    let offered = services::services(&directory, &clock)
        .into_iter()
        .map(|offer| OfferedService::new(offer.service, offer.roles.map_or(Audience::Public, Audience::Roles)));
    let sharing = sharing_directory(&parts.data)?;
    let offered = offered.chain(
        chancery_sharing::directory::services(&sharing)
            .into_iter()
            .map(|service| OfferedService::new(service, Audience::Public)),
    );
    let provisioning = Arc::new(
        Provisioning::open(processing.clone(), offered.collect(), journal(Keeper::Provisioning), clock.clone()).await?,
    );
    let controlling = Controlling::new(processing.clone(), representation.clone(), provisioning.clone());
    let monitoring = Monitoring::new(processing.clone(), representation.clone(), provisioning.clone());

    let search = DataSearch::open(
        &parts.data.source_data().join("search"),
        representation.source_data(),
        Some(representation.clone()),
    )?;
    let u2s_data = Arc::new(DataService::new(Arc::new(search), journal(Keeper::Provisioning), clock.clone()));
    let v2m_data = Arc::new(DataAudit::new(representation.clone()));

    let s2p: Arc<dyn S2p> = processing;
    let r2d_sources: Arc<dyn R2dSources> = representation.clone();
    let r2d: Arc<dyn R2d> = representation;
    let configured = ConfiguredRoles { operators: parts.operators, supervisors: parts.supervisors };
    let roles = RoleResolver::new(database.clone(), directory.clone(), s2p.clone(), configured, clock.clone());
    let messages = message_desk(&parts.data, &directory, (r2d.clone(), s2p.clone()), main_genesis, &clock)?;
    let presentations = Arc::new(PresentationPort(PresentationDesk::new(database.clone(), clock.clone())));
    Ok(Doors {
        registration: Arc::new(RegistrationPort(Registration::new(
            database.clone(),
            directory.clone(),
            r2d.clone(),
            s2p.clone(),
            clock.clone(),
        ))),
        applications: Arc::new(ApplicationPort(ApplicationDesk::new(database, directory, roles.clone(), s2p, clock))),
        // Of whoever watches one.
        alliance: None,
        messages: Arc::new(MessagePort::open(messages)),
        database: presentations.clone(),
        presentations,
        o2c: Arc::new(ControlPort::new(Arc::new(controlling), roles.clone())),
        roles: Arc::new(RolePort(roles)),
        r2d,
        r2d_sources,
        u2s: provisioning,
        u2s_data,
        v2m_data,
        v2m: Arc::new(monitoring),
    })
}

/// The formats of everything that is recorded.
fn data_formats() -> Result<Vec<DataFormat>> {
    let mut formats = kinds::data_formats()?;
    formats.extend(desk::data_formats(&chain_name(MAIN.name))?);
    Ok(formats)
}

fn message_desk(
    data: &DataDir,
    directory: &Arc<CityDirectory>,
    (r2d, s2p): (Arc<dyn R2d>, Arc<dyn S2p>),
    genesis: B256,
    clock: &Clock,
) -> Result<Desk> {
    let folder = data.messages();
    let mailbox = Mailbox::open(&folder).with_context(|| format!("cannot open {}", folder.display()))?;
    Ok(Desk::new(desk::Parts {
        mailbox: Arc::new(mailbox),
        r2d,
        members: Arc::new(RegisteredMembers::new(directory.clone(), s2p)),
        chain: chain_name(MAIN.name),
        chain_id: MAIN.chain_id,
        genesis,
        clock: clock.clone(),
    }))
}

async fn open_database(parts: &CityParts) -> Result<IdentityDatabase> {
    let location = match &parts.database {
        Some(url) => url.parse()?,
        None => DatabaseLocation::Sqlite(parts.data.identity_database()),
    };
    let keys = KeyRing::load_or_create(&parts.data.secrets().join("identity.keys"))?;
    IdentityDatabase::open(&location, keys).await.context("the identity database cannot be opened")
}

/// Where the city's directory of shared resources is.
fn sharing_directory(data: &DataDir) -> Result<DirectoryAt> {
    let folder = data.descriptions();
    let descriptions = DescriptionFiles::new(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(DirectoryAt {
        chain: chain_name(MAIN.name),
        contract: predeploys::RESOURCE_DIRECTORY,
        descriptions: Arc::new(descriptions),
    })
}

fn chain_name(name: &str) -> ChainName {
    ChainName(name.to_owned())
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// What `GET /v1/chains` tells beside what the chains answer.
pub(crate) fn chain_facts() -> Vec<ChainFacts> {
    let address = |address| Some(HexAddress(address));
    chains()
        .map(|chain| {
            let is_main = chain == MAIN;
            let mut contracts = Contracts {
                access_manager: address(predeploys::ACCESS_MANAGER),
                organization_registry: address(predeploys::ORGANIZATION_REGISTRY),
                data_block_registry: address(predeploys::DATA_BLOCK_REGISTRY),
                ..Contracts::default()
            };
            if is_main {
                contracts.did_registry = address(predeploys::ETHEREUM_DID_REGISTRY);
                contracts.data_format_registry = address(predeploys::DATA_FORMAT_REGISTRY);
                contracts.resource_directory = address(predeploys::RESOURCE_DIRECTORY);
            } else {
                contracts.certificate_registry = address(predeploys::CERTIFICATE_REGISTRY);
            }
            ChainFacts {
                name: chain.name.to_owned(),
                kinds: if is_main { Vec::new() } else { vec![chain.name.to_owned()] },
                contracts,
            }
        })
        .collect()
}
