//! From what a member wants to an alliance that it has joined.

use std::path::{Path, PathBuf};

use alloy_primitives::U256;
use anyhow::{Result, ensure};
use chancery_bridge::{
    contracts::AllianceContract,
    establish::{self, Agreed, EstablishedMember, NodeContractKind, Terms},
};
use indicatif::ProgressBar;
use serde_json::json;

use super::{
    authority_key,
    declared::DeclaredFile,
    file::{self, Member},
};
use crate::{
    alliance::{chains::ChainSection, text_of},
    arguments::{Join, OpenRegistry, Propose, Require},
    output::Output,
};

const HOUR_S: u64 = 3600;

pub(in crate::alliance) async fn open_registry(command: &OpenRegistry, output: &Output) -> Result<()> {
    let key = authority_key(&command.key_file, Path::new(""))?;
    let section = ChainSection::certified("alliance", command.rpc.clone(), &command.genesis);
    let home = section.site(Path::new("")).await?;
    let progress = output.progress("putting the registry on the alliance chain");
    let made = establish::open_registry(&home.chain, &key).await;
    progress.finish_and_clear();
    let registry = made?;
    output.answer(
        &json!({
            "registry": registry.address,
            "transaction": registry.transaction,
            "chainId": home.chain.config().chain_id,
        }),
        format!(
            "registry = \"{}\"\nregistry_transaction = \"{:?}\"\nEach member has these lines in its member.toml.",
            registry.address, registry.transaction
        ),
    );
    Ok(())
}

pub(in crate::alliance) async fn require(command: &Require, output: &Output) -> Result<()> {
    let member = file::open(&command.config).await?;
    let progress = output.progress("reading the chains");
    let declared = Box::pin(declare(&member, command, &progress)).await;
    progress.finish_and_clear();
    let (file, id) = declared?;
    output.answer(
        &file,
        format!(
            "{} has declared requirement {id} of registry {}.\n{} goes to the other members; when each has declared, one of them proposes:\n  \
             chancery alliance propose --config {} {} ...\nUntil `join`, send nothing else with the key on the chain {}: its next contract is the announced one.",
            file.member,
            file.registry,
            command.out.display(),
            command.config.display(),
            command.out.display(),
            member.joining.site.chain.name()
        ),
    );
    Ok(())
}

/// A member's anchors and requirement; what it has declared, with the requirement's number. What was done is not done again.
pub(super) async fn declare(
    member: &Member,
    command: &Require,
    progress: &ProgressBar,
) -> Result<(DeclaredFile, U256)> {
    let (registry, name) = (member.registry()?.address, text_of(member.joining.name));
    let (home, own) = (member.home.chain.config(), member.joining.site.chain.config());
    let file = match DeclaredFile::read_if_there(&command.out)? {
        Some(file) => {
            let is_same = (&file.member, file.registry, file.alliance_chain_id, file.chain_id)
                == (&name, registry, home.chain_id, own.chain_id);
            ensure!(
                is_same,
                "{} is what another member, registry or chain was declared with: give another --out, or remove it",
                command.out.display()
            );
            // The anchor and the announced place belong to these; a new key or policy does not change them.
            let genesis = own.essentials.as_ref().map(|essentials| essentials.genesis_hash);
            let is_elsewhere =
                matches!(member.joining.kind, NodeContractKind::Own(place) if place != file.node_contract);
            ensure!(
                file.genesis_hash == genesis && !is_elsewhere,
                "{} was declared with another genesis of the own chain, or another node_contract: give another --out",
                command.out.display()
            );
            file
        }
        None => {
            progress.set_message("putting the anchors on both chains");
            let prepared = Box::pin(establish::prepare(&member.home, &member.joining)).await?;
            let chain = (own.chain_id, own.essentials.as_ref().map(|essentials| essentials.genesis_hash));
            let file = DeclaredFile::new(name.clone(), home.chain_id, chain, registry, &prepared);
            // Whatever happens next, the anchors are not put there again.
            file.write(&command.out)?;
            file
        }
    };
    progress.set_message("declaring");
    let now = member.home.chain.head().await?.time_ms / 1000;
    let open_until = now + command.hours * HOUR_S;
    let terms = Terms { purpose: member.purpose, partners: member.partners.clone(), open_until };
    let home = &member.home.chain;
    let declared = establish::declare(home, registry, &member.joining, &terms, &file.prepared()?).await?;
    let file = file.with(declared);
    file.write(&command.out)?;
    Ok((file, declared.id))
}

pub(in crate::alliance) async fn propose(command: &Propose, output: &Output) -> Result<()> {
    let member = file::open(&command.config).await?;
    let progress = output.progress("making the alliance of the requirements");
    let made = proposed(&member, &command.declared).await;
    progress.finish_and_clear();
    let AllianceContract { chain, address } = made?;
    output.answer(
        &json!({"contract": address, "chainId": chain.config().chain_id, "state": "proposed"}),
        format!(
            "alliance {address} on chain {}\nEach member looks at it (`chancery alliance members`) and joins:\n  chancery alliance join --config {} --contract {address} --declared OWN THEIRS...",
            chain.config().chain_id,
            command.config.display()
        ),
    );
    Ok(())
}

/// The alliance of what members have declared.
pub(super) async fn proposed(member: &Member, files: &[PathBuf]) -> Result<AllianceContract> {
    let registry = member.registry()?.address;
    let mut declared = Vec::new();
    for path in files {
        let file = DeclaredFile::read(path)?;
        ensure!(
            file.registry == registry,
            "{} has declared in registry {}, not in {registry}: members of one alliance use the same",
            file.member,
            file.registry
        );
        declared.push(file.declared(path)?);
    }
    Ok(establish::propose(&member.home.chain, &member.joining.key, registry, &declared).await?)
}

pub(in crate::alliance) async fn join(command: &Join, output: &Output) -> Result<()> {
    let member = file::open(&command.member.config).await?;
    let alliance = member.alliance(command.member.contract);
    let name = text_of(member.joining.name);
    let progress = output.progress("checking the terms, putting the node contract in its place, accepting");
    let joined = Box::pin(joined(&member, &alliance, &command.declared, &command.others)).await;
    progress.finish_and_clear();
    let joined = joined?;
    let roster = Box::pin(establish::roster(&alliance)).await?;
    let waiting: Vec<_> = roster.members.iter().filter(|it| !it.has_accepted).map(|it| text_of(it.name)).collect();
    let is_proposed = roster.state == Some(chancery_bridge::progress::AllianceState::Proposed);
    let contract = joined.node_contract.address;
    let told = if is_proposed {
        format!("It waits for {}.", waiting.join(", "))
    } else {
        "The alliance is active.".to_owned()
    };
    output.answer(
        &json!({
            "member": name,
            "contract": alliance.address,
            "nodeContract": contract,
            "state": if is_proposed { "proposed" } else { "active" },
            "waitsFor": if is_proposed { waiting } else { Vec::new() },
        }),
        format!("{name} has joined; its node contract is {contract}. {told}"),
    );
    Ok(())
}

/// A member in its alliance, with its node contract in its place. What was done is not done again.
pub(super) async fn joined(
    member: &Member,
    alliance: &AllianceContract,
    declared: &Path,
    theirs: &[PathBuf],
) -> Result<EstablishedMember> {
    let file = DeclaredFile::read(declared)?;
    let name = text_of(member.joining.name);
    ensure!(file.member == name, "{} is what {} has declared, not {name}", declared.display(), file.member);
    let mut others = Vec::new();
    for path in theirs {
        others.push(DeclaredFile::read(path)?.declared(path)?);
    }
    let (registry, purpose, partners) = (member.registry()?, member.purpose, member.partners.clone());
    let agreed = Agreed { registry, purpose, partners, others };
    Ok(Box::pin(establish::join(alliance, &member.joining, &file.prepared()?, &agreed)).await?)
}
