//! The phases, one after the other, and the judgement at the end.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use alloy::providers::{DynProvider, Provider as _};
use alloy_primitives::B256;
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{
    doctors,
    lab::Lab,
    load::{Load, Receipts, connect},
    phases::{HOSTS, Phase, phases},
    report::{PhaseReport, Report},
    watch::{MAX_WAIT, Watch},
    weather::Weather,
};
use crate::{arguments::Chaos, output::Output};

/// What was on its way when the weather changed is taken in within this time.
const SETTLE: Duration = Duration::from_secs(1);
/// How often is looked.
const POLL: Duration = Duration::from_millis(100);

pub(super) async fn tell(command: &Chaos, output: &Output) -> Result<Report> {
    let scratch = Scratch::make(command.dir.clone())?;
    let bar = output.progress("starting four hosts");
    let lab = Lab::open(scratch.dir.join("network"), HOSTS, command.heartbeat_ms)?;
    let hosts = lab.hosts.iter().map(|host| connect(&host.rpc)).collect::<Result<Vec<_>>>()?;
    heal(&hosts, 0).await.context("the network makes no blocks in calm weather")?;
    let load = Load::start(&hosts).await?;
    let mut reports = Vec::new();
    for phase in phases() {
        bar.set_message(phase.name.to_owned());
        reports.push(live(&lab, &hosts, &load, &phase, Duration::from_secs(command.seconds)).await?);
    }
    bar.set_message("looking whether everything is there");
    let given = load.receipts();
    drop(load);
    let report = Report {
        hosts: HOSTS,
        phases: reports,
        receipts: given.len(),
        lost_receipts: lost(&hosts, &given).await?,
        agreed: agreed(&hosts).await?,
    };
    bar.finish_and_clear();
    scratch.keep_if(!report.survived(), &lab.dir);
    Ok(report)
}

/// Where the hosts' files are: the caller's folder, or one that is removed again.
struct Scratch {
    dir: PathBuf,
    own: std::cell::Cell<bool>,
}

impl Scratch {
    fn make(chosen: Option<PathBuf>) -> Result<Self> {
        let own = chosen.is_none();
        let dir = chosen.unwrap_or_else(|| std::env::temp_dir().join(format!("chancery-chaos-{}", std::process::id())));
        std::fs::create_dir_all(&dir).with_context(|| format!("cannot make the folder {}", dir.display()))?;
        Ok(Self { dir, own: own.into() })
    }

    /// Leaves the logs where there is something to find in them.
    fn keep_if(&self, failed: bool, network: &std::path::Path) {
        if failed && self.own.get() {
            self.own.set(false);
            eprintln!("the nodes' logs are kept in {}", network.display());
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.own.get() {
            std::fs::remove_dir_all(&self.dir).ok();
        }
    }
}

async fn live(lab: &Lab, hosts: &[DynProvider], load: &Load, phase: &Phase, length: Duration) -> Result<PhaseReport> {
    let began = Instant::now();
    let receipts = load.receipts().len();
    lab.switch.change(phase.weather.clone());
    sleep(SETTLE).await;
    let before = heads(hosts).await?;
    let mut watch = Watch::new(phase, &before, length);
    while !watch.is_over(began.elapsed(), &heads(hosts).await?) {
        sleep(POLL).await;
    }
    let names: Vec<String> = lab.hosts.iter().map(|host| host.name.clone()).collect();
    let (doctors, mut failures) = doctors::ask(hosts, &names, &phase.weather, began).await?;
    let after = heads(hosts).await?;
    let went_on = watch.went_on_after();
    let receipts = load.receipts().len().saturating_sub(receipts);
    let seconds = began.elapsed().as_secs_f64();

    let blocks = before.iter().zip(&after).map(|(before, after)| after.saturating_sub(*before)).collect();
    for ((number, host), (before_it, after_it)) in lab.hosts.iter().enumerate().zip(before.iter().zip(&after)) {
        failures.extend(
            phase.judge(number, *before_it..=*after_it, highest(&before)).map(|what| format!("{} {what}", host.name)),
        );
    }
    lab.switch.change(Weather::calm());
    let healed = heal(hosts, highest(&after)).await;
    if let Err(error) = &healed {
        failures.push(format!("not healed: {error:#}"));
    }
    Ok(PhaseReport {
        name: phase.name.to_owned(),
        seconds,
        went_on_after_seconds: went_on.map(|after| after.as_secs_f64()),
        blocks,
        doctors,
        receipts,
        healed_after_seconds: healed.ok().map(|after| after.as_secs_f64()),
        failures,
    })
}

/// Waits until every host has a final block above a height; how long that took.
async fn heal(hosts: &[DynProvider], above: u64) -> Result<Duration> {
    let began = Instant::now();
    loop {
        let heads = heads(hosts).await?;
        if heads.iter().all(|head| *head > above) {
            return Ok(began.elapsed());
        }
        ensure!(
            began.elapsed() < MAX_WAIT,
            "after {} s not every host is above block {above}: {heads:?}",
            MAX_WAIT.as_secs()
        );
        sleep(POLL).await;
    }
}

async fn heads(hosts: &[DynProvider]) -> Result<Vec<u64>> {
    let mut heads = Vec::with_capacity(hosts.len());
    for host in hosts {
        heads.push(host.get_block_number().await?);
    }
    Ok(heads)
}

fn highest(heads: &[u64]) -> u64 {
    heads.iter().copied().max().unwrap_or_default()
}

/// Blocks name their parents, so the same block at the lowest head means the same blocks up to there.
async fn agreed(hosts: &[DynProvider]) -> Result<bool> {
    let lowest = heads(hosts).await?.into_iter().min().unwrap_or_default();
    let mut hashes = Vec::with_capacity(hosts.len());
    for host in hosts {
        let block: Value =
            host.raw_request("eth_getBlockByNumber".into(), json!([format!("{lowest:#x}"), false])).await?;
        hashes.push(block["hash"].as_str().and_then(|hash| hash.parse::<B256>().ok()));
    }
    Ok(hashes.iter().all(|hash| hash.is_some() && *hash == hashes[0]))
}

/// How many receipts some host does not give as they were given.
async fn lost(hosts: &[DynProvider], given: &Receipts) -> Result<usize> {
    let mut lost = 0;
    for (transaction, block) in given {
        for host in hosts {
            let receipt: Value = host.raw_request("eth_getTransactionReceipt".into(), [transaction]).await?;
            if receipt["blockHash"].as_str().and_then(|hash| hash.parse::<B256>().ok()) != Some(*block) {
                lost += 1;
                break;
            }
        }
    }
    Ok(lost)
}
