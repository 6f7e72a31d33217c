//! `cargo xtask bench search`: search and audit over many operations, without HTTP: the ingest with and without the index that follows it, the times of
//! searches of several kinds, and the speed of an audit. `cargo xtask bench data search` measures a whole city.
#![allow(clippy::print_stdout, reason = "it prints its measurements")]

use std::{path::Path, sync::Arc, time::Instant};

use alloy_primitives::{Address, B256, FixedBytes};
use anyhow::{Context, Result, ensure};
use async_trait::async_trait;
use chancery_data::{
    Algorithm, Control, Operation, Signer, SourceId, Submission, merkle,
    source::{self, SourceKind, SourceStatement},
    submission::{self, Access, Basis, Statement},
};
use chancery_ingest::{ContentRules, Ingest, Limits, Parts};
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult, Role,
    chain_records::TransactionRecord,
    data_block::{DataBlock, DataBlockRecord, RootOfBlock, TransactionLocator},
    data_search::{AuditRequest, DataQuery, FieldValue, Visibility},
    mandate::{Mandate, rights},
    operation::{ChainName, InterpretedOperation, SignedOperation},
    p2r::P2r,
    s2p::S2pData as _,
    source_data::{SourceChange, SourceSubmission},
};
use chancery_search::DataSearch;
use chancery_testing::{
    ingest::{now_ms, synthetic},
    numbers::{Number, quantile},
};
use clap::Parser;
use rayon::prelude::*;

const CHAIN: u64 = 7100;
const BATCH: usize = 100;
/// Operations that are signed before they are sent, so that signing is not measured.
const ROUND: usize = 250_000;
/// Asked for: milliseconds of a search, of 95 in 100, and operations a second of an audit.
const SEARCH_MS: f64 = 100.0;
const AUDIT: f64 = 50_000.0;

/// What is measured.
#[derive(Parser)]
struct Arguments {
    /// Operations that are searched.
    #[arg(long, default_value_t = 5_000_000)]
    operations: usize,
    /// Searches of each kind.
    #[arg(long, default_value_t = 200)]
    searches: usize,
}

struct AtOnce;

#[async_trait]
impl P2r for AtOnce {
    async fn check(&self, _: &SignedOperation) -> DoorResult<InterpretedOperation> {
        Err(DoorError::new(Code::UnknownOperation, ""))
    }
    async fn record(&self, _: DataBlock) -> DoorResult<DataBlockRecord> {
        Err(DoorError::new(Code::UnknownOperation, ""))
    }
    async fn record_root(&self, block: RootOfBlock) -> DoorResult<TransactionLocator> {
        Ok(TransactionLocator { chain: block.chain, tx_hash: block.root, block_number: 1, block_hash: B256::ZERO })
    }
    async fn recorded(&self, _: &TransactionLocator) -> DoorResult<TransactionRecord> {
        Err(DoorError::new(Code::UnknownOperation, ""))
    }
}

struct Json;

impl ContentRules for Json {
    fn check(&self, submission: &Submission, _: &ChainName, _: u64) -> DoorResult<()> {
        for index in 0..submission.operations.len() {
            submission.operation(index).map_err(|error| DoorError::new(Code::MalformedRequest, error.to_string()))?;
        }
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let signer = Signer::from_bytes(Algorithm::EdDsa, &[7; 32])?;
    let alone = tempfile::tempdir_in(".")?;
    let (_, seconds) = fill(alone.path(), &signer, ROUND * 2, None).await?;
    let without = (ROUND * 2) as f64 / seconds;
    drop(alone);
    println!("ingest without search: {without:.0} operations/s");

    let folder = tempfile::tempdir_in(".")?;
    let (ingest, seconds) = fill(folder.path(), &signer, arguments.operations, Some(folder.path())).await?;
    let (ingest, search) = (ingest.0, ingest.1.context("a search was asked for")?);
    let with = arguments.operations as f64 / seconds;
    println!("ingest with search: {with:.0} operations/s ({:.2} of that without)", with / without);
    let begun = Instant::now();
    ensure!(search.reaches(ingest.reader().durable()).await, "the index stands still");
    println!("the index had everything {:.1} s after the last receipt", begun.elapsed().as_secs_f64());

    let number = |seed: usize| seed.wrapping_mul(7919) % arguments.operations;
    let kinds: [(&str, Asked<'_>); 5] = [
        ("the newest", Box::new(|_| DataQuery::default())),
        ("a field that one has", Box::new(move |seed| field("station", format!("SYN-{:09}", number(seed))))),
        ("a field that one in forty has", Box::new(|seed| field("temp_max", format!("{}.5", seed % 40)))),
        (
            "a word that none has",
            Box::new(|seed| DataQuery { text: Some(format!("absent{seed}")), ..DataQuery::default() }),
        ),
        (
            "two fields that never meet",
            Box::new(move |seed| {
                let mut query = field("temp_max", "1.5".into());
                query.fields.extend(field("station", format!("SYN-{:09}", number(seed) / 40 * 40)).fields);
                query
            }),
        ),
    ];
    let by = Mandate::of_the_city(rights::DATA);
    for (name, query) in &kinds {
        let mut times = Vec::with_capacity(arguments.searches);
        for seed in 0..arguments.searches {
            let visibility = Visibility { access: vec![Access::Public], now_ms: now_ms() };
            let begun = Instant::now();
            search.search(&by, query(seed), visibility).await?;
            times.push(begun.elapsed().as_secs_f64() * 1000.0);
        }
        times.sort_by(f64::total_cmp);
        println!("search, {name}: p50 {:.2} ms, p99 {:.2} ms", quantile(&times, 0.5), quantile(&times, 0.99));
        Number::below(format!("search without HTTP, {name}, p95"), SEARCH_MS, "ms", quantile(&times, 0.95)).print()?;
    }

    let (begun, mut next, mut operations) = (Instant::now(), 0, 0);
    loop {
        let report = ingest.audit(AuditRequest { from: next, operations: None }).await?;
        ensure!(report.difference.is_none(), "a difference: {:?}", report.difference);
        (next, operations) = (report.next, operations + report.operations);
        if report.complete {
            break;
        }
    }
    let per_second = operations as f64 / begun.elapsed().as_secs_f64();
    Number::at_least("audit without HTTP", AUDIT, "operations/s", per_second)
        .beside(per_second / with, "the ingest with search")
        .print()?;
    Ok(())
}

fn field(path: &str, value: String) -> DataQuery {
    DataQuery { fields: vec![FieldValue { path: path.into(), value }], ..DataQuery::default() }
}

/// An ingest with so many operations, its search if there is a folder for one, and the seconds that accepting took.
async fn fill(
    directory: &Path,
    signer: &Signer,
    operations: usize,
    search: Option<&Path>,
) -> Result<((Arc<Ingest>, Option<DataSearch>), f64)> {
    let ingest = Arc::new(Ingest::open(Parts {
        directory: directory.into(),
        chain: ChainName("main".into()),
        chain_id: CHAIN,
        receipt_key: Signer::from_bytes(Algorithm::EdDsa, &[8; 32])?,
        p2r: Arc::new(AtOnce),
        rules: Arc::new(Json),
        clock: Arc::new(now_ms),
        limits: Limits::default(),
    })?);
    let search =
        search.map(|folder| DataSearch::open(&folder.join("search"), ingest.reader(), None, None, None)).transpose()?;
    let statement = SourceStatement::Register {
        chain_id: CHAIN,
        kind: SourceKind::Device,
        organization: "SAMPLE".into(),
        name: "bench".into(),
        jwk: signer.public_key().to_jwk(),
        time: now_ms(),
    };
    let statement = signer.sign(&statement, source::TYP)?.text().to_owned();
    let operator = Actor::new(Address::ZERO, [Role::Operator]);
    let source = ingest.change_source(&operator, SourceChange::Statement { statement, approval: None }).await?.source;
    let mut seconds = 0.0;
    for round in (0..operations).step_by(ROUND) {
        let numbers: Vec<usize> = (round..operations.min(round + ROUND)).collect();
        let prepared =
            numbers.par_chunks(BATCH).map(|numbers| submit(signer, source, numbers)).collect::<Result<Vec<_>>>()?;
        let begun = Instant::now();
        let mut running = tokio::task::JoinSet::new();
        for chunk in prepared.chunks(8).map(<[_]>::to_vec) {
            if running.len() >= 8 {
                running.join_next().await.context("none runs")???;
            }
            let ingest = Arc::clone(&ingest);
            running.spawn(async move {
                for accepted in ingest.accept(chunk).await {
                    accepted?;
                }
                anyhow::Ok(())
            });
        }
        while let Some(done) = running.join_next().await {
            done??;
        }
        seconds += begun.elapsed().as_secs_f64();
    }
    Ok(((ingest, search), seconds))
}

fn submit(signer: &Signer, source: SourceId, numbers: &[usize]) -> Result<SourceSubmission> {
    let operations: Vec<String> = numbers.iter().map(|number| synthetic(*number, 256, now_ms())).collect();
    let names: Vec<B256> = operations.iter().map(|one| Operation::name(one.as_bytes())).collect();
    let statement = Statement {
        chain_id: CHAIN,
        source,
        key: FixedBytes::new(rand::random()),
        format: "reading/bench".into(),
        format_version: 1,
        time: now_ms(),
        count: u32::try_from(names.len())?,
        root: merkle::root(&names).context("no operation")?,
        control: Control { access: Access::Public, retention_days: 1, basis: Basis::NotPersonal, readers: Vec::new() },
    };
    Ok(SourceSubmission {
        submission: signer.sign(&statement, submission::TYP)?.text().to_owned(),
        operations: operations.into_iter().map(|one| one.into_bytes().into()).collect(),
    })
}

/// A query for each seed.
type Asked<'a> = Box<dyn Fn(usize) -> DataQuery + 'a>;
