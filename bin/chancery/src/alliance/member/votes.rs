//! What a member decides alone (leave) and with the others (admit, remove, dissolve).

use anyhow::{Result, bail, ensure};
use chancery_bridge::establish::{self, Ballot, Tally};
use serde_json::json;

use super::{declared::DeclaredFile, file};
use crate::{
    alliance::{name_of, text_of},
    arguments::{Admit, AsMember, MemberOfAlliance, RemoveMember},
    output::Output,
};

pub(in crate::alliance) async fn leave(command: &AsMember, output: &Output) -> Result<()> {
    let member = file::open(&command.member.config).await?;
    let (alliance, name) = (member.alliance(command.member.contract), member.joining.name);
    let progress = output.progress("leaving");
    let left = establish::leave(&alliance, &member.joining.key, name).await;
    progress.finish_and_clear();
    left?;
    let name = text_of(name);
    output.answer(
        &json!({"member": name, "contract": alliance.address, "left": true}),
        format!(
            "{name} has left {}. What was sequenced before goes on to its decision: let endorsers and relay run until then.",
            alliance.address
        ),
    );
    Ok(())
}

pub(in crate::alliance) async fn admit(command: &Admit, output: &Output) -> Result<()> {
    let file = DeclaredFile::read(&command.declared)?;
    let declared = file.declared(&command.declared)?;
    let member = file::open(&command.member.config).await?;
    let alliance = member.alliance(command.member.contract);
    // The file is a stranger's: whom it would take in, the alliance's registry says.
    let candidate = Box::pin(establish::candidate(&alliance, &declared)).await?;
    file.check_against(&candidate)?;
    let name = text_of(candidate.name);
    if let Some(present) = candidate.present.filter(|_| candidate.replaces() && !command.replaces) {
        bail!(
            "{name} is a member, for which {present} speaks; with this requirement {} would. If {name} itself wants that, vote with --replaces",
            candidate.authority
        );
    }
    let weights = candidate.endorsers.iter().map(|(node, weight)| format!("{} {weight}", text_of(*node)));
    let about = format!(
        "admit {name} (authority {}, chain {}, endorsers: {})",
        candidate.authority,
        candidate.chain_id,
        weights.collect::<Vec<_>>().join(", ")
    );
    if !output.is_json() {
        println!("voting to {about}");
    }
    Box::pin(vote(&command.member, Ballot::Admit(declared), &about, output)).await
}

pub(in crate::alliance) async fn remove(command: &RemoveMember, output: &Output) -> Result<()> {
    let ballot = Ballot::Remove(name_of(&command.removed)?);
    Box::pin(vote(&command.member, ballot, &format!("remove {}", command.removed), output)).await
}

pub(in crate::alliance) async fn dissolve(command: &AsMember, output: &Output) -> Result<()> {
    Box::pin(vote(&command.member, Ballot::Dissolve, "dissolve", output)).await
}

async fn vote(command: &MemberOfAlliance, ballot: Ballot, what: &str, output: &Output) -> Result<()> {
    let member = file::open(&command.config).await?;
    let (alliance, name) = (member.alliance(command.contract), member.joining.name);
    let progress = output.progress("voting");
    let voted = establish::vote(&alliance, &member.joining.key, name, ballot).await;
    progress.finish_and_clear();
    let tally = voted?;
    ensure!(tally.votes > 0, "the vote of {} is not counted", text_of(name));
    output.answer(
        &json!({
            "member": text_of(name),
            "vote": what,
            "votes": tally.votes,
            "needed": tally.needed(),
            "members": tally.members,
            "carriedOut": tally.is_carried_out,
        }),
        told(what, &tally),
    );
    Ok(())
}

fn told(what: &str, tally: &Tally) -> String {
    let standing = format!("{what}: {} of {} members, {} are needed", tally.votes, tally.members, tally.needed());
    if tally.is_carried_out {
        format!("{standing}; it is carried out")
    } else {
        format!("{standing}, within 14 days of the first and before the membership changes otherwise")
    }
}
