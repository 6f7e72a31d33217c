//! `chancery alliance request`: a request from a file to its end, as one node of a member asks for it.

pub(super) mod asked;
mod file;
mod proof;
pub(super) mod requester;
mod spoken;
mod status;
mod steps;

use std::{path::Path, process::ExitCode};

use anyhow::{Context as _, Result, ensure};
use chancery_bridge::{
    report::{LAST_WORDS, Teller, Telling},
    requester::{Committed, NextStep, RequestError, Requester},
};
use serde_json::json;
use tokio::time::timeout;

use self::{asked::Asked, spoken::Words, steps::Steps};
use crate::{
    arguments::{RequestCommand, RequestQuestion},
    output::{FAILED, Output},
};

/// It may still be committed, or is and could not be compared: asking the same again follows it.
const UNDECIDED: u8 = 4;
/// It is committed as it was asked, and its proof is not written.
const UNPROVEN: u8 = 5;

pub(super) async fn run(command: RequestCommand, output: &Output) -> Result<ExitCode> {
    match &command.question {
        Some(RequestQuestion::Status(asked)) => Box::pin(status::run(asked, output)).await,
        Some(RequestQuestion::Proof(asked)) => Box::pin(proof::run(asked, output)).await,
        None => Box::pin(ask(&command, output)).await,
    }
}

async fn ask(command: &RequestCommand, output: &Output) -> Result<ExitCode> {
    let file = command.file.as_deref().context("name the file of the request")?;
    let config = command.config.as_deref().context("give --config: who asks, through whom")?;
    let asked = asked::read(file)?;
    let (mut requester, teller) = Box::pin(requester::telling(config)).await?;
    requester.limits.valid_for_s = asked.valid_for_s;
    requester.limits.window_s = asked.window_s;
    requester.limits.max_tries = command.retry + 1;
    for (member, _) in &asked.calls {
        let is_reached = requester.members.iter().any(|known| known.name == *member);
        ensure!(is_reached, "{} names no endorsers of {}", config.display(), super::text_of(*member));
    }
    let words = Words::of(&asked.words);
    let steps = Steps::new(*output, words.clone());
    let brought = Box::pin(bring(&requester, &asked, &steps, teller)).await;
    let committed = match brought {
        Ok(committed) => committed,
        Err(error) => return Ok(failed(&error, &words, output)),
    };
    // Committed it is, whatever becomes of the proof.
    let mut unwritten = None;
    if let Some(path) = &command.proof {
        match Box::pin(proof::write(&requester, committed.number, &steps.parts(), path)).await {
            Ok(()) => steps.proven(path),
            Err(error) => unwritten = Some(format!("{error:#}").replace('\n', " ")),
        }
    }
    let code = if unwritten.is_some() { ExitCode::from(UNPROVEN) } else { ExitCode::SUCCESS };
    succeeded(&committed, &asked, &steps, &words, unwritten, output);
    Ok(code)
}

async fn bring(
    requester: &Requester,
    asked: &Asked,
    steps: &Steps,
    teller: Option<Teller>,
) -> Result<Committed, RequestError> {
    let earlier = requester.earlier(asked.idempotency_key, &asked.calls).await?;
    steps.found_before(&earlier);
    let Some(teller) = teller else {
        return Box::pin(requester.bring(asked.idempotency_key, &asked.calls, steps)).await;
    };
    let members = asked.calls.iter().map(|(member, _)| *member).collect();
    let (telling, told) = Telling::new(steps, members, teller);
    let brought = Box::pin(requester.bring(asked.idempotency_key, &asked.calls, &telling)).await;
    drop(telling);
    // Nobody is kept waiting by a relay that does not listen.
    timeout(LAST_WORDS, told).await.ok();
    brought
}

fn succeeded(
    committed: &Committed,
    asked: &Asked,
    steps: &Steps,
    words: &Words,
    unwritten: Option<String>,
    output: &Output,
) {
    let missing: Vec<_> = committed.missing.iter().map(|it| words.explain(it)).collect();
    let mut text = format!("request {} is committed: every member applies it", committed.number);
    for guarantee in &missing {
        text.push_str(&format!("\nnot guaranteed: {guarantee}"));
    }
    let mut value = json!({
        "outcome": "committed",
        "number": committed.number,
        "idempotencyKey": asked.idempotency_key,
        "missingGuarantees": missing,
        "steps": steps.taken(),
    });
    if let Some(reason) = unwritten {
        let number = committed.number;
        text.push_str(&format!(
            "\nits proof is not written: {reason}\n`chancery alliance request proof {number}` writes it later"
        ));
        value["proofError"] = json!(reason);
    }
    output.answer(&value, spoken::plain(&text));
}

/// What went wrong, in a form that a program reads too. Exit code 1 says of what this command has sent that it is not committed and never will be.
fn failed(error: &RequestError, words: &Words, output: &Output) -> ExitCode {
    let code = if error.next_step() == NextStep::SendAgain { UNDECIDED } else { FAILED };
    output.answer(&spoken::refusal(error, words), spoken::text(error, words));
    ExitCode::from(code)
}

/// The folder to which paths in a file are relative.
fn directory_of(config: &Path) -> &Path {
    config.parent().unwrap_or_else(|| Path::new(""))
}
