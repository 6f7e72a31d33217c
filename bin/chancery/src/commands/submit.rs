//! `chancery submit` (R2D, M-P-SUB): operations from a file, signed in batches, each batch acknowledged and, on request, proven. What is of a sealed format is sealed here.

mod sealing;

use std::{
    fs::File,
    io::{BufRead, BufReader, Read as _},
    path::Path,
    process::ExitCode,
};

use anyhow::{Context, Error, Result, ensure};
use chancery_client::{
    Batch, PROOF_PATIENCE, Prepared, SubmitError, Submitter, Terms, rest::types::submissions::SubmissionReceipt,
};
use chancery_data::{Control, operation::MAX_OPERATION_BYTES, reader::MAX_READERS, submission::Access};
use indicatif::ProgressBar;
use serde_json::json;

use super::receipt;
use crate::{
    arguments::{Connection, Submit},
    keys,
    output::Output,
    party::CityFacts,
};

pub(super) async fn run(command: Submit, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let submitter = Box::pin(submitter(&command, connection)).await?;
    let input: Box<dyn BufRead> = if command.file == Path::new("-") {
        Box::new(BufReader::new(std::io::stdin()))
    } else {
        let file = File::open(&command.file).with_context(|| format!("cannot open {}", command.file.display()))?;
        Box::new(BufReader::new(file))
    };
    let progress = output.progress("signing and sending");
    let receipts = send_all(&submitter, &command, input, &progress).await?;
    if let Some(folder) = &command.proofs {
        std::fs::create_dir_all(folder)?;
        for (proven, receipt) in receipts.iter().enumerate() {
            progress.set_message(format!("waiting for proofs: {proven} of {}", receipts.len()));
            let proof = submitter.proof_of(receipt, 0, PROOF_PATIENCE).await.map_err(plain)?;
            std::fs::write(folder.join(format!("{}.json", receipt.place)), serde_json::to_vec_pretty(&proof)?)?;
        }
    }
    progress.finish_and_clear();
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

async fn submitter(command: &Submit, connection: &Connection) -> Result<Submitter> {
    let signer = keys::source_in_file(&command.source_key)?;
    let control = control(command)?;
    let receipt_key = command.receipt_key.as_deref().map(receipt::key_in).transpose()?;
    let client = connection.client()?;
    let city = CityFacts::read(&client).await?;
    let terms = Terms { format: command.format.clone(), format_version: command.format_version, control };
    let mut submitter = Submitter::open(client, signer, terms).await.map_err(plain)?;
    if let Some(source) = command.source {
        submitter = submitter.of_source(source);
    }
    if let Some(key) = receipt_key {
        submitter = submitter.believing(key);
    }
    if command.seal_to.is_empty() {
        return Ok(submitter);
    }
    Ok(submitter.sealing_to(Box::pin(sealing::keys(command, &city)).await?)?)
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

async fn send_all(
    submitter: &Submitter,
    command: &Submit,
    mut input: Box<dyn BufRead>,
    progress: &ProgressBar,
) -> Result<Vec<SubmissionReceipt>> {
    let (mut receipts, mut batch, mut number) = (Vec::new(), Batch::new(command.batch.into()), 0_u64);
    loop {
        let mut line = Vec::new();
        number += 1;
        input.by_ref().take(MAX_OPERATION_BYTES as u64 + 1).read_until(b'\n', &mut line)?;
        ensure!(line.len() <= MAX_OPERATION_BYTES, "line {number} is longer than {MAX_OPERATION_BYTES} bytes");
        let ends = line.is_empty();
        let text = std::str::from_utf8(&line).with_context(|| format!("line {number} is not UTF-8"))?.trim();
        if !text.is_empty() {
            batch.push(prepare(submitter, command, text).with_context(|| format!("line {number}"))?);
        }
        if !batch.is_empty() && (batch.is_full() || ends) {
            let sent = send(submitter, batch.take()).await;
            receipts.push(sent.with_context(|| format!("the batch that ends with line {number}"))?);
            progress
                .set_message(format!("signing and sending: {number} lines, {} submissions accepted", receipts.len()));
        }
        if ends {
            return Ok(receipts);
        }
    }
}

fn prepare(submitter: &Submitter, command: &Submit, text: &str) -> Result<Prepared> {
    let prepared = if command.content { submitter.prepare_content(text) } else { submitter.prepare(text) };
    prepared.map_err(|error| match error {
        SubmitError::InClear => Error::from(error).context("--seal-to says who may read it"),
        other => other.into(),
    })
}

async fn send(submitter: &Submitter, operations: Vec<Prepared>) -> Result<SubmissionReceipt> {
    let signed = submitter.sign(operations).await?;
    submitter.send(&signed).await.map_err(plain)
}

/// With the gateway's own words as what is told, where it said some.
fn plain(error: SubmitError) -> Error {
    match error {
        SubmitError::Client(error) => error.into(),
        SubmitError::Undecided { cause, .. } => {
            Error::from(cause).context("it is not known whether they were accepted")
        }
        other => other.into(),
    }
}
