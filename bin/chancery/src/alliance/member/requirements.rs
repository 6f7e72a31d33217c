//! `chancery alliance requirements list, match, withdraw`: what stands in a registry, what belongs together there, and taking an own one back.

use std::{
    fs,
    path::{Path, PathBuf},
};

use alloy_primitives::{B256, U256};
use anyhow::{Context as _, Result, bail, ensure};
use chancery_bridge::establish::{
    self, Made, OpenRequirement, Together, check_registry, declared_with, open_requirements, together,
};
use chancery_ledger::Chain;
use serde_json::{Value, json};

use super::{declared::DeclaredFile, file};
use crate::{
    alliance::{chains::ChainSection, name_of, text_of},
    arguments::{ListRequirements, MatchRequirements, RequirementsCommand, WhichRegistry, WithdrawRequirement},
    output::Output,
};

/// Requirements that are read at a time.
const PAGE: usize = 64;
/// Requirements that stand and are compared with one another, the newest.
const MAX_COMPARED: usize = 4096;

pub(in crate::alliance) async fn run(command: &RequirementsCommand, output: &Output) -> Result<()> {
    match command {
        RequirementsCommand::List(command) => Box::pin(list(command, output)).await,
        RequirementsCommand::Match(command) => Box::pin(matched(command, output)).await,
        RequirementsCommand::Withdraw(command) => Box::pin(withdraw(command, output)).await,
    }
}

async fn list(command: &ListRequirements, output: &Output) -> Result<()> {
    let (home, purpose) = Box::pin(opened(&command.registry)).await?;
    let progress = output.progress("reading the registry");
    let registry = command.registry.registry;
    let page = open_requirements(&home, registry, purpose, command.before, command.limit.into()).await;
    progress.finish_and_clear();
    let page = page?;
    let mut lines: Vec<_> = page.requirements.iter().map(|each| line(each, page.time_s)).collect();
    if lines.is_empty() {
        lines.push("no requirement stands here".to_owned());
    }
    lines.extend(page.next.map(|next| format!("there may be older ones: --before {next}")));
    output.answer(
        &json!({
            "registry": registry,
            "chainId": home.config().chain_id,
            "time": page.time_s,
            "requirements": page.requirements.iter().map(requirement_json).collect::<Vec<_>>(),
            "next": page.next,
        }),
        lines.join("\n"),
    );
    Ok(())
}

async fn matched(command: &MatchRequirements, output: &Output) -> Result<()> {
    let (home, purpose) = Box::pin(opened(&command.registry)).await?;
    let registry = command.registry.registry;
    let progress = output.progress("reading the registry");
    let read = Box::pin(all(&home, &command.registry, purpose, &command.with)).await;
    progress.finish_and_clear();
    let (open, next, time_s) = read?;
    let sets: Vec<_> = together(&open).into_iter().filter_map(|set| set.with(&command.with)).collect();
    let files = match &command.out {
        Some(out) => Box::pin(written(&home, &command.registry, chosen(&sets)?, out)).await?,
        None => Vec::new(),
    };
    let mut lines: Vec<_> = sets.iter().map(|set| set_text(set, time_s)).collect();
    if lines.is_empty() {
        lines.push(
            "no requirements belong together here: each has to name the purpose of the others, and exactly them"
                .to_owned(),
        );
    }
    lines.extend(next.map(|next| format!("numbers below {next} were not looked at")));
    if !files.is_empty() {
        let names: Vec<_> = files.iter().map(|path| path.display().to_string()).collect();
        lines.push(format!(
            "Ask each member, by another way, whether its authority is the one above; then:\n  chancery alliance propose --config member.toml {}",
            names.join(" ")
        ));
    }
    output.answer(
        &json!({
            "registry": registry,
            "chainId": home.config().chain_id,
            "time": time_s,
            "sets": sets.iter().map(set_json).collect::<Vec<_>>(),
            "files": files.iter().map(|path| path.display().to_string()).collect::<Vec<_>>(),
            "next": next,
        }),
        lines.join("\n"),
    );
    Ok(())
}

async fn withdraw(command: &WithdrawRequirement, output: &Output) -> Result<()> {
    let member = file::open(&command.config).await?;
    let registry = member.registry()?.address;
    let progress = output.progress("withdrawing");
    let done = establish::withdraw(&member.home.chain, registry, &member.joining.key, U256::from(command.id)).await;
    progress.finish_and_clear();
    done?;
    output.answer(
        &json!({"registry": registry, "requirement": command.id, "withdrawn": true}),
        format!(
            "requirement {} is withdrawn: no alliance is proposed with it any more. One that was proposed before waits for this member to join, and lapses without it.",
            command.id
        ),
    );
    Ok(())
}

/// The alliance chain, and the purpose that is asked for. The registry is looked at where that can be.
async fn opened(which: &WhichRegistry) -> Result<(Chain, Option<B256>)> {
    let purpose = which.purpose.as_deref().map(name_of).transpose()?;
    let section = ChainSection::certified("alliance", which.rpc.clone(), &which.genesis);
    // Paths of the command line are relative to where it is typed.
    let home = section.site(Path::new("")).await?.chain;
    if let Some(transaction) = which.registry_transaction {
        check_registry(&home, Made { address: which.registry, transaction }).await?;
    }
    Ok((home, purpose))
}

/// What stands, and first what is asked for by number, however much others have declared since; the number below which nothing else was looked at, and the time.
async fn all(
    home: &Chain,
    which: &WhichRegistry,
    purpose: Option<B256>,
    with: &[u64],
) -> Result<(Vec<OpenRequirement>, Option<u64>, u64)> {
    let (mut open, mut before) = (Vec::new(), None);
    for id in with {
        let page = open_requirements(home, which.registry, purpose, Some(id.saturating_add(1)), 1).await?;
        open.extend(page.requirements.into_iter().filter(|found| found.id == *id));
    }
    loop {
        let page = open_requirements(home, which.registry, purpose, before, PAGE).await?;
        open.extend(page.requirements.into_iter().filter(|found| !with.contains(&found.id)));
        if page.next.is_none() || open.len() >= MAX_COMPARED {
            return Ok((open, page.next, page.time_s));
        }
        before = page.next;
    }
}

/// The requirements of the one set that there is.
fn chosen(sets: &[Together]) -> Result<Vec<&OpenRequirement>> {
    let [set] = sets else {
        let several: Vec<_> = sets.iter().map(|set| text_of(set.purpose)).collect();
        bail!(
            "files are written for one set, and here are {} ({}): name the purpose, or a requirement of the right one (--with)",
            sets.len(),
            several.join(", ")
        );
    };
    let doubtful: Vec<_> =
        set.seats.iter().filter(|seat| seat.candidates.len() > 1).map(|seat| text_of(seat.name)).collect();
    set.chosen().with_context(|| {
        format!(
            "{} has several requirements here: ask that member which one is its own, and name it (--with)",
            doubtful.join(", ")
        )
    })
}

/// A file for each member, with the anchor that is found for it.
async fn written(
    home: &Chain,
    which: &WhichRegistry,
    requirements: Vec<&OpenRequirement>,
    out: &Path,
) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for requirement in requirements {
        let declared = Box::pin(declared_with(home, requirement)).await?;
        files.push((
            out.join(format!("declared-{}.json", requirement.id)),
            DeclaredFile::found(home.config().chain_id, which.registry, requirement, declared),
        ));
    }
    // Only when all are found.
    fs::create_dir_all(out).with_context(|| format!("cannot make the folder {}", out.display()))?;
    for (path, file) in &files {
        ensure!(!path.exists(), "{} is there already: give another --out, or remove it", path.display());
        file.write(path)?;
    }
    Ok(files.into_iter().map(|(path, _)| path).collect())
}

fn requirement_json(of: &OpenRequirement) -> Value {
    let endorsers = of.endorsers.iter().map(|(node, weight)| json!({"node": text_of(*node), "weight": weight}));
    json!({
        "requirement": of.id,
        "authority": of.authority,
        "purpose": text_of(of.purpose),
        "name": text_of(of.name),
        "chainId": of.chain_id,
        "genesisHash": of.genesis_hash,
        "isForeign": of.genesis_hash.is_none(),
        "nodeContract": of.node_contract,
        "openUntil": of.open_until,
        "partners": of.partners.iter().map(|name| text_of(*name)).collect::<Vec<_>>(),
        "endorsers": endorsers.collect::<Vec<_>>(),
    })
}

fn set_json(set: &Together) -> Value {
    let members = set.seats.iter().map(|seat| {
        json!({
            "name": text_of(seat.name),
            "requirements": seat.candidates.iter().map(requirement_json).collect::<Vec<_>>(),
        })
    });
    json!({
        "purpose": text_of(set.purpose),
        "isClear": set.chosen().is_some(),
        "members": members.collect::<Vec<_>>(),
    })
}

fn line(of: &OpenRequirement, now: u64) -> String {
    let partners: Vec<_> = of.partners.iter().map(|name| text_of(*name)).collect();
    let left = of.open_until.saturating_sub(now);
    format!(
        "{} {} wants {} for {}\n  chain {}, authority {}, {} h {} min left",
        of.id,
        text_of(of.name),
        partners.join(", "),
        text_of(of.purpose),
        of.chain_id,
        of.authority,
        left / 3600,
        left % 3600 / 60
    )
}

fn set_text(set: &Together, now: u64) -> String {
    let mut text = format!("{}: these belong together", text_of(set.purpose));
    for seat in &set.seats {
        if seat.candidates.len() > 1 {
            text.push_str(&format!(
                "\nWARNING: {} requirements under the name {}: ask that member which one is its own, and name it (--with)",
                seat.candidates.len(),
                text_of(seat.name)
            ));
        }
        for candidate in &seat.candidates {
            text.push_str(&format!("\n{}", line(candidate, now)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use alloy_primitives::Address;

    use super::*;

    fn wanted(id: u64, own: &str, partner: &str) -> OpenRequirement {
        OpenRequirement {
            id,
            authority: Address::with_last_byte(u8::try_from(id).unwrap()),
            purpose: name_of("mortgages").unwrap(),
            name: name_of(own).unwrap(),
            chain_id: 7101,
            genesis_hash: Some(B256::repeat_byte(2)),
            node_contract: Address::repeat_byte(3),
            open_until: 8200,
            partners: vec![name_of(partner).unwrap()],
            endorsers: vec![(name_of("node 1").unwrap(), 1)],
        }
    }

    // A-EST: nothing is proposed with a requirement that a stranger may have put under a member's name.
    #[test]
    fn a_name_with_several_requirements_is_asked_about() {
        let open = [wanted(0, "bank", "land"), wanted(1, "land", "bank"), wanted(2, "bank", "land")];
        let sets = together(&open);
        let refused = chosen(&sets).unwrap_err().to_string();
        assert!(refused.contains("bank has several requirements"), "{refused}");
        assert!(set_text(&sets[0], 1000).contains("WARNING: 2 requirements under the name bank"));
        assert_eq!(set_json(&sets[0])["isClear"], json!(false));
        let clear: Vec<_> = sets.into_iter().filter_map(|set| set.with(&[2])).collect();
        assert_eq!(chosen(&clear).unwrap().iter().map(|it| it.id).collect::<Vec<_>>(), [2, 1]);
        assert!(chosen(&[]).unwrap_err().to_string().contains("here are 0"));
    }

    // A-EST: who wants what from whom, for how long.
    #[test]
    fn a_requirement_is_told_in_words() {
        let told = line(&wanted(7, "bank", "land registry"), 1000);
        assert!(told.starts_with("7 bank wants land registry for mortgages\n  chain 7101, authority 0x"), "{told}");
        assert!(told.ends_with("2 h 0 min left"), "{told}");
    }
}
