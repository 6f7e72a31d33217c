//! `chancery submit` (R2D, M-P-SUB): operations from a file, signed in batches, each batch acknowledged and, on request, proven. What is of a sealed format is sealed here.

mod sealing;

use std::{
    fs::File,
    io::{BufRead, BufReader, Read as _},
    path::Path,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use alloy_primitives::{B256, FixedBytes};
use anyhow::{Context, Result, bail, ensure};
use chancery_client::{
    Client, ClientError,
    rest::types::submissions::{SubmissionReceipt, SubmitData},
};
use chancery_data::{
    Control, Operation, PublicKey, Signer, SourceId,
    ask::{self, Ask},
    merkle,
    operation::MAX_OPERATION_BYTES,
    reader::MAX_READERS,
    submission::{Access, MAX_SUBMISSION_BYTES, Statement, TYP},
};
use sealing::Sealing;
use serde_json::{json, value::RawValue};

use super::{receipt, source};
use crate::{
    arguments::{Connection, Submit},
    keys::off_runtime,
    output::Output,
    party::{CityFacts, now_ms},
};

/// How long a proof is waited for.
const PROOF_PATIENCE: Duration = Duration::from_secs(60);
const PROOF_PAUSE: Duration = Duration::from_millis(100);
/// Bytes of operations under one signature: the body that carries them has to stay below the gateway's bound.
const MAX_BATCH_BYTES: usize = MAX_SUBMISSION_BYTES / 2;

pub(super) async fn run(command: Submit, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let signer = Arc::new(source::load(&command.source_key)?);
    let client = connection.client()?;
    let city = CityFacts::read(&client).await?;
    let chain_id = city.main_chain_id()?;
    let source = command.source.unwrap_or_else(|| signer.public_key().thumbprint().source());
    let sender = Sender {
        source,
        control: control(&command)?,
        sealing: Sealing::of(&command, source, &client, &city).await?,
        signer,
        client,
        chain_id,
        receipt_key: command.receipt_key.as_deref().map(receipt::key_in).transpose()?,
        command: &command,
    };
    let input: Box<dyn BufRead> = if command.file == Path::new("-") {
        Box::new(BufReader::new(std::io::stdin()))
    } else {
        let file = File::open(&command.file).with_context(|| format!("cannot open {}", command.file.display()))?;
        Box::new(BufReader::new(file))
    };
    let receipts = sender.send_all(input).await?;
    if let Some(folder) = &command.proofs {
        std::fs::create_dir_all(folder)?;
        for receipt in &receipts {
            let proof = sender.proof(receipt).await?;
            std::fs::write(folder.join(format!("{}.json", receipt.place)), serde_json::to_vec_pretty(&proof)?)?;
        }
    }
    let operations: u64 = receipts.iter().map(|receipt| u64::from(receipt.count)).sum();
    let repeated = receipts.iter().filter(|receipt| receipt.repeated).count();
    output.answer(
        &json!({"operations": operations, "receipts": receipts}),
        format!(
            "accepted  {operations} operations in {} submissions ({repeated} of them had been accepted before)",
            receipts.len()
        ),
    );
    Ok(ExitCode::SUCCESS)
}

fn control(command: &Submit) -> Result<Control> {
    let value = json!({"access": command.access, "retentionDays": command.retention_days, "basis": command.basis});
    let control: Control =
        serde_json::from_value(value).context("--access or --basis is none of those that --help lists")?;
    ensure!(
        command.readers.is_empty() || control.access == Access::Restricted,
        "--reader is for --access restricted: other data have their readers by their access class"
    );
    ensure!(command.readers.len() <= MAX_READERS, "--reader: at most {MAX_READERS} are named");
    Ok(Control { readers: command.readers.clone(), ..control })
}

struct Sender<'a> {
    signer: Arc<Signer>,
    source: SourceId,
    control: Control,
    sealing: Sealing,
    client: Client,
    chain_id: u64,
    receipt_key: Option<PublicKey>,
    command: &'a Submit,
}

impl Sender<'_> {
    async fn send_all(&self, mut input: Box<dyn BufRead>) -> Result<Vec<SubmissionReceipt>> {
        let (mut receipts, mut batch, mut bytes, mut number) = (Vec::new(), Vec::new(), 0, 0_u64);
        loop {
            let mut line = Vec::new();
            number += 1;
            input.by_ref().take(MAX_OPERATION_BYTES as u64 + 1).read_until(b'\n', &mut line)?;
            ensure!(line.len() <= MAX_OPERATION_BYTES, "line {number} is longer than {MAX_OPERATION_BYTES} bytes");
            let ends = line.is_empty();
            let text = std::str::from_utf8(&line).with_context(|| format!("line {number} is not UTF-8"))?.trim();
            if !text.is_empty() {
                let operation = self.operation(text).with_context(|| format!("line {number}"))?;
                bytes += operation.get().len();
                batch.push(operation);
            }
            let full = batch.len() >= usize::from(self.command.batch) || bytes > MAX_BATCH_BYTES;
            if !batch.is_empty() && (full || ends) {
                let sent = self.send(std::mem::take(&mut batch)).await;
                receipts.push(sent.with_context(|| format!("the batch that ends with line {number}"))?);
                bytes = 0;
            }
            if ends {
                return Ok(receipts);
            }
        }
    }

    fn operation(&self, text: &str) -> Result<Box<RawValue>> {
        let text =
            if self.command.content { format!(r#"{{"time":{},"content":{text}}}"#, now_ms()) } else { text.to_owned() };
        self.sealing.check(&Operation::parse(text.as_bytes())?)?;
        Ok(RawValue::from_string(self.sealing.seal(text)?)?)
    }

    async fn send(&self, operations: Vec<Box<RawValue>>) -> Result<SubmissionReceipt> {
        let names: Vec<B256> = operations.iter().map(|one| Operation::name(one.get().as_bytes())).collect();
        let mut key = FixedBytes::ZERO;
        getrandom::fill(key.as_mut_slice()).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
        let statement = Statement {
            chain_id: self.chain_id,
            source: self.source,
            key,
            format: self.command.format.clone(),
            format_version: self.command.format_version,
            time: now_ms(),
            count: u32::try_from(names.len())?,
            root: merkle::root(&names).context("a batch has an operation")?,
            control: self.control.clone(),
        };
        let signer = Arc::clone(&self.signer);
        let signed = off_runtime(self.signer.may_block(), move || signer.sign(&statement, TYP)).await??;
        let submission = signed.text().to_owned();
        let request = [SubmitData { submission, operations }];
        // Interrupted, it is not known whether it was accepted: the same once more is (DATA-3).
        let outcomes = match self.client.submit_data(&request).await {
            Err(ClientError::Problem(problem)) => return Err(ClientError::Problem(problem).into()),
            Err(_) => self.client.submit_data(&request).await?,
            Ok(outcomes) => outcomes,
        };
        match outcomes.into_iter().next() {
            Some(outcome) => match (outcome.receipt, outcome.problem) {
                (Some(receipt), _) => {
                    if let Some(key) = &self.receipt_key {
                        receipt::ensure_genuine(&receipt, signed.digest(), key)?;
                    }
                    Ok(receipt)
                }
                (None, Some(problem)) => Err(ClientError::Problem(Box::new(serde_json::from_value(problem)?)).into()),
                (None, None) => bail!("the gateway answered neither a receipt nor a problem"),
            },
            None => bail!("the gateway answered for no submission"),
        }
    }

    /// The client that asks for a proof: as the source, where the data are not for anybody.
    async fn asking(&self, receipt: &SubmissionReceipt) -> Result<Client> {
        if self.control.access == Access::Public {
            return Ok(self.client.clone());
        }
        let ask = Ask {
            chain_id: self.chain_id,
            source: self.source,
            place: receipt.place,
            digest: receipt.digest.0,
            time: now_ms(),
        };
        let signer = Arc::clone(&self.signer);
        let signed = off_runtime(self.signer.may_block(), move || signer.sign(&ask, ask::TYP)).await??;
        Ok(self.client.clone().asking_as_source(signed.text()))
    }

    async fn proof(&self, receipt: &SubmissionReceipt) -> Result<serde_json::Value> {
        let begun = Instant::now();
        loop {
            match self.asking(receipt).await?.submitted_operation_proof(receipt.place, receipt.digest.0, 0).await {
                Err(error) if is_early(&error) && begun.elapsed() < PROOF_PATIENCE => {
                    tokio::time::sleep(PROOF_PAUSE).await
                }
                proof => return Ok(proof?),
            }
        }
    }
}

fn is_early(error: &ClientError) -> bool {
    error.problem().is_some_and(|problem| problem.code == "not-final-yet")
}
