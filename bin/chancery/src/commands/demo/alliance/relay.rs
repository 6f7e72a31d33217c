//! A relay that is killed with a request in its hands.

use anyhow::{Context as _, Result};
use chancery_bridge::alliance::store::Outcome;

use super::{
    cast::Cast,
    mortgage::{prepared, recorded},
    names::word,
};
use crate::commands::demo::narrator::Narrator;

/// It takes a request, has it sequenced, and is killed. The next one knows nothing of it but what is on chain.
pub(super) async fn kill(cast: &mut Cast, narrator: &mut Narrator) -> Result<()> {
    cast.set("tax office", "tax", "parcel 12", "paid").await?;
    let submission = prepared(cast, "mortgage of parcel 12", &cast.mortgage("Lin", "parcel 12", "loan 12")).await?;
    let number = cast.requester.carrier.carry(&submission).await?;
    cast.kill_relay()?;
    let decision = cast.alliance.decision(number).await?.context("it has a number and no record")?;
    let mut stands = Vec::new();
    for body in &cast.bodies {
        let outcome = match body.register.node_contract.outcome(number).await? {
            None => "nothing yet",
            Some(Outcome::Reserved) => "reserved",
            Some(Outcome::Refused) => "refused",
            Some(Outcome::Applied) => "applied",
            Some(Outcome::Released) => "released",
        };
        stands.push(format!("{}: {outcome}", body.title));
    }
    let told = format!("request {number} is {:?}; {}", decision.state(), stands.join(", "));
    narrator.shows("the relay is killed as soon as the request has its number", &told);
    cast.start_relay()?;
    narrator
        .says("Another relay starts, with an empty memory. The requester has had no answer, and sends the same again.");
    let committed = cast.requester.send(&submission).await?;
    anyhow::ensure!(committed.number == number, "the same request has two numbers");
    recorded(cast, narrator, "parcel 12", "loan 12", committed).await?;
    let calls = cast.mortgage("Lin", "parcel 11", "loan 11");
    let known = cast.requester.execute(word("mortgage of parcel 11"), &calls).await?;
    narrator
        .shows("asked once more with the key of an earlier chapter, it is still", &format!("request {}", known.number));
    Ok(())
}
