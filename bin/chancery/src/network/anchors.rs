//! `chancery network anchor | vote-trust`: what an anchor follows, and the organizations' vote that sets a frozen one free (ANCHOR-4, ANCHOR-9).

use std::fmt::{self, Display, Formatter};

use alloy_primitives::{Address, B256, Bytes, FixedBytes, U64, keccak256};
use anyhow::{Context, Result, ensure};
use chancery_contracts::{
    Anchor::{self, AnchorErrors},
    ValidatorRegistry, organization_text, predeploys, uncompressed_g1,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    membership::conversation,
    voting::{Assembly, Subject},
};
use crate::{
    arguments::{ShowAnchor, VoteTrust},
    node_rpc::{ask, ask_with},
    output::Output,
};

/// What is voted on.
const ANCHOR: Subject = Subject {
    address: predeploys::MAIN_ANCHOR,
    name: "anchor",
    absent: "name the anchor's address, and a node of the chain on which it stands",
    proposed: |_| None,
    refusal: |answer| answer.as_decoded_interface_error::<AnchorErrors>().map(|reason| refusal(&reason)),
};

/// What `chancery_validators` answers, as far as it is needed here.
#[derive(Deserialize)]
struct Deciding {
    epoch: u64,
    validators: Vec<Validator>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Validator {
    name: String,
    bls_public_key: FixedBytes<48>,
}

#[derive(Deserialize)]
struct GenesisBlock {
    hash: B256,
}

/// An anchor as it stands.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AnchorAnswer {
    anchor: Address,
    followed_chain_id: u64,
    followed_genesis_hash: B256,
    from_epoch: u64,
    keys_hash: B256,
    /// How often the organizations have set the trust.
    generation: u32,
    /// Highest recorded block.
    latest: u64,
    /// Absent while it is not frozen.
    #[serde(skip_serializing_if = "Option::is_none")]
    frozen: Option<Conflict>,
}

/// Two final blocks of one number.
#[derive(Serialize)]
struct Conflict {
    number: u64,
    first: B256,
    second: B256,
}

/// What a vote has led to.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VoteAnswer {
    anchor: Address,
    from_epoch: u64,
    keys_hash: B256,
    validators: Vec<String>,
    transaction: B256,
    block: u64,
    /// Organizations that have voted for the same; empty when it was carried out.
    voices: Vec<String>,
    needed: u64,
    carried_out: bool,
}

/// Shows an anchor.
pub(super) fn show(command: &ShowAnchor, output: &Output) -> Result<()> {
    conversation(async {
        let contract = Assembly::connect_at(&ANCHOR, command.anchor, &command.rpc, None).await?;
        let answer = standing(&contract, command.anchor).await?;
        output.answer(&answer, &answer);
        Ok(())
    })
}

/// Votes for the validators that a node of the followed chain has.
pub(super) fn vote_trust(command: &VoteTrust, output: &Output) -> Result<()> {
    conversation(async {
        let (anchor, voting) = (command.anchor, &command.voting);
        let contract = Assembly::connect_at(&ANCHOR, anchor, &voting.rpc, Some(&voting.voting_key)).await?;
        let before = standing(&contract, anchor).await?;
        ensure!(
            before.frozen.is_some() || command.anyway,
            "nothing has frozen {anchor}: a vote would take back what was shown to it; with --anyway it is cast all the same"
        );
        let deciding = deciding(command, &before).await?;
        let mut keys = Vec::with_capacity(deciding.validators.len() * 128);
        for validator in &deciding.validators {
            let point = uncompressed_g1(validator.bls_public_key.as_slice());
            keys.extend_from_slice(&point.with_context(|| format!("the key of {} is no point", validator.name))?);
        }
        let (from_epoch, keys_hash) = (command.from_epoch.unwrap_or(deciding.epoch), keccak256(&keys));
        let names: Vec<_> = deciding.validators.into_iter().map(|validator| validator.name).collect();
        output.before_signing(format!(
            "voting that {anchor} trusts, from epoch {from_epoch} on: {} (keys {keys_hash})",
            names.join(", ")
        ));
        let sent = contract.send(&Anchor::voteTrustCall { fromEpoch: from_epoch, keys: Bytes::from(keys) }).await?;
        let voices = contract.view(Anchor::voicesCall { fromEpoch: from_epoch, keysHash: keys_hash }).await?;
        let count = contract
            .view_at(predeploys::VALIDATOR_REGISTRY, ValidatorRegistry::organizationCountCall {})
            .await?
            .saturating_to::<u64>();
        let answer = VoteAnswer {
            anchor,
            from_epoch,
            keys_hash,
            validators: names,
            transaction: sent.transaction,
            block: sent.block,
            voices: voices.into_iter().map(organization_text).collect(),
            needed: 2 * count / 3 + 1,
            carried_out: contract.view(Anchor::generationCall {}).await? > before.generation,
        };
        output.answer(&answer, &answer);
        Ok(())
    })
}

/// Who decides on the followed chain, in the word of one of its nodes.
async fn deciding(command: &VoteTrust, anchor: &AnchorAnswer) -> Result<Deciding> {
    let url = &command.followed_rpc;
    let id: U64 = ask(url, "eth_chainId").await?;
    let genesis: GenesisBlock = ask_with(url, "eth_getBlockByNumber", &json!(["0x0", false])).await?;
    ensure!(
        id.to::<u64>() == anchor.followed_chain_id && genesis.hash == anchor.followed_genesis_hash,
        "{url} is a node of chain {id} with genesis {}, and the anchor follows chain {} with genesis {}",
        genesis.hash,
        anchor.followed_chain_id,
        anchor.followed_genesis_hash
    );
    let epoch = command.from_epoch.map(U64::from);
    let deciding: Deciding =
        ask_with(url, "chancery_validators", &epoch.map_or_else(|| json!([]), |epoch| json!([epoch]))).await?;
    ensure!(!deciding.validators.is_empty(), "{url} names no validators");
    Ok(deciding)
}

async fn standing(contract: &Assembly, anchor: Address) -> Result<AnchorAnswer> {
    let chain = contract.view(Anchor::chainCall {}).await?;
    let conflict = contract.view(Anchor::conflictCall {}).await?;
    let frozen = (!conflict.first.is_zero()).then_some(Conflict {
        number: conflict.number,
        first: conflict.first,
        second: conflict.second,
    });
    Ok(AnchorAnswer {
        anchor,
        followed_chain_id: chain.chainId,
        followed_genesis_hash: chain.genesisHash,
        from_epoch: chain.fromEpoch,
        keys_hash: chain.keysHash,
        generation: contract.view(Anchor::generationCall {}).await?,
        latest: contract.view(Anchor::latestCall {}).await?,
        frozen,
    })
}

fn refusal(reason: &AnchorErrors) -> String {
    match reason {
        AnchorErrors::NotAVoter(it) => {
            format!("{} votes for no organization of the chain on which the anchor stands", it.account)
        }
        AnchorErrors::AlreadyVoted(it) => format!("{} has voted for it already", organization_text(it.organization)),
        AnchorErrors::AnchorFrozen(it) => format!("it is frozen by two blocks of number {}", it.number),
        other => format!("{other:?}"),
    }
}

impl Display for AnchorAnswer {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} follows chain {} (genesis {})",
            self.anchor, self.followed_chain_id, self.followed_genesis_hash
        )?;
        write!(
            f,
            "trusts the validators with keys {} from epoch {} on, generation {}; newest block {}",
            self.keys_hash, self.from_epoch, self.generation, self.latest
        )?;
        match &self.frozen {
            None => Ok(()),
            Some(it) => write!(f, "\nFROZEN: block {} is final as {} and as {}", it.number, it.first, it.second),
        }
    }
}

impl Display for VoteAnswer {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.carried_out {
            return write!(
                f,
                "{} trusts {} from epoch {} on; what was shown to it before counts no more",
                self.anchor,
                self.validators.join(", "),
                self.from_epoch
            );
        }
        write!(
            f,
            "{} of {} organizations that are needed have voted for it: {}; within 14 days of the first",
            self.voices.len(),
            self.needed,
            self.voices.join(", ")
        )
    }
}
