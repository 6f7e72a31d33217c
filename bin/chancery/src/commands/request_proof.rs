//! The proof of how a request of an alliance ended, as `chancery verify` shows it (A-MORE-3).

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use chancery_bridge::proof::{Ending, ProofFailure, ProvenRefusal, RecordedAt, RequestProof, VerifiedRequest};
use serde_json::json;

use super::trust::{chain_of, trusted_chains};
use crate::{
    alliance::text_of,
    arguments::Verify,
    output::{FAILED, Output},
};

/// Genuine, and it was not committed.
const NOT_COMMITTED: u8 = 3;
/// Genuine and committed, and of some members nothing is proven.
const IN_PART: u8 = 4;

pub(super) fn verify(file: &[u8], command: &Verify, output: &Output) -> Result<ExitCode> {
    let genesis = command.alliance_genesis.as_deref().context(
        "say which alliance it has to be of: --alliance-genesis FILE, the genesis of its chain, and --contract ADDRESS. Whoever shows the file could have made one of their own",
    )?;
    let contract = command.contract.context("say which contract the alliance is: --contract ADDRESS")?;
    let (home, trusted) = (chain_of(genesis)?, trusted_chains(&command.genesis)?);
    match RequestProof::from_json(file).and_then(|proof| proof.verify((&home, contract), &trusted)) {
        Ok(verified) => {
            output.answer(&verified, describe(&verified));
            Ok(match verified.outcome {
                Ending::Committed if verified.unproven.is_empty() => ExitCode::SUCCESS,
                Ending::Committed => ExitCode::from(IN_PART),
                Ending::Aborted | Ending::Invalid => ExitCode::from(NOT_COMMITTED),
            })
        }
        Err(ProofFailure { check, detail }) => {
            output.answer(
                &json!({"outcome": "refused", "check": check, "detail": detail}),
                format!("NOT GENUINE\nfailed check: {check}\n{detail}"),
            );
            Ok(ExitCode::from(FAILED))
        }
    }
}

fn describe(verified: &VerifiedRequest) -> String {
    let headline = match verified.outcome {
        Ending::Committed if verified.unproven.is_empty() => "GENUINE and COMMITTED, applied by every member",
        Ending::Committed => "GENUINE and COMMITTED, but what foreign members did is not proven",
        Ending::Aborted => "GENUINE, and ABORTED: nothing of it is in force anywhere",
        Ending::Invalid => "GENUINE, and INVALID: it was never shown to a member",
    };
    let mut text = format!(
        "{headline}\nrequest       {} of alliance {}\ndecided       {}",
        verified.number,
        verified.contract,
        place(&verified.decided)
    );
    for member in &verified.members {
        let recorded = member.recorded.as_ref().map_or_else(|| "not proven".to_owned(), place);
        text.push_str(&format!("\n{:<13} {recorded}, node contract {}", text_of(member.member), member.node_contract));
        for write in &member.writes {
            text.push_str(&format!(
                "\n  wrote       {} = {}, version {}",
                text_of(write.key),
                text_of(write.value),
                write.version
            ));
        }
    }
    if let (Some(by), Some(refusal)) = (verified.refused_by, &verified.refusal) {
        text.push_str(&format!("\nrefused by    {}: {}", text_of(by), reason(refusal)));
    }
    for member in &verified.unproven {
        text.push_str(&format!("\nunproven      {}: its chain has no finality certificates", text_of(*member)));
    }
    text.push_str(&format!(
        "\nchecks        {}\n\nNot shown by this file: that what was written still stands, and who has left the alliance since.",
        verified.checks.join(", ")
    ));
    text
}

fn place(at: &RecordedAt) -> String {
    format!(
        "chain {}, block {} (its time: {} s since 1970), transaction {:?}",
        at.chain_id, at.block_number, at.time, at.tx_hash
    )
}

fn reason(refusal: &ProvenRefusal) -> String {
    let key = refusal
        .key
        .map_or_else(|| "a key that this file does not show".to_owned(), |key| format!("key {}", text_of(key)));
    match refusal.reason {
        1 => format!("{key} is stale, expected version {}, actual version {}", refusal.expected, refusal.actual),
        2 => format!("{key} is held by the earlier request {}", refusal.actual),
        3 => "the part is malformed".to_owned(),
        4 => "its node contract's own rule".to_owned(),
        other => format!("reason {other}"),
    }
}
