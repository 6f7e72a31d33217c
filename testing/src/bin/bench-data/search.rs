//! Search over many operations, and the audit of all of them, as their users ask for them.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use chancery_testing::{
    ingest::{Source, run as command},
    numbers::{Number, quantile},
    process::{City, CityOptions, Usage},
};
use serde_json::{Value, json};

use crate::{limit, stream};

/// Asked for: milliseconds of a search, of 95 in 100, and operations a second of an audit.
const SEARCH_MS: f64 = 100.0;
const AUDIT: f64 = 50_000.0;
/// Operations that are signed before they are sent, so that signing is not measured.
const ROUND: usize = 250_000;
/// Under one signature.
const BATCH: usize = 100;
const BYTES: usize = 256;
/// The gateway answers one client address 100 times a second.
const PAUSE: Duration = Duration::from_millis(11);
/// Longest that the index may be behind the last receipt.
const PATIENCE: Duration = Duration::from_secs(600);

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Operations that are searched and audited.
    #[arg(long, default_value_t = 5_000_000)]
    operations: usize,
    /// Searches of each kind.
    #[arg(long, default_value_t = 200)]
    searches: usize,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let limit = limit::on_all_cores()?;
    let folder = tempfile::tempdir()?;
    let city = City::start(&CityOptions::new(&folder.path().join("city")))?;
    let source = Source::register(folder.path(), &city.gateway)?;
    let mut accepting = Duration::ZERO;
    for first in (0..arguments.operations).step_by(ROUND) {
        let numbers = first..arguments.operations.min(first + ROUND);
        let lines = stream::prepare(&source, numbers, BATCH, BYTES)?;
        accepting += stream::stream(&city.gateway, lines, 2).await?.elapsed;
    }
    let per_second = arguments.operations as f64 / accepting.as_secs_f64();
    let behind = wait_for_index(&city.gateway, arguments.operations).await?;
    let memory = Usage::of(city.pid())?.peak_bytes / (1024 * 1024);
    println!(
        "{} operations accepted, {per_second:.0}/s; the index had all of them {:.1} s after the last proof; the city held at most {memory} MiB",
        arguments.operations,
        behind.as_secs_f64()
    );

    let client = reqwest::Client::new();
    let nothing = ask(arguments.searches, |_| client.get(format!("{}/health", city.gateway))).await?;
    println!(
        "an answer that searches nothing: p50 {:.2} ms, p95 {:.2} ms",
        quantile(&nothing, 0.5),
        quantile(&nothing, 0.95)
    );
    for (name, body) in kinds(arguments.operations) {
        let url = format!("{}/v1/data/search", city.gateway);
        let times = ask(arguments.searches, |seed| client.post(&url).json(&body(seed))).await?;
        let (median, most) = (quantile(&times, 0.5), quantile(&times, 0.95));
        println!("search, {name}: p50 {median:.2} ms, p95 {most:.2} ms, p99 {:.2} ms", quantile(&times, 0.99));
        Number::below(format!("search, {name}, p95"), SEARCH_MS, "ms", most)
            .beside(most / quantile(&nothing, 0.95), "an answer that searches nothing")
            .print()?;
    }

    let begun = Instant::now();
    let report = command(&city.gateway, &["--dev-key", "8", "audit"])?;
    let audited = report["operations"].as_f64().context("an audit without operations")?;
    ensure!(report["difference"].is_null(), "a difference: {}", report["difference"]);
    ensure!(audited as usize >= arguments.operations, "only {audited} operations were audited");
    let per_second = audited / begun.elapsed().as_secs_f64();
    Number::at_least("audit", AUDIT, "operations/s", per_second)
        .beside(per_second / BATCH as f64 / limit, "Ed25519 verification on all cores, in signatures")
        .print()?;
    Ok(())
}

/// A body for each seed.
type Asked = Box<dyn Fn(usize) -> Value>;

/// What is searched, by its name.
fn kinds(operations: usize) -> [(&'static str, Asked); 5] {
    let number = move |seed: usize| seed.wrapping_mul(7919) % operations.max(1);
    let field = |path: &str, value: String| json!({"path": path, "value": value});
    [
        ("the newest", Box::new(|_| json!({}))),
        (
            "a field that one has",
            Box::new(move |seed| json!({"fields": [field("station", format!("SYN-{:09}", number(seed)))]})),
        ),
        (
            "a field that one in forty has",
            Box::new(move |seed| json!({"fields": [field("temp_max", format!("{}.5", seed % 40))]})),
        ),
        ("a word that none has", Box::new(|seed| json!({"text": format!("absent{seed}")}))),
        (
            "two fields that never meet",
            Box::new(move |seed| {
                let station = format!("SYN-{:09}", number(seed) / 40 * 40);
                json!({"fields": [field("temp_max", "1.5".into()), field("station", station)]})
            }),
        ),
    ]
}

/// Milliseconds of each request, in order; one after the other.
async fn ask(count: usize, request: impl Fn(usize) -> reqwest::RequestBuilder) -> Result<Vec<f64>> {
    let mut pace = tokio::time::interval(PAUSE);
    let mut times = Vec::with_capacity(count);
    for seed in 0..count {
        pace.tick().await;
        let begun = Instant::now();
        let answer = request(seed).send().await?;
        let status = answer.status();
        let body = answer.bytes().await?;
        ensure!(status == 200, "{status}: {}", String::from_utf8_lossy(&body));
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}

/// How long it takes until everything is found.
async fn wait_for_index(gateway: &str, operations: usize) -> Result<Duration> {
    let (begun, client) = (Instant::now(), reqwest::Client::new());
    loop {
        let counts: Vec<Value> = client.get(format!("{gateway}/v1/data/statistics")).send().await?.json().await?;
        let found: u64 = counts.iter().filter_map(|count| count["operations"].as_u64()).sum();
        if found >= operations as u64 {
            return Ok(begun.elapsed());
        }
        ensure!(begun.elapsed() < PATIENCE, "the index stands still at {found} of {operations}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
