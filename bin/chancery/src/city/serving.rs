//! A city over chains that run: the entities first, the gateway last; and stopping them in the other order.

use std::{net::SocketAddr, pin::Pin, sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use chancery_bridge::progress::{Follower, ProgressBoard, window::MAX_REQUESTS};
use chancery_execution::GenesisConfig;
use chancery_gateway::{Doors, Gateway, GatewayConfig, Origin, mqtt::Broker};
use chancery_ledger::SubmitterKey;
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::{
    chains::CityChains,
    entities::{self, Ground},
    facts::chain_facts,
    founded::Founded,
    layout::{CityChain, DataDir},
    listeners::Listeners,
    mqtt,
    ports::{AlliancePort, ShownPort},
    relay::Relay,
    running::Running,
    samples,
    served::Served,
    store_metrics, watch_metrics,
};
use crate::{alliance::Watched, arguments::Services, output::Output, persons};

/// Pause before an alliance is looked at again.
const ALLIANCE_PAUSE: Duration = Duration::from_millis(500);
/// Pause before those who report are asked again: each time is a TLS handshake beyond this machine.
const REPORTS_PAUSE: Duration = Duration::from_secs(1);

/// What a city is made from.
pub(super) struct Parts<'o> {
    pub(super) options: &'o Services,
    /// How logs are written.
    pub(super) json: bool,
    pub(super) data: DataDir,
    pub(super) founded: Arc<Founded>,
    pub(super) genesis: Vec<(CityChain, GenesisConfig)>,
    pub(super) submitter: Arc<SubmitterKey>,
    pub(super) brokers: Vec<Broker>,
    pub(super) alliance: Option<Watched>,
}

/// What is kept beside the entities while a city starts, and until it has ended.
#[derive(Default)]
struct Kept {
    running: Option<Running>,
    relay: Option<Relay>,
    network: Option<Served>,
}

/// Serves a city over these chains until it is told to stop, or one of them fails. Nothing of it is left behind.
pub(super) async fn serve(
    parts: Parts<'_>,
    chains: CityChains,
    listeners: Listeners,
    mut stop: Pin<&mut impl Future<Output = ()>>,
) -> Result<()> {
    // Told when the city stops, also before it is there.
    let shutdown = CancellationToken::new();
    let mut kept = Kept::default();
    let started = tokio::select! {
        biased;
        () = stop.as_mut() => None,
        failed = chains.failed() => Some(Err(failed)),
        started = Box::pin(start(&parts, &chains, &mut kept, &shutdown)) => Some(started),
    };
    let doors = match started {
        Some(Ok(doors)) => doors,
        // Told to stop before it was there, or it cannot be: nobody is left behind.
        ended => {
            shutdown.cancel();
            end(kept.running, kept.relay, chains).await;
            return ended.map_or(Ok(()), |failed| failed.map(drop));
        }
    };
    let Kept { running, relay, network } = kept;
    let mut relay = relay.context("a city has no relay")?;
    let outcome = Box::pin(open(parts, &chains, listeners, (doors, &mut relay), (stop, &shutdown))).await;
    shutdown.cancel();
    let network = match network {
        Some(network) => network.ended().await,
        None => Ok(()),
    };
    end(running, Some(relay), chains).await;
    outcome.and(network)
}

/// Starts the relay and the entities.
async fn start(parts: &Parts<'_>, chains: &CityChains, kept: &mut Kept, shutdown: &CancellationToken) -> Result<Doors> {
    let Parts { options, data, founded, genesis, .. } = parts;
    // At once: what entities ask of a side chain, the main chain has to have been proven there.
    let relay = kept.relay.insert(Relay::start((data, founded), chains, genesis)?);
    // Before any entity: the tables and the keys are made once.
    let mut ground = Ground::open(data, founded, options.database_url.as_deref()).await?;
    if let Some(file) = &options.persons {
        let joined = persons::join(ground.database.clone(), file).context("--persons: the network cannot be used")?;
        ground.database = joined.clone();
        let stop = shutdown.clone();
        let keeping = async move {
            stop.run_until_cancelled(persons::keep(joined)).await;
        };
        kept.network = Some(Served::spawn("the network of persons", keeping));
    }
    let entities = kept.running.insert(Running::start(options, parts.json, data, chains)?);
    let entity_doors = entities.doors(&ground, genesis, chains, &parts.submitter).await?;
    let audits_mailboxes = options.audit.audit_operations_per_second > 0;
    let mut doors =
        entities::gateway_doors(&ground, entity_doors, founded.roles()?, chains.main_genesis()?, audits_mailboxes)?;
    if founded.is_development() {
        samples::register(doors.o2c.as_ref()).await?;
    }
    relay.shown().await;
    doors.anchors = Some(relay.board());
    doors.peers = Some(chains.peers());
    doors.shown = Some(Arc::new(ShownPort::new(relay.board(), relay.reached(), genesis)));
    Ok(doors)
}

/// Opens the gateway and says so, and serves until it is told to stop, or something of it fails.
async fn open(
    parts: Parts<'_>,
    chains: &CityChains,
    listeners: Listeners,
    (mut doors, relay): (Doors, &mut Relay),
    (stop, shutdown): (Pin<&mut impl Future<Output = ()>>, &CancellationToken),
) -> Result<()> {
    let Parts { options, json, founded, genesis, brokers, alliance, .. } = parts;
    if let Some(watched) = alliance {
        doors.alliance = Some(watch(watched, shutdown.clone())?);
    }
    let mut config = GatewayConfig::new(origins(options, listeners.address)?, founded.main_chain_id());
    config.development = founded.is_development();
    config.tls = listeners.tls;
    config.chains = chain_facts(&genesis);
    config.web_directory = web_directory(options);
    let sources = Arc::clone(&doors.r2d_sources);
    let supervisor = founded.roles()?.supervisors.into_iter().next().unwrap_or_default();
    let watching = watch_metrics::follow(Arc::clone(&doors.v2m_data), supervisor, shutdown.clone());
    let gateway = Gateway::new(config, doors)?;
    gateway.add_metrics(chains.metrics());
    gateway.add_metrics(listeners.mqtt_options.metrics.source());
    gateway.add_metrics(Arc::new({
        let board = relay.board();
        move || board.text()
    }));
    gateway.add_metrics(watching);
    gateway.add_metrics(store_metrics::source());
    // Made before anything is announced: what says it is ready is.
    let grpc = gateway.grpc(shutdown.clone()).await?;
    let mut serving_grpc = Served::spawn("gRPC", grpc.serve(listeners.grpc));
    let mut serving = Served::spawn("the gateway", gateway.serve(listeners.gateway, shutdown.clone()));
    let sources = mqtt::serve((listeners.mqtt, listeners.mqtt_options), brokers, &sources, shutdown);

    announce(Output::new(json), options, chains, (listeners.address, listeners.mqtt_address, listeners.grpc_address));
    relay.make_anchors();
    let outcome = tokio::select! {
        () = stop => { info!("stopping"); Ok(()) }
        failed = relay.failed() => Err(failed),
        failed = chains.failed() => Err(failed),
        failed = serving.failed() => Err(failed),
        failed = serving_grpc.failed() => Err(failed),
    };
    shutdown.cancel();
    let served = [serving.ended().await, serving_grpc.ended().await];
    sources.wait().await;
    outcome?;
    served.into_iter().collect()
}

/// Stops entities and chains, in the order of who asks whom: the gateway has ended, the chains are still there.
async fn end(running: Option<Running>, relay: Option<Relay>, chains: CityChains) {
    if let Some(running) = running {
        running.stop().await;
    }
    if let Some(relay) = relay {
        relay.stop().await;
    }
    chains.shutdown().await;
}

/// Follows an alliance until it is told to stop.
fn watch(watched: Watched, shutdown: CancellationToken) -> Result<Arc<AlliancePort>> {
    let Watched { alliance, chains, reporters } = watched;
    let (board, config) = (ProgressBoard::new(MAX_REQUESTS), alliance.chain.config());
    let port = AlliancePort::new(Arc::clone(&board), config.name.clone(), config.chain_id, alliance.address)?;
    let follower = Follower::new(alliance, chains);
    tokio::spawn(async move {
        // Without anybody who reports it would be over at once.
        let hears = async {
            if reporters.is_empty() {
                std::future::pending::<()>().await;
            }
            board.listen(reporters, REPORTS_PAUSE).await;
        };
        tokio::select! { () = shutdown.cancelled() => {}, () = board.follow(follower, ALLIANCE_PAUSE) => {}, () = hears => {} }
    });
    Ok(Arc::new(port))
}

/// The one line that says that everything answers, after one with the addresses of MQTT and of gRPC; with JSON one object has all. The `ready` line ends with
/// the chains, for those who read them to its end.
fn announce(
    output: Output,
    options: &Services,
    chains: &CityChains,
    (gateway, mqtt, grpc): (SocketAddr, SocketAddr, SocketAddr),
) {
    let (http, sources) = (scheme(options), Listeners::mqtt_service(options).scheme());
    let (gateway, mqtt, grpc) =
        (format!("{http}://{gateway}"), format!("{sources}://{mqtt}"), format!("{http}://{grpc}"));
    let chains = chains.shown();
    let named: Map<String, Value> =
        chains.iter().map(|(name, url)| ((*name).to_owned(), Value::from(url.as_str()))).collect();
    let listed: Vec<String> = chains.iter().map(|(name, url)| format!("{name}={url}")).collect();
    if !output.is_json() {
        println!("listening mqtt={mqtt} grpc={grpc}");
    }
    output.ready(
        &json!({"gateway": gateway, "chains": named, "mqtt": mqtt, "grpc": grpc}),
        format_args!("gateway={gateway} chains={}", listed.join(",")),
    );
}

/// Of the gateway and of gRPC.
const fn scheme(options: &Services) -> &'static str {
    if options.tls_certificate.is_some() { "https" } else { "http" }
}

/// The names under which people reach the gateway: what they sign in to.
fn origins(options: &Services, address: SocketAddr) -> Result<Vec<Origin>> {
    let mut origins = Vec::new();
    if let Some(url) = &options.public_url {
        origins.push(Origin::parse(url)?);
    }
    let scheme = scheme(options);
    origins.push(Origin::parse(&format!("{scheme}://{address}"))?);
    origins.push(Origin::parse(&format!("{scheme}://localhost:{}", address.port()))?);
    Ok(origins)
}

/// The built web apps: as told, or where a build of this source tree leaves them.
fn web_directory(options: &Services) -> Option<std::path::PathBuf> {
    options
        .web_dir
        .clone()
        .or_else(|| Some("web/dist".into()))
        .filter(|directory| directory.join("index.html").is_file())
}
