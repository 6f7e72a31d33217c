//! Starting a city: nodes first, then the entities over them, the gateway last; and stopping it in the other order.

use std::{
    net::SocketAddr,
    pin::pin,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use alloy_primitives::Address;
use anyhow::{Context, Error, Result, bail};
use chancery_bridge::progress::{Follower, ProgressBoard, window::MAX_REQUESTS};
use chancery_chain::{ValidatorKeys, runtime_config};
use chancery_execution::ValidatorConfig;
use chancery_gateway::{Gateway, GatewayConfig, Origin, tls::ServerTls};
use chancery_ledger::SubmitterKey;
use commonware_runtime::{Metrics as _, Runner as _, Supervisor as _, tokio as runtime};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::{
    entities::{self, Ground},
    facts::chain_facts,
    founded::Founded,
    genesis,
    layout::{DataDir, MAIN},
    listen, mqtt,
    nodes::{self, CityNodes, validator_count},
    peers::NodePeers,
    ports::{AlliancePort, ShownPort},
    relay::Relay,
    running::Running,
    samples,
    secrets::{load_or_create_private_key, private_directory},
    served::Served,
    watch_metrics,
};
use crate::{
    alliance::{Watched, watched},
    arguments::Up,
    founding::Founding,
    keys::{development::FIRST_VOTER, development_key},
    network::measured,
    persons,
    stop::told_to_stop,
};

/// Pause before an alliance is looked at again.
const ALLIANCE_PAUSE: Duration = Duration::from_millis(500);

/// Runs a city until it is told to stop (SIGINT, SIGTERM) or one of its chains fails. `json`: how its logs are written.
pub(crate) fn up(options: &Up, json: bool) -> Result<()> {
    let data = DataDir::new(&options.data_dir);
    let founded = Founded::at_start(&data, options.founding.as_deref())?;
    let is_encrypted = options.tls_certificate.is_some();
    let listeners = [
        ("--gateway", Some(options.gateway), is_encrypted),
        ("--mqtt", options.mqtt, options.mqtt_tls().is_some()),
        ("--grpc", options.grpc, is_encrypted),
    ];
    for (option, address, is_encrypted) in listeners {
        listen::ensure_may_listen(option, address, founded.is_development(), is_encrypted)?;
    }
    std::fs::create_dir_all(data.path())
        .with_context(|| format!("cannot make the folder {}", data.path().display()))?;
    private_directory(&data.secrets())?;
    let _lock = lock(&data)?;
    runtime::Runner::new(runtime_config(&data.consensus()))
        .start(|context| run(context, options, json, data, Arc::new(founded)))
}

/// One process a data directory.
pub(crate) fn lock(data: &DataDir) -> Result<std::fs::File> {
    let path = data.path().join("lock");
    let file = std::fs::File::create(&path).with_context(|| format!("cannot make {}", path.display()))?;
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
    let mut stop = pin!(told_to_stop(options.until_stdin_ends)?);
    let tls = match (&options.tls_certificate, &options.tls_key) {
        (Some(certificate), Some(key)) => Some(ServerTls::open(certificate, key)?),
        _ => None,
    };
    // The ports first: if one is taken, nothing else needs to start.
    let listener = TcpListener::bind(options.gateway).await.with_context(|| {
        format!("cannot listen on {}: is another city running? Choose another --gateway", options.gateway)
    })?;
    let address = listener.local_addr()?;
    let mqtt_options = mqtt::listener_options(options.mqtt_tls())?;
    let mqtt_listener = mqtt_service(options).listen(options.mqtt).await?;
    let mqtt_address = mqtt_listener.local_addr()?;
    let grpc_listener = listen::GRPC.listen(options.grpc).await?;
    let grpc_address = grpc_listener.local_addr()?;

    let count = validator_count(options.validators, &data)?;
    let validators = (0..count)
        .map(|index| Ok(ValidatorKeys::load_or_create(&data.validator_key(index))?))
        .collect::<Result<Vec<_>>>()?;
    let submitter = founded.submitter(&data)?;
    let brokers = mqtt::brokers(&options.mqtt_brokers, submitter.address())?;
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

    let alliance = match &options.alliance {
        Some(file) => Some(watched(file).await.context("the alliance cannot be watched")?),
        None => None,
    };
    let nodes = nodes::start(&context, options.rpc_base_port, &data, &validators, &genesis).await?;
    // Told when the city stops, also before it is there.
    let shutdown = CancellationToken::new();
    let (mut running, mut relay, mut network) = (None, None, None);
    let starting = async {
        // At once: what entities ask of a side chain, the main chain has to have been proven there.
        let relay = relay.insert(Relay::start(&data, &nodes, &genesis)?);
        // Before any entity: the tables and the keys are made once.
        let mut ground = Ground::open(&data, &founded, options.database_url.as_deref()).await?;
        if let Some(file) = &options.persons {
            let joined =
                persons::join(ground.database.clone(), file).context("--persons: the network cannot be used")?;
            ground.database = joined.clone();
            let stop = shutdown.clone();
            let keeping = async move {
                stop.run_until_cancelled(persons::keep(joined)).await;
            };
            network = Some(Served::spawn("the network of persons", keeping));
        }
        let entities = running.insert(Running::start(options, json, &data, &nodes)?);
        let entity_doors = entities.doors(&ground, &genesis, &nodes, &submitter).await?;
        let configured = founded.roles()?;
        let main = nodes.iter().find(|nodes| nodes.chain.name == MAIN.name).context("there is no main chain")?;
        let main_genesis = main.first().essentials().genesis_hash;
        let mut doors = entities::gateway_doors(&ground, entity_doors, configured, main_genesis)?;
        if founded.is_development() {
            samples::register(doors.o2c.as_ref()).await?;
        }
        relay.shown().await;
        doors.anchors = Some(relay.board());
        doors.peers = Some(Arc::new(NodePeers::of(&nodes)));
        doors.shown = Some(Arc::new(ShownPort::new(relay.board(), relay.reached())));
        Ok::<_, Error>(doors)
    };
    let started = tokio::select! {
        biased;
        () = stop.as_mut() => None,
        failed = any_failed(&nodes) => Some(Err(failed)),
        started = starting => Some(started),
    };
    let (mut doors, mut relay) = match (started, relay) {
        (Some(Ok(doors)), Some(relay)) => (doors, relay),
        // Told to stop before it was there, or it cannot be: nobody is left behind.
        (ended, relay) => {
            shutdown.cancel();
            end(running, relay, nodes).await;
            return ended.map_or(Ok(()), |failed| failed.map(drop));
        }
    };

    if let Some(watched) = alliance {
        doors.alliance = Some(watch(watched, shutdown.clone())?);
    }
    let mut config = GatewayConfig::new(origins(options, address)?, founded.main_chain_id());
    config.development = founded.is_development();
    let scheme = if tls.is_some() { "https" } else { "http" };
    config.tls = tls;
    config.chains = chain_facts(&genesis);
    config.web_directory = web_directory(options);
    let sources = Arc::clone(&doors.r2d_sources);
    let supervisor = founded.roles()?.supervisors.into_iter().next().unwrap_or_default();
    let watching = watch_metrics::follow(Arc::clone(&doors.v2m_data), supervisor, shutdown.clone());
    let gateway = Gateway::new(config, doors)?;
    gateway.add_metrics(Arc::new({
        let context = context.child("metrics");
        let chains: Vec<_> = nodes.iter().map(|nodes| nodes.first().clone()).collect();
        move || {
            let mut text = measured::text(chains.iter().map(AsRef::as_ref));
            text.push_str(&context.encode());
            text
        }
    }));
    gateway.add_metrics(mqtt_options.metrics.source());
    gateway.add_metrics(Arc::new({
        let board = relay.board();
        move || board.text()
    }));
    gateway.add_metrics(watching);
    // Made before anything is announced: what says it is ready is.
    let grpc = gateway.grpc(shutdown.clone()).await?;
    let mut serving_grpc = Served::spawn("gRPC", grpc.serve(grpc_listener));
    let mut serving = Served::spawn("the gateway", gateway.serve(listener, shutdown.clone()));
    let sources = mqtt::serve((mqtt_listener, mqtt_options), brokers, &sources, &shutdown);

    announce((scheme, address), &nodes, (mqtt_service(options).scheme(), mqtt_address), grpc_address);
    relay.make_anchors();
    let outcome = tokio::select! {
        () = stop => { info!("stopping"); Ok(()) }
        failed = relay.failed() => Err(failed),
        failed = any_failed(&nodes) => Err(failed),
        failed = serving.failed() => Err(failed),
        failed = serving_grpc.failed() => Err(failed),
    };
    shutdown.cancel();
    let mut served = vec![serving.ended().await, serving_grpc.ended().await];
    if let Some(network) = network {
        served.push(network.ended().await);
    }
    sources.wait().await;
    end(running, Some(relay), nodes).await;
    outcome?;
    served.into_iter().collect()
}

/// Stops entities and chains, in the order of who asks whom: the gateway has ended, the chains are still there.
async fn end(running: Option<Running>, relay: Option<Relay>, nodes: Vec<CityNodes>) {
    if let Some(running) = running {
        running.stop().await;
    }
    if let Some(relay) = relay {
        relay.stop().await;
    }
    for nodes in nodes {
        nodes.shutdown().await;
    }
}

/// What the city's own MQTT listener speaks.
fn mqtt_service(options: &Up) -> listen::Service {
    if options.mqtt_tls().is_some() { listen::MQTTS } else { listen::MQTT }
}

/// Follows an alliance until it is told to stop.
fn watch(watched: Watched, shutdown: CancellationToken) -> Result<Arc<AlliancePort>> {
    let Watched { alliance, chains } = watched;
    let (board, config) = (ProgressBoard::new(MAX_REQUESTS), alliance.chain.config());
    let port = AlliancePort::new(Arc::clone(&board), config.name.clone(), config.chain_id, alliance.address)?;
    let follower = Follower::new(alliance, chains);
    tokio::spawn(async move {
        tokio::select! { () = shutdown.cancelled() => {}, () = board.follow(follower, ALLIANCE_PAUSE) => {} }
    });
    Ok(Arc::new(port))
}

/// The one line that says that everything answers.
fn announce(
    (scheme, address): (&str, SocketAddr),
    nodes: &[CityNodes],
    (mqtt, at): (&str, SocketAddr),
    grpc: SocketAddr,
) {
    let chains: Vec<String> =
        nodes.iter().map(|nodes| format!("{}={}", nodes.chain.name, nodes.first().rpc_url())).collect();
    let chains = chains.join(",");
    println!("ready gateway={scheme}://{address} chains={chains} mqtt={mqtt}://{at} grpc={scheme}://{grpc}");
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

/// The names under which people reach the gateway: what they sign in to.
fn origins(options: &Up, address: SocketAddr) -> Result<Vec<Origin>> {
    let mut origins = Vec::new();
    if let Some(url) = &options.public_url {
        origins.push(Origin::parse(url)?);
    }
    let scheme = if options.tls_certificate.is_some() { "https" } else { "http" };
    origins.push(Origin::parse(&format!("{scheme}://{address}"))?);
    origins.push(Origin::parse(&format!("{scheme}://localhost:{}", address.port()))?);
    Ok(origins)
}

/// The built web apps: as told, or where a build of this source tree leaves them.
fn web_directory(options: &Up) -> Option<std::path::PathBuf> {
    options
        .web_dir
        .clone()
        .or_else(|| Some("web/dist".into()))
        .filter(|directory| directory.join("index.html").is_file())
}

async fn any_failed(nodes: &[CityNodes]) -> anyhow::Error {
    let failures = nodes.iter().map(|nodes| Box::pin(nodes.failed()));
    futures::future::select_all(failures).await.0
}
