//! Who lies, forges or comes too late, and what is said of it.

use std::{sync::Arc, time::Duration};

use alloy_primitives::B256;
use anyhow::{Context as _, Result, bail, ensure};
use chancery_bridge::{
    alliance::{
        certificate::{Scope, SignatureFault},
        message::{Endorse, Endorsement, Part, PartReference, Request},
        store::Refusal,
        submission::Submission,
    },
    establish::issue_transaction,
    relay::CarryRefusal,
    requester::{Doubt, RequestError},
};
use tokio::time::sleep;

use super::{
    cast::{Body, Cast, StaffNode},
    mortgage::recorded,
    names::word,
};
use crate::commands::demo::narrator::Narrator;

/// The land registry is made to say that another loan encumbers the parcel.
pub(super) async fn lie(cast: &Cast, narrator: &mut Narrator) -> Result<()> {
    cast.set("tax office", "tax", "parcel 9", "paid").await?;
    let calls = cast.mortgage("Lin", "parcel 9", "loan 9");
    let mut parts = Vec::new();
    for (member, call) in &calls {
        let mut part = cast.requester.suggest(*member, call).await?;
        if *member == word("land registry") {
            part.writes.first_mut().context("an encumbrance writes")?.value = word("loan 10");
        }
        parts.push(part);
    }
    narrator
        .says("Somebody writes another loan into the land registry's part. Its nodes execute the call for themselves.");
    let Err(error) = cast.requester.endorse(word("lie"), parts.clone()).await else { bail!("a lie was endorsed") };
    let RequestError::NotEndorsed { declined, .. } = &error else { bail!("a lie was noticed otherwise: {error}") };
    ensure!(declined.iter().all(|it| it.difference().is_some()), "an endorser declines for another reason: {error}");
    narrator.shows("honest nodes decline and name the key", &cast.names.explain(&error));

    let land = cast.body("land registry")?;
    let one = forced(cast, "one of three lies", parts.clone(), |request, part| blindly(cast, request, part, 1))?;
    let error = refusal(cast, &one).await?;
    let RequestError::Invalid { missing, bad, .. } = &error else { bail!("one liar of three: {error}") };
    ensure!(bad.is_empty() && missing.len() == 1, "one liar of three: {error}");
    narrator.shows("one lying node of three is not enough", &cast.names.explain(&error));

    let all = land.nodes.len();
    let most = forced(cast, "all of three lie", parts, |request, part| blindly(cast, request, part, all))?;
    let error = refusal(cast, &most).await?;
    let RequestError::Refused { refusal: Refusal::Rejected, .. } = &error else {
        bail!("three liars of three: {error}")
    };
    narrator.shows("even if all three lie, the register's own rule refuses", &cast.names.explain(&error));

    let committed = cast.requester.execute(word("honest mortgage of parcel 9"), &calls).await?;
    recorded(cast, narrator, "parcel 9", "loan 9", committed).await
}

/// An endorsement in the name of one node with the signature of another.
pub(super) async fn forge(cast: &Cast, narrator: &mut Narrator) -> Result<()> {
    cast.set("tax office", "tax", "parcel 10", "paid").await?;
    let calls = cast.mortgage("Lin", "parcel 10", "loan 10");
    let mut parts = Vec::new();
    for (member, call) in &calls {
        parts.push(cast.requester.suggest(*member, call).await?);
    }
    let land = cast.body("land registry")?;
    let [victim, forger, ..] = land.nodes.as_slice() else { bail!("the land registry has several nodes") };
    let forged = forced(cast, "forged", parts, |request, part| {
        let mut all = blindly(cast, request, part, land.nodes.len())?;
        if part.member == land.register.name {
            let other = signed(cast, request, part, forger)?;
            all.first_mut().context("an endorsement")?.signature = other.signature;
        }
        Ok(all)
    })?;
    let error = refusal(cast, &forged).await?;
    let RequestError::Invalid { bad, .. } = &error else { bail!("a forgery: {error}") };
    let [named] = bad.as_slice() else { bail!("a forgery names {} signatures", bad.len()) };
    ensure!((named.serial, named.fault) == (victim.certificate, SignatureFault::SignatureWrong), "{error}");
    narrator.shows("the forged signature is named, and nothing is written", &cast.names.explain(&error));
    let committed = cast.requester.execute(word("mortgage of parcel 10"), &calls).await?;
    recorded(cast, narrator, "parcel 10", "loan 10", committed).await
}

/// Certificates that ended a moment ago.
pub(super) async fn expire(cast: &Cast, narrator: &mut Narrator) -> Result<()> {
    cast.set("tax office", "tax", "parcel 11", "paid").await?;
    let calls = cast.mortgage("Lin", "parcel 11", "loan 11");
    let (bank, tax) = (cast.body("bank")?, cast.body("tax office")?);
    let own = short(cast, bank).await?;
    let others = short(cast, tax).await?;
    // Both have ended when the alliance chain's clock says so.
    while cast.alliance.time_s().await? <= others.1.max(own.1) {
        sleep(Duration::from_millis(100)).await;
    }
    let mut asked = cast.requester.clone();
    let node = tax.nodes.first().context("the tax office has a node")?;
    let member = asked.members.iter_mut().find(|it| it.name == tax.register.name).context("no tax office")?;
    member.endorsers = vec![Arc::new(tax.endorser(&cast.alliance, node, others.0))];
    let Err(error) = asked.execute(word("expired endorser"), &calls).await else { bail!("an expired endorser counts") };
    let RequestError::NotEndorsed { declined, .. } = &error else { bail!("an expired endorser: {error}") };
    let expected = Doubt::Faulty(SignatureFault::CertificateExpired);
    ensure!(declined.iter().any(|it| it.doubt == expected), "an expired endorser: {error}");
    narrator.shows("an endorser's expired certificate does not count", &cast.names.explain(&error));

    let before = cast.alliance.request_count().await?;
    let mut asked = cast.requester.clone();
    asked.identity.certificate = own.0;
    let Err(error) = asked.execute(word("expired requester"), &calls).await else {
        bail!("an expired requester counts")
    };
    let fault = SignatureFault::CertificateExpired;
    let expected = CarryRefusal::RequesterRefused { certificate: own.0, fault };
    ensure!(matches!(&error, RequestError::Carry(refusal) if *refusal == expected), "an expired requester: {error}");
    ensure!(cast.alliance.request_count().await? == before, "an expired requester got a number");
    narrator.shows("the requester's own expired certificate gets no number", &cast.names.explain(&error));
    let committed = cast.requester.execute(word("mortgage of parcel 11"), &calls).await?;
    recorded(cast, narrator, "parcel 11", "loan 11", committed).await
}

/// A certificate of a body's first node that ends soon, and when.
async fn short(cast: &Cast, body: &Body) -> Result<(u64, u64)> {
    let node = body.nodes.first().context("no node")?;
    let until = cast.alliance.time_s().await? + 3;
    let serial = issue_transaction(&cast.alliance, &body.key, node.identity, Scope::BOTH, until).await?;
    Ok((serial, until))
}

async fn refusal(cast: &Cast, submission: &Submission) -> Result<RequestError> {
    match cast.requester.send(submission).await {
        Ok(committed) => bail!("request {} should not have been committed", committed.number),
        Err(error) => Ok(error),
    }
}

/// A submission with the endorsements given, whether they are good or not.
fn forced(
    cast: &Cast,
    key: &str,
    mut parts: Vec<Part>,
    endorse: impl Fn(&Request, &Part) -> Result<Vec<Endorsement>>,
) -> Result<Submission> {
    parts.sort_by_key(|part| part.member);
    let request = Request {
        idempotency_key: word(key),
        certificate: cast.requester.identity.certificate,
        valid_until: u64::MAX,
        window: cast.requester.limits.window_s,
        parts: parts.iter().map(|part| PartReference { member: part.member, part_hash: part.hash() }).collect(),
    };
    let mut endorsements = Vec::new();
    for part in &parts {
        endorsements.extend(endorse(&request, part)?);
    }
    Ok(cast.requester.sign(request, endorsements, parts)?)
}

/// Endorsements of the first `count` nodes of the part's body, without a look at what it says.
fn blindly(cast: &Cast, request: &Request, part: &Part, count: usize) -> Result<Vec<Endorsement>> {
    let body = cast.bodies.iter().find(|body| body.register.name == part.member).context("no such body")?;
    body.nodes.iter().take(count).map(|node| signed(cast, request, part, node)).collect()
}

fn signed(cast: &Cast, request: &Request, part: &Part, node: &StaffNode) -> Result<Endorsement> {
    let (member, certificate): (B256, u64) = (part.member, node.certificate);
    let endorse = Endorse { request_hash: request.hash(), member, certificate };
    Ok(Endorsement { certificate, member, signature: node.key.sign(&endorse, &cast.alliance.domain())? })
}
