//! The ingest alone: signed readings into the synced journal, without HTTP and with a chain that answers at once, beside the limit of Ed25519 verification
//! measured in the same run. `cargo xtask bench data` measures the whole city.
#![allow(clippy::print_stdout, reason = "it prints its measurements")]

use std::{sync::Arc, time::Instant};

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
    operation::{ChainName, InterpretedOperation, SignedOperation},
    p2r::P2r,
    source_data::{SourceChange, SourceSubmission},
};
use chancery_testing::ingest::{now_ms, synthetic};
use rayon::prelude::*;

const CHAIN: u64 = 7100;
const LIMIT_SIGNATURES: usize = 20_000;
/// Calls of `accept` under way at once, as many as two streams have.
const UNDER_WAY: usize = 8;

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
    let signer = Signer::from_bytes(Algorithm::EdDsa, &[7; 32])?;
    let folder = tempfile::tempdir_in(".")?;
    let ingest = Arc::new(Ingest::open(Parts {
        directory: folder.path().into(),
        chain: ChainName("main".into()),
        chain_id: CHAIN,
        receipt_key: Signer::from_bytes(Algorithm::EdDsa, &[8; 32])?,
        p2r: Arc::new(AtOnce),
        rules: Arc::new(Json),
        clock: Arc::new(now_ms),
        limits: Limits::default(),
    })?);
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
    let limit = limit(&signer, source)?;
    println!("Ed25519 verification of a submission, all cores: {limit:.0}/s");
    for (operations, batch) in [(10_000, 100), (500_000, 100), (100_000, 1)] {
        let prepared = (0..operations)
            .collect::<Vec<_>>()
            .par_chunks(batch)
            .map(|numbers| submit(&signer, source, numbers))
            .collect::<Result<Vec<_>>>()?;
        // As the streams of the gateway do: what comes together is accepted together.
        let mut chunks: Vec<Vec<_>> = prepared.chunks(if batch == 1 { 256 } else { 8 }).map(<[_]>::to_vec).collect();
        let begun = Instant::now();
        let mut running = tokio::task::JoinSet::new();
        while let Some(chunk) = chunks.pop() {
            if running.len() >= UNDER_WAY {
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
        let per_second = operations as f64 / begun.elapsed().as_secs_f64();
        println!(
            "{operations} operations of 256 bytes, {batch} a signature: {per_second:.0}/s durable with receipts ({:.2} of the limit in signatures)",
            per_second / batch as f64 / limit
        );
    }
    Ok(())
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

fn limit(signer: &Signer, source: SourceId) -> Result<f64> {
    let one = submit(signer, source, &[0])?;
    let jws = chancery_data::Jws::parse(&one.submission, submission::TYP)?;
    let key = signer.public_key();
    let begun = Instant::now();
    let right = (0..LIMIT_SIGNATURES).into_par_iter().filter(|_| jws.verify(&key).is_ok()).count();
    ensure!(right == LIMIT_SIGNATURES, "a signature does not verify");
    Ok(LIMIT_SIGNATURES as f64 / begun.elapsed().as_secs_f64())
}
