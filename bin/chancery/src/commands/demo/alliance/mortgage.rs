//! What goes as it should, and what the rules of three registers keep from happening.

use alloy_primitives::{B256, Bytes};
use anyhow::{Result, bail};
use chancery_bridge::{
    alliance::{store::Refusal, submission::Submission},
    requester::{Committed, NextStep, RequestError},
};

use super::{cast::Cast, names::word};
use crate::commands::demo::narrator::Narrator;

/// A parcel without tax, a borrower whom nobody knows; then both are as they should be.
pub(super) async fn run(cast: &Cast, narrator: &mut Narrator) -> Result<()> {
    cast.set("bank", "identity", "Lin", "valid").await?;
    cast.set("tax office", "tax", "parcel 7", "due").await?;
    let asked = cast.mortgage("Lin", "parcel 7", "loan 7");
    refused(cast, narrator, "while the tax of parcel 7 is due, the mortgage", "unpaid", &asked).await?;
    cast.set("tax office", "tax", "parcel 7", "paid").await?;
    narrator.says("The tax office records that the tax was paid.");
    let stranger = cast.mortgage("Ben", "parcel 7", "loan 7");
    refused(cast, narrator, "a mortgage of Ben, whose identity nobody has verified,", "stranger", &stranger).await?;
    let committed = cast.requester.execute(word("mortgage of parcel 7"), &asked).await?;
    recorded(cast, narrator, "parcel 7", "loan 7", committed).await?;
    let second = cast.mortgage("Lin", "parcel 7", "loan 8");
    refused(cast, narrator, "a second mortgage of parcel 7, which is not free any more,", "second", &second).await
}

/// Two mortgages that rest on the same version.
pub(super) async fn stale(cast: &Cast, narrator: &mut Narrator) -> Result<()> {
    cast.set("tax office", "tax", "parcel 8", "paid").await?;
    cast.set("bank", "identity", "Ben", "valid").await?;
    let first = prepared(cast, "loan 8 of parcel 8", &cast.mortgage("Lin", "parcel 8", "loan 8")).await?;
    let second = prepared(cast, "loan 9 of parcel 8", &cast.mortgage("Ben", "parcel 8", "loan 9")).await?;
    narrator.says("Two mortgages of parcel 8, one of Lin and one of Ben, are prepared and endorsed: both have read that it is free.");
    let committed = cast.requester.send(&first).await?;
    recorded(cast, narrator, "parcel 8", "loan 8", committed).await?;
    let error = match cast.requester.send(&second).await {
        Ok(_) => bail!("a stale request was committed"),
        Err(error) => error,
    };
    let RequestError::Refused { number, member, refusal: Refusal::Stale { key, expected, actual } } = &error else {
        bail!("a stale request ended with something else: {error}")
    };
    let told =
        format!("request {number}, {member:#}: key {key:#}, expected version {expected}, actual version {actual}");
    narrator.shows("the second is stale", &cast.names.explain(&told));
    let (version, lien) = cast.entry("land registry", "lien", "parcel 8").await?;
    narrator.shows("the register still has", &format!("lien of parcel 8: {lien}, version {version}"));
    let calls = cast.mortgage("Ben", "parcel 8", "loan 9");
    let again = cast.requester.execute(word("loan 9 of parcel 8 again"), &calls).await;
    narrator.refused("read again and asked again, it", again.map(drop).map_err(|error| cast.names.explain(&error)))
}

/// Suggested and endorsed, not sent.
pub(super) async fn prepared(cast: &Cast, key: &str, calls: &[(B256, Bytes)]) -> Result<Submission> {
    let mut parts = Vec::new();
    for (member, call) in calls {
        parts.push(cast.requester.suggest(*member, call).await?);
    }
    Ok(cast.requester.endorse(word(key), parts).await?)
}

/// Shows that a mortgage stands on every chain.
pub(super) async fn recorded(
    cast: &Cast,
    narrator: &mut Narrator,
    parcel: &str,
    loan: &str,
    committed: Committed,
) -> Result<()> {
    cast.applied(committed.number).await?;
    let (version, lien) = cast.entry("land registry", "lien", parcel).await?;
    let (_, lent) = cast.entry("bank", "loan", "Lin").await?;
    anyhow::ensure!(lien == loan && lent == loan, "the registers say {lien} and {lent}, not {loan}");
    let told =
        format!("request {}: the bank lends {lent}; lien of {parcel}: {lien}, version {version}", committed.number);
    narrator.shows("committed and applied on three chains", &told);
    Ok(())
}

async fn refused(cast: &Cast, narrator: &mut Narrator, what: &str, key: &str, calls: &[(B256, Bytes)]) -> Result<()> {
    let before = cast.alliance.request_count().await?;
    let outcome = Box::pin(cast.requester.execute(word(key), calls)).await;
    if let Err(error) = &outcome {
        anyhow::ensure!(error.next_step() == NextStep::Correct, "refused for another reason: {error}");
    }
    narrator.refused(what, outcome.map(drop).map_err(|error| cast.names.explain(&error)))?;
    anyhow::ensure!(cast.alliance.request_count().await? == before, "what was refused beforehand has a number");
    Ok(())
}
