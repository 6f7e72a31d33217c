//! `chancery alliance request status`: where a request stands.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use chancery_bridge::{
    alliance::decision::RequestState,
    requester::{PartyStanding, RequestStanding},
};
use serde_json::{Value, json};

use super::{
    requester,
    spoken::{self, Words},
};
use crate::{arguments::RequestStatus, output::Output};

pub(super) async fn run(command: &RequestStatus, output: &Output) -> Result<ExitCode> {
    let requester = Box::pin(requester::open(&command.config)).await?;
    let number = command.number;
    let found = requester.standing(number).await?;
    let standing = found.with_context(|| format!("the alliance has no request {number}"))?;
    let words = Words::default();
    let bad = standing
        .bad
        .iter()
        .map(|it| json!({"member": words.name(it.member), "certificate": it.serial, "fault": it.fault}));
    let missing = standing.missing.iter().map(
        |it| json!({"member": words.name(it.member), "weight": it.weight.to_string(), "total": it.total.to_string()}),
    );
    output.answer(
        &json!({
            "number": number,
            "state": state(standing.state),
            "deadline": standing.deadline,
            "time": standing.time_s,
            "parties": standing.parties.iter().map(|party| party_json(party, &words)).collect::<Vec<_>>(),
            "badSignatures": bad.collect::<Vec<_>>(),
            "weightMissing": missing.collect::<Vec<_>>(),
        }),
        spoken::plain(&text(&standing, &words)),
    );
    Ok(ExitCode::SUCCESS)
}

const fn state(state: RequestState) -> &'static str {
    match state {
        RequestState::Sequenced => "sequenced",
        RequestState::Committed => "committed",
        RequestState::Aborted => "aborted",
        RequestState::Invalid => "invalid",
    }
}

fn party_json(party: &PartyStanding, words: &Words) -> Value {
    let mut value = json!({
        "member": words.name(party.member),
        "isPrepared": party.is_prepared,
        "outcome": if party.is_reached { spoken::outcome(party.outcome) } else { "not reached" },
    });
    if let (Some(refusal), Some(fields)) = (&party.refusal, value.as_object_mut()) {
        fields.insert("reason".to_owned(), json!(spoken::refusal_kind(refusal)));
        let more = spoken::refusal_fields(refusal, words);
        fields.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
    }
    value
}

fn text(standing: &RequestStanding, words: &Words) -> String {
    let mut text = format!("request {} is {}", standing.number, state(standing.state));
    if standing.state == RequestState::Sequenced {
        let left = standing.deadline.saturating_sub(standing.time_s);
        text.push_str(&format!("; it can be committed until {} ({left} s left)", standing.deadline));
    }
    for party in &standing.parties {
        let outcome = if party.is_reached { spoken::outcome(party.outcome) } else { "chain not named in the file" };
        text.push_str(&format!("\n  {}: {outcome}", words.name(party.member)));
        if let Some(refusal) = &party.refusal {
            text.push_str(&format!(" ({})", words.explain(refusal)));
        }
    }
    for bad in &standing.bad {
        text.push_str(&format!("\n  certificate {} of {}: {}", bad.serial, words.name(bad.member), bad.fault));
    }
    for missing in &standing.missing {
        text.push_str(&format!("\n  {} has {} of {}", words.name(missing.member), missing.weight, missing.total));
    }
    text
}
