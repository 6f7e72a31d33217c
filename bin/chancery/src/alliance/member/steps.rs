//! From what a member wants to an alliance that it has joined.

use std::path::Path;

use anyhow::{Result, ensure};
use chancery_bridge::{
    contracts::AllianceContract,
    establish::{self, Agreed, NodeContractKind, Terms},
};
use serde_json::json;

use super::{authority_key, declared::DeclaredFile, file};
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
    let (registry, name) = (member.registry()?.address, text_of(member.joining.name));
    let (home, own) = (member.home.chain.config(), member.joining.site.chain.config());
    let progress = output.progress("reading the chains");
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
    let declared = establish::declare(home, registry, &member.joining, &terms, &file.prepared()).await;
    progress.finish_and_clear();
    let declared = declared?;
    let file = file.with(declared);
    file.write(&command.out)?;
    output.answer(
        &file,
        format!(
            "{name} has declared requirement {} of registry {registry}.\n{} goes to the other members; when each has declared, one of them proposes:\n  \
             chancery alliance propose --config {} {} ...\nUntil `join`, send nothing else with the key on the chain {}: its next contract is the announced one.",
            declared.id,
            command.out.display(),
            command.config.display(),
            command.out.display(),
            member.joining.site.chain.name()
        ),
    );
    Ok(())
}

pub(in crate::alliance) async fn propose(command: &Propose, output: &Output) -> Result<()> {
    let member = file::open(&command.config).await?;
    let registry = member.registry()?.address;
    let mut declared = Vec::new();
    for path in &command.declared {
        let file = DeclaredFile::read(path)?;
        ensure!(
            file.registry == registry,
            "{} has declared in registry {}, not in {registry}: members of one alliance use the same",
            file.member,
            file.registry
        );
        declared.push(file.declared(path)?);
    }
    let progress = output.progress("making the alliance of the requirements");
    let made = establish::propose(&member.home.chain, &member.joining.key, registry, &declared).await;
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

pub(in crate::alliance) async fn join(command: &Join, output: &Output) -> Result<()> {
    let member = file::open(&command.member.config).await?;
    let file = DeclaredFile::read(&command.declared)?;
    let name = text_of(member.joining.name);
    ensure!(file.member == name, "{} is what {} has declared, not {name}", command.declared.display(), file.member);
    let mut others = Vec::new();
    for path in &command.others {
        others.push(DeclaredFile::read(path)?.declared(path)?);
    }
    let (registry, purpose, partners) = (member.registry()?, member.purpose, member.partners.clone());
    let agreed = Agreed { registry, purpose, partners, others };
    let alliance = member.alliance(command.member.contract);
    let progress = output.progress("checking the terms, putting the node contract in its place, accepting");
    let joined = Box::pin(establish::join(&alliance, &member.joining, &file.prepared(), &agreed)).await;
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
