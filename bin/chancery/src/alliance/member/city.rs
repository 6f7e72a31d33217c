//! `chancery alliance found`: chains of a running city become member chains. Every member's steps, one after the other, with each member's own key, recorded in a
//! folder of its own; the files are those that every other command takes.

mod files;
mod plan;

use std::{fs, path::Path, sync::Arc};

use alloy_primitives::{Address, B256};
use anyhow::{Context as _, Result, ensure};
use chancery_bridge::{
    contracts::AllianceContract,
    establish::{self, CertifiedNode, EstablishedMember, Made, NodeCertificates, Renewed},
    key::NodeKey,
};
use chancery_ledger::SubmitterKey;
use indicatif::ProgressBar;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;
use zeroize::Zeroizing;

use self::plan::{Plan, Seat};
use super::{
    file::{self, Member},
    steps,
};
use crate::{
    alliance::name_of,
    arguments::{FoundAlliance, Require},
    city::secrets::{load_or_create_private_key, private_directory},
    commands::{read_bounded, replace},
    output::Output,
};

/// What the one node of a member is called.
const NODE: &str = "node 1";
/// For how many hours requirements stand: until the last member has joined.
const REQUIREMENT_HOURS: u64 = 168;
/// Largest file that is kept here.
const MAX_RECORD_BYTES: u64 = 64 * 1024;

/// What a member's node was issued.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Issued {
    identity: u64,
    certificate: u64,
    /// Of the certificate, in seconds of the alliance chain.
    valid_until: u64,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Registry {
    registry: Address,
    transaction: B256,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Founded {
    contract: Address,
}

pub(in crate::alliance) async fn found(command: &FoundAlliance, output: &Output) -> Result<()> {
    let plan = Plan::new(command)?;
    private_directory(&plan.out)?;
    let progress = output.progress("opening the registry");
    let founded = Box::pin(founded(&plan, &progress)).await;
    progress.finish_and_clear();
    let (alliance, joined) = founded?;
    let members = plan.seats.iter().zip(&joined);
    let told = members.clone().map(|(seat, (member, certified))| {
        json!({
            "name": seat.name,
            "chain": seat.chain.name,
            "chainId": plan.id_of(seat.chain),
            "nodeContract": member.node_contract.address,
            "folder": seat.folder,
            "identity": certified.identity,
            "identityUntil": certified.identity_until,
            "certificate": certified.transaction,
            "validUntil": certified.transaction_until,
            "renewed": renewed_word(certified.renewed),
        })
    });
    let lines = members.map(|(seat, (member, certified))| {
        format!(
            "  {}: node contract {} on {}; files in {}{}",
            seat.name,
            member.node_contract.address,
            seat.chain.name,
            seat.folder.display(),
            renewed_text(certified)
        )
    });
    output.answer(
        &json!({"contract": alliance.address, "chainId": plan.id_of(plan.home), "members": told.collect::<Vec<_>>()}),
        format!(
            "alliance {} on {}\n{}\nRun each with --config: `chancery relay` with {}, `chancery endorser` with endorser.toml of each member; `chancery alliance request FILE` with requester.toml.\n\
             Certificates last seven days, identities two years: run the same command again, from a timer. An endorser that runs takes what was renewed by itself.{}",
            alliance.address,
            plan.home.name,
            lines.collect::<Vec<_>>().join("\n"),
            plan.out.join(files::RELAY).display(),
            rules_text(&plan, &alliance)
        ),
    );
    Ok(())
}

/// What is left to do where contracts refuse what nobody has defined.
fn rules_text(plan: &Plan, alliance: &AllianceContract) -> String {
    if plan.node_contract != "rules" {
        return String::new();
    }
    format!(
        "\nAn operation is refused until its member has defined it: `chancery alliance rule define RULES --config member.toml --contract {}`.",
        alliance.address
    )
}

async fn founded(
    plan: &Plan,
    progress: &ProgressBar,
) -> Result<(AllianceContract, Vec<(EstablishedMember, NodeCertificates)>)> {
    let registry = Box::pin(registry(plan)).await?;
    for seat in &plan.seats {
        private_directory(&seat.folder)?;
        load_or_create_private_key(&seat.folder.join(files::AUTHORITY_KEY))?;
        load_or_create_private_key(&seat.folder.join(files::NODE_KEY))?;
        write_once(&seat.folder.join(files::MEMBER), &files::member(plan, seat, registry)?)?;
    }
    let mut members = Vec::new();
    for seat in &plan.seats {
        members.push(file::open(&seat.folder.join(files::MEMBER)).await?);
    }
    let declared: Vec<_> = plan.seats.iter().map(|seat| seat.folder.join(files::DECLARED)).collect();
    let record = plan.out.join(files::ALLIANCE);
    let contract = match recorded::<Founded>(&record)? {
        Some(founded) => founded.contract,
        None => {
            for (seat, member) in plan.seats.iter().zip(&members) {
                progress.set_message(format!("{}: anchors on both chains, requirement", seat.name));
                let config = seat.folder.join(files::MEMBER);
                let require = Require { config, hours: REQUIREMENT_HOURS, out: seat.folder.join(files::DECLARED) };
                Box::pin(steps::declare(member, &require, progress)).await?;
            }
            progress.set_message("making the alliance");
            let first = members.first().context("an alliance has members")?;
            let contract = Box::pin(steps::proposed(first, &declared)).await?.address;
            replace(&record, &serde_json::to_vec_pretty(&Founded { contract })?)?;
            contract
        }
    };
    let mut joined = Vec::new();
    for (place, (seat, member)) in plan.seats.iter().zip(&members).enumerate() {
        progress.set_message(format!("{}: node contract, joining", seat.name));
        let alliance = member.alliance(contract);
        let theirs: Vec<_> =
            declared.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, path)| path.clone()).collect();
        joined.push(Box::pin(steps::joined(member, &alliance, &declared[place], &theirs)).await?);
    }
    let alliance = members.first().context("an alliance has members")?.alliance(contract);
    let (mut certified, mut failures) = (Vec::new(), Vec::new());
    for ((seat, member), established) in plan.seats.iter().zip(&members).zip(joined) {
        progress.set_message(format!("{}: certificates", seat.name));
        // What one member has revoked is not renewed; the others' certificates are.
        match Box::pin(equipped(plan, &alliance, (seat, member), established.node_contract.address)).await {
            Ok(node) => certified.push((established, node)),
            Err(error) => failures.push(format!("{}: {error:#}", seat.name)),
        }
    }
    write_once(&plan.out.join(files::RELAY), &files::relay(plan, contract)?)?;
    ensure_all_certified(&failures)?;
    Ok((alliance, certified))
}

fn ensure_all_certified(failures: &[String]) -> Result<()> {
    let count = failures.len();
    ensure!(failures.is_empty(), "{count} members have no new certificates, all others have:\n{}", failures.join("\n"));
    Ok(())
}

/// Certificates of a member's node, and the files that name them.
async fn equipped(
    plan: &Plan,
    alliance: &AllianceContract,
    (seat, member): (&Seat, &Member),
    node_contract: Address,
) -> Result<NodeCertificates> {
    let node = Box::pin(certificates(alliance, seat, member)).await?;
    let contract = alliance.address;
    write_once(
        &seat.folder.join(files::ENDORSER),
        &files::endorser(plan, seat, (contract, node_contract), node.transaction)?,
    )?;
    write_once(&seat.folder.join(files::REQUESTER), &files::requester(plan, contract, node.transaction)?)?;
    Ok(node)
}

/// The registry of requirements, opened once.
async fn registry(plan: &Plan) -> Result<Registry> {
    let path = plan.out.join(files::REGISTRY);
    if let Some(registry) = recorded(&path)? {
        return Ok(registry);
    }
    let key = load_or_create_private_key(&plan.out.join(files::FOUNDER_KEY))?;
    let home = plan.section(plan.home).site(Path::new("")).await?;
    let Made { address, transaction } =
        establish::open_registry(&home.chain, &Arc::new(SubmitterKey::from_bytes(&key)?)).await?;
    let registry = Registry { registry: address, transaction };
    replace(&path, &serde_json::to_vec_pretty(&registry)?)?;
    Ok(registry)
}

/// What a member's node has: issued once, and anew when little of it is left.
async fn certificates(alliance: &AllianceContract, seat: &Seat, member: &Member) -> Result<NodeCertificates> {
    let path = seat.folder.join(files::ISSUED);
    let secret = load_or_create_private_key(&seat.folder.join(files::NODE_KEY))?;
    let secret = Zeroizing::new(hex::encode(secret.as_slice()));
    let key = NodeKey::from_hex(&secret)?.address();
    let of = CertifiedNode { member: member.joining.name, node: name_of(NODE)?, key };
    let known = recorded::<Issued>(&path)?.map(|issued| (issued.identity, issued.certificate));
    let node = Box::pin(establish::keep_certified(alliance, &member.joining.key, of, known)).await?;
    if node.renewed != Renewed::Nothing {
        let (identity, certificate, valid_until) = (node.identity, node.transaction, node.transaction_until);
        replace(&path, &serde_json::to_vec_pretty(&Issued { identity, certificate, valid_until })?)?;
    }
    // Always: an earlier run may have ended before it had named it everywhere.
    name_everywhere(seat, node.transaction)?;
    Ok(node)
}

const fn renewed_word(renewed: Renewed) -> Option<&'static str> {
    match renewed {
        Renewed::Nothing => None,
        Renewed::Transaction => Some("transaction"),
        Renewed::Identity => Some("identity"),
    }
}

fn renewed_text(node: &NodeCertificates) -> String {
    let NodeCertificates { identity, identity_until, transaction, transaction_until, .. } = node;
    match node.renewed {
        Renewed::Nothing => String::new(),
        Renewed::Transaction => {
            format!("\n    issued: certificate {transaction}, until {transaction_until} (Unix seconds)")
        }
        Renewed::Identity => format!(
            "\n    issued: identity {identity}, until {identity_until} (Unix seconds), and certificate {transaction}, until {transaction_until}; X.509 certificates that were made of an earlier identity are to be made of this one before that ends (`chancery alliance certificate`)"
        ),
    }
}

/// Names the certificate in the files of a member that name one.
fn name_everywhere(seat: &Seat, certificate: u64) -> Result<()> {
    [files::ENDORSER, files::REQUESTER].into_iter().try_for_each(|name| renew(&seat.folder.join(name), certificate))
}

/// Names the certificate where another stands; whatever else stands there stays.
fn renew(path: &Path, certificate: u64) -> Result<()> {
    let Ok(text) = fs::read_to_string(path) else { return Ok(()) };
    replace(
        path,
        renewed(&text, certificate)
            .with_context(|| format!("{} is not as this command wrote it", path.display()))?
            .as_bytes(),
    )
}

/// The text with that certificate in its one line `certificate = NUMBER`.
fn renewed(text: &str, certificate: u64) -> Result<String> {
    let names_one = |line: &str| {
        line.split_once('=')
            .is_some_and(|(name, value)| name.trim() == "certificate" && value.trim().parse::<u64>().is_ok())
    };
    let named = text.lines().filter(|line| names_one(line)).count();
    ensure!(named == 1, "there is one line `certificate = NUMBER` to renew, and here are {named}");
    let lines =
        text.lines().map(|line| if names_one(line) { format!("certificate = {certificate}") } else { line.to_owned() });
    Ok(lines.map(|line| line + "\n").collect())
}

/// What an earlier run has recorded.
fn recorded<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    if !path.exists() {
        return Ok(None);
    }
    let read = serde_json::from_slice(&read_bounded(path, MAX_RECORD_BYTES)?);
    Ok(Some(read.with_context(|| format!("{} is not what this command writes", path.display()))?))
}

/// Files of a folder are its owner's: what is there stays.
fn write_once(path: &Path, text: &str) -> Result<()> {
    if path.exists() { Ok(()) } else { replace(path, text.as_bytes()) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{ensure_all_certified, renewed};

    // A-CERT: who has failed is named, each with the reason.
    #[test]
    fn whoever_has_no_new_certificates_is_named() {
        ensure_all_certified(&[]).unwrap();
        let failures = ["bank: revoked".to_owned(), "tax: unreachable".to_owned()];
        let told = ensure_all_certified(&failures).unwrap_err().to_string();
        assert!(failures.iter().all(|failure| told.contains(failure)), "{told}");
    }

    // A-CERT: whichever certificate a run that was cut off has left there.
    #[test]
    fn the_one_certificate_of_a_file_is_renewed_and_nothing_else_changes() {
        let text = "member = \"bank\"\ncertificate  =  7\n[tls]\ncertificate = \"node.pem\"\n";
        let after = renewed(text, 9).unwrap();
        assert_eq!(after, "member = \"bank\"\ncertificate = 9\n[tls]\ncertificate = \"node.pem\"\n");
        for other in ["member = 1\n", "certificate = 1\ncertificate = 2\n"] {
            assert!(renewed(other, 9).unwrap_err().to_string().contains("one line"));
        }
    }
}
