//! What operators see from outside: metrics that the dashboard and the alert rules know, health and readiness, traces.
#![allow(clippy::unwrap_used, missing_docs)]

use std::{collections::BTreeSet, fs, path::Path, sync::Arc, time::Duration};

use axum::{Router, body::Bytes, extract::State, routing::post};
use chancery_testing::process::{City, CityOptions, Network, free_ports, project_root, rpc};
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
    const OF_A_CITY: [&str; 3] = ["chancery_relay_", "chancery_gateway_", "chancery_watch_"];
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
    city.stop().unwrap();
}

#[tokio::test]
async fn traces_arrive_at_a_collector() {
    let (arrived, mut traces) = mpsc::unbounded_channel::<Bytes>();
    let take = |State(arrived): State<Arc<mpsc::UnboundedSender<Bytes>>>, body: Bytes| async move {
        arrived.send(body).ok();
    };
    let collector = Router::new().route("/v1/traces", post(take)).with_state(Arc::new(arrived));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}/v1/traces", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, collector).await });

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
