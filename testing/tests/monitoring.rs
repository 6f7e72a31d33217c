//! What operators see from outside: metrics that the dashboard and the alert rules know, health and readiness, traces.
#![allow(clippy::unwrap_used, missing_docs)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::Arc,
    time::Duration,
};

use axum::{Router, body::Bytes, extract::State, routing::post};
use chancery_testing::process::{City, CityOptions, Network, built_binary, free_ports, project_root, rpc};
use serde_json::{Value, json};
use tokio::sync::mpsc;

/// The longest wait for a condition: many times what a loaded machine needs.
const MAX_WAIT: Duration = Duration::from_secs(120);
/// How often it is looked at.
const POLL: Duration = Duration::from_millis(100);

/// Adds `[observe]` to a node's configuration; its URL.
fn observe(config: &Path) -> String {
    let port = free_ports(1).unwrap();
    let mut text = fs::read_to_string(config).unwrap();
    text.push_str(&format!("\n[observe]\nlisten = \"127.0.0.1:{port}\"\n"));
    fs::write(config, text).unwrap();
    format!("http://127.0.0.1:{port}")
}

/// Names that begin with `chancery_chain_` in a text.
fn names(text: &str) -> BTreeSet<String> {
    names_of(text, &["chancery_chain_"])
}

/// Names that begin with one of these in a text.
fn names_of(text: &str, begins: &[&str]) -> BTreeSet<String> {
    text.split(|character: char| !character.is_ascii_alphanumeric() && character != '_')
        .filter(|word| begins.iter().any(|begin| word.starts_with(begin)))
        .map(str::to_owned)
        .collect()
}

async fn get(url: &str) -> (u16, String) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.get(url).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// What `/ready` says once it is no longer ready.
async fn sick(url: &str) -> Value {
    loop {
        let (status, body) = get(&format!("{url}/ready")).await;
        if status == 503 {
            return serde_json::from_str(&body).unwrap();
        }
        assert_eq!(status, 200, "{body}");
        tokio::time::sleep(POLL).await;
    }
}

#[tokio::test]
async fn the_dashboard_and_the_alerts_ask_for_what_nodes_show() {
    let data = tempfile::tempdir().unwrap();
    let mut network = Network::init(data.path(), 4, 0, 200).unwrap();
    let urls: Vec<_> = network.nodes.iter().map(|node| observe(node.config())).collect();
    network.start_all().unwrap();
    network.agree_at(4).await.unwrap();
    let url = &urls[0];
    // Everybody has led, so that everybody's clock was seen; one call fails.
    rpc(&network.nodes[0].rpc, "eth_getBlockByNumber", json!([7, 7])).await.unwrap_err();

    let (status, shown) = get(&format!("{url}/metrics")).await;
    assert_eq!(status, 200);
    assert!(shown.ends_with("# EOF\n") && shown.matches("# EOF").count() == 1, "the text has one end");
    let shown_names = names(&shown);
    let folder = project_root().join("docs/operations/monitoring");
    let mut asked = BTreeSet::new();
    for file in ["alerts.yml", "dashboard.json"] {
        let found = names(&fs::read_to_string(folder.join(file)).unwrap());
        assert!(found.len() >= 8, "{file}: {found:?}");
        asked.extend(found);
    }
    let unknown: Vec<_> = asked.difference(&shown_names).collect();
    assert!(unknown.is_empty(), "asked for and not shown: {unknown:?}");
    let value = |name: &str| {
        let line = shown.lines().find(|line| line.starts_with(name)).unwrap();
        line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()
    };
    assert!(value("chancery_chain_head_height{") >= 4.0);
    assert_eq!(value("chancery_chain_validators{"), 4.0);
    assert_eq!(shown.lines().filter(|line| line.starts_with("chancery_chain_validator_connected{")).count(), 3);

    let (status, ready) = get(&format!("{url}/ready")).await;
    assert_eq!((status, &serde_json::from_str::<Value>(&ready).unwrap()["status"]), (200, &json!("ready")), "{ready}");

    // Two of four are gone: nothing becomes final, and the node says so as soon as it can know.
    network.nodes[2].kill().unwrap();
    network.nodes[3].kill().unwrap();
    let sick = tokio::time::timeout(MAX_WAIT, sick(url)).await.unwrap();
    assert_eq!(sick["status"], "sick");
    assert!(!sick["findings"].as_array().unwrap().is_empty(), "{sick}");
    assert_eq!(get(&format!("{url}/health")).await.0, 200, "the process is alive all the same");
}

// WATCH-4: what rules ask of a city's gateway, relay and watch is what a city shows.
#[tokio::test]
async fn the_alerts_ask_for_what_a_city_shows() {
    const OF_A_CITY: [&str; 4] = ["chancery_relay_", "chancery_gateway_", "chancery_watch_", "chancery_store_"];
    let rules = fs::read_to_string(project_root().join("docs/operations/monitoring/alerts.yml")).unwrap();
    let asked = names_of(&rules, &OF_A_CITY);
    for begin in OF_A_CITY {
        assert!(asked.iter().any(|name| name.starts_with(begin)), "no rule asks for {begin}: {asked:?}");
    }
    let data = tempfile::tempdir().unwrap();
    let city = City::start(&CityOptions::founded(&data.path().join("city")).unwrap()).unwrap();
    let url = format!("{}/metrics", city.gateway);
    // What is counted by its kind is shown from the first one on.
    assert_eq!(get(&format!("{}/v1/nowhere", city.gateway)).await.0, 404);
    // Monitoring is asked in intervals: its part comes a moment later.
    let shown = async {
        loop {
            let (status, shown) = get(&url).await;
            assert_eq!(status, 200);
            let shown = names_of(&shown, &OF_A_CITY);
            if shown.iter().any(|name| name.starts_with("chancery_watch_")) {
                return shown;
            }
            tokio::time::sleep(POLL).await;
        }
    };
    let shown = tokio::time::timeout(MAX_WAIT, shown).await.unwrap();
    let unknown: Vec<_> = asked.difference(&shown).collect();
    assert!(unknown.is_empty(), "asked for and not shown: {unknown:?}");
    // STORE-3: of each store it is known whether it is written.
    let health: Value = serde_json::from_str(&get(&format!("{}/health", city.gateway)).await.1).unwrap();
    assert_eq!(health["stores"], json!({"journal": "ok", "messages": "ok", "search": "ok"}), "{health}");
    city.stop().unwrap();
}

/// A collector of traces: its URL, and what it was sent.
async fn collector() -> (String, mpsc::UnboundedReceiver<Bytes>) {
    let (arrived, traces) = mpsc::unbounded_channel::<Bytes>();
    let take = |State(arrived): State<Arc<mpsc::UnboundedSender<Bytes>>>, body: Bytes| async move {
        arrived.send(body).ok();
    };
    let collector = Router::new().route("/v1/traces", post(take)).with_state(Arc::new(arrived));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}/v1/traces", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, collector).await });
    (endpoint, traces)
}

#[tokio::test]
async fn traces_arrive_at_a_collector() {
    let (endpoint, mut traces) = collector().await;
    let data = tempfile::tempdir().unwrap();
    let mut network = Network::init(data.path(), 1, 0, 200).unwrap();
    network.nodes[0].set_arguments(&["--otlp-endpoint", &endpoint, "--otlp-sample", "1"]);
    network.start_all().unwrap();
    network.agree_at(2).await.unwrap();
    let body = tokio::time::timeout(MAX_WAIT, traces.recv()).await.unwrap().unwrap();
    let text = String::from_utf8_lossy(&body);
    // Protobuf keeps strings as they are: the service's name, and a span of consensus.
    assert!(text.contains("service.name") && text.contains("chancery"), "no service name");
    assert!(text.contains("simplex"), "no span of consensus");
}

fn varint(message: &mut &[u8]) -> usize {
    let mut value = 0;
    for place in 0..10 {
        let (byte, rest) = message.split_first().unwrap();
        *message = rest;
        value |= usize::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return value;
        }
    }
    panic!("a number without an end");
}

/// What a protobuf message has under a field's number: the parts that have a length of their own.
fn parts(mut message: &[u8], number: usize) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    while !message.is_empty() {
        let tag = varint(&mut message);
        let length = match tag & 7 {
            0 => {
                varint(&mut message);
                continue;
            }
            1 => 8,
            2 => varint(&mut message),
            5 => 4,
            other => panic!("wire type {other}"),
        };
        let (part, rest) = message.split_at(length);
        message = rest;
        if tag == ((number << 3) | 2) {
            parts.push(part);
        }
    }
    parts
}

/// Names of spans by trace, in hex: `ExportTraceServiceRequest` of opentelemetry-proto, resource_spans 1, scope_spans 2, spans 2, trace_id 1, name 5.
fn add_spans(traces: &mut BTreeMap<String, BTreeSet<String>>, request: &[u8]) {
    let scopes = parts(request, 1).into_iter().flat_map(|resource| parts(resource, 2));
    for span in scopes.flat_map(|scope| parts(scope, 2)) {
        let name = parts(span, 5).first().map(|name| String::from_utf8_lossy(name).into_owned());
        traces.entry(hex::encode(parts(span, 1)[0])).or_default().extend(name);
    }
}

/// The JSON answer of a command that must succeed, run beside this thread: what it asks for is told to a collector here.
async fn answer(gateway: &str, arguments: &[&str]) -> Value {
    let mut command = tokio::process::Command::new(built_binary());
    let output = command.args(["--json", "--url", gateway]).args(arguments).output().await.unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

// TRACE-1, TRACE-2, TRACE-4: the entities are five processes, and each has its own exporter.
#[tokio::test]
async fn a_certificates_journey_is_one_trace() {
    /// From the door to the block: the request, the operation of its door, the data block, the door behind it, the ledger, the node, the transaction until it is final.
    const JOURNEY: [&str; 8] = [
        "POST /v1/certificates",
        "R2d/Submit",
        "data block",
        "P2r/Record",
        "submission",
        "eth_sendRawTransaction",
        "transaction",
        "block",
    ];
    const KEPT: &str = "0af7651916cd43dd8448eb211c80319c";
    const NOT_KEPT: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    let (endpoint, mut arriving) = collector().await;
    let data = tempfile::tempdir().unwrap();
    let mut options = CityOptions::founded(&data.path().join("city")).unwrap();
    let arguments = ["--entities", "separate", "--otlp-endpoint", &endpoint, "--otlp-sample", "1"];
    options.arguments = arguments.map(str::to_owned).to_vec();
    let city = tokio::task::spawn_blocking(move || City::start(&options)).await.unwrap().unwrap();
    let gateway = city.gateway.as_str();

    // Whoever is followed already says whether it is kept, and reads in the answer which span it was.
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for (trace, flags) in [(NOT_KEPT, "00"), (KEPT, "01")] {
        let parent = format!("00-{trace}-b7ad6b7169203331-{flags}");
        let asked = client.get(format!("{gateway}/v1/kinds?secret=of-a-query")).header("traceparent", parent);
        let answered = asked.send().await.unwrap();
        let span = answered.headers()["traceresponse"].to_str().unwrap();
        assert!(span.starts_with(&format!("00-{trace}-")) && span.ends_with(flags), "{span}");
    }

    let key = data.path().join("journey.key");
    let key = key.to_str().unwrap();
    let holder = answer(gateway, &["key", "new", key]).await["address"].as_str().unwrap().to_owned();
    let person = ["--account", "journey", "--name", "Whom nobody names", "--unit", "Sample Unit"];
    let person = [&["--key", key, "user", "register"], &person[..], &["--city", "Hangzhou", "--country", "CN"]];
    answer(gateway, &person.concat()).await;
    answer(gateway, &["--dev-key", "6", "user", "confirm", &holder]).await;
    let subject = project_root().join("crates/certificates/schemas/samples/degree.json");
    let what = ["--kind", "degree", "--organization", "SAMPLE-UNIVERSITY", "--subject", subject.to_str().unwrap()];
    let send = [&["--dev-key", "3", "certificate", "send", "--holder", &holder], &what[..]].concat();
    answer(gateway, &send).await;

    let (mut traces, mut all) = (BTreeMap::new(), Vec::new());
    let is_whole = |names: &BTreeSet<String>| JOURNEY.iter().all(|name| names.contains(*name));
    while !traces.values().any(is_whole) || !traces.contains_key(KEPT) {
        let body = tokio::time::timeout(MAX_WAIT, arriving.recv()).await;
        let body = body.unwrap_or_else(|_| panic!("no trace is whole: {traces:#?}")).unwrap();
        add_spans(&mut traces, &body);
        all.extend_from_slice(&body);
    }
    assert!(traces[KEPT].contains("GET /v1/kinds"), "{:?}", traces[KEPT]);
    assert!(!traces.contains_key(NOT_KEPT), "{:?}", traces[NOT_KEPT]);
    let all = String::from_utf8_lossy(&all).to_lowercase();
    for secret in ["of-a-query", "whom nobody names", holder.to_lowercase().as_str()] {
        assert!(!all.contains(secret), "{secret} stands in a trace");
    }
    tokio::task::spawn_blocking(move || city.stop()).await.unwrap().unwrap();
}
